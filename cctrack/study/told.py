"""What readers told about the images of a study: in its record, and in files beside it.

What stands in the record goes before what stands in a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from cctrack.calibrate.options import NOTHING_GIVEN, Clicks, PhotoScaleOptions
from cctrack.errors import UnreadableImage
from cctrack.model import Because
from cctrack.study.options import MeasureOptions
from cctrack.study.reader import (
    NOTHING_SAID,
    ReaderFile,
    ReaderFiles,
    Said,
    read_reader_file,
)

IN_FILES = ("strokes", "finger", "review")
"""What a reader may say in files, ``record/reader/<image id>.<option>.json``, and in the record."""

READER_FOLDER = "reader"

MASK = "mask"
"""Name of the data of an ``outline`` statement: a label image, PNG or NIfTI."""

OVER_BONE = "over_bone"
"""Name of the list of lesions in an ``outline`` statement that its reader leaves out of totals."""

OfImage = Mapping[str, Said]
"""What was told about one image, by kind: ``scale``, ``strokes``, ``outline``, …"""


@dataclass(frozen=True, slots=True)
class Told:
    """All that readers told about single images.

    Attributes
    ----------
    images : mapping of image id to what was told
        From the record.
    files : ReaderFiles
        From files.
    """

    images: Mapping[str, OfImage] = field(default_factory=dict)
    files: ReaderFiles = NOTHING_SAID

    def about(self, names: Sequence[str]) -> OfImage:
        """Return what was told about the image that goes by some names; its id is one of them."""
        found: dict[str, Said] = {}
        for option in IN_FILES:
            file = getattr(self.files, option)
            if file is not None and (key := next((n for n in names if n in file.entries), None)):
                found[option] = _of_file(file, key)
        for name in names:
            found |= self.images.get(name, {})
        return found

    def only(self, ids: Iterable[str]) -> "Told":
        """Return the same without what the record says of other images."""
        return replace(self, images={key: self.images[key] for key in ids if key in self.images})


NOTHING_TOLD = Told()


def read_told_files(folder: Path, paths: Iterable[str]) -> ReaderFiles:
    """Read what readers wrote into files of a study.

    Parameters
    ----------
    folder : Path
        The record's folder.
    paths : iterable of str
        As in visits.csv, to find file names that are there twice.

    Raises
    ------
    CctrackError
        If a file cannot be read at all, or names no image.
    """
    place = folder / READER_FOLDER
    given = {
        option: read_reader_file(place, option)
        for option in IN_FILES
        if any(place.glob(f"*.{option}.json"))
    }
    if not given:
        return NOTHING_SAID
    return ReaderFiles(**given).checked([path for path in paths if path])


def options_for(
    told: OfImage, sizes: PhotoScaleOptions, image: str, mask: Path | None
) -> MeasureOptions:
    """Turn what was told about an image into how it is measured.

    Parameters
    ----------
    told : mapping of kind to what was told
    sizes : PhotoScaleOptions
        What the study says about all of its photos.
    image : str
        The image's id.
    mask : Path or None
        Where the mask of an ``outline`` statement was written.

    Raises
    ------
    UnreadableImage
        If what was told cannot be understood.
    """
    said = {
        option: ReaderFile({image: require_usable(told[option])})
        for option in IN_FILES
        if option in told
    }
    return MeasureOptions(
        sizes=scale_options(told.get("scale", {}), sizes),
        mask=mask,
        over_bone=left_out(told.get("outline", {})),
        reader=ReaderFiles(**said),
    )


def left_out(said: Said) -> tuple[int, ...]:
    """Return the lesions of a reader's outline that are in no total: they lie over bone.

    Raises
    ------
    UnreadableImage
        If it cannot be understood.
    """
    lesions = said.get(OVER_BONE, [])
    if not isinstance(lesions, list) or not all(type(one) is int and one > 0 for one in lesions):
        detail = "what a reader said about deposits over bone is no list of label values"
        raise UnreadableImage(Because.NOT_OUTLINED, detail)
    return tuple(sorted(lesions))


def scale_options(said: Said, sizes: PhotoScaleOptions = NOTHING_GIVEN) -> PhotoScaleOptions:
    """Return what a reader said about sizes in one image; where nobody did, what holds for all.

    Raises
    ------
    UnreadableImage
        If it cannot be understood.
    """
    known = {item.name for item in fields(PhotoScaleOptions)}
    try:
        if not said.keys() <= known:
            raise ValueError
        stated = {key: _size(key, value) for key, value in said.items()}
        return PhotoScaleOptions(**stated) if stated else sizes
    except (ValueError, TypeError, KeyError):
        detail = f"what a reader said about the scale is none of {', '.join(sorted(known))} in mm"
        raise UnreadableImage(Because.NOT_OUTLINED, detail) from None


def require_usable(said: Said) -> Said:
    """Return what was said in a file.

    Raises
    ------
    UnreadableImage
        If it was found to be unusable when the file was read.
    """
    if said.keys() == {UNUSABLE}:
        raise UnreadableImage(Because.NOT_OUTLINED, str(said[UNUSABLE]))
    return said


UNUSABLE = "cannot be used"
"""Stands for what was said in a file, with the reason, when it cannot be used."""


def _of_file(file: ReaderFile, key: str) -> Said:
    try:
        return file.of([key]) or {}
    except UnreadableImage as error:
        return {UNUSABLE: error.detail}


def _size(key: str, value: Any) -> Any:
    if value is None:
        return None
    if key == "clicks":
        first, second = ((float(row), float(column)) for row, column in value["points_px"])
        return Clicks(first, second, float(value["mm"]))
    if key == "ruler_line_px":
        start, end = ((float(row), float(column)) for row, column in value)
        return start, end
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)
