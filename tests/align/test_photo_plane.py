"""Two photos with a scale are found on each other at any turn; strangers are not."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.align.photo_plane import align_on_plane
from cctrack.errors import AlignmentFailed
from cctrack.model import AxisScale, Photo, ScaleSource

SHAPE = (240, 320)
MM_PER_PX = 0.25


def skin(seed: int) -> np.ndarray:
    """Mottled skin on a larger field than any photo shows."""
    rng = np.random.default_rng(seed)
    field = sum(ndimage.gaussian_filter(rng.normal(size=(700, 700)), s) * s for s in (4, 8, 14))
    return 120 + 60 * field / np.abs(field).max()


def photograph(field: np.ndarray, turn_deg: float, shift: tuple[float, float], mm: float) -> Photo:
    """Photograph the middle of a field, turned and shifted, at some mm per px."""
    angle, zoom = np.deg2rad(turn_deg), mm / MM_PER_PX
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = (np.array(SHAPE) - 1) / 2
    offset = np.array([350.0, 350.0]) + shift - turn @ middle
    grey = ndimage.affine_transform(field, turn, offset, SHAPE, order=1)
    noise = np.random.default_rng(1).normal(scale=3, size=SHAPE)
    pixels = np.clip(grey + noise, 0, 255).astype(np.uint8)
    return Photo(np.stack([pixels] * 3, -1), scale=AxisScale((mm, mm), ScaleSource.GIVEN))


def where(point: tuple[float, float], turn_deg: float, shift: tuple[float, float], mm: float):
    """Place on the field of a photo's pixel."""
    angle, zoom = np.deg2rad(turn_deg), mm / MM_PER_PX
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn @ (np.array(point) - (np.array(SHAPE) - 1) / 2) + shift


NOTHING = (np.zeros(SHAPE, dtype=bool), np.zeros(SHAPE, dtype=bool))


@pytest.mark.parametrize("turn_deg", [0.0, 33.0, 178.0])
def test_a_turned_photo_at_another_distance_is_found(turn_deg):
    field, then, now = skin(3), (0.0, (0.0, 0.0), 0.25), (turn_deg, (15.0, -20.0), 0.3)
    alignment = align_on_plane(photograph(field, *then), photograph(field, *now), NOTHING)
    for point in ((100.0, 150.0), (140.0, 180.0)):
        (found,) = alignment.transform(np.array([point]))
        apart_mm = np.hypot(*(where(tuple(found), *now) - where(point, *then))) * MM_PER_PX
        assert apart_mm < 0.5


def test_photos_of_two_people_are_not_aligned():
    first, second = (photograph(skin(seed), 0.0, (0.0, 0.0), 0.25) for seed in (3, 4))
    with pytest.raises(AlignmentFailed, match="no turn and shift fits") as failure:
        align_on_plane(first, second, NOTHING)
    assert failure.value.alignment is not None


def test_a_photo_without_scale_cannot_be_laid_flat():
    photo = photograph(skin(3), 0.0, (0.0, 0.0), 0.25)
    with pytest.raises(AlignmentFailed, match="without a scale"):
        align_on_plane(photo, Photo(photo.pixels), NOTHING)
