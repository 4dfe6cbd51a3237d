"""Mass needs a calibration that holds for the scan; depth and maximum need nothing."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cctrack.errors import NotCalibrated
from cctrack.measure.calibration import load_calibration
from cctrack.measure.volume import measure_ct
from cctrack.model import Acquisition, AxisScale, Ct, Flag, Outline, Quantity, ScaleSource, Unit
from cctrack.model.calibration import Calibration

SPACING_MM = (1.0, 0.6, 0.6)
TO_LPS = np.array([[0, 0, 0.6, 0], [0, 0.6, 0, 0], [1.0, 0, 0, 0], [0, 0, 0, 1.0]])
FACTOR = 0.0008
"""mg/mm³ per HU: 800 HU over soft tissue are 0.64 mg/mm³."""

GOOD = 'mg_per_mm3_hu = 0.0008\nkvp = 120\nkernel = "B30f"\nsource = "calcium phantom"\n'
HELD = Calibration(FACTOR, 120.0, "B30f")


def ball(radius_mm=6.0, background_hu=40.0, kvp=120.0, kernel="B30f"):
    shape = (30, 50, 50)
    axes = [
        (np.arange(n * 4) + 0.5) * mm / 4 - n * mm / 2
        for n, mm in zip(shape, SPACING_MM, strict=True)
    ]
    inside = np.add.outer(np.add.outer(axes[0] ** 2, axes[1] ** 2), axes[2] ** 2) <= radius_mm**2
    share = inside.reshape(30, 4, 50, 4, 50, 4).mean(axis=(1, 3, 5))
    share = ndimage.gaussian_filter(share, (0, 0.9, 0.9))
    hu = np.rint(background_hu + (840 - background_hu) * share).astype(np.int16)
    made = Acquisition(kvp=kvp, kernel=kernel, slice_thickness_mm=1.0)
    scale = AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS)
    return Ct(hu, TO_LPS, scale, made), Outline((hu > 130).astype(np.uint16))


def rows(findings, quantity):
    return [f for f in findings if f.measurement.quantity is quantity]


def mass_of(ct, outline, calibration=HELD):
    one, total = rows(measure_ct(ct, outline, calibration=calibration), Quantity.MASS)
    assert one.measurement.value == total.measurement.value
    return one


@pytest.mark.parametrize("background_hu", [40.0, -100.0])
def test_the_mass_is_density_over_soft_tissue_times_volume_also_in_fat(background_hu):
    found = mass_of(*ball(background_hu=background_hu)).measurement
    assert found.unit is Unit.MG
    assert found.value == pytest.approx(4 / 3 * math.pi * 216 * 800 * FACTOR, rel=0.02)


def test_without_a_calibration_there_is_no_mass():
    findings = measure_ct(*ball())
    assert not rows(findings, Quantity.MASS)
    assert not any(Flag.CALIBRATION_MISMATCH in finding.flags for finding in findings)


@pytest.mark.parametrize("kvp", [100.0, None])
def test_a_calibration_of_another_tube_voltage_gives_no_mass_and_says_so(kvp):
    findings = measure_ct(*ball(kvp=kvp), calibration=HELD)
    assert not rows(findings, Quantity.MASS)
    assert all(Flag.CALIBRATION_MISMATCH in finding.flags for finding in findings)


def test_a_calibration_of_another_kernel_widens_the_error_and_says_so():
    same, other = mass_of(*ball()), mass_of(*ball(kernel="B60f"))
    assert Flag.CALIBRATION_KERNEL in other.flags - same.flags
    assert other.measurement.log_sd > same.measurement.log_sd


def test_nothing_found_weighs_nothing():
    ct, _ = ball()
    nothing = Outline(np.zeros(ct.shape, np.uint16), detection_limit_px=10)
    (total,) = rows(measure_ct(ct, nothing, calibration=HELD), Quantity.MASS)
    assert total.measurement.value == 0


def write(tmp_path, text):
    path = tmp_path / "calibration.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_calibration_file_is_read(tmp_path):
    assert load_calibration(write(tmp_path, GOOD)) == HELD
    without = GOOD.replace('kernel = "B30f"\n', "")
    assert load_calibration(write(tmp_path, without)).kernel == ""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mg_per_mm3_hu = ", "could not be read as TOML"),
        (GOOD.replace("kvp = 120\n", ""), "lacks kvp"),
        (GOOD.replace('source = "calcium phantom"\n', ""), "lacks source"),
        (GOOD.replace("calcium phantom", " "), "where the factor comes from"),
        (GOOD + "hu_water = 0\n", "holds more than"),
        (GOOD.replace("0.0008", "0.8"), "needed a factor between"),
        (GOOD.replace("0.0008", "-0.0008"), "must be a positive number"),
        (GOOD.replace("0.0008", "nan"), "must be a positive number"),
        (GOOD.replace("120", "true"), "must be a positive number"),
        (GOOD.replace('"B30f"', "30"), "text in quotes"),
    ],
)
def test_a_calibration_file_that_could_be_wrong_is_refused(tmp_path, text, says):
    with pytest.raises(NotCalibrated, match=says):
        load_calibration(write(tmp_path, text))


def test_a_calibration_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(NotCalibrated, match="could not be read"):
        load_calibration(tmp_path / "missing.toml")


def test_the_depth_under_the_skin_is_passed_on_where_it_is_known():
    ct, outline = ball()
    assert not rows(measure_ct(ct, outline), Quantity.DEPTH)
    (depth,) = rows(measure_ct(ct, replace(outline, lesion_depth_mm={1: 4.5})), Quantity.DEPTH)
    assert (depth.lesion, depth.measurement.value, depth.measurement.unit) == (1, 4.5, Unit.MM)
    low, high = depth.measurement.interval
    assert low < 3.5 < 5.5 < high
    unknown = replace(outline, lesion_depth_mm={1: math.inf})
    assert not rows(measure_ct(ct, unknown), Quantity.DEPTH)


def test_the_brightest_voxel_is_told_for_each_deposit_and_for_all():
    ct, outline = ball()
    one, total = rows(measure_ct(ct, outline), Quantity.MAX_HU)
    assert (one.lesion, total.lesion) == (1, 0)
    assert one.measurement.value == total.measurement.value == ct.hu.max()
    assert one.measurement.unit is Unit.HU
