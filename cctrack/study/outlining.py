"""Outline one image: automatically, by a reader's mask, and by what a reader said beside it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.io import read_mask
from cctrack.model import (
    Because,
    Ct,
    Flag,
    Image,
    LabelArray,
    Method,
    Mr,
    Outline,
    Photo,
    Radiograph,
)
from cctrack.segment.ct import Candidates, outline_ct
from cctrack.segment.photo.outline import outline_photo
from cctrack.segment.radiograph import outline_radiograph
from cctrack.segment.radiograph.width import require_hand
from cctrack.study.identity import image_id, labels_hash
from cctrack.study.options import MeasureOptions
from cctrack.study.reader import Said
from cctrack.study.review import review_ct
from cctrack.study.strokes import edit_outline, stands_alone

READER_BORDER_SD_MM = 0.2
"""How far a careful reader's whole border wanders, in mm. See decision 0004."""

READER_BORDER_SD_PX = 2.0
"""The same where no scale says how large a pixel is."""

DICOM_MASKS = (".seg.dcm", ".rtstruct.dcm")
"""Ends of the names of masks in DICOM, in a folder of masks."""

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """An image's outline and what it came from.

    Attributes
    ----------
    outline : Outline
    said : mapping of option to what was said
        As given, with the hash of the proposal that the reader's numbers belong to.
    mask_hash : str
        Of the reader's mask; empty without one.
    candidates : Candidates or None
        Of a CT, where they were asked for.
    """

    outline: Outline
    said: Mapping[str, Said]
    mask_hash: str = ""
    candidates: Candidates | None = None


def outline_image(
    image: Image,
    options: MeasureOptions,
    said: Mapping[str, Said],
    hidden: BoolArray,
) -> Outlined:
    """Outline an image.

    Parameters
    ----------
    image : Image
        With its scale.
    options : MeasureOptions
    said : mapping of option to what was said
        What a reader said about this image.
    hidden : bool array, shape of the image
        Scale objects of a photo: neither skin nor lesion.

    Raises
    ------
    UnreadableImage
        If a mask, a region or what a reader said does not fit, or an MR has no mask.
    """
    mask = _mask_of(image, options)
    if isinstance(image, Ct) and ("review" in said or (options.candidates and mask is None)):
        if mask is not None:
            needed = "found a mask and a review of candidates, one of them is needed"
            raise UnreadableImage(Because.NOT_OUTLINED, needed)
        return _reviewed(image, options, said)
    proposal = (
        _proposed(image, options, said, hidden) if mask is None else _by_mask(image, mask, options)
    )
    mask_hash = labels_hash(proposal.labels) if mask is not None else ""
    if not isinstance(image, Photo | Radiograph) or "strokes" not in said:
        return Outlined(proposal, said, mask_hash)
    strokes = said["strokes"]
    outline = edit_outline(image, proposal, strokes, hidden)
    if not stands_alone(strokes):
        strokes = {**strokes, "proposal": labels_hash(proposal.labels)}
    return Outlined(outline, {**said, "strokes": strokes}, mask_hash)


def reader_outline(
    image: Image, labels: LabelArray, over_bone: Collection[int] = frozenset()
) -> Outline:
    """Make an outline of labels that a reader drew; see decision 0004 on how well it is known.

    Parameters
    ----------
    image : Image
    labels : uint16 array, shape of the image
    over_bone : collection of int
        Lesions that the reader leaves out of totals.
    """
    border_px = READER_BORDER_SD_PX
    if image.scale is not None:
        border_px = READER_BORDER_SD_MM / float(np.mean(image.scale.mean_mm[-2:]))
    left_out = {lesion: frozenset({Flag.OVER_BONE}) for lesion in sorted(over_bone)}
    return Outline(labels, Method.READER, border_sd_px=border_px, lesion_flags=left_out)


def _reviewed(ct: Ct, options: MeasureOptions, said: Mapping[str, Said]) -> Outlined:
    reviewed = review_ct(ct, said.get("review"), _region(ct, options))
    if "review" in said:
        seen = labels_hash(reviewed.candidates.labels)
        said = {**said, "review": {**said["review"], "proposal": seen}}
    return Outlined(reviewed.outline, said, candidates=reviewed.candidates)


def _proposed(
    image: Image, options: MeasureOptions, said: Mapping[str, Said], hidden: BoolArray
) -> Outline:
    """Outline automatically; a film that is not understood may be drawn by its reader alone."""
    roi = _region(image, options)
    try:
        return _automatic(image, roi, hidden)
    except UnreadableImage:
        if not (isinstance(image, Radiograph) and stands_alone(said.get("strokes", {}))):
            raise
        return reader_outline(image, np.zeros(image.shape, np.uint16))


def _automatic(image: Image, roi: BoolArray | None, hidden: BoolArray) -> Outline:
    match image:
        case Photo():
            return outline_photo(image, ignore=hidden, roi=roi)
        case Radiograph():
            require_hand(image)
            return outline_radiograph(image, roi=roi)
        case Ct():
            return outline_ct(image, roi=roi)
        case Mr():
            raise UnreadableImage(
                Because.NOT_OUTLINED, "MR has no automatic outline; give a reader's mask (--mask)"
            )


def _mask_of(image: Image, options: MeasureOptions) -> Path | None:
    if options.mask is None or options.mask.is_file():
        return options.mask
    own = ".mask.nii.gz" if isinstance(image, Ct | Mr) else ".mask.png"
    stem = image_id(image.provenance.sha256)
    named = [options.mask / f"{stem}{suffix}" for suffix in (own, *DICOM_MASKS)]
    return next((path for path in named if path.exists()), None)


def _by_mask(image: Image, path: Path, options: MeasureOptions) -> Outline:
    return reader_outline(image, read_mask(path, image), options.over_bone)


def _region(image: Image, options: MeasureOptions) -> BoolArray | None:
    if not options.polygon_px:
        return None
    from skimage.draw import polygon2mask

    inside: BoolArray = polygon2mask(image.shape[-2:], np.asarray(options.polygon_px))
    if not inside.any():
        raise UnreadableImage(Because.NOT_OUTLINED, "the region of interest lies outside the image")
    return np.broadcast_to(inside, image.shape)
