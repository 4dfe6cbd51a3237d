import numpy as np
import pytest
from scipy import ndimage

from cctrack.measure.calcium import agatston_score, calcium_mass_mg
from cctrack.measure.volume import measure_ct, measure_volumes
from cctrack.model import (
    Acquisition,
    AxisScale,
    Ct,
    Flag,
    Method,
    Outline,
    Quantity,
    ScaleSource,
    SliceExtents,
)


def score(hu, spacing_mm=(3.0, 0.5, 0.5), **options):
    hu = np.asarray(hu, dtype=np.int16)
    extents_mm = np.full(len(hu), spacing_mm[0])
    sizes_mm3 = np.full((1, 1, 1), float(np.prod(spacing_mm)))
    return agatston_score(hu, np.ones(hu.shape, bool), sizes_mm3, extents_mm, **options)


def one_component(peak_hu, pixels=8, rest_hu=130):
    hu = np.zeros((1, 6, 12), np.int16)
    hu[0, 2, 1 : 1 + pixels] = rest_hu
    hu[0, 2, 1] = peak_hu
    return hu


@pytest.mark.parametrize(
    ("peak_hu", "weight"),
    [(130, 1), (199, 1), (200, 2), (299, 2), (300, 3), (399, 3), (400, 4), (3000, 4)],
)
def test_the_peak_of_a_component_sets_its_weight(peak_hu, weight):
    assert score(one_component(peak_hu)) == 8 * 0.25 * weight


def test_one_hu_below_the_threshold_scores_nothing():
    assert score(one_component(129, rest_hu=129)) == 0


def test_a_pixel_below_the_threshold_does_not_add_to_the_area():
    assert score(one_component(129, pixels=8)) == 7 * 0.25


@pytest.mark.parametrize(("pixels", "scored"), [(3, 0.0), (4, 4.0), (5, 5.0)])
def test_components_under_one_square_millimetre_are_noise(pixels, scored):
    assert score(one_component(500, pixels=pixels, rest_hu=500)) == scored


def test_each_slice_is_weighted_by_its_own_peak():
    hu = np.concatenate([one_component(150), one_component(450), one_component(250)])
    assert score(hu) == 2.0 * (1 + 4 + 2)


def test_components_of_a_slice_are_weighted_one_by_one():
    hu = np.zeros((1, 8, 8), np.int16)
    hu[0, 1:3, 1:3] = 150
    hu[0, 5:7, 5:7] = 450
    assert score(hu) == 1.0 * 1 + 1.0 * 4


def test_pixels_joined_at_a_corner_are_one_component():
    hu = np.zeros((1, 8, 8), np.int16)
    hu[0, 1:3, 1:3] = 150
    hu[0, 3:5, 3:5] = 450
    assert score(hu) == 2.0 * 4


def test_other_increments_are_scaled_to_three_millimetres():
    hu = np.concatenate([one_component(500)] * 3)
    assert score(hu, (1.0, 0.5, 0.5)) == pytest.approx(score(one_component(500)))


def test_at_another_voltage_the_edges_move_with_the_threshold():
    assert score(one_component(206, rest_hu=150), threshold_hu=207.0) == 0
    assert score(one_component(207, rest_hu=207), threshold_hu=207.0) == 2.0


def outlined(hu):
    labels = (np.asarray(hu) >= 130).astype(np.uint16)
    return Outline(labels)


def agatston_of(hu, scale, kvp=120.0, lesion=0):
    findings = measure_volumes(hu, outlined(hu), scale, kvp=kvp)
    return next(
        f for f in findings if f.lesion == lesion and f.measurement.quantity is Quantity.AGATSTON
    )


