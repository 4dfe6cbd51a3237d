"""The step of colour from skin into a deposit tells it again, in whatever light."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.align.photo import same_step, step_of
from cctrack.model import Photo

ROWS, COLUMNS = np.mgrid[:160, :200].astype(float)
PLACE = np.hypot(ROWS - 80, COLUMNS - 100) <= 16
SKIN = np.ones((160, 200), bool)
CHALK = np.array([30.0, 45.0, 40.0])


def photo(seed, step, *, light=1.0, shade=0.0):
    """Skin with a disc of another colour, light falling off to one side."""
    grain = np.random.default_rng(seed).normal(0, 3, (160, 200, 3))
    disc = ndimage.gaussian_filter(PLACE.astype(float), 1.5)[..., None] * step
    lit = light * (1.0 - shade * COLUMNS[..., None] / 200)
    pixels = lit * (np.array([190.0, 140.0, 120.0]) + grain + disc)
    return Photo(np.clip(pixels, 0, 255).astype(np.uint8))


def steps_alike(step, **lit):
    one = step_of(photo(1, CHALK), PLACE, SKIN)
    return same_step(one, step_of(photo(2, step, **lit), PLACE, SKIN))


@pytest.mark.parametrize(("light", "shade"), [(1.0, 0.0), (0.6, 0.0), (1.0, 0.4)])
def test_a_nodule_steps_alike_in_any_light(light, shade):
    assert steps_alike(CHALK, light=light, shade=shade)


@pytest.mark.parametrize("left", [0.0, 0.4])
def test_bare_skin_and_a_faint_mark_do_not_step_like_the_nodule_that_was_there(left):
    assert not steps_alike(left * CHALK)


def test_pigment_steps_the_other_way():
    assert not steps_alike(-CHALK)


def test_redness_is_another_colour_than_chalk():
    assert not steps_alike(np.array([40.0, -10.0, -10.0]))


def test_a_place_beside_a_scale_tells_nothing():
    covered = SKIN.copy()
    covered[:] = PLACE
    assert step_of(photo(1, CHALK), PLACE, covered) is None
