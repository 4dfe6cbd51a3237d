"""How fast the window answers on photos of 12 MP: the dock, the worklist, clicks, pen and brush.

Needs a screen (``xvfb-run -a -s "-screen 0 1920x1080x24"`` gives a virtual one). Each line is one
figure in seconds: the median, then the slowest. What is timed ends when the canvas is drawn anew.
"""

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import napari
import numpy as np
from qtpy.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from cctrack._cv2 import cv2
from cctrack.io.write_photo import write_photo
from cctrack.model import Modality, Photo
from cctrack.segment.scribble import Stroke, Strokes
from cctrack.study.edited import with_drawn, with_pointed
from cctrack.study.folder import open_study
from cctrack.study.pipeline import Measured
from cctrack.study.sources import read_visit_image
from napari_cctrack.session.loose import sample_study
from napari_cctrack.tools import Tool
from napari_cctrack.widgets.dock import CctrackDock

SIZE = (4000, 3000)
"""Columns and rows of 12 MP."""

TURNS = 6
"""How often a figure is taken."""

MOVES = 5
"""Dabs after the first one of a stroke."""

REST_MS = 2
"""A figure may be too large by so much."""

LATEST_S = 60.0
"""A canvas that is not drawn anew by then will not be."""


class Screen:
    """The canvas, and how often it was drawn."""

    def __init__(self) -> None:
        self.app = QApplication.instance()
        self.canvas = _canvas()
        self.drawn = 0
        self.canvas.frameSwapped.connect(self._count)  # type: ignore[attr-defined]

    def _count(self) -> None:
        self.drawn += 1

    def timed(self, work: Callable[[], object], ready: Callable[[], bool] = lambda: True) -> float:
        """Wall time in s until something is done and the canvas drawn after it."""
        start = time.perf_counter()
        before = self.drawn
        work()
        while not ready():
            rest()
        if before != self.drawn:
            before = self.drawn
            self.canvas.update()
        while self.drawn == before and time.perf_counter() - start < LATEST_S:
            rest()
        return time.perf_counter() - start

    def move_to(self, point: QPoint) -> None:
        """Drag the mouse, the left button down."""
        place, there = QPointF(point), QPointF(self.canvas.mapToGlobal(point))
        none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
        free = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, place, there, none, left, free)
        QApplication.sendEvent(self.canvas, event)

    def dab(self, point: QPoint) -> list[float]:
        """Times of the dabs of one stroke, from the press of the button on."""
        left = Qt.MouseButton.LeftButton
        QTest.mouseMove(self.canvas, point)
        QApplication.processEvents()
        times = [self.timed(lambda: QTest.mousePress(self.canvas, left, pos=point))]
        for step in range(1, MOVES + 1):
            aside = point + QPoint(4 * step, 0)
            times.append(self.timed(lambda aside=aside: self.move_to(aside)))  # type: ignore[misc]
        QTest.mouseRelease(self.canvas, left, pos=aside)
        return times


def rest() -> None:
    """Let events come for a moment, and other threads work."""
    loop = QEventLoop()
    QTimer.singleShot(REST_MS, loop.quit)
    loop.exec()


def _canvas() -> QWidget:
    """Find what the images are drawn on: the one widget that tells of its frames."""
    widgets = QApplication.allWidgets()
    return next(one for one in widgets if hasattr(one, "frameSwapped") and one.isVisible())


