"""What ``cctrack inspect`` prints: a table that a radiographer recognises, and JSON with all."""

import json
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from cctrack.cli.main import main
from cctrack.io.dicom_options import DicomOptions, RadiographKind
from cctrack.io.write_dicom import write_ct, write_radiograph
from cctrack.model import Acquisition, AxisScale, Ct, Radiograph, ScaleSource, SpacingTags
from cctrack.study import workers
from cctrack.study.workers import Workers

WIDEST = 120
"""Columns of a terminal that a line should fit in."""

TYPED = "Somebody's own words"
"""Stands in every attribute that a person can type into."""


@pytest.fixture(autouse=True)
def without_worker_processes(monkeypatch):
    """Starting them takes longer than all of this; tests/docs lists with them."""
    monkeypatch.setattr(workers, "Workers", lambda _jobs: Workers(0))


def write_film(path, day, tags, **options):
    rng = np.random.default_rng(day.toordinal())
    film = Radiograph(rng.random((64, 48), dtype=np.float32), (0.0, 1.0), tags)
    path.parent.mkdir(parents=True, exist_ok=True)
    wanted = DicomOptions(acquired=day, kind=RadiographKind.DX, laterality="R", **options)
    write_radiograph(path, film, wanted)


def write_scan(folder, day, patient):
    hu = np.random.default_rng(0).integers(-1000, 1000, (6, 32, 32)).astype(np.int16)
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[2, 0], affine[1, 1], affine[0, 2] = 2.5, 0.7, 0.7
    scale = AxisScale((2.5, 0.7, 0.7), ScaleSource.SLICE_POSITIONS)
    made = Acquisition(kvp=120.0, kernel="B30f", slice_thickness_mm=2.5, field_of_view_mm=360.0)
    scan = Ct(hu, affine, scale, made)
    write_ct(folder, scan, DicomOptions(patient=patient, acquired=day, body_part="THIGH"))


@pytest.fixture
def export(tmp_path):
    """Two patients, three visits, a photo and notes, in a folder of an archive."""
    root = tmp_path / "export"
    detector, unknown = SpacingTags(imager_pixel_spacing=(0.14,) * 2), SpacingTags((0.14,) * 2)
    write_film(root / "A" / "1.dcm", date(2020, 1, 1), detector, patient="PAT-ONE")
    write_film(root / "A" / "2.dcm", date(2021, 1, 1), unknown, patient="PAT-ONE")
    write_scan(root / "B" / "CT", date(2020, 5, 5), "PAT-TWO")
    pixels = np.random.default_rng(1).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(root / "photo.png")
    Image.fromarray(pixels).save(root / "again.png")
    for number in range(3):
        (root / "A" / f"notes{number}.txt").write_text("text")
    packed = tmp_path / "export.zip"
    with zipfile.ZipFile(packed, "w") as out:
        for path in sorted(root.rglob("*")):
            out.write(path, f"CD/{path.relative_to(root).as_posix()}")
    return packed


def test_the_table_names_patients_visits_and_what_was_imaged(export, capsys):
    assert main(["inspect", str(export)]) == 1
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert sum(line.startswith("patient ") for line in lines) == 2
    assert "  2021-01-01  visit 2, 366 days after the first" in lines
    (scan,) = [line for line in lines if line.split()[0] == "CT"]
    assert scan.split() == [
        *("CT", "THIGH", "32x32x6", "0.7x0.7x2.5", "slice", "positions"),
        *("120", "kV", "B30f", "2.5", "mm", "6", "export.zip!CD/B/CT"),
    ]
    (film,) = [line for line in lines if "A/1.dcm" in line]
    assert "HAND R PA" in film
    assert "0.14x0.14" in film
    assert " detector " in film
    (photo,) = [line for line in lines if "again.png" in line]
    assert "needs a marker" in photo
    assert lines[-1] == (
        "2 patients, 3 visits, 1 CT series, 2 radiographs, 1 photo; 4 files refused"
    )
    assert max(map(len, lines)) <= WIDEST


