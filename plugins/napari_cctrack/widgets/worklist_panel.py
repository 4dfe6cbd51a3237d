"""The worklist: sites and pairs of the open study, and how far each is."""

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from cctrack.report.figures import OverlayOptions, draw_overlay
from napari_cctrack.session.worklist import SIGNS, State, filtered
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.parts import choice, column, row, text

THUMBNAIL_PX = 56
"""Side of the small picture of a pair."""

EMPTY = (
    "Nothing is open yet. Open photos, radiographs or CT of two visits, a study folder, or a "
    "simulated sample, with the button above."
)


class WorklistPanel(QWidget):
    """Lists the pairs; a click opens one."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._pictures: dict[int, QIcon] = {}
        self._study: object = None
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter: patient, site, date …")
        self.filter.setToolTip("Show only pairs that hold this text")
        self.state = choice(["any state", *(str(state) for state in State)], "Show only this state")
        self.list = QListWidget()
        self.list.setToolTip("Click a pair to work on it")
        self.list.setIconSize(QSize(THUMBNAIL_PX, THUMBNAIL_PX))
        self.list.setWordWrap(True)
        self.note = text(EMPTY)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(column(row(self.filter, self.state), self.note, self.list))
        self.filter.textChanged.connect(lambda _text: self.renew())
        self.state.currentIndexChanged.connect(lambda _place: self.renew())
        self.list.itemClicked.connect(self._open)
        desk.study_changed.connect(self.renew)
        desk.saved.connect(self.renew)
        desk.pair_opened.connect(self._picture)
        self.renew()

    def renew(self) -> None:
        """List what the filter lets through."""
        shelf = self._desk.shelf
        self.list.clear()
        self.note.setVisible(shelf is None)
        if shelf is None:
            return
        if shelf is not self._study:
            self._study = shelf
            self._pictures.clear()
        standings = shelf.standings()
        place = self.state.currentIndex()
        state = list(State)[place - 1] if place else None
        for number in filtered(shelf.entries, standings, self.filter.text(), state):
            entry, standing = shelf.entries[number], standings[number]
            title, dates = self._desk.words_for(entry)
            words = f"{SIGNS[standing.state]} {title}\n{dates}\n{standing.state}"
            item = QListWidgetItem(f"{words}: {standing.why}" if standing.why else words)
            item.setData(Qt.ItemDataRole.UserRole, number)
            if number in self._pictures:
                item.setIcon(self._pictures[number])
            self.list.addItem(item)
            if number == self._desk.place:
                self.list.setCurrentItem(item)

    def _open(self, item: QListWidgetItem) -> None:
        self._desk.open_entry(int(item.data(Qt.ItemDataRole.UserRole)))

    def _picture(self) -> None:
        """Draw a small picture of the pair that was opened."""
        pair = self._desk.pair
        if pair is None or self._desk.place in self._pictures:
            return
        measured = pair.visits[-1].measured
        options = OverlayOptions(size_px=THUMBNAIL_PX * 2, ids=False, scale_bar=False)
        pixels = draw_overlay(measured.image, measured.outline, options=options)
        rows, columns = pixels.shape[:2]
        image = QImage(pixels.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888)
        self._pictures[self._desk.place] = QIcon(QPixmap.fromImage(image))
        self.renew()
