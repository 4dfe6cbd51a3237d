import math

import numpy as np
import pytest
from scipy import ndimage

from cctrack.measure.volume import is_axial, measure_ct, measure_mask_volume, measure_volumes
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
    Unit,
)
from cctrack.model.hounsfield import calcium_threshold_hu

SPACING_MM = (1.0, 0.6, 0.6)
SCALE = AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS, relative_sd=0.002)
TISSUE_HU = 45.0


def share_inside(shape, spacing_mm, centre_mm, radius_mm, fine=4):
    """How much of each voxel lies in a ball: sampled fine³ times a voxel."""
    axes = [
        (np.arange(length * fine) + 0.5) / fine * mm - mm / 2 - middle
        for length, mm, middle in zip(shape, spacing_mm, centre_mm, strict=True)
    ]
    squared = np.add.outer(np.add.outer(axes[0] ** 2, axes[1] ** 2), axes[2] ** 2)
    inside = (squared <= radius_mm**2).astype(np.float32)
    return inside.reshape(shape[0], fine, shape[1], fine, shape[2], fine).mean(axis=(1, 3, 5))


def ball_ct(radius_mm, peak_hu=900.0, noise_hu=12.0, seed=1, spacing_mm=SPACING_MM):
    """A ball of calcium in soft tissue, blurred by 0.5 mm, with noise."""
    rng = np.random.default_rng(seed)
    half_mm = radius_mm + 9.0
    shape = tuple(int(2 * half_mm / mm) for mm in spacing_mm)
    centre_mm = tuple(half_mm + offset for offset in rng.uniform(-0.5, 0.5, 3))
    share = share_inside(shape, spacing_mm, centre_mm, radius_mm)
    blurred = ndimage.gaussian_filter(share, [0.5 / mm for mm in spacing_mm])
    hu = TISSUE_HU + (peak_hu - TISSUE_HU) * blurred + rng.normal(0, noise_hu, shape)
    return np.rint(hu).astype(np.int16)


def outline_above(hu, threshold_hu=130):
    labels, count = ndimage.label(hu >= threshold_hu)
    sizes = np.bincount(labels.ravel())
    keep = np.argmax(sizes[1:]) + 1 if count else -1
    return Outline((labels == keep).astype(np.uint16), detection_limit_px=10)


def volumes(findings, lesion=0):
    return {
        f.measurement.method: f.measurement
        for f in findings
        if f.lesion == lesion and f.measurement.quantity is Quantity.VOLUME
    }


def one(findings, quantity, lesion=0):
    return next(
        f.measurement for f in findings if f.lesion == lesion and f.measurement.quantity is quantity
    )


@pytest.mark.parametrize("radius_mm", [3.6, 5.0, 8.0])
@pytest.mark.parametrize("peak_hu", [400.0, 1200.0])
def test_volumes_of_balls_of_known_size_come_out_within_five_percent(radius_mm, peak_hu):
    truth = 4 / 3 * math.pi * radius_mm**3
    hu = ball_ct(radius_mm, peak_hu)
    found = volumes(measure_volumes(hu, outline_above(hu), SCALE, kvp=120.0))
    assert found[Method.PARTIAL_VOLUME].value == pytest.approx(truth, rel=0.05)
    # Blur pulls the half-way surface of a ball inwards, by more the smaller it is.
    assert 0.9 * truth < found[Method.HALF_PEAK].value < 1.01 * truth
    assert {measurement.unit for measurement in found.values()} == {Unit.MM3}


def test_thick_slices_change_the_partial_volume_little():
    truth = 4 / 3 * math.pi * 6**3
    spacing_mm = (3.0, 0.6, 0.6)
    hu = ball_ct(6.0, spacing_mm=spacing_mm)
    scale = AxisScale(spacing_mm, ScaleSource.SLICE_POSITIONS)
    found = volumes(measure_volumes(hu, outline_above(hu), scale, kvp=120.0))
    assert found[Method.PARTIAL_VOLUME].value == pytest.approx(truth, rel=0.06)


