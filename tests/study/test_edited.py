"""A reader's change is measured at once, and gives the numbers that the same mask would give."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.model import AxisScale, Flag, Method, Outline, Photo, Quantity, ScaleSource, Unit
from cctrack.segment.scribble import click
from cctrack.study.edited import sparse, with_drawn, with_labels, with_sizes, without_lesion
from cctrack.study.options import MeasureOptions
from cctrack.study.pipeline import Measured, measure_image, quantify

SCALE = AxisScale((0.1, 0.1), ScaleSource.GIVEN, 0.02)


def _photo():
    """Skin with two pale deposits of 40 x 40 px."""
    rng = np.random.default_rng(3)
    pixels = np.clip(rng.normal((190, 140, 120), 4, (300, 400, 3)), 0, 255).astype(np.uint8)
    for row, column in ((80, 100), (180, 280)):
        pixels[row : row + 40, column : column + 40] = (245, 235, 215)
    return Photo(pixels, scale=SCALE)


@pytest.fixture(scope="module")
def measured():
    photo = _photo()
    labels = np.zeros(photo.shape, np.uint16)
    labels[80:120, 100:140] = 1
    outline = Outline(labels, selection_log_sd=0.1, doubt=0.5, flags=frozenset({Flag.CROWDED}))
    findings = quantify(photo, outline, MeasureOptions())
    return Measured(photo, outline, findings, PhotoScaleOptions(mm_per_px=0.1))


def _area(measured, lesion=0):
    (found,) = (
        item.measurement
        for item in measured.findings
        if item.lesion == lesion and item.measurement.quantity is Quantity.AREA
    )
    return found


def test_what_a_reader_painted_is_measured_as_the_readers(measured):
    labels = measured.outline.labels.copy()
    labels[180:220, 280:320] = 2
    changed = with_labels(measured, labels)
    assert _area(changed).value == pytest.approx(32.0, rel=0.02)
    assert _area(changed).method is Method.READER
    assert Flag.CROWDED not in changed.flags
    assert changed.outline.doubt == 0


def test_the_same_mask_from_a_file_gives_the_same_numbers(measured, tmp_path):
    from cctrack.io import write_mask

    path = tmp_path / "m.mask.png"
    write_mask(path, measured.outline.labels, measured.image)
    options = MeasureOptions(sizes=measured.sizes, mask=path)
    from_file = measure_image(replace(measured.image, scale=None), options)
    by_hand = with_labels(measured, measured.outline.labels)
    assert by_hand.findings == from_file.findings
    assert by_hand.parameters == from_file.parameters


def test_a_click_adds_the_deposit_below_it(measured):
    changed = with_drawn(measured, click(200, 300))
    assert changed.outline.lesions == (1, 2)
    assert _area(changed, 2).value == pytest.approx(16.0, rel=0.1)


def test_a_click_into_a_lesion_that_is_outlined_says_what_to_do_instead(measured):
    with pytest.raises(ValueError, match="correct that one"):
        with_drawn(measured, click(100, 120))


def test_a_lesion_that_is_taken_out_leaves_the_others_their_numbers(measured):
    two = with_drawn(measured, click(200, 300))
    assert without_lesion(two, 1).outline.lesions == (2,)


def test_another_scale_changes_the_size_and_not_the_border(measured):
    coarse = with_sizes(measured, PhotoScaleOptions(mm_per_px=0.2))
    assert _area(coarse).value == pytest.approx(4 * _area(measured).value)
    assert (coarse.outline.labels == measured.outline.labels).all()
    assert coarse.outline.method is Method.AUTOMATIC


def test_a_scale_that_is_taken_back_leaves_px_and_no_mm(measured):
    bare = with_sizes(measured, PhotoScaleOptions())
    assert _area(bare).unit is Unit.PX
    assert Flag.NO_SCALE in bare.flags
    assert Flag.NO_SCALE not in with_sizes(bare, measured.sizes).flags


def test_a_kept_version_does_not_change_when_painting_goes_on(measured):
    canvas = measured.outline.labels.copy()
    kept = sparse(canvas)
    canvas[:] = 7
    assert (kept == measured.outline.labels).all()
