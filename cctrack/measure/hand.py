"""A weighted score of a hand on film: share of each site that is calcified, times its density.

SCTC-like, not validated: like the radiographic score of the Scleroderma Clinical Trials Consortium
(Valenzuela 2022, Semin Arthritis Rheum 53:151980) it multiplies extent, density and place. That
score's own weights were not at hand and none are made up: every site weighs the same unless a file
says otherwise.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import CctrackError
from cctrack.measure.density import Density
from cctrack.measure.error import border_log_sd, find_crops
from cctrack.model import Finding, Measurement, Outline, Quantity, Unit
from cctrack.model.hand import HandSite

SiteArray = NDArray[np.uint8]
Weights = Mapping[HandSite, float]


@dataclass(frozen=True, slots=True)
class SiteScore:
    """What one site adds to the score.

    Attributes
    ----------
    site : HandSite
    coverage : float
        Share of the site's tissue that is calcified, in per cent.
    density : float
        Mean grade of its deposits by area, 1-3; 0 without any.
    weight : float
    """

    site: HandSite
    coverage: float
    density: float
    weight: float

    @property
    def score(self) -> float:
        """Weight × coverage × density."""
        return self.weight * self.coverage * self.density


def shipped_weights() -> Weights:
    """Return the weights that come with cctrack: 1 for every site."""
    return _weights_in(
        (resources.files("cctrack.measure") / "hand_weights.toml").read_text("utf-8")
    )


def load_weights(path: Path) -> Weights:
    """Read the weights of the sites of a hand from a TOML file like the one shipped.

    Raises
    ------
    CctrackError
        If it cannot be read, lacks a site, or a weight is negative or no number.
    """
    try:
        return _weights_in(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        sites = ", ".join(site.name.lower() for site in HandSite)
        needed = f"needed a table [weights] with a number from 0 on for each of {sites}"
        raise CctrackError(f"the file of weights cannot be used; {needed}") from None


def _weights_in(text: str) -> Weights:
    stated = tomllib.loads(text)["weights"]
    weights = {site: float(stated[site.name.lower()]) for site in HandSite}
    if len(stated) > len(weights) or not all(0 <= value < math.inf for value in weights.values()):
        raise ValueError("unknown site, or weight that is none")
    return weights


def score_sites(
    outline: Outline, sites: SiteArray, grades: Mapping[int, Density], weights: Weights
) -> tuple[SiteScore, ...]:
    """Score every site that is on the film.

    Parameters
    ----------
    outline : Outline
        Lesions that are not counted (over bone) are left out here too.
    sites : uint8 array (rows, columns)
        Values of `HandSite`, 0 off the body.
    grades : mapping of int to Density
        A lesion that has none counts as medium.
    weights : mapping of HandSite to float
    """
    counted = outline.counted()
    grade_of = np.zeros(int(outline.labels.max(initial=0)) + 1)
    for lesion in counted:
        grade_of[lesion] = grades.get(lesion, Density.MEDIUM)
    graded = grade_of[outline.labels]
    scores = []
    for site in HandSite:
        here = graded[sites == site]
        calcified = np.count_nonzero(here)
        if here.size:
            coverage = 100.0 * calcified / here.size
            density = float(here.sum() / calcified) if calcified else 0.0
            scores.append(SiteScore(site, coverage, density, weights[site]))
    return tuple(scores)


def measure_score(scores: tuple[SiteScore, ...], outline: Outline) -> Finding:
    """Add sites up to the score of the hand.

    Its error is that of the deposits' borders and of what may have been missed; how far a grade or
    a weight is right is no matter of measurement and not in it.
    """
    total = math.fsum(score.score for score in scores)
    value = Measurement(
        Quantity.HAND_SCORE, total, Unit.ONE, outline.method, _log_sd(outline) if total else 0.0
    )
    return Finding(0, value)


def _log_sd(outline: Outline) -> float:
    counted = outline.counted()
    sizes, errors = [], []
    for label, crop in find_crops(outline.labels).items():
        if label in counted:
            region = outline.labels[crop] == label
            sizes.append(np.count_nonzero(region))
            errors.append(border_log_sd(region, outline.border_sd_of(label)))
    weight = np.array(sizes) / sum(sizes)
    return math.hypot(float(np.linalg.norm(weight * errors)), outline.selection_log_sd)
