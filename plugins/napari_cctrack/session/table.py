"""The lines of the lesion table."""

from dataclasses import dataclass

from cctrack.model import Change, LesionGroup
from cctrack.report.words import interval, percent
from napari_cctrack.session.state import PairState
from napari_cctrack.session.words import event_text, size_text, verdict_word

HEADINGS = ("Lesion", "Earlier", "Later", "Change", "95 % interval", "What happened", "Verdict")


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
        "All" if change.lesion == "total" else change.lesion,
        size_text(change, "before"),
        size_text(change, "after"),
        percent(change.percent),
        interval(change.interval_percent),
        event_text(change.event),
        verdict_word(change),
    )
    if group is None:
        return Line(cells, change.reason)
    first = (group.baseline or group.followup)[0]
    return Line(cells, change.reason, first, group.baseline, group.followup)
