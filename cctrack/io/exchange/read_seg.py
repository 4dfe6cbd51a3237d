"""Read a DICOM Segmentation as a reader's outline, once it is known to belong to the image."""

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import iter_pixels

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_values import integer, text, vector
from cctrack.io.exchange.derived import make_instance
from cctrack.io.exchange.grid import Grid, place_frame
from cctrack.io.exchange.person import ANONYMOUS, Person
from cctrack.io.exchange.sources import frame_of_reference
from cctrack.io.pixels import transfer_syntax
from cctrack.model import Because, Ct, FloatArray, Image, LabelArray, Mr, Photo, Radiograph
from cctrack.model.boxes import blank_labels

MAX_PIXELS = 1 << 32
"""All frames together, unpacked one by one: 500 slices of 512 x 512 px with 30 segments each."""

_OWN_NAME = re.compile(r"L([1-9][0-9]{0,4})")
"""What cctrack calls a lesion: it then keeps its number."""


def read_seg(dataset: Dataset, image: Image) -> LabelArray:
    """Put the segments of a file onto the grid of an image.

    Parameters
    ----------
    dataset : Dataset
        With its pixels.
    image : Image

    Returns
    -------
    uint16 array, shape of the image
        A segment is numbered as the lesion it is called after (``L3``), else by its own number.

    Raises
    ------
    UnreadableImage
        If it is of another image, its pixels are not those of the image, its segments overlap,
        or it says how likely a pixel is rather than whether.
    """
    _require_plain(dataset)
    numbers = lesion_numbers(dataset)
    if isinstance(image, (Ct, Mr)):
        if text(dataset, "FrameOfReferenceUID") != frame_of_reference(image):
            raise _other_image("frame of reference")
        return _fill_volume(dataset, image, numbers)
    _require_same_instance(dataset, image)
    return _fill_plane(dataset, image, numbers)


def lesion_numbers(dataset: Dataset) -> dict[int, int]:
    """Lesion of each segment: as it is called if all are called so, else the segment's number."""
    segments = {integer(item, "SegmentNumber"): item for item in dataset.SegmentSequence}
    names = {number: _OWN_NAME.fullmatch(_name(item)) for number, item in segments.items()}
    own = {number: int(name[1]) for number, name in names.items() if name is not None}
    fits = all(0 < lesion < 1 << 16 for lesion in own.values())
    if len(own) == len(segments) == len(set(own.values())) and fits:
        return own
    return {number: number for number in segments}


def _name(segment: Dataset) -> str:
    return text(segment, "TrackingID") or text(segment, "SegmentLabel")


def _require_plain(dataset: Dataset) -> None:
    if text(dataset, "SegmentationType").upper() not in ("BINARY", "LABELMAP"):
        raise UnreadableImage(
            Because.MASK, "a segmentation of fractions; one of whole pixels is needed"
        )
    frames, rows, columns = (
        integer(dataset, name) for name in ("NumberOfFrames", "Rows", "Columns")
    )
    if frames * rows * columns > MAX_PIXELS:
        raise UnreadableImage(Because.TOO_LARGE, "a segmentation of more than 4 gigapixels")


def _require_same_instance(dataset: Dataset, image: Photo | Radiograph) -> None:
    named = set(_referred(dataset))
    expected = {image.provenance.instance_uid} - {""}
    if not expected:
        # It was no DICOM: what it became depends on the name under which it was written.
        people = (ANONYMOUS, Person(text(dataset, "PatientID")))
        expected = {make_instance(image, person)[0].SOPInstanceUID for person in people}
    if not named & expected:
        raise _other_image("image")


def _referred(dataset: Dataset) -> Iterator[str]:
    """Yield the UID of every image a segmentation says it is of."""
    for series in dataset.get("ReferencedSeriesSequence") or ():
        for item in series.get("ReferencedInstanceSequence") or ():
            yield text(item, "ReferencedSOPInstanceUID")
    for groups in dataset.get("PerFrameFunctionalGroupsSequence") or ():
        for derivation in groups.get("DerivationImageSequence") or ():
            for item in derivation.get("SourceImageSequence") or ():
                yield text(item, "ReferencedSOPInstanceUID")


def _other_image(what: str) -> UnreadableImage:
    return UnreadableImage(Because.MASK, f"the segmentation is of another {what} than this one")


