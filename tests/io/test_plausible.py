"""Values that pretend to be Hounsfield units are found out; honest ones of any patient pass."""

import numpy as np
import pytest

from cctrack.errors import UnreadableImage
from cctrack.io.image_types import hints_in
from cctrack.io.plausible import Offset, require_possible


def limb(shape=(64, 64)):
    """A limb in air: skin, fat, muscle, a bone."""
    row, column = np.indices(shape) - 32
    distance = np.hypot(row, column)
    hu = np.full(shape, -1000, np.int32)
    hu[distance < 24] = -100
    hu[distance < 20] = 50
    hu[distance < 8] = 1400
    return hu


def test_a_limb_and_a_limb_with_a_nail_are_possible():
    hu = limb()
    require_possible(hu, None)
    hu[30:33] = 30_000
    require_possible(hu, None)


@pytest.mark.parametrize("wrapped", [65_536, 4_096])
def test_air_that_came_out_bright_is_refused(wrapped):
    hu = limb()
    hu[hu < 0] += wrapped
    with pytest.raises(UnreadableImage) as caught:
        require_possible(hu, None)
    assert caught.value.because == "not_hounsfield"


def test_marked_padding_may_hold_anything():
    hu = limb()
    outside = hu == -1000
    hu[outside] = 60_000
    require_possible(hu, outside)
    require_possible(np.full((9, 9), 60_000), np.ones((9, 9), dtype=bool))


@pytest.mark.parametrize(("shift", "lost"), [(0, False), (1024, True)])
def test_a_series_without_any_air_or_fat_has_lost_its_offset(shift, lost):
    offset = Offset()
    offset.add((limb() + shift).astype(np.int16), None)
    if lost:
        with pytest.raises(UnreadableImage, match="offset"):
            offset.require_none()
    else:
        offset.require_none()


@pytest.mark.parametrize(
    ("device", "series", "hints"),
    [
        ("SOMATOM Force", "Hand 0.75 Br40", set()),
        ("Revolution CT", "MONO 70 keV", {"dual energy"}),
        ("IQon", "Iodine no Water", {"dual energy"}),
        ("IQon", "Abdomen with iodine contrast", set()),
        ("Planmed Verity", "Wrist", {"cone beam"}),
        ("Axiom Artis", "DynaCT Head", {"cone beam"}),
        ("Aquilion ONE", "Verity trial", set()),
    ],
)
def test_devices_and_series_are_known_by_name(device, series, hints):
    assert hints_in([device], [series]) == hints
