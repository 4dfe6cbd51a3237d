"""Describe candidates and outlined deposits: how large they are, how deep, and where."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from cctrack.model import Ct, LabelArray, Outline
from cctrack.segment.ct.body import find_body
from cctrack.segment.ct.classify import Verdict
from cctrack.segment.ct.review import Candidates


@dataclass(frozen=True, slots=True)
class Described:
    """One candidate in words a reader can find it by.

    Attributes
    ----------
    label : int
    verdict : Verdict
    volume_mm3 : float
        Of its voxels above the threshold: for finding it, no measurement.
    depth_mm : float or None
        From the skin to its shallowest voxel; None where no skin is in the image.
    centroid_mm : (x, y, z)
        In patient coordinates, DICOM LPS.
    voxel : (slice, row, column)
        The voxel of the candidate that is nearest to its centroid.
    """

    label: int
    verdict: Verdict
    volume_mm3: float
    depth_mm: float | None
    centroid_mm: tuple[float, float, float]
    voxel: tuple[int, int, int]


def describe_candidates(candidates: Candidates, ct: Ct) -> Iterator[Described]:
    """Describe candidates, in the order of their labels.

    A candidate all of whose voxels went to a deposit on it is left out: there is nothing to see.
    """
    depths_mm = _depths_mm(candidates.labels, ct)
    sizes_mm3 = ct.scale.pixel_sizes(ct.shape)
    for label, box in enumerate(ndimage.find_objects(candidates.labels), start=1):
        if box is None:
            continue
        region = candidates.labels[box] == label
        voxels = np.argwhere(region) + [side.start for side in box]
        centroid = voxels.mean(axis=0)
        nearest = voxels[np.square(voxels - centroid).sum(axis=1).argmin()]
        x, y, z = (ct.affine @ np.array([*centroid, 1.0]))[:3]
        here = sizes_mm3[box[0]] if sizes_mm3.shape[0] > 1 else sizes_mm3
        yield Described(
            label,
            candidates.verdicts[label],
            float((region * here).sum()),
            depths_mm.get(label),
            (float(x), float(y), float(z)),
            (int(nearest[0]), int(nearest[1]), int(nearest[2])),
        )


def with_depths(outline: Outline, ct: Ct) -> Outline:
    """Return an outline of a CT that knows how deep under the skin its lesions lie."""
    return replace(outline, lesion_depth_mm=_depths_mm(outline.labels, ct))


def _depths_mm(labels: LabelArray, ct: Ct) -> dict[int, float]:
    body = find_body(ct)
    boxes = enumerate(ndimage.find_objects(labels), start=1)
    depths = {
        label: float(body.depth_in(box)[labels[box] == label].min())
        for label, box in boxes
        if box is not None
    }
    return {label: mm for label, mm in depths.items() if np.isfinite(mm)}
