"""What a film of a hand says beyond areas: density of deposits and the weighted hand score.

Fingers are found by the hand's outline; where that fails, or fails to please, a reader draws them::

    {"fingers": {"thumb": [[row, column], [row, column]], "index": [...], ...}}

Lines in px, each from where the finger leaves the palm to its tip; a finger that is absent is left
out, and all tissue that is near no line is the palm. ``{"none": true}`` says that this is no hand.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.measure.density import grade_densities, measure_densities
from cctrack.measure.hand import Weights, measure_score, score_sites, shipped_weights
from cctrack.model import Because, Finding, Outline, Radiograph
from cctrack.model.hand import FINGERS, HandSite
from cctrack.segment.radiograph.bone import find_parts
from cctrack.segment.radiograph.hand import find_hand_sites, sites_from_lines
from cctrack.study.reader import Said, list_of, place_of, require_keys

BoolArray = NDArray[np.bool_]
SiteArray = NDArray[np.uint8]
NAMES = {site.name.lower(): site for site in FINGERS}


def film_findings(
    film: Radiograph, outline: Outline, said: Said | None, weights: Weights | None
) -> tuple[Finding, ...]:
    """Grade deposits by density, and score the hand if the film shows one.

    Parameters
    ----------
    film : Radiograph
    outline : Outline
    said : mapping or None
        What a reader said about the fingers, as in this module's description.
    weights : mapping of HandSite to float, or None
        Those that are shipped where None.

    Raises
    ------
    UnreadableImage
        If what was said about the fingers cannot be read.
    """
    tissue, bone = _parts_of(film, outline)
    grades = grade_densities(film.pixels, outline.labels, bone, tissue)
    found = measure_densities(grades, outline.method)
    sites = _sites(tissue, said)
    if sites is None:
        return tuple(found)
    scores = score_sites(outline, sites, grades, weights or shipped_weights())
    return (*found, measure_score(scores, outline))


def _parts_of(film: Radiograph, outline: Outline) -> tuple[BoolArray, BoolArray]:
    if outline.soft_tissue is not None and outline.bone is not None:
        return outline.soft_tissue, outline.bone
    return find_parts(film)


def _sites(tissue: BoolArray, said: Said | None) -> SiteArray | None:
    if said is None:
        return find_hand_sites(tissue)
    try:
        lines = _lines(said, tissue.shape)
    except ValueError as error:
        raise UnreadableImage(Because.NO_FINGER, f"hand: {error}") from None
    return sites_from_lines(tissue, lines) if lines else None


def _lines(
    said: Said, shape: tuple[int, ...]
) -> Mapping[HandSite, tuple[tuple[float, float], ...]]:
    if said == {"none": True}:
        return {}
    drawn = require_keys(said, ("fingers",), "a hand").get("fingers")
    drawn = require_keys(drawn, tuple(NAMES), '"fingers"')
    if not drawn:
        raise ValueError('"fingers" names none; {"none": true} says that it is no hand')
    return {NAMES[name]: _line(drawn, name, shape) for name in drawn}


def _line(drawn: Said, name: str, shape: tuple[int, ...]) -> tuple[tuple[float, float], ...]:
    points = [place_of(point, shape) for point in list_of(drawn, name)]
    if len(points) < 2 or points[0] == points[-1]:
        raise ValueError(f'"{name}" must be a line from its base to its tip, two points or more')
    return tuple((row, column) for row, column in points)
