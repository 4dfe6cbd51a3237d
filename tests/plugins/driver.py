"""A reader at the window: real mouse and key events, and waiting for what they bring about.

Run as a program it reads a pair from beginning to end and then waits to be killed.
"""

import os
import sys

import numpy as np

PATIENCE_MS = 240_000
"""A loaded machine may take long; nothing waits longer than it has to."""


class Reader:
    """Works in a viewer with the dock open."""

    def __init__(self, viewer):
        from qtpy.QtWidgets import QApplication

        self.app = QApplication.instance()
        self.viewer = viewer
        viewer.window.resize(1366, 768)
        _, self.dock = viewer.window.add_plugin_dock_widget("cctrack-imaging", "cctrack")
        self.desk = self.dock.desk
        self.errors = []
        self.desk.work.failed.connect(self.errors.append)
        self.settle()

    def settle(self):
        """Wait until nothing is being done."""
        from qtpy.QtCore import QEventLoop, QTimer

        self.app.processEvents()
        while self.desk.work.busy or self.dock.hands.waiting:
            loop = QEventLoop()
            self.desk.work.ended.connect(loop.quit)
            timer = QTimer()
            timer.setSingleShot(True)
            timer.timeout.connect(loop.quit)
            timer.start(PATIENCE_MS if self.desk.work.busy else 400)
            loop.exec()
            self.desk.work.ended.disconnect(loop.quit)
            self.app.processEvents()
        assert not self.errors, self.errors
        self.app.processEvents()

    def press(self, button):
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        assert button.isEnabled(), button.text()
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.settle()

    def step(self, place):
        self.dock.tabs.setCurrentIndex(place)
        self.settle()

    def key(self, key):
        from qtpy.QtTest import QTest

        QTest.keyClick(self.canvas, key)
        self.settle()

    @property
    def canvas(self):
        """The widget that shows the images."""
        names = ("CanvasBackendDesktop",)
        return next(w for w in self.app.allWidgets() if type(w).__name__ in names and w.isVisible())

    def at(self, number, place_px):
        """Where on the canvas a px of a visit's image is."""
        from qtpy.QtCore import QPoint

        layer = self.desk.stage.layer(number, "image")
        world = np.asarray(layer.data_to_world(place_px))[-2:]
        camera, grid = self.viewer.scene.camera, self.viewer.canvas.grid
        width = self.canvas.width() / (2 if grid.enabled else 1)
        middle = np.array([self.canvas.height() / 2, width / 2])
        row, column = middle + (world - np.asarray(camera.center)[-2:]) * camera.zoom
        offset = number * width if grid.enabled else 0
        return QPoint(round(column + offset), round(row))

    def centre(self, place_px):
        """Bring a px of the later visit into the middle; in a scan its slice too."""
        layer = self.desk.stage.layer(len(self.desk.pair.visits) - 1, "image")
        world = layer.data_to_world(place_px)
        if len(world) == 3:
            self.viewer.dims.set_point(0, world[0])
        self.viewer.scene.camera.center = (0.0, *world[-2:])
        self.settle()

    def click(self, number, place_px):
        from qtpy.QtCore import Qt
        from qtpy.QtTest import QTest

        point = self.at(number, place_px)
        QTest.mouseMove(self.canvas, point)
        self.app.processEvents()
        QTest.mouseClick(self.canvas, Qt.MouseButton.LeftButton, pos=point)
        self.settle()

    def drag(self, number, places_px, meanwhile=lambda: None):
        """Drag the mouse over px of a visit; ``meanwhile`` is done before the button is let go."""
        from qtpy.QtCore import QEvent, QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtTest import QTest

        points = [self.at(number, place) for place in places_px]
        QTest.mouseMove(self.canvas, points[0])
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=points[0])
        for point in points[1:]:
            place = QPointF(point)
            there = QPointF(self.canvas.mapToGlobal(point))
            event = QMouseEvent(QEvent.Type.MouseMove, place, there,
                                Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton,
                                Qt.KeyboardModifier.NoModifier)  # fmt: skip
            self.app.sendEvent(self.canvas, event)
            self.app.processEvents()
        meanwhile()
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=points[-1])
        self.settle()

    def middle_of(self, number, lesion):
        """A place inside a lesion, in px; in a scan in its fullest slice."""
        labels = self.desk.pair.visits[number].measured.outline.labels
        places = np.argwhere(labels == lesion)
        if labels.ndim == 3:
            levels, counts = np.unique(places[:, 0], return_counts=True)
            places = places[places[:, 0] == levels[np.argmax(counts)]]
        nearest = np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1))
        return tuple(float(value) for value in places[nearest])


