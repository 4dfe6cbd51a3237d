"""Read an MR series: geometry as for CT, grey values without a unit."""

import numpy as np

from cctrack.io.found import Found
from cctrack.io.stored import rescaled
from cctrack.io.volume import Stack, decoded_slices, series_provenance
from cctrack.model import Mr


def read_mr(found: Found) -> Mr:
    """Decode an MR series; raises `UnreadableImage` as `cctrack.io.ct.read_ct`."""
    stack = Stack(found, np.float32)
    digests: list[str] = []
    for dataset, header, stored in decoded_slices(found, digests):
        stack.add(dataset, header, rescaled(dataset, stored).astype(np.float32), None)
    geometry = stack.geometry()
    return Mr(
        values=stack.values.astype(np.float32, copy=False),
        affine=geometry.affine,
        scale=geometry.scale,
        acquired=found.acquired,
        flags=geometry.flags | stack.flags,
        provenance=series_provenance(found, digests),
    )
