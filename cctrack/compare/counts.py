"""Counts with exact intervals, and times as median and range: what a table of a cohort shows."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from cctrack.model.share import exact_interval


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some had something.

    Attributes
    ----------
    count, of : int
    interval : (float, float) or None
        Exact 95 % interval of the share, 0–1; None of nobody.
    """

    count: int
    of: int
    interval: tuple[float, float] | None

    @property
    def percent(self) -> float | None:
        """The share in percent; None of nobody."""
        return 100.0 * self.count / self.of if self.of else None


def share(count: int, of: int) -> Share:
    """Count with the exact interval of the share.

    Raises
    ------
    ValueError
        If ``count`` does not lie between 0 and ``of``.
    """
    interval = exact_interval(count, of)
    return Share(count, of, interval if of else None)


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of some values; None where there are none."""

    count: int
    median: float | None
    lowest: float | None
    highest: float | None


def spread(values: Iterable[float]) -> Spread:
    """Describe values as tables of small cohorts do: median (range)."""
    known = sorted(values)
    if not known:
        return Spread(0, None, None, None)
    return Spread(len(known), float(median(known)), known[0], known[-1])
