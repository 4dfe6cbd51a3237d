"""How the pair is looked at: side by side, overlay, checkerboard, lesion by lesion."""

from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal  # type: ignore[attr-defined]

from cctrack.align.warp import warp_labels
from cctrack.align.warp_image import warp_picture
from cctrack.model import Alignment, Quality
from napari_cctrack.focus import focus_on
from napari_cctrack.layers import picture_of
from napari_cctrack.session.state import PairState
from napari_cctrack.session.table import Line, lines_of
from napari_cctrack.tools import Tools
from napari_cctrack.views import FADE_STEP, Mode
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.work import Job, Steps

ZOOM_SETTLES_MS = 120
"""Outlines are drawn anew once zooming has stopped for so long."""

SITE_ROOM = 1.8
"""All lesions together fill half of the view."""


class Look(QObject):
    """Prepares the overlay when it is asked for, and moves from lesion to lesion."""

    changed = Signal()
    line_chosen = Signal(int)

    def __init__(self, desk: Desk, tools: Tools) -> None:
        super().__init__()
        self._desk = desk
        self._tools = tools
        self._shown: tuple[Any, ...] = ()
        self._line = 0
        self._site_next = False
        self._wider = QTimer(self)
        self._wider.setSingleShot(True)
        self._wider.setInterval(ZOOM_SETTLES_MS)
        self._wider.timeout.connect(self._redraw)
        desk.viewer.scene.camera.events.zoom.connect(self._zoomed)
        desk.pair_opened.connect(self._forget)
        desk.pair_changed.connect(self._follow)

    @property
    def mode(self) -> Mode:
        """How the pair is shown now."""
        return self._desk.views.mode

    def show(self, mode: Mode) -> None:
        """Show the pair in another way; the overlay is computed when it is first asked for."""
        pair = self._desk.pair
        if pair is None:
            return
        if mode is Mode.SIDE_BY_SIDE:
            self._apply(mode)
            return
        alignment = _usable(pair)
        if alignment is None:
            self._desk.tell("Align the two visits first, then they can be laid on each other.")
            self.changed.emit()
        elif _same(self._shown, _shown_by(pair)):
            self._apply(mode)
        else:
            self._prepare(pair, alignment, mode)

    def outlines(self) -> None:
        """Show the earlier outline on the later image; side by side where they do not fit."""
        pair = self._desk.pair
        if pair is not None and pair.complete and _usable(pair) is not None:
            self._desk.views.fade = 0.0
            self._site_next = True
            self.show(Mode.OVERLAY)
        else:
            self.site()

    def whole(self) -> None:
        """Show all of the images beside each other."""
        self._apply(Mode.SIDE_BY_SIDE)
        self._desk.viewer.reset_view()

    def site(self) -> None:
        """Bring all lesions of both visits into view."""
        pair = self._desk.pair
        if pair is None:
            return
        for number in reversed(range(len(pair.visits))):
            outline = pair.seen(number).outline
            if focus_on(self._desk.stage, number, outline.labels, outline.lesions, SITE_ROOM):
                return

    def toggle(self) -> None:
        """Change between side by side and overlay."""
        beside = self.mode is Mode.SIDE_BY_SIDE
        self.show(Mode.OVERLAY if beside else Mode.SIDE_BY_SIDE)

    def blink(self, down: bool) -> None:
        """Show the earlier visit while a key is held."""
        if self._desk.views.can_overlay:
            self._desk.views.blink(down)
            self.changed.emit()
        elif down:
            self.show(Mode.OVERLAY)

    def fade(self, fade: float) -> None:
        """Fade between the visits: 0 is the later, 1 the earlier."""
        self._desk.views.set_fade(fade)
        self.changed.emit()

    def fade_by(self, steps: int) -> None:
        """Fade by some steps."""
        if self.mode is Mode.SIDE_BY_SIDE:
            self.show(Mode.OVERLAY)
        self.fade(self._desk.views.fade + steps * FADE_STEP)

    def hide_outlines(self, hidden: bool | None = None) -> None:
        """Hide all outlines or show them; without an answer, the other of both."""
        views = self._desk.views
        views.hide_outlines(not views.hidden if hidden is None else hidden)
        self.changed.emit()

    def go_to(self, number: int) -> None:
        """Bring a line of the lesion table into view at both visits."""
        pair = self._desk.pair
        lines = lines_of(pair) if pair is not None else ()
        if pair is None or not 0 <= number < len(lines):
            return
        self._line = number
        self._focus(pair, lines[number])
        self.line_chosen.emit(number)

    def step(self, by: int) -> None:
        """Go to the next lesion, or the one before."""
        pair = self._desk.pair
        count = len(lines_of(pair)) if pair is not None else 0
        if count > 1:
            self.go_to((self._line - 1 + by) % (count - 1) + 1)

    def close(self) -> None:
        """Let go of the camera."""
        self._wider.stop()
        self._desk.viewer.scene.camera.events.zoom.disconnect(self._zoomed)

    def _zoomed(self, _event: Any = None) -> None:
        self._wider.start()

    def _redraw(self) -> None:
        self._desk.stage.set_contours(float(self._desk.viewer.scene.camera.zoom))

    def _focus(self, pair: PairState, line: Line) -> None:
        stage = self._desk.stage
        sides = [
            (1, line.after or (() if line.lesion else pair.seen(1).outline.lesions)),
            (0, line.before or (() if line.lesion else pair.seen(0).outline.lesions)),
        ]
        for number, lesions in sides:
            labels = pair.seen(number).outline.labels
            if focus_on(stage, number, labels, lesions):
                return

    def _prepare(self, pair: PairState, alignment: Alignment, mode: Mode) -> None:
        before, after = pair.seen(0), pair.seen(1)

        def work() -> Steps:
            def steps() -> Steps:
                yield "Laying the earlier visit on the later one …"
                pixels, _ = picture_of(before.image)
                shape = after.image.shape
                picture = warp_picture(pixels, alignment, shape)
                yield picture, warp_labels(before.outline.labels, alignment, shape)

            return steps()

        def done(found: Any) -> None:
            self._desk.views.forget()
            picture, labels = found
            self._desk.stage.put_overlay(picture, labels, pair)
            self._shown = _shown_by(pair)
            self._apply(mode)

        self._desk.work.do(Job("Preparing the overlay", work, done))

    def _apply(self, mode: Mode) -> None:
        self._desk.views.show(mode)
        if self._site_next:
            self._site_next = False
            self.site()
        self._tools.take(self._tools.tool)
        self.changed.emit()

    def _forget(self) -> None:
        self._shown = ()
        self._line = 0
        self._desk.views.mode = Mode.SIDE_BY_SIDE
        self._desk.views.apply()
        self.changed.emit()

    def _follow(self) -> None:
        """Take an overlay away that no longer shows what the state says."""
        pair = self._desk.pair
        if pair is None or not self._shown or _same(self._shown, _shown_by(pair)):
            return
        mode = self.mode
        self._shown = ()
        self._desk.views.show(Mode.SIDE_BY_SIDE)
        self._desk.stage.drop_overlay()
        if mode is not Mode.SIDE_BY_SIDE and _usable(pair) is not None:
            self.show(mode)
        self.changed.emit()


def _usable(pair: PairState) -> Alignment | None:
    """Return the alignment that an overlay can be made of."""
    found = pair.aligned.alignment if pair.aligned else None
    return None if found is None or found.quality is Quality.FAILED else found


def _shown_by(pair: PairState) -> tuple[Any, ...]:
    """Return what an overlay is made of: kept, so that it is not mistaken for another one."""
    return _usable(pair), pair.seen(0).outline.labels


def _same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether an overlay is made of the very same things; arrays cannot be asked for more."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
