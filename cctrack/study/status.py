"""Where a study stands: what is measured, what is due, what readers said, if all is whole."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cctrack.study.compare_step import plan_sites
from cctrack.study.folder import open_study
from cctrack.study.measure_step import plan_visits
from cctrack.study.program import program_id
from cctrack.study.pseudonyms import KEY_FILE
from cctrack.study.record import Kind, Verified
from cctrack.study.running import Running, open_running, read_all_told, record_home

OF_READERS = frozenset(Kind) - {Kind.MEASURED, Kind.COMPARED, Kind.RUN, Kind.ANCHOR, Kind.WINDOW}
"""Kinds of statements that hold a reader's decision."""


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """Where a study stands.

    Attributes
    ----------
    visits : int
        Lines of visits.csv with an image.
    measured, refused, due : int
        What became of them; those due are new, or something that they depend on has changed.
    sites, sites_due : int
        Sites, and those that have to be compared.
    statements : mapping of reader to mapping of kind to int
    without_image : int
        Images that readers spoke of and no visit has.
    record : Verified
        Where it is not as it was written, the counts above are 0: nobody knows them.
    program : str
        Version of cctrack that would measure.
    incomplete : int
        Lines of visits.csv that somebody has to complete; no visits until then.
    """

    visits: int
    measured: int
    refused: int
    due: int
    sites: int
    sites_due: int
    statements: Mapping[str, Mapping[str, int]]
    without_image: int
    record: Verified
    program: str
    incomplete: int = 0


def study_status(root: Path, out: Path) -> StudyStatus:
    """Look at a study without measuring anything; of one without a record nothing is written.

    Parameters
    ----------
    root : Path
        The study folder.
    out : Path
        Its results.

    Raises
    ------
    StudyError
        If the study's tables, criteria or record cannot be used.
    """
    study = open_study(root)
    home = record_home(root, out)
    if not (home / KEY_FILE).exists():
        imaged = sum(bool(visit.path) for visit in study.visits)
        sites = len({(visit.patient, visit.site, visit.modality) for visit in study.visits})
        found = StudyStatus(imaged, 0, 0, imaged, sites, sites, {}, 0, Verified(0), program_id())
        return replace(found, incomplete=len(study.incomplete))
    with open_running(study, home) as running:
        record = running.record.verify()
        found = _look(running, record) if record.ok else _broken(record)
    return replace(found, incomplete=len(study.incomplete))


def _broken(record: Verified) -> StudyStatus:
    """Say nothing of a study whose record cannot be believed."""
    return StudyStatus(0, 0, 0, 0, 0, 0, {}, 0, record, program_id())


def _look(running: Running, record: Verified) -> StudyStatus:
    told = read_all_told(running)
    planned = plan_visits(running, told)
    sites = plan_sites(running, planned)
    visits = [state for state in planned if state.visit.path]
    known = {state.image_id for state in visits}
    return StudyStatus(
        visits=len(visits),
        measured=sum(bool(state.image_id) and state.refused is None for state in visits),
        refused=sum(state.refused is not None for state in visits),
        due=sum(state.due for state in visits),
        sites=len(sites),
        sites_due=sum(state.verdict is None for state in sites),
        statements=_statements(running),
        without_image=sum(image not in known for image in told.images),
        record=record,
        program=program_id(),
    )


def _statements(running: Running) -> dict[str, dict[str, int]]:
    counts = Counter(
        (entry.reader, str(entry.kind))
        for entry in running.record.history()
        if entry.kind in OF_READERS
    )
    found: dict[str, dict[str, int]] = {}
    for (reader, kind), count in sorted(counts.items()):
        found.setdefault(reader, {})[kind] = count
    return found
