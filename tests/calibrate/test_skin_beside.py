"""Skin beside a flat marker turns away from it, and a lesion far from it is known badly."""

import sys
from pathlib import Path

import numpy as np
import pytest

from cctrack.calibrate.plane import fit_plane
from cctrack.calibrate.reach import flag_far_lesions
from cctrack.calibrate.targets import PointTarget
from cctrack.model import SMALL_FRAME, Flag, Outline, PlaneHomography, ScaleSource

sys.path.insert(0, str(Path(__file__).parent))

from camera import camera, to_photo

SHAPE = (900, 1200)
SQUARE = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])


def plane_of(own_mm, tilt_deg, at=(70.0, 90.0)):
    view = camera(tilt_deg)
    seen = to_photo(view, own_mm + np.array(at))
    target = PointTarget(seen, own_mm, np.full(len(own_mm), 0.2))
    return fit_plane([target], SHAPE, ScaleSource.MARKER, size_sd=0.0025).scale, view


def sd_at(scale, view, place_mm):
    return float(scale.relative_sd_at(to_photo(view, np.array([place_mm])))[0])


def log_area_on_limb(radius_mm, round_mm, tilt_deg):
    """Ln of the area seen over the true one, for skin so far round a limb tilted across itself."""
    turn = round_mm / radius_mm
    return np.log(np.cos(turn) - np.tan(np.deg2rad(tilt_deg)) * np.sin(turn))


@pytest.mark.parametrize(("radius_mm", "tilt_deg"), [(95, 0), (95, 10), (160, 20), (260, 20)])
def test_skin_of_thigh_and_trunk_beside_a_tag_stays_in_the_interval(radius_mm, tilt_deg):
    scale, view = plane_of(20 * SQUARE, tilt_deg)
    sd = 2 * sd_at(scale, view, (80.0, 115.0))
    assert abs(log_area_on_limb(radius_mm, 15.0, tilt_deg)) < 1.96 * sd


def test_the_interval_beside_a_tag_stays_useful():
    scale, view = plane_of(20 * SQUARE, 20)
    assert 1.96 * 2 * sd_at(scale, view, (80.0, 120.0)) < 0.15
    assert 1.96 * 2 * sd_at(scale, view, (80.0, 100.0)) < 0.05


def test_a_frame_that_lies_flat_shows_flat_skin_in_its_window():
    own = np.vstack([SMALL_FRAME.corners_mm(number) for number, _ in SMALL_FRAME.places_mm])
    scale, view = plane_of(own, 20, at=(45.0, 65.0))
    assert all(
        1.96 * 2 * sd_at(scale, view, (80.0 + row, 100.0 + column)) < 0.05
        for row in (-7, 0, 7)
        for column in (-7, 0, 7)
    )


def test_only_a_lesion_far_from_the_marker_is_flagged():
    labels = np.zeros((100, 400), np.uint16)
    labels[40:60, 40:60], labels[40:60, 360:380] = 1, 2
    terms = np.diag([0.01**2, 0.0, 0.0002**2])
    scale = PlaneHomography(np.eye(3), (100, 400), ScaleSource.MARKER, 0.02, error_terms=terms)
    flagged = flag_far_lesions(Outline(labels=labels), scale)
    assert flagged.flags_of(1) == set()
    assert flagged.flags_of(2) == {Flag.MARKER_FAR}


def test_a_lesion_is_not_far_where_no_place_is_known_better():
    labels = np.zeros((100, 400), np.uint16)
    labels[40:60, 40:60] = 1
    terms = np.diag([0.08**2, 0.0, 0.0])
    scale = PlaneHomography(np.eye(3), (100, 400), ScaleSource.CLICKS, 0.08, error_terms=terms)
    assert flag_far_lesions(Outline(labels=labels), scale).flags_of(1) == set()
    assert flag_far_lesions(Outline(labels=labels), None).flags_of(1) == set()
