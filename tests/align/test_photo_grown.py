"""How much a place has grown is told by what it shows, without any outline."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.align.photo import compare_growth
from cctrack.model import Alignment, AlignmentModel, Photo, Quality

ROWS, COLUMNS = np.mgrid[:160, :200].astype(float)
MIDDLE, RADIUS = (80, 100), 16
SHIFT = Alignment(
    AlignmentModel.HOMOGRAPHY,
    np.array([[1.0, 0.0, 4.0], [0.0, 1.0, -3.0], [0.0, 0.0, 1.0]]),
    Quality.GOOD,
    0.5,
)
PLACE = np.hypot(ROWS - MIDDLE[0], COLUMNS - MIDDLE[1]) <= RADIUS


def photo(*, area=1.0, light=1.0, at=MIDDLE, seed=1, contrast=1.0):
    """Draw skin with a lobed pale nodule, so much larger than at the first visit."""
    grain = np.random.default_rng(seed).normal(0, 3, (160, 200, 3))
    down, across = ROWS - at[0], COLUMNS - at[1]
    angle = np.arctan2(down, across)
    reach = np.sqrt(area) * RADIUS * (1 + 0.12 * np.cos(3 * angle))
    nodule = ndimage.gaussian_filter((np.hypot(down, across) <= reach).astype(float), 1.5)
    pixels = np.array([190.0, 140.0, 120.0]) + grain
    pixels += contrast * nodule[..., None] * np.array([30, 45, 40])
    return Photo(np.clip(light * pixels, 0, 255).astype(np.uint8))


def growth(**later):
    return compare_growth((photo(), photo(at=(84, 97), seed=2, **later)), SHIFT, PLACE)


@pytest.mark.parametrize("area", [0.6, 0.9, 1.0, 1.25, 1.6])
@pytest.mark.parametrize("light", [0.6, 1.0])
def test_a_nodule_tells_its_growth_in_any_light(area, light):
    found = growth(area=area, light=light)
    assert found.log_ratio == pytest.approx(np.log(area), abs=2 * found.log_sd)
    assert found.log_sd < 0.15


def test_an_unchanged_nodule_is_known_to_be_unchanged():
    found = growth()
    assert abs(found.log_ratio) < 0.05
    assert found.log_sd < 0.06


def test_a_place_where_the_nodule_is_gone_tells_nothing():
    assert growth(contrast=0.0) is None


def test_a_place_that_the_later_photo_cuts_off_tells_nothing():
    away = Alignment(AlignmentModel.HOMOGRAPHY, np.diag([1.0, 1.9, 1.0]), Quality.GOOD, 0.5)
    assert compare_growth((photo(), photo()), away, PLACE) is None
