"""How the pair is shown, always at hand below the steps."""

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QSlider, QVBoxLayout, QWidget

from napari_cctrack.views import Mode
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.look import Look
from napari_cctrack.widgets.parts import exclusive, row, text, toggle

WORDS = {
    Mode.SIDE_BY_SIDE: ("Side by side", "Both visits beside each other (G)"),
    Mode.OVERLAY: ("Overlay", "The earlier visit laid on the later one (G); hold N to blink"),
    Mode.CHECKERBOARD: ("Checkerboard", "Squares of both visits in turn"),
}


class ViewBar(QWidget):
    """Buttons for the ways to look, and a slider to fade."""

    def __init__(self, desk: Desk, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._look = look
        self.modes = [toggle(words, tip) for words, tip in WORDS.values()]
        self._group = exclusive(self.modes, self)
        self.modes[0].setChecked(True)
        self._group.idClicked.connect(lambda place: look.show(list(Mode)[place]))
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 100)
        self.slider.setToolTip("Fade between the later (left) and the earlier visit (right): Q, W")
        self.slider.valueChanged.connect(lambda value: look.fade(value / 100))
        self.hide_outlines = QCheckBox("Hide outlines")
        self.hide_outlines.setToolTip("Look at the skin below the outlines (H)")
        self.hide_outlines.toggled.connect(look.hide_outlines)
        self._names = [text("Later"), text("Earlier")]
        self.legend = text(tip="How the outlines of the two visits are told apart")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(4)
        layout.addWidget(row(*self.modes))
        layout.addWidget(row(self._names[0], self.slider, self._names[1], self.hide_outlines))
        layout.addWidget(self.legend)
        look.changed.connect(self.renew)
        desk.pair_changed.connect(self.renew)

    def renew(self) -> None:
        """Show how the pair is shown."""
        views = self._desk.views
        pair = self._desk.pair
        two = pair is not None and pair.complete
        for button, mode in zip(self.modes, Mode, strict=True):
            button.setChecked(mode is views.mode)
            button.setEnabled(two)
        self.slider.blockSignals(True)
        self.slider.setValue(round(views.fade * 100))
        self.slider.blockSignals(False)
        self.slider.setEnabled(views.mode is Mode.OVERLAY)
        self.hide_outlines.blockSignals(True)
        self.hide_outlines.setChecked(views.hidden)
        self.hide_outlines.blockSignals(False)
        earlier, later = (self._desk.stage.names * 2)[:2]
        beside = views.mode is Mode.SIDE_BY_SIDE
        self.legend.setVisible(two and not beside)
        self.legend.setText(f"Line: {later.lower()} outline. Filled: {earlier.lower()} outline.")
        self._names[0].setText(later)
        self._names[1].setText(earlier)
