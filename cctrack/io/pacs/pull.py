"""Fetch studies from a DICOMweb server (WADO-RS), so that no part of a series passes for all."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cctrack.errors import NotGiven, TransferFailed
from cctrack.io.pacs.folder import SeriesFolder
from cctrack.io.pacs.instance import MAX_INSTANCE_BYTES, InstanceUids, read_instance
from cctrack.io.pacs.multipart import only_part
from cctrack.io.pacs.query import Announced, find_series
from cctrack.io.pacs.web import Ask, Web

ACCEPT_ANY_SYNTAX = 'multipart/related; type="application/dicom"; transfer-syntax=*'
"""Pixels as they are stored: a server that recodes them may lose some, and changes the file."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be fetched, and where to.

    Attributes
    ----------
    studies : tuple of str
        Study Instance UIDs.
    series : tuple of str
        Series Instance UIDs; empty fetches all of a study.
    out : Path
    """

    studies: tuple[str, ...]
    series: tuple[str, ...]
    out: Path


@dataclass(frozen=True, slots=True)
class PulledSeries:
    """What has come of one series.

    Attributes
    ----------
    announced, fetched, kept : int
        Instances: that the server counts, that came now, that were there before.
    complete : bool
        Whether all were there in the end, so that the folder has its final name.
    faults : tuple of str
        Why instances did not come, each reason with how many.
    """

    study_uid: str
    series_uid: str
    modality: str
    announced: int
    fetched: int
    kept: int
    complete: bool
    folder: Path
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came of a pull; ``faults`` are those of no single series."""

    series: tuple[PulledSeries, ...]
    faults: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether everything asked for is there."""
        return not self.faults and all(series.complete for series in self.series)


def pull(web: Web, wanted: Wanted, progress: Progress) -> Pulled:
    """Fetch what is missing of some studies.

    What was fetched before is checked and not asked for again. An instance that the server does
    not give is left out and told; when the server as a whole fails, the pull ends there.

    Parameters
    ----------
    web : Web
    wanted : Wanted
    progress : callable
        Called with instances settled and instances in all.

    Raises
    ------
    OSError
        If the folder cannot be written to or the disk is full.
    """
    faults: list[str] = []
    series: list[PulledSeries] = []
    tally = _Tally(progress)
    try:
        announced = _announced(web, wanted, faults)
        tally.total = sum(len(item.instances) for item in announced)
        for item in announced:
            folder = SeriesFolder(wanted.out, item.study_uid, item.series_uid)
            series.append(_pull_series(web, item, folder, tally))
    except TransferFailed as error:
        faults.append(f"{error}{tally.where_it_ended()}")
    return Pulled(tuple(series), tuple(faults))


class _Tally:
    """Counts instances that were settled, of all series together."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._settled = 0
        self.total = 0

    def one(self) -> None:
        self._settled += 1
        self._progress(self._settled, self.total)

    def where_it_ended(self) -> str:
        if not self.total:
            return ""
        return f" (at instance {self._settled + 1} of {self.total}; pull again to go on)"


def _announced(web: Web, wanted: Wanted, faults: list[str]) -> list[Announced]:
    found: list[Announced] = []
    for study_uid in dict.fromkeys(wanted.studies):
        try:
            found.extend(find_series(web, study_uid, wanted.series))
        except NotGiven as error:
            faults.append(f"study {study_uid}: {error}")
    if not faults:
        missing = set(wanted.series) - {item.series_uid for item in found}
        faults.extend(f"series {uid}: in none of the studies" for uid in sorted(missing))
    return found


def _pull_series(web: Web, item: Announced, folder: SeriesFolder, tally: _Tally) -> PulledSeries:
    faults: Counter[str] = Counter()
    kept = fetched = 0
    for uid in item.instances:
        if folder.content_of(uid) is not None:
            kept += 1
        else:
            try:
                folder.put(uid, _fetch(web, InstanceUids(item.study_uid, item.series_uid, uid)))
                fetched += 1
            except NotGiven as error:
                faults[str(error)] += 1
        tally.one()
    if item.unlisted:
        faults["counted by the server, but not listed"] += item.unlisted
    count = len(item.instances) + item.unlisted
    complete = 0 < count == kept + fetched
    if complete:
        folder.finish()
    return PulledSeries(
        item.study_uid,
        item.series_uid,
        item.modality,
        announced=count,
        fetched=fetched,
        kept=kept,
        complete=complete,
        folder=folder.final if complete else folder.unfinished,
        faults=tuple(f"{number} of {count}: {reason}" for reason, number in faults.items()),
    )


def _fetch(web: Web, uids: InstanceUids) -> bytes:
    path = f"studies/{uids.study}/series/{uids.series}/instances/{uids.instance}"
    data = only_part(web.get(Ask(path, ACCEPT_ANY_SYNTAX, MAX_INSTANCE_BYTES, {})))
    if read_instance(data).uids != uids:
        raise NotGiven("another instance came than the one asked for")
    return data