def test_a_scan_at_three_millimetres_is_not_flagged_and_others_are():
    hu = np.concatenate([one_component(500)] * 4)
    at_three = agatston_of(hu, AxisScale((3.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS))
    at_one = agatston_of(hu, AxisScale((1.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS))
    assert at_three.measurement.value == 32
    assert Flag.SLICE_INCREMENT_SCALED not in at_three.flags
    assert at_one.measurement.value == pytest.approx(32 / 3)
    assert Flag.SLICE_INCREMENT_SCALED in at_one.flags


def test_uneven_slices_count_with_their_own_extent():
    hu = np.concatenate([one_component(500)] * 3)
    scale = SliceExtents(0.5, 0.5, (3.0, 1.5, 3.0))
    assert agatston_of(hu, scale).measurement.value == pytest.approx(8 * 2.5)


def staircase():
    """Islands that each probe one edge: two slices, pixels of 0.25 mm², all worked out by hand."""
    hu = np.full((4, 20, 40), 40, np.int16)
    peaks = (129, 130, 199, 200, 299, 300, 399, 400)
    for place, peak in enumerate(peaks):
        hu[1, 2:4, 1 + 5 * place : 3 + 5 * place] = min(peak, 130)  # four pixels: 1 mm²
        hu[1, 2, 1 + 5 * place] = peak
    hu[2, 10, 1:4] = 3000  # three pixels, 0.75 mm²: noise however bright
    hu[2, 15, 1:9] = 130  # eight pixels, 2 mm², of the lowest weight
    return hu


@pytest.mark.parametrize(
    ("increment_mm", "thickness_mm", "score"),
    [
        # (0 + 1 + 1 + 2 + 2 + 3 + 3 + 4) · 1 mm² + 2 mm² · 1 = 18, times increment / 3 mm
        (3.0, 3.0, 18.0),
        (1.5, 3.0, 9.0),  # overlapping slices count by their distance
        (2.5, 2.5, 15.0),
        (0.75, 0.75, 4.5),
        (5.0, 5.0, 30.0),
        (3.0, 1.0, 18.0),  # slices with gaps between them too
    ],
)
def test_every_edge_of_the_score_is_exact_at_any_increment(increment_mm, thickness_mm, score):
    hu = staircase()
    ct = Ct(
        hu,
        np.array([[0, 0, 0.5, 0], [0, 0.5, 0, 0], [increment_mm, 0, 0, 0], [0, 0, 0, 1.0]]),
        AxisScale((increment_mm, 0.5, 0.5), ScaleSource.SLICE_POSITIONS),
        Acquisition(kvp=120.0, slice_thickness_mm=thickness_mm),
    )
    islands, _ = ndimage.label(hu >= 129)
    for labels in (islands, hu >= 129):  # one lesion each, or all of them one
        findings = measure_ct(ct, Outline(labels.astype(np.uint16)))
        totals = {
            (item.measurement.quantity, item.measurement.method): item.measurement.value
            for item in findings
            if item.lesion == 0
        }
        assert totals[Quantity.AGATSTON, Method.AUTOMATIC] == pytest.approx(score, rel=1e-12)
        voxels = 4 * 7 + 3 + 8  # all but the island of 129 HU; noise counts in a volume
        volume = voxels * 0.25 * increment_mm
        assert totals[Quantity.VOLUME, Method.FIXED_THRESHOLD] == pytest.approx(volume, rel=1e-12)


@pytest.mark.parametrize(
    ("pixel_mm", "pixels", "scored"),
    [(1.0, 1, True), (0.4883, 4, False), (0.4883, 5, True), (1 / 3, 9, True), (1 / 3, 8, False)],
)
def test_an_island_of_just_one_square_millimetre_counts(pixel_mm, pixels, scored):
    found = score(one_component(400, pixels=pixels, rest_hu=400), (3.0, pixel_mm, pixel_mm))
    assert found == pytest.approx(4 * pixels * pixel_mm**2 if scored else 0.0)


@pytest.mark.parametrize("nonsense", [0.0, -1.0, float("nan"), float("inf")])
def test_a_calibration_that_is_no_positive_number_gives_no_mass(nonsense):
    assert calcium_mass_mg(50_000.0, 0.0008) == pytest.approx(40.0)
    with pytest.raises(ValueError, match="calibration"):
        calcium_mass_mg(50_000.0, nonsense)