def test_the_fixed_threshold_counts_voxels():
    hu = np.full((6, 12, 12), 40, np.int16)
    hu[2:4, 4:8, 4:8] = 130
    hu[2, 4, 4] = 129
    found = volumes(measure_volumes(hu, Outline((hu > 100).astype(np.uint16)), SCALE, kvp=120.0))
    assert found[Method.FIXED_THRESHOLD].value == pytest.approx(31 * 0.36)


def test_the_threshold_follows_the_tube_voltage():
    hu = np.full((6, 12, 12), 40, np.int16)
    hu[2:4, 4:8, 4:8] = 150
    outline = Outline((hu > 100).astype(np.uint16))
    at = {
        kvp: volumes(measure_volumes(hu, outline, SCALE, kvp=kvp))[Method.FIXED_THRESHOLD].value
        for kvp in (120.0, 100.0, 80.0)
    }
    assert at[120.0] == at[100.0] > 0
    assert at[80.0] == 0


@pytest.mark.parametrize(
    ("kvp", "threshold_hu", "flags"),
    [
        (70.0, 207, set()),
        (80.0, 177, set()),
        (100.0, 145, set()),
        (120.0, 130, set()),
        (135.0, 119, set()),
        (110.0, 137.5, {Flag.KVP_INTERPOLATED}),
        (140.0, 119, {Flag.KVP_INTERPOLATED}),
        (None, 130, {Flag.KVP_UNKNOWN}),
        (0.0, 130, {Flag.KVP_UNKNOWN}),
        (float("nan"), 130, {Flag.KVP_UNKNOWN}),
    ],
)
def test_voltages_between_the_listed_ones_are_interpolated_and_flagged(kvp, threshold_hu, flags):
    assert calcium_threshold_hu(kvp) == (threshold_hu, frozenset(flags))


def test_an_unknown_voltage_is_flagged_on_every_row():
    hu = ball_ct(3.0)
    findings = measure_volumes(hu, outline_above(hu), SCALE, kvp=None)
    assert all(Flag.KVP_UNKNOWN in finding.flags for finding in findings)


def test_uneven_slices_give_the_volume_of_their_real_positions():
    hu = ball_ct(6.0)
    even = volumes(measure_volumes(hu, outline_above(hu), SCALE, kvp=120.0))
    extents = SliceExtents(0.6, 0.6, (1.0,) * len(hu))
    uneven = volumes(measure_volumes(hu, outline_above(hu), extents, kvp=120.0))
    for method, measurement in even.items():
        assert uneven[method].value == pytest.approx(measurement.value, rel=1e-6)
    doubled = SliceExtents(0.6, 0.6, (2.0,) * len(hu))
    twice = volumes(measure_volumes(hu, outline_above(hu), doubled, kvp=120.0))
    assert twice[Method.FIXED_THRESHOLD].value == pytest.approx(
        2 * even[Method.FIXED_THRESHOLD].value
    )


def test_a_deposit_under_the_skin_is_not_diluted_by_air():
    spacing_mm = (0.8, 0.6, 0.6)
    share = share_inside((35, 46, 46), spacing_mm, (14.2, 13.9, 14.1), 5.0)
    hu = TISSUE_HU + (900 - TISSUE_HU) * share
    hu[:, :, round((14.1 + 6.5) / 0.6) :] = -1000  # 1.5 mm of skin are left
    hu = np.rint(ndimage.gaussian_filter(hu, [0.5 / mm for mm in spacing_mm])).astype(np.int16)
    scale = AxisScale(spacing_mm, ScaleSource.SLICE_POSITIONS)
    found = volumes(measure_volumes(hu, outline_above(hu), scale, kvp=120.0))
    truth = 4 / 3 * math.pi * 125
    assert found[Method.PARTIAL_VOLUME].value == pytest.approx(truth, rel=0.06)
    assert found[Method.HALF_PEAK].value == pytest.approx(truth, rel=0.06)


def test_a_bone_beside_a_deposit_does_not_add_to_it():
    alone = ball_ct(5.0)
    beside = alone.astype(float)
    bone_from = alone.shape[2] // 2 + round(8.5 / 0.6)
    beside[:, :, bone_from:] = 1100
    beside[:, :, bone_from - 1] = 500
    beside = beside.astype(np.int16)
    outline = outline_above(alone)
    values = [
        volumes(measure_volumes(hu, outline, SCALE, kvp=120.0))[Method.PARTIAL_VOLUME].value
        for hu in (alone, beside)
    ]
    assert values[1] == pytest.approx(values[0], rel=0.03)


