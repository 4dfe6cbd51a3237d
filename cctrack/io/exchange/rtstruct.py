"""Read the contours of an RTSTRUCT as a reader's outline."""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_values import finite, integer, numbers, text, texts
from cctrack.io.exchange.grid import BESIDE_SLICE, Grid
from cctrack.io.exchange.sources import frame_of_reference
from cctrack.model import Because, Ct, FloatArray, Image, LabelArray, Mr
from cctrack.model.boxes import blank_labels

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
"""Contours that enclose something (PS3.3 C.8.8.6); points and open lines do not."""

FEWEST_SLICES = 3
"""Contours on so many slices with one left out between each two are an outline with gaps."""

_OWN_NAME = re.compile(r"L([1-9][0-9]{0,4})")


def read_rtstruct(dataset: Dataset, image: Image) -> LabelArray:
    """Fill the contours of every region on the slices of a volume.

    A pixel belongs to a region when its centre lies inside; where contours of one region lie in
    each other, the inner one is a hole, also when a keyhole joins them.

    Parameters
    ----------
    dataset : Dataset
    image : Image
        A CT or MR.

    Returns
    -------
    uint16 array, shape of the image
        Regions called after lesions (``L3``) keep their number; else they are counted from 1 in the
        file's order.

    Raises
    ------
    UnreadableImage
        If it is of another image, its contours do not lie on the image's slices, leave slices
        out, or overlap.
    """
    if not isinstance(image, (Ct, Mr)):
        raise UnreadableImage(Because.MASK, "an RTSTRUCT outlines CT or MR only")
    grid, labels = Grid.of(image), blank_labels(image.shape)
    regions = _regions(dataset, frame_of_reference(image))
    for number, contours in _numbered(regions).items():
        for place, outlines in _by_slice(grid, contours).items():
            inside = fill_contours(outlines, image.shape[1:])
            if (labels[place][inside] > 0).any():
                raise UnreadableImage(Because.MASK, "regions overlap; a pixel has one lesion")
            labels[place][inside] = number
    return labels


def fill_contours(contours: Sequence[FloatArray], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Find the pixels whose centres lie inside an odd number of contours.

    Each edge counts from its upper end up to, not including, its lower one, so that neighbours
    share no pixel and leave none out, and the area of many contours is right on average.

    Parameters
    ----------
    contours : sequence of array (n, 2)
        Corners as (row, column) in px.
    shape : (int, int)

    Examples
    --------
    >>> square = np.array([[0.5, 0.5], [0.5, 2.5], [2.5, 2.5], [2.5, 0.5]])
    >>> int(fill_contours([square], (4, 4)).sum())
    4
    """
    toggles = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    for contour in contours:
        for start, end in zip(contour, np.roll(contour, -1, axis=0), strict=True):
            (top, left), (bottom, right) = sorted((tuple(start), tuple(end)))
            rows = np.arange(max(0, int(np.ceil(top))), min(shape[0], int(np.ceil(bottom))))
            if not len(rows):
                continue
            crossing = left + (rows - top) * (right - left) / (bottom - top)
            first = np.clip(np.ceil(crossing), 0, shape[1]).astype(np.intp)
            np.add.at(toggles, (rows, first), 1)
    inside: NDArray[np.bool_] = np.cumsum(toggles, axis=1)[:, :-1] % 2 == 1
    return inside


def _regions(dataset: Dataset, frame_uid: str) -> list[tuple[str, list[FloatArray]]]:
    """Name and contours (n, 3) in mm of every region that encloses something."""
    items = dataset.get("StructureSetROISequence") or ()
    known = {integer(item, "ROINumber"): item for item in items}
    found = []
    for region in dataset.get("ROIContourSequence") or ():
        contours = _closed(region)
        item = known.get(integer(region, "ReferencedROINumber"), Dataset())
        if not contours:
            continue
        if text(item, "ReferencedFrameOfReferenceUID") != frame_uid:
            raise UnreadableImage(Because.MASK, "the contours are of another frame of reference")
        found.append((text(item, "ROIName"), contours))
    if not found:
        raise UnreadableImage(Because.MASK, "the RTSTRUCT encloses nothing")
    return found


def _closed(region: Dataset) -> list[FloatArray]:
    contours = []
    for contour in region.get("ContourSequence") or ():
        if text(contour, "ContourGeometricType").upper() not in CLOSED:
            continue
        values = finite(numbers(texts(contour, "ContourData")))
        if values is None or len(values) % 3 or len(values) < 9:
            raise UnreadableImage(Because.MASK, "a contour without three points or more")
        contours.append(np.array(values).reshape(-1, 3))
    return contours


def _numbered(regions: list[tuple[str, list[FloatArray]]]) -> dict[int, list[FloatArray]]:
    names = [_OWN_NAME.fullmatch(name) for name, _ in regions]
    own = [int(name[1]) for name in names if name is not None]
    if len(own) == len(set(own)) == len(regions) and max(own) < 1 << 16:
        return {number: contours for number, (_, contours) in zip(own, regions, strict=True)}
    return {number: contours for number, (_, contours) in enumerate(regions, start=1)}


def _by_slice(grid: Grid, contours: list[FloatArray]) -> dict[int, list[FloatArray]]:
    """Sort contours by the slice they lie on, as (row, column) px."""
    found: dict[int, list[FloatArray]] = defaultdict(list)
    for contour in contours:
        index = grid.index_of(contour)
        places = [grid.nearest_slice(float(place)) for place in index[:, 0]]
        if max(away for _, away in places) > BESIDE_SLICE or len({n for n, _ in places}) > 1:
            raise UnreadableImage(Because.MASK, "contours lie between the slices of the image")
        inside = (index[:, 1:] > -1).all() and (index[:, 1:] < np.array(grid.shape[1:])).all()
        if not inside:
            raise UnreadableImage(Because.MASK, "a contour reaches beyond the image")
        found[places[0][0]].append(index[:, 1:])
    _require_gapless(sorted(found))
    return found


def _require_gapless(slices: list[int]) -> None:
    """Refuse an outline on every second or third slice: what lies between would not count."""
    steps = np.diff(slices)
    if len(slices) >= FEWEST_SLICES and int(steps.min()) > 1:
        raise UnreadableImage(
            Because.MASK, f"contours on every {int(steps.min())}. slice only; all are needed"
        )
