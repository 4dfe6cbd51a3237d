"""Write a Labels layer as a mask that cctrack takes with ``--mask``."""

from pathlib import Path
from typing import Any

import numpy as np

from cctrack.io.tables import png_bytes, write_bytes


def write_labels(path: str, data: Any, meta: dict[str, Any]) -> list[str]:
    """Write two-dimensional labels as PNG of 16 bits.

    Parameters
    ----------
    path : str
    data : integer array (rows, columns)
    meta : dict
        Of the layer; not used, a mask is on the image's own grid.

    Returns
    -------
    list of str
        The path that was written.

    Raises
    ------
    ValueError
        If the labels have another number of axes, or a value does not fit 16 bits: a scan's
        outline is kept with its geometry in the study instead.
    """
    del meta
    labels = np.asarray(data)
    if labels.ndim != 2:
        raise ValueError("Labels of a photo or film are needed; a scan's are kept in its study.")
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < 1 << 16:
        raise ValueError("Labels must lie between 0 and 65535.")
    write_bytes(Path(path), png_bytes(labels.astype(np.uint16)))
    return [path]
