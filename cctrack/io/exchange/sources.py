"""What is known of the DICOM instances an image was read from: enough to refer to and lie on them.

Each slice becomes one small header, also a frame of a multi-frame file. The headers hold what
is named here and nothing else, so that nothing a person typed in can travel on.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter

import numpy as np
import pydicom
from pydicom import Dataset
from pydicom.valuerep import format_number_as_ds

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.dicom_file import inflated
from cctrack.io.dicom_header import Place, read_place
from cctrack.io.dicom_values import integer, numbers, text, texts
from cctrack.io.enhanced import expand, is_enhanced
from cctrack.io.exchange.grid import Grid
from cctrack.io.exchange.person import Person, put_person
from cctrack.io.exchange.uids import derived_uid
from cctrack.io.found import Found, Member
from cctrack.io.pacs.instance import is_uid
from cctrack.io.shield import shielded
from cctrack.io.volume import same_place
from cctrack.model import AxisScale, Because, Ct, Image, Mr, SliceExtents

UNDATED = "19000101"
"""ContentDate of a result whose image has no date: the element must not be empty."""

_UIDS = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")

_METHOD = re.compile("[A-Z]{2,4}_[0-9_]{1,10}")
"""Form of the defined terms of LossyImageCompressionMethod (PS3.3 C.7.6.1.1.5.1)."""

_ORIENTATIONS = frozenset("APRLHF")
"""Letters of PatientOrientation (PS3.3 C.7.6.1.1.1)."""


@dataclass(frozen=True, slots=True, eq=False)
class SourceSlice:
    """One slice, film or photo as an instance that can be referred to.

    Attributes
    ----------
    header : Dataset
        As of a classic image of one frame.
    frame : int or None
        Number within a multi-frame instance, from 1.
    """

    header: Dataset
    frame: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """The instances of one image.

    Attributes
    ----------
    slices : tuple of SourceSlice
        One for each slice of the image, in its order; one in all for a film or photo.
    thickness_mm : tuple of float
        Extent of each slice along the normal; empty for a film or photo.
    even : bool
        Whether they are all the same.
    """

    slices: tuple[SourceSlice, ...]
    thickness_mm: tuple[float, ...] = ()
    even: bool = True

    @property
    def first(self) -> Dataset:
        """Header that names study and series."""
        return self.slices[0].header

    @property
    def frame_uid(self) -> str:
        """Frame of Reference UID; empty for a film or photo."""
        return text(self.first, "FrameOfReferenceUID")


def read_source(found: Found, image: Image, person: Person) -> Source:
    """Read again what names and places the slices of an image.

    Parameters
    ----------
    found : Found
        What the image was read from.
    image : Image
        With its scale.
    person : Person

    Raises
    ------
    UnreadableImage
        If an instance has no valid UIDs, or the files changed since they were measured.
    """
    return shielded(
        lambda: _read(found, image, person), Because.INCONSISTENT_SERIES, "no usable header"
    )


def frame_of_reference(image: Ct | Mr) -> str:
    """Frame of reference of a volume; one of its series' own where the files name none."""
    said = image.provenance.frame_uid
    series_uid = image.provenance.series_uid
    return said if is_uid(said) else derived_uid("frame of reference", series_uid)


def _read(found: Found, image: Image, person: Person) -> Source:
    described = _described(found)
    if not isinstance(image, (Ct, Mr)):
        header = _header(described[0][0], image, person)
        if isinstance(image.scale, AxisScale):
            header.PixelSpacing = [format_number_as_ds(value) for value in image.scale.mm]
        return Source((SourceSlice(header),))
    places = _without_repeats(described)
    _require_measured(image, [place for _, _, place in places])
    extents, even = _extents_of(image)
    slices = tuple(
        SourceSlice(_slice_header(dataset, image, person, place, extent), frame)
        for (dataset, frame, place), extent in zip(places, extents, strict=True)
    )
    if even:
        for item in slices:
            item.header.SpacingBetweenSlices = format_number_as_ds(extents[0])
    return Source(slices, extents, even)


def _require_measured(image: Ct | Mr, places: list[Place]) -> None:
    """Make sure that the slices are those of the image, each where it was."""
    if len(places) != image.shape[0]:
        detail = f"{len(places)} slices now, {image.shape[0]} when they were measured"
        raise UnreadableImage(Because.INCONSISTENT_SERIES, detail)
    grid = Grid.of(image)
    along = grid.index_of(np.array([place.position for place in places], dtype=np.float64))[:, 0]
    for number, place in enumerate(along):
        if grid.nearest_slice(float(place))[0] != number:
            detail = "the slices do not lie where they did when they were measured"
            raise UnreadableImage(Because.INCONSISTENT_SERIES, detail)


