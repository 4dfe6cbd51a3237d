"""Figures of merit from judged images and pairs: each a number with its interval and its count."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from cctrack.model import Event, FloatArray, Modality, Outcome, Quality
from cctrack.model.share import exact_interval
from cctrack.study.validate.pairs import PairCase
from cctrack.study.validate.scenario import Scenario
from cctrack.study.validate.single import DepositCase, ImageCase
from cctrack.study.validate.truth import DEEP, OVER_BONE

Z95 = 1.959964

CLASSES = {
    Modality.PHOTO: ("10+", "25+", "10-25", "25-100", "100+"),
    Modality.XRAY: ("10+", "10-25", "25-100", "100+"),
    Modality.CT: ("10+", "10-190", "190+"),
}
"""Sizes in mm² or mm³ that are summed up; the first holds all that count. CT repeats to 9.5 mm³,
and from 190 mm³ on a change of 25 % is larger than its noise (Sevrukov 2005)."""

COMPACT = ("stone", "plate", "amorphous")
"""Morphologies of one piece."""

COVERAGE = ("coverage", "within the stated interval")
HALF_WIDTH = ("half_width", "half-width of the stated interval")

MISPLACED_MM = 2.0
"""An alignment this far off must not pass as good."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of merit.

    Attributes
    ----------
    key : str
        Such as ``photo.100+.median_abs_error``; limits are stated by it.
    modality : Modality
    group : str
        What it is of, in words.
    name : str
        What it says, in words.
    value : float
        nan where there was nothing to count.
    unit : str
        ``%``, ``mm``, ``1`` or ``a scan`` …
    count : int
        Deposits, images or pairs that it rests on.
    lower, upper : float
        95 % interval (Clopper–Pearson of shares); nan where none is given.
    """

    key: str
    modality: Modality
    group: str
    name: str
    value: float
    unit: str
    count: int
    lower: float = math.nan
    upper: float = math.nan


def figures_of(images: Sequence[ImageCase], pairs: Sequence[PairCase]) -> tuple[Figure, ...]:
    """Work out all figures of merit.

    Parameters
    ----------
    images, pairs : sequence of cases
        Of any modalities.
    """
    found: list[Figure] = []
    for modality in CLASSES:
        own = [image for image in images if image.modality is modality]
        if own:
            found.extend(_of_images(modality, own))
        judged = [pair for pair in pairs if pair.modality is modality]
        if judged:
            found.extend(_of_pairs(modality, judged))
    return tuple(found)


def bounds(name: str) -> tuple[float, float]:
    """Return the smallest size of a class and the size below which it ends."""
    if name.endswith("+"):
        return float(name[:-1]), math.inf
    low, high = name.split("-")
    return float(low), float(high)


def scored(image: ImageCase) -> Iterator[DepositCase]:
    """Yield the deposits that an automatic outline is to find."""
    return (item for item in image.deposits if item.place not in (OVER_BONE, DEEP))


@dataclass(frozen=True, slots=True)
class _Group:
    """Where figures belong to."""

    modality: Modality
    key: str
    words: str

    def figure(self, name: tuple[str, str], value: float, unit: str, count: int) -> Figure:
        key, words = name
        full = f"{self.modality}.{self.key}.{key}"
        return Figure(full, self.modality, self.words, words, value, unit, count)

    def share_of(self, name: tuple[str, str], hits: Iterable[bool]) -> Figure:
        counted = list(hits)
        right, count = int(sum(counted)), len(counted)
        lower, upper = exact_interval(right, count) if count else (math.nan, math.nan)
        value = right / count if count else math.nan
        key, words = name
        full = f"{self.modality}.{self.key}.{key}"
        percents = (100.0 * value, "%", count, 100.0 * lower, 100.0 * upper)
        return Figure(full, self.modality, self.words, words, *percents)


def _of_images(modality: Modality, images: Sequence[ImageCase]) -> Iterator[Figure]:
    whole = _Group(modality, "image", "per image")
    false = [image.false_finds for image in images]
    yield whole.figure(
        ("false_finds", "false finds"), float(np.mean(false)), "an image", len(false)
    )
    yield whole.share_of(("scaled", "with a scale"), (image.scaled for image in images))
    totals = [i for i in images if i.scaled and i.true > 0 and i.measured > 0]
    errors = np.array([math.log(i.measured / i.true) for i in totals])
    stated = np.array([i.log_sd for i in totals])
    total = _Group(modality, "total", "totals")
    if len(errors):
        yield from _errors(total, errors)
        yield total.share_of(
            ("coverage", "within the stated interval"), np.abs(errors) <= Z95 * stated
        )
        yield total.figure(HALF_WIDTH, _half(stated), "%", len(stated))
    deposits = [item for image in images for item in scored(image)]
    unit = "mm³" if modality is Modality.CT else "mm²"
    for name in CLASSES[modality]:
        low, high = bounds(name)
        group = _Group(modality, name, f"deposits of {name.replace('+', ' and more')} {unit}")
        yield from _of_deposits(group, [d for d in deposits if low <= d.true < high])
    shown = [item for item in deposits if item.true >= bounds(CLASSES[modality][0])[0]]
    compact = _Group(modality, "compact", "compact deposits")
    yield from _of_deposits(compact, [item for item in shown if item.kind in COMPACT])
    for about, get in _strata(modality, shown):
        for level in sorted({get(item) for item in shown}):
            chosen = [item for item in shown if get(item) == level]
            group = _Group(modality, f"{about}={level}", f"{about} {level}")
            yield from _of_deposits(group, chosen)


def _strata(
    modality: Modality, shown: Sequence[DepositCase]
) -> Iterator[tuple[str, Callable[[DepositCase], str]]]:
    yield "kind", lambda item: item.kind
    if modality is not Modality.PHOTO:
        yield "place", lambda item: item.place
    for name in dict.fromkeys(name for item in shown for name in item.about):
        yield name, partial(_about, name)


def _about(name: str, item: DepositCase) -> str:
    return item.about[name]


def _of_deposits(group: _Group, deposits: Sequence[DepositCase]) -> Iterator[Figure]:
    if not deposits:
        return
    yield group.share_of(("sensitivity", "found"), (item.found for item in deposits))
    dice = float(np.median([item.dice for item in deposits]))
    yield group.figure(("dice", "median Dice"), dice, "1", len(deposits))
    seen = [item for item in deposits if item.found and math.isfinite(item.log_error)]
    if not seen:
        return
    yield from _errors(group, np.array([item.log_error for item in seen]))
    yield group.share_of(COVERAGE, (item.covered for item in seen))
    stated = np.array([item.log_sd for item in seen])
    yield group.figure(HALF_WIDTH, _half(stated), "%", len(seen))


def _errors(group: _Group, errors: FloatArray) -> Iterator[Figure]:
    """Bias, median absolute error and Bland–Altman limits of agreement on the log scale."""
    count = len(errors)
    percent = 100.0 * np.expm1(errors)
    mean, spread = float(errors.mean()), float(errors.std(ddof=1)) if count > 1 else math.nan
    yield group.figure(
        ("median_abs_error", "median absolute error"), float(np.median(np.abs(percent))), "%", count
    )
    yield Figure(
        key=f"{group.modality}.{group.key}.bias",
        modality=group.modality,
        group=group.words,
        name="bias and limits of agreement",
        value=100.0 * math.expm1(mean),
        unit="%",
        count=count,
        lower=100.0 * math.expm1(mean - Z95 * spread) if count > 1 else math.nan,
        upper=100.0 * math.expm1(mean + Z95 * spread) if count > 1 else math.nan,
    )


def _half(log_sds: FloatArray) -> float:
    return float(100.0 * np.expm1(Z95 * np.median(log_sds)))


def _of_pairs(modality: Modality, pairs: Sequence[PairCase]) -> Iterator[Figure]:
    group = _Group(modality, "pair", "pairs of visits")
    pairs = [p for p in pairs if p.true_outcome is not Outcome.NOT_EVALUABLE]
    unchanged = [p for p in pairs if p.scenario is Scenario.UNCHANGED]
    changed = (Outcome.REGRESSION, Outcome.PROGRESSION)
    yield group.share_of(
        ("false_change", "unchanged called changed"), (p.outcome in changed for p in unchanged)
    )
    yield from _repeats(group, unchanged)
    tens = [p for p in pairs if p.scenario in (Scenario.PLUS_10, Scenario.MINUS_10)]
    yield group.share_of(
        ("ten", "±10 % called stable"), (p.outcome is Outcome.STABLE for p in tens)
    )
    halves = [p for p in pairs if p.scenario in (Scenario.PLUS_50, Scenario.MINUS_50)]
    yield group.share_of(
        ("half", "±50 % called rightly"), (p.outcome is p.true_outcome for p in halves)
    )
    sure = [p for p in pairs if p.outcome is not Outcome.NOT_EVALUABLE]
    wrong = (p.outcome in changed and p.outcome is not p.true_outcome for p in sure)
    yield group.share_of(("wrong", "called changed wrongly, of all verdicts"), wrong)
    yield group.share_of(("evaluable", "evaluable"), (p in sure for p in pairs))
    yield from _alignment(group, pairs)
    yield from _event_scores(group, pairs)


def _repeats(group: _Group, unchanged: Sequence[PairCase]) -> Iterator[Figure]:
    logs = np.array([math.log(p.ratio) for p in unchanged if p.ratio > 0])
    if len(logs) < 2:
        return
    # Two visits differ by two errors; the root of the mean square keeps a bias in.
    cv = float(np.sqrt(np.mean(logs**2) / 2.0))
    yield group.figure(("cv", "CV of an unchanged total"), 100.0 * cv, "%", len(logs))
    coefficient = 100.0 * math.expm1(Z95 * math.sqrt(2.0) * cv)
    yield group.figure(("repeatability", "repeatability coefficient"), coefficient, "%", len(logs))


def _alignment(group: _Group, pairs: Sequence[PairCase]) -> Iterator[Figure]:
    passed = [p for p in pairs if p.quality not in (None, Quality.FAILED)]
    off = np.array([p.off_mm for p in passed if math.isfinite(p.off_mm)])
    yield group.share_of(("aligned", "aligned"), (p in passed for p in pairs))
    if len(off):
        yield group.figure(
            ("off", "median error of alignment"), float(np.median(off)), "mm", len(off)
        )
    good = [p for p in passed if p.quality is Quality.GOOD]
    yield group.share_of(
        ("misplaced", f"good alignments that are off by over {MISPLACED_MM:g} mm"),
        (p.off_mm > MISPLACED_MM for p in good),
    )


def _event_scores(group: _Group, pairs: Sequence[PairCase]) -> Iterator[Figure]:
    judged = [p for p in pairs if p.outcome is not Outcome.NOT_EVALUABLE]
    for event in Event:
        counts = [item for p in judged for item in p.events if item.event is event]
        happened = sum(item.happened for item in counts)
        if happened:
            called = sum(item.called for item in counts)
            f1 = 2.0 * sum(item.right for item in counts) / (happened + called)
            yield group.figure((f"f1_{event}", f"F1 of lesions that {event}"), f1, "1", happened)
