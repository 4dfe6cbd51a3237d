"""What a reader said about single images in JSON files: strokes, fingers, reviews of candidates.

All of these files have one form. Their images are named by image id, by file name without its
folder, or by SeriesInstanceUID; a file about one image alone may leave the names out::

    {"format": 1, "images": {"arm.jpg": {...}, "0a1b2c3d4e5f": {...}}}
    {"format": 1, ...}

A mistake about one image costs that image alone.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cctrack.errors import CctrackError, UnreadableImage
from cctrack.model import Because, Image, Modality, Photo
from cctrack.study.identity import image_id

FORMAT = 1
"""Version of the files read and written here."""

Said = Mapping[str, Any]
"""What was said about one image, as it stands in the JSON."""

ABOUT = {
    "strokes": (Modality.PHOTO, Modality.XRAY),
    "finger": (Modality.PHOTO,),
    "review": (Modality.CT,),
    "hand": (Modality.XRAY,),
}
"""The options, and the kinds of image each of them speaks of."""

ALONE = ""
"""Stands for the name in a file about one image."""


@dataclass(frozen=True, slots=True)
class _Unusable:
    """An entry that cannot be used, and why."""

    detail: str


@dataclass(frozen=True, slots=True)
class ReaderFile:
    """What one option's file, or folder of files, says image by image.

    Attributes
    ----------
    entries : mapping of str to what was said
        By image id, file name or SeriesInstanceUID; `ALONE` for the only image.
    others : what is said about every photo that has no entry, or None
    """

    entries: Mapping[str, Said | _Unusable] = field(default_factory=dict)
    others: Said | None = None

    def of(self, keys: Sequence[str]) -> Said | None:
        """Return what was said about the image of these names, the first one that is there.

        Raises
        ------
        UnreadableImage
            If what was said cannot be used.
        """
        for key in (*keys, ALONE):
            entry = self.entries.get(key)
            if isinstance(entry, _Unusable):
                raise UnreadableImage(Because.NOT_OUTLINED, entry.detail)
            if entry is not None:
                return entry
        return None

    def checked(self, option: str, names: Iterable[str]) -> "ReaderFile":
        """Return the same, unusable where several images have the name of an entry.

        Raises
        ------
        CctrackError
            If the file is about one image and there are several.
        """
        counts = Counter(names)
        if ALONE in self.entries and counts.total() > 1:
            raise CctrackError(
                f"the {option} file names no image, but {counts.total()} were found; "
                'name them under "images"'
            )
        shared = {
            key: _Unusable(
                f"{counts[key]} images have the file name that the {option} file uses; "
                "name them by their image ids"
            )
            for key in self.entries
            if counts[key] > 1
        }
        return replace(self, entries={**self.entries, **shared})

    def unmatched(self, known: Collection[str]) -> Iterator[str]:
        """Yield the names that no image has."""
        return (key for key in self.entries if key != ALONE and key not in known)


@dataclass(frozen=True, slots=True)
class ReaderFiles:
    """All that a reader said in files.

    Attributes
    ----------
    strokes, finger, review, hand : ReaderFile or None
        None where the option was not given.
    """

    strokes: ReaderFile | None = None
    finger: ReaderFile | None = None
    review: ReaderFile | None = None
    hand: ReaderFile | None = None

    def of(self, image: Image) -> Mapping[str, Said]:
        """Return what was said about an image, by option.

        Raises
        ------
        UnreadableImage
            If it cannot be used, or is not for images of this kind.
        """
        said = {name: file.of(keys_of(image)) for name, file in self._given()}
        for name, file in self._given():
            if said[name] is None and file.others is not None and isinstance(image, Photo):
                said[name] = file.others
        found = {name: entry for name, entry in said.items() if entry is not None}
        for name in found:
            if image.modality not in ABOUT[name]:
                raise UnreadableImage(Because.NOT_OUTLINED, _wrong_kind(name, image.modality))
        return found

    def checked(self, sources: Iterable[str]) -> "ReaderFiles":
        """Return the same, aware of images that share a file name; raises as `ReaderFile`."""
        names = [file_name(source) for source in sources]
        return replace(
            self, **{option: file.checked(option, names) for option, file in self._given()}
        )

    def unmatched(self, known: Collection[str]) -> Iterator[tuple[str, str]]:
        """Yield option and name of each entry that no image has."""
        return ((option, key) for option, file in self._given() for key in file.unmatched(known))

    def _given(self) -> list[tuple[str, ReaderFile]]:
        files = ((option, getattr(self, option)) for option in ABOUT)
        return [(option, file) for option, file in files if file is not None]


NOTHING_SAID = ReaderFiles()
"""No reader said anything: all is automatic."""


def keys_of(image: Image) -> tuple[str, ...]:
    """Names that an image goes by in a reader's file."""
    origin = image.provenance
    keys = image_id(origin.sha256), origin.series_uid, file_name(origin.source)
    return tuple(key for key in keys if key)


