"""The steps of one image, whatever its modality: scale, outline, measure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.detector import allow_for_depth, read_detector
from cctrack.calibrate.options import NOTHING_GIVEN, PhotoScaleOptions
from cctrack.calibrate.photo import survey_photo
from cctrack.calibrate.reach import flag_far_lesions
from cctrack.measure.area import measure_areas
from cctrack.measure.cylinder import Cylinder
from cctrack.measure.volume import measure_ct, measure_mask_volume
from cctrack.model import (
    AxisScale,
    Ct,
    Finding,
    Flag,
    Image,
    Mr,
    Outline,
    Photo,
    Radiograph,
    ScaleSource,
)
from cctrack.segment.ct import Candidates
from cctrack.segment.radiograph.width import part_width_mm
from cctrack.study.fingers import find_cylinders
from cctrack.study.hand import film_findings
from cctrack.study.identity import image_id
from cctrack.study.options import AUTOMATIC, MeasureOptions, parameters_of
from cctrack.study.outlining import outline_image
from cctrack.study.reader import Said

__all__ = [
    "AUTOMATIC",
    "MeasureOptions",
    "Measured",
    "calibrate_image",
    "measure_image",
    "quantify",
    "relabelled",
]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One image with its scale, its outline and what was measured on it.

    Attributes
    ----------
    image : Image
    outline : Outline
    findings : tuple of Finding
    sizes : PhotoScaleOptions
        What was stated about a photo.
    parameters : str
        Everything stated that changes a number, as JSON; a part of each row's id.
    said : mapping of option to what was said
        By a reader, to be stored with the results.
    candidates : Candidates or None
        Of a CT, where they were asked for.
    """

    image: Image
    outline: Outline
    findings: tuple[Finding, ...]
    sizes: PhotoScaleOptions = NOTHING_GIVEN
    parameters: str = "{}"
    said: Mapping[str, Said] = field(default_factory=dict)
    candidates: Candidates | None = None

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
        If a given mask or region, or what a reader said, does not fit, or an MR has no mask.
    """
    said = options.reader.of(image)
    scaled, covered = calibrate_image(image, options)
    drawn = outline_image(scaled, options, said, covered)
    outline = drawn.outline
    fingers: Mapping[int, Cylinder] = {}
    if isinstance(scaled, Photo):
        outline = flag_far_lesions(outline, scaled.scale)
        if "finger" in said:
            fingers = find_cylinders(scaled, outline, said["finger"], covered)
    return Measured(
        scaled,
        outline,
        quantify(scaled, outline, options, fingers),
        options.sizes,
        parameters_of(image, options, said, drawn.mask_hash),
        drawn.said,
        drawn.candidates,
    )


def relabelled(measured: Measured, ids: Mapping[int, int]) -> Measured:
    """Return the same image with other label values.

    A label that ``ids`` lacks keeps its own; an id of a label that is not there changes nothing.
    """
    outline = measured.outline
    table = np.arange(int(outline.labels.max(initial=0)) + 1, dtype=np.uint16)
    for label, wanted in ids.items():
        if label < len(table):
            table[label] = wanted
    renamed = replace(
        outline,
        labels=table[outline.labels],
        lesion_flags={int(table[key]): value for key, value in outline.lesion_flags.items()},
        lesion_depth_mm={int(table[key]): mm for key, mm in outline.lesion_depth_mm.items()},
        lesion_border_sd_px={
            int(table[key]): px for key, px in outline.lesion_border_sd_px.items()
        },
    )
    findings = tuple(replace(item, lesion=int(table[item.lesion])) for item in measured.findings)
    return replace(measured, outline=renamed, findings=findings)


def calibrate_image(image: Image, options: MeasureOptions) -> tuple[Image, NDArray[np.bool_]]:
    """Give an image its scale, and say where a photo shows scale objects, not skin."""
    nowhere = np.zeros(image.shape[-2:], dtype=bool)
    match image:
        case Photo():
            survey = survey_photo(image.pixels, options.sizes)
            flags = image.flags | survey.flags
            known = replace(image, scale=survey.scale, flags=flags, colours=survey.colours)
            return known, survey.objects
        case Radiograph():
            if options.sizes.mm_per_px is not None:
                given = AxisScale((options.sizes.mm_per_px,) * 2, ScaleSource.GIVEN, 0.02)
                return replace(image, scale=given), nowhere
            return _on_detector(image), nowhere
        case _:
            return image, nowhere


def _on_detector(film: Radiograph) -> Radiograph:
    scale, flags = read_detector(film.spacing)
    known = replace(film, scale=scale, flags=film.flags | flags)
    if scale is None:
        return known
    return replace(known, scale=allow_for_depth(scale, part_width_mm(known)))


def quantify(
    image: Image,
    outline: Outline,
    options: MeasureOptions,
    fingers: Mapping[int, Cylinder] = MappingProxyType({}),
) -> tuple[Finding, ...]:
    """Measure what is outlined on an image that has its scale."""
    match image:
        case Ct():
            return measure_ct(image, outline, calibration=options.calibration)
        case Mr():
            return measure_mask_volume(outline, image.scale)
        case Radiograph():
            said = options.reader.of(image).get("hand")
            areas = measure_areas(outline, image.scale, modality=image.modality)
            beyond = film_findings(image, outline, said, options.hand_weights)
            return tuple(sorted((*areas, *beyond), key=_lesions_then_total))
        case _:
            scale = image.scale
            return measure_areas(outline, scale, modality=image.modality, cylinder=fingers)


def _lesions_then_total(finding: Finding) -> tuple[bool, int]:
    return finding.lesion == 0, finding.lesion
