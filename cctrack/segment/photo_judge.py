"""Tell deposits from what else departs from skin: mottling, naevi, hair, glare, rims."""

from collections.abc import Mapping

import numpy as np

from cctrack.segment.photo_candidates import FEATURES, Candidate
from cctrack.segment.photo_skin import BoolArray

PALE_WEIGHTS: Mapping[str, float] = {
    "bias": 4.23,
    "edge": 1.02,
    "contrast": 3.29,
    "weakest_edge": 3.19,
    "solidity": 0.96,
    "elongation": -4.47,
    "on_rim": -2.18,
    "log_area": 3.72,
    "chalk": -2.51,
    "dark": 0.67,
    "light": -0.58,
    "ring_light": 1.03,
    "yellow": -0.26,
}
"""Log-odds of a pale blob being a deposit: a logistic regression on 6,089 blobs (211 deposits) of
66 simulated photos (seeds 0-65), all skin types and difficulties."""

SORE_WEIGHTS: Mapping[str, float] = {
    "bias": -2.33,
    "edge": 0.44,
    "contrast": 1.49,
    "weakest_edge": 1.72,
    "solidity": 0.59,
    "elongation": -3.51,
    "on_rim": -3.09,
    "log_area": 2.94,
    "chalk": 2.08,
    "dark": -0.99,
    "red": 0.74,
    "light": 4.12,
    "ring_light": -1.44,
    "yellow": -0.05,
}
"""The same for restless blobs, light and dark mixed: 8,015 blobs, 204 deposits."""

LEAST_PALE = -0.5
"""On those photos it keeps 96 % of the deposits that were cut out, at 0.08 false blobs a photo."""

LEAST_SORE = 0.0
"""92 % and 0.05; lower, brown naevi with light spots come in."""

SORE_DARK = -3.0
"""Lightness, in SDs of skin, of the darkest tenth of an open sore; a closed deposit is pale all
over but for hair across it."""

LEAST_CHALK = 2.5
"""Whiteness, in SDs of skin, that the palest tenth of any deposit reaches: 19 of 20 simulated ones
have 3.5 or more. However sharp its border, a naevus or a red spot holds no chalk."""

SORE_LOG_AREA = 2.2
"""Smaller blobs (log10 of px at working size) are papules with a hair or a dark rim."""

MOSTLY = 0.6
"""A pale blob with more of itself inside a sore is the sore's chalk."""


def log_odds(candidate: Candidate, weights: Mapping[str, float]) -> float:
    """Log-odds of a candidate being a deposit."""
    terms = _terms(dict(zip(FEATURES, candidate.features, strict=True)))
    return sum(weight * terms[name] for name, weight in weights.items())


def choose(
    pale: list[Candidate], restless: list[Candidate], shape: tuple[int, ...]
) -> list[tuple[Candidate, bool]]:
    """Pick the deposits among the candidates, and say of each whether it is an open sore.

    Parameters
    ----------
    pale, restless : list of Candidate
        Blobs of the whiteness and of the restlessness map.
    shape : tuple of int
        Of the working image.
    """
    deposits = [item for item in pale if _is_deposit(item, PALE_WEIGHTS, LEAST_PALE)]
    chosen: list[tuple[Candidate, bool]] = []
    for item in restless:
        if not _is_deposit(item, SORE_WEIGHTS, LEAST_SORE):
            continue
        area = paint(item, shape)
        inside = [other for other in deposits if _share_in(other, area) > MOSTLY]
        sore = _is_open(item)
        touched = any(_share_in(other, area) > 0 for other in deposits)
        if sore:
            deposits = [other for other in deposits if other not in inside]
            chosen.append((item, True))
        elif not touched:
            chosen.append((item, False))
    return chosen + [(item, False) for item in deposits]


def _is_deposit(candidate: Candidate, weights: Mapping[str, float], least: float) -> bool:
    chalk = candidate.features[FEATURES.index("chalk")]
    return bool(chalk > LEAST_CHALK and log_odds(candidate, weights) > least)


def _is_open(candidate: Candidate) -> bool:
    of = dict(zip(FEATURES, candidate.features, strict=True))
    return bool(of["dark"] < SORE_DARK and of["log_area"] > SORE_LOG_AREA)


def paint(candidate: Candidate, shape: tuple[int, ...]) -> BoolArray:
    """Mask of a candidate in the working image."""
    painted = np.zeros(shape, dtype=bool)
    rows, columns = candidate.mask.shape
    top, left = candidate.corner
    painted[top : top + rows, left : left + columns] = candidate.mask
    return painted


def _share_in(candidate: Candidate, area: BoolArray) -> float:
    rows, columns = candidate.mask.shape
    top, left = candidate.corner
    part = area[top : top + rows, left : left + columns]
    return float(part[candidate.mask].mean())


def _terms(of: Mapping[str, float]) -> dict[str, float]:
    """Features on the scales the weights were fitted on, clipped where they say no more."""
    return {
        "bias": 1.0,
        "edge": _log(of["edge"]),
        "contrast": _log(of["contrast"]),
        "weakest_edge": _log(of["weakest_edge"]),
        "solidity": 10 * of["solidity"] - 9,
        "elongation": of["elongation"],
        "on_rim": 5 * of["on_rim"],
        "log_area": of["log_area"] - 2.5,
        "chalk": _clip(of["chalk"], -5, 15) / 5,
        "dark": _clip(of["dark"], -10, 10) / 5,
        "red": _clip(of["red"], -8, 8) / 4,
        "light": _clip(of["light"], -10, 15) / 5,
        "ring_light": of["ring_light"] / 2,
        "yellow": _clip(of["yellow"], -8, 8) / 4,
    }


def _log(value: float) -> float:
    return float(np.log(max(value, 0.05)))


def _clip(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
