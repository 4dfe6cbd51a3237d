"""Read an MR series: geometry as for CT, grey values without a unit."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cctrack.io.found import Found
from cctrack.io.stored import rescaled
from cctrack.io.volume import Stack, decoded_slices
from cctrack.model import Mr


def read_mr(found: Found) -> Mr:
    """Decode an MR series; raises `UnreadableImage` as `cctrack.io.ct.read_ct`."""
    stack = Stack(found, np.float32)
    for piece in decoded_slices(found, _values):
        stack.add(piece)
    geometry = stack.geometry()
    return Mr(
        values=stack.values.astype(np.float32, copy=False),
        affine=geometry.affine,
        scale=geometry.scale,
        acquired=found.acquired,
        flags=geometry.flags | stack.flags,
        provenance=stack.provenance,
    )


def _values(dataset: Dataset, stored: NDArray[np.generic]) -> tuple[NDArray[np.float32], None]:
    return rescaled(dataset, stored).astype(np.float32), None
