"""Ways to look at two visits: side by side, or the earlier laid on the later one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_cctrack.stage import OF_A_VISIT, Role, Stage

FADE_STEP = 0.1
"""How far one press of a key fades."""

CHECKERS = 8
"""Squares of the checkerboard along the shorter side of the image."""


class Mode(StrEnum):
    """How two visits are shown."""

    SIDE_BY_SIDE = "side by side"
    OVERLAY = "overlay"
    CHECKERBOARD = "checkerboard"


@dataclass(slots=True)
class Views:
    """What is visible of a pair.

    Attributes
    ----------
    stage : Stage
    mode : Mode
    fade : float
        0 shows the later visit alone, 1 the earlier one.
    hidden : bool
        Whether outlines are hidden for a look at the skin below.
    blinking : bool
        Whether a key is held to see the other visit.
    """

    stage: Stage
    mode: Mode = Mode.SIDE_BY_SIDE
    fade: float = 0.5
    hidden: bool = False
    blinking: bool = False
    _plain: NDArray[Any] | None = None

    @property
    def can_overlay(self) -> bool:
        """Whether the earlier visit can be laid on the later one: they are aligned."""
        return self.stage.layer(1, Role.OTHER_IMAGE) is not None

    def show(self, mode: Mode) -> None:
        """Change how the pair is shown; without an alignment it stays side by side."""
        self.mode = mode if self.can_overlay else Mode.SIDE_BY_SIDE
        self.apply()

    def toggle(self) -> None:
        """Change between side by side and overlay."""
        beside = self.mode is Mode.SIDE_BY_SIDE
        self.show(Mode.OVERLAY if beside else Mode.SIDE_BY_SIDE)

    def set_fade(self, fade: float) -> None:
        """Fade between the visits: 0 is the later, 1 the earlier."""
        self.fade = float(np.clip(fade, 0.0, 1.0))
        self._fade()

    def blink(self, on: bool) -> None:
        """Show the earlier visit alone while a key is held, then the later one."""
        self.blinking = on
        if on and self.mode is not Mode.OVERLAY and self.can_overlay:
            self.show(Mode.OVERLAY)
        self.fade = 0.0
        self._fade()

    def hide_outlines(self, hidden: bool) -> None:
        """Hide all outlines, or show them again."""
        self.hidden = hidden
        self.apply()

    def apply(self) -> None:
        """Bring the layers to what is asked for."""
        beside = self.mode is Mode.SIDE_BY_SIDE
        self._order(beside=beside)
        self._see(beside=beside)
        self.lay_out()
        self._checker(on=self.mode is Mode.CHECKERBOARD)
        self._fade()

    def lay_out(self) -> None:
        """Give each visit a cell of its own, or both the same."""
        beside = self.mode is Mode.SIDE_BY_SIDE
        grid = self.stage.viewer.canvas.grid
        two = self.stage.layer(1, Role.IMAGE) is not None
        if beside and two:
            grid.stride = len(OF_A_VISIT)
            grid.shape = (1, 2)
        grid.enabled = beside and two

    def _see(self, *, beside: bool) -> None:
        for role in OF_A_VISIT:
            for number, layer in self.stage.layers(role):
                shown = beside or number == 1 or self.stage.layer(1, role) is None
                # Landmarks would lie on what is compared.
                covering = role is Role.POINTS and not beside
                see(layer, shown and not covering and not (self.hidden and role is Role.LESIONS))
        for role in (Role.OTHER_IMAGE, Role.OTHER_LESIONS):
            layer = self.stage.layer(1, role)
            if layer is not None:
                see(layer, not beside and not (self.hidden and role is Role.OTHER_LESIONS))

    def _order(self, *, beside: bool) -> None:
        """Lay the earlier picture right above the later one, or out of the grid's way."""
        layers = self.stage.viewer.layers
        image = self.stage.layer(1, Role.OTHER_IMAGE)
        later = self.stage.layer(1, Role.IMAGE)
        if image is None or later is None:
            return
        here, below = layers.index(image), layers.index(later)
        if beside:
            layers.move(here, len(layers))
        elif here != below + 1:
            layers.move(here, below + 1)

    def _fade(self) -> None:
        layer = self.stage.layer(1, Role.OTHER_IMAGE)
        if layer is None:
            return
        if self.blinking:
            layer.opacity = 1.0
        else:
            layer.opacity = 1.0 if self.mode is Mode.CHECKERBOARD else self.fade

    def _checker(self, *, on: bool) -> None:
        """Swap the earlier picture for squares of both, or back."""
        layer, later = (self.stage.layer(1, role) for role in (Role.OTHER_IMAGE, Role.IMAGE))
        if layer is None or later is None:
            return
        if on and self._plain is None:
            self._plain = layer.data
            layer.data = checkerboard(np.asarray(layer.data), np.asarray(later.data))
        elif not on and self._plain is not None:
            layer.data = self._plain
            self._plain = None

    def forget(self) -> None:
        """Forget a picture whose layer is gone."""
        self._plain = None


def see(layer: Any, visible: bool) -> None:
    """Show or hide a layer; napari arranges the whole canvas anew even where nothing changes."""
    if layer.visible != visible:
        layer.visible = visible


def checkerboard(one: NDArray[Any], other: NDArray[Any]) -> NDArray[Any]:
    """Squares of two pictures of one shape in turn, along their last two spatial axes."""
    spatial = one.shape[:-1] if one.ndim == 3 and one.shape[-1] in (3, 4) else one.shape
    rows, columns = spatial[-2:]
    side = max(1, min(rows, columns) // CHECKERS)
    turn = (np.arange(rows)[:, None] // side + np.arange(columns)[None, :] // side) % 2 == 0
    if one.ndim == 3 and one.shape[-1] in (3, 4) and len(spatial) == 2:
        turn = turn[..., None]
    mixed: NDArray[Any] = np.where(turn, one, other)
    return mixed
