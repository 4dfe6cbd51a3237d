"""Follow every lesion of a site through all of its visits.

Visit by visit, outlines are linked to what is known: first to the lesions of the visit before, then
what is left over to lesions that were seen earlier and not at that visit. So a lesion keeps its
id through merging, splitting and coming back, and no later visit changes what was found so far.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from cctrack.compare.deposit import Deposit, find_deposits
from cctrack.compare.graph import connected
from cctrack.compare.links import apply_links
from cctrack.compare.matching import event_of, match_deposits
from cctrack.compare.naming import Sizes, name_lesions, tracking_uids
from cctrack.model import Event, LabelArray, LesionGroup, Lineage, Link, Node, ReaderLink

Carry = Callable[[int], LabelArray | None]
"""Gives an earlier visit's own labels on this visit's grid; None where no alignment leads there."""

EXPLAINED = frozenset({Event.EXCISED, Event.EXTRUDED, Event.NOT_IMAGED})
"""What the status of a visit may say about lesions that are gone."""

NOTHING_SAID: Mapping[int, str] = {}
"""No visit has a status."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """The outlines of one visit.

    Attributes
    ----------
    labels : array or None
        On the visit's own grid; None where the visit could not be measured.
    image : str
        Hash of the image's content.
    carry : callable
        See `Carry`.
    gate : float
        Largest distance between the borders of one lesion at two visits, in px, or in the unit of
        ``spacing`` where that is given.
    spacing : sequence of float or None
        Size of a pixel along each axis.
    """

    labels: LabelArray | None
    image: str
    carry: Carry
    gate: float
    spacing: Sequence[float] | None = None


def trace_lesions(visits: Sequence[Outlined], said: Sequence[ReaderLink] = ()) -> Lineage:
    """Find out which outlines of all visits show which lesion.

    Parameters
    ----------
    visits : sequence of Outlined
        Oldest first.
    said : sequence of ReaderLink
        What a reader said, in the order in which it was said; it prevails.

    Raises
    ------
    NotComparable
        If there are more outlines than ids.
    """
    shown = [_deposits(visit.labels, visit) for visit in visits]
    outlines = [
        {Node(number, deposit.label): len(deposit.points) for deposit in deposits}
        for number, deposits in enumerate(shown)
    ]
    links: list[Link] = []
    for number in range(1, len(visits)):
        latest = max((n for n in range(number) if visits[n].labels is not None), default=0)
        known = _Known(visits[number], tuple(shown[number]), tuple(links))
        links += known.links_into(number, outlines[:number], latest)
    kept, warnings = apply_links(links, said, lambda drawn: name_lesions(outlines, drawn))
    ids = name_lesions(outlines, kept)
    uids = tracking_uids(outlines, ids, [visit.image for visit in visits])
    return Lineage(kept, ids, uids, warnings)


def groups_between(
    lineage: Lineage, before: int, after: int, statuses: Mapping[int, str] = NOTHING_SAID
) -> tuple[LesionGroup, ...]:
    """Say what became of the lesions of one visit at another.

    Lesions that were one thing at any time between the two visits form one group, unless each of
    them is seen at both visits under its own id.

    Parameters
    ----------
    lineage : Lineage
    before, after : int
        Numbers of the two visits.
    statuses : mapping of int to str
        What is known of the visits at which something may have gone: ``excised``, ``extruded``,
        ``not_imaged`` or empty. A lesion's fate is told by the first visit after its last sighting.

    Returns
    -------
    tuple of LesionGroup
        By lesion ids, ordered by those of the earlier visit.
    """
    nodes = [node for node in lineage.ids if before <= node.visit <= after]
    links = [
        (link.earlier, link.later)
        for link in lineage.links
        if link.holds and before <= link.earlier.visit and link.later.visit <= after
    ]
    seen_earlier = _ancestry(lineage, before)
    groups: list[LesionGroup] = []
    for family in connected(nodes, links):
        earlier, later = (
            tuple(sorted(lineage.ids[node] for node in family if node.visit == visit))
            for visit in (before, after)
        )
        if earlier == later and earlier:
            groups += [LesionGroup((one,), (one,), Event.PERSISTED) for one in earlier]
        elif earlier or later:
            event = event_of(len(earlier), len(later))
            if event is Event.RESOLVED:
                event = _fate(max(node.visit for node in family), after, statuses)
            if event is Event.NEW and not family.isdisjoint(seen_earlier):
                event = Event.REAPPEARED
            groups.append(LesionGroup(earlier, later, event))
    return tuple(sorted(groups, key=lambda group: (not group.baseline, group.baseline)))


def _deposits(labels: LabelArray | None, visit: Outlined) -> list[Deposit]:
    if labels is None:
        return []
    return find_deposits(labels, visit.spacing or (1.0,) * labels.ndim)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What earlier visits show, looked at from one visit.

    Attributes
    ----------
    visit : Outlined
    shown : tuple of Deposit
        What the visit itself shows.
    links : tuple of Link
        Between the earlier visits.
    """

    visit: Outlined
    shown: tuple[Deposit, ...]
    links: tuple[Link, ...]

    def links_into(self, number: int, outlines: Sequence[Sizes], latest: int) -> list[Link]:
        """Link this visit's outlines to lesions of the latest visit, the rest to older ones."""
        linked_on = {link.earlier for link in self.links}
        tips = [node for nodes in outlines for node in nodes if node not in linked_on]
        found: list[Link] = []
        for stage in (
            [t for t in tips if t.visit == latest],
            [t for t in tips if t.visit < latest],
        ):
            taken = {link.later.label for link in found}
            free = [deposit for deposit in self.shown if deposit.label not in taken]
            pairs = self._match(stage, free) if stage and free else []
            found += [Link(tip, Node(number, label)) for tip, label in pairs]
        return found

    def _match(self, tips: Sequence[Node], free: Sequence[Deposit]) -> list[tuple[Node, int]]:
        """Pair lesions as they were last seen with the outlines that are still free."""
        carried: dict[int, dict[int, Deposit] | None] = {}
        owners = self._stand_ins(tips, carried)
        named = dict(enumerate(sorted(owners), start=1))
        before = [
            replace(deposit, label=number)
            for number, node in named.items()
            if (deposit := (carried[node.visit] or {}).get(node.label))
        ]
        spacing = self.visit.spacing or (1.0,) * free[0].points.shape[1]
        groups = match_deposits(before, free, self.visit.gate, spacing)
        pairs = {
            (tip, label)
            for group in groups
            for number in group.baseline
            for tip in owners[named[number]]
            for label in group.followup
        }
        return sorted(pairs)

    def _stand_ins(
        self, tips: Sequence[Node], carried: dict[int, dict[int, Deposit] | None]
    ) -> dict[Node, list[Node]]:
        """Find for each lesion its latest outlines that can be carried here, and carry them."""
        owners: dict[Node, list[Node]] = {}
        for tip in tips:
            looked_at = [tip]
            while looked_at:
                node = looked_at.pop()
                if node.visit not in carried:
                    carried[node.visit] = self._carry(node.visit)
                if carried[node.visit] is not None:
                    owners.setdefault(node, []).append(tip)
                else:
                    looked_at += [link.earlier for link in self.links if link.later == node]
        return owners

    def _carry(self, visit: int) -> dict[int, Deposit] | None:
        labels = self.visit.carry(visit)
        if labels is None:
            return None
        return {deposit.label: deposit for deposit in _deposits(labels, self.visit)}


def _ancestry(lineage: Lineage, before: int) -> frozenset[Node]:
    """Return the outlines that descend from lesions seen before a visit."""
    descended: set[Node] = set()
    for link in sorted(lineage.links, key=lambda item: item.later):
        if link.holds and (link.earlier.visit < before or link.earlier in descended):
            descended.add(link.later)
    return frozenset(descended)


def _fate(last_seen: int, after: int, statuses: Mapping[int, str]) -> Event:
    told = [visit for visit in sorted(statuses) if last_seen < visit <= after]
    status = statuses[told[0]] if told else ""
    return Event(status) if status in EXPLAINED else Event.RESOLVED
