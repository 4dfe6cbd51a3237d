"""Step 4: what has changed, and what the reader says to it."""

from functools import partial

from qtpy.QtCore import QPoint, Qt, Signal  # type: ignore[attr-defined]
from qtpy.QtWidgets import (
    QGroupBox,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cctrack.model import Outcome
from cctrack.report.colours import lesion_colour
from cctrack.report.words import OUTCOMES
from napari_cctrack.session import actions
from napari_cctrack.session.state import Decision, PairState, Step
from napari_cctrack.session.table import HEADINGS, Line, lines_of
from napari_cctrack.session.words import advice_for, cautions, change_text, size_text, verdict_word
from napari_cctrack.tools import Tool
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.hands import Hands
from napari_cctrack.widgets.line_menu import line_menu
from napari_cctrack.widgets.look import Look
from napari_cctrack.widgets.parts import (
    button,
    choice,
    colour_chip,
    column,
    heading,
    keep_low,
    main_button,
    row,
    table,
    text,
)

SHOWN_OUTCOMES = (*Outcome,)
"""Verdicts that a reader can give instead."""

WORD_PT = 15
"""Size of the verdict's letters: it is read first."""

LINE_PX = 22
"""Height of a line of the table: eight lesions are seen without scrolling."""


SHORTEST_PX = 100
"""Height that the table keeps on a small screen; it scrolls."""


class CompareStep(QWidget):
    """Shows the verdict and the table of lesions; the reader confirms or overrides."""

    step = Step.COMPARE
    step_wanted = Signal(object)

    def __init__(self, desk: Desk, hands: Hands, look: Look) -> None:
        super().__init__()
        self._desk = desk
        self._hands = hands
        self._look = look
        self.word = heading("")
        self.word.setToolTip("The verdict on all lesions together")
        self.numbers = text(tip="Size at both visits and the change with its 95 % interval")
        self.reason = text(tip="Why this is the verdict")
        self.notes = text(tip="What stands between the two images")
        self._advice = QVBoxLayout()
        advice = QWidget()
        advice.setLayout(self._advice)
        self._advice.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        said = column(self.word, self.numbers, self.reason, self.notes, advice, margin=0)
        keep_low(said)
        layout.addWidget(column(said, self._make_table(), self._make_decision()))
        desk.pair_changed.connect(self.renew)
        look.line_chosen.connect(self._mark)

    def enter(self) -> None:
        """Begin this step: what is not compared yet is compared now."""
        self._hands.take(Tool.LOOK)
        self._hands.save_now()
        pair = self._desk.pair
        if pair is None or not pair.complete:
            return
        if pair.result is None:
            self._desk.compute("Comparing the two visits", actions.compare, self._look.outlines)
        else:
            self._look.outlines()

    def _make_table(self) -> QTableWidget:
        self.table = table(
            HEADINGS,
            "Click a line to see the lesion at both visits",
            QHeaderView.ResizeMode.ResizeToContents,
        )
        self.table.setMinimumHeight(SHORTEST_PX)
        self.table.cellClicked.connect(lambda line, _column: self._look.go_to(line))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._ask)
        self.table.itemSelectionChanged.connect(self._offer)
        self.correct = QPushButton("Correct this line")
        self.correct.setToolTip("Which lesion this is, and whether it counts")
        return self.table

    def _chosen(self) -> Line | None:
        """Return the line of a lesion that is selected."""
        pair = self._desk.pair
        lines = lines_of(pair) if pair is not None else ()
        row = self.table.currentRow()
        return lines[row] if 0 < row < len(lines) else None

    def _offer(self) -> None:
        """Offer what can be said about the line that is selected."""
        pair, line = self._desk.pair, self._chosen()
        self.correct.setEnabled(pair is not None and line is not None)
        if pair is not None and line is not None:
            self.correct.setMenu(line_menu(self._desk, pair, line, lines_of(pair), self))

    def _ask(self, place: QPoint) -> None:
        self.table.selectRow(self.table.rowAt(place.y()))
        self._offer()
        menu, view = self.correct.menu(), self.table.viewport()
        if menu is not None and view is not None and self._chosen() is not None:
            menu.popup(view.mapToGlobal(place))

    def _make_decision(self) -> QGroupBox:
        self.confirm = main_button("Confirm", "You agree with this verdict", self._confirm)
        self.outcome = choice(
            [OUTCOMES[outcome] for outcome in SHOWN_OUTCOMES], "The verdict you give instead"
        )
        self.why = QLineEdit()
        self.why.setPlaceholderText("Why? (needed)")
        self.why.setToolTip("The reason is kept with your verdict")
        self.override = button("Override", "Give your own verdict, with a reason", self._override)
        self.not_imaged = button(
            "Not imaged", "The images do not show the same place", self._not_imaged
        )
        self.decided = text(tip="What you decided")
        box = QGroupBox("Your decision")
        keep_low(box)
        layout = QVBoxLayout(box)
        layout.addWidget(self.decided)
        layout.addWidget(row(self.confirm, self.not_imaged, self.correct))
        layout.addWidget(row(self.outcome, self.why, self.override))
        return box

    def renew(self) -> None:
        """Show where the work stands."""
        pair = self._desk.pair
        self.setEnabled(pair is not None and pair.complete)
        self._clear_advice()
        if pair is None or pair.result is None:
            single = pair is not None and not pair.complete
            self.word.setText("One visit only" if single else "Not compared yet")
            for part in (self.numbers, self.reason, self.notes, self.decided):
                part.clear()
            self.table.setRowCount(0)
        else:
            self._show(pair)
        there = pair is not None and pair.result is not None
        for choose in (self.confirm, self.override, self.not_imaged):
            choose.setEnabled(there)

    def _show(self, pair: PairState) -> None:
        result = pair.result
        if result is None:
            return
        total = result.total
        self.word.setText(f'<span style="font-size:{WORD_PT}pt">{verdict_word(total)}</span>')
        sizes = f"{size_text(total, 'before')} → {size_text(total, 'after')}"
        self.numbers.setText(f"{sizes}   {change_text(total)}" if total.comparable else "")
        self.reason.setText(total.reason)
        flags = frozenset().union(*(visit.measured.flags for visit in pair.visits))
        notes = [*result.comparability.warnings, *cautions(flags)]
        more = f" (and {len(notes) - 1} more: point here)" if len(notes) > 1 else ""
        self.notes.setText(f"Caution: {notes[0]}{more}" if notes else "")
        self.notes.setToolTip("\n".join(notes) or "Nothing stands between the two images.")
        self._fill(lines_of(pair))
        self._offer()
        for item in advice_for(pair):
            self._advise(item.text, item.step)
        self._show_decision(pair.decision)

    def _show_decision(self, decision: Decision | None) -> None:
        self.decided.setVisible(decision is not None)
        if decision is None:
            return
        word = OUTCOMES[decision.outcome].lower()
        reader = self._desk.reader
        if decision.overrides:
            self.decided.setText(f"✓ {reader} says: {word}. “{decision.why}”")
        else:
            self.decided.setText(f"✓ Confirmed by {reader}: {word}.")

    def _fill(self, lines: tuple[Line, ...]) -> None:
        self.table.setRowCount(len(lines))
        narrow = self.table.verticalHeader()
        if narrow is not None:
            narrow.setDefaultSectionSize(LINE_PX)
        for number, line in enumerate(lines):
            for place, cell in enumerate(line.cells):
                item = QTableWidgetItem(cell)
                item.setToolTip(line.reason)
                if place == 0 and line.lesion:
                    item.setIcon(colour_chip(lesion_colour(line.lesion)))
                self.table.setItem(number, place, item)

    def _mark(self, number: int) -> None:
        self.table.blockSignals(True)
        self.table.selectRow(number)
        self.table.blockSignals(False)
        self._offer()

    def _advise(self, words: str, step: Step) -> None:
        if step is Step.COMPARE:
            self._advice.addWidget(text(words))
        else:
            tip = f"Go to the step {step}"
            self._advice.addWidget(button(f"→ {words}", tip, partial(self.step_wanted.emit, step)))

    def _clear_advice(self) -> None:
        while self._advice.count():
            item = self._advice.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()

    def _confirm(self) -> None:
        def agree(pair: PairState) -> PairState:
            if pair.result is None:
                raise ValueError("There is no verdict yet.")
            total = pair.result.total
            return actions.decide(pair, Decision(total.outcome, total.confidence))

        self._desk.do("Confirming", agree)

    def _override(self) -> None:
        outcome = SHOWN_OUTCOMES[self.outcome.currentIndex()]
        decision = Decision(outcome, why=self.why.text().strip(), overrides=True)
        self._desk.do("Overriding", lambda pair: actions.decide(pair, decision))

    def _not_imaged(self) -> None:
        decision = Decision(
            Outcome.NOT_EVALUABLE, why="The images do not show the same place.", overrides=True
        )
        self._desk.do("Not imaged", lambda pair: actions.decide(pair, decision))