def file_name(source: str) -> str:
    """Name of a file without its folder or archive."""
    return re.split(r"[/\\!]", source)[-1]


def read_reader_file(path: Path, option: str) -> ReaderFile:
    """Read a file, or a folder of files named ``<image id>.<option>.json``.

    Raises
    ------
    CctrackError
        If it cannot be read at all. What is wrong with a single image waits until it is measured.
    """
    if not path.is_dir():
        return ReaderFile(_entries(_read(path, option), option))
    entries: dict[str, Said | _Unusable] = {}
    for file in sorted(path.glob(f"*.{option}.json")):
        try:
            found = _entries(_read(file, option), option)
        except CctrackError as error:
            found = {file.name.split(".")[0]: _Unusable(str(error))}
        twice = entries.keys() & found.keys()
        entries |= found
        entries |= {key: _Unusable(f"two {option} files name this image") for key in twice}
    if not entries:
        raise CctrackError(f"the folder holds no file named <image id>.{option}.json")
    return ReaderFile(entries)


def file_of(key: str, said: Said) -> Mapping[str, object]:
    """Return the JSON of a file that says something about one image."""
    return {"format": FORMAT, "images": {key: said}}


def require_keys(said: object, allowed: Collection[str], where: str) -> Said:
    """Return a JSON object that holds no other keys than those allowed.

    Raises
    ------
    ValueError
        If it is none, or holds others: a misspelt key would be passed over in silence.
    """
    if not isinstance(said, dict) or not said.keys() <= set(allowed):
        raise ValueError(f"{where} must be a JSON object with no other keys than {_list(allowed)}")
    return said


def list_of(said: Said, key: str) -> list[Any]:
    """Return the list under a key, empty where there is none.

    Raises
    ------
    ValueError
        If something else stands there.
    """
    found = said.get(key, [])
    if not isinstance(found, list):
        raise ValueError(f'"{key}" must be a list')
    return found


def place_of(said: object, shape: tuple[int, ...]) -> tuple[float, ...]:
    """Read a place in px; the edges of the outermost pixels still belong to the image.

    Raises
    ------
    ValueError
        If it has not as many coordinates as the image has axes, or lies outside.
    """
    if not isinstance(said, list) or len(said) != len(shape) or not all(map(_is_number, said)):
        axes = ("slice", "row", "column")[-len(shape) :]
        raise ValueError(f"a place is [{', '.join(axes)}], {len(shape)} numbers")
    place = tuple(float(value) for value in said)
    if not all(-0.5 <= value <= size for value, size in zip(place, shape, strict=True)):
        size = " x ".join(str(length) for length in shape)
        raise ValueError(f"a point at {list(place)} lies outside the image of {size} px")
    return place


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _list(words: Collection[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _read(path: Path, option: str) -> Said:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        stored = None
    if not isinstance(stored, dict):
        raise CctrackError(
            f'the {option} file must be JSON like {{"format": {FORMAT}, "images": {{...}}}}'
        )
    return stored


def _entries(stored: Said, option: str) -> dict[str, Said | _Unusable]:
    rest = {key: value for key, value in stored.items() if key != "format"}
    images = rest["images"] if rest.keys() == {"images"} else {ALONE: rest}
    if not isinstance(images, dict):
        raise CctrackError(f'"images" of the {option} file must be an object of names')
    if stored.get("format") != FORMAT:
        why = _Unusable(f"the {option} file is of another format; format {FORMAT} is read here")
        return dict.fromkeys(images, why)
    no_object = _Unusable(f"what the {option} file says about this image is no JSON object")
    return {key: said if isinstance(said, dict) else no_object for key, said in images.items()}


def _wrong_kind(option: str, found: Modality) -> str:
    needed = " or ".join(ABOUT[option])
    return f"the {option} file names an image it cannot be about: found {found}, needed {needed}"
