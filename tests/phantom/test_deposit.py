"""Deposits hold exactly the calcium they say."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model import Morphology
from cctrack.phantom.deposit import (
    DepositLook,
    DepositMix,
    bounds_mm,
    contrast_at_kvp,
    density_ratio,
    excess_hu,
    make_deposit,
    merge,
    occupancy,
    projected_thickness,
    random_deposit,
    rasterise,
    scaled,
    split,
    turned,
)

TURNED = DepositLook(0.5, (1.0, 1.2, 0.9), (0.3, 1.1, 0.2))


def deposit(morphology, *, volume_mm3=210.0, seed=3, look=TURNED):
    return make_deposit((1, (10.0, 5.3, -3.0)), morphology, volume_mm3, seed, look)


def integral_mm3(item, *, cells=60):
    step = float(np.ptp(bounds_mm(item), axis=0).max()) / cells
    filled, _ = rasterise(item, (step, step, step), 2)
    return float(filled.sum(dtype=float)) * step**3


@pytest.mark.parametrize("morphology", Morphology)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_deposit_holds_the_volume_it_states(morphology, seed):
    item = deposit(morphology, seed=seed)
    assert integral_mm3(item) == pytest.approx(item.volume_mm3, rel=0.005)


@pytest.mark.parametrize("morphology", Morphology)
def test_its_shadow_on_a_film_holds_the_same_volume(morphology):
    item = deposit(morphology)
    thickness_mm, origin_mm = projected_thickness(item, 0.25)
    assert float(thickness_mm.sum(dtype=float)) * 0.25**2 == pytest.approx(210.0, rel=0.01)
    low, high = bounds_mm(item)
    assert low[1] - 0.25 <= origin_mm[0] <= low[1] + 0.25
    assert thickness_mm.max() <= high[0] - low[0]


def test_growth_by_a_factor_is_growth_by_that_factor():
    grown = scaled(deposit(Morphology.STONE), 1.37)
    assert integral_mm3(grown) == pytest.approx(210.0 * 1.37, rel=0.005)


def test_a_deposit_that_vanished_cannot_be_scaled():
    with pytest.raises(ValueError, match="positive factor, got 0"):
        scaled(deposit(Morphology.STONE), 0.0)


def test_a_turned_deposit_keeps_its_volume_and_shape():
    item = deposit(Morphology.PLATE)
    quarter = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    posed = turned(item, quarter, np.array([1.0, 2.0, 3.0]))
    points_mm = np.random.default_rng(0).uniform(*bounds_mm(item), size=(4000, 3))
    same = occupancy(posed, points_mm @ quarter.T + [1.0, 2.0, 3.0])
    assert occupancy(item, points_mm).max() == 1.0
    assert np.abs(same - occupancy(item, points_mm)).max() < 0.02


def test_a_split_deposit_keeps_its_volume_in_two_separate_parts():
    first, second = split(deposit(Morphology.STONE), 9)
    assert (first.id, second.id) == (1, 9)
    assert first.volume_mm3 + second.volume_mm3 == pytest.approx(210.0)
    low, high = bounds_mm(first), bounds_mm(second)
    box_mm = (np.minimum(low[0], high[0]), np.maximum(low[1], high[1]))
    axes = np.meshgrid(*(np.arange(a, b, 0.3) for a, b in zip(*box_mm, strict=True)), indexing="ij")
    points_mm = np.stack(axes, axis=-1)
    assert not np.any((occupancy(first, points_mm) > 0) & (occupancy(second, points_mm) > 0))


def test_merged_neighbours_become_one_of_their_summed_volume_between_them():
    one = make_deposit((1, (0.0, 0.0, 0.0)), Morphology.STONE, 100.0, 1)
    other = make_deposit((2, (0.0, 8.0, 0.0)), Morphology.STONE, 300.0, 2)
    both = merge(one, other)
    assert both.id == 1
    assert both.volume_mm3 == pytest.approx(400.0)
    low, high = bounds_mm(both)
    assert high[1] - low[1] > max(high[0] - low[0], high[2] - low[2])
    for old in (one, other):
        around_mm = np.array(old.centre_mm) + np.random.default_rng(0).normal(size=(300, 3))
        assert occupancy(both, around_mm).mean() > 0.3


def test_an_amorphous_deposit_has_no_sharp_border_and_a_stone_has_one():
    def border_share(morphology):
        filled, _ = rasterise(deposit(morphology), (0.3, 0.3, 0.3), 2)
        return float(((filled > 0.1) & (filled < 0.9)).sum() / (filled > 0).sum())

    assert border_share(Morphology.AMORPHOUS) > 2 * border_share(Morphology.STONE)


def test_plates_are_thin_and_stones_are_not():
    def flatness(morphology):
        item = make_deposit((1, (0.0, 0.0, 0.0)), morphology, 210.0, 5)
        extent = np.ptp(bounds_mm(item), axis=0)
        return extent[0] / extent[1:].max()

    assert flatness(Morphology.PLATE) < 0.5 < flatness(Morphology.STONE)


def test_drawn_deposits_do_not_touch_and_have_the_sizes_of_patients():
    rng = np.random.default_rng(1)

    def place(rng, radius_mm):
        del radius_mm
        return tuple(rng.uniform(-500.0, 500.0, size=3))

    mix, drawn = DepositMix(shares=((Morphology.STONE, 1.0),)), []
    for label in range(1, 31):
        drawn.append(random_deposit(rng, label, place, mix=mix, beside=drawn))
    for one, other in itertools.combinations(drawn, 2):
        apart = np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm))
        assert apart > one.radius_mm + other.radius_mm
    logs = np.log([item.volume_mm3 for item in drawn])
    assert np.exp(np.median(logs)) == pytest.approx(210.0, rel=0.6)
    assert 1.0 < logs.std() < 1.8
    assert all(200.0 <= excess_hu(item.density_g_cm3, 120.0) <= 1500.0 for item in drawn)


def test_where_there_is_no_room_no_deposit_is_drawn():
    with pytest.raises(ValueError, match="no room for deposit 1"):
        random_deposit(np.random.default_rng(0), 1, lambda *_: None)


def test_calcium_contrast_follows_the_threshold_table():
    assert contrast_at_kvp(120.0) == pytest.approx(1.0)
    assert contrast_at_kvp(80.0) == pytest.approx(177.0 / 130.0)
    assert contrast_at_kvp(135.0) == pytest.approx(119.0 / 130.0)
    assert contrast_at_kvp(100.0) > contrast_at_kvp(110.0) > contrast_at_kvp(120.0)
    assert contrast_at_kvp(55.0) > contrast_at_kvp(70.0)


def test_a_deposit_without_volume_is_refused():
    with pytest.raises(ValueError, match="positive volume"):
        make_deposit((1, (0.0, 0.0, 0.0)), Morphology.STONE, 0.0, 1)


@pytest.mark.parametrize("morphology", Morphology)
def test_a_deposit_is_one_piece(morphology):
    for seed in range(4):
        item = make_deposit((1, (0.0, 0.0, 0.0)), morphology, 210.0, seed)
        step = item.size_mm / 20
        filled, _ = rasterise(item, (step, step, step), 1)
        pieces, _ = ndimage.label(filled > 0.3, np.ones((3, 3, 3)))
        sizes = np.bincount(pieces.ravel())[1:]
        assert sizes.max() / sizes.sum() > 0.98


def test_an_uneven_deposit_has_its_stated_density_in_the_mean():
    item = deposit(Morphology.STONE, look=DepositLook(0.5, texture=0.2))
    points_mm = np.random.default_rng(0).uniform(*bounds_mm(item), size=(20000, 3))
    ratio = density_ratio(item, points_mm)[occupancy(item, points_mm) == 1.0]
    assert ratio.mean() == pytest.approx(1.0, abs=0.15)
    assert 0.05 < ratio.std() < 0.3
