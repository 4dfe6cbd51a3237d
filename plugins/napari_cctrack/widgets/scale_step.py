"""Step 1: how large things are, and how that is known."""

from functools import partial
from typing import Any

import numpy as np
from qtpy.QtWidgets import QGroupBox, QVBoxLayout, QWidget

from cctrack.calibrate.options import Clicks, PhotoScaleOptions
from cctrack.model import Modality
from napari_cctrack.session import actions
from napari_cctrack.session.objects import object_borders
from napari_cctrack.session.state import PairState, Step
from napari_cctrack.session.words import scale_text
from napari_cctrack.tools import Tool
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.hands import Hands
from napari_cctrack.widgets.look import Look
from napari_cctrack.widgets.parts import (
    button,
    choice,
    column,
    main_button,
    number_box,
    row,
    text,
    toggle,
)
from napari_cctrack.widgets.work import Job, Steps

WAYS = (
    ("A line of known length", "mm"),
    ("Size of one px", "mm"),
    ("Side of a square marker (tag)", "mm"),
    ("Distance of the ruler's ticks", "mm"),
    ("Side of a plain square", "mm"),
    ("Diameter of a round sticker", "mm"),
)
"""How a reader can say how large something is."""

FIELDS = ("clicks", "mm_per_px", "marker_mm", "ruler_mm_per_tick", "square_mm", "sticker_mm")
"""The same as the fields of `PhotoScaleOptions`, in that order."""


class ScaleStep(QWidget):
    """Shows the scale of both visits; the reader accepts it or states a size."""

    step = Step.SCALE

    def __init__(self, desk: Desk, hands: Hands, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._hands = hands
        self._look = look
        self._line: tuple[int, Any] | None = None
        self._texts = [text(tip="How the scale of this visit is known") for _ in range(2)]
        self.accept_buttons = [
            main_button("Accept", "Agree to the scale of this visit", partial(self._accept, number))
            for number in range(2)
        ]
        self._boxes = [self._box(number) for number in range(2)]
        self._form = self._make_form()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(column(*self._boxes, self._form, 1))
        hands.line_drawn.connect(self._drawn)
        desk.pair_changed.connect(self.renew)

    def enter(self) -> None:
        """Begin this step: all of the images are seen, with what tells their scale."""
        self._look.whole()
        self._hands.take(Tool.LOOK)
        self._point_out()
        self.draw_line.setChecked(False)

    def _point_out(self) -> None:
        """Draw a line round what the scale of a photo may come from."""
        pair = self._desk.pair
        if pair is None or pair.modality is not Modality.PHOTO:
            return

        def work() -> Steps:
            yield "Looking for markers and rulers …"
            yield [object_borders(visit.measured) for visit in pair.visits]

        def done(found: list[Any]) -> None:
            if self._desk.pair is not None and self._desk.pair.image_ids == pair.image_ids:
                for number, borders in enumerate(found):
                    self._desk.stage.point_out(number, borders)

        self._desk.work.do(Job("Looking for markers", work, done))

    def _box(self, number: int) -> QGroupBox:
        box = QGroupBox()
        layout = QVBoxLayout(box)
        layout.addWidget(self._texts[number])
        layout.addWidget(row(self.accept_buttons[number], 1))
        return box

    def _make_form(self) -> QWidget:
        self.which = choice(("Earlier", "Later"), "Which visit the size is about")
        self.way = choice([words for words, _ in WAYS], "What you know the size of")
        self.way.currentIndexChanged.connect(self._choose)
        self.length = number_box("mm", "How large it is", (0.001, 1000.0), 3)
        self.length.setValue(10.0)
        self.draw_line = toggle("Draw the line", "Drag a line along something of known length")
        self.draw_line.toggled.connect(self._arm)
        self.state = button("Use this size", "Calibrate this visit by what you say", self._state)
        self.back = button(
            "Image's own scale", "Forget what was typed: use what the image shows", self._withdraw
        )
        box = QGroupBox("Not right? State a size")
        layout = QVBoxLayout(box)
        layout.addWidget(row(self.which, self.way))
        layout.addWidget(row(self.draw_line, self.length))
        layout.addWidget(row(self.state, self.back))
        return box

    def renew(self) -> None:
        """Show where the work stands."""
        pair = self._desk.pair
        names = self._desk.stage.names
        for number, box in enumerate(self._boxes):
            there = pair is not None and number < len(pair.visits)
            box.setVisible(there)
            if pair is not None and there:
                self._show(pair, number, names[number])
        self._form.setVisible(pair is not None and pair.modality is not Modality.CT)
        for number, name in enumerate(names):
            self.which.setItemText(number, name)

    def _show(self, pair: PairState, number: int, name: str) -> None:
        visit = pair.visits[number]
        done = Step.SCALE in visit.accepted
        self._boxes[number].setTitle(f"{name} visit" + ("  ✓ accepted" if done else ""))
        self._texts[number].setText(scale_text(visit.measured))
        scaled = visit.measured.image.scale is not None
        self.accept_buttons[number].setText("Accept" if scaled else "Go on without a scale")
        self.accept_buttons[number].setEnabled(not done)

    def _accept(self, number: int) -> None:
        self._desk.do("Accepting the scale", lambda pair: actions.accept_scale(pair, number))

    def _choose(self, place: int) -> None:
        line = FIELDS[place] == "clicks"
        self.draw_line.setEnabled(line)
        if not line:
            self.draw_line.setChecked(False)

    def _arm(self, on: bool) -> None:
        self._hands.take(Tool.LINE if on else Tool.LOOK)

    def _drawn(self, number: int, ends: Any) -> None:
        self._line = (number, ends)
        self.which.setCurrentIndex(number)

    def _withdraw(self) -> None:
        number = self.which.currentIndex()
        self._desk.do("Image's own scale", lambda pair: actions.withdraw_scale(pair, number))

    def _state(self) -> None:
        field, size = FIELDS[self.way.currentIndex()], self.length.value()
        number = self.which.currentIndex()
        sizes = self._by_line(number, size) if field == "clicks" else {field: size}
        if sizes is None:
            self._desk.tell("Draw a line on this visit first, along something of known length.")
            return
        stated = PhotoScaleOptions(**sizes)
        self._desk.do("Stating a size", lambda pair: actions.state_scale(pair, number, stated))
        self.draw_line.setChecked(False)

    def _by_line(self, number: int, size: float) -> dict[str, Any] | None:
        if self._line is None or self._line[0] != number:
            return None
        first, second = (tuple(float(value) for value in end[-2:]) for end in self._line[1])
        pair = self._desk.pair
        if pair is not None and pair.modality is Modality.XRAY:
            return {"mm_per_px": size / float(np.hypot(*np.subtract(first, second)))}
        return {"clicks": Clicks((first[0], first[1]), (second[0], second[1]), size)}
