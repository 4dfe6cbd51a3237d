"""Stack the slices of a series into one array, in order, one per position."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.dicom_file import parse_slice
from cctrack.io.dicom_header import Place, read_place
from cctrack.io.dicom_values import integer, text
from cctrack.io.enhanced import expand, is_enhanced
from cctrack.io.found import Found, Member
from cctrack.io.geometry import SAME_POSITION_MM, Geometry, locate
from cctrack.io.pixels import decode_frame, is_lossy
from cctrack.io.sources import combine_hashes, hash_bytes
from cctrack.model import Because, Flag, Provenance

MAX_VOXELS = 1_000_000_000
"""1 gigavoxel, 2 GB in memory: 3,800 slices of 512 x 512 px."""

THREADS = 2
"""Slices decoded at once: hashing and copying leave the interpreter to others meanwhile."""

AIR_HU = -1024
"""What padding becomes: below everything real, so that no threshold takes it for a deposit."""


class Stack:
    """A volume under construction: filled slice by slice, so that memory is paid once.

    Parameters
    ----------
    found : Found
        Its members in order along the normal.
    dtype : numpy dtype
        Of the volume's values.
    """

    def __init__(self, found: Found, dtype: type[np.generic]) -> None:
        shape = (found.frames, found.rows, found.columns)
        if int(np.prod(shape, dtype=np.int64)) > MAX_VOXELS:
            raise UnreadableImage(Because.TOO_LARGE, f"{shape} voxels, at most {MAX_VOXELS}")
        # Not zeros: these are handed out in small pages, which take longer to touch than to fill.
        self._values: NDArray[np.generic] = np.empty(shape, dtype=dtype)
        self._outside: list[NDArray[np.bool_] | None] = []
        self._places: list[Place] = []
        self._digests: list[str] = []
        self._found = found
        self._lossy = False
        self._frame_uid = ""

    def add(self, piece: "Slice") -> None:
        """Append a slice; one that repeats the last position must repeat its values too.

        Raises
        ------
        UnreadableImage
            If two slices claim one position with different values.
        """
        if self._digests[-1:] != [piece.digest]:
            self._digests.append(piece.digest)
        here = len(self._places)
        if self._places and same_place(self._places[-1], piece.place):
            if not np.array_equal(self._values[here - 1], piece.values):
                raise UnreadableImage(
                    Because.DUPLICATE, "two slices at one position with different pixels"
                )
            return
        self._frame_uid = self._frame_uid or text(piece.dataset, "FrameOfReferenceUID")
        self._values[here] = piece.values
        self._outside.append(self._shared(piece.outside))
        self._places.append(piece.place)
        self._lossy = self._lossy or is_lossy(piece.dataset)

    @property
    def values(self) -> NDArray[np.generic]:
        """What was added, array (slices, rows, columns)."""
        return self._values[: len(self._places)]

    def _shared(self, outside: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        """Keep one copy of what slice after slice repeats: most scanners pad the same circle."""
        before = self._outside[-1] if self._outside else None
        repeated = outside is not None and before is not None and np.array_equal(outside, before)
        return before if repeated else outside

    @property
    def padding(self) -> NDArray[np.bool_] | None:
        """Where there are no data; None when nowhere. Read-only where all slices share it."""
        planes = self._outside
        if all(plane is None for plane in planes):
            return None
        if planes[0] is not None and all(plane is planes[0] for plane in planes):
            return np.broadcast_to(planes[0], self.values.shape)
        padding = np.zeros(self.values.shape, dtype=np.bool_)
        for here, plane in enumerate(planes):
            if plane is not None:
                padding[here] = plane
        return padding

    def geometry(self) -> Geometry:
        """Where the slices lie; raises `UnreadableImage` as `locate`."""
        return locate(self._places)

    @property
    def flags(self) -> frozenset[Flag]:
        """Cautions about the pixels."""
        return frozenset({Flag.LOSSY}) if self._lossy else frozenset()

    @property
    def provenance(self) -> Provenance:
        """Which bytes the series was read from."""
        return Provenance(
            sha256=combine_hashes(self._digests),
            source=self._found.source,
            members=self._found.member_names,
            series_uid=self._found.series_uid,
            study_uid=self._found.study_uid,
            patient_key=self._found.patient_key,
            frame_uid=self._frame_uid,
        )


def same_place(before: Place, after: Place) -> bool:
    """Whether two slices lie at one position; raises `UnreadableImage` where one has none."""
    # `heights_of` of these two, without the arrays: it is asked for every slice.
    if before.orientation is None or before.position is None or after.position is None:
        raise UnreadableImage(Because.NO_POSITIONS, "a slice lost its position while it was read")
    a, b, c, d, e, f = before.orientation
    normal = (b * f - c * e, c * d - a * f, a * e - b * d)
    steps = zip(normal, before.position, after.position, strict=True)
    rise = sum(n * (there - here) for n, here, there in steps)
    return abs(rise) < SAME_POSITION_MM


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One decoded slice.

    Attributes
    ----------
    digest : str
        Hash of its file.
    dataset : Dataset
        Its attributes, without pixels where its file holds many frames.
    place : Place
    values : array (rows, columns)
        What the volume shall hold.
    outside : bool array (rows, columns) or None
        Where there are no data; None when nowhere.
    """

    digest: str
    dataset: Dataset
    place: Place
    values: NDArray[Any]
    outside: NDArray[np.bool_] | None


