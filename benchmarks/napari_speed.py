"""How fast the window answers: the dock opens, a pair of 12 MP is switched, the brush dabs.

Needs a screen (``xvfb-run -a`` gives a virtual one). Prints one line a figure, in seconds.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median

import napari
import numpy as np
from qtpy.QtWidgets import QApplication

from cctrack._cv2 import cv2
from cctrack.compare import load_criteria
from cctrack.model import Modality, Photo
from cctrack.segment.scribble import Stroke, Strokes
from cctrack.study.edited import with_drawn
from cctrack.study.folder import open_study
from cctrack.study.pipeline import AUTOMATIC, measure_image
from cctrack.study.sources import read_visit_image
from napari_cctrack.session.loose import sample_study
from napari_cctrack.session.state import PairState, VisitState
from napari_cctrack.widgets.dock import CctrackDock

SIZE = (4000, 3000)
"""Columns and rows of 12 MP."""


def large_pair() -> PairState:
    """Two photos of 12 MP, outlined."""
    root = sample_study(Modality.PHOTO)
    states = []
    for visit in open_study(root).visits:
        photo = read_visit_image(root, visit.path, visit.modality)
        assert isinstance(photo, Photo)
        pixels = np.asarray(cv2.resize(photo.pixels, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)
        measured = measure_image(replace(photo, pixels=pixels), AUTOMATIC)
        states.append(VisitState(visit, measured, measured))
    return PairState(tuple(states), load_criteria("calcinosis-25"))


def timed(work: Callable[[], object], repeats: int = 1) -> float:
    """Median wall time in s, the window's events included."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        QApplication.processEvents()
        times.append(time.perf_counter() - start)
    return median(times)


def strokes_on(pair: PairState) -> Strokes:
    """Draw one stroke on the largest lesion and one beside it."""
    labels = pair.visits[0].measured.outline.labels
    places = np.argwhere(labels == pair.visits[0].measured.outline.lesions[0])
    row, column = places.mean(axis=0)
    side = 1.3 * np.ptp(places[:, 1])
    on_it = Stroke(((row - 20, column), (row + 20, column)), 12.0)
    beside = Stroke(((row - 40, column - side), (row + 40, column - side)), 12.0, lesion=False)
    return Strokes((on_it, beside))


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    viewer = napari.Viewer(show=True)
    made: list[CctrackDock] = []

    def open_dock() -> None:
        _, dock = viewer.window.add_plugin_dock_widget("cctrack-imaging", "cctrack")
        made.append(dock)

    print(f"dock opens            {timed(open_dock):.2f}")
    stage, views = made[0].desk.stage, made[0].desk.views
    pair = large_pair()

    def switch() -> None:
        stage.show(pair)
        views.lay_out()
        viewer.reset_view()
        stage.set_contours(float(viewer.scene.camera.zoom))
        views.apply()
        viewer.screenshot(flash=False)

    print(f"switch a 12 MP pair   {timed(switch, 3):.2f}")
    labels = stage.layer(0, "lesions")
    labels.brush_size = 40

    def dab() -> None:
        row, column = np.random.default_rng(0).integers(500, 2500, 2)
        labels.paint((int(row), int(column)), 1)

    def draw() -> None:
        viewer.screenshot(flash=False)

    def dab_and_draw() -> None:
        dab()
        draw()

    print(f"brush dab             {timed(dab_and_draw, 9) - timed(draw, 9):.3f}")
    drawn = timed(lambda: with_drawn(pair.visits[0].measured, strokes_on(pair), 1), 3)
    print(f"strokes to outline    {drawn:.2f}")
    made[0].shut()
    viewer.close()


if __name__ == "__main__":
    main()