def large_study(root: Path) -> Path:
    """Write a study of two sites with two photos of 12 MP each: one site mirrors the other."""
    sample = sample_study(Modality.PHOTO)
    rows = []
    for visit in open_study(sample).visits:
        photo = read_visit_image(sample, visit.path, visit.modality)
        assert isinstance(photo, Photo)
        pixels = np.asarray(cv2.resize(photo.pixels, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
        for side, shown in (("left", pixels), ("right", np.ascontiguousarray(pixels[:, ::-1]))):
            name = f"{side}-{visit.acquired.isoformat()}.jpg"
            write_photo(root / name, shown, acquired=visit.acquired, quality=92)
            day = visit.acquired.isoformat()
            rows.append(("P1", "forearm", side, day, "photo", name))
    with (root / "visits.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("patient", "site", "laterality", "acquired", "modality", "path"))
        writer.writerows(rows)
    return root


def strokes_on(measured: Measured) -> Strokes:
    """Draw one stroke on the largest lesion and one beside it."""
    labels = measured.outline.labels
    places = np.argwhere(labels == measured.outline.lesions[0])
    row, column = places.mean(axis=0)
    side = 1.3 * np.ptp(places[:, 1])
    on_it = Stroke(((row - 20, column), (row + 20, column)), 12.0)
    beside = Stroke(((row - 40, column - side), (row + 40, column - side)), 12.0, lesion=False)
    return Strokes((on_it, beside))


def beside_a_lesion(measured: Measured) -> tuple[float, float]:
    """Return a place of bare skin."""
    rows, columns = np.nonzero(measured.outline.labels)
    return float(rows.mean()), float(min(columns.max() + 300, SIZE[0] - 200))


def tell(name: str, times: list[float]) -> None:
    """Print a figure."""
    print(f"{name:32} {median(times):6.3f} {max(times):6.3f}", flush=True)


def elapsed(work: Callable[[], object]) -> float:
    """Wall time in s of something without a window."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def time_worklist(dock: CctrackDock, screen: Screen) -> None:
    """Open pairs for the first time, and go to and fro between them."""
    desk = dock.desk

    def open_place(place: int) -> float:
        there = lambda: desk.place == place and not desk.work.busy  # noqa: E731
        return screen.timed(lambda: desk.open_entry(place), there)

    tell("first pair opens", [open_place(0)])
    start = time.perf_counter()
    while desk.ahead.busy and time.perf_counter() - start < LATEST_S:
        rest()
    tell("next pair, got ready meanwhile", [open_place(1)])
    tell("to and fro between pairs", [open_place(turn % 2) for turn in range(TURNS)])


def time_brush(dock: CctrackDock, screen: Screen, viewer: "napari.Viewer") -> None:
    """Dab with the brush: of the whole photo, and of a lesion whose outline is a line."""
    dock.tabs.setCurrentIndex(2)
    dock.hands.take(Tool.BRUSH)
    for _, layer in dock.desk.stage.layers("lesions"):  # type: ignore[arg-type]
        layer.selected_label, layer.brush_size = 99, 40
    canvas, rng = screen.canvas, np.random.default_rng(0)
    for name, zoom in (("brush dab, whole photo", 0.0), ("brush dab, one lesion", 12.0)):
        viewer.reset_view()
        if zoom:
            viewer.scene.camera.zoom *= zoom
        wait_for_outlines()
        times = []
        for _ in range(TURNS):
            across, down = rng.uniform((0.1, 0.3), (0.3, 0.6))
            point = QPoint(int(canvas.width() * across), int(canvas.height() * down))
            times += screen.dab(point)
        tell(name, times)


def wait_for_outlines() -> None:
    """Wait until outlines are drawn as wide as the zoom wants."""
    end = time.perf_counter() + 1.0
    while time.perf_counter() < end:
        rest()


def time_outlines(dock: CctrackDock) -> None:
    """Outline by strokes and by a click, without the window."""
    pair = dock.desk.pair
    assert pair is not None
    measured = pair.visits[0].measured
    strokes = strokes_on(measured)
    tell("strokes to outline", [elapsed(lambda: with_drawn(measured, strokes, 1)) for _ in "123"])
    place = beside_a_lesion(measured)

    def click() -> None:
        try:
            with_pointed(measured, place)
        except ValueError:
            return  # Bare skin: it was looked at all the same.

    tell("click to outline", [elapsed(click) for _ in "123"])


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1366, 768)
    QApplication.processEvents()
    made: list[CctrackDock] = []

    def open_dock() -> None:
        made.append(viewer.window.add_plugin_dock_widget("cctrack-imaging", "cctrack")[1])
        QApplication.processEvents()

    tell("dock opens", [elapsed(open_dock)])
    dock = made[0]
    with TemporaryDirectory() as folder:
        dock.desk.open_study(large_study(Path(folder)))
        screen = Screen()
        time_worklist(dock, screen)
        time_outlines(dock)
        time_brush(dock, screen, viewer)
        dock.shut()
    viewer.close()


if __name__ == "__main__":
    main()
