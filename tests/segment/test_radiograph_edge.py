"""A stone's border lies on its own edge, also beside bone, and nets keep theirs."""

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.edge import closed_path, find_edge
from cctrack.segment.radiograph.snap import snap_borders

MM = 0.2
SHAPE = (120, 120)
ROWS, COLUMNS = np.indices(SHAPE) * MM
STONE_MM = np.hypot(ROWS - 12.0, COLUMNS - 12.0)


def film(radius_mm: float, bone: bool = False) -> np.ndarray:
    """A ball in flesh, blurred and noisy, with or without a bone beside it."""
    path = 2 * np.sqrt(np.maximum(radius_mm**2 - STONE_MM**2, 0))
    pixels = 1000 + 300 * path + 0.0 * ROWS
    if bone:
        pixels = np.where(12.0 + radius_mm + 0.6 < COLUMNS, 1800.0, pixels)
    noise = np.random.default_rng(3).normal(0, 15, SHAPE)
    return cv2.GaussianBlur((pixels + noise).astype(np.float32), (0, 0), 0.15 / MM)


def area_mm2(labels: np.ndarray) -> float:
    return float(np.count_nonzero(labels)) * MM**2


@pytest.mark.parametrize("drawn_mm", [1.75, 2.0, 2.3])
def test_wherever_a_stone_was_drawn_it_is_as_large_as_it_is(drawn_mm):
    labels = (drawn_mm > STONE_MM).astype(np.uint16)
    snapped = snap_borders(film(2.0), labels, MM)
    assert snapped.border_sd_px.keys() == {1}
    assert area_mm2(snapped.labels) == pytest.approx(np.pi * 2.0**2, rel=0.12)


def test_what_leaked_into_bone_is_cut_off():
    pixels = film(2.0, bone=True)
    leak = (np.abs(ROWS - 12) < 1.2) & (COLUMNS > 13) & (COLUMNS < 17)
    labels = ((STONE_MM < 2.0) | leak).astype(np.uint16)
    snapped = snap_borders(pixels, labels, MM).labels
    assert area_mm2(labels) > 1.3 * np.pi * 2.0**2
    assert area_mm2(snapped) == pytest.approx(np.pi * 2.0**2, rel=0.12)
    assert not snapped[:, int(15.2 / MM) :].any()


def test_a_deposit_over_bone_keeps_its_border():
    labels = (STONE_MM < 2.3).astype(np.uint16)
    snapped = snap_borders(film(2.0), labels, MM, frozenset({1}))
    assert np.array_equal(snapped.labels, labels)
    assert not snapped.border_sd_px


def test_flesh_without_an_edge_keeps_its_border():
    labels = (STONE_MM < 2.3).astype(np.uint16)
    snapped = snap_borders(film(0.0), labels, MM)
    assert np.array_equal(snapped.labels, labels)


def test_a_neighbour_loses_no_px():
    other = np.hypot(ROWS - 12.0, COLUMNS - 15.8) < 1.6
    labels = (STONE_MM < 2.2).astype(np.uint16)
    labels[other] = 2
    snapped = snap_borders(film(2.0), labels, MM, frozenset({2})).labels
    assert np.array_equal(snapped == 2, other)


def test_the_edge_of_a_ball_is_round_and_centred():
    edge = find_edge(film(3.0), STONE_MM < 2.7, MM)
    assert edge.centre_px * MM == pytest.approx([12.0, 12.0], abs=0.1)
    assert np.ptp(edge.radius_mm) < 0.35
    assert edge.radius_mm.mean() == pytest.approx(2.85, abs=0.12)


def test_a_path_ends_where_it_began():
    cost = np.ones((40, 30), np.float32)
    wanted = np.rint(15 + 6 * np.sin(np.arange(40) * 2 * np.pi / 40)).astype(int)
    cost[np.arange(40), wanted] = 0
    assert np.array_equal(closed_path(cost), wanted)
