"""Other ways to look at a scan: all slices as one, and only what is as dense as wanted."""

import numpy as np
from qtpy.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from cctrack.model import Modality
from cctrack.report.windows import CT_WINDOW_HU
from napari_cctrack.stage import Role
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.parts import number_box, row

USUAL_HU = 130.0
"""Calcium is denser than this in the score of Agatston (1990); contrast and bone are as well."""


class ScanView(QWidget):
    """Shown for CT only; changes how slices are drawn, and nothing that is measured."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown = CT_WINDOW_HU
        self.projection = QCheckBox("Maximum projection")
        self.projection.setToolTip(
            "The densest of all slices at each place; outlines stay those of one slice"
        )
        self.threshold = QCheckBox("Only from")
        self.threshold.setToolTip(
            "White is what is as dense as this, or denser: nothing is outlined"
        )
        self.density = number_box("HU", "From which density on", (-200.0, 3000.0), 0)
        self.density.setValue(USUAL_HU)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(row(self.projection, self.threshold, self.density))
        for box in (self.projection, self.threshold):
            box.toggled.connect(lambda _on: self.apply())
        self.density.valueChanged.connect(lambda _hu: self.apply())
        desk.pair_opened.connect(self.apply)

    def apply(self) -> None:
        """Draw the slices as is asked for."""
        pair = self._desk.pair
        scan = pair is not None and pair.modality is Modality.CT
        self.setVisible(scan)
        if scan:
            self._project(self.projection.isChecked())
            self._window(self.threshold.isChecked())

    def _project(self, on: bool) -> None:
        dims = self._desk.viewer.dims
        for _, layer in self._desk.stage.layers(Role.IMAGE):
            layer.projection_mode = "max" if on else "none"
        low, high = dims.range[0][:2]
        # Thick enough to reach both ends from whichever slice is shown.
        wanted = 2.0 * float(high - low) if on else 0.0
        if not np.isclose(dims.thickness[0], wanted):
            dims.thickness = (wanted, *dims.thickness[1:])

    def _window(self, on: bool) -> None:
        hu = self.density.value()
        window = (hu - 1.0, hu) if on else CT_WINDOW_HU
        for _, layer in self._desk.stage.layers(Role.IMAGE):
            low, high = layer.contrast_limits_range
            layer.contrast_limits_range = (min(low, window[0]), max(high, window[1]))
            if on or tuple(layer.contrast_limits) == self._shown:
                layer.contrast_limits = window
        self._shown = window
