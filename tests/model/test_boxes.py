"""Finding each label in a label image."""

import numpy as np
import pytest
from scipy import ndimage

from cctrack.model.boxes import ROWS_AT_A_TIME, blank_labels, label_boxes


@pytest.mark.parametrize("shape", [(3 * ROWS_AT_A_TIME + 5, 40, 30), (70, 90), (2, 5, 6)])
def test_every_label_has_its_box_and_missing_numbers_have_none(shape):
    rng = np.random.default_rng(0)
    labels = np.zeros(shape, np.uint16)
    for number in (1, 2, 5, 9, 65_535):
        low = [int(rng.integers(0, length)) for length in shape]
        labels[tuple(slice(start, start + 1 + int(rng.integers(0, 20))) for start in low)] = number
    expected = ndimage.find_objects(labels)
    assert label_boxes(labels) == {n: box for n, box in enumerate(expected, start=1) if box}


def test_an_image_without_deposits_has_no_boxes():
    assert label_boxes(np.zeros((4, 5, 6), np.uint16)) == {}


def test_an_array_seen_backwards_keeps_its_places():
    labels = np.zeros((20, 8, 9), np.uint16)
    labels[3, 2:4, 5] = 7
    assert label_boxes(labels[::-1, :, ::-1]) == {7: (slice(16, 17), slice(2, 4), slice(3, 4))}


def test_a_blank_label_image_is_background_and_can_be_written_on():
    labels = blank_labels((3, 4, 5))
    assert labels.shape == (3, 4, 5)
    assert labels.dtype == np.uint16
    assert not labels.any()
    labels[1, 2, 3] = 9
    assert label_boxes(labels) == {9: (slice(1, 2), slice(2, 3), slice(3, 4))}
    assert blank_labels((0, 4, 5)).size == 0
