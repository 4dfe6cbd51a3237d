"""Which lesion of the later visit is which of the earlier one, as a reader says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cctrack.model import LinkAction, ReaderLink, Visit, lesion_name
from cctrack.study.folder import StudyFolder
from cctrack.study.follow import group_sites
from cctrack.study.links import pair_links, parse_links, site_links
from cctrack.study.record import Kind, Record, site_subject

Said = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Links:
    """What was said about the lesions of a site with two visits.

    At a site with more visits lesions go by names that all of its visits decide, which a window
    with two of them cannot know: there links are said in a links file.

    Attributes
    ----------
    given : tuple of ReaderLink
        From a links file; never changed here.
    own : tuple of ReaderLink
        Said in the window, in this order.
    """

    given: tuple[ReaderLink, ...] = ()
    own: tuple[ReaderLink, ...] = ()

    @property
    def all(self) -> tuple[ReaderLink, ...]:
        """Everything, in the order in which it is followed."""
        return self.given + self.own

    def saying(
        self, action: LinkAction, earlier: tuple[int, ...], later: tuple[int, ...], reader: str
    ) -> "Links":
        """Say one thing more."""
        number = len(self.all) + 1
        link = ReaderLink(action, 0, 1, earlier, later, number=number, reader=reader)
        return replace(self, own=(*self.own, link))


def links_of(visits: Sequence[Visit], study: StudyFolder, record: Record) -> Links | None:
    """Return what was said about a pair; None where the site has other visits too.

    Raises
    ------
    StudyError
        If the record holds something about the site that cannot be understood.
    """
    sites = group_sites(study.visits, study.links)
    site = next(one for one in sites if set(visits) <= set(one.visits))
    if len(visits) != 2 or len(site.visits) != 2:
        return None
    given, _ = site_links(site.links, site.visits)
    entry = record.latest(Kind.LINK, subject_of(visits))
    if entry is None:
        return Links(given)
    where = f"entry {entry.seq} of the record"
    return Links(given, pair_links(parse_links(entry.after, where, first=len(given) + 1)))


def subject_of(visits: Sequence[Visit]) -> str:
    """Name the site in the record."""
    first = visits[0]
    return site_subject(first.patient, first.site, first.modality)


def said_of(links: Links, visits: Sequence[Visit]) -> Said:
    """Write what was said in the window as the record has it; empty when nothing was."""
    days = [visit.acquired.isoformat() for visit in visits]
    said = [
        {
            "action": str(link.action),
            "earlier": {"visit": days[0], "lesions": [lesion_name(one) for one in link.earlier]},
            "later": {"visit": days[1], "lesions": [lesion_name(one) for one in link.later]},
            "reader": link.reader,
        }
        for link in links.own
    ]
    return {"links": said} if said else {}
