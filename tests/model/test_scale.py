"""A pixel's size follows from its scale, and a scale that cannot be is refused."""

import numpy as np
import pytest

from cctrack.model import AxisScale, PlaneHomography, ScaleSource, SliceExtents


def test_a_flat_photo_has_the_same_area_everywhere():
    matrix = np.diag([0.1, 0.2, 1.0])
    scale = PlaneHomography(matrix, (40, 60), ScaleSource.MARKER)
    assert np.allclose(scale.pixel_sizes((40, 60)), 0.02)
    assert scale.mean_mm == pytest.approx((0.1, 0.2))


def test_a_tilted_photo_sums_to_the_area_of_its_outline_on_the_plane():
    matrix = np.array([[0.1, 0.01, 3.0], [0.0, 0.12, 1.0], [0.0004, -0.0002, 1.0]])
    scale = PlaneHomography(matrix, (200, 300), ScaleSource.MARKER)
    corners = np.array([[-0.5, -0.5], [-0.5, 299.5], [199.5, 299.5], [199.5, -0.5]])
    x, y = scale.to_mm(corners).T
    shoelace = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert scale.pixel_sizes((200, 300)).sum() == pytest.approx(shoelace, rel=1e-4)


def test_each_uneven_slice_counts_with_its_own_extent():
    scale = SliceExtents(0.5, 0.5, (1.0, 4.0, 7.0))
    assert scale.pixel_sizes((3, 9, 9)).ravel() == pytest.approx([0.25, 1.0, 1.75])


@pytest.mark.parametrize("spacing", [0.0, -0.1, float("nan"), float("inf")])
def test_a_spacing_that_cannot_be_is_refused(spacing):
    with pytest.raises(ValueError, match="must be positive and finite"):
        AxisScale((spacing, 0.1), ScaleSource.DETECTOR)


def test_a_scale_of_another_image_is_not_used():
    scale = PlaneHomography(np.eye(3), (10, 10), ScaleSource.MARKER)
    with pytest.raises(ValueError, match="used on an image of"):
        scale.pixel_sizes((10, 11))
