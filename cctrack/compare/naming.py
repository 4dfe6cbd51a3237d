"""The id and the tracking UID that a lesion keeps for good."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from cctrack.compare.graph import connected
from cctrack.errors import NotComparable
from cctrack.model import Link, Node

BLOCK = 100
"""Every visit has a hundred ids of its own, more where it has more outlines.

L1 to L99 were first seen at the first visit, L101 to L199 at the second. So an id depends on
nothing but the place where its lesion was first seen: neither a later visit nor a link that a
reader draws moves another lesion's id.
"""

LARGEST_LABEL = 9_999
"""Larger label values are no numbers of lesions but colours, such as the white of a 16-bit mask."""

LAST_ID = 65_535
"""Largest value a label image holds."""

LESION_NAMESPACE = UUID("6e0c2c0e-0f5c-5a55-9d0f-3a1f2c7b9e41")
"""Chosen once at random; it makes the UIDs of lesions differ from all others."""

Sizes = Mapping[Node, int]
"""Pixels of every outline."""


def name_lesions(outlines: Sequence[Sizes], links: Collection[Link]) -> dict[Node, int]:
    """Give every outline the id of the lesion that it shows.

    A merged lesion takes the smallest of its parents' ids; the largest part of a split one keeps
    the parent's, the others get ids of their own.

    Parameters
    ----------
    outlines : sequence of mapping of Node to int
        The outlines of each visit and their pixels, oldest visit first.
    links : collection of Link

    Raises
    ------
    NotComparable
        If there are more outlines than ids.
    """
    ids: dict[Node, int] = {}
    for nodes, own in zip(outlines, own_ids(outlines), strict=True):
        for parents, children in _families(nodes, links, ids):
            largest_first = sorted(children, key=lambda node: (-nodes[node], node))
            for number, child in enumerate(largest_first):
                ids[child] = parents[number] if number < len(parents) else own.ids[child]
    return ids


@dataclass(frozen=True, slots=True)
class OwnIds:
    """The ids that the outlines of one visit have when they show lesions never seen before.

    Attributes
    ----------
    start : int
        All ids of earlier visits are at most this.
    ids : mapping of Node to int
    """

    start: int
    ids: Mapping[Node, int]


def own_ids(outlines: Sequence[Sizes]) -> list[OwnIds]:
    """Give each outline an id of its own, visit by visit.

    A label above the ids of all earlier visits is kept: that is how a mask that a run wrote comes
    back. Any other is counted from there.

    Raises
    ------
    NotComparable
        If there are more outlines than ids.
    """
    start, found = 0, []
    for nodes in outlines:
        kept = {node: node.label for node in nodes if start < node.label <= LARGEST_LABEL}
        taken = set(kept.values())
        for rank, node in enumerate(sorted(set(nodes) - set(kept)), start=1):
            wanted = start + (node.label if node.label <= LARGEST_LABEL else rank)
            while wanted in taken:
                wanted += BLOCK
            kept[node] = wanted
            taken.add(wanted)
        found.append(OwnIds(start, kept))
        last = max(taken, default=start)
        start += BLOCK * (1 + (last - start) // BLOCK)
        if last > LAST_ID:
            raise NotComparable(f"there are more outlines than the {LAST_ID} ids there can be")
    return found


def tracking_uids(
    outlines: Sequence[Sizes], ids: Mapping[Node, int], images: Sequence[str]
) -> dict[int, str]:
    """Make the UID of every lesion from the image that shows it first.

    Parameters
    ----------
    outlines : sequence of mapping of Node to int
    ids : mapping of Node to int
        From `name_lesions`.
    images : sequence of str
        Hash of each visit's image, so that a UID is the same in every study.

    Returns
    -------
    dict of int to str
        By lesion, a UID derived from a UUID (ITU-T X.667): ``2.25.`` and a number.
    """
    own = own_ids(outlines)
    first_seen = {ids[node]: node for node in sorted(ids, reverse=True)}
    return {
        lesion: _uid(f"{images[node.visit]}/{own[node.visit].ids[node] - own[node.visit].start}")
        for lesion, node in sorted(first_seen.items())
    }


def _uid(name: str) -> str:
    return f"2.25.{uuid5(LESION_NAMESPACE, name).int}"


def _families(
    nodes: Sizes, links: Collection[Link], ids: Mapping[Node, int]
) -> Iterator[tuple[list[int], list[Node]]]:
    """Yield the ids of the parents and the outlines of one visit that belong together."""
    parentage = [
        (Node(-1, ids[link.earlier]), link.later)
        for link in links
        if link.holds and link.later in nodes
    ]
    for family in connected(nodes, parentage):
        parents = sorted(node.label for node in family if node.visit < 0)
        yield parents, [node for node in family if node.visit >= 0]
