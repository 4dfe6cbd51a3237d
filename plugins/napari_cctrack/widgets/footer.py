"""What is being done, what is saved, undo, and the list of keys."""

from datetime import datetime

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QMessageBox, QProgressBar, QVBoxLayout, QWidget

from napari_cctrack.keys import KEYS
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.parts import button, row, text, toggle
from napari_cctrack.widgets.room import show_panels

BAR_STEPS = 8
"""Steps in which the bar fills before it begins again."""

BEAT_MS = 500
"""Time of a step. Qt's own bar moves thirty times a second: drawing the window each time took two
thirds of a processor from the work that it tells of, where a processor draws."""


class Footer(QWidget):
    """The bottom of the dock."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.bar = QProgressBar()
        self.bar.setRange(0, BAR_STEPS)
        self._beat = QTimer(self)
        self._beat.setInterval(BEAT_MS)
        self._beat.timeout.connect(self._step)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(8)
        self.bar.setToolTip("Something is being done")
        self.cancel = button(
            "Cancel", "Stop what is being done; nothing of it takes effect", self._cancel
        )
        self.message = text("Ready.", "What is being done")
        self.undo = button("Undo", "Undo what was done last (U)", desk.undo)
        self.redo = button("Redo", "Do again what was undone (F2)", desk.redo)
        self.keys = button("Keys", "The keys of this window", self.show_keys)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 4)
        layout.setSpacing(4)
        layout.addWidget(row(self.bar, self.cancel))
        layout.addWidget(self.message)
        self.wide = toggle("More room", "Hide napari's own panels, or show them again")
        self.wide.setSizePolicy(self.keys.sizePolicy())
        self.wide.toggled.connect(lambda on: show_panels(self, not on))
        layout.addWidget(row(self.undo, self.redo, 1, self.wide, self.keys))
        desk.work.begun.connect(self._begin)
        desk.work.said.connect(self.message.setText)
        desk.work.ended.connect(self._end)
        desk.saved.connect(self._saved)
        desk.told.connect(self.message.setText)
        desk.pair_changed.connect(self._renew)
        self._end()
        self._renew()

    def show_keys(self) -> None:
        """List the keys."""
        lines = "".join(
            f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{what}</td></tr>" for key, _, what in KEYS
        )
        box = QMessageBox(self)
        box.setWindowTitle("Keys")
        box.setText(f"<table>{lines}</table>")
        box.open()

    def _step(self) -> None:
        self.bar.setValue((self.bar.value() + 1) % (BAR_STEPS + 1))

    def _begin(self, title: str) -> None:
        self.bar.setValue(0)
        self._beat.start()
        self.bar.setVisible(True)
        self.cancel.setVisible(True)
        self.message.setText(f"{title} …")

    def _end(self) -> None:
        self._beat.stop()
        self.bar.setVisible(False)
        self.cancel.setVisible(False)
        if self.message.text().endswith("…"):
            self.message.setText("Ready.")

    def _cancel(self) -> None:
        self._desk.work.cancel()
        self.message.setText("Stopped. Nothing of it took effect.")

    def _saved(self) -> None:
        self.message.setText(f"Saved at {datetime.now():%H:%M:%S}.")

    def _renew(self) -> None:
        session = self._desk.session
        undo, redo = (session.undo_name, session.redo_name) if session else ("", "")
        self.undo.setEnabled(bool(undo))
        self.redo.setEnabled(bool(redo))
        self.undo.setToolTip(f"Undo: {undo} (U)" if undo else "There is nothing to undo (U)")
        self.redo.setToolTip(f"Do again: {redo} (F2)" if redo else "There is nothing to redo (F2)")
