"""A simulated CT and its truth belong together."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model import Morphology
from cctrack.phantom.change import ChangePlan
from cctrack.phantom.ct import (
    CtSession,
    CtSubject,
    Kernel,
    Placement,
    Region,
    draw_ct,
    index_transform,
    progress,
    random_session,
    random_subject,
    repeat_session,
)
from cctrack.phantom.deposit import DepositLook, DepositMix, make_deposit

SMALL = CtSession(shape=(20, 110, 110), spacing_mm=0.9, increment_mm=1.5, thickness_mm=1.5)
QUIET = replace(SMALL, noise_hu=0.01, table=False)


def forearm(*volumes_mm3, density_g_cm3=0.5):
    places = [(0.0, -24.0, -6.0), (0.0, 4.0, 1.0), (4.0, 22.0, 8.0)]
    look = DepositLook(density_g_cm3)
    deposits = tuple(
        make_deposit((label, places[label - 1]), Morphology.STONE, volume, label, look)
        for label, volume in enumerate(volumes_mm3, start=1)
    )
    placements = {item.id: Placement.FAT for item in deposits}
    return CtSubject(Region.FOREARM, 3, deposits, placements, highest_id=len(deposits))


def weighted_volume_mm3(scan, bare, label):
    """Volume from the HU that the deposit adds, without threshold."""
    near = np.argwhere(scan.labels == label)
    low, high = near.min(axis=0) - 4, near.max(axis=0) + 5
    box = tuple(slice(max(a, 0), b) for a, b in zip(low, high, strict=True))
    around = bare.ct.hu[box].astype(float)
    share = (scan.ct.hu[box] - around) / (scan.hu[label] - np.median(around))
    return float(share.sum() * np.prod(scan.ct.scale.mean_mm))


def test_the_same_subject_and_session_give_the_same_voxels():
    first, second = draw_ct(forearm(200.0), SMALL), draw_ct(forearm(200.0), SMALL)
    assert first.ct.hu.tobytes() == second.ct.hu.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()


def test_another_scan_of_the_same_subject_has_other_noise():
    first, second = draw_ct(forearm(200.0), SMALL), draw_ct(forearm(200.0), replace(SMALL, seed=1))
    assert first.ct.hu.tobytes() != second.ct.hu.tobytes()
    assert first.volumes_mm3 == second.volumes_mm3


def test_truth_labels_hold_the_true_volume():
    scan = draw_ct(
        forearm(900.0), replace(QUIET, spacing_mm=0.6, shape=(18, 120, 120), increment_mm=1.0)
    )
    voxel_mm3 = float(np.prod(scan.ct.scale.mean_mm))
    assert (scan.labels == 1).sum() * voxel_mm3 == pytest.approx(900.0, rel=0.03)


def test_the_calcium_in_the_voxels_is_the_stated_volume():
    scan = draw_ct(forearm(300.0, 500.0), QUIET)
    bare = draw_ct(forearm(), QUIET)
    assert weighted_volume_mm3(scan, bare, 2) == pytest.approx(500.0, rel=0.05)


@pytest.mark.parametrize("kernel", Kernel)
def test_a_kernel_blurs_but_keeps_the_calcium(kernel):
    session = replace(QUIET, kernel=kernel)
    scan, bare = draw_ct(forearm(300.0, 500.0), session), draw_ct(forearm(), session)
    assert weighted_volume_mm3(scan, bare, 2) == pytest.approx(500.0, rel=0.05)


def test_a_reposed_visit_keeps_the_volumes_and_moves_the_deposits():
    subject = forearm(300.0, 500.0, 100.0)
    posed = replace(SMALL, rotation=(0.1, 0.02, -0.05), translation_mm=(3.0, 4.0, -2.0), seed=5)
    first, second = draw_ct(subject, SMALL), draw_ct(subject, posed)
    assert first.volumes_mm3 == second.volumes_mm3 == {1: 300.0, 2: 500.0, 3: 100.0}
    matrix = index_transform(first, second)
    for label in (1, 2, 3):
        at = matrix @ [*np.argwhere(first.labels == label).mean(axis=0), 1.0]
        found = np.argwhere(second.labels == label).mean(axis=0)
        assert np.abs(at[:3] - found).max() < 0.3
        assert np.abs(found - np.argwhere(first.labels == label).mean(axis=0)).max() > 1.0


def test_a_twisted_limb_carries_its_deposits_along():
    subject = forearm(300.0, 500.0, 100.0)
    scan = draw_ct(subject, replace(QUIET, twist_deg=30.0))
    straight = draw_ct(subject, QUIET)
    voxels = scan.ct.hu[scan.labels == 3]
    assert np.median(voxels) > 400
    moved_px = scan.centres_px[3] - straight.centres_px[3]
    assert np.linalg.norm(moved_px) > 0.3
    assert scan.volumes_mm3 == straight.volumes_mm3


def test_a_deposit_beyond_the_field_counts_only_what_is_inside():
    low = replace(SMALL, translation_mm=(15.0, 0.0, 0.0))
    scan = draw_ct(forearm(3000.0), low)
    assert scan.cut == {1}
    assert 0 < scan.volumes_mm3[1] < 2900.0


def test_calcium_is_brighter_at_low_voltage():
    subject = forearm(900.0)
    at_80, at_120 = (draw_ct(subject, replace(QUIET, kvp=kvp)) for kvp in (80.0, 120.0))
    ratio = (at_80.hu[1] - 55.0) / (at_120.hu[1] - 55.0)
    assert ratio == pytest.approx(177.0 / 130.0)
    peak = [float(np.percentile(scan.ct.hu[scan.labels == 1], 90)) for scan in (at_80, at_120)]
    assert peak[0] > 1.2 * peak[1]


def test_tissue_has_the_hu_of_textbooks():
    hu = draw_ct(forearm(), QUIET).ct.hu
    assert hu.min() == -1000 or hu.min() == pytest.approx(-1000, abs=3)
    middle = hu[8:12]
    assert np.median(middle[(middle > 0) & (middle < 150)]) == pytest.approx(55, abs=8)
    assert 1000 < np.percentile(middle[middle > 500], 90) < 1600


def test_noise_has_the_strength_that_was_asked_for():
    session = replace(SMALL, noise_hu=15.0, table=False)
    difference = draw_ct(forearm(), session).ct.hu.astype(float) - draw_ct(forearm(), QUIET).ct.hu
    middle = difference[:, 45:65, 45:65]
    assert middle.std() == pytest.approx(15.0, rel=0.2)


def test_padding_lies_outside_the_circle_only():
    scan = draw_ct(forearm(), replace(SMALL, padding_circle=True))
    assert scan.ct.padding is not None
    assert scan.ct.padding[0, 0, 0]
    assert not scan.ct.padding[0, 55, 55]
    assert set(np.unique(scan.ct.hu[scan.ct.padding])) == {-1024}


def test_metal_saturates_and_streaks():
    plain, scan = draw_ct(forearm(), QUIET), draw_ct(forearm(), replace(QUIET, metal=True))
    assert scan.ct.hu.max() > 2000 > plain.ct.hu.max()
    changed = np.abs(scan.ct.hu.astype(int) - plain.ct.hu) > 50
    assert changed.sum() > 1000


@pytest.mark.parametrize("region", Region)
def test_random_subjects_lie_whole_inside_their_usual_field(region):
    rng = np.random.default_rng(4)
    subject = random_subject(rng, region, 3)
    session = random_session(rng, region)
    coarse = replace(
        session,
        rotation=(0.0, 0.0, 0.0),
        translation_mm=(0.0, 0.0, 0.0),
        twist_deg=0.0,
        increment_mm=2.0,
        thickness_mm=1.0,
        spacing_mm=2 * session.spacing_mm,
        shape=(38, 104, 104) if region is not Region.PELVIS else (45, 160, 206),
    )
    scan = draw_ct(subject, coarse)
    assert len(scan.volumes_mm3) == 3
    assert not scan.cut
    assert set(subject.placements) == {1, 2, 3}


def test_a_repeat_scan_keeps_the_protocol():
    rng = np.random.default_rng(2)
    first = random_session(rng, Region.HAND)
    second = repeat_session(rng, first)
    assert (second.kvp, second.kernel, second.spacing_mm) == (
        first.kvp,
        first.kernel,
        first.spacing_mm,
    )
    assert second.rotation != first.rotation


def test_a_plan_of_change_is_carried_out_exactly():
    subject = forearm(300.0, 500.0, 100.0)
    plan = ChangePlan(factors={1: 1.5, 2: 0.0}, new=1, split=(1,))
    later = progress(subject, plan, np.random.default_rng(0), mix=DepositMix(largest_mm3=50.0))
    volumes = {item.id: item.volume_mm3 for item in later.deposits}
    assert sorted(volumes) == [1, 3, 4, 5]
    assert volumes[1] + volumes[4] == pytest.approx(450.0)
    assert volumes[3] == 100.0
    assert set(later.placements) == {1, 3, 4, 5}


def test_an_id_of_a_vanished_deposit_is_never_used_again():
    subject = forearm(300.0, 500.0)
    rng = np.random.default_rng(0)
    gone = progress(subject, ChangePlan(factors={2: 0.0}), rng)
    later = progress(gone, ChangePlan(new=1), rng)
    assert [item.id for item in later.deposits] == [1, 3]


def test_merged_deposits_add_up():
    later = progress(forearm(300.0, 500.0), ChangePlan(merge=((1, 2),)), np.random.default_rng(0))
    assert [(item.id, item.volume_mm3) for item in later.deposits] == [(1, pytest.approx(800.0))]


def test_a_plan_for_an_unknown_deposit_is_refused():
    with pytest.raises(ValueError, match=r"names deposits \[7\]"):
        progress(forearm(300.0), ChangePlan(factors={7: 2.0}), np.random.default_rng(0))


def test_an_uneven_deposit_keeps_its_mean_hu():
    subject = forearm(3000.0)
    uneven = replace(subject, deposits=(replace(subject.deposits[0], texture=0.25),))
    even_scan, uneven_scan = draw_ct(subject, QUIET), draw_ct(uneven, QUIET)
    inside = ndimage.binary_erosion(even_scan.labels == 1, iterations=2)
    assert uneven_scan.ct.hu[inside].std() > 2 * even_scan.ct.hu[inside].std()
    assert uneven_scan.ct.hu[inside].mean() == pytest.approx(even_scan.hu[1], rel=0.08)


PELVIS = CtSession(
    shape=(15, 100, 132), spacing_mm=2.5, increment_mm=6.0, thickness_mm=2.0, noise_hu=0.01
)


def test_contrast_in_the_bowel_is_bright_and_deep_and_only_there_when_drunk():
    plain = draw_ct(CtSubject(Region.PELVIS, 3), PELVIS)
    drunk = draw_ct(CtSubject(Region.PELVIS, 3, oral_contrast=True), PELVIS)
    filled = drunk.ct.hu > plain.ct.hu.astype(int) + 80
    filled &= ~ndimage.binary_dilation(drunk.bone)
    assert filled.sum() > 50
    assert 150 <= drunk.ct.hu[filled].max() <= 420
    air, _ = ndimage.label(drunk.ct.hu < -500)
    depth_mm = ndimage.distance_transform_edt(air != air[0, 0, 0], sampling=(6.0, 2.5, 2.5))
    assert depth_mm[filled].min() > 15


def test_a_hip_implant_throws_streaks_across_its_slices_only():
    plain, scan = (
        draw_ct(CtSubject(Region.PELVIS, 3), replace(PELVIS, metal=metal))
        for metal in (False, True)
    )
    changed = np.abs(scan.ct.hu.astype(int) - plain.ct.hu) > 50
    assert scan.ct.hu.max() > 2900
    assert changed[7].mean() > 0.1
    assert changed[-1].mean() < 0.01


def test_rails_lie_beside_the_body_not_in_it():
    plain, scan = (
        draw_ct(CtSubject(Region.PELVIS, 3), replace(PELVIS, rails=rails))
        for rails in (False, True)
    )
    rails = scan.ct.hu > plain.ct.hu.astype(int) + 200
    assert rails.any()
    assert plain.ct.hu[rails].max() < -300


def test_deposits_of_a_pelvis_lie_at_hip_and_buttock():
    subject = random_subject(np.random.default_rng(8), Region.PELVIS, 12)
    rows, columns = np.array([item.centre_mm[1:] for item in subject.deposits]).T
    assert (np.abs(np.arctan2(columns, rows)) < 2.8).all()


def test_calcified_arteries_run_through_both_sides_of_a_pelvis():
    plain, walls = (
        draw_ct(CtSubject(Region.PELVIS, 3, wall_calcium=calcium), PELVIS)
        for calcium in (False, True)
    )
    columns = np.argwhere(walls.ct.hu > plain.ct.hu.astype(int) + 30)[:, 2]
    assert (columns < 66).any()
    assert (columns > 66).any()