def test_nothing_found_is_a_zero_with_a_detection_limit():
    hu = np.full((10, 20, 20), 40, np.int16)
    outline = Outline(np.zeros(hu.shape, np.uint16), detection_limit_px=20)
    findings = measure_volumes(hu, outline, SCALE, kvp=120.0)
    found = volumes(findings)
    assert set(found) == {Method.PARTIAL_VOLUME, Method.HALF_PEAK, Method.FIXED_THRESHOLD}
    for measurement in found.values():
        assert measurement.value == 0
        assert measurement.interval[1] == pytest.approx(7.2)
    assert one(findings, Quantity.AGATSTON).value == 0
    assert one(findings, Quantity.COUNT).value == 0
    assert not any(f.measurement.quantity is Quantity.MEAN_HU for f in findings)


def test_deposits_over_bone_are_outside_the_total():
    hu = np.full((8, 20, 30), 40, np.int16)
    labels = np.zeros(hu.shape, np.uint16)
    labels[2:5, 4:9, 4:9], labels[2:5, 4:9, 20:25] = 1, 2
    hu[labels > 0] = 700
    outline = Outline(labels, lesion_flags={2: frozenset({Flag.OVER_BONE})})
    findings = measure_volumes(hu, outline, SCALE, kvp=120.0)
    fixed = Method.FIXED_THRESHOLD
    assert volumes(findings)[fixed].value == volumes(findings, 1)[fixed].value
    assert volumes(findings, 2)[fixed].value > 0
    assert one(findings, Quantity.COUNT).value == 1


def test_the_mean_density_of_the_total_is_the_mean_over_all_voxels():
    hu = np.full((8, 20, 30), 40, np.int16)
    labels = np.zeros(hu.shape, np.uint16)
    labels[2:5, 4:8, 4:8], labels[2:5, 4:12, 18:26] = 1, 2
    hu[labels == 1], hu[labels == 2] = 300, 800
    findings = measure_volumes(hu, Outline(labels), SCALE, kvp=120.0)
    assert one(findings, Quantity.MEAN_HU).value == pytest.approx(hu[labels > 0].mean())
    assert one(findings, Quantity.MEAN_HU, 1).unit is Unit.HU


def test_the_longest_diameter_of_a_ball_is_its_diameter():
    ball = share_inside((30, 50, 50), SPACING_MM, (15, 15, 15), 8.0) >= 0.5
    outline = Outline(ball.astype(np.uint16))
    diameter = one(measure_mask_volume(outline, SCALE), Quantity.MAX_DIAMETER, 1)
    assert diameter.value == pytest.approx(16.0, abs=1.1)
    assert diameter.unit is Unit.MM


def test_a_readers_mask_on_mr_is_measured_by_its_voxels():
    labels = np.zeros((8, 20, 20), np.uint16)
    labels[2:6, 5:10, 5:10] = 3
    outline = Outline(labels, method=Method.READER)
    findings = measure_mask_volume(outline, SCALE)
    volume = one(findings, Quantity.VOLUME, 3)
    assert volume.value == pytest.approx(100 * 0.36)
    assert volume.method is Method.READER
    assert volume.log_sd_shared == pytest.approx(0.006)
    assert one(findings, Quantity.VOLUME).value == pytest.approx(36.0)


def test_a_mask_over_plain_muscle_has_no_calcium():
    hu = np.full((8, 20, 20), 45, np.int16)
    labels = np.zeros(hu.shape, np.uint16)
    labels[2:6, 5:10, 5:10] = 1
    found = volumes(measure_volumes(hu, Outline(labels), SCALE, kvp=120.0))
    assert all(measurement.value == 0 for measurement in found.values())


def test_a_deposit_cut_by_the_last_slice_is_flagged():
    hu = np.full((8, 20, 20), 45, np.int16)
    hu[5:, 5:10, 5:10] = 800
    findings = measure_volumes(hu, outline_above(hu), SCALE, kvp=120.0)
    assert all(Flag.NEAR_BORDER in finding.flags for finding in findings if finding.lesion == 1)


