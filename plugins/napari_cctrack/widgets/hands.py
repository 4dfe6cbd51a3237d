"""What the reader's hands do on the images: clicks, strokes, the brush, landmarks."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from napari.utils.notifications import show_info
from qtpy.QtCore import QObject, QTimer, Signal  # type: ignore[attr-defined]

from cctrack.model import Photo, Radiograph
from cctrack.segment.scribble import Stroke, Strokes
from cctrack.study.pipeline import Measured
from napari_cctrack.drawing import clear_marks, number_points
from napari_cctrack.session import actions
from napari_cctrack.session.session import Action
from napari_cctrack.session.state import PairState, PointPx
from napari_cctrack.stage import Role
from napari_cctrack.tools import Tool, Tools
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.polygon import Polygon

SETTLE_MS = 250
"""Strokes of a brush that follow each other faster are saved together."""

PEN_SHARE = 1 / 120
"""Width of the pen as a share of what is seen of the image: as wide on the screen at any zoom."""


class Hands(QObject):
    """Turns what happens on the layers into what the desk does.

    Signals
    -------
    line_drawn
        The visit's number and the two ends of a line, in px.
    points_moved
        Landmarks are being set: residuals are told at once.
    """

    line_drawn = Signal(int, object)
    points_moved = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.tools = Tools(desk.stage, self._point, self._draw, self._touch, self._corner)
        self.polygon = Polygon(desk.stage)
        self.lesion = 0
        self._strokes: list[Stroke] = []
        self._base: tuple[int, Measured] | None = None
        self._target: int | None = None
        self._down = False
        self._watched: list[tuple[Any, Callable[..., None]]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SETTLE_MS)
        self._timer.timeout.connect(self.save_now)
        desk.save_now = self.save_now  # type: ignore[method-assign]
        desk.pair_opened.connect(self._watch)
        self.tools.bind()

    def close(self) -> None:
        """Save and let go of the mouse."""
        self.save_at_once()
        self.tools.unbind()

    @property
    def waiting(self) -> bool:
        """Whether something was painted or set that is not saved yet."""
        return self._timer.isActive()

    def take(self, tool: Tool) -> None:
        """Take a tool in hand; a drawing with the pen is finished by that."""
        self.polygon.drop()
        if tool not in (Tool.PEN_LESION, Tool.PEN_SKIN):
            self.end_drawing()
        self.tools.take(tool)

    def end_drawing(self) -> None:
        """Finish a drawing: the next stroke begins another lesion."""
        self._strokes.clear()
        self._base = None
        for _, marks in self.desk.stage.layers(Role.MARKS):
            clear_marks(marks)

    def save_now(self) -> None:
        """Save what was painted or set since the last time, as soon as its turn comes."""
        self._timer.stop()
        for number, role, layer in self._unsaved():
            name, prepare = self._saving(number, role, layer)
            self.desk.do_then(name, prepare, said="Measuring what was painted …")

    def save_at_once(self) -> None:
        """Save it before anything else happens: the window is about to close."""
        self._timer.stop()
        session = self.desk.session
        for number, role, layer in self._unsaved():
            name, prepare = self._saving(number, role, layer)
            if session is not None:
                session.do(name, prepare())

    def _unsaved(self) -> list[tuple[int, Role, Any]]:
        """List the layers that say more than the state; those that do not are forgotten."""
        pair, found = self.desk.pair, []
        for number, role in sorted(self.desk.unsaved):
            layer = self.desk.stage.layer(number, role)
            if pair is None or layer is None:
                continue
            if self._differs(pair, number, role, layer):
                found.append((number, role, layer))
            else:
                self.desk.unsaved.discard((number, role))
        return found

    def _saving(self, number: int, role: Role, layer: Any) -> tuple[str, Callable[[], Action]]:
        """Say how a layer is saved; it is copied when its turn has come, so that all is in."""

        def paint() -> Action:
            self.desk.unsaved.discard((number, role))
            labels = np.array(layer.data, dtype=np.uint16)
            return lambda pair: actions.paint(pair, number, labels)

        def place() -> Action:
            self.desk.unsaved.discard((number, role))
            places = [tuple(point) for point in layer.data]
            return lambda pair: actions.set_points(pair, number, places)

        return ("Painting", paint) if role is Role.LESIONS else ("Setting landmarks", place)

    def _differs(self, pair: PairState, number: int, role: Role, layer: Any) -> bool:
        """Whether a layer says something else than the state: a touch need not change anything."""
        if role is Role.LESIONS:
            return not np.array_equal(layer.data, pair.seen(number).outline.labels)
        known = np.array(pair.visits[number].points_px).reshape(-1, layer.ndim)
        return not np.array_equal(layer.data, known)

    def _watch(self) -> None:
        """Listen to the layers of the pair that was opened."""
        self.end_drawing()
        while self._watched:
            event, told = self._watched.pop()
            event.disconnect(told)
        for number, layer in self.desk.stage.layers(Role.LESIONS):
            painted = partial(self._changed, (number, Role.LESIONS))
            self._watched.append((layer.events.paint, painted))
        for number, layer in self.desk.stage.layers(Role.POINTS):
            self._watched.append((layer.events.data, partial(self._set, number)))
            self._watched.append((layer.events.features, self._dragged))
        for event, told in self._watched:
            event.connect(told)
        self.tools.take(self.tools.tool)

    def _touch(self, number: int, role: Role, begins: bool) -> None:
        """Keep the desk from renewing a layer under the reader's hand."""
        self._down = begins
        if begins:
            self.desk.unsaved.add((number, role))
            self._timer.stop()
        else:
            self._timer.start()

    def _changed(self, which: tuple[int, Role], _event: Any = None) -> None:
        self.desk.unsaved.add(which)
        if not self._down:
            self._timer.start()

    def _set(self, number: int, _event: Any) -> None:
        pair = self.desk.pair
        layer = self.desk.stage.layer(number, Role.POINTS)
        if pair is None or layer is None:
            return
        known = np.array(pair.visits[number].points_px).reshape(-1, layer.ndim)
        if known.shape == layer.data.shape and np.array_equal(known, layer.data):
            return
        if len(layer.features) != len(layer.data) or len(layer.data):
            number_points(layer)
        self._changed((number, Role.POINTS))
        self.points_moved.emit()

    def _dragged(self, _event: Any = None) -> None:
        """Tell the residuals while a landmark is being dragged: napari says where it is only so."""
        if self._down:
            self.points_moved.emit()

    def _point(self, number: int, place: PointPx) -> None:
        if self.tools.tool is Tool.REMOVE:
            self._remove(number, place)
            return
        self.desk.do(
            "Adding a lesion",
            lambda pair: actions.add_at(pair, number, place),
            said="Outlining what you pointed at …",
        )

    def _remove(self, number: int, place: PointPx) -> None:
        labels = self.desk.stage.labels(number)
        if labels is None:
            return
        lesion = int(labels[tuple(np.rint(place).astype(int))])
        if not lesion:
            show_info("There is no lesion there.")
            return
        self.desk.do(f"Removing L{lesion}", lambda pair: actions.erase(pair, number, lesion))

    def _draw(self, number: int, places: Sequence[PointPx]) -> None:
        pair = self.desk.pair
        if pair is None:
            return
        if self.tools.tool is Tool.LINE:
            self._line(number, places)
            return
        if self.tools.tool is Tool.POLYGON:
            if self.polygon.add(number, places):
                self._corner(True)
            return
        if not isinstance(pair.visits[number].measured.image, Photo | Radiograph):
            show_info("The pen works on photos and films. Use the brush here.")
            return
        self._stroke(pair, number, places)

    def _corner(self, closes: bool) -> None:
        """Close the line round a lesion, or take its last corner back."""
        if not closes:
            self.polygon.back()
            return
        number, corners = self.polygon.number, tuple(self.polygon.corners)
        self.polygon.drop()
        if corners:
            self.desk.do(
                "Drawing round a lesion",
                lambda pair: actions.enclose(pair, number, corners),
                said="Measuring what you drew round …",
            )

    def _line(self, number: int, places: Sequence[PointPx]) -> None:
        ends = (places[0], places[-1])
        marks = self.desk.stage.layer(number, Role.MARKS)
        if marks is None or np.allclose(*ends):
            return
        clear_marks(marks)
        marks.add_lines(np.array(ends))
        self.line_drawn.emit(number, ends)

    def _stroke(self, pair: PairState, number: int, places: Sequence[PointPx]) -> None:
        on_lesion = self.tools.tool is Tool.PEN_LESION
        if self._base is None or self._base[0] != number:
            self.end_drawing()
            self._base = (number, pair.seen(number))
            self._target = self._below(number, places) if on_lesion else None
        points = tuple((float(place[-2]), float(place[-1])) for place in places)
        width = self._pen_px(pair.visits[number].measured)
        self._strokes.append(Stroke(points, width, on_lesion))
        self._show_stroke(number, points, width, on_lesion=on_lesion)
        if not any(stroke.lesion for stroke in self._strokes):
            show_info("Now draw on the lesion itself.")
            return
        base, target, strokes = self._base[1], self._target, Strokes(tuple(self._strokes))
        self.desk.do(
            "Drawing a lesion",
            lambda now: actions.redraw(now, number, base, strokes, target),
            said="Learning from your strokes …",
        )

    def _below(self, number: int, places: Sequence[PointPx]) -> int | None:
        """Find the lesion that a stroke begins on, which it then corrects."""
        labels = self.desk.stage.labels(number)
        if labels is None:
            return None
        found = int(labels[tuple(np.rint(places[0]).astype(int))])
        return found or None

    def _pen_px(self, measured: Measured) -> float:
        camera = self.desk.viewer.scene.camera
        layer = self.desk.stage.layer(self._base[0] if self._base else 0, Role.IMAGE)
        size = float(layer.scale[-1]) if layer is not None else 1.0
        shown_px = 8.0 / max(camera.zoom, 1e-6) / size
        return float(np.clip(shown_px, 1.0, max(measured.image.shape) * PEN_SHARE * 4))

    def _show_stroke(
        self, number: int, points: Sequence[tuple[float, float]], width: float, *, on_lesion: bool
    ) -> None:
        marks = self.desk.stage.layer(number, Role.MARKS)
        if marks is None:
            return
        path = np.array(points if len(points) > 1 else [points[0], points[0]])
        colour = "#ffd400" if on_lesion else "#2f7bff"
        marks.add_paths(path, edge_color=colour, edge_width=width)
