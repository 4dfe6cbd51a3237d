"""Step 3: how the earlier visit lies on the later one."""

from functools import partial

import numpy as np
from qtpy.QtWidgets import (
    QGroupBox,
    QHeaderView,
    QSizePolicy,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cctrack.errors import AlignmentFailed
from cctrack.model import Unit
from cctrack.report.words import UNITS
from cctrack.study.by_hand import FEWEST_PAIRS, LandmarkCheck, check_landmarks
from napari_cctrack.session import actions
from napari_cctrack.session.state import PairState, Step
from napari_cctrack.session.words import alignment_text, landmarks_text
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
    keep_low,
    main_button,
    number_box,
    row,
    table,
    text,
    toggle,
)

NUDGES = (("←", (0, -1)), ("↑", (-1, 0)), ("↓", (1, 0)), ("→", (0, 1)))
"""Where the arrows push the earlier visit: (rows, columns)."""


SHORTEST_PX = 90
"""Height that the table keeps on a small screen: three landmarks are seen."""


LINE_PX = 22
"""Height of a line of the table."""


class AlignStep(QWidget):
    """Aligns the visits automatically, by landmarks, or by hand."""

    step = Step.ALIGN

    def __init__(self, desk: Desk, hands: Hands, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._hands = hands
        self._look = look
        self.status = text(tip="How the two visits lie on each other")
        self.automatic = main_button(
            "Align automatically", "Let the program find how the visits fit", self._automatic
        )
        self.accept = main_button(
            "Accept", "You have looked at it: the visits lie well on each other", self._accept
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        check = button("Check in overlay", "Lay the visits on each other", self._check)
        layout.addWidget(
            column(
                self.status,
                row(self.automatic, check, self.accept),
                self._make_landmarks(),
                self._make_nudge(),
            )
        )
        desk.pair_changed.connect(self.renew)
        hands.points_moved.connect(self._live)

    def enter(self) -> None:
        """Begin this step."""
        self.tools[0].setChecked(True)
        self._hands.take(Tool.LOOK)

    def _make_landmarks(self) -> QGroupBox:
        self.tools = [
            toggle("Look", "Move and zoom the images; nothing is changed"),
            toggle("Set landmarks", "Click the same spot at both visits, one after the other"),
            toggle("Move landmarks", "Drag landmarks; Delete takes the selected one away"),
        ]
        self._group = exclusive(self.tools, self)
        self._group.idClicked.connect(self._take)
        self.table = table(
            ("Landmark", "Off the fit", "Off when left out"),
            "How far each landmark is from where the others put it",
            QHeaderView.ResizeMode.Stretch,
        )
        self.table.setMinimumHeight(SHORTEST_PX)
        narrow = self.table.verticalHeader()
        if narrow is not None:
            narrow.setDefaultSectionSize(LINE_PX)
        self.fit = text(tip="How well the landmarks agree with each other")
        self.by_landmarks = main_button(
            "Align by landmarks", "Use your landmarks; skin between them says the rest", self._use
        )
        self.clear = button(
            "Remove all", "Take all landmarks away (U brings them back)", self._clear
        )
        box = QGroupBox("By landmarks: three or more spots seen at both visits")
        box.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        layout = QVBoxLayout(box)
        layout.addWidget(row(*self.tools))
        layout.addWidget(self.table, 1)
        layout.addWidget(self.fit)
        layout.addWidget(row(self.by_landmarks, self.clear))
        return box

    def _make_nudge(self) -> QGroupBox:
        self.step_size = number_box("mm", "How far an arrow pushes", (0.01, 50.0))
        self.step_size.setValue(1.0)
        self.angle = number_box("°", "How far a turn goes", (0.1, 45.0), 1)
        self.angle.setValue(1.0)
        arrows = [
            button(sign, "Push the earlier visit this way", partial(self._nudge, way, 0.0))
            for sign, way in NUDGES
        ]
        turns = [
            button(
                sign, "Turn the earlier visit round its middle", partial(self._nudge, (0, 0), way)
            )
            for sign, way in (("⟲", -1.0), ("⟳", 1.0))
        ]
        for part in (*arrows, *turns):
            part.setMaximumWidth(40)
        box = QGroupBox("By hand: push and turn what is there")
        keep_low(box)
        layout = QVBoxLayout(box)
        layout.addWidget(row(*arrows, self.step_size, *turns, self.angle))
        return box

    def renew(self) -> None:
        """Show where the work stands."""
        pair = self._desk.pair
        self.setEnabled(pair is not None and pair.complete)
        if pair is None or not pair.complete:
            self.status.setText("Open two visits of a site to align them.")
            return
        done = "  ✓ accepted" if pair.done(Step.ALIGN) else ""
        self.status.setText(alignment_text(pair) + done)
        self.accept.setEnabled(pair.aligned is not None and not pair.done(Step.ALIGN))
        unit = "mm" if _metric(pair) else "px"
        self.step_size.setSuffix(f" {unit}")
        self._live()

    def _live(self) -> None:
        """Tell how well the landmarks fit as they are now, saved or not."""
        pair = self._desk.pair
        if pair is None or not pair.complete:
            return
        points = [self._desk.stage.layer(number, Role.POINTS) for number in (0, 1)]
        if None in points:
            return
        counts = [len(layer.data) for layer in points]
        pairs = list(zip(*(layer.data.tolist() for layer in points), strict=False))
        self.by_landmarks.setEnabled(len(pairs) >= FEWEST_PAIRS)
        try:
            before, after = (visit.measured.image for visit in pair.visits)
            check = check_landmarks(before, after, pairs)
        except AlignmentFailed as error:
            self._fill(len(pairs), None)
            self.fit.setText(_missing(counts, self._desk.stage.names, str(error)))
            return
        self._fill(len(pairs), check)
        self.fit.setText(landmarks_text(check))

    def _fill(self, count: int, check: LandmarkCheck | None) -> None:
        self.table.setRowCount(count)
        for number in range(count):
            cells = [str(number + 1), "–", "–"]
            if check is not None:
                cells[1] = _length(float(check.residuals[number]), check.unit)
                if check.left_out is not None:
                    cells[2] = _length(float(check.left_out[number]), check.unit)
            for place, cell in enumerate(cells):
                self.table.setItem(number, place, QTableWidgetItem(cell))

    def _take(self, place: int) -> None:
        tool = (Tool.LOOK, Tool.LANDMARK, Tool.MOVE_LANDMARK)[place]
        if tool is not Tool.LOOK:
            self._look.show(Mode.SIDE_BY_SIDE)
        self._hands.take(tool)

    def _automatic(self) -> None:
        self._desk.do("Aligning", actions.align_automatically, said="Aligning the two visits …")

    def _use(self) -> None:
        self._hands.save_now()
        self._desk.do("Aligning by landmarks", actions.align_by_landmarks)

    def _clear(self) -> None:
        self._hands.save_now()

        def nothing(pair: PairState) -> PairState:
            for number in range(len(pair.visits)):
                pair = actions.set_points(pair, number, ())
            return pair

        self._desk.do("Removing landmarks", nothing)

    def _accept(self) -> None:
        self._desk.do("Accepting the alignment", actions.accept_alignment)

    def _check(self) -> None:
        self._look.show(Mode.OVERLAY)

    def _nudge(self, way: tuple[int, int], turns: float) -> None:
        pair = self._desk.pair
        if pair is None or not pair.complete:
            return
        later = pair.visits[1].measured.image
        size = np.ones(2)
        if _metric(pair) and later.scale is not None:
            size = np.asarray(later.scale.mean_mm[-2:])
        shift = np.zeros(len(later.shape))
        shift[-2:] = np.array(way) * self.step_size.value() / size
        turn = turns * self.angle.value()
        self._desk.do("Moving by hand", lambda now: actions.move(now, shift.tolist(), turn))


def _metric(pair: PairState) -> bool:
    return all(visit.measured.image.scale is not None for visit in pair.visits)


def _length(value: float, unit: Unit) -> str:
    return f"{value:.2f} {UNITS[unit]}" if unit is Unit.MM else f"{value:.0f} {UNITS[unit]}"


def _missing(counts: list[int], names: tuple[str, ...], error: str) -> str:
    """Say which landmark comes next, or what is wrong with those that are set."""
    if min(counts) >= FEWEST_PAIRS:
        return f"{error[:1].upper()}{error[1:]}."
    if counts[0] == counts[1]:
        return f"Click spot {counts[0] + 1} at the {names[0].lower()} visit, then at the other."
    behind = int(np.argmin(counts))
    return f"Now click spot {counts[behind] + 1} at the {names[behind].lower()} visit."
