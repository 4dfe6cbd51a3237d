"""Calcium-free limbs of real patients: whatever is outlined on them is a false find."""

from pathlib import Path

import pytest

from cctrack.io import read_one
from cctrack.model import Flag
from cctrack.segment.ct import outline_ct

DATA = Path(__file__).parents[2].parent / "shared" / "data"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real example images are not here")


@pytest.mark.parametrize(
    ("folder", "flags"),
    [
        ("ct-limb/STS_005", {Flag.METAL}),  # saturated at the edge of the field
        ("ct-limb/STS_012", set()),
        ("ct-limb/STS_023", set()),
        ("export-mixed-modalities/CT/image", set()),
    ],
)
def test_bone_table_contrast_and_streaks_are_no_deposits(folder, flags):
    outline = outline_ct(read_one(DATA / folder))
    assert outline.lesions == ()
    assert outline.flags >= flags
    assert (Flag.METAL in outline.flags) == (Flag.METAL in flags)