Convert = Callable[[Dataset, NDArray[np.generic]], tuple[NDArray[Any], NDArray[np.bool_] | None]]
"""Turns attributes and stored values into what the volume shall hold, and where no data are."""


def decoded_slices(found: Found, convert: Convert) -> Iterator[Slice]:
    """Decode the slices of a series in order, a few of them at once.

    Raises
    ------
    UnreadableImage
        If a file changed since the scan, or cannot be decoded or converted.
    """
    ahead: deque[Future[Slice]] = deque()
    with MemberReader() as reader, ThreadPoolExecutor(THREADS) as threads:
        for job in _jobs(found, convert, reader):
            ahead.append(threads.submit(job))
            if len(ahead) > THREADS:
                yield _checked(found, ahead.popleft().result())
        while ahead:
            yield _checked(found, ahead.popleft().result())


@dataclass(frozen=True, slots=True, eq=False)
class _Opened:
    """A parsed file with what it says of each of its frames."""

    digest: str
    whole: Dataset
    frames: tuple[tuple[Dataset, Place], ...]

    @classmethod
    def parse(cls, data: bytes, member: Member) -> "_Opened":
        whole = parse_slice(data)
        many = is_enhanced(whole) or integer(whole, "NumberOfFrames") > 1
        frames = expand(whole, member) if many else [(whole, read_place(whole))]
        return cls(hash_bytes(data), whole, tuple(frames))

    def decode(self, frame: int, convert: Convert) -> Slice:
        """Decode and convert one frame; raises `UnreadableImage` as `decode_frame`."""
        if frame >= len(self.frames):
            raise UnreadableImage(Because.TRUNCATED, "fewer frames than its header said")
        dataset, place = self.frames[frame]
        return Slice(
            self.digest, dataset, place, *convert(dataset, decode_frame(self.whole, frame))
        )


def _jobs(found: Found, convert: Convert, reader: MemberReader) -> Iterator[Callable[[], Slice]]:
    """List what there is to decode, slice by slice; a file of many slices is parsed only once."""
    for member, places in groupby(found.slices(), key=itemgetter(0)):
        data = reader.read(member)
        frames = [frame for _, frame in places]
        if len(frames) == 1:
            yield partial(_decode_file, data, member, frames[0], convert)
        else:
            opened = _Opened.parse(data, member)
            yield from (partial(opened.decode, frame, convert) for frame in frames)


def _decode_file(data: bytes, member: Member, frame: int, convert: Convert) -> Slice:
    return _Opened.parse(data, member).decode(frame, convert)


def _checked(found: Found, piece: Slice) -> Slice:
    if (piece.place.rows, piece.place.columns) != (found.rows, found.columns):
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES, "a slice changed its size while it was read"
        )
    return piece
