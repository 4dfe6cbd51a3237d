"""What a reader said about lesions of two visits, as written in a links file.

A links file is JSON. It is read on every run and never written by one::

    {"links": [
      {"action": "redraw",
       "earlier": {"visit": "2021-03-01", "lesions": ["L2", "L5"]},
       "later": {"visit": "2023-03-01", "lesions": ["L103"]},
       "patient": "P1", "site": "left hand", "modality": "xray",
       "reader": "R1", "when": "2024-05-02", "why": "The two have grown together."}
    ]}

``action`` is ``confirm``, ``reject`` or ``redraw``. Entries are followed in their order, and name
lesions by the ids that the results showed when the reader looked. In a study, ``patient``, ``site``
(as in the results), ``modality`` and both visits' dates are needed; where two images are compared
they may be left out. ``reader``, ``when`` and ``why`` are for people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cctrack.errors import StudyError
from cctrack.model import LinkAction, LinkWarning, ReaderLink, Visit

LARGEST_FILE = 4_000_000
"""Bytes; some 10,000 links. More is another file."""


@dataclass(frozen=True, slots=True)
class WrittenLink:
    """One entry of a links file.

    Attributes
    ----------
    number : int
        Its place in the file, from 1.
    action : LinkAction
    earlier, later : tuple of int
        Lesion ids.
    earlier_visit, later_visit : date or None
    patient, site, modality : str
        Empty where the file does not say.
    reader, when, why : str
    """

    number: int
    action: LinkAction
    earlier: tuple[int, ...]
    later: tuple[int, ...]
    earlier_visit: date | None = None
    later_visit: date | None = None
    patient: str = ""
    site: str = ""
    modality: str = ""
    reader: str = ""
    when: str = ""
    why: str = ""

    def at(self, before: int, after: int) -> ReaderLink:
        """Say it of two visits known by their numbers."""
        return ReaderLink(
            action=self.action,
            before=before,
            after=after,
            earlier=self.earlier,
            later=self.later,
            number=self.number,
            reader=self.reader,
            when=self.when,
            why=self.why,
        )

    def speaks_of(self, visit: Visit) -> bool:
        """Whether the entry is about a visit's site."""
        return (self.patient, self.site, self.modality) == (
            visit.patient,
            str(visit.site),
            str(visit.modality),
        )


def read_links(path: Path) -> tuple[WrittenLink, ...]:
    """Read a links file.

    Raises
    ------
    StudyError
        In one line, naming the entry: if the file cannot be understood. A reader's word is never
        skipped.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise StudyError(f"{path.name} is too large to be a list of links")
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise StudyError(f'{path.name} must be JSON like {{"links": [...]}}') from None
    return parse_links(said, path.name)


def parse_links(said: object, where: str, *, first: int = 1) -> tuple[WrittenLink, ...]:
    """Read what was said about links.

    Parameters
    ----------
    said : object
        As in this module's description.
    where : str
        What to call it in a message.
    first : int
        Number of its first entry.

    Raises
    ------
    StudyError
        As `read_links`.
    """
    if not isinstance(said, dict) or "links" not in said:
        raise StudyError(f'{where} must be JSON like {{"links": [...]}}')
    entries = said["links"]
    if not isinstance(entries, list):
        raise StudyError(f'{where}: "links" must be a list')
    return tuple(
        _entry(entry, number, f"{where} entry {number - first + 1}")
        for number, entry in enumerate(entries, start=first)
    )


def pair_links(written: Sequence[WrittenLink]) -> tuple[ReaderLink, ...]:
    """Say it of the only two visits there are."""
    return tuple(entry.at(0, 1) for entry in written)


def site_links(
    written: Sequence[WrittenLink], visits: Sequence[Visit]
) -> tuple[tuple[ReaderLink, ...], tuple[LinkWarning, ...]]:
    """Find the visits of one site that entries speak of.

    Returns
    -------
    links : tuple of ReaderLink
    warnings : tuple of LinkWarning
        One, told at the last visit, for each entry with a visit that the site does not have.
    """
    numbers = {visit.acquired: number for number, visit in reversed(list(enumerate(visits)))}
    links: list[ReaderLink] = []
    warnings: list[LinkWarning] = []
    for entry in written:
        ends = [numbers.get(day) for day in (entry.earlier_visit, entry.later_visit) if day]
        before, after = ends if len(ends) == 2 else (None, None)
        if before is not None and after is not None:
            links.append(entry.at(before, after))
        else:
            text = (
                f"The reader's link {entry.number} ({entry.action}) was not applied: the site has "
                "no visit on one of its two dates any more. It stays in the file."
            )
            warnings.append(LinkWarning(len(visits) - 1, text))
    return tuple(links), tuple(warnings)


def _entry(entry: object, number: int, where: str) -> WrittenLink:
    if not isinstance(entry, dict):
        raise StudyError(f"{where} must be an object")
    action = entry.get("action")
    if action not in list(LinkAction):
        raise StudyError(f"{where}: action must be one of {', '.join(LinkAction)}")
    earlier, later = (_side(entry.get(side), f"{where}: {side}") for side in ("earlier", "later"))
    may_be_empty = action == LinkAction.REDRAW and (earlier[1] or later[1])
    if not may_be_empty and not (earlier[1] and later[1]):
        raise StudyError(f"{where} names no lesions on one side; only a redrawn link may do so")
    if earlier[0] and later[0] and earlier[0] >= later[0]:
        raise StudyError(f"{where}: the earlier visit must lie before the later one")
    names = ("patient", "site", "modality", "reader", "when", "why")
    texts = {name: _text(entry, name, where) for name in names}
    action = LinkAction(action)
    return WrittenLink(number, action, earlier[1], later[1], earlier[0], later[0], **texts)


def _side(side: object, where: str) -> tuple[date | None, tuple[int, ...]]:
    if not isinstance(side, dict) or not isinstance(side.get("lesions"), list):
        raise StudyError(f'{where} must be like {{"visit": "2021-03-01", "lesions": ["L3"]}}')
    try:
        day = date.fromisoformat(side["visit"]) if "visit" in side else None
    except (TypeError, ValueError):
        raise StudyError(f"{where}: visit is no ISO date (2021-03-01)") from None
    return day, tuple(dict.fromkeys(_lesion(name, where) for name in side["lesions"]))


def _lesion(name: object, where: str) -> int:
    number = name[1:] if isinstance(name, str) and name.startswith("L") else ""
    if not (number.isascii() and number.isdigit() and int(number) > 0):
        raise StudyError(f"{where}: lesions must be ids like L3")
    return int(number)


def _text(entry: Mapping[str, object], name: str, where: str) -> str:
    value = entry.get(name, "")
    if not isinstance(value, str):
        raise StudyError(f"{where}: {name} must be text")
    return value
