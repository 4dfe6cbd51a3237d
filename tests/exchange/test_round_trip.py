"""An outline that leaves as DICOM comes back as it went, and onto no other image."""

from dataclasses import replace
from functools import partial

import numpy as np
import pydicom
import pytest
from exchanged import CASES

from cctrack.cli.main import main
from cctrack.errors import UnreadableImage
from cctrack.io import read_mask
from cctrack.io.exchange.person import ANONYMOUS
from cctrack.model import Because
from cctrack.study.batch import BatchOptions, measure_paths


def test_a_segmentation_gives_back_every_pixel_and_number(written):
    labels = read_mask(written.file("seg"), written.measured.image)
    assert np.array_equal(labels, written.measured.outline.labels)


def rows(folder):
    lines = (folder / "measurements.csv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split(",")
    wanted = [columns.index(name) for name in ("lesion", "quantity", "value", "unit", "method")]
    return [[line.split(",")[index] for index in wanted] for line in lines[1:]]


NAMES = ("photo with a scale", "ct uneven slices", "xray DX calibrated")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_segmentations_measures_the_same_to_the_last_digit(make, tmp_path, name):
    case = CASES[name](tmp_path)
    _, image = make.found_at(case)
    mask = tmp_path / ("m.nii.gz" if case.labels.ndim == 3 else "m.png")
    make.write_mask(mask, case.labels, image)
    for out, drawn in (("first", mask), ("second", tmp_path / "first" / "seg")):
        options = BatchOptions(
            replace(case.options, mask=drawn), modality=case.modality, person=ANONYMOUS
        )
        result = measure_paths([case.path], tmp_path / out, options, lambda _done, _all: None)
        assert result.images == 1
    assert rows(tmp_path / "first") == rows(tmp_path / "second")
    assert any(row[0] == "L1" for row in rows(tmp_path / "first"))


@pytest.mark.bars
def test_the_command_line_writes_and_takes_segmentations(make, tmp_path):
    case = make.film_case(tmp_path, imager_pixel_spacing=(0.15, 0.15))
    _, image = make.found_at(case)
    make.write_mask(tmp_path / "m.png", case.labels, image)
    words = [str(case.path), "--jobs", "1", "--quiet"]
    first, second = tmp_path / "first", tmp_path / "second"
    mask = str(tmp_path / "m.png")
    assert main(["measure", *words, "--mask", mask, "--seg", "--out", str(first)]) == 0
    assert main(["measure", *words, "--mask", str(first / "seg"), "--out", str(second)]) == 0
    assert rows(first) == rows(second)


def test_the_same_image_gives_the_same_bytes(make, tmp_path):
    for name in ("ct axial", "photo with a scale"):
        for run in ("a", "b"):
            (tmp_path / name / run).mkdir(parents=True)
        case = CASES[name](tmp_path / name)
        first, second = (make.exchange(case, tmp_path / name / run) for run in ("a", "b"))
        for one, other in zip(first.files, second.files, strict=True):
            assert one.read_bytes() == other.read_bytes()


def refusal(path, image):
    with pytest.raises(UnreadableImage) as caught:
        read_mask(path, image)
    assert caught.value.because == Because.MASK
    return caught.value.detail


def test_a_segmentation_of_another_image_is_refused(make, tmp_path):
    for name in ("ct axial", "xray CR at the detector", "photo with a scale"):
        own, other = tmp_path / name / "own", tmp_path / name / "other"
        own.mkdir(parents=True)
        other.mkdir()
        mine = make.exchange(CASES[name](own), own)
        case = CASES[name](other)
        # Another visit: same size and place, other pixels.
        if case.path.is_dir():
            make.shutil.rmtree(case.path)
            make.write_ct(case.path, make.drawn_ct(labels=case.labels[::-1].copy()))
        elif case.path.suffix == ".dcm":
            dataset = pydicom.dcmread(case.path)
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
            dataset.save_as(case.path)
        else:
            case = make.picture_case(other, labels=np.roll(case.labels, 3, axis=0), mm=0.13)
        _, image = make.found_at(case)
        assert "of another" in refusal(mine.file("seg"), image)


def edited(exchanged, folder, change):
    dataset = pydicom.dcmread(exchanged.file("seg"))
    change(dataset)
    dataset.save_as(folder / "edited.dcm")
    return folder / "edited.dcm"


def moved(dataset, x_mm=0.0, z_mm=0.0):
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        position = frame.PlanePositionSequence[0]
        x, y, z = position.ImagePositionPatient
        position.ImagePositionPatient = [round(x + x_mm, 4), y, round(z + z_mm, 4)]


def coarser(dataset):
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.PixelMeasuresSequence[0].PixelSpacing = ["0.8", "0.75"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (partial(moved, x_mm=0.3), "between"),
        (partial(moved, z_mm=1.2), "between"),
        (partial(moved, x_mm=-0.7 * 20), "beyond"),
        (coarser, "those of the image"),
    ],
)
def test_a_segmentation_beside_the_grid_is_refused(make, tmp_path, change, words):
    mine = make.exchange(CASES["ct axial"](tmp_path), tmp_path)
    assert words in refusal(edited(mine, tmp_path, change), mine.measured.image)


