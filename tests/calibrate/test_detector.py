import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cctrack.calibrate.detector import allow_for_depth, read_detector
from cctrack.model import AxisScale, Flag, ScaleSource, SpacingTags

DETECTOR, CALIBRATED = (0.15, 0.15), (0.139, 0.139)
SPACINGS = st.floats(0.01, 5.0)
ABSURD = [0.0, -0.2, math.nan, math.inf, -math.inf, 0.0099, 5.01, 1e-30]


@pytest.mark.parametrize(
    ("tags", "mm", "source", "flags"),
    [
        (SpacingTags(imager_pixel_spacing=DETECTOR), DETECTOR, "detector", set()),
        (
            SpacingTags(imager_pixel_spacing=(0.15, 0.3), magnification=1.5),
            (0.1, 0.2),
            "detector_magnification_corrected",
            set(),
        ),
        (SpacingTags(DETECTOR, DETECTOR), DETECTOR, "detector", set()),
        (
            SpacingTags(CALIBRATED, DETECTOR, calibration_type="GEOMETRY"),
            CALIBRATED,
            "calibrated",
            set(),
        ),
        (
            SpacingTags(CALIBRATED, DETECTOR, calibration_described=True),
            CALIBRATED,
            "calibrated",
            set(),
        ),
        (
            SpacingTags(CALIBRATED, DETECTOR),
            CALIBRATED,
            "unknown_calibration",
            {Flag.UNKNOWN_CALIBRATION},
        ),
        (
            SpacingTags(CALIBRATED),
            CALIBRATED,
            "unknown_calibration",
            {Flag.UNKNOWN_CALIBRATION},
        ),
    ],
)
def test_every_row_of_the_spacing_table(tags, mm, source, flags):
    scale, found = read_detector(tags)
    assert scale is not None
    assert scale.mm == pytest.approx(mm)
    assert scale.source == source
    assert found == flags


def test_no_spacing_gives_no_scale():
    assert read_detector(SpacingTags()) == (None, frozenset({Flag.NO_SCALE}))
    assert read_detector(SpacingTags(magnification=1.1)) == (None, frozenset({Flag.NO_SCALE}))


@pytest.mark.parametrize("absurd", ABSURD)
@pytest.mark.parametrize("where", ["pixel_spacing", "imager_pixel_spacing"])
@pytest.mark.parametrize("axis", [0, 1])
def test_an_impossible_spacing_never_becomes_mm(absurd, where, axis):
    spacing = (absurd, 0.2) if axis == 0 else (0.2, absurd)
    for other in (None, DETECTOR):
        tags = {"pixel_spacing": other, "imager_pixel_spacing": other} | {where: spacing}
        scale, flags = read_detector(SpacingTags(**tags))
        assert scale is None
        assert flags == {Flag.NO_SCALE, Flag.BAD_SPACING}


@pytest.mark.parametrize("magnification", [0.0, -1.0, math.nan, math.inf, 0.5, 50.0])
def test_an_impossible_magnification_never_becomes_mm(magnification):
    tags = SpacingTags(imager_pixel_spacing=DETECTOR, magnification=magnification)
    assert read_detector(tags)[0] is None


def test_a_magnification_that_shrinks_pixels_below_any_detector_is_refused():
    tags = SpacingTags(imager_pixel_spacing=(0.011, 0.011), magnification=2.0)
    assert read_detector(tags) == (None, frozenset({Flag.NO_SCALE, Flag.BAD_SPACING}))


def test_a_screenshot_never_claims_a_detector():
    for pixel, imager in itertools.product((None, DETECTOR), (None, DETECTOR)):
        scale, flags = read_detector(SpacingTags(pixel, imager, secondary_capture=True))
        if scale is None:
            assert flags == {Flag.NO_SCALE}
        else:
            assert scale.source is ScaleSource.UNKNOWN_CALIBRATION
            assert Flag.UNKNOWN_CALIBRATION in flags


def test_a_magnification_the_file_does_not_apply_widens_the_error():
    plain, _ = read_detector(SpacingTags(DETECTOR, DETECTOR))
    magnified, _ = read_detector(SpacingTags(DETECTOR, DETECTOR, magnification=1.2))
    assert plain is not None
    assert magnified is not None
    assert plain.relative_sd == pytest.approx(0.01)
    assert magnified.relative_sd > 0.2


def test_an_unexplained_calibration_is_trusted_less():
    errors = [
        read_detector(tags)[0].relative_sd
        for tags in (
            SpacingTags(imager_pixel_spacing=DETECTOR),
            SpacingTags(CALIBRATED, DETECTOR, calibration_type="FIDUCIAL"),
            SpacingTags(CALIBRATED),
        )
    ]
    assert errors == sorted(errors)
    assert len(set(errors)) == 3


@given(
    pixel=st.none() | st.tuples(st.floats(), st.floats()),
    imager=st.none() | st.tuples(st.floats(), st.floats()),
    magnification=st.none() | st.floats(),
    kind=st.sampled_from(["", "GEOMETRY", "FIDUCIAL"]),
    captured=st.booleans(),
)
def test_whatever_the_file_says_mm_are_plausible_or_absent(
    pixel, imager, magnification, kind, captured
):
    tags = SpacingTags(pixel, imager, magnification, kind, secondary_capture=captured)
    scale, flags = read_detector(tags)
    assert (scale is None) == (Flag.NO_SCALE in flags)
    if scale is not None:
        assert all(0.01 <= value <= 5 for value in scale.mm)
        assert scale.relative_sd > 0


@given(st.tuples(SPACINGS, SPACINGS))
def test_spacing_written_with_rounding_is_the_detectors(spacing):
    rounded = tuple(float(f"{value:.6g}") for value in spacing)
    if any(not 0.01 <= value <= 5 for value in rounded):
        return
    scale, flags = read_detector(SpacingTags(rounded, spacing))
    assert scale is not None
    assert scale.source is ScaleSource.DETECTOR
    assert not flags


@pytest.mark.parametrize("width_mm", [78.0, 94.0])
def test_a_hand_lies_flat_on_the_detector(width_mm):
    scale = AxisScale((0.15, 0.15), ScaleSource.DETECTOR, 0.01)
    assert allow_for_depth(scale, width_mm) is scale


@pytest.mark.parametrize(("width_mm", "drawn"), [(146.0, 1.12), (267.0, 1.15), (540.0, 1.19)])
def test_how_much_larger_a_thick_part_is_drawn_lies_within_its_error(width_mm, drawn):
    wide = allow_for_depth(AxisScale((0.15, 0.15), ScaleSource.DETECTOR, 0.01), width_mm)
    assert drawn - 1 < 1.96 * wide.relative_sd


def test_a_scale_from_an_object_beside_the_deposit_needs_no_allowance():
    scale = AxisScale((0.14, 0.14), ScaleSource.CALIBRATED, 0.015)
    assert allow_for_depth(scale, 300.0) is scale
