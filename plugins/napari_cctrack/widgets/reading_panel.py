"""A blinded reading: what to do with the item, and the buttons that record it."""

from functools import partial

from qtpy.QtWidgets import QVBoxLayout, QWidget

from cctrack.model import Outcome
from cctrack.study.reading_session import Task
from napari_cctrack.widgets.blind_reading import BlindReading
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.parts import button, column, heading, main_button, text

VERDICTS = {
    Outcome.REGRESSION: "B is smaller than A",
    Outcome.STABLE: "A and B are the same",
    Outcome.PROGRESSION: "B is larger than A",
    Outcome.NOT_EVALUABLE: "It cannot be judged",
}
"""From the image shown first to the second, whichever is the earlier."""

WHAT = {
    Task.OUTLINE: "Outline all lesions with the tools of step 2, then record your reading here.",
    Task.VERDICT: "Look at both images. How have the lesions of B changed against A?",
}


class ReadingPanel(QWidget):
    """Records what a blinded reader says."""

    def __init__(self, desk: Desk, blind: BlindReading) -> None:
        super().__init__()
        self._desk = desk
        self.title = heading("")
        self.what = text(tip="What is to be done")
        self.done = main_button(
            "Record and go on", "Keep this outline as your reading of the item", lambda: blind.say()
        )
        self.verdicts = [
            button(words, "Record this verdict and go on", partial(blind.say, str(outcome)))
            for outcome, words in VERDICTS.items()
        ]
        self.end = button("End for now", "Go on another time where you left", blind.end)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(column(self.title, self.what, self.done, *self.verdicts, self.end, 1))
        desk.pair_changed.connect(self.renew)

    def renew(self) -> None:
        """Show which item is read."""
        blind = self._desk.blinded
        if blind is None:
            return
        outline = blind.plan.task is Task.OUTLINE
        entry = self._desk.entry
        self.title.setText(f"{entry.title} of {len(blind.entries)}" if entry else "")
        self.what.setText(WHAT[blind.plan.task])
        self.done.setVisible(outline)
        self.done.setEnabled(self._desk.pair is not None)
        for one in self.verdicts:
            one.setVisible(not outline)
            one.setEnabled(self._desk.pair is not None)
