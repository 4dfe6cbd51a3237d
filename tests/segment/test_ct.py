import math

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model import Acquisition, AxisScale, Ct, Flag, ScaleSource
from cctrack.segment.ct import (
    Kind,
    find_candidates,
    outline_candidates,
    outline_ct,
    reclassify,
)

SPACING_MM = (1.5, 0.8, 0.8)
SHAPE = (60, 130, 130)
MIDDLE_MM = (45.0, 52.0, 52.0)
LIMB_MM = 42.0
TO_LPS = np.array([[0, 0, 0.8, 0], [0, 0.8, 0, 0], [1.5, 0, 0, 0], [0, 0, 0, 1.0]])


def positions_mm():
    return np.meshgrid(
        *(np.arange(n) * mm for n, mm in zip(SHAPE, SPACING_MM, strict=True)), indexing="ij"
    )


def limb(*, table=True):
    """A limb of muscle in fat and skin with one long bone, on a table top, before blur."""
    _, row, column = positions_mm()
    radius = np.hypot(row - MIDDLE_MM[1], column - MIDDLE_MM[2])
    hu = np.full(SHAPE, -1000.0)
    hu[radius < LIMB_MM] = 30
    hu[radius < LIMB_MM - 1.5] = -100
    hu[radius < LIMB_MM - 10] = 55
    hu[radius < 12] = 1200
    hu[radius < 7] = -40
    if table:
        hu[(row > 98) & (row < 101)] = 250
    return hu


def ball(hu, centre_mm, radius_mm, value):
    distance = np.sqrt(
        sum((axis - middle) ** 2 for axis, middle in zip(positions_mm(), centre_mm, strict=True))
    )
    hu[distance < radius_mm] = value
    return distance < radius_mm


def scanned(hu, *, noise_hu=12.0, kvp=120.0, seed=3, contrast=False):
    rng = np.random.default_rng(seed)
    blurred = ndimage.gaussian_filter(hu, [0.6 / mm for mm in SPACING_MM])
    noisy = np.clip(blurred + rng.normal(0, noise_hu, SHAPE), -1024, 3071)
    return Ct(
        np.rint(noisy).astype(np.int16),
        TO_LPS,
        AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS),
        Acquisition(kvp=kvp, contrast=contrast),
    )


def beside_bone(depth_mm, slice_mm=45.0):
    """A place so deep under the skin."""
    return (slice_mm, MIDDLE_MM[1] - LIMB_MM + depth_mm, MIDDLE_MM[2])


def test_a_limb_without_calcium_has_no_deposits():
    outline = outline_ct(scanned(limb()))
    assert outline.lesions == ()
    assert outline.detection_limit_px > 0


def test_deposits_under_the_skin_are_found_largest_first():
    hu = limb()
    small = ball(hu, beside_bone(8, 20.0), 2.2, 700)
    large = ball(hu, beside_bone(9, 60.0), 5.0, 500)
    outline = outline_ct(scanned(hu))
    assert outline.lesions == (1, 2)
    assert dice(outline.labels == 1, large) > 0.8
    assert dice(outline.labels == 2, small) > 0.6


def dice(one, two):
    return 2 * np.count_nonzero(one & two) / (np.count_nonzero(one) + np.count_nonzero(two))


def test_every_deposit_says_how_deep_under_the_skin_it_lies():
    hu = limb()
    ball(hu, beside_bone(8, 20.0), 2.2, 700)
    ball(hu, beside_bone(9, 60.0), 5.0, 500)
    outline = outline_ct(scanned(hu))
    assert set(outline.lesion_depth_mm) == set(outline.lesions)
    assert all(0 < depth_mm < 40 for depth_mm in outline.lesion_depth_mm.values())


def test_the_table_and_a_coin_on_the_skin_are_no_deposits():
    hu = limb()
    ball(hu, beside_bone(-3.0), 2.0, 1500)
    assert outline_ct(scanned(hu)).lesions == ()


def test_a_small_bone_with_marrow_is_no_deposit():
    hu = limb()
    ball(hu, beside_bone(12), 6.0, 1000)
    ball(hu, beside_bone(12), 4.0, 200)
    assert outline_ct(scanned(hu)).lesions == ()


