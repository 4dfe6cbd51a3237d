"""A deposit that was cut from bone says so, and one that was missed there is allowed for."""

import numpy as np

from cctrack.model import Acquisition, AxisScale, Ct, ScaleSource
from cctrack.segment.ct.outline import cut_from_bone, outline_labels


def scan(bright):
    hu = np.where(bright, 600, 30).astype(np.int16)
    scale = AxisScale((1.0, 0.5, 0.5), ScaleSource.SLICE_POSITIONS)
    return Ct(hu, np.eye(4), scale, Acquisition(120.0, "STANDARD", 1.0))


def test_a_stone_on_a_shaft_was_cut_from_it_and_one_in_fat_was_not():
    bright = np.zeros((12, 40, 40), bool)
    bright[:, 5:12, :] = True  # the shaft
    bright[3:9, 12:20, 5:14] = True  # a stone on it
    bright[3:9, 28:36, 24:33] = True  # a stone in fat
    labels = np.zeros(bright.shape, np.uint16)
    labels[3:9, 12:20, 5:14] = 1
    labels[3:9, 28:36, 24:33] = 2
    assert cut_from_bone(labels, scan(bright), 130.0) == [1]


def test_two_deposits_side_by_side_are_no_bone_to_each_other():
    bright = np.zeros((8, 20, 30), bool)
    bright[2:6, 5:15, 5:25] = True
    labels = np.zeros(bright.shape, np.uint16)
    labels[2:6, 5:15, 5:15] = 1
    labels[2:6, 5:15, 15:25] = 2
    assert cut_from_bone(labels, scan(bright), 130.0) == []


def test_a_missed_deposit_makes_a_small_total_less_sure_than_a_large_one():
    sds = []
    for side in (4, 16):
        labels = np.zeros((20, 40, 40), np.uint16)
        labels[2 : 2 + side, 2 : 2 + side, 2 : 2 + side] = 1
        sds.append(outline_labels(labels, scan(labels > 0), frozenset()).selection_log_sd)
    small, large = sds
    assert small > np.log(2)  # 16 mm³, of which 50 mm³ may be missing
    assert 0.07 < large < 0.1  # 1,024 mm³