def test_refused_files_of_one_folder_are_one_line(export, capsys):
    main(["inspect", str(export)])
    assert capsys.readouterr().err.splitlines() == [
        "refused  export.zip!CD/A (3 files): not_an_image: neither DICOM nor a picture",
        "refused  export.zip!CD/photo.png: duplicate: the same content as export.zip!CD/again.png",
    ]


def test_json_tells_everything_and_every_refused_file(export, capsys):
    main(["inspect", str(export), "--json"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    images = [row for row in rows if "because" not in row]
    assert len(rows) - len(images) == 4
    (scan,) = [row for row in images if row["modality"] == "ct"]
    assert scan["kvp"] == 120
    assert scan["kernel"] == "B30f"
    assert scan["thickness_mm"] == 2.5
    assert scan["field_of_view_mm"] == 360
    assert (scan["scale_mm"], scan["scale_source"]) == ("0.7 x 0.7 x 2.5", "slice_positions")
    assert (scan["files"], scan["visit"], scan["compression"]) == (6, 1, "none")
    assert scan["bytes"] > 6 * 32 * 32 * 2
    film = next(row for row in images if row["source"].endswith("2.dcm"))
    assert (film["view"], film["laterality"], film["body_part"]) == ("PA", "R", "HAND")
    assert film["scale_source"] == "unknown_calibration"
    assert film["presentation_intent"] == "presentation"
    assert film["flags"] == "presentation;unknown_calibration"
    assert len({row["patient"] for row in images}) == 3
    old = {"source", "modality", "size", "spacing", "spacing_source", "acquired", "files"}
    assert all(old | {"series", "description"} <= set(row) for row in images)


def test_nothing_that_a_person_typed_is_ever_printed(tmp_path, capsys):
    path = tmp_path / "film.dcm"
    write_film(path, date(2020, 1, 1), SpacingTags((0.14,) * 2))
    dataset = pydicom.dcmread(path)
    for element in ("PatientName", "PatientID", "IssuerOfPatientID", "BodyPartExamined"):
        setattr(dataset, element, TYPED)
    for element in ("ViewPosition", "ImageLaterality", "ConvolutionKernel", "ImageType"):
        setattr(dataset, element, TYPED)
    for element in ("StudyDescription", "SeriesDescription", "InstitutionName", "StudyID"):
        setattr(dataset, element, TYPED)
    for element in ("PresentationIntentType", "PixelSpacingCalibrationDescription"):
        setattr(dataset, element, TYPED)
    dataset.save_as(path)
    for options in ([], ["--json"]):
        main(["inspect", str(path), *options])
        captured = capsys.readouterr()
        assert "film.dcm" in captured.out
        assert "Somebody" not in captured.out + captured.err
        assert "own words" not in captured.out + captured.err


def test_an_empty_folder_has_no_table(tmp_path, capsys):
    (tmp_path / "bare").mkdir()
    assert main(["inspect", str(tmp_path / "bare")]) == 1
    assert capsys.readouterr().out == "no image; 1 file refused\n"


def test_a_grey_picture_is_listed_with_what_measuring_needs(tmp_path, capsys):
    Image.fromarray(np.full((40, 50), 90, dtype=np.uint8)).save(tmp_path / "scan.png")
    assert main(["inspect", str(tmp_path / "scan.png")]) == 0
    out = capsys.readouterr().out
    assert "photo or film? needs --modality" in out
    assert out.splitlines()[-1] == "1 picture that may be a photo or a film"


def test_a_real_export_of_one_patient_is_one_patient(capsys):
    root = Path(__file__).parents[2].parent / "shared" / "data" / "export-mixed-modalities"
    if not root.exists():
        pytest.skip("the real images are not here")
    main(["inspect", str(root)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  20")] == [
        "2000-09-03",
        "2000-09-07",
    ]
    assert lines[-1] == "1 patient, 2 visits, 1 CT series, 1 MR series; 62 files refused"
