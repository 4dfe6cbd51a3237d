"""A reader sees every candidate of a CT and moves what was taken for something else."""

import csv

import numpy as np
import pytest
from scipy import ndimage

from cctrack.errors import UnreadableImage
from cctrack.io import read_mask
from cctrack.model import Acquisition, AxisScale, Ct, Method, Provenance, ScaleSource
from cctrack.segment.ct import outline_ct
from cctrack.study.batch import write_candidates
from cctrack.study.options import MeasureOptions
from cctrack.study.pipeline import measure_image
from cctrack.study.reader import ReaderFile, ReaderFiles
from cctrack.study.review import review_ct

SPACING_MM = (1.5, 1.0, 1.0)
SHAPE = (40, 100, 100)
MIDDLE = (50, 50)
TO_LPS = np.array([[0, 0, 1.0, -50], [0, 1.0, 0, -50], [1.5, 0, 0, 100], [0, 0, 0, 1.0]])
DEPOSIT, SECOND = (12, 20, 50), (28, 50, 80)
"""Voxels in the middle of two deposits under the skin."""


def limb():
    """A limb with one bone and two deposits under the skin."""
    slices, rows, columns = np.indices(SHAPE, dtype=float)
    radius = np.hypot(rows - MIDDLE[0], columns - MIDDLE[1])
    hu = np.full(SHAPE, -1000.0)
    hu[radius < 40] = -100
    hu[radius < 30] = 55
    hu[radius < 11] = 1200
    hu[radius < 6] = -40
    for (at, row, column), value in ((DEPOSIT, 700), (SECOND, 500)):
        distance = np.hypot(np.hypot(1.5 * (slices - at), rows - row), columns - column)
        hu[distance < 4] = value
    rng = np.random.default_rng(2)
    hu = ndimage.gaussian_filter(hu, [0.5, 0.7, 0.7]) + rng.normal(0, 10, SHAPE)
    scale = AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS)
    origin = Provenance("ef" * 32, "ct", series_uid="1.2.3")
    return Ct(
        np.rint(hu).astype(np.int16), TO_LPS, scale, Acquisition(kvp=120.0), provenance=origin
    )


SCAN = limb()
ALL = review_ct(SCAN, None)


def label_at(voxel):
    return int(ALL.candidates.labels[voxel])


def measured(*moves, **more):
    said = {"moves": list(moves), **more}
    reader = ReaderFiles(review=ReaderFile({"1.2.3": said}))
    return measure_image(SCAN, MeasureOptions(reader=reader))


def test_candidates_left_where_they_are_give_the_automatic_outline():
    automatic = outline_ct(SCAN)
    assert automatic.lesions == (1, 2)
    assert (ALL.outline.labels == automatic.labels).all()
    assert ALL.outline.lesion_depth_mm == automatic.lesion_depth_mm
    assert ALL.outline.flags == automatic.flags
    assert ALL.outline.method is Method.AUTOMATIC


def test_what_a_reader_calls_no_deposit_is_not_measured():
    for named in (label_at(DEPOSIT), list(DEPOSIT)):
        result = measured({"candidate": named, "is": "vessel"})
        assert result.outline.lesions == (1,)
        assert result.outline.labels[SECOND] == 1
        assert result.outline.method is Method.READER
        assert (result.outline.selection_log_sd, result.outline.doubt) == (0, 0)
        assert set(result.outline.lesion_depth_mm) == {1}


def test_what_was_moved_can_be_moved_back():
    there = {"candidate": list(DEPOSIT), "is": "bone"}
    back = {"candidate": list(DEPOSIT), "is": "deposit"}
    assert measured(there, back).outline.lesions == (1, 2)


def test_a_region_leaves_out_what_lies_beside_it_unless_the_reader_says_so():
    roi = np.zeros(SHAPE, dtype=bool)
    roi[:20] = True
    assert (review_ct(SCAN, None, roi).outline.labels == outline_ct(SCAN, roi=roi).labels).all()
    moves = [{"candidate": list(SECOND), "is": "deposit"}]
    assert review_ct(SCAN, {"moves": moves}, roi).outline.lesions == (1, 2)


@pytest.mark.parametrize(
    ("move", "why"),
    [
        ({"candidate": 999, "is": "bone"}, "no candidate 999"),
        ({"candidate": [0, 0, 0], "is": "bone"}, "nothing is outlined"),
        ({"candidate": [12, 20], "is": "bone"}, r"\[slice, row, column\]"),
        ({"candidate": [12, 20, 500], "is": "bone"}, "outside the image"),
        ({"candidate": 1, "is": "tophus"}, "deposit, speck"),
        ({"candidate": 1, "to": "bone"}, "no other keys"),
    ],
)
def test_a_move_that_cannot_be_made_is_refused(move, why):
    with pytest.raises(UnreadableImage, match=why):
        measured(move)


def test_numbers_of_other_candidates_move_nothing():
    with pytest.raises(UnreadableImage, match="look at them again"):
        measured({"candidate": 1, "is": "bone"}, proposal="0123456789ab")


def test_the_candidates_are_written_with_what_a_reader_needs_to_find_them(tmp_path):
    result = measure_image(SCAN, MeasureOptions(candidates=True))
    write_candidates(tmp_path, result)
    stem = tmp_path / "candidates" / result.image_id
    labels = read_mask(stem.with_suffix(".candidates.nii.gz"), SCAN)
    assert (labels == ALL.candidates.labels).all()
    with stem.with_suffix(".candidates.csv").open(encoding="utf-8", newline="") as stream:
        table = {int(row["label"]): row for row in csv.DictReader(stream)}
    found = table[label_at(DEPOSIT)]
    assert found["class"] == "deposit"
    assert [float(found[key]) for key in ("x_mm", "y_mm", "z_mm")] == pytest.approx(
        [0, -30, 118], abs=0.6
    )
    assert label_at(tuple(int(found[key]) for key in ("slice", "row", "column"))) == int(
        found["label"]
    )
    assert float(found["volume_mm3"]) == pytest.approx(4 / 3 * np.pi * 4**3, rel=0.4)
    assert float(found["depth_mm"]) == pytest.approx(6, abs=2.5)
    assert "bone" in {row["class"] for row in table.values()}