def test_frames_that_another_program_turned_still_fit(make, tmp_path):
    """Rows and columns counted from the other side: the corner and the cosines say so."""
    mine = make.exchange(CASES["ct axial"](tmp_path), tmp_path)
    image = mine.measured.image
    rows_, columns = image.shape[1:]

    def turned(dataset):
        pixels = dataset.pixel_array[:, ::-1, ::-1]
        dataset.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()
        shared = dataset.SharedFunctionalGroupsSequence[0]
        shared.PlaneOrientationSequence[0].ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
        for frame in dataset.PerFrameFunctionalGroupsSequence:
            position = frame.PlanePositionSequence[0]
            x, y, z = position.ImagePositionPatient
            far = [x + 0.7 * (columns - 1), y + 0.8 * (rows_ - 1), z]
            position.ImagePositionPatient = [round(float(value), 4) for value in far]

    labels = read_mask(edited(mine, tmp_path, turned), image)
    assert np.array_equal(labels, mine.measured.outline.labels)


def test_overlapping_segments_and_likelihoods_are_refused(make, tmp_path):
    mine = make.exchange(CASES["ct axial"](tmp_path), tmp_path)

    def doubled(dataset):
        first = dataset.PerFrameFunctionalGroupsSequence[0]
        for frame in dataset.PerFrameFunctionalGroupsSequence:
            frame.PlanePositionSequence = first.PlanePositionSequence
        pixels = np.ones_like(dataset.pixel_array)
        dataset.PixelData = np.packbits(pixels.ravel(), bitorder="little").tobytes()

    def likely(dataset):
        dataset.SegmentationType = "FRACTIONAL"

    assert "overlap" in refusal(edited(mine, tmp_path, doubled), mine.measured.image)
    assert "fractions" in refusal(edited(mine, tmp_path, likely), mine.measured.image)


def test_segments_of_another_program_keep_their_numbers(make, tmp_path):
    mine = make.exchange(CASES["ct axial"](tmp_path), tmp_path)

    def renamed(dataset):
        for segment in dataset.SegmentSequence:
            segment.SegmentLabel = "Segment_A"
            del segment.TrackingID

    labels = read_mask(edited(mine, tmp_path, renamed), mine.measured.image)
    assert np.array_equal(labels, mine.measured.outline.labels)


def test_a_ct_slice_is_no_mask(make, tmp_path):
    case = CASES["ct axial"](tmp_path)
    _, image = make.found_at(case)
    assert "SEG or an RTSTRUCT" in refusal(next(case.path.iterdir()), image)


def test_a_segmentation_made_by_dcmqi_comes_in(tools, tmp_path):
    """What 3D Slicer writes: from a label image, with its own names and UIDs."""
    import json

    import nibabel

    case = tools.ct_case(tmp_path, directions=tools.CORONAL)
    _, image = tools.found_at(case)
    tools.write_mask(tmp_path / "drawn.nii.gz", case.labels, image)
    drawn = nibabel.load(tmp_path / "drawn.nii.gz")
    for number in (1, 2):
        own = (np.asarray(drawn.dataobj) == number).astype(np.uint8)
        nibabel.save(nibabel.Nifti1Image(own, drawn.affine), tmp_path / f"drawn{number}.nii.gz")
    code = {"CodeValue": "49755003", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Abnormal"}
    about = {
        "labelID": 1,
        "SegmentAlgorithmType": "MANUAL",
        "SegmentedPropertyCategoryCodeSequence": code,
        "SegmentedPropertyTypeCodeSequence": code,
    }
    meta = {
        "SeriesDescription": "drawn",
        "SeriesNumber": "300",
        "InstanceNumber": "1",
        "ContentCreatorName": "reader",
        "segmentAttributes": [
            [{**about, "SegmentDescription": "one"}],
            [{**about, "SegmentDescription": "two"}],
        ],
    }
    (tmp_path / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
    done = tools.run(
        tools.SCRIPTS / "itkimage2segimage",
        "--inputImageList",
        f"{tmp_path / 'drawn1.nii.gz'},{tmp_path / 'drawn2.nii.gz'}",
        "--inputDICOMDirectory",
        case.path,
        "--inputMetadata",
        tmp_path / "meta.json",
        "--outputDICOM",
        tmp_path / "drawn.seg.dcm",
    )
    assert done.returncode == 0, done.stderr
    assert np.array_equal(read_mask(tmp_path / "drawn.seg.dcm", image), case.labels)
