"""Whether two photos show the same at one place, in whatever light."""

import numpy as np
import pytest

from cctrack.align.photo import compare_places
from cctrack.model import Alignment, AlignmentModel, Photo, Quality

ROWS, COLUMNS = np.mgrid[:120, :160]
SHIFT = Alignment(
    AlignmentModel.HOMOGRAPHY,
    np.array([[1.0, 0.0, 5.0], [0.0, 1.0, -3.0], [0.0, 0.0, 1.0]]),
    Quality.GOOD,
    0.5,
)
PLACE = (ROWS - 60) ** 2 + (COLUMNS - 80) ** 2 <= 15**2


def skin(seed, radius, *, light=1.0, at=(60, 80)):
    """Skin with a pale nodule."""
    grain = np.random.default_rng(seed).normal(0, 3, (120, 160, 3))
    pixels = np.array([190.0, 140.0, 120.0]) + grain
    nodule = (ROWS - at[0]) ** 2 + (COLUMNS - at[1]) ** 2 <= radius**2
    pixels[nodule] += (30, 45, 40)
    return Photo(np.clip(light * pixels, 0, 255).astype(np.uint8))


def likeness(later):
    return compare_places((skin(1, 15), later), SHIFT, PLACE)


@pytest.mark.parametrize("light", [0.5, 1.0])
def test_a_nodule_that_is_still_there_looks_the_same_in_any_light(light):
    assert likeness(skin(2, 15, light=light, at=(65, 77))).alike


def test_a_nodule_that_is_gone_or_half_gone_does_not():
    assert not likeness(skin(2, 0)).alike
    assert not likeness(skin(2, 9, at=(65, 77))).alike


def test_a_place_that_the_later_photo_cuts_off_is_not_judged():
    away = Alignment(AlignmentModel.HOMOGRAPHY, np.diag([1.0, 1.9, 1.0]), Quality.GOOD, 0.5)
    assert not compare_places((skin(1, 15), skin(1, 15)), away, PLACE).alike
