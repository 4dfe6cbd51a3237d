"""A hand nearer to the tube is larger on its film, however its fingers are spread."""

import numpy as np
import pytest

from cctrack.align.radiograph.features import Matches
from cctrack.align.radiograph.stretch import rigid_stretch
from cctrack.align.radiograph.view import View


def view(mm: float | None) -> View:
    blank = np.zeros((8, 8), np.float32)
    return View(blank, blank > 0, 1.0, mm)


def spread_fingers(larger: float) -> Matches:
    """Four fingers of 25 points; each turns about its own end, and the whole film is larger."""
    rng = np.random.default_rng(5)
    before, after = [], []
    for finger in range(4):
        points = np.column_stack([rng.uniform(0, 30, 25), rng.uniform(0, 300, 25)])
        angle = np.radians(3.0 * (finger - 1.5))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        at = np.array([100.0 * finger, 50.0])
        before.append(points + at)
        after.append((points @ turn.T + at) * larger + rng.normal(0, 0.3, points.shape))
    return Matches(np.vstack(before), np.vstack(after))


@pytest.mark.parametrize("larger", [0.97, 1.0, 1.02])
def test_spread_fingers_do_not_hide_the_magnification(larger):
    found = rigid_stretch(spread_fingers(larger), np.eye(3), (view(0.25), view(0.25)))
    assert found == pytest.approx(larger, abs=0.003)


def test_lengths_are_compared_in_mm():
    found = rigid_stretch(spread_fingers(1.0), np.eye(3), (view(0.25), view(0.26)))
    assert found == pytest.approx(1.04, abs=0.004)


def test_without_a_scale_or_points_nothing_is_known():
    assert rigid_stretch(spread_fingers(1.0), np.eye(3), (view(0.25), view(None))) is None
    none = Matches(np.empty((0, 2)), np.empty((0, 2)))
    assert rigid_stretch(none, np.eye(3), (view(0.25), view(0.25))) is None
