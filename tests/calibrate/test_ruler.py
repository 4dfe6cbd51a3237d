import sys
from pathlib import Path

import numpy as np
import pytest

from cctrack.calibrate.photo import PhotoScaleOptions, calibrate_photo
from cctrack.calibrate.ruler import read_ruler
from cctrack.errors import NotCalibrated
from cctrack.model import Flag, Photo, ScaleSource

sys.path.insert(0, str(Path(__file__).parent))

from camera import INK, PAPER, SHEET_PX_PER_MM, SKIN, camera, photograph

MM = PhotoScaleOptions(ruler_mm_per_tick=1.0)


def _ruler(*, step_mm=1.0, length_mm=100, faint_between=False):
    scale = SHEET_PX_PER_MM
    sheet = np.full((160 * scale, 200 * scale), SKIN, np.float32)
    sheet[70 * scale : 86 * scale, 45 * scale : (55 + length_mm) * scale] = PAPER
    fine_mm = step_mm / 5 if faint_between else step_mm
    for count in range(round(length_mm / fine_mm) + 1):
        column = round((50 + count * fine_mm) * scale)
        long = count % 10 == 0
        ink = 0.55 * PAPER if faint_between and count % 5 else INK
        sheet[72 * scale : round((76.5 if long else 75.2) * scale), column - 1 : column + 2] = ink
    return sheet


@pytest.mark.parametrize("px_per_mm", [6.0, 9.0])
def test_a_ruler_gives_the_scale_within_three_percent(px_per_mm):
    photo = photograph(_ruler(), camera(0, px_per_mm=px_per_mm))
    scale, flags = calibrate_photo(Photo(photo), MM)
    assert not flags
    assert scale.source is ScaleSource.RULER
    assert scale.mean_mm == pytest.approx((1 / px_per_mm,) * 2, rel=0.03)
    assert scale.relative_sd >= 0.02


def test_finer_ticks_between_those_found_are_never_overlooked():
    photo = photograph(_ruler(step_mm=5.0, faint_between=True), camera(0, px_per_mm=6.0))
    try:
        rows = read_ruler(photo, MM)
    except NotCalibrated:
        return
    assert rows[0].step_px == pytest.approx(6, rel=0.03)


def test_too_few_ticks_give_no_scale():
    photo = Photo(photograph(_ruler(length_mm=4), camera(0, px_per_mm=6.0)))
    with pytest.raises(NotCalibrated, match="found no row of 6"):
        read_ruler(photo.pixels, MM)
    scale, flags = calibrate_photo(photo, PhotoScaleOptions(ruler_mm_per_tick=1.0))
    assert scale is None
    assert flags == {Flag.NO_SCALE}


def test_hair_is_no_ruler():
    rng = np.random.default_rng(2)
    skin = np.full((600, 800, 3), 170, np.uint8)
    for row, column in rng.integers(20, 560, (150, 2)):
        skin[row : row + 20, column : column + 2] = 60
    with pytest.raises(NotCalibrated):
        read_ruler(skin, MM)


def test_the_tips_of_longer_ticks_are_no_row_when_blur_hides_the_finer_ones():
    scale = SHEET_PX_PER_MM
    sheet = np.full((160 * scale, 200 * scale), SKIN, np.float32)
    sheet[70 * scale : 86 * scale, 45 * scale : 155 * scale] = PAPER
    for count in range(101):
        column = round((50 + count) * scale)
        length = {0: 6.5, 5: 4.8}.get(count % 10, 3.2)
        sheet[70 * scale : round((70 + length) * scale), column - 1 : column + 2] = INK
    photo = photograph(sheet, camera(0, px_per_mm=7.0), blur_px=2.2)
    try:
        rows = read_ruler(photo, MM)
    except NotCalibrated:
        return
    assert rows[0].step_px == pytest.approx(7, rel=0.03)
