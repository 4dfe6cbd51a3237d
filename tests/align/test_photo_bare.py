"""Bare skin where the other photo shows a deposit proves that it came or went; doubt does not."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.align.photo import shows_bare_skin
from cctrack.model import Alignment, AlignmentModel, Photo, Quality

ROWS, COLUMNS = np.mgrid[:160, :200].astype(float)
SAME = Alignment(AlignmentModel.HOMOGRAPHY, np.eye(3), Quality.GOOD, 0.5)
PLACE = np.hypot(ROWS - 80, COLUMNS - 100) <= 16
SKIN = np.ones((160, 200), bool)


def photo(seed, contrast, *, shade=0.0):
    """Skin with a nodule of some contrast, light falling off to one side."""
    grain = np.random.default_rng(seed).normal(0, 3, (160, 200, 3))
    pale = ndimage.gaussian_filter(PLACE.astype(float), 1.5)[..., None] * np.array([30, 45, 40])
    light = 1.0 - shade * COLUMNS[..., None] / 200
    pixels = light * (np.array([190.0, 140.0, 120.0]) + grain + contrast * pale)
    return Photo(np.clip(pixels, 0, 255).astype(np.uint8))


def bare(contrast, *, here=1.0, shade=0.0, skin=SKIN):
    photos = photo(1, here), photo(2, contrast, shade=shade)
    return shows_bare_skin(photos, SAME, PLACE, skin)


@pytest.mark.parametrize("shade", [0.0, 0.4])
def test_a_place_where_a_nodule_is_gone_is_bare_in_any_light(shade):
    assert bare(0.0, shade=shade)


@pytest.mark.parametrize("contrast", [0.4, 0.7, 1.0])
def test_a_faint_nodule_is_no_bare_skin(contrast):
    assert not bare(contrast)


def test_a_place_below_a_ruler_is_not_said_to_be_bare():
    covered = SKIN.copy()
    covered[:, 110:] = False
    assert not bare(0.0, skin=covered)


def test_a_blemish_that_hardly_stands_out_proves_nothing():
    assert not bare(0.0, here=0.2)
