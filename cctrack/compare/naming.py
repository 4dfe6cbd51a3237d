"""The id and the tracking UID that a lesion keeps for good."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import accumulate
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
    for nodes, first in zip(outlines, _first_ids(outlines), strict=True):
        for parents, children in _families(nodes, links, ids):
            largest_first = sorted(children, key=lambda node: (-nodes[node], node))
            for number, child in enumerate(largest_first):
                inherits = number < len(parents)
                ids[child] = parents[number] if inherits else first + child.label
    return ids


def tracking_uid(image: str, label: int) -> str:
    """Make the UID of the lesion that an image shows first.

    Parameters
    ----------
    image : str
        Hash of the image's content, so that the UID is the same in every study.
    label : int
        Its value in that image's own label image.

    Returns
    -------
    str
        A UID derived from a UUID (ITU-T X.667): ``2.25.`` and a number.
    """
    return f"2.25.{uuid5(LESION_NAMESPACE, f'{image}/{label}').int}"


def origins(ids: Mapping[Node, int]) -> dict[int, Node]:
    """Find the outline that first showed each lesion."""
    return {ids[node]: node for node in sorted(ids, reverse=True)}


def _first_ids(outlines: Sequence[Sizes]) -> list[int]:
    largest = [max((node.label for node in nodes), default=0) for nodes in outlines]
    blocks = [BLOCK * (1 + label // BLOCK) for label in largest]
    *starts, end = accumulate(blocks, initial=0)
    if end > LAST_ID:
        raise NotComparable(f"there are more outlines than the {LAST_ID} ids there can be")
    return starts


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
