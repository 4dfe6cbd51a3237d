"""The lines of the lesion table."""

from dataclasses import dataclass

from cctrack.model import Change, Confidence, Event, LesionGroup, Outcome
from cctrack.report.words import ICONS, UNITS, amount, interval, percent
from cctrack.study.edited import over_bone_of
from cctrack.study.pipeline import Measured
from napari_cctrack.session.state import PairState
from napari_cctrack.session.words import main_finding, size_text

HEADINGS = ("Lesion", "Earlier", "Later", "Change", "95 %", "Verdict")
"""Short, so that the whole table is seen beside two images on a small screen."""

SHORT_EVENTS = {
    Event.PERSISTED: "",
    Event.NEW: "new",
    Event.RESOLVED: "gone",
    Event.REAPPEARED: "back",
    Event.MERGED: "merged",
    Event.SPLIT: "split",
    Event.EXCISED: "excised",
    Event.EXTRUDED: "extruded",
    Event.NOT_IMAGED: "not seen",
}
"""What happened, in a word; the sentence says more."""

SHORT_OUTCOMES = {
    Outcome.REGRESSION: "smaller",
    Outcome.STABLE: "stable",
    Outcome.PROGRESSION: "larger",
    Outcome.NOT_EVALUABLE: "–",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One lesion group, or the total.

    Attributes
    ----------
    cells : tuple of str
        As in `HEADINGS`.
    reason : str
        The sentence that explains the verdict.
    lesion : int
        Whose colour it has; 0 for the total.
    before, after : tuple of int
        Lesion ids at the two visits, under the ids that lesions keep.
    counted : bool
        Whether it is in the total, as far as a reader decides about that: it may lie over bone.
    """

    cells: tuple[str, ...]
    reason: str
    lesion: int = 0
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    counted: bool = True


def lines_of(pair: PairState) -> tuple[Line, ...]:
    """Lines of a compared pair, the total first; none where nothing was compared."""
    if pair.result is None:
        return ()
    groups = {group.name: group for group in pair.result.groups}
    judged = [_line(pair, change, groups.get(change.lesion)) for change in pair.result.changes]
    known = {change.lesion for change in pair.result.changes}
    rest = [_uncounted(pair, group) for name, group in groups.items() if name not in known]
    return (*judged, *rest)


def _uncounted(pair: PairState, group: LesionGroup) -> Line:
    """Write the line of a deposit that no total holds."""
    sizes = [_size(pair.seen(0), group.baseline), _size(pair.seen(1), group.followup)]
    cells = (f"{group.name} over bone", *sizes, "", "", "not counted")
    reason = "It lies over bone, where a film cannot tell it from the bone: a reader decides."
    first = (group.baseline or group.followup)[0]
    return Line(cells, reason, first, group.baseline, group.followup, counted=False)


def _size(measured: Measured, lesions: tuple[int, ...]) -> str:
    found = [size for lesion in lesions if (size := main_finding(measured, lesion)) is not None]
    if not found:
        return "–"
    return f"{amount(sum(value for value, _ in found))} {UNITS[found[0][1]]}"


def _counts(pair: PairState, group: LesionGroup) -> bool:
    sides = zip((0, 1), (group.baseline, group.followup), strict=True)
    return not any(over_bone_of(pair.seen(side).outline) & set(lesions) for side, lesions in sides)


def _line(pair: PairState, change: Change, group: LesionGroup | None) -> Line:
    cells = (
        _name(change),
        size_text(change, "before"),
        size_text(change, "after"),
        percent(change.percent),
        interval(change.interval_percent).removesuffix(" %"),
        _short_verdict(change),
    )
    if group is None:
        return Line(cells, change.reason)
    first = (group.baseline or group.followup)[0]
    counted = _counts(pair, group)
    return Line(cells, change.reason, first, group.baseline, group.followup, counted)


def _name(change: Change) -> str:
    """Name a lesion, and say what happened to it unless it just stays."""
    if change.lesion == "total":
        return "All"
    event = SHORT_EVENTS[change.event] if change.event else ""
    return f"{change.lesion} {event}".rstrip()


def _short_verdict(change: Change) -> str:
    unsure = "?" if change.confidence is Confidence.PROBABLE else ""
    return f"{ICONS[change.outcome]} {SHORT_OUTCOMES[change.outcome]}{unsure}"
