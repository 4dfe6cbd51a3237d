"""Open DICOM files and folders in napari with slices in order, HU and mm; and HEIC photos.

napari's own reader claims ``*.dcm`` too, but stacks slices in file order and loses the spacing.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from napari_cctrack.layers import LayerData, image_layer

ReaderFunction = Callable[[str | Sequence[str]], list[LayerData]]

DICOM_MAGIC = b"DICM"
DICOM_MAGIC_AT = 128

HEIC_MAGIC, HEIC_MAGIC_AT = b"ftyp", 4
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands of ISO base media files (ISO/IEC 23008-12) that telephones write photos as."""

FILES_SNIFFED = 20
"""Files of a folder that are looked into before it is declined, so that a drop stays quick."""


def get_reader(path: str | Sequence[str]) -> ReaderFunction | None:
    """Return a reader for DICOM and HEIC, None for everything else; cheap and never raises.

    Ordinary JPEG and PNG are declined, so that dropping them raises no chooser.
    """
    first = path if isinstance(path, str) else (path[0] if path else "")
    known = _is_heic(Path(first)) or _is_dicom(Path(first))
    return read_layers if known else None


def read_layers(path: str | Sequence[str]) -> list[LayerData]:
    """Read every image under the path as one layer each.

    Raises
    ------
    UnreadableImage
        If nothing under the path could be read; the message gives the first reason.
    """
    from cctrack.errors import UnreadableImage
    from cctrack.model import Read, Refused
    from cctrack.study.reading import read_images

    paths = [Path(path)] if isinstance(path, str) else [Path(item) for item in path]
    outcomes = read_images(paths)
    layers = [image_layer(outcome.image) for outcome in outcomes if isinstance(outcome, Read)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    if not layers and refused:
        raise UnreadableImage(refused[0].because, refused[0].detail)
    return layers


def _is_dicom(path: Path) -> bool:
    try:
        if path.is_dir():
            files = (item for item in sorted(path.rglob("*")) if item.is_file())
            return any(map(_has_magic, islice(files, FILES_SNIFFED)))
        return path.is_file() and _has_magic(path)
    except OSError:
        return False


def _is_heic(path: Path) -> bool:
    """Whether a file is a HEIC photo, which napari itself cannot read."""
    try:
        with path.open("rb") as stream:
            head = stream.read(HEIC_MAGIC_AT + 8)
    except OSError:
        return False
    return head[HEIC_MAGIC_AT:][:4] == HEIC_MAGIC and head[-4:] in HEIC_BRANDS


def _has_magic(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(DICOM_MAGIC_AT)
        return stream.read(len(DICOM_MAGIC)) == DICOM_MAGIC
