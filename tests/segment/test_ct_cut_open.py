"""A bone that the field of view cuts open is bone still, and a stone that it cuts is a stone."""

import numpy as np

from cctrack.model import Acquisition, AxisScale, Ct, ScaleSource
from cctrack.segment.ct.bone import has_marrow
from cctrack.segment.ct.candidates import Candidate

SPACING_MM = (1.0, 0.5, 0.5)
SHAPE = (20, 60, 60)
_, ROW, COLUMN = np.indices(SHAPE)
FROM_MIDDLE = np.hypot(ROW - 30, COLUMN - 30)


def marrow_is_seen(solid, outside):
    hu = np.where(outside, -2000, np.where(solid, 900, 40)).astype(np.int16)
    scale = AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS)
    made = Acquisition(120.0, "STANDARD", 1.0)
    ct = Ct(hu, np.diag([*SPACING_MM, 1.0]), scale, made, padding=outside)
    region = solid & ~outside
    box = tuple(slice(int(x.min()), int(x.max()) + 1) for x in np.nonzero(region))
    mm3 = float(region.sum()) * 0.25
    return has_marrow(Candidate(1, box, region[box], mm3, (20.0, 10.0, 10.0), cut=False), ct)


def test_a_phalanx_cut_open_by_the_field_has_marrow():
    shaft = (FROM_MIDDLE <= 10) & (FROM_MIDDLE >= 6)
    assert marrow_is_seen(shaft, COLUMN - ROW < -4)
    assert marrow_is_seen(shaft, COLUMN < 0)  # whole, as before


def test_a_stone_cut_by_the_field_has_none():
    assert not marrow_is_seen(FROM_MIDDLE <= 8, COLUMN - ROW < -4)
    assert not marrow_is_seen(FROM_MIDDLE <= 8, COLUMN < 0)
