"""Headers that leave something out: what can be said is written, what cannot is told."""

import shutil

import numpy as np
import pydicom
import pytest
from exchanged import CASES

from cctrack.errors import UnreadableImage
from cctrack.io import read_mask
from cctrack.io.exchange.person import ANONYMOUS
from cctrack.io.exchange.sources import read_source
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.pipeline import MeasureOptions


def changed(path, **tags):
    """Set attributes in all files of a case, or take them out."""
    for file in [path] if path.is_file() else sorted(path.iterdir()):
        dataset = pydicom.dcmread(file)
        for name, value in tags.items():
            if value is None:
                dataset.pop(name, None)
            else:
                setattr(dataset, name, value)
        dataset.save_as(file)


def test_a_series_without_a_frame_of_reference_gets_one_of_its_own(tools, tmp_path):
    case = CASES["ct axial"](tmp_path)
    changed(case.path, FrameOfReferenceUID=None)
    done = tools.exchange(case, tmp_path)
    assert tools.dciodvfy_errors(done.file("seg")) == []
    assert np.array_equal(read_mask(done.file("seg"), done.measured.image), case.labels)


@pytest.mark.parametrize("spacing", ["1.0", "7.5"])
def test_wrong_spacings_in_headers_do_not_reach_a_segmentation(tools, tmp_path, spacing):
    case = CASES["ct axial"](tmp_path)
    changed(case.path, SpacingBetweenSlices=spacing, SliceThickness=spacing)
    done = tools.exchange(case, tmp_path)
    count, mm3 = tools.dcmqi_volumes(done.file("seg"), tmp_path / "itk")[1]
    assert mm3 == pytest.approx(count * 2.5 * 0.8 * 0.7, rel=1e-3)


def test_lossy_compression_of_the_image_is_passed_on(tools, tmp_path):
    case = CASES["xray CR at the detector"](tmp_path)
    changed(
        case.path,
        LossyImageCompression="01",
        LossyImageCompressionRatio="12.5",
        LossyImageCompressionMethod="ISO_10918_1",
    )
    done = tools.exchange(case, tmp_path)
    assert pydicom.dcmread(done.file("seg")).LossyImageCompression == "01"
    assert tools.dciodvfy_errors(done.file("seg")) == []


def test_an_image_that_cannot_be_named_is_measured_and_told(make, tmp_path):
    case = CASES["xray CR at the detector"](tmp_path)
    changed(case.path, StudyInstanceUID="no uid at all")
    _, image = make.found_at(case)
    make.write_mask(tmp_path / "m.png", case.labels, image)
    options = BatchOptions(MeasureOptions(mask=tmp_path / "m.png"), person=ANONYMOUS)
    out = tmp_path / "out"
    result = measure_paths([case.path], out, options, lambda _done, _all: None)
    assert result.images == 1
    assert result.refused == ()
    (told,) = result.unwritten
    assert told.detail == "no SEG and SR: no valid StudyInstanceUID"
    assert not (out / "seg").exists()


def test_files_that_changed_since_they_were_measured_get_no_segmentation(make, tmp_path):
    case = CASES["ct axial"](tmp_path)
    found, image = make.found_at(case)
    extra = sorted(case.path.iterdir())[-1]
    shutil.copy(sorted(case.path.iterdir())[0], extra)
    with pytest.raises(UnreadableImage, match="when they were measured"):
        read_source(found, image, ANONYMOUS)