def _fill_plane(dataset: Dataset, image: Photo | Radiograph, numbers: dict[int, int]) -> LabelArray:
    labels = blank_labels(image.shape)
    for frame in _frames(dataset, numbers):
        if frame.shape != image.shape:
            needed = f"{image.shape} px"
            raise UnreadableImage(Because.MASK, f"a mask of {frame.shape} px for {needed}")
        _paint(labels, (frame > 0).nonzero(), frame[frame > 0])
    return labels


def _fill_volume(dataset: Dataset, image: Ct | Mr, numbers: dict[int, int]) -> LabelArray:
    labels = blank_labels(image.shape)
    grid = Grid.of(image)
    groups = dataset.PerFrameFunctionalGroupsSequence
    for frame, own in zip(_frames(dataset, numbers), groups, strict=True):
        here = np.nonzero(frame)
        if not len(here[0]):
            continue
        index = place_frame(grid, *_place(dataset, own), frame.shape).index_of(*here)
        if (index < 0).any() or (index >= np.array(image.shape)[:, None]).any():
            raise UnreadableImage(Because.MASK, "a segment reaches beyond the image")
        _paint(labels, tuple(index), frame[here])
    return labels


def _paint(labels: LabelArray, where: tuple[NDArray[np.intp], ...], values: LabelArray) -> None:
    taken = labels[where]
    if ((taken > 0) & (taken != values)).any():
        raise UnreadableImage(Because.MASK, "segments overlap; a pixel belongs to one lesion")
    labels[where] = values


def _frames(dataset: Dataset, numbers: dict[int, int]) -> Iterator[LabelArray]:
    """Yield each frame with the lesions' numbers as values."""
    table = np.zeros(1 << 16, dtype=np.uint16)
    for segment, lesion in numbers.items():
        table[segment] = lesion
    labelled = text(dataset, "SegmentationType").upper() == "LABELMAP"
    for pixels, segment in zip(_pixels(dataset), _segments(dataset), strict=True):
        yield table[pixels] if labelled else (pixels > 0) * table[segment]


def _pixels(dataset: Dataset) -> Iterator[NDArray[np.unsignedinteger]]:
    """Yield each frame as it is stored.

    Frames of one bit a pixel follow each other without a gap, so most begin within a byte: pydicom
    reads them frame by frame only where they do not.
    """
    if integer(dataset, "BitsAllocated") != 1 or transfer_syntax(dataset).is_encapsulated:
        yield from iter_pixels(dataset)
        return
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    packed, count = np.frombuffer(dataset.PixelData, np.uint8), rows * columns
    for start in range(0, integer(dataset, "NumberOfFrames") * count, count):
        whole = packed[start // 8 : -(-(start + count) // 8)]
        bits = np.unpackbits(whole, bitorder="little")[start % 8 :][:count]
        yield bits.reshape(rows, columns)


def _segments(dataset: Dataset) -> list[int]:
    """Segment number of each frame; 0 in a label map, where it is a pixel's value."""
    shared = _shared(dataset, "SegmentIdentificationSequence")
    found = []
    for groups in dataset.PerFrameFunctionalGroupsSequence:
        item = (groups.get("SegmentIdentificationSequence") or shared or [None])[0]
        found.append(integer(item, "ReferencedSegmentNumber") if item is not None else 0)
    return found


def _place(dataset: Dataset, groups: Dataset) -> tuple[FloatArray, FloatArray]:
    """First pixel's centre, and the steps to the next row and column, in mm."""

    def stated(sequence: str, name: str, length: int) -> FloatArray:
        item = (groups.get(sequence) or _shared(dataset, sequence) or [Dataset()])[0]
        values = vector(item, name, length)
        if values is None:
            raise UnreadableImage(Because.MASK, f"a segmentation without {name}")
        return np.array(values)

    corner = stated("PlanePositionSequence", "ImagePositionPatient", 3)
    cosines = stated("PlaneOrientationSequence", "ImageOrientationPatient", 6)
    spacing = stated("PixelMeasuresSequence", "PixelSpacing", 2)
    return corner, np.array([cosines[3:] * spacing[0], cosines[:3] * spacing[1]])


def _shared(dataset: Dataset, sequence: str) -> list[Dataset] | None:
    groups = dataset.get("SharedFunctionalGroupsSequence") or [Dataset()]
    found: list[Dataset] | None = groups[0].get(sequence)
    return found
