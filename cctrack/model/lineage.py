"""Which outline at which visit shows which lesion: a graph over all visits of a site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class LinkOrigin(StrEnum):
    """Who says that two outlines show one lesion, or that they do not."""

    AUTOMATIC = "automatic"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    REDRAWN = "redrawn"


class LinkAction(StrEnum):
    """What a reader may say about links."""

    CONFIRM = "confirm"
    REJECT = "reject"
    REDRAW = "redraw"


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """One outline of one visit.

    Attributes
    ----------
    visit : int
        Number of the visit, oldest first, from 0.
    label : int
        Value of the outline in that visit's own label image.
    """

    visit: int
    label: int


@dataclass(frozen=True, slots=True)
class Link:
    """Two outlines of different visits that show one lesion, or parts of it.

    A rejected link is kept: it says what was found and that a reader denied it.
    """

    earlier: Node
    later: Node
    origin: LinkOrigin = LinkOrigin.AUTOMATIC

    @property
    def holds(self) -> bool:
        """Whether the two belong together."""
        return self.origin is not LinkOrigin.REJECTED


@dataclass(frozen=True, slots=True)
class ReaderLink:
    """What a reader said about the lesions of two visits.

    Attributes
    ----------
    action : LinkAction
        ``confirm``: the later outlines show the earlier lesions, and no re-run may say otherwise;
        ``reject``: they do not; ``redraw``: they do, and what was found instead is wrong.
    before, after : int
        The two visits, as in `Node`.
    earlier, later : tuple of int
        Lesion ids as they stood when the reader looked. In a redrawn link either may be empty:
        the later outlines are new, or nothing is left of the earlier lesions.
    number : int
        Which entry of the reader's file it is, from 1.
    reader, when, why : str
        Who said so, on which day, and why.
    """

    action: LinkAction
    before: int
    after: int
    earlier: tuple[int, ...]
    later: tuple[int, ...]
    number: int = 0
    reader: str = ""
    when: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class LinkWarning:
    """A reader's link that could not be followed any more, told at its later visit."""

    visit: int
    text: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """The lesions of one site over all its visits.

    Attributes
    ----------
    links : tuple of Link
        From earlier to later; outlines without any link into them are first sightings.
    ids : mapping of Node to int
        The lesion that each outline shows. Ids depend on earlier visits only, so that a later one
        never changes them.
    uids : mapping of int to str
        Tracking unique identifier of every lesion, as DICOM asks for: the same wherever the image
        that first shows the lesion is used.
    warnings : tuple of LinkWarning
    """

    links: tuple[Link, ...] = ()
    ids: Mapping[Node, int] = field(default_factory=dict)
    uids: Mapping[int, str] = field(default_factory=dict)
    warnings: tuple[LinkWarning, ...] = ()

    def of_visit(self, visit: int) -> dict[int, int]:
        """Lesion ids by the label values of one visit."""
        return {node.label: lesion for node, lesion in self.ids.items() if node.visit == visit}
