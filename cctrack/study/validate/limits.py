"""Stated limits, as data, and whether figures of merit keep to them."""

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any

from cctrack.model import Modality
from cctrack.study.validate.figures import Figure

LEAST = 10
"""Cases from which a limit is judged, unless it says otherwise: one case more or less then moves a
share by 10 % at most."""


class Standing(StrEnum):
    """Whether a limit is kept; ``open`` is not kept by a figure whose interval reaches it."""

    PASS = "pass"
    FAIL = "fail"
    OPEN = "open"
    TOO_FEW = "too few cases"


@dataclass(frozen=True, slots=True)
class Limit:
    """What one figure must reach.

    Attributes
    ----------
    figure : str
        Key of a `Figure`.
    at_least, at_most : float
        Both ends belong to it; infinite where there is none.
    why : str
    least : int
        Cases from which it is judged.
    """

    figure: str
    at_least: float = -math.inf
    at_most: float = math.inf
    why: str = ""
    least: int = LEAST

    @property
    def words(self) -> str:
        """The limit in words, such as ``at most 5``."""
        if math.isinf(self.at_least):
            return f"at most {self.at_most:g}"
        if math.isinf(self.at_most):
            return f"at least {self.at_least:g}"
        return f"{self.at_least:g} to {self.at_most:g}"

    def judge(self, figure: Figure) -> Standing:
        """Hold a figure against the limit."""
        if figure.count < self.least or math.isnan(figure.value):
            return Standing.TOO_FEW
        if self.at_least <= figure.value <= self.at_most:
            return Standing.PASS
        return Standing.OPEN if self._within_reach(figure) else Standing.FAIL

    def _within_reach(self, figure: Figure) -> bool:
        """Whether a share may keep the limit as far as so few cases can tell."""
        if figure.unit != "%" or math.isnan(figure.lower):
            return False
        return figure.lower <= self.at_most and self.at_least <= figure.upper


@dataclass(frozen=True, slots=True)
class Checked:
    """A figure, its limit and whether that is kept."""

    figure: Figure
    limit: Limit
    standing: Standing


def shipped_limits() -> tuple[Limit, ...]:
    """Read the limits that come with cctrack; ``*`` stands for every modality."""
    text = (resources.files("cctrack.study.validate") / "limits.toml").read_text("utf-8")
    limits: list[Limit] = []
    for entry in tomllib.loads(text)["limit"]:
        limits.extend(_expand(entry))
    return tuple(limits)


def check(figures: Sequence[Figure], limits: Iterable[Limit]) -> tuple[Checked, ...]:
    """Hold figures against limits; a limit about a figure that was not worked out is left out."""
    by_key = {figure.key: figure for figure in figures}
    return tuple(
        Checked(by_key[limit.figure], limit, limit.judge(by_key[limit.figure]))
        for limit in limits
        if limit.figure in by_key
    )


def _expand(entry: Mapping[str, Any]) -> list[Limit]:
    if not entry["figure"].startswith("*."):
        return [Limit(**entry)]
    rest = entry["figure"].removeprefix("*.")
    modalities = (Modality.PHOTO, Modality.XRAY, Modality.CT)
    return [Limit(**{**entry, "figure": f"{modality}.{rest}"}) for modality in modalities]
