"""Stack the slices of a series into one array, in order, one per position."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.dicom_file import parse
from cctrack.io.dicom_header import Header
from cctrack.io.enhanced import expand
from cctrack.io.found import Found, Member
from cctrack.io.geometry import SAME_POSITION_MM, Geometry, heights_of, locate
from cctrack.io.pixels import decode_frame, is_lossy
from cctrack.io.sources import combine_hashes, hash_bytes
from cctrack.model import Because, Flag, Provenance

MAX_VOXELS = 1_000_000_000
"""1 gigavoxel, 2 GB in memory: 3,800 slices of 512 x 512 px."""

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
        self._values: NDArray[np.generic] = np.zeros(shape, dtype=dtype)
        self._padding: NDArray[np.bool_] | None = None
        self._headers: list[Header] = []
        self._lossy = False

    def add(
        self,
        dataset: Dataset,
        header: Header,
        values: NDArray[np.generic],
        outside: NDArray[np.bool_] | None,
    ) -> None:
        """Append a slice; one that repeats the last position must repeat its values too.

        Raises
        ------
        UnreadableImage
            If two slices claim one position with different values.
        """
        here = len(self._headers)
        if self._headers and _same_place(self._headers[-1], header):
            if not np.array_equal(self._values[here - 1], values):
                raise UnreadableImage(
                    Because.DUPLICATE, "two slices at one position with different pixels"
                )
            return
        self._values[here] = values
        if outside is not None:
            if self._padding is None:
                self._padding = np.zeros(self._values.shape, dtype=np.bool_)
            self._padding[here] = outside
        self._headers.append(header)
        self._lossy = self._lossy or is_lossy(dataset)

    @property
    def values(self) -> NDArray[np.generic]:
        """What was added, array (slices, rows, columns)."""
        return self._values[: len(self._headers)]

    @property
    def padding(self) -> NDArray[np.bool_] | None:
        """Where there are no data; None when nowhere."""
        return None if self._padding is None else self._padding[: len(self._headers)]

    def geometry(self) -> Geometry:
        """Where the slices lie; raises `UnreadableImage` as `locate`."""
        return locate(self._headers)

    @property
    def flags(self) -> frozenset[Flag]:
        """Cautions about the pixels."""
        return frozenset({Flag.LOSSY}) if self._lossy else frozenset()


def _same_place(before: Header, after: Header) -> bool:
    heights_mm = heights_of([before, after])
    return abs(float(heights_mm[1] - heights_mm[0])) < SAME_POSITION_MM


def decoded_slices(
    found: Found, digests: list[str]
) -> Iterator[tuple[Dataset, Header, NDArray[np.generic]]]:
    """Decode the slices of a series in order: attributes, header and stored values of each.

    Parameters
    ----------
    found : Found
    digests : list of str
        Receives the hash of each file.

    Raises
    ------
    UnreadableImage
        If a file changed since the scan, or cannot be decoded.
    """
    held: Member | None = None
    whole = Dataset()
    frames: list[tuple[Dataset, Header]] = []
    with MemberReader() as reader:
        for member, frame in found.slices():
            if member != held:
                data = reader.read(member)
                digests.append(hash_bytes(data))
                whole, held = parse(data), member
                frames = list(expand(whole, member))
            if frame >= len(frames):
                raise UnreadableImage(Because.TRUNCATED, "fewer frames than its header said")
            dataset, header = frames[frame]
            stored = decode_frame(whole, frame)
            if (header.rows, header.columns) != (found.rows, found.columns):
                raise UnreadableImage(
                    Because.INCONSISTENT_SERIES, "a slice changed its size while it was read"
                )
            yield dataset, header, stored


def series_provenance(found: Found, digests: list[str]) -> Provenance:
    """Provenance of a series: the combined hash and the names of its files."""
    return Provenance(
        sha256=combine_hashes(digests),
        source=found.source,
        members=found.member_names,
        series_uid=found.series_uid,
        study_uid=found.study_uid,
        patient_key=found.patient_key,
    )
