"""The steps of one image, whatever its modality: scale, outline, measure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.detector import read_detector
from cctrack.calibrate.options import NOTHING_GIVEN, PhotoScaleOptions
from cctrack.calibrate.photo import calibrate_photo, find_objects
from cctrack.errors import UnreadableImage
from cctrack.io import read_mask
from cctrack.measure.area import measure_areas
from cctrack.measure.volume import measure_ct, measure_mask_volume
from cctrack.model import (
    AxisScale,
    Because,
    Ct,
    Finding,
    Flag,
    Image,
    Method,
    Mr,
    Outline,
    Photo,
    Radiograph,
    ScaleSource,
)
from cctrack.model.calibration import Calibration
from cctrack.segment.ct import outline_ct
from cctrack.segment.photo import outline_photo
from cctrack.segment.radiograph import outline_radiograph
from cctrack.study.identity import image_id

READER_BORDER_SD_MM = 0.2
"""How far a careful reader's whole border wanders, in mm. See decision 0004."""

READER_BORDER_SD_PX = 2.0
"""The same where no scale says how large a pixel is."""


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """What the user said about how to measure.

    Attributes
    ----------
    sizes : PhotoScaleOptions
        Things of known size in a photo; its ``mm_per_px`` also holds for films without a spacing.
    mask : Path or None
        A reader's mask, or a folder of masks named by image id.
    polygon_px : tuple of (row, column)
        Region of interest; empty for the whole image.
    calibration : Calibration or None
        Turns density on CT into mass; without one there is no mass.
    """

    sizes: PhotoScaleOptions = NOTHING_GIVEN
    mask: Path | None = None
    polygon_px: tuple[tuple[float, float], ...] = ()
    calibration: Calibration | None = None


AUTOMATIC = MeasureOptions()
"""Everything automatic: what is measured when the user says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One image with its scale, its outline and what was measured on it."""

    image: Image
    outline: Outline
    findings: tuple[Finding, ...]
    sizes: PhotoScaleOptions = NOTHING_GIVEN

    @property
    def image_id(self) -> str:
        """Our id of the image."""
        return image_id(self.image.provenance.sha256)

    @property
    def flags(self) -> frozenset[Flag]:
        """Cautions about the whole image."""
        return self.image.flags | self.outline.flags


def measure_image(image: Image, options: MeasureOptions) -> Measured:
    """Calibrate, outline and measure one image.

    Raises
    ------
    UnreadableImage
        If a given mask or region does not fit, or an MR has no reader's mask.
    """
    scaled = _calibrate(image, options)
    outline = _outline(scaled, options)
    return Measured(scaled, outline, _quantify(scaled, outline, options), options.sizes)


def relabelled(measured: Measured, ids: Mapping[int, int]) -> Measured:
    """Return the same image with other label values; a label that ``ids`` lacks keeps its own."""
    outline = measured.outline
    table = np.arange(int(outline.labels.max(initial=0)) + 1, dtype=np.uint16)
    for label, wanted in ids.items():
        table[label] = wanted
    renamed = replace(
        outline,
        labels=table[outline.labels],
        lesion_flags={int(table[key]): value for key, value in outline.lesion_flags.items()},
        lesion_depth_mm={int(table[key]): mm for key, mm in outline.lesion_depth_mm.items()},
    )
    findings = tuple(replace(item, lesion=int(table[item.lesion])) for item in measured.findings)
    return replace(measured, outline=renamed, findings=findings)


def _calibrate(image: Image, options: MeasureOptions) -> Image:
    match image:
        case Photo():
            scale, flags = calibrate_photo(image, options.sizes)
            return replace(image, scale=scale, flags=image.flags | flags)
        case Radiograph():
            if options.sizes.mm_per_px is not None:
                given = AxisScale((options.sizes.mm_per_px,) * 2, ScaleSource.GIVEN, 0.02)
                return replace(image, scale=given)
            detector, flags = read_detector(image.spacing)
            return replace(image, scale=detector, flags=image.flags | flags)
        case _:
            return image


def _outline(image: Image, options: MeasureOptions) -> Outline:
    mask = _mask_of(image, options)
    if mask is not None:
        return _reader_outline(image, mask)
    roi = _region(image, options)
    match image:
        case Photo():
            return outline_photo(image, ignore=find_objects(image.pixels, options.sizes), roi=roi)
        case Radiograph():
            return outline_radiograph(image, roi=roi)
        case Ct():
            return outline_ct(image, roi=roi)
        case Mr():
            raise UnreadableImage(
                Because.NOT_OUTLINED, "MR has no automatic outline; give a reader's mask (--mask)"
            )


def _quantify(image: Image, outline: Outline, options: MeasureOptions) -> tuple[Finding, ...]:
    match image:
        case Ct():
            return measure_ct(image, outline, calibration=options.calibration)
        case Mr():
            return measure_mask_volume(outline, image.scale)
        case _:
            return measure_areas(outline, image.scale, modality=image.modality)


def _mask_of(image: Image, options: MeasureOptions) -> Path | None:
    if options.mask is None or options.mask.is_file():
        return options.mask
    suffix = ".mask.nii.gz" if isinstance(image, Ct | Mr) else ".mask.png"
    named = options.mask / f"{image_id(image.provenance.sha256)}{suffix}"
    return named if named.exists() else None


def _reader_outline(image: Image, path: Path) -> Outline:
    labels = read_mask(path, image)
    border_px = READER_BORDER_SD_PX
    if image.scale is not None:
        border_px = READER_BORDER_SD_MM / float(np.mean(image.scale.mean_mm[-2:]))
    return Outline(labels=labels, method=Method.READER, border_sd_px=border_px)


def _region(image: Image, options: MeasureOptions) -> NDArray[np.bool_] | None:
    if not options.polygon_px:
        return None
    from skimage.draw import polygon2mask

    inside: NDArray[np.bool_] = polygon2mask(image.shape[-2:], np.asarray(options.polygon_px))
    if not inside.any():
        raise UnreadableImage(Because.NOT_OUTLINED, "the region of interest lies outside the image")
    return np.broadcast_to(inside, image.shape)
