"""What there is to do in a study: pairs of visits, and how far each of them is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Protocol

from cctrack.model import Outcome, Visit
from cctrack.report.words import MODALITIES, day
from cctrack.study.folder import StudyFolder
from cctrack.study.follow import group_sites
from cctrack.study.record import Kind, Record, pair_subject, verdict_subject, visit_subject
from cctrack.study.sources import PREFIX


class State(StrEnum):
    """How far the work on a pair is."""

    TO_DO = "to do"
    MEASURED = "measured"
    LOOK = "needs a look"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


SIGNS = {
    State.TO_DO: "○",
    State.MEASURED: "◐",
    State.LOOK: "!",
    State.CONFIRMED: "✓",
    State.REFUSED: "✕",
}
"""A sign beside each state, so that none hangs on a colour."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the worklist: one visit alone, or two of one site, the earlier first.

    Attributes
    ----------
    visits : tuple of Visit
    """

    visits: tuple[Visit, ...]

    @property
    def title(self) -> str:
        """Who and where, under the pseudonym."""
        first = self.visits[0]
        return f"{first.patient} · {first.site} · {MODALITIES[first.modality]}"

    @property
    def dates(self) -> str:
        """When the images were taken."""
        return " → ".join(day(visit.acquired) for visit in self.visits)

    @property
    def months(self) -> int | None:
        """Whole months between the visits; None for a single one."""
        if len(self.visits) < 2:
            return None
        between = self.visits[1].acquired - self.visits[0].acquired
        return round(between.days / 30.44)


class Listed(Protocol):
    """A line of a worklist, as the reader may see it."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def dates(self) -> str:
        """When the images were taken; empty where that is hidden."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an entry is, and why where that is not plain."""

    state: State
    why: str = ""


def entries_of(study: StudyFolder) -> tuple[Entry, ...]:
    """List what there is to do: neighbouring visits, and the first with the last of more than two.

    Visits without an image, because the site was not imaged, are passed over.
    """
    listed: list[Entry] = []
    for site in group_sites(study.visits):
        visits = [visit for visit in site.visits if visit.path]
        if len(visits) == 1:
            listed.append(Entry((visits[0],)))
        listed += [Entry(pair) for pair in pairwise(visits)]
        if len(visits) > 2:
            listed.append(Entry((visits[0], visits[-1])))
    return tuple(listed)


def image_ids(visits: Sequence[Visit], record: Record) -> Mapping[Visit, str]:
    """Ids of the images that are known without reading them."""
    known = {}
    for visit in visits:
        if visit.path.startswith(PREFIX):
            known[visit] = visit.path.removeprefix(PREFIX)
        elif (entry := record.latest(Kind.WINDOW, visit_subject(visit))) is not None:
            known[visit] = str(entry.after.get("image", ""))
    return {visit: key for visit, key in known.items() if key}


def standing_of(entry: Entry, record: Record) -> Standing:
    """Say how far an entry is, by what the record says."""
    for visit in entry.visits:
        said = record.latest(Kind.WINDOW, visit_subject(visit))
        if said is not None and said.after.get("refused"):
            return Standing(State.REFUSED, str(said.after["refused"]))
    ids = image_ids(entry.visits, record)
    if len(ids) < 2:
        return Standing(State.MEASURED if ids and len(entry.visits) == 1 else State.TO_DO)
    pair = [ids[visit] for visit in entry.visits]
    if record.latest(Kind.VERDICT, verdict_subject(*pair)) is not None:
        return Standing(State.CONFIRMED)
    said = record.latest(Kind.WINDOW, pair_subject(*pair))
    found = said.after.get("found", "") if said is not None else ""
    if found == Outcome.NOT_EVALUABLE:
        return Standing(State.LOOK, "The change could not be evaluated yet.")
    return Standing(State.MEASURED if found else State.TO_DO)


def filtered(
    entries: Sequence[Listed], standings: Sequence[Standing], text: str, state: State | None
) -> list[int]:
    """Return the places of the entries that hold a text and are in a state; None is any."""
    wanted = text.casefold().strip()
    return [
        place
        for place, (entry, standing) in enumerate(zip(entries, standings, strict=True))
        if wanted in f"{entry.title} {entry.dates}".casefold()
        and (state is None or standing.state is state)
    ]
