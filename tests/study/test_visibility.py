"""What one of two photos does not show has neither come nor gone."""

import numpy as np

from cctrack.model import Alignment, AlignmentModel, Quality
from cctrack.study.visibility import lesions_beside, lesions_covered, lesions_out_of_frame

SHIFTED = Alignment(
    AlignmentModel.HOMOGRAPHY, np.array([[1.0, 0, 5], [0, 1, 10], [0, 0, 1]]), Quality.GOOD, 0.5
)
LABELS = np.zeros((60, 80), np.uint16)
LABELS[10:20, 10:20] = 1
LABELS[40:50, 55:65] = 2


def cover(rows, columns):
    lies = np.zeros((60, 80), bool)
    lies[rows, columns] = True
    return lies


def test_a_lesion_below_the_scale_of_the_other_photo_is_not_shown_there():
    card = cover(np.s_[10:30], np.s_[15:35])
    assert lesions_covered(LABELS, SHIFTED, card) == {1}


def test_a_lesion_of_which_the_scale_hides_a_part_would_seem_to_shrink():
    card = cover(np.s_[45:60], np.s_[73:80])
    assert lesions_covered(LABELS, SHIFTED, card) == {2}


def test_a_scale_beside_the_lesions_hides_none():
    assert lesions_covered(LABELS, SHIFTED, cover(np.s_[:], np.s_[32:60])) == frozenset()
    assert lesions_covered(LABELS, SHIFTED, None) == frozenset()


def test_a_lesion_beyond_the_frame_is_not_shown():
    assert lesions_out_of_frame(LABELS, SHIFTED.matrix, (60, 70)) == {2}


def test_a_lesion_that_ends_at_a_scale_may_go_on_below_it():
    assert lesions_beside(LABELS, cover(np.s_[10:20], np.s_[20:30])) == {1}
    assert lesions_beside(LABELS, cover(np.s_[10:20], np.s_[26:36])) == frozenset()
