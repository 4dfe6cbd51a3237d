"""An open study: its tables, its record and its worklist."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cctrack.compare import load_criteria
from cctrack.errors import StudyError, UnreadableImage
from cctrack.model import Criteria, Visit
from cctrack.study.folder import StudyFolder, open_study
from cctrack.study.options import MeasureOptions
from cctrack.study.record import Kind, Record, Statement, open_record, visit_subject
from cctrack.study.run import RunOptions, StudyResult, run_study
from napari_cctrack.session.keep import Clock, Keeper
from napari_cctrack.session.links import links_of
from napari_cctrack.session.opening import Opening, open_pair
from napari_cctrack.session.session import Session
from napari_cctrack.session.state import PairState
from napari_cctrack.session.worklist import Entry, Standing, entries_of, standing_of

PROGRAM = "cctrack"
"""Stands for the reader in what the program itself notes."""


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


@dataclass(slots=True)
class Shelf:
    """A study that is open.

    Attributes
    ----------
    study : StudyFolder
    criteria : Criteria
    record : Record
    entries : tuple of Entry
        The worklist.
    """

    study: StudyFolder
    criteria: Criteria
    record: Record
    entries: tuple[Entry, ...]
    _open: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, root: Path) -> "Shelf":
        """Open a study folder.

        Raises
        ------
        StudyError
            If its tables, criteria or record cannot be used, or it has no visits with images.
        """
        study = open_study(root)
        entries = entries_of(study)
        if not entries:
            raise StudyError("visits.csv names no images")
        own = root / study.settings.criteria
        name = study.settings.criteria
        criteria = load_criteria(own if own.suffix == ".toml" and own.exists() else name)
        stack = ExitStack()
        record = stack.enter_context(open_record(root))
        return cls(study, criteria, record, entries, stack)

    def close(self) -> None:
        """Let go of the record."""
        self._open.close()

    @property
    def opening(self) -> Opening:
        """What is needed to open visits."""
        options = MeasureOptions(sizes=self.study.settings.sizes)
        return Opening(self.study.root, self.criteria, options, self.record)

    def standings(self) -> list[Standing]:
        """Say how far every line of the worklist is."""
        return [standing_of(entry, self.record) for entry in self.entries]

    def open_entry(self, place: int) -> Iterator[str | PairState]:
        """Open the visits of a line of the worklist; the last value is the state.

        Raises
        ------
        UnreadableImage
            If a visit cannot be read or outlined; that is noted for the worklist.
        """
        visits = self.entries[place].visits
        try:
            yield from self.look_at(place)
        except UnreadableImage as error:
            self.note_refusal(visits, str(error))
            raise

    def look_at(self, place: int) -> Iterator[str | PairState]:
        """Open a line of the worklist and note nothing of it; raises as `open_entry`."""
        visits = self.entries[place].visits
        opening = replace(self.opening, links=links_of(visits, self.study, self.record))
        yield from open_pair(opening, visits)

    def begin(self, _place: int, pair: PairState, reader: str, clock: Clock = now) -> Session:
        """Begin to work on a pair, and note which images its visits are."""
        noted = [
            Statement(
                Kind.WINDOW,
                visit_subject(visit.visit),
                PROGRAM,
                {"image": visit.measured.image_id},
            )
            for visit in pair.visits
        ]
        self.record.append_changed(noted, clock())
        return Session(pair, Keeper(self.record, reader, clock, self.study.settings.sizes))

    def note_refusal(self, visits: tuple[Visit, ...], why: str, clock: Clock = now) -> None:
        """Note that visits could not be opened, for the worklist."""
        said = {"refused": why}
        noted = [Statement(Kind.WINDOW, visit_subject(visit), PROGRAM, said) for visit in visits]
        self.record.append_changed(noted, clock())

    def report(self, jobs: int) -> StudyResult:
        """Run the study with all that readers said, and write its report.

        Raises
        ------
        StudyError
            If the study's tables or criteria cannot be used.
        """
        root = self.study.root
        return run_study(root, root / "results", RunOptions(jobs=jobs))