def test_padding_is_no_background():
    hu = ball_ct(4.0)
    outline = outline_above(hu)
    padding = np.zeros(hu.shape, bool)
    padding[:, :, : hu.shape[2] // 2 - round(5.5 / 0.6)] = True
    padded = np.where(padding, -1024, hu).astype(np.int16)
    values = [
        volumes(measure_volumes(volume, outline, SCALE, kvp=120.0, padding=missing))[
            Method.PARTIAL_VOLUME
        ].value
        for volume, missing in ((hu, None), (padded, padding))
    ]
    assert values[1] == pytest.approx(values[0], rel=0.03)


def test_an_outline_of_another_grid_is_a_slip():
    with pytest.raises(ValueError, match="outline of"):
        measure_volumes(
            np.zeros((4, 5, 6), np.int16), Outline(np.zeros((4, 5, 5), np.uint16)), SCALE, kvp=None
        )


def ct_with(affine):
    hu = ball_ct(4.0)
    return Ct(hu, np.asarray(affine, float), SCALE, Acquisition(kvp=120.0))


AXIAL = [[0, 0, 0.6, 0], [0, 0.6, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
CORONAL = [[0, 0, 0.6, 0], [1, 0, 0, 0], [0, -0.6, 0, 0], [0, 0, 0, 1]]


def test_coronal_slices_get_no_agatston_score():
    axial, coronal = ct_with(AXIAL), ct_with(CORONAL)
    assert is_axial(axial)
    assert not is_axial(coronal)
    outline = outline_above(axial.hu)
    scored = {
        orientation: any(
            f.measurement.quantity is Quantity.AGATSTON for f in measure_ct(ct, outline)
        )
        for orientation, ct in (("axial", axial), ("coronal", coronal))
    }
    assert scored == {"axial": True, "coronal": False}


def test_a_plate_thinner_than_the_blur_says_how_unsure_its_volume_is():
    hu = np.full((20, 40, 40), 45.0)
    hu[5:15, 8:32, 20] = 900.0
    hu = np.rint(ndimage.gaussian_filter(hu, (0, 0.9, 0.9))).astype(np.int16)
    plate = volumes(measure_volumes(hu, outline_above(hu), SCALE, kvp=120.0), 1)
    stone_hu = ball_ct(5.0)
    stone = volumes(measure_volumes(stone_hu, outline_above(stone_hu), SCALE, kvp=120.0), 1)
    assert stone[Method.PARTIAL_VOLUME].log_sd < 0.12
    assert plate[Method.PARTIAL_VOLUME].log_sd > 0.3
    low, high = plate[Method.PARTIAL_VOLUME].interval
    assert low < 10 * 24 * 0.36 < high


def test_a_reader_may_outline_tightly_beside_bone():
    half_mm, radius_mm = 13.0, 4.0
    shape = tuple(int(2 * half_mm / mm) for mm in SPACING_MM)
    share = share_inside(shape, SPACING_MM, (half_mm,) * 3, radius_mm)
    hu = TISSUE_HU + (900 - TISSUE_HU) * share
    hu[:, :, round((half_mm + radius_mm + 1.8) / SPACING_MM[2]) :] = 1200
    hu = ndimage.gaussian_filter(hu, [0.6 / mm for mm in SPACING_MM])
    hu = np.rint(hu + np.random.default_rng(3).normal(0, 12, shape)).astype(np.int16)
    tight = Outline((share >= 0.9).astype(np.uint16), method=Method.READER, border_sd_px=0.3)
    found = volumes(measure_volumes(hu, tight, SCALE, kvp=120.0))[Method.PARTIAL_VOLUME]
    truth = 4 / 3 * math.pi * radius_mm**3
    assert found.value == pytest.approx(truth, rel=0.06)
    low, high = found.interval
    assert low < truth < high


def test_most_of_a_small_deposits_error_is_repeated_by_another_scan():
    hu = ball_ct(2.0)
    small = volumes(measure_volumes(hu, outline_above(hu), SCALE, kvp=120.0), 1)
    measured = small[Method.PARTIAL_VOLUME]
    assert measured.log_sd_common > 2 * measured.log_sd_repeat
    assert small[Method.FIXED_THRESHOLD].log_sd_common == 0
