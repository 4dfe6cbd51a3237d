"""Give a dataset the UID of its content, drop the moment of its making, and write it."""

import io
from pathlib import Path

from pydicom import Dataset, FileMetaDataset, dcmwrite
from pydicom.uid import UID, ExplicitVRLittleEndian

from cctrack import __version__
from cctrack.io.exchange.uids import derived_uid
from cctrack.io.shield import quiet
from cctrack.io.sources import hash_bytes
from cctrack.io.tables import write_bytes

MAKER = "cctrack"
"""Manufacturer, model and observer of everything that is written."""

SERIAL_NUMBER = "0"
"""DeviceSerialNumber: software has none, and the element must not be empty."""

IMPLEMENTATION_UID = derived_uid("cctrack implementation")

LONGEST_VERSION = 16
"""Characters of an SH."""

_MOMENTS = ("InstanceCreationDate", "InstanceCreationTime", "ContributingEquipmentSequence")
"""What highdicom writes of itself and the clock: the same result would never be the same file."""


def finish(dataset: Dataset, *, keep_series: bool = False) -> None:
    """Name a dataset by the hash of its content: the same result is the same instance.

    A PACS that has it already then stores it once, and never finds two contents under one name.

    Parameters
    ----------
    dataset : Dataset
        Changed in place; all but the UIDs of instance and series must be there.
    keep_series : bool
        Leave the series as it is; else each instance is a series of its own.
    """
    for name in _MOMENTS:
        if name in dataset:
            delattr(dataset, name)
    dataset.SOPInstanceUID = "2.25.0"
    if not keep_series:
        dataset.SeriesInstanceUID = "2.25.0"
    _put_meta(dataset, MAKER)
    content = hash_bytes(as_bytes(dataset))
    dataset.SOPInstanceUID = derived_uid("instance", content)
    if not keep_series:
        dataset.SeriesInstanceUID = derived_uid("series", content)
    _put_meta(dataset, f"{MAKER} {__version__}")


def as_bytes(dataset: Dataset) -> bytes:
    """Encode a dataset as a DICOM file."""
    stream = io.BytesIO()
    with quiet():
        dcmwrite(stream, dataset, enforce_file_format=True)
    return stream.getvalue()


def write_instance(path: Path, dataset: Dataset) -> None:
    """Write a dataset at once; raises OSError as `write_bytes`."""
    write_bytes(path, as_bytes(dataset))


def _put_meta(dataset: Dataset, written_by: str) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = written_by[:LONGEST_VERSION]
    dataset.file_meta = meta
