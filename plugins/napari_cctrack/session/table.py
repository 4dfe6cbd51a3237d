"""The lines of the lesion table."""

from dataclasses import dataclass

from cctrack.model import Change, Confidence, Event, LesionGroup, Outcome
from cctrack.report.words import ICONS, interval, percent
from napari_cctrack.session.state import PairState
from napari_cctrack.session.words import size_text

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
    """

    cells: tuple[str, ...]
    reason: str
    lesion: int = 0
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


def lines_of(pair: PairState) -> tuple[Line, ...]:
    """Lines of a compared pair, the total first; none where nothing was compared."""
    if pair.result is None:
        return ()
    groups = {group.name: group for group in pair.result.groups}
    return tuple(_line(change, groups.get(change.lesion)) for change in pair.result.changes)


def _line(change: Change, group: LesionGroup | None) -> Line:
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
    return Line(cells, change.reason, first, group.baseline, group.followup)


def _name(change: Change) -> str:
    """Name a lesion, and say what happened to it unless it just stays."""
    if change.lesion == "total":
        return "All"
    event = SHORT_EVENTS[change.event] if change.event else ""
    return f"{change.lesion} {event}".rstrip()


def _short_verdict(change: Change) -> str:
    unsure = "?" if change.confidence is Confidence.PROBABLE else ""
    return f"{ICONS[change.outcome]} {SHORT_OUTCOMES[change.outcome]}{unsure}"
