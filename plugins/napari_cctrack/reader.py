"""Open DICOM files and folders in napari with slices in order, HU and mm.

napari's own reader claims ``*.dcm`` too, but stacks slices in file order and loses the spacing.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from napari_cctrack.layers import LayerData, image_layer

ReaderFunction = Callable[[str | Sequence[str]], list[LayerData]]

DICOM_MAGIC = b"DICM"
DICOM_MAGIC_AT = 128

FILES_SNIFFED = 20
"""Files of a folder that are looked into before it is declined, so that a drop stays quick."""


def get_reader(path: str | Sequence[str]) -> ReaderFunction | None:
    """Return a reader for DICOM, None for everything else; cheap and never raises.

    Ordinary JPEG and PNG are declined, so that dropping them raises no chooser.
    """
    first = path if isinstance(path, str) else (path[0] if path else "")
    return read_layers if _is_dicom(Path(first)) else None


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


def _has_magic(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(DICOM_MAGIC_AT)
        return stream.read(len(DICOM_MAGIC)) == DICOM_MAGIC
