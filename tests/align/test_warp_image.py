"""The earlier picture lies on the later one exactly where its outline lies."""

import numpy as np
import pytest

from cctrack.align.warp import warp_labels
from cctrack.align.warp_image import warp_picture
from cctrack.model import Alignment, AlignmentModel, Bend, Quality

TILTED = np.array([[1.02, 0.05, 7.0], [-0.04, 0.98, -3.0], [1e-5, 2e-5, 1.0]])


def _aligned(matrix, bend=None):
    return Alignment(AlignmentModel.HOMOGRAPHY, matrix, Quality.GOOD, residual_px=0.0, bend=bend)


@pytest.mark.parametrize("bent", [False, True])
def test_a_deposit_is_carried_to_the_same_pixels_as_its_outline(bent):
    labels = np.zeros((300, 420), np.uint16)
    labels[100:140, 200:260] = 1
    shifts = np.broadcast_to([2.0, -1.5], (4, 5, 2))
    alignment = _aligned(TILTED, Bend(shifts, labels.shape) if bent else None)
    outline = warp_labels(labels, alignment, (310, 400)) > 0
    shown = warp_picture((labels * 255).astype(np.uint8), alignment, (310, 400)) > 127
    assert (outline != shown).sum() < 0.02 * outline.sum()


def test_a_scan_is_carried_slice_by_slice_and_is_air_beyond_its_end():
    hu = np.full((6, 20, 20), -1000, np.int16)
    hu[2, 8:12, 8:12] = 900
    matrix = np.eye(4)
    matrix[:3, 3] = 1.0, 2.0, 0.0
    carried = warp_picture(hu, _aligned(matrix), (8, 20, 20))
    assert carried[3, 11, 9] == 900
    assert carried[7].max() == -1000
    assert carried.dtype == np.int16
