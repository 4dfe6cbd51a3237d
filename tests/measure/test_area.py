import math

import numpy as np
import pytest

from cctrack.measure.area import measure_areas
from cctrack.model import (
    AxisScale,
    Finding,
    Flag,
    Measurement,
    Modality,
    Outline,
    PlaneHomography,
    Quantity,
    ScaleSource,
    Unit,
)

FIFTH_MM = AxisScale((0.2, 0.2), ScaleSource.MARKER, relative_sd=0.01)


def outline_of(labels, **known):
    return Outline(np.asarray(labels, dtype=np.uint16), **known)


def two_squares():
    labels = np.zeros((60, 80), np.uint16)
    labels[10:20, 10:30] = 1  # 200 px
    labels[40:50, 50:60] = 2  # 100 px
    return labels


def disc(radius_px, shape=(200, 200), centre=(100.3, 99.6)):
    row, column = np.indices(shape)
    return (row - centre[0]) ** 2 + (column - centre[1]) ** 2 <= radius_px**2


def value_of(findings, lesion, quantity) -> Measurement:
    return only(findings, lesion, quantity).measurement


def only(findings, lesion, quantity) -> Finding:
    found = [f for f in findings if f.lesion == lesion and f.measurement.quantity is quantity]
    assert len(found) == 1
    return found[0]


def test_areas_count_pixels_times_their_size():
    findings = measure_areas(outline_of(two_squares()), FIFTH_MM)
    assert value_of(findings, 1, Quantity.AREA).value == pytest.approx(8.0)
    assert value_of(findings, 2, Quantity.AREA).value == pytest.approx(4.0)
    total = value_of(findings, 0, Quantity.AREA)
    assert total.value == pytest.approx(12.0)
    assert total.unit is Unit.MM2
    assert value_of(findings, 0, Quantity.COUNT).value == 2


def test_pixels_that_are_not_square_count_with_both_their_sides():
    scale = AxisScale((0.1, 0.3), ScaleSource.DETECTOR)
    findings = measure_areas(outline_of(two_squares()), scale)
    assert value_of(findings, 1, Quantity.AREA).value == pytest.approx(200 * 0.03)


def test_without_a_scale_nothing_is_in_mm():
    findings = measure_areas(outline_of(two_squares(), detection_limit_px=9), None)
    units = {finding.measurement.unit for finding in findings}
    assert units == {Unit.PX, Unit.ONE}
    assert value_of(findings, 0, Quantity.AREA).value == 300
    assert value_of(findings, 0, Quantity.AREA).log_sd_shared == 0


def test_nothing_found_is_a_zero_with_a_detection_limit():
    findings = measure_areas(outline_of(np.zeros((50, 50)), detection_limit_px=100), FIFTH_MM)
    area = value_of(findings, 0, Quantity.AREA)
    assert area.value == 0
    assert area.interval == (0.0, pytest.approx(4.0))
    assert value_of(findings, 0, Quantity.COUNT).value == 0
    assert {finding.lesion for finding in findings} == {0}


def test_a_deposit_over_bone_is_measured_but_not_in_the_total():
    outline = outline_of(two_squares(), lesion_flags={1: frozenset({Flag.OVER_BONE})})
    findings = measure_areas(outline, FIFTH_MM)
    over_bone = only(findings, 1, Quantity.AREA)
    assert over_bone.measurement.value == pytest.approx(8.0)
    assert Flag.OVER_BONE in over_bone.flags
    assert value_of(findings, 0, Quantity.AREA).value == pytest.approx(4.0)
    assert value_of(findings, 0, Quantity.COUNT).value == 1


@pytest.mark.parametrize(("pixels", "flagged"), [(624, True), (625, False)])
def test_photo_lesions_under_25_mm2_are_flagged(pixels, flagged):
    labels = np.zeros((60, 60), np.uint16)
    labels[10:35, 10:35] = 1
    labels.ravel()[np.flatnonzero(labels)[pixels:]] = 0
    findings = measure_areas(outline_of(labels), FIFTH_MM)
    assert (Flag.BELOW_FLOOR in only(findings, 1, Quantity.AREA).flags) is flagged


def test_films_have_no_floor_for_single_lesions():
    findings = measure_areas(outline_of(two_squares()), FIFTH_MM, modality=Modality.XRAY)
    assert Flag.BELOW_FLOOR not in only(findings, 1, Quantity.AREA).flags


def test_a_lesion_cut_by_the_image_edge_is_flagged():
    labels = two_squares()
    labels[0:4, 40:50] = 3
    findings = measure_areas(outline_of(labels), FIFTH_MM)
    assert Flag.NEAR_BORDER in only(findings, 3, Quantity.AREA).flags
    assert Flag.NEAR_BORDER not in only(findings, 1, Quantity.AREA).flags


