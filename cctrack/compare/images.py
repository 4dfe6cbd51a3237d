"""Whether two images of one site may be compared: their kind, field, scale and making."""

from cctrack.compare.comparability import (
    Comparability,
    combine,
    compare_coverage,
    compare_scales,
)
from cctrack.compare.scans import compare_scans
from cctrack.model import Ct, Image, Method


def compare_images(
    before: Image, after: Image, *, coverage: float = 1.0, method: Method = Method.PARTIAL_VOLUME
) -> Comparability:
    """Compare how two images of one site were made.

    Parameters
    ----------
    before, after : Image
    coverage : float
        Share of the smaller field that both images show, 0–1.
    method : Method
        How volumes are measured; it decides how much a different reconstruction matters.
    """
    if before.modality is not after.modality:
        return Comparability(obstacle="The two images are of different kinds.")
    if isinstance(before, Ct) and isinstance(after, Ct):
        made = compare_scans(before, after, method=method)
    else:
        made = compare_scales(before.scale, after.scale)
    return combine(compare_coverage(coverage), made)
