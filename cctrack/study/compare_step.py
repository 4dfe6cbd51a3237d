"""The second step of a run: compare the visits of sites of which something has changed."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from cctrack.io import Lost
from cctrack.model import Refused
from cctrack.study.coded import encode
from cctrack.study.follow import SiteVisits, group_sites
from cctrack.study.measure_step import PROGRAM, VISIT_LIMIT_S, VisitState, packed_of
from cctrack.study.program import program_id
from cctrack.study.record import Kind, Statement, pair_subject, site_subject, visit_subject
from cctrack.study.record.statement import BLOBS, as_json
from cctrack.study.running import Running
from cctrack.study.series import ByHand, Ends
from cctrack.study.site import (
    SiteOutcome,
    SiteTask,
    SiteVerdict,
    read_verdict,
    run_site,
    verdict_json,
)
from cctrack.study.told_record import read_by_hand, recorded_links
from cctrack.study.workers import Workers


@dataclass(frozen=True, slots=True)
class SiteState:
    """What is known of a site.

    Attributes
    ----------
    site : SiteVisits
    visits : tuple of VisitState
    by_hand : mapping of (earlier, later) to ByHand
    verdict : SiteVerdict or None
        None while it must be compared.
    blobs : mapping of str to str
        Hashes of its tables and files in the record.
    refused : tuple of Refused
        Visits that could be read when they were measured, but not any more.
    """

    site: SiteVisits
    visits: tuple[VisitState, ...]
    by_hand: Mapping[Ends, ByHand]
    verdict: SiteVerdict | None = None
    blobs: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[Refused, ...] = ()


def plan_sites(running: Running, visits: Sequence[VisitState]) -> list[SiteState]:
    """Find out which sites have to be compared; in the order of visits.csv.

    Raises
    ------
    StudyError
        If the record cannot be used, or a link in it cannot be understood.
    """
    study, record = running.study, running.record
    links = (*study.links, *recorded_links(record, study))
    of_visit = {visit_subject(state.visit): state for state in visits}
    by_pair = read_by_hand(record)
    states = {}
    for site in group_sites(study.visits, links):
        listed = tuple(of_visit[visit_subject(visit)] for visit in site.visits)
        states[_subject(site)] = SiteState(site, listed, _by_hand(listed, by_pair))
    for entry in record.each_latest(Kind.COMPARED):
        state = states.get(entry.subject)
        if state is not None and entry.after["key"] == _key(running, state):
            verdict = read_verdict(entry.after["verdict"])
            states[entry.subject] = replace(state, verdict=verdict, blobs=entry.after[BLOBS])
    return list(states.values())


def compare_sites(
    running: Running, states: Sequence[SiteState], workers: Workers, done: Callable[[], None]
) -> list[SiteState]:
    """Compare the sites that are due and write what was found into the record.

    Parameters
    ----------
    running : Running
    states : sequence of SiteState
        From `plan_sites`.
    workers : Workers
    done : callable
        Called after each site.

    Raises
    ------
    StudyError
        If the record cannot be used.
    """
    found = {_subject(state.site): state for state in states}
    due = [state for state in states if state.verdict is None]
    tasks = (site_task(running, state) for state in due)
    for task, outcome in workers.run_each(run_site, tasks, _limit_s):
        subject = _subject(task.site)
        found[subject] = _taken_up(running, found[subject], outcome)
        done()
    return list(found.values())


def _subject(site: SiteVisits) -> str:
    return site_subject(site.patient, site.site, site.modality)


def _by_hand(visits: Sequence[VisitState], by_pair: Mapping[str, ByHand]) -> dict[Ends, ByHand]:
    return {
        (before, after): by_pair[subject]
        for (before, first), (after, second) in combinations(enumerate(visits), 2)
        if first.image_id
        and second.image_id
        and (subject := pair_subject(first.image_id, second.image_id)) in by_pair
    }


def _key(running: Running, state: SiteState) -> str:
    """Hash everything that comparing a site depends on."""
    visits = [
        [item.visit.acquired.isoformat(), item.visit.status, _found(item)] for item in state.visits
    ]
    by_hand = [[list(ends), encode(told)] for ends, told in sorted(state.by_hand.items())]
    links = encode(state.site.links)
    depends = [program_id(), encode(running.criteria), visits, links, by_hand]
    return hashlib.sha256(as_json(depends).encode()).hexdigest()


def _found(state: VisitState) -> Any:
    """Say what measuring a visit found, as far as comparing it depends on that."""
    if state.refused is not None:
        return str(state.refused.detail)
    return [state.after["image"], state.after[BLOBS]] if state.after else None


def site_task(running: Running, state: SiteState) -> SiteTask:
    """Put together what comparing a site needs; raises StudyError if the record is damaged."""
    visits = tuple(
        item.refused or (packed_of(running.record, item.after) if item.after else None)
        for item in state.visits
    )
    study = running.study
    return SiteTask(study.root, state.site, running.criteria, visits, state.by_hand)


def _limit_s(task: SiteTask) -> float:
    return VISIT_LIMIT_S * len(task.site.visits)


def _taken_up(running: Running, state: SiteState, outcome: SiteOutcome | Lost) -> SiteState:
    """Write what was found into the record, unless the next run may find something else."""
    if isinstance(outcome, Lost):
        return replace(state, verdict=SiteVerdict.of_lost())
    record = running.record
    made = {**outcome.tables, **outcome.files}
    blobs = {name: record.put(data) for name, data in made.items()}
    if not outcome.refused:
        after = {
            "key": _key(running, state),
            "program": program_id(),
            "verdict": verdict_json(outcome.verdict),
            BLOBS: blobs,
        }
        statement = Statement(Kind.COMPARED, _subject(state.site), PROGRAM, after)
        record.append_changed([statement], running.clock())
    return replace(state, verdict=outcome.verdict, blobs=blobs, refused=outcome.refused)


def files_of(blobs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield place and hash of each file of a site's results; tables have no ending."""
    return ((name, sha256) for name, sha256 in blobs.items() if "/" in name)