def tilted(shape, degrees):
    """A camera above a plane, tilted about the rows: mm on the plane from px by a homography."""
    focal, distance_mm = 800.0, 300.0
    angle = math.radians(degrees)
    centre = np.array([[1, 0, -shape[0] / 2], [0, 1, -shape[1] / 2], [0, 0, 1.0]])
    # Ray (r, c, f) meets the plane z = distance + r·tan(angle).
    rays = np.array([[1 / focal, 0, 0], [0, 1 / focal, 0], [-math.tan(angle) / focal, 0, 1]])
    along = np.diag([distance_mm / math.cos(angle), distance_mm, 1.0])
    return PlaneHomography(along @ rays @ centre, shape, ScaleSource.MARKER, tilt_deg=degrees)


def test_on_a_tilted_photo_each_pixel_counts_with_its_own_size():
    shape = (400, 500)
    scale = tilted(shape, 30)
    row, column = np.indices(shape)
    on_plane = scale.to_mm(np.column_stack([row.ravel(), column.ravel()]).astype(float))
    for centre_mm in ((-30.0, 20.0), (25.0, -30.0)):
        inside = (np.hypot(*(on_plane - centre_mm).T) <= 15).reshape(shape)
        findings = measure_areas(outline_of(inside), scale)
        area = value_of(findings, 1, Quantity.AREA).value
        assert area == pytest.approx(math.pi * 15**2, rel=0.01)
        diameter = value_of(findings, 1, Quantity.MAX_DIAMETER).value
        assert diameter == pytest.approx(30, rel=0.015)


def test_a_scale_of_another_image_is_a_slip():
    with pytest.raises(ValueError, match="used on an image"):
        measure_areas(outline_of(two_squares()), tilted((100, 100), 10))


@pytest.mark.parametrize("radius_px", [5, 12.5, 40])
def test_the_longest_diameter_of_a_disc_is_its_diameter(radius_px):
    findings = measure_areas(outline_of(disc(radius_px)), AxisScale((1, 1), ScaleSource.GIVEN))
    diameter = value_of(findings, 1, Quantity.MAX_DIAMETER).value
    assert diameter == pytest.approx(2 * radius_px, abs=1.0)


def test_the_longest_diameter_runs_across_a_corner():
    labels = np.zeros((40, 60), np.uint16)
    labels[5:35, 10:50] = 1  # 30 x 40 px: the diagonal is 50
    diameter = value_of(measure_areas(outline_of(labels), FIFTH_MM), 1, Quantity.MAX_DIAMETER)
    assert diameter.value == pytest.approx(50 * 0.2, rel=0.02)


def test_the_total_diameter_is_the_sum_that_recist_asks_for():
    findings = measure_areas(outline_of(two_squares()), FIFTH_MM)
    parts = [value_of(findings, lesion, Quantity.MAX_DIAMETER).value for lesion in (1, 2)]
    assert value_of(findings, 0, Quantity.MAX_DIAMETER).value == pytest.approx(sum(parts))


def test_coverage_is_the_share_of_soft_tissue():
    tissue = np.ones((60, 80), bool)
    tissue[:, 60:] = False
    findings = measure_areas(outline_of(two_squares(), soft_tissue=tissue), FIFTH_MM)
    coverage = value_of(findings, 0, Quantity.COVERAGE)
    assert coverage.value == pytest.approx(100 * 300 / 3600)
    assert coverage.log_sd_shared == 0


def test_a_small_lesion_is_less_sure_than_a_large_one():
    sds = [
        value_of(
            measure_areas(outline_of(disc(radius), border_sd_px=1.0), FIFTH_MM), 1, Quantity.AREA
        ).log_sd_own
        for radius in (5, 50)
    ]
    assert sds[1] == pytest.approx(2 * 1.0 / 50, rel=0.05)
    assert sds[0] > 5 * sds[1]


def test_scale_errors_of_lesions_add_linearly_and_border_errors_in_quadrature():
    labels = np.zeros((60, 80), np.uint16)
    labels[10:20, 10:20], labels[40:50, 50:60] = 1, 2
    findings = measure_areas(outline_of(labels), FIFTH_MM)
    one, total = value_of(findings, 1, Quantity.AREA), value_of(findings, 0, Quantity.AREA)
    assert total.log_sd_own == pytest.approx(one.log_sd_own / math.sqrt(2))
    assert total.log_sd_shared == pytest.approx(one.log_sd_shared) == pytest.approx(0.02)


def test_a_lesion_with_a_blurred_border_is_less_sure_than_its_sharp_neighbour():
    labels = np.zeros((60, 80), np.uint16)
    labels[10:20, 10:20], labels[40:50, 50:60] = 1, 2
    outline = outline_of(labels, border_sd_px=0.5, lesion_border_sd_px={2: 1.5})
    findings = measure_areas(outline, FIFTH_MM)
    sharp, blurred = (value_of(findings, lesion, Quantity.AREA) for lesion in (1, 2))
    assert blurred.value == pytest.approx(sharp.value)
    assert blurred.log_sd_own > 2 * sharp.log_sd_own
    sharp, blurred = (value_of(findings, lesion, Quantity.MAX_DIAMETER) for lesion in (1, 2))
    assert blurred.log_sd_own > 2 * sharp.log_sd_own
