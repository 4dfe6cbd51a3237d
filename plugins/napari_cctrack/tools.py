"""What the mouse does on the images: point at lesions, draw strokes, draw a line of known length.

A napari viewer shows two visits in one grid, and its own tools work on the layer that is selected,
wherever the mouse is. So the layer of the visit under the mouse is selected first.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from napari_cctrack.session.state import PointPx
from napari_cctrack.stage import Role, Stage


class Tool(StrEnum):
    """What a press of the mouse means."""

    LOOK = "look"
    ADD = "add"
    REMOVE = "remove"
    PEN_LESION = "pen on lesion"
    PEN_SKIN = "pen on skin"
    LINE = "line"
    POLYGON = "polygon"
    BRUSH = "brush"
    RUBBER = "rubber"
    LANDMARK = "landmark"
    MOVE_LANDMARK = "move landmark"


POINTING = (Tool.ADD, Tool.REMOVE)
"""Tools that need a click, so that dragging still moves the image."""

DRAWING = (Tool.PEN_LESION, Tool.PEN_SKIN, Tool.LINE, Tool.POLYGON)
"""Tools that need a drag."""

NATIVE = {
    Tool.BRUSH: (Role.LESIONS, "paint"),
    Tool.RUBBER: (Role.LESIONS, "erase"),
    Tool.LANDMARK: (Role.POINTS, "add"),
    Tool.MOVE_LANDMARK: (Role.POINTS, "select"),
}
"""Tools that napari has itself: the layer they work on, and its mode."""

Pointed = Callable[[int, PointPx], None]
Touched = Callable[[int, Role, bool], None]
Cornered = Callable[[bool], None]
Drawn = Callable[[int, tuple[PointPx, ...]], None]


@dataclass(slots=True, eq=False, repr=False)
class Tools:
    """The tool in hand, and who is told what was done with it.

    Attributes
    ----------
    stage : Stage
    on_point : callable
        Told the visit and the place of a click.
    on_draw : callable
        Told the visit and the places of a line that was drawn.
    on_touch : callable
        Told the visit, the kind of layer and whether it begins, when one of napari's own tools is
        set down on a layer and when it is lifted.
    on_corner : callable
        Told of a double click (True), which closes a line, or of the right button (False), which
        takes its last corner back.
    """

    stage: Stage
    on_point: Pointed
    on_draw: Drawn
    on_touch: Touched
    on_corner: Cornered = lambda _closes: None
    tool: Tool = Tool.LOOK
    _bound: bool = field(default=False)
    _doubles: list[Any] = field(default_factory=list)

    def bind(self) -> None:
        """Listen to the mouse, before napari's own tools do."""
        viewer = self.stage.viewer
        viewer.mouse_move_callbacks.append(self._hover)
        viewer.mouse_drag_callbacks.insert(0, self._press)
        self._bound = True

    def unbind(self) -> None:
        """Leave the viewer as it was."""
        if not self._bound:
            return
        viewer = self.stage.viewer
        self._take_doubles(Tool.LOOK)
        viewer.mouse_move_callbacks.remove(self._hover)
        viewer.mouse_drag_callbacks.remove(self._press)
        self._bound = False

    def take(self, tool: Tool) -> None:
        """Take a tool in hand, at both visits."""
        self.tool = tool
        self._take_doubles(tool)
        role, mode = NATIVE.get(tool, (Role.IMAGE, "pan_zoom"))
        for each in (Role.IMAGE, Role.LESIONS, Role.MARKS, Role.POINTS):
            for _, layer in self.stage.layers(each):
                layer.mode = mode if each is role else "pan_zoom"
                if layer.mode == "pan_zoom":
                    layer.mouse_pan = tool not in DRAWING
        self._activate(self._present(), role)

    def _take_doubles(self, tool: Tool) -> None:
        """Let a double click close a line instead of zooming, as long as that tool is in hand."""
        heard = self.stage.viewer.mouse_double_click_callbacks
        if tool is Tool.POLYGON and self._double not in heard:
            self._doubles = list(heard)
            heard[:] = [self._double]
        elif tool is not Tool.POLYGON and self._double in heard:
            heard[:] = self._doubles

    def _double(self, _viewer: Any, _event: Any) -> None:
        self.on_corner(True)

    def _hover(self, _viewer: Any, event: Any) -> None:
        number = self.visit_at(event)
        if number is not None and not getattr(event, "is_dragging", False):
            self._activate(number, NATIVE.get(self.tool, (Role.IMAGE, ""))[0])

    def _press(self, _viewer: Any, event: Any) -> Iterator[None]:
        self._hover(_viewer, event)
        number = self.visit_at(event)
        if number is None or self.tool is Tool.LOOK:
            return
        if self.tool in NATIVE:
            yield from self._touched(number, event)
            return
        if self.tool is Tool.POLYGON and event.button == RIGHT:
            self.on_corner(False)
            return
        places = [self._place(number, event)]
        yield
        while event.type == "mouse_move":
            places.append(self._place(number, event))
            yield
        tool, inside = self.tool, [place for place in places if place is not None]
        if tool in DRAWING and len(inside) > 0:
            self.on_draw(number, tuple(inside))
        elif tool in POINTING and len(places) <= FEW_MOVES and inside:
            self.on_point(number, inside[0])

    def _touched(self, number: int, event: Any) -> Iterator[None]:
        role = NATIVE[self.tool][0]
        self.on_touch(number, role, True)
        yield
        while event.type == "mouse_move":
            yield
        self.on_touch(number, role, False)

    def swap(self) -> None:
        """Go on working at the other visit: its layer is selected."""
        role = NATIVE.get(self.tool, (Role.IMAGE, ""))[0]
        self._activate(1 - self._present(), role)

    def visit_at(self, event: Any) -> int | None:
        """Say which visit is under the mouse; None beside the images."""
        viewer = self.stage.viewer
        grid = viewer.canvas.grid
        if not grid.enabled:
            shown = [number for number, layer in self.stage.layers(Role.IMAGE) if layer.visible]
            return shown[-1] if shown else None
        box = getattr(event, "viewbox", None)
        if box is None:
            return None
        for index in grid.contents_at(tuple(box), viewer.layers):
            known = self.stage.which(viewer.layers[index])
            if known is not None:
                return known[0]
        return None

    def _place(self, number: int, event: Any) -> PointPx | None:
        """Where the mouse is in px of a visit's image; None beside it."""
        layer = self.stage.layer(number, Role.IMAGE)
        if layer is None:
            return None
        place = np.asarray(layer.world_to_data(event.position), dtype=float)
        shape = np.array(layer.data.shape[: len(place)])
        if not ((place >= -0.5) & (place <= shape - 0.5)).all():
            return None
        return tuple(float(value) for value in place)

    def _present(self) -> int:
        known = self.stage.which(self.stage.viewer.layers.selection.active)
        numbers = [number for number, _ in self.stage.layers(Role.IMAGE)]
        return known[0] if known else (numbers[-1] if numbers else 0)

    def _activate(self, number: int, role: Role) -> None:
        layer = self.stage.layer(number, role)
        active = self.stage.viewer.layers.selection
        if layer is not None and active.active != layer:
            active.active = layer


RIGHT = 2
"""What napari calls the right button of the mouse."""

FEW_MOVES = 4
"""A hand trembles: a press that moved this often at most is still a click."""