def read_a_pair(reader, modality):
    """Open the sample, accept the scale, correct outlines, align by landmarks, override."""
    from cctrack.model import Modality

    dock, desk = reader.dock, reader.desk
    desk.open_sample(Modality(modality))
    reader.settle()
    reader.step(1)
    for button in dock.scale.accept_buttons:
        reader.press(button)
    correct_outlines(reader)
    align_by_landmarks(reader)
    reader.step(4)
    dock.compare.outcome.setCurrentIndex(1)
    dock.compare.why.setText("seen at the bedside")
    reader.press(dock.compare.override)


def correct_outlines(reader):
    """Take a lesion out, point at it again, paint a little more of it."""
    dock, desk = reader.dock, reader.desk
    reader.step(2)
    lesion = desk.pair.visits[0].measured.outline.lesions[0]
    place = reader.middle_of(0, lesion)
    centre_on(reader, 0, place)
    reader.press(dock.outline.tools[2])
    reader.click(0, place)
    assert lesion not in desk.pair.visits[0].measured.outline.lesions
    if dock.outline.tools[1].isEnabled():
        reader.press(dock.outline.tools[1])
        reader.click(0, place)
    else:
        draw_round(reader, place)
    added = desk.pair.visits[0].measured.outline.lesions[-1]
    dock.outline.lesion.setValue(added)
    reader.press(dock.outline.tools[5])
    before = np.count_nonzero(desk.stage.labels(0))
    aside = (*place[:-1], place[-1] + 25)
    reader.drag(0, [place, (*place[:-1], place[-1] + 12), aside])
    assert np.count_nonzero(desk.pair.visits[0].measured.outline.labels) > before
    for button in dock.outline.accept_buttons:
        if button.isEnabled():
            reader.press(button)


def draw_round(reader, place):
    """Draw a line round a place of the earlier visit: films are not outlined by a click."""
    dock = reader.dock
    reader.press(dock.outline.tools[7])
    row, column = place
    for corner in ((-15, -15), (-15, 15), (15, 15), (15, -15), (-15, -15)):
        reader.click(0, (row + corner[0], column + corner[1]))


def align_by_landmarks(reader):
    """Let the program align, then set three landmarks where it says the spots are."""
    dock, desk = reader.dock, reader.desk
    reader.step(3)
    reader.press(dock.align.automatic)
    found = desk.pair.aligned.alignment
    lesions = desk.pair.visits[0].measured.outline.lesions
    spots = [reader.middle_of(0, lesion) for lesion in lesions[:2]]
    aside = np.array(spots[0])
    aside[-2:] += 60
    spots = np.array([*spots, aside])
    partners = found.transform(spots)
    reader.press(dock.align.tools[1])
    for spot, partner in zip(spots, partners, strict=True):
        centre_on(reader, 0, spot)
        reader.click(0, spot)
        centre_on(reader, 1, partner)
        reader.click(1, partner)
    assert dock.align.table.rowCount() == 3
    reader.press(dock.align.by_landmarks)
    reader.press(dock.align.accept)


def centre_on(reader, number, place_px):
    """Bring a px of a visit's image into the middle of its cell."""
    layer = reader.desk.stage.layer(number, "image")
    world = layer.data_to_world(tuple(place_px))
    if len(world) == 3:
        reader.viewer.dims.set_point(0, world[0])
    reader.viewer.scene.camera.center = (0.0, *world[-2:])
    reader.app.processEvents()


def main():
    import napari

    viewer = napari.Viewer(show=True)
    reader = Reader(viewer)
    read_a_pair(reader, sys.argv[1])
    pair = reader.desk.pair
    print("read", pair.aligned_by, pair.decision.outcome, os.getpid(), flush=True)
    while True:
        reader.app.processEvents()


if __name__ == "__main__":
    main()
