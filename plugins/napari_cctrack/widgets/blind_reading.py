"""Begin, read and end a blinded session at the desk."""

import secrets

from cctrack.errors import CctrackError
from cctrack.study.reading_session import Task
from napari_cctrack.session.blinded import NAMES as BLIND_NAMES
from napari_cctrack.session.blinded import BlindShelf
from napari_cctrack.session.shelf import Shelf
from napari_cctrack.session.worklist import State
from napari_cctrack.stage import NAMES
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.work import Job, Steps


class BlindReading:
    """Puts a study away while it is read blinded, and takes it out again."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self, task: Task) -> None:
        """Read the open study blinded; nothing of it is shown from here on."""
        desk, shelf = self._desk, self._desk.shelf
        if not isinstance(shelf, Shelf):
            desk.tell("Open a study first.")
            return
        try:
            blind = BlindShelf.start(shelf, desk.reader, task, seed=secrets.randbits(32))
        except CctrackError as error:
            desk.explain(error)
            return
        self._change(blind, BLIND_NAMES)
        desk.open_entry(_first_unread(blind))

    def end(self) -> None:
        """Go back to the study."""
        blind = self._desk.blinded
        if blind is not None:
            self._change(blind.shelf, NAMES)

    def say(self, verdict: str = "") -> None:
        """Record what the reader says of the item, an outline or a verdict, and go on."""
        desk = self._desk
        blind, place = desk.blinded, desk.place
        if blind is None or desk.pair is None:
            return
        desk.save_now()

        def work() -> Steps:
            pair = desk.pair

            def steps() -> Steps:
                yield "Recording …"
                if verdict:
                    blind.say_verdict(place, verdict)
                elif pair is not None:
                    blind.say_outline(place, pair)
                yield place

            return steps()

        def done(_place: int) -> None:
            desk.saved.emit()
            following = _first_unread(blind)
            if following < 0:
                desk.tell("All items are read. Thank you.")
            else:
                desk.open_entry(following)

        desk.work.do(Job("Recording the reading", work, done))

    def _change(self, shelf: Shelf | BlindShelf, names: tuple[str, ...]) -> None:
        desk = self._desk
        desk.put_away()
        desk.shelf = shelf
        desk.stage.names = names
        desk.study_changed.emit()
        desk.pair_changed.emit()


def _first_unread(blind: BlindShelf) -> int:
    states = [standing.state for standing in blind.standings()]
    return states.index(State.TO_DO) if State.TO_DO in states else -1
