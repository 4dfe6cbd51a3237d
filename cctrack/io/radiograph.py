"""Read a CR or DX file as a radiograph with bone bright."""

import numpy as np
from pydicom import Dataset

from cctrack.errors import UnreadableImage
from cctrack.io.classify import is_secondary_capture
from cctrack.io.dicom_header import acquisition_date, stored_range
from cctrack.io.dicom_values import integer, number, text, vector
from cctrack.io.pixels import decode_frame, is_lossy
from cctrack.io.projection import laterality_of, view_of
from cctrack.io.shutter import hidden_by_shutter
from cctrack.io.stored import padding_mask, rescaled
from cctrack.io.window import display_window
from cctrack.model import Because, Flag, Provenance, Radiograph, SpacingTags


def read_radiograph(dataset: Dataset, provenance: Provenance) -> Radiograph:
    """Decode one projection; stored spacing attributes are passed on untouched.

    Padding, and what a shutter hides, becomes the darkest value there is: it must never look like a
    deposit.

    Raises
    ------
    UnreadableImage
        If it is colour, multi-frame, cut short or not decodable.
    """
    frames = integer(dataset, "NumberOfFrames")
    if frames > 1:
        raise UnreadableImage(
            Because.UNSUPPORTED_MODALITY, f"a radiograph of {frames} frames; one is needed"
        )
    stored = decode_frame(dataset)
    values = rescaled(dataset, stored).astype(np.float32)
    low, high = _full_range(dataset)
    window = display_window(dataset)
    if _small_is_bright(dataset):
        # The only place where grey is ever inverted.
        values = np.float32(low + high) - values
        window = (low + high - window[1], low + high - window[0]) if window else None
    for outside in (padding_mask(dataset, stored), hidden_by_shutter(dataset)):
        if outside is not None:
            values[outside] = low
    return Radiograph(
        pixels=values,
        full_range=(low, high),
        window=window,
        spacing=spacing_tags(dataset),
        presentation=text(dataset, "PresentationIntentType").upper() != "FOR PROCESSING",
        acquired=acquisition_date(dataset),
        flags=_flags(dataset),
        provenance=provenance,
        view=view_of(dataset),
        laterality=laterality_of(dataset),
    )


def spacing_tags(dataset: Dataset) -> SpacingTags:
    """Copy what the file says about size, absurd values included.

    A secondary capture has none: it was scanned or resampled since, whatever was copied into it.
    """
    if is_secondary_capture(text(dataset, "SOPClassUID")):
        return SpacingTags(secondary_capture=True)
    return SpacingTags(
        pixel_spacing=_pair(dataset, "PixelSpacing"),
        imager_pixel_spacing=_pair(dataset, "ImagerPixelSpacing"),
        magnification=number(dataset, "EstimatedRadiographicMagnificationFactor"),
        calibration_type=text(dataset, "PixelSpacingCalibrationType"),
        calibration_described=bool(text(dataset, "PixelSpacingCalibrationDescription")),
    )


def _small_is_bright(dataset: Dataset) -> bool:
    photometric = text(dataset, "PhotometricInterpretation").upper()
    if photometric not in ("MONOCHROME1", "MONOCHROME2"):
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, "the file does not say whether bone is bright or dark"
        )
    inverse = text(dataset, "PresentationLUTShape").upper() == "INVERSE"
    if photometric == "MONOCHROME2" and inverse:
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, "MONOCHROME2 and INVERSE: bone may be bright or dark"
        )
    return photometric == "MONOCHROME1"


def _pair(dataset: Dataset, tag: str) -> tuple[float, float] | None:
    values = vector(dataset, tag, 2)
    return None if values is None else (values[0], values[1])


def _full_range(dataset: Dataset) -> tuple[float, float]:
    if dataset.get("ModalityLUTSequence"):
        bits = int(dataset.ModalityLUTSequence[0].LUTDescriptor[2])
        return 0.0, float((1 << bits) - 1)
    ends = rescaled(dataset, np.array(stored_range(dataset)))
    return float(ends.min()), float(ends.max())


def _flags(dataset: Dataset) -> frozenset[Flag]:
    flags = set()
    if is_lossy(dataset):
        flags.add(Flag.LOSSY)
    if text(dataset, "PresentationIntentType").upper() != "FOR PROCESSING":
        flags.add(Flag.PRESENTATION)
    return frozenset(flags)
