"""Step 2: where the lesions are."""

from functools import partial

from qtpy.QtWidgets import QGroupBox, QSpinBox, QVBoxLayout, QWidget

from cctrack.model import Modality
from napari_cctrack.session import actions
from napari_cctrack.session.state import PairState, Step
from napari_cctrack.session.words import cautions, total_text
from napari_cctrack.stage import Role
from napari_cctrack.tools import Tool
from napari_cctrack.views import Mode
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.hands import Hands
from napari_cctrack.widgets.look import Look
from napari_cctrack.widgets.parts import (
    button,
    column,
    exclusive,
    main_button,
    row,
    text,
    toggle,
)
from napari_cctrack.widgets.scan_view import ScanView

TOOLS = (
    (Tool.LOOK, "Look", "Move and zoom the images; nothing is changed"),
    (Tool.ADD, "Add by click", "Click on a lesion that is missing: its border is found"),
    (Tool.REMOVE, "Remove by click", "Click on an outline that is no lesion"),
    (Tool.PEN_LESION, "Pen: lesion", "Draw on the lesion: the outline learns from every stroke"),
    (Tool.PEN_SKIN, "Pen: skin", "Draw on skin, flesh or bone that was taken for the lesion"),
    (Tool.BRUSH, "Brush", "Paint pixels of the lesion chosen below"),
    (Tool.RUBBER, "Rubber", "Rub out pixels"),
    (
        Tool.POLYGON,
        "Draw round",
        "Click corners round a lesion, or draw freehand; a double click closes the line, the right "
        "button takes the last corner back",
    ),
)
"""Tools of this step: what they are called and what they do."""


class OutlineStep(QWidget):
    """Shows the outlines of both visits; the reader accepts or corrects them."""

    step = Step.OUTLINE

    def __init__(self, desk: Desk, hands: Hands, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._hands = hands
        self._look = look
        self._texts = [text(tip="What is outlined at this visit") for _ in range(2)]
        self.accept_buttons = [
            main_button("Accept", "Agree to these outlines", partial(self._accept, number))
            for number in range(2)
        ]
        self.back_buttons = [
            button(
                "Automatic again",
                "Throw away your corrections of this visit (U brings them back)",
                partial(self._propose, number),
            )
            for number in range(2)
        ]
        self._boxes = [self._box(number) for number in range(2)]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(column(*self._boxes, self._make_tools(), 1))
        desk.pair_changed.connect(self.renew)

    def enter(self) -> None:
        """Begin this step: the lesions are seen side by side."""
        self._look.show(Mode.SIDE_BY_SIDE)
        self._look.site()
        self.tools[0].setChecked(True)
        self._take(0)

    def take(self, tool: Tool) -> None:
        """Take a tool in hand."""
        place = [known for known, _, _ in TOOLS].index(tool)
        self.tools[place].setChecked(True)
        self._take(place)

    def _box(self, number: int) -> QGroupBox:
        box = QGroupBox()
        layout = QVBoxLayout(box)
        layout.addWidget(self._texts[number])
        layout.addWidget(row(self.accept_buttons[number], self.back_buttons[number], 1))
        return box

    def _make_tools(self) -> QGroupBox:
        self.tools = [toggle(words, tip) for _, words, tip in TOOLS]
        self._group = exclusive(self.tools, self)
        self._group.idClicked.connect(self._take)
        self.lesion = QSpinBox()
        self.lesion.setRange(1, 9999)
        self.lesion.setPrefix("L")
        self.lesion.setToolTip("The lesion that the brush paints")
        self.lesion.valueChanged.connect(self._choose)
        self.new_lesion = button("New lesion", "Paint a lesion that has no number yet", self._new)
        self.brush_width = QSpinBox()
        self.brush_width.setRange(1, 400)
        self.brush_width.setSuffix(" px")
        self.brush_width.setToolTip("Width of the brush and the rubber")
        self.brush_width.valueChanged.connect(self._resize)
        self.next_drawing = button(
            "Next lesion", "Finish this drawing: the next stroke begins another", self._finish
        )
        self.scan_view = ScanView(self._desk)
        box = QGroupBox("Correct (works on the visit under the mouse)")
        layout = QVBoxLayout(box)
        layout.addWidget(row(*self.tools[:3]))
        layout.addWidget(row(*self.tools[3:5], self.next_drawing))
        layout.addWidget(row(self.tools[7], *self.tools[5:7], self.brush_width))
        layout.addWidget(row(text("Brush paints"), self.lesion, self.new_lesion, 1))
        layout.addWidget(self.scan_view)
        return box

    def renew(self) -> None:
        """Show where the work stands."""
        pair = self._desk.pair
        for number, box in enumerate(self._boxes):
            there = pair is not None and number < len(pair.visits)
            box.setVisible(there)
            if pair is not None and there:
                self._show(pair, number)
        photo = pair is not None and pair.modality is Modality.PHOTO
        for place in (3, 4):
            self.tools[place].setEnabled(photo)
        self.next_drawing.setEnabled(photo)
        self.tools[1].setEnabled(pair is not None and pair.modality is not Modality.XRAY)

    def _show(self, pair: PairState, number: int) -> None:
        visit, name = pair.visits[number], self._desk.stage.names[number]
        done = Step.OUTLINE in visit.accepted
        self._boxes[number].setTitle(f"{name} visit" + ("  ✓ accepted" if done else ""))
        warnings = cautions(visit.measured.flags)
        self._texts[number].setText(f"{total_text(visit)}.")
        self._texts[number].setToolTip("\n".join(warnings) or "Nothing to be careful about.")
        self.accept_buttons[number].setEnabled(not done)
        self.back_buttons[number].setVisible(self._desk.blinded is None)

    def _accept(self, number: int) -> None:
        self._desk.do("Accepting the outlines", lambda pair: actions.accept_outline(pair, number))

    def _propose(self, number: int) -> None:
        self._desk.do("Automatic again", lambda pair: actions.propose_again(pair, number))

    def _take(self, place: int) -> None:
        self._hands.take(TOOLS[place][0])
        self._choose(self.lesion.value())
        layer = self._desk.stage.layer(0, Role.LESIONS)
        if layer is not None:
            self.brush_width.setValue(int(layer.brush_size))

    def _choose(self, lesion: int) -> None:
        for _, layer in self._desk.stage.layers(Role.LESIONS):
            layer.selected_label = lesion

    def _resize(self, size: int) -> None:
        for _, layer in self._desk.stage.layers(Role.LESIONS):
            layer.brush_size = size

    def _new(self) -> None:
        pair = self._desk.pair
        if pair is not None:
            known = [lesion for visit in pair.visits for lesion in visit.measured.outline.lesions]
            self.lesion.setValue(max(known, default=0) + 1)

    def _finish(self) -> None:
        self._hands.end_drawing()
