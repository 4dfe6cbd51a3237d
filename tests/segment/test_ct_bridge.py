"""A stone in the joint of a finger holds two bones together; a lump of one bone does not."""

import numpy as np
from scipy import ndimage

from cctrack.model import Acquisition, AxisScale, Ct, ScaleSource
from cctrack.segment.ct import outline_ct
from cctrack.segment.ct.bridge import holds_two_bones, split_bands
from cctrack.segment.ct.slab import Slab

SPACING_MM = np.array([1.0, 0.5, 0.5])
THRESHOLD_HU = 130.0
SHAPE = (44, 44, 44)
Z, Y, X = np.meshgrid(
    *((np.arange(size) - size / 2) * mm for size, mm in zip(SHAPE, SPACING_MM, strict=True)),
    indexing="ij",
)
AWAY_MM = np.hypot(Y, X)


def finger(*, stone: bool, gap_mm: float = 4.0) -> Slab:
    """Two phalanges end to end, blurred as a scanner blurs, with a stone of 550 HU between."""
    bone = (AWAY_MM <= 5.0) & (np.abs(Z) >= gap_mm / 2) & (np.abs(Z) <= 19)
    marrow = (AWAY_MM <= 3.5) & (np.abs(Z) >= gap_mm / 2 + 2)
    hu = np.where(bone, np.where(marrow, 200.0, 1100.0), 40.0)
    if stone:
        hu[(np.sqrt(Z**2 + Y**2 + X**2) <= 3.0) & ~bone] = 550.0
    hu = ndimage.gaussian_filter(hu, 0.5 / SPACING_MM).astype(np.int16)
    region = hu >= THRESHOLD_HU
    return Slab((slice(0, 44),) * 3, region, region, np.ones(SHAPE, bool), hu, (0, len(hu)))


def bridges(slab):
    """Parts that hold two bones, as regions of the whole slab."""
    for level_hu, parts, _, bone in split_bands(slab, THRESHOLD_HU, SPACING_MM, 8.0):
        for number, box in enumerate(ndimage.find_objects(parts), start=1):
            if box is None or number == bone:
                continue
            region = parts[box] == number
            if holds_two_bones(box, region, slab, level_hu, SPACING_MM):
                yield parts == number


def test_a_stone_between_two_phalanges_is_set_apart_from_both():
    stone = np.sqrt(Z**2 + Y**2 + X**2) <= 3.0
    stone &= np.abs(Z) <= 2.0
    shares = [
        2 * (part & stone).sum() / (part.sum() + stone.sum())
        for part in bridges(finger(stone=True))
    ]
    assert max(shares) > 0.6


def test_two_phalanges_with_nothing_between_have_no_bridge():
    assert not list(bridges(finger(stone=False)))


def test_thick_slices_show_no_joint():
    thick_mm = SPACING_MM * [3.0, 1.0, 1.0]
    assert not list(split_bands(finger(stone=True), THRESHOLD_HU, thick_mm, 8.0))


def test_the_outline_shows_the_stone_and_no_bone():
    shown = {}
    for stone in (True, False):
        slab = finger(stone=stone)
        hu = np.where(AWAY_MM <= 9.0, slab.hu, np.where(slab.hu > 60, slab.hu, -1000))
        scale = AxisScale(tuple(SPACING_MM), ScaleSource.SLICE_POSITIONS)
        made = Acquisition(120.0, "STANDARD", 1.0)
        ct = Ct(hu.astype(np.int16), np.diag([*SPACING_MM, 1.0]), scale, made)
        shown[stone] = outline_ct(ct).labels > 0
    assert not shown[False].any()
    place = tuple(size // 2 for size in SHAPE)
    assert shown[True][place]
    assert not shown[True][np.abs(Z) > 6].any()
