import numpy as np
import pytest

from cctrack.align.warp import warp_labels
from cctrack.model import Alignment, AlignmentModel, Bend, Quality


def _alignment(matrix, **more):
    return Alignment(AlignmentModel.AFFINE, np.asarray(matrix, float), Quality.GOOD, 0.0, **more)


def _shift(*by):
    matrix = np.eye(len(by) + 1)
    matrix[:-1, -1] = by
    return matrix


def test_labels_move_with_the_skin():
    labels = np.zeros((40, 50), np.uint16)
    labels[5:10, 8:12] = 3
    warped = warp_labels(labels, _alignment(_shift(10, -4)), (60, 45))
    assert warped.shape == (60, 45)
    assert set(np.unique(warped)) == {0, 3}
    np.testing.assert_array_equal(np.argwhere(warped), np.argwhere(labels) + np.array([10, -4]))


def test_a_volume_moves_too():
    labels = np.zeros((6, 20, 20), np.uint16)
    labels[1:3, 4:7, 5:9] = 2
    warped = warp_labels(labels, _alignment(_shift(2, 3, -1)), (9, 30, 30))
    np.testing.assert_array_equal(np.argwhere(warped), np.argwhere(labels) + np.array([2, 3, -1]))


def test_each_lesion_follows_its_own_patch():
    labels = np.zeros((50, 50), np.uint16)
    labels[5:8, 5:8] = 1
    labels[30:33, 30:33] = 2
    warped = warp_labels(labels, _alignment(np.eye(3), patches={2: _shift(5, 0)}), (50, 50))
    assert warped[6, 6] == 1
    assert warped[36, 31] == 2
    assert warped[31, 31] == 0


def test_a_magnified_disc_keeps_its_area_ratio():
    row, column = np.indices((100, 100))
    labels = ((row - 50) ** 2 + (column - 45) ** 2 < 30**2).astype(np.uint16)
    warped = warp_labels(labels, _alignment(np.diag([2.0, 2.0, 1.0])), (200, 200))
    assert warped.sum() / labels.sum() == pytest.approx(4.0, rel=0.01)


def test_a_lesion_outside_the_followup_is_cut_off():
    labels = np.zeros((20, 20), np.uint16)
    labels[2:5, 2:5] = 1
    assert not warp_labels(labels, _alignment(_shift(-50, 0)), (20, 20)).any()


def test_a_small_deposit_is_not_buried_below_a_large_one():
    labels = np.zeros((40, 40), np.uint16)
    labels[2:4, 2:4] = 1
    labels[10:30, 10:30] = 2
    warped = warp_labels(labels, _alignment(np.eye(3), patches={1: _shift(15, 15)}), (40, 40))
    assert (warped == 1).sum() == 4


def test_axes_must_agree():
    with pytest.raises(ValueError, match="axes"):
        warp_labels(np.zeros((5, 5), np.uint16), _alignment(np.eye(4)), (5, 5))


def test_a_lesion_goes_with_the_bend_of_its_skin():
    shifts = np.zeros((3, 3, 2))
    shifts[..., 0] = np.array([[0.0], [4.0], [8.0]])
    labels = np.zeros((101, 101), np.uint16)
    labels[47:54, 47:54] = 5
    alignment = _alignment(np.eye(3), bend=Bend(shifts, (101, 101)))
    warped = warp_labels(labels, alignment, (101, 101))
    assert abs(np.argwhere(warped == 5).mean(axis=0)[0] - 54) < 0.5
