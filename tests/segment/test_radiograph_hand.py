"""The fingers of a hand are found by its outline or drawn by a reader; else they are refused."""

from pathlib import Path

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.model.hand import FINGERS, HandSite
from cctrack.segment.radiograph.hand import find_hand_sites, sites_from_lines

TIPS = {
    # Right hand from the back, columns to the right: palm at (420, 300), radius 90.
    HandSite.THUMB: (330, 80),
    HandSite.INDEX: (120, 210),
    HandSite.MIDDLE: (90, 290),
    HandSite.RING: (110, 365),
    HandSite.LITTLE: (190, 440),
}
BASES = {
    HandSite.THUMB: (440, 220),
    HandSite.INDEX: (350, 245),
    HandSite.MIDDLE: (340, 290),
    HandSite.RING: (345, 330),
    HandSite.LITTLE: (365, 365),
}


def hand(*, mirrored=False, without=(), thick=38):
    """A palm, a forearm and fingers, as a mask."""
    mask = np.zeros((800, 600), np.uint8)
    cv2.circle(mask, (300, 420), 95, 1, -1)
    cv2.rectangle(mask, (240, 420), (360, 799), 1, -1)
    for finger in FINGERS:
        if finger not in without:
            ends = (BASES[finger][::-1], TIPS[finger][::-1])
            cv2.line(mask, *ends, 1, thick)
    return (mask[:, ::-1] if mirrored else mask).astype(bool)


def at(sites, finger, *, mirrored=False):
    """What is written a quarter below the tip of a finger."""
    (row, column), (base_row, base_column) = TIPS[finger], BASES[finger]
    place = round(row + (base_row - row) / 4), round(column + (base_column - column) / 4)
    return sites[place[0], 599 - place[1] if mirrored else place[1]]


@pytest.mark.parametrize("mirrored", [False, True])
def test_every_finger_of_either_hand_has_its_name(mirrored):
    sites = find_hand_sites(hand(mirrored=mirrored))
    assert [at(sites, finger, mirrored=mirrored) for finger in FINGERS] == list(FINGERS)
    assert sites[420, 300 if not mirrored else 299] == HandSite.PALM
    assert sites[790, 300] == HandSite.PALM
    assert (sites[~hand(mirrored=mirrored)] == 0).all()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_hand_that_points_elsewhere_is_read_alike(turns):
    upright, turned = find_hand_sites(hand()), find_hand_sites(np.rot90(hand(), turns))
    assert (np.rot90(turned, -turns) == upright).mean() > 0.98


@pytest.mark.parametrize("lost", FINGERS)
def test_four_fingers_are_no_hand_that_can_be_named(lost):
    assert find_hand_sites(hand(without=(lost,))) is None


def test_fingers_that_touch_are_refused():
    assert find_hand_sites(hand(thick=90)) is None


@pytest.mark.parametrize("fill", [False, True])
def test_a_film_of_nothing_or_of_flesh_alone_is_no_hand(fill):
    assert find_hand_sites(np.full((300, 200), fill)) is None


def test_two_hands_are_no_hand():
    assert find_hand_sites(np.hstack([hand(), hand(mirrored=True)])) is None


def test_a_readers_lines_name_the_fingers_that_he_drew():
    lines = {finger: (BASES[finger], TIPS[finger]) for finger in FINGERS[1:]}
    sites = sites_from_lines(hand(), lines)
    assert [at(sites, finger) for finger in FINGERS] == [HandSite.PALM, *FINGERS[1:]]
    assert sites[420, 300] == HandSite.PALM


def test_lines_and_outline_agree():
    lines = {finger: (BASES[finger], TIPS[finger]) for finger in FINGERS}
    assert (sites_from_lines(hand(), lines) == find_hand_sites(hand())).mean() > 0.95


SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared real films are not here")
def test_a_real_hip_is_no_hand():
    from cctrack.io import read_one
    from cctrack.segment.radiograph.bone import find_parts

    tissue, _bone = find_parts(read_one(SHARED / "xray-hip-cr" / "RG2_UNC.dcm"))
    assert find_hand_sites(tissue) is None
