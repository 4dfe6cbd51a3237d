"""The films' truth must be true: checked against closed formulas, not against the code."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model import Morphology
from cctrack.phantom.change import ChangePlan
from cctrack.phantom.deposit import make_deposit
from cctrack.phantom.radiograph import (
    Anatomy,
    Exposure,
    Field,
    FilmSession,
    Objects,
    Photometric,
    PlacedDeposit,
    Pose,
    Processing,
    RadiographSubject,
    SpacingKind,
    Storage,
    draw_radiograph,
    progress,
    random_session,
    random_subject,
    usual_range,
)
from cctrack.phantom.radiograph import bone as bones
from cctrack.phantom.radiograph.attenuation import (
    Material,
    deposit_excess_per_mm,
    effective_energy_kev,
    mu_per_mm,
)
from cctrack.phantom.radiograph.detector import expose
from cctrack.phantom.radiograph.flesh import Flesh, Layer, draw_flesh
from cctrack.phantom.radiograph.outline import lump
from cctrack.phantom.radiograph.pose import FilmGrid, Place
from cctrack.phantom.radiograph.shadow import cast_shadow

SMALL = FilmSession(seed=3, shape=(700, 500), spacing_mm=0.4)
FLAT = Place(np.zeros(2), np.eye(3))
GRID = FilmGrid((300, 300), 0.2)


def stone(label=1, volume=200.0, centre=(6.0, 20.0, 14.0), seed=5):
    return make_deposit((label, centre), Morphology.STONE, volume, seed)


def hand(*deposits):
    placed = tuple(PlacedDeposit(deposit, "pp3") for deposit in deposits)
    return RadiographSubject(Field.HAND, Anatomy(seed=1), placed)


def test_a_slab_weakens_the_beam_by_beer_and_lambert():
    kev = effective_energy_kev(60.0)
    slab = np.full((200, 200), mu_per_mm(Material.SOFT, kev) * 30.0, np.float32)
    quiet = Exposure(kvp=60.0, quanta=1e9, scatter=0.0, heel=0.0)
    signal = expose(slab, np.ones_like(slab), replace(SMALL, shape=slab.shape, exposure=quiet))
    assert signal.mean() == pytest.approx(math.exp(-mu_per_mm(Material.SOFT, kev) * 30.0), rel=1e-4)


def test_attenuation_agrees_with_the_published_table_and_falls_with_energy():
    assert mu_per_mm(Material.CORTEX, 40.0) == pytest.approx(0.666 * 1.92 / 10.0)
    assert mu_per_mm(Material.SOFT, 60.0) == pytest.approx(0.205 * 1.06 / 10.0)
    for material in (Material.SOFT, Material.FAT, Material.CORTEX, Material.HYDROXYAPATITE):
        values = [mu_per_mm(material, kev) for kev in (20.0, 35.0, 55.0, 90.0)]
        assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("kvp", [20.0, 200.0])
def test_a_tube_voltage_that_no_tube_has_is_refused(kvp):
    with pytest.raises(ValueError, match="40–150"):
        effective_energy_kev(kvp)


def test_open_film_noise_follows_the_dose():
    session = replace(SMALL, shape=(300, 300), spacing_mm=0.2)
    quiet, loud = (
        expose(
            np.zeros((300, 300), np.float32),
            np.ones((300, 300), np.float32),
            replace(session, exposure=Exposure(quanta=quanta, heel=0.0, detector_blur_mm=0.0)),
        )
        for quanta in (80_000.0, 20_000.0)
    )
    assert loud.std() / quiet.std() == pytest.approx(2.0, rel=0.05)
    assert quiet.std() == pytest.approx(1.0 / math.sqrt(80_000.0 * 0.04), rel=0.05)


def test_a_round_limb_has_the_path_of_a_circle():
    limb = Flesh("arm", (0.0, -40.0), (0.0, 40.0), 15.0, 15.0, 1.0)
    path = draw_flesh((limb,), {"arm": FLAT}, GRID, Layer(0.0, 0.1)).total_mm
    offset_mm = (np.arange(300) - 149.5) * 0.2
    expected = 2.0 * np.sqrt(np.maximum(15.0**2 - offset_mm**2, 0.0))
    inside = np.abs(offset_mm) < 14.0
    assert path[:, 150][inside] == pytest.approx(expected[inside], abs=0.3)
    assert (path[:, 150] > 0).sum() * 0.2 == pytest.approx(30.0, abs=0.5)


def test_a_bone_holds_as_much_matter_as_its_body():
    # A flat lump of half depth 3 mm: shell, mesh and marrow must add up to the whole chord.
    matter = bones.Matter(half_depth_mm=3.0, cortex_end_mm=0.5)
    outline = lump((30.0, 20.0), np.random.default_rng(0), square=2.0, waviness=0.0)
    bone = bones.Bone("disc", outline, bones.Joint("", (0.0, 0.0), 0.0), matter)
    patch = bones.build_patch(bone, np.random.default_rng(1))
    middle = (patch.mineral_mm + patch.marrow_mm)[patch.mineral_mm.shape[0] // 2]
    assert middle.max() == pytest.approx(6.0, abs=1e-4)
    assert (middle > 0).sum() * bone.patch_mm == pytest.approx(20.0, abs=0.3)


@pytest.mark.parametrize("morphology", list(Morphology))
@pytest.mark.parametrize("volume", [10.0, 150.0, 900.0])
def test_a_shadow_holds_exactly_the_deposits_volume(morphology, volume):
    deposit = make_deposit((1, (0.0, 0.0, 0.0)), morphology, volume, 7)
    shadow = cast_shadow(PlacedDeposit(deposit, "any"), FLAT, GRID)
    assert shadow.path_mm.sum() * GRID.pixel_mm**2 == pytest.approx(volume, rel=0.015)


def test_the_true_area_does_not_depend_on_the_pixel():
    areas = []
    for pixel_mm in (0.05, 0.1, 0.2, 0.4):
        grid = FilmGrid((int(40 / pixel_mm),) * 2, pixel_mm)
        shadow = cast_shadow(PlacedDeposit(stone(centre=(0.0, 0.0, 0.0)), "any"), FLAT, grid)
        areas.append(float(shadow.inside.sum()) * pixel_mm**2)
    assert max(areas) / min(areas) < 1.005


def test_a_stone_is_at_least_as_large_as_the_shadow_of_a_ball_of_its_volume_is_small():
    # Of all bodies of one volume the ball has the smallest mean shadow (Cauchy): a bound.
    mean_area = []
    for seed in range(8):
        deposit = stone(volume=300.0, centre=(0.0, 0.0, 0.0), seed=seed)
        shadow = cast_shadow(PlacedDeposit(deposit, "any"), FLAT, GRID)
        mean_area.append(float(shadow.inside.sum()) * GRID.pixel_mm**2)
    ball = math.pi * (3.0 * 300.0 / (4.0 * math.pi)) ** (2.0 / 3.0)
    assert ball * 0.99 < np.mean(mean_area) < 1.3 * ball


def test_the_labels_cover_the_true_area():
    film = draw_radiograph(hand(stone(volume=400.0)), replace(SMALL, spacing_mm=0.4))
    covered = (film.labels == 1).sum() * film.grid.pixel_mm**2
    assert covered == pytest.approx(film.areas_mm2[1], rel=0.03)


def test_a_deposit_darkens_nothing_but_its_own_label():
    bare, with_stone = (
        draw_radiograph(hand(*d), SMALL) for d in ((), (stone(centre=(0.0, 20.0, 3.0)),))
    )
    more = with_stone.attenuation - bare.attenuation
    kev = effective_energy_kev(SMALL.exposure.kvp)
    longest = more[with_stone.labels == 1].max() / deposit_excess_per_mm(0.5, kev)
    assert 4.0 < longest < 14.0
    far = ndimage.distance_transform_edt(with_stone.labels == 0) * 0.4 > 16.0
    assert np.abs(more[far]).max() < 1e-2


def test_the_same_seeds_give_the_same_bytes():
    films = []
    for _ in range(2):
        rng = np.random.default_rng(11)
        subject = random_subject(rng, "hand", 3)
        films.append(
            draw_radiograph(subject, random_session(rng, replace(usual_range(), shape=(500, 400))))
        )
    first, second = films
    assert first.stored.tobytes() == second.stored.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()
    assert first.areas_mm2 == second.areas_mm2


@pytest.mark.parametrize("processing", list(Processing))
def test_both_photometric_interpretations_read_as_the_same_bone_bright_film(processing):
    one, two = (
        draw_radiograph(
            hand(), replace(SMALL, storage=Storage(processing=processing, photometric=photometric))
        )
        for photometric in (Photometric.MONOCHROME1, Photometric.MONOCHROME2)
    )
    np.testing.assert_array_equal(one.radiograph.pixels, two.radiograph.pixels)
    np.testing.assert_array_equal(one.stored, 4095 - two.stored)
    pixels = two.radiograph.pixels
    bone = two.bone & ndimage.binary_erosion(two.soft_tissue, iterations=5)
    assert pixels[bone].mean() > pixels[two.soft_tissue & ~two.bone].mean()
    assert pixels[two.soft_tissue].mean() > pixels[~two.soft_tissue & ~two.objects].mean()


def test_stored_values_stay_within_the_stated_bits():
    for bits in (10, 12, 16):
        film = draw_radiograph(hand(), replace(SMALL, storage=Storage(bits=bits)))
        assert film.radiograph.full_range == (0.0, 2.0**bits - 1.0)
        assert film.stored.max() <= 2**bits - 1
        assert film.radiograph.pixels.dtype == np.float32


def test_deposits_stay_with_their_bone_when_the_hand_is_laid_again():
    subject = hand(stone())
    again = replace(
        SMALL,
        seed=9,
        pose=Pose(rotation_deg=8.0, shift_mm=(5.0, -6.0), magnification=1.03, joints=2.0),
    )
    for session in (SMALL, again):
        film = draw_radiograph(subject, session)
        expected = film.points_px("pp3", np.array([[6.0, 20.0, 14.0]]))[0]
        found = ndimage.center_of_mass(film.labels == 1)
        # The centroid of a lumpy stone lies near the origin of its shape, not on it.
        assert np.hypot(*(expected - found)) * film.grid.pixel_mm < 1.5
        assert film.centres_px[1] == pytest.approx(tuple(expected))


def test_joints_move_fingers_and_leave_the_resting_pose_alone():
    still = [
        draw_radiograph(hand(), replace(SMALL, seed=seed, pose=Pose(joints=0.0)))
        .places["dp2"]
        .origin_mm
        for seed in (1, 2)
    ]
    moved = draw_radiograph(hand(), replace(SMALL, seed=2)).places["dp2"].origin_mm
    np.testing.assert_allclose(still[0], still[1])
    assert 0.5 < np.hypot(*(moved - still[1])) < 30.0


def test_magnification_enlarges_the_film_but_not_the_true_area():
    small, large = (
        draw_radiograph(
            hand(stone(volume=500.0)), replace(SMALL, pose=Pose(magnification=m, joints=0.0))
        )
        for m in (1.0, 1.2)
    )
    assert large.areas_mm2[1] == pytest.approx(small.areas_mm2[1], rel=0.005)
    ratio = (large.labels == 1).sum() / (small.labels == 1).sum()
    assert ratio == pytest.approx(1.44, rel=0.05)


def test_growing_to_a_factor_of_volume_grows_the_area_to_its_power_of_two_thirds():
    rng = np.random.default_rng(0)
    before = hand(stone(1, 200.0), stone(2, 100.0, (6.0, 20.0, -14.0)))
    after = progress(before, ChangePlan(factors={1: 1.5, 2: 0.6}), rng)
    first, second = (draw_radiograph(subject, SMALL).areas_mm2 for subject in (before, after))
    assert after.deposits[0].deposit.volume_mm3 == pytest.approx(300.0)
    assert second[1] / first[1] == pytest.approx(1.5 ** (2 / 3), rel=0.01)
    assert second[2] / first[2] == pytest.approx(0.6 ** (2 / 3), rel=0.01)


def test_deposits_vanish_appear_merge_and_split_as_planned():
    rng = np.random.default_rng(0)
    before = hand(stone(1), stone(2, 100.0, (6.0, 5.0, 14.0)), stone(3, 90.0, (6.0, 40.0, 14.0)))
    total = sum(item.deposit.volume_mm3 for item in before.deposits)
    gone = progress(before, ChangePlan(factors={2: 0.0}, new=2), rng)
    assert [item.deposit.id for item in gone.deposits] == [1, 3, 4, 5]
    merged = progress(before, ChangePlan(merge=((1, 2),)), rng)
    assert [item.deposit.id for item in merged.deposits] == [1, 3]
    split = progress(before, ChangePlan(split=(1,)), rng)
    assert len(split.deposits) == 4
    for subject in (merged, split):
        assert sum(item.deposit.volume_mm3 for item in subject.deposits) == pytest.approx(total)


def test_a_plan_for_a_deposit_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match=r"deposits \[7\]"):
        progress(hand(stone()), ChangePlan(factors={7: 2.0}), np.random.default_rng(0))


def test_a_deposit_over_the_shaft_counts_as_over_bone_and_one_beside_does_not():
    film = draw_radiograph(
        hand(stone(1, 30.0, (8.0, 22.0, 0.0)), stone(2, 60.0, (0.0, 22.0, 12.0))), SMALL
    )
    assert film.over_bone == frozenset({1})


def test_a_deposit_outside_the_film_has_no_truth_on_it():
    far = replace(SMALL, pose=Pose(shift_mm=(-260.0, 0.0)))
    film = draw_radiograph(hand(stone()), far)
    assert film.areas_mm2 == {}
    assert not film.labels.any()


@pytest.mark.parametrize(
    ("kind", "filled"),
    [
        (SpacingKind.IMAGER, {"imager_pixel_spacing": (0.4, 0.4)}),
        (SpacingKind.PIXEL_ONLY, {"pixel_spacing": (0.4, 0.4)}),
        (SpacingKind.NONE, {}),
        (SpacingKind.SECONDARY, {"secondary_capture": True}),
    ],
)
def test_the_film_says_about_its_size_what_the_session_wants(kind, filled):
    film = draw_radiograph(hand(), replace(SMALL, storage=Storage(spacing=kind)))
    empty = {"pixel_spacing": None, "imager_pixel_spacing": None, "secondary_capture": False}
    for name, value in (empty | filled).items():
        assert getattr(film.radiograph.spacing, name) == value
    assert film.radiograph.scale is None


def test_markers_rings_wedges_and_collimation_are_not_deposits():
    objects = Objects(letter="R", ring=True, wedge=True, collimation=(0.05, 0.1, 0.0, 0.0), dust=5)
    film = draw_radiograph(hand(), replace(SMALL, objects=objects))
    plain = draw_radiograph(hand(), replace(SMALL, objects=Objects(letter="")))
    assert not film.labels.any()
    assert film.objects.sum() > 1000
    assert not plain.objects.any()
    assert film.radiograph.pixels[5, 5:-60].mean() > plain.radiograph.pixels[5, 5:-60].mean()


@pytest.mark.parametrize("field", list(Field))
def test_every_field_shows_bone_flesh_and_its_deposits(field):
    rng = np.random.default_rng(4)
    subject = random_subject(rng, field)
    usual = usual_range(field)
    ranges = replace(usual, shape=tuple(n // 2 for n in usual.shape), spacing_mm=(0.4, 0.4))
    film = draw_radiograph(subject, random_session(rng, ranges))
    assert 5 <= len(subject.deposits) <= 6
    assert 0.03 < film.bone.mean() < 0.7
    assert (film.soft_tissue & film.bone).sum() > 0.95 * film.bone.sum()
    assert set(np.unique(film.labels)) - {0} <= set(film.areas_mm2)
    assert len(film.areas_mm2) >= 3
    assert np.isfinite(film.radiograph.pixels).all()


def test_a_childs_hand_has_open_plates_and_fewer_wrist_bones():
    def wrist_px(age):
        film = draw_radiograph(RadiographSubject(Field.HAND, Anatomy(seed=1, age_years=age)), SMALL)
        row, column = film.points_px("capitate", np.zeros((1, 3)))[0].astype(int)
        around = film.bone[row - 40 : row + 30, column - 60 : column + 60]
        gap = film.points_px("pp3", np.array([[0.0, 4.6, 0.0]]))[0].round().astype(int)
        return around.sum(), film.bone[gap[0] - 1 : gap[0] + 2, gap[1]].all()

    adult, grown = wrist_px(30.0)
    child, parted = wrist_px(3.0)
    assert child < 0.6 * adult
    assert grown
    assert not parted


def test_an_uneven_deposit_has_the_same_border_and_about_the_same_mineral():
    even = stone(centre=(0.0, 0.0, 0.0))
    uneven = replace(even, texture=0.3)
    one, other = (cast_shadow(PlacedDeposit(d, "any"), FLAT, GRID) for d in (even, uneven))
    np.testing.assert_array_equal(one.inside, other.inside)
    assert other.mineral_mm.sum() == pytest.approx(one.mineral_mm.sum(), rel=0.2)
    assert np.abs(other.mineral_mm - one.mineral_mm).max() > 0.1


def test_a_usual_hand_film_takes_less_than_three_seconds():
    subject = random_subject(np.random.default_rng(2))
    start = time.process_time()
    draw_radiograph(subject, FilmSession(seed=2))
    assert time.process_time() - start < 3.0
