"""Draw a line round a lesion, corner by corner or freehand."""

from collections.abc import Sequence

import numpy as np

from napari_cctrack.drawing import clear_marks
from napari_cctrack.session.state import PointPx
from napari_cctrack.stage import Role, Stage

NEAR_PX = 10.0
"""A click this near to the first corner, in px of the screen, closes the line."""

LINE_PX = 2.5
"""Width of the line on the screen."""

COLOUR = "#ffd400"


class Polygon:
    """The line that is being drawn."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.number = -1
        self.corners: list[PointPx] = []

    def drop(self) -> None:
        """Forget the line."""
        marks = self._stage.layer(self.number, Role.MARKS)
        if marks is not None and self.corners:
            clear_marks(marks)
        self.corners.clear()
        self.number = -1

    def add(self, number: int, places: Sequence[PointPx]) -> bool:
        """Go on to further places; a line at another visit or slice begins anew.

        Returns
        -------
        bool
            Whether that closes the line.
        """
        elsewhere = self.corners and not np.allclose(self.corners[0][:-2], places[0][:-2])
        if number != self.number or elsewhere:
            self.drop()
        closes = len(self.corners) > 2 and self._is_first(number, places[-1])
        self.number = number
        self.corners += places
        self._show()
        return closes

    def back(self) -> None:
        """Take the last corner away."""
        if self.corners:
            self.corners.pop()
            self._show()

    def _is_first(self, number: int, place: PointPx) -> bool:
        layer = self._stage.layer(number, Role.IMAGE)
        apart = np.subtract(place, self.corners[0])[-2:] * np.asarray(layer.scale)[-2:]
        return bool(np.hypot(*apart) * self._stage.viewer.scene.camera.zoom <= NEAR_PX)

    def _show(self) -> None:
        marks = self._stage.layer(self.number, Role.MARKS)
        if marks is None:
            return
        clear_marks(marks)
        if self.corners:
            line = np.array(self.corners if len(self.corners) > 1 else self.corners * 2)
            zoom = self._stage.viewer.scene.camera.zoom * float(marks.scale[-1])
            width = LINE_PX / max(zoom, 1e-6)
            marks.add_paths(line, edge_color=COLOUR, edge_width=width)