def _extents_of(image: Ct | Mr) -> tuple[tuple[float, ...], bool]:
    """Extent of each slice in mm from the positions, whatever the headers say."""
    if isinstance(image.scale, SliceExtents):
        return image.scale.extents_mm, False
    return (image.scale.mean_mm[0],) * image.shape[0], True


def _described(found: Found) -> list[tuple[Dataset, int | None]]:
    """Attributes of each slice, and its frame in a file of several, in the order of the scan."""
    with MemberReader() as reader:
        return [
            slice_
            for member, places in groupby(found.slices(), key=itemgetter(0))
            for slice_ in _of_file(reader.read(member), member, [frame for _, frame in places])
        ]


def _of_file(
    data: bytes, member: Member, frames: list[int]
) -> Iterator[tuple[Dataset, int | None]]:
    stream = io.BytesIO(inflated(data))
    whole = pydicom.dcmread(stream, stop_before_pixels=True, force=True)
    if not is_enhanced(whole):
        yield whole, None
        return
    described = list(expand(whole, member))
    yield from ((described[frame][0], frame + 1) for frame in frames)


def _without_repeats(
    described: list[tuple[Dataset, int | None]],
) -> list[tuple[Dataset, int | None, Place]]:
    """Leave out slices at the position of the one before, as reading the image did."""
    kept: list[tuple[Dataset, int | None, Place]] = []
    for dataset, frame in described:
        place = read_place(dataset)
        if not kept or not same_place(kept[-1][2], place):
            kept.append((dataset, frame, place))
    return kept


def _slice_header(
    dataset: Dataset, image: Ct | Mr, person: Person, place: Place, extent_mm: float
) -> Dataset:
    header = _header(dataset, image, person)
    header.FrameOfReferenceUID = frame_of_reference(image)
    header.PositionReferenceIndicator = ""
    header.ImagePositionPatient = [format_number_as_ds(value) for value in place.position or ()]
    header.ImageOrientationPatient = _unit_vectors(image)
    header.PixelSpacing = [format_number_as_ds(value) for value in image.scale.mean_mm[-2:]]
    header.SliceThickness = format_number_as_ds(extent_mm)
    return header


def _unit_vectors(image: Ct | Mr) -> list[str]:
    """Direction cosines of the whole series: slices may round their own differently."""
    along = (image.affine[:3, 2], image.affine[:3, 1])
    cosines = np.concatenate([axis / np.linalg.norm(axis) for axis in along])
    return [format_number_as_ds(float(value)) for value in cosines]


def _header(dataset: Dataset, image: Image, person: Person) -> Dataset:
    header = Dataset()
    header.SpecificCharacterSet = "ISO_IR 192"
    for name in _UIDS:
        uid = text(dataset, name)
        if not is_uid(uid):
            raise UnreadableImage(Because.INCONSISTENT_SERIES, f"no valid {name}")
        setattr(header, name, uid)
    header.StudyDate = _study_day(dataset) or day_of(image)
    header.ContentDate = day_of(image) or header.StudyDate or UNDATED
    put_person(header, dataset, person)
    header.Modality = _modality(dataset)
    header.Rows, header.Columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    header.PatientOrientation = _orientation(dataset)
    _put_compression(header, dataset)
    return header


def day_of(image: Image) -> str:
    """Day of an image as DICOM writes it; empty without one."""
    return image.acquired.strftime("%Y%m%d") if image.acquired else ""


def _study_day(dataset: Dataset) -> str:
    try:
        return date.fromisoformat(text(dataset, "StudyDate")).strftime("%Y%m%d")
    except ValueError:
        return ""


def _modality(dataset: Dataset) -> str:
    said = text(dataset, "Modality")
    return said if said.isascii() and said.isalpha() and len(said) <= 4 else "OT"


def _put_compression(header: Dataset, dataset: Dataset) -> None:
    """Pass on that the image was compressed with loss, if the file says how."""
    ratios, methods = numbers(texts(dataset, "LossyImageCompressionRatio")), _methods(dataset)
    if text(dataset, "LossyImageCompression") == "01" and ratios and methods:
        header.LossyImageCompression = "01"
        header.LossyImageCompressionRatio = [format_number_as_ds(value) for value in ratios]
        header.LossyImageCompressionMethod = list(methods)


def _methods(dataset: Dataset) -> tuple[str, ...]:
    said = texts(dataset, "LossyImageCompressionMethod")
    return said if all(_METHOD.fullmatch(value) for value in said) else ()


def _orientation(dataset: Dataset) -> list[str]:
    """Where rows and columns point to, if the file says so; a SEG of a film needs to know."""
    said = texts(dataset, "PatientOrientation")
    fine = len(said) == 2 and all(
        0 < len(value) <= 3 and set(value) <= _ORIENTATIONS for value in said
    )
    return list(said) if fine else []
