import math

import numpy as np
import pytest

from cctrack.measure.area import measure_areas
from cctrack.measure.cylinder import Cylinder, cylinder_radius
from cctrack.model import AxisScale, Outline, PlaneHomography, Quantity, ScaleSource

MM_PER_PX = 0.05
RADIUS_MM = 8.0
SCALE = AxisScale((MM_PER_PX, MM_PER_PX), ScaleSource.MARKER)
SHAPE = (500, 400)
AXIS_PX = 200.0
ACROSS = Cylinder((250.0, AXIS_PX - 160), (250.0, AXIS_PX + 160))


def on_finger(around_mm, along_mm, middle_mm=0.0):
    """Picture of a rectangle on a finger seen from the front: its sizes are those on the skin."""
    row, column = np.indices(SHAPE)
    offset = np.clip((column - AXIS_PX) * MM_PER_PX / RADIUS_MM, -1, 1)
    arc = RADIUS_MM * np.arcsin(offset)
    inside = np.abs((row - 250) * MM_PER_PX) <= along_mm / 2
    return Outline((inside & (np.abs(arc - middle_mm) <= around_mm / 2)).astype(np.uint16))


def value_of(findings, quantity):
    return next(
        item.measurement
        for item in findings
        if item.lesion == 1 and item.measurement.quantity is quantity
    )


def area_of(outline, scale=SCALE, **how):
    return value_of(measure_areas(outline, scale, **how), Quantity.AREA)


def test_a_lesion_12_mm_wide_on_a_finger_looks_9_percent_smaller():
    flat = area_of(on_finger(12, 10)).value
    assert flat == pytest.approx(12 * 10 * 0.9088, rel=0.012)


@pytest.mark.parametrize(("around", "along", "middle"), [(12, 10, 0), (4, 12, 0), (6, 8, 5)])
def test_on_the_finger_s_surface_the_area_is_the_true_one(around, along, middle):
    area = area_of(on_finger(around, along, middle), cylinder=ACROSS)
    assert area.value == pytest.approx(around * along, rel=0.015)


def test_a_finger_that_lies_askew_changes_nothing():
    row, column = np.indices((500, 500))
    angle = math.radians(30)
    along = (row - 250) * math.cos(angle) + (column - 250) * math.sin(angle)
    across = -(row - 250) * math.sin(angle) + (column - 250) * math.cos(angle)
    arc = RADIUS_MM * np.arcsin(np.clip(across * MM_PER_PX / RADIUS_MM, -1, 1))
    lesion = (np.abs(arc) <= 6) & (np.abs(along * MM_PER_PX) <= 4)
    half = 160 * np.array([-math.sin(angle), math.cos(angle)])
    finger = Cylinder(tuple(250 - half), tuple(250 + half))
    assert cylinder_radius(finger, SCALE) == pytest.approx(RADIUS_MM)
    area = area_of(Outline(lesion.astype(np.uint16)), cylinder=finger)
    assert area.value == pytest.approx(12 * 8, rel=0.015)


def test_the_longest_diameter_runs_over_the_surface():
    outline = on_finger(14, 2)
    flat, round_ = (
        value_of(measure_areas(outline, SCALE, **how), Quantity.MAX_DIAMETER).value
        for how in ({}, {"cylinder": ACROSS})
    )
    assert flat == pytest.approx(math.hypot(2 * 8 * math.sin(7 / 8), 2), rel=0.01)
    assert round_ == pytest.approx(math.hypot(14, 2), rel=0.015)


def test_the_interval_knows_that_a_finger_is_no_perfect_cylinder():
    narrow, wide = (area_of(on_finger(width, 10), cylinder=ACROSS) for width in (3, 14))
    assert wide.log_sd_own > narrow.log_sd_own
    flatter = area_of(on_finger(14, 10))
    assert wide.log_sd_own > flatter.log_sd_own


def test_without_a_scale_the_surface_is_in_px():
    outline = on_finger(12, 10)
    area = area_of(outline, scale=None, cylinder=ACROSS)
    assert area.value * MM_PER_PX**2 == pytest.approx(120, rel=0.015)


def test_a_finger_without_width_is_refused():
    with pytest.raises(ValueError, match="two different points"):
        Cylinder((10.0, 10.0), (10.0, 10.0))
    with pytest.raises(ValueError, match="finite"):
        Cylinder((10.0, 10.0), (10.0, float("nan")))


def test_far_from_the_marker_an_area_is_known_less_well():
    terms = np.diag([1e-4, 0.0, 1e-8])
    scale = PlaneHomography(
        np.diag([0.1, 0.1, 1.0]), (200, 800), ScaleSource.MARKER, 0.01, error_terms=terms
    )
    labels = np.zeros((200, 800), np.uint16)
    labels[90:110, 20:40], labels[90:110, 700:720] = 1, 2
    findings = measure_areas(Outline(labels), scale)
    near, far = (
        item.measurement.log_sd_shared
        for item in findings
        if item.lesion and item.measurement.quantity is Quantity.AREA
    )
    assert near == pytest.approx(2 * math.hypot(0.01, 1e-4 * 29.5), rel=1e-3)
    assert far == pytest.approx(2 * math.hypot(0.01, 1e-4 * 709.5), rel=1e-3)