def test_a_superficial_vein_full_of_contrast_is_no_deposit():
    hu = limb()
    _, row, column = positions_mm()
    vein = np.hypot(row - (MIDDLE_MM[1] - LIMB_MM + 6), column - MIDDLE_MM[2]) < 2.0
    along = np.arange(SHAPE[0]) * SPACING_MM[0]
    vein[(along < 15) | (along > 60)] = False
    hu[vein] = 350
    assert outline_ct(scanned(hu)).lesions == ()


def test_brightness_beside_metal_is_a_streak():
    hu = limb()
    ball(hu, beside_bone(8), 4.0, 8000)
    ball(hu, (45.0, beside_bone(8)[1], MIDDLE_MM[2] + 12), 2.0, 600)
    outline = outline_ct(scanned(hu))
    assert outline.lesions == ()
    assert Flag.METAL in outline.flags


def test_a_deposit_away_from_metal_is_still_found():
    hu = limb()
    ball(hu, beside_bone(8, 15.0), 4.0, 8000)
    ball(hu, beside_bone(8, 70.0), 3.5, 600)
    outline = outline_ct(scanned(hu))
    assert outline.lesions == (1,)
    assert Flag.METAL in outline.flags


def test_noise_alone_makes_no_deposits():
    assert outline_ct(scanned(limb(), noise_hu=45.0)).lesions == ()


def test_pieces_of_one_crumbly_stone_are_one_deposit():
    hu = limb()
    for shift in (-3.4, 0.0, 3.4):
        ball(hu, (45.0, beside_bone(8)[1], MIDDLE_MM[2] + shift), 1.4, 900)
    assert len(outline_ct(scanned(hu)).lesions) == 1


def test_the_threshold_follows_the_tube_voltage():
    hu = limb()
    ball(hu, beside_bone(8), 4.0, 190)
    at_120, at_70 = (outline_ct(scanned(hu, kvp=kvp)) for kvp in (120.0, 70.0))
    assert at_120.lesions == (1,)
    assert at_70.lesions == ()


def test_an_unknown_voltage_and_contrast_medium_are_flagged():
    outline = outline_ct(scanned(limb(), kvp=None, contrast=True))
    assert outline.flags >= {Flag.KVP_UNKNOWN, Flag.CONTRAST}


def test_only_deposits_in_the_region_of_interest_count():
    hu = limb()
    ball(hu, beside_bone(8, 20.0), 3.0, 700)
    ball(hu, beside_bone(9, 65.0), 3.0, 700)
    roi = np.zeros(SHAPE, bool)
    roi[:25] = True
    outline = outline_ct(scanned(hu), roi=roi)
    assert outline.lesions == (1,)
    assert np.argwhere(outline.labels)[:, 0].max() < 25


def test_a_region_of_interest_of_another_grid_is_a_slip():
    with pytest.raises(ValueError, match="region of interest"):
        outline_ct(scanned(limb()), roi=np.ones((2, 2, 2), bool))


def test_the_labelled_volume_is_near_the_true_one():
    hu = limb()
    ball(hu, beside_bone(9), 5.0, 900)
    outline = outline_ct(scanned(hu))
    volume_mm3 = np.count_nonzero(outline.labels) * math.prod(SPACING_MM)
    assert 1.0 < volume_mm3 / (4 / 3 * math.pi * 125) < 1.7  # 130 HU lies outside a blurred border


def beside_the_bone(gap_mm, radius_mm=4.0):
    """A stone whose surface lies this far from the bone's."""
    return (45.0, MIDDLE_MM[1] - 12 - gap_mm - radius_mm, MIDDLE_MM[2])


def thin_limb():
    """The same bone under 16 mm of flesh."""
    _, row, column = positions_mm()
    radius = np.hypot(row - MIDDLE_MM[1], column - MIDDLE_MM[2])
    hu = limb(table=False)
    hu[radius > 28] = -1000.0
    hu[(radius <= 28) & (radius > 26.5)] = 30.0
    return hu


def test_a_stone_blurred_into_the_bone_beside_it_comes_off():
    hu = thin_limb()
    stone = ball(hu, beside_the_bone(0.9), 4.0, 1000)
    outline = outline_ct(scanned(hu))
    assert outline.lesions == (1,)
    assert dice(outline.labels == 1, stone) > 0.7


