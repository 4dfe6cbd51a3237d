"""What the user says about how images are measured, and which of it concerns an image."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cctrack.calibrate.options import NOTHING_GIVEN, PhotoScaleOptions
from cctrack.measure.hand import Weights
from cctrack.model import Ct, Image, Photo, Radiograph
from cctrack.model.calibration import Calibration
from cctrack.study.reader import NOTHING_SAID, ReaderFiles, Said


@dataclass(frozen=True, slots=True)
class MeasureOptions:
    """What the user said about how to measure.

    Attributes
    ----------
    sizes : PhotoScaleOptions
        Things of known size in a photo; its ``mm_per_px`` also holds for films without a spacing.
    mask : Path or None
        A reader's mask, or a folder of masks named by image id.
    over_bone : tuple of int
        Lesions of the mask that its reader leaves out of totals, ascending: they lie over bone.
    polygon_px : tuple of (row, column)
        Region of interest; empty for the whole image.
    calibration : Calibration or None
        Turns density on CT into mass; without one there is no mass.
    reader : ReaderFiles
        Strokes, fingers and reviews of single images.
    candidates : bool
        Keep the candidates of a CT with what was measured.
    hand_weights : mapping of HandSite to float, or None
        Of the hand score; None for those that are shipped.
    """

    sizes: PhotoScaleOptions = NOTHING_GIVEN
    mask: Path | None = None
    over_bone: tuple[int, ...] = ()
    polygon_px: tuple[tuple[float, float], ...] = ()
    calibration: Calibration | None = None
    reader: ReaderFiles = NOTHING_SAID
    candidates: bool = False
    hand_weights: Weights | None = None


AUTOMATIC = MeasureOptions()
"""Everything automatic: what is measured when the user says nothing."""


def parameters_of(
    image: Image, options: MeasureOptions, said: Mapping[str, Said], mask_hash: str
) -> str:
    """Write everything said that changes a number of this image, the same text for the same.

    Parameters
    ----------
    image : Image
    options : MeasureOptions
    said : mapping of option to what was said
        What a reader said about this image.
    mask_hash : str
        Of the reader's mask: where its file lies changes nothing.

    Returns
    -------
    str
        JSON, ``{}`` when nothing was said.
    """
    sizes = asdict(options.sizes) if isinstance(image, Photo) else {}
    if isinstance(image, Radiograph):
        sizes = {"mm_per_px": options.sizes.mm_per_px}
    stated: dict[str, object] = {key: value for key, value in sizes.items() if value is not None}
    if options.calibration is not None and isinstance(image, Ct):
        stated["calibration"] = asdict(options.calibration)
    if options.hand_weights is not None and isinstance(image, Radiograph):
        weights = options.hand_weights.items()
        stated["hand_weights"] = {site.name.lower(): value for site, value in weights}
    # Which proposal the reader saw is checked, but it changes no number.
    for option, entry in said.items():
        stated[option] = {key: value for key, value in entry.items() if key != "proposal"}
    stated |= {"roi": options.polygon_px} if options.polygon_px else {}
    stated |= {"mask": mask_hash} if mask_hash else {}
    stated |= {"over_bone": options.over_bone} if mask_hash and options.over_bone else {}
    return json.dumps(stated, sort_keys=True)
