"""Put what a reader said about links over what was found automatically."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import product

from cctrack.model import (
    Link,
    LinkAction,
    LinkOrigin,
    LinkWarning,
    Node,
    ReaderLink,
    lesion_name,
)

Ids = Mapping[Node, int]
"""The lesion that each outline shows."""

Links = tuple[Link, ...]
"""A site's links."""


def apply_links(
    links: Collection[Link], said: Sequence[ReaderLink], name: Callable[[Links], Ids]
) -> tuple[Links, tuple[LinkWarning, ...]]:
    """Confirm, reject and redraw links as a reader said, one after the other.

    A reader names lesions by the ids on the screen, which are those after everything said before.

    Parameters
    ----------
    links : collection of Link
        As found automatically.
    said : sequence of ReaderLink
        In the order in which it was said.
    name : callable
        Gives the ids that follow from links.

    Returns
    -------
    links : tuple of Link
    warnings : tuple of LinkWarning
        One for each saying that names a lesion which is not there any more.
    """
    drawn = tuple(links)
    warnings: list[LinkWarning] = []
    for saying in said:
        ids = name(drawn)
        if missing := _missing(saying, ids):
            warnings.append(LinkWarning(saying.after, missing))
        else:
            drawn = _ACTIONS[saying.action](drawn, saying, ids)
    return drawn, tuple(warnings)


def _missing(saying: ReaderLink, ids: Ids) -> str:
    """Say which lesion of a saying is not there any more; empty when all are."""
    for side, visit, lesions in (
        ("earlier", saying.before, saying.earlier),
        ("later", saying.after, saying.later),
    ):
        present = {lesion for node, lesion in ids.items() if node.visit == visit}
        if lost := [lesion_name(lesion) for lesion in lesions if lesion not in present]:
            return (
                f"The reader's link {saying.number} ({saying.action}) was not applied: "
                f"{', '.join(lost)} is not at the {side} visit any more. It stays in the file."
            )
    return ""


def _nodes(visit: int, lesions: Collection[int], ids: Ids) -> list[Node]:
    return sorted(node for node, one in ids.items() if node.visit == visit and one in lesions)


def _confirm(links: Links, saying: ReaderLink, ids: Ids) -> Links:
    return _drawn(links, saying, ids, LinkOrigin.CONFIRMED)


def _reject(links: Links, saying: ReaderLink, ids: Ids) -> Links:
    later = _nodes(saying.after, saying.later, ids)
    denied = [
        replace(link, origin=LinkOrigin.REJECTED)
        if link.later in later and ids[link.earlier] in saying.earlier
        else link
        for link in links
    ]
    return tuple(denied)


def _redraw(links: Links, saying: ReaderLink, ids: Ids) -> Links:
    later = _nodes(saying.after, saying.later, ids)
    denied = tuple(
        replace(link, origin=LinkOrigin.REJECTED)
        if link.later in later
        or (link.later.visit == saying.after and ids[link.earlier] in saying.earlier)
        else link
        for link in links
    )
    return _drawn(denied, saying, ids, LinkOrigin.REDRAWN)


def _drawn(links: Links, saying: ReaderLink, ids: Ids, origin: LinkOrigin) -> Links:
    """Link every earlier with every later outline of a saying."""
    ends = set(
        product(_nodes(saying.before, saying.earlier, ids), _nodes(saying.after, saying.later, ids))
    )
    others = tuple(link for link in links if (link.earlier, link.later) not in ends)
    return (*others, *(Link(*pair, origin) for pair in sorted(ends)))


_ACTIONS = {
    LinkAction.CONFIRM: _confirm,
    LinkAction.REJECT: _reject,
    LinkAction.REDRAW: _redraw,
}
