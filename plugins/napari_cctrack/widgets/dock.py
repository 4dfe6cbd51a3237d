"""The dock widget **cctrack**: worklist and four steps."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import napari
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QAction  # type: ignore[attr-defined]
from qtpy.QtWidgets import QMenu, QPushButton, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from cctrack.model import Modality
from cctrack.study.reading_session import Task
from napari_cctrack.keys import Keys
from napari_cctrack.preferences import preferences
from napari_cctrack.session.state import Step
from napari_cctrack.widgets.align_step import AlignStep
from napari_cctrack.widgets.blind_reading import BlindReading
from napari_cctrack.widgets.compare_step import CompareStep
from napari_cctrack.widgets.desk import Desk
from napari_cctrack.widgets.footer import Footer
from napari_cctrack.widgets.hands import Hands
from napari_cctrack.widgets.look import Look
from napari_cctrack.widgets.opening import Openings
from napari_cctrack.widgets.outline_step import OutlineStep
from napari_cctrack.widgets.parts import button, heading, row, text
from napari_cctrack.widgets.reading_panel import ReadingPanel
from napari_cctrack.widgets.room import NARROW_PX
from napari_cctrack.widgets.scale_step import ScaleStep
from napari_cctrack.widgets.view_bar import ViewBar
from napari_cctrack.widgets.worklist_panel import WorklistPanel

TABS = ("Worklist", "1 Scale", "2 Outline", "3 Align", "4 Compare", "Reading")

BLINDED = {
    Task.OUTLINE: "Blinded reading: outline…",
    Task.VERDICT: "Blinded reading: verdict…",
}
"""What can be read blinded."""

SMALLEST_PX = 400
"""Width that the tables need at the least."""

READING = len(TABS) - 1
"""Place of the tab of a blinded reading."""

SAMPLES = {
    Modality.PHOTO: "Simulated photo pair",
    Modality.XRAY: "Simulated radiograph pair",
    Modality.CT: "Simulated CT pair",
}
"""Samples that can be opened without any image at hand."""


class CctrackDock(QWidget):
    """Everything a reader needs, in one place."""

    def __init__(self, viewer: "napari.viewer.Viewer") -> None:
        super().__init__()
        self.setObjectName("cctrack")
        chosen = preferences()
        self.desk = Desk(viewer, chosen.reader)
        self.hands = Hands(self.desk)
        self.look = Look(self.desk, self.hands.tools)
        self.openings = Openings(self.desk, self)
        self.blind = BlindReading(self.desk)
        self.worklist = WorklistPanel(self.desk)
        self.scale = ScaleStep(self.desk, self.hands, self.look)
        self.outline = OutlineStep(self.desk, self.hands, self.look)
        self.align = AlignStep(self.desk, self.hands, self.look)
        self.compare = CompareStep(self.desk, self.hands, self.look)
        self.reading = ReadingPanel(self.desk, self.blind)
        self.footer = Footer(self.desk)
        self.view_bar = ViewBar(self.desk, self.look)
        self._build()
        self._keys = Keys(viewer, self._key_actions())
        self._keys.bind()
        self.desk.pair_changed.connect(self._renew)
        self.desk.study_changed.connect(self._renew)
        self.desk.pair_opened.connect(self._begin)
        self.compare.step_wanted.connect(self.go_to)
        self._renew()

    def _build(self) -> None:
        self.title = heading("cctrack")
        self.subtitle = text(tip="When the images were taken")
        self.tabs = QTabWidget()
        self.tabs.setToolTip("The worklist and the four steps, in their order")
        self.steps = (
            *(self.worklist, self.scale, self.outline, self.align, self.compare),
            self.reading,
        )
        for name, step in zip(TABS, self.steps, strict=True):
            self.tabs.addTab(_scrolled(step), name)
        self.tabs.currentChanged.connect(self._enter)
        self.tabs.setUsesScrollButtons(False)
        before = button(
            "‹", "The pair before in the worklist (,)", lambda: self.desk.step_entry(-1)
        )
        after = button("›", "The next pair in the worklist (.)", lambda: self.desk.step_entry(1))
        for one in (before, after):
            one.setMaximumWidth(30)
        self.report = button("Report", "Run the study and open its report", self.openings.report)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(4, 4, 4, 4)
        layout.setSpacing(4)
        layout.addWidget(row(self._open_menu(), self.report, 1, before, after))
        layout.addWidget(self.title)
        layout.addWidget(self.subtitle)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.view_bar)
        layout.addWidget(self.footer)
        self.setMinimumWidth(SMALLEST_PX)

    def _open_menu(self) -> QPushButton:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        asks = self.openings
        for words, tip, action in (
            ("Open visit(s)…", "Photos, films or CT of one or more visits", asks.visits),
            ("Open study…", "A folder with visits.csv", asks.study),
            ("New study from these images…", "Make a study of an export", asks.new_study),
            ("Ghost for the next photo…", "This view, to take the next photo alike", asks.ghost),
        ):
            _add(menu, words, tip, action)
        menu.addSeparator()
        for task, words in BLINDED.items():
            tip = "Whose images, when and in which order is hidden; nobody's results are shown"
            _add(menu, words, tip, partial(self.blind.start, task))
        _add(menu, "End blinded reading", "Go back to the study", self.blind.end)
        menu.addSeparator()
        for modality, words in SAMPLES.items():
            tip = "No patient: drawn by the computer, to try everything"
            _add(menu, words, tip, partial(self.desk.open_sample, modality))
        made = QPushButton("Open")
        made.setToolTip("Open images, a study, or a simulated sample")
        made.setMenu(menu)
        self.menu = menu
        return made

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open a study folder, or images of one or more visits; nothing for no path."""
        if len(paths) == 1 and (paths[0] / "visits.csv").is_file():
            self.desk.open_study(paths[0], first=True)
        elif paths:
            self.openings.open_paths(list(paths))

    def begin(self) -> None:
        """Make room for the images on a small screen: nothing but reading is wanted here."""
        window = self.window()
        if window is not None and window.width() < NARROW_PX:
            self.footer.wide.setChecked(True)

    def go_to(self, step: Step) -> None:
        """Show a step."""
        self.tabs.setCurrentIndex(1 + list(Step).index(step))

    def showEvent(self, event: Any) -> None:
        """Watch the window: what was painted a moment ago must be saved before it closes."""
        super().showEvent(event)
        window = self.window()
        if window is not None:
            window.installEventFilter(self)

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Save when the window closes."""
        if event.type() == QEvent.Type.Close:
            self.hands.save_at_once()
        return super().eventFilter(watched, event)

    def closeEvent(self, event: Any) -> None:
        """Give keys and mouse back; everything is saved."""
        self.shut()
        super().closeEvent(event)

    def shut(self) -> None:
        """Put everything away."""
        self._keys.unbind()
        self.hands.close()
        self.look.close()
        self.desk.close_study()

    def _begin(self) -> None:
        """Go to the first step that is not done yet."""
        pair = self.desk.pair
        if pair is not None and self.desk.blinded is not None:
            outline = self.desk.blinded.plan.task is Task.OUTLINE
            self.tabs.setCurrentIndex(2 if outline else READING)
            self._enter(self.tabs.currentIndex())
        elif pair is not None:
            undone = [step for step in Step if not pair.done(step)]
            self.go_to(undone[0] if undone else Step.COMPARE)
            self._enter(self.tabs.currentIndex())

    def _enter(self, place: int) -> None:
        step = self.steps[place]
        if not isinstance(step, WorklistPanel | ReadingPanel):
            step.enter()

    def _renew(self) -> None:
        entry, pair = self.desk.entry, self.desk.pair
        title, dates = self.desk.words_for(entry) if entry else ("cctrack", "No images are open.")
        self.title.setText(title)
        self.subtitle.setText(dates)
        for place, step in enumerate(Step, start=1):
            done = pair is not None and pair.done(step)
            self.tabs.setTabText(place, TABS[place] + (" ✓" if done else ""))
        blind = self.desk.blinded
        self.report.setEnabled(self.desk.shelf is not None and blind is None)
        outline = blind is not None and blind.plan.task is Task.OUTLINE
        shown = (True, blind is None, blind is None or outline, blind is None, blind is None)
        for place, visible in enumerate((*shown, blind is not None)):
            self.tabs.setTabVisible(place, visible)

    def _key_actions(self) -> dict[str, Any]:
        desk, look = self.desk, self.look
        return {
            "blink": look.blink,
            "toggle_view": look.toggle,
            "fade_to_later": lambda: look.fade_by(-1),
            "fade_to_earlier": lambda: look.fade_by(1),
            "hide_outlines": look.hide_outlines,
            "previous_lesion": lambda: look.step(-1),
            "next_lesion": lambda: look.step(1),
            "undo": desk.undo,
            "redo": desk.redo,
            "previous_entry": lambda: desk.step_entry(-1),
            "next_entry": lambda: desk.step_entry(1),
            "swap_visit": self.hands.tools.swap,
        }


def _add(menu: QMenu, words: str, tip: str, action: Callable[[], None]) -> None:
    item = QAction(words, menu)
    item.setToolTip(tip)
    item.triggered.connect(lambda _checked=False: action())
    menu.addAction(item)


def _scrolled(step: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(step)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    return area