def test_a_bump_of_the_bone_itself_is_no_deposit():
    hu = thin_limb()
    ball(hu, beside_the_bone(-4.5), 4.0, 1200)
    assert outline_ct(scanned(hu)).lesions == ()


def test_a_deposit_cut_by_the_last_slice_is_kept_so_that_it_does_not_look_resolved():
    hu = limb()
    ball(hu, beside_bone(8, 84.8), 4.5, 700)
    assert outline_ct(scanned(hu)).lesions == (1,)


def test_a_stone_that_touches_the_bone_is_found_without_it():
    hu = thin_limb()
    stone = ball(hu, beside_the_bone(-0.6), 4.0, 800)
    outline = outline_ct(scanned(hu))
    assert outline.lesions == (1,)
    assert dice(outline.labels == 1, stone) > 0.75


def test_every_candidate_keeps_its_class_and_a_reader_can_change_it():
    hu = limb()
    ball(hu, beside_bone(8, 20.0), 3.0, 700)
    scan = scanned(hu)
    found = find_candidates(scan)
    kinds = {verdict.kind: label for label, verdict in found.verdicts.items()}
    assert set(kinds) == {Kind.DEPOSIT, Kind.BONE}
    assert 0.5 < found.verdicts[kinds[Kind.DEPOSIT]].score < 1.0
    assert outline_candidates(found, scan).lesions == outline_ct(scan).lesions == (1,)
    nothing = reclassify(found, kinds[Kind.DEPOSIT], Kind.VESSEL)
    assert outline_candidates(nothing, scan).lesions == ()
    assert found.verdicts[kinds[Kind.DEPOSIT]].kind is Kind.DEPOSIT
    both = reclassify(found, kinds[Kind.BONE], Kind.DEPOSIT)
    assert outline_candidates(both, scan).lesions == (1, 2)


def test_a_candidate_that_is_not_there_cannot_change_its_class():
    scan = scanned(limb())
    with pytest.raises(ValueError, match="no candidate 9"):
        reclassify(find_candidates(scan), 9, Kind.DEPOSIT)


def test_the_same_scan_is_outlined_the_same_way():
    hu = thin_limb()
    ball(hu, beside_the_bone(-0.6), 4.0, 800)
    scan = scanned(hu)
    np.testing.assert_array_equal(outline_ct(scan).labels, outline_ct(scan).labels)


def test_the_calcified_wall_of_an_artery_is_no_deposit():
    hu = limb()
    for slice_mm in (12.0, 26.0, 41.0, 58.0, 74.0):
        ball(hu, beside_bone(18, slice_mm), 1.8, 700)
    assert outline_ct(scanned(hu)).lesions == ()


def test_three_deposits_that_lie_side_by_side_are_no_artery():
    hu = limb()
    for aside_mm in (-14.0, 0.0, 14.0):
        slice_mm, row_mm, column_mm = beside_bone(14, 45.0)
        ball(hu, (slice_mm, row_mm, column_mm + aside_mm), 2.2, 700)
    assert len(outline_ct(scanned(hu)).lesions) == 3


def test_stones_in_a_row_too_thick_for_the_wall_of_an_artery_are_deposits():
    hu = limb()
    for slice_mm in (14.0, 32.0, 50.0):
        ball(hu, beside_bone(14, slice_mm), 3.8, 700)
    assert len(outline_ct(scanned(hu)).lesions) == 3


def test_a_pool_of_contrast_under_the_wall_of_the_belly_is_no_deposit():
    hu = limb()
    ball(hu, beside_bone(24), 6.0, 320)
    assert outline_ct(scanned(hu)).lesions == ()


def test_a_faint_deposit_in_a_limb_is_no_contrast_for_a_limb_has_no_bowel():
    slices, rows, columns = np.ogrid[:24, :112, :112]
    across_mm2 = ((rows - 55.5) * 0.5) ** 2 + ((columns - 55.5) * 0.5) ** 2
    hu = np.broadcast_to(np.where(across_mm2 < 25**2, 0, -1000), (24, 112, 112)).astype(np.int16)
    hu[(slices - 11.5) ** 2 + across_mm2 <= 5.18**2] = 260
    scale = AxisScale((1.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS)
    ct = Ct(hu=hu, affine=np.eye(4), scale=scale, acquisition=Acquisition(kvp=120.0))
    assert outline_ct(ct).lesions == (1,)
