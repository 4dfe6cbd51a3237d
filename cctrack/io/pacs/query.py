"""Ask a DICOMweb server which series and instances a study has (QIDO-RS, PS3.18 10.6)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cctrack.errors import NotGiven, TransferFailed
from cctrack.io.pacs.instance import is_uid, shown_modality
from cctrack.io.pacs.multipart import require_no_web_page
from cctrack.io.pacs.web import Ask, Web

MAX_LIST_BYTES = 64 << 20
"""64 MiB: some servers send 3 kB of attributes an instance, and a study has at most
`MAX_INSTANCES`, asked for a page at a time."""

MAX_INSTANCES = 50_000
"""Instances of a series; as many files as a scan takes from one archive."""

_STUDY_UID, _SERIES_UID, _INSTANCE_UID = "0020000D", "0020000E", "00080018"
_MODALITY = "00080060"
_SERIES_IN_STUDY, _INSTANCES_IN_SERIES = "00201206", "00201209"

Item = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Announced:
    """What a server says it has of one series.

    Attributes
    ----------
    modality : str
        Safe to be printed.
    instances : tuple of str
        SOP Instance UIDs, each once.
    unlisted : int
        How many more the server counts than it lists.
    """

    study_uid: str
    series_uid: str
    modality: str
    instances: tuple[str, ...]
    unlisted: int


def find_series(web: Web, study_uid: str, only: tuple[str, ...] = ()) -> tuple[Announced, ...]:
    """List the series of a study with all their instances.

    Parameters
    ----------
    web : Web
    study_uid : str
    only : tuple of str
        Series Instance UIDs to keep; empty keeps all.

    Raises
    ------
    NotGiven
        If the server does not know the study, or lists fewer series than it counts.
    TransferFailed
        As `Web.get`.
    """
    query = {"StudyInstanceUID": study_uid, "includefield": _SERIES_IN_STUDY}
    try:
        answer = _page(web, "studies", query)
    except NotGiven as error:
        raise NotGiven(f"{error}; is the URL the root of a DICOMweb service?") from None
    # A server that does not filter answers with all its studies.
    studies = [item for item in answer if _value(item, _STUDY_UID) == study_uid]
    if not studies:
        raise NotGiven("the server knows no such study")
    count = _count(studies[0], _SERIES_IN_STUDY)
    path = f"studies/{study_uid}/series"
    found = _listed(web, path, _SERIES_UID, {"includefield": _INSTANCES_IN_SERIES}, count)
    if count is not None and len(found) < count:
        raise NotGiven(f"the server counts {count} series and lists {len(found)}")
    wanted = {uid: item for uid, item in found.items() if not only or uid in only}
    return tuple(_announced(web, study_uid, uid, item) for uid, item in wanted.items())


def _announced(web: Web, study_uid: str, series_uid: str, series: Item) -> Announced:
    count = _count(series, _INSTANCES_IN_SERIES)
    path = f"studies/{study_uid}/series/{series_uid}/instances"
    instances = tuple(_listed(web, path, _INSTANCE_UID, {}, count))
    unlisted = max(0, (count or 0) - len(instances))
    modality = shown_modality(_value(series, _MODALITY))
    return Announced(study_uid, series_uid, modality, instances, unlisted)


def _listed(
    web: Web, path: str, uid_tag: str, query: Mapping[str, str], count: int | None
) -> dict[str, Item]:
    """Ask page by page until all that were counted have come, or nothing new comes.

    A server may send a part of the list and ignore the request for the rest: dicomweb-client
    then asks for ever.
    """
    items: dict[str, Item] = {}
    while count is None or len(items) < count:
        offset = {"offset": str(len(items))} if items else {}
        page = {_uid(item, uid_tag): item for item in _page(web, path, {**query, **offset})}
        if not page.keys() - items.keys():
            break
        items |= page
        if len(items) > MAX_INSTANCES:
            raise NotGiven(f"the server lists more than {MAX_INSTANCES} objects")
    return items


def _page(web: Web, path: str, query: Mapping[str, str]) -> list[Item]:
    reply = web.get(Ask(path, "application/dicom+json", MAX_LIST_BYTES, query))
    if not reply.body:
        return []
    require_no_web_page(reply)
    try:
        items = json.loads(reply.body)
    except (ValueError, RecursionError):
        raise TransferFailed("the server's list is garbled: no JSON") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise TransferFailed("the server's list is no list of DICOM objects")
    return items


def _uid(item: Item, tag: str) -> str:
    value = _value(item, tag)
    if not isinstance(value, str) or not is_uid(value):
        raise NotGiven("the server lists something whose UID is none")
    return value


def _count(item: Item, tag: str) -> int | None:
    value = _value(item, tag)
    try:
        count = int(value) if isinstance(value, (int, str)) else 0
    except ValueError:
        return None
    # A server that counts nothing yet lists something does not know its count.
    return count if count > 0 else None


def _value(item: Item, tag: str) -> object:
    """First value of an element in the DICOM JSON model (PS3.18 F.2), None where there is none."""
    element = item.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values else None
