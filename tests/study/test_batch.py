"""A batch accounts for every file it was given, and one bad file costs itself alone."""

import csv
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.cli.main import main

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def skin_photo(path: Path, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    pixels = np.array([205, 150, 130]) + rng.normal(scale=4, size=(240, 320, 3))
    row, column = np.mgrid[:240, :320]
    pixels[(row - 120) ** 2 + (column - 160) ** 2 < 30**2] = (240, 230, 200)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=95)


@pytest.fixture
def clinic_folder(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    skin_photo(folder / "arm.jpg")
    (folder / "copy of arm.jpg").write_bytes((folder / "arm.jpg").read_bytes())
    (folder / "cut.jpg").write_bytes((folder / "arm.jpg").read_bytes()[:900])
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "letter.txt").write_text("to whom it may concern", encoding="utf-8")
    (folder / "renamed.jpg").write_text("not a picture", encoding="utf-8")
    Image.fromarray(np.full((64, 64), 90, np.uint8)).save(folder / "grey.png")
    Image.fromarray(np.zeros((240, 320), np.uint8)).save(folder / "arm.mask.png")
    skin_photo(tmp_path / "second.jpg", seed=1)
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(tmp_path / "second.jpg", "DICOM/IM1")
    return folder


def test_every_file_is_measured_or_refused_once(clinic_folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["measure", str(clinic_folder), "--out", str(out), "--jobs", "1"]) == 1
    measured = {row["source"] for row in rows(out / "measurements.csv")}
    refused = {row["source"]: row["because"] for row in rows(out / "refused.csv")}
    assert measured == {"arm.jpg", "more.zip!DICOM/IM1"}
    assert refused == {
        "arm.mask.png": "mask",
        "copy of arm.jpg": "duplicate",
        "cut.jpg": refused["cut.jpg"],
        "empty.dcm": "empty",
        "grey.png": "ambiguous_modality",
        "letter.txt": "not_an_image",
        "renamed.jpg": "not_an_image",
    }
    assert refused["cut.jpg"] in {"truncated", "unreadable_pixels"}
    assert "Traceback" not in capsys.readouterr().err


def test_without_a_scale_nothing_is_in_mm(clinic_folder, tmp_path):
    out = tmp_path / "out"
    main(["measure", str(clinic_folder / "arm.jpg"), "--out", str(out), "--quiet"])
    table = rows(out / "measurements.csv")
    assert {row["unit"] for row in table} <= {"px", "1", "%"}
    assert all("no_scale" in row["flags"].split(";") for row in table)
    assert all(row["scale_mm"] == "" for row in table)


def test_a_given_scale_turns_px_into_mm2(clinic_folder, tmp_path):
    areas = {}
    for name, options in (("px", []), ("mm", ["--scale", "0.1"])):
        out = tmp_path / name
        main(["measure", str(clinic_folder / "arm.jpg"), "--out", str(out), "--quiet", *options])
        (total,) = (
            row
            for row in rows(out / "measurements.csv")
            if row["lesion"] == "total" and row["quantity"] == "area"
        )
        areas[name] = float(total["value"])
    assert areas["mm"] == pytest.approx(0.01 * areas["px"], rel=0.02)


def test_a_mask_that_was_written_is_taken_back_as_the_readers(clinic_folder, tmp_path):
    photo = str(clinic_folder / "arm.jpg")
    common = [photo, "--quiet", "--scale", "0.1"]
    main(["measure", *common, "--out", str(tmp_path / "a"), "--masks"])
    main(["measure", *common, "--out", str(tmp_path / "b"), "--mask", str(tmp_path / "a/masks")])
    first, second = (
        [row for row in rows(tmp_path / name / "measurements.csv") if row["quantity"] == "area"]
        for name in "ab"
    )
    assert [row["value"] for row in first] == [row["value"] for row in second]
    assert {row["method"] for row in second} == {"reader"}


def test_a_mask_of_another_image_is_refused(clinic_folder, tmp_path):
    wrong = tmp_path / "wrong.mask.png"
    Image.fromarray(np.ones((10, 10), np.uint8)).save(wrong)
    out = tmp_path / "out"
    photo = str(clinic_folder / "arm.jpg")
    assert main(["measure", photo, "--out", str(out), "--mask", str(wrong), "--quiet"]) == 1
    assert [row["because"] for row in rows(out / "refused.csv")] == ["mask"]


def test_the_same_batch_gives_the_same_bytes(clinic_folder, tmp_path):
    for name, jobs in (("a", "1"), ("b", "2")):
        main(["measure", str(clinic_folder), "--out", str(tmp_path / name), "--jobs", jobs])
    for table in ("measurements.csv", "refused.csv"):
        assert (tmp_path / "a" / table).read_bytes() == (tmp_path / "b" / table).read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.exists(), reason="the shared real images are not here")
def test_hand_films_without_spacing_are_measured_in_px_only(tmp_path):
    films = SHARED / "xray-hand"
    main(["measure", str(films), "--modality", "xray", "--out", str(tmp_path), "--quiet"])
    table = rows(tmp_path / "measurements.csv")
    assert len({row["image_id"] for row in table}) == 5
    assert {row["unit"] for row in table} <= {"px", "1", "%"}


@pytest.mark.skipif(not SHARED.exists(), reason="the shared real images are not here")
def test_single_slices_give_no_volume(tmp_path):
    slices = SHARED / "ct-slice-pairs"
    assert main(["measure", str(slices), "--out", str(tmp_path), "--quiet"]) == 1
    assert rows(tmp_path / "measurements.csv") == []
    assert {row["because"] for row in rows(tmp_path / "refused.csv")} == {"single_slice"}
