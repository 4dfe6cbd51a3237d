"""The real window, with real mouse and key events: nothing is lost, and the blind stay blind."""

import importlib.util
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pytestqt")
pytest.importorskip("napari")

DRIVER = Path(__file__).with_name("driver.py")
STORY_S = 1200


@pytest.fixture
def reader(display, make_napari_viewer_proxy, monkeypatch, tmp_path):
    """A reader at an empty window."""
    assert display
    monkeypatch.setenv("CCTRACK_DATA", os.environ.get("CCTRACK_DATA", str(tmp_path / "data")))
    viewer = make_napari_viewer_proxy(show=True)
    working = driver().Reader(viewer)
    working.desk.reader = "R1"
    yield working
    working.dock.shut()


def driver():
    spec = importlib.util.spec_from_file_location("driver", DRIVER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts_of(widget):
    """Everything that a widget and its children let a reader see or hover."""
    from qtpy.QtWidgets import QAbstractButton, QComboBox, QGroupBox, QLabel, QListWidget, QWidget

    for one in [widget, *widget.findChildren(QWidget)]:
        yield from (one.toolTip(), one.statusTip(), one.windowTitle(), one.whatsThis())
        if isinstance(one, QLabel | QAbstractButton):
            yield one.text()
        elif isinstance(one, QGroupBox):
            yield one.title()
        elif isinstance(one, QComboBox):
            yield from (one.itemText(place) for place in range(one.count()))
        elif isinstance(one, QListWidget):
            yield from (one.item(place).text() for place in range(one.count()))


@pytest.mark.slow
@pytest.mark.parametrize("modality", ["photo", "xray", "ct"])
def test_a_reading_is_found_again_after_the_program_was_killed(
    display, samples, tmp_path, modality, request
):
    environment = {**os.environ, "DISPLAY": display, "CCTRACK_DATA": str(samples),
                   "NAPARI_CONFIG": str(tmp_path / "napari.yaml")}  # fmt: skip
    story = subprocess.Popen(
        [sys.executable, str(DRIVER), modality], stdout=subprocess.PIPE, env=environment, text=True
    )
    try:
        said = story.stdout.readline()
        assert said.startswith("read landmarks stable")
    finally:
        story.send_signal(signal.SIGKILL)
        story.wait()
    again = request.getfixturevalue("reader")
    again.dock.open_paths([samples / "samples" / modality])
    again.settle()
    pair = again.desk.pair
    assert all(visit.measured.outline.method == "reader" for visit in pair.visits[:1])
    assert [len(visit.points_px) for visit in pair.visits] == [3, 3]
    assert pair.aligned_by == "landmarks"
    assert (pair.decision.outcome, pair.decision.why) == ("stable", "seen at the bedside")
    assert again.dock.compare.decided.text().endswith("seen at the bedside”")
    report = samples / "samples" / modality / "results" / "report.html"
    again.press(again.dock.report)
    assert "Stable" in report.read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def no_browser(monkeypatch):
    """No test opens a browser."""
    from napari_cctrack.widgets import opening

    monkeypatch.setattr(opening.QDesktopServices, "openUrl", lambda _url: True)


def test_every_control_explains_itself(reader):
    from qtpy.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider

    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)
    inside = ("qt_spinbox_lineedit",)
    silent = [
        (type(one).__name__, one.objectName())
        for one in reader.dock.findChildren(kinds[0])
        + [w for kind in kinds[1:] for w in reader.dock.findChildren(kind)]
        if not one.toolTip() and one.objectName() not in inside
        and type(one.parent()).__name__ not in ("QTableWidget", "QTabBar", "QComboBox")
    ]  # fmt: skip
    assert silent == []


def test_keys_work_and_are_given_back(reader, study):
    from qtpy.QtCore import Qt

    taken = {str(key) for key in reader.viewer.keymap}
    assert {"G", "U", "H"} <= taken
    reader.desk.open_study(study, first=True)
    reader.settle()
    reader.key(Qt.Key.Key_H)
    assert reader.desk.views.hidden
    reader.press(reader.dock.scale.accept_buttons[0])
    assert "scale" in reader.desk.pair.visits[0].accepted
    reader.key(Qt.Key.Key_U)
    assert "scale" not in reader.desk.pair.visits[0].accepted
    reader.dock.shut()
    assert not {"G", "U", "H"} & {str(key) for key in reader.viewer.keymap if
                                  reader.viewer.keymap[key] is not None}  # fmt: skip


def test_a_stroke_of_the_last_moment_is_saved_when_the_window_closes(reader, study):
    reader.desk.open_study(study, first=True)
    reader.settle()
    layer = reader.desk.stage.layer(0, "lesions")
    layer.paint((200, 200), 7)
    reader.dock.hands.save_at_once()
    again = reader.desk.session
    assert 7 in again.pair.visits[0].measured.outline.lesions
    from cctrack.study.record import Kind, image_subject

    subject = image_subject(again.pair.visits[0].measured.image_id)
    assert reader.desk.shelf.record.latest(Kind.OUTLINE, subject) is not None


def test_a_file_that_is_no_image_is_explained_in_a_sentence(reader, tmp_path):
    from napari.utils.notifications import notification_manager

    (tmp_path / "letter.txt").write_text("no image")
    reader.dock.open_paths([tmp_path / "letter.txt"])
    with pytest.raises(AssertionError):
        reader.settle()
    reader.errors.clear()
    last = notification_manager.records[-1]
    assert "\n" not in last.message
    assert "Traceback" not in last.message


HIDDEN = ("P1", "forearm", "left", "2021", "2022", "March", "0.jpg", "1.jpg", "Earlier", "Later",
          "R2", "regression", "progression")  # fmt: skip


def other_readers_result(study):
    """Another reader has decided about this pair before."""
    from cctrack.study.record import Kind, Statement, open_record, verdict_subject

    with open_record(study) as record:
        told = Statement(Kind.VERDICT, verdict_subject("a", "b"), "R2", {"outcome": "regression"})
        record.append(told, datetime(2024, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("task", ["outline", "verdict"])
def test_a_blinded_reader_sees_no_identity_date_order_or_other_result(reader, study, task):
    from cctrack.study.reading_session import Task, items_read

    other_readers_result(study)
    reader.desk.open_study(study)
    reader.dock.blind.start(Task(task))
    reader.settle()
    seen = [text for text in texts_of(reader.dock) if text]
    for layer in reader.viewer.layers:
        seen += [layer.name, str(layer.metadata), str(layer.source.path)]
    seen += [reader.viewer.title, str(reader.viewer.status), reader.viewer.help]
    told = without_fixed("\n".join(seen))
    shown = [word for word in HIDDEN if word in told]
    assert shown == []
    blind = reader.desk.blinded
    if task == "outline":
        reader.press(reader.dock.reading.done)
    else:
        reader.press(reader.dock.reading.verdicts[1])
    assert len(items_read(blind.record, blind.plan)) == 1


def without_fixed(text):
    """Leave out what the window says of any images whatsoever: labels of hidden steps, keys."""
    fixed = (
        "left out", "(left)", "Fade between the later (left) and the earlier visit (right): Q, W",
        "where you left", "Regression", "Progression",
    )  # fmt: skip
    for words in fixed:
        text = text.replace(words, "")
    return text


def test_painting_puts_pixels_where_the_mouse_is_in_either_cell(reader, study):
    reader.desk.open_study(study, first=True)
    reader.settle()
    reader.step(2)
    reader.dock.outline.lesion.setValue(9)
    reader.press(reader.dock.outline.tools[5])
    for number in (0, 1):
        driver().centre_on(reader, number, (250.0, 60.0))
        reader.drag(number, [(250.0, 60.0), (252.0, 64.0)])
    for visit in reader.desk.pair.visits:
        painted = np.argwhere(visit.measured.outline.labels == 9)
        assert np.abs(painted.mean(axis=0) - (251, 62)).max() < 4


def test_a_new_study_is_made_of_an_export_and_the_images_stay(reader, study, tmp_path):
    export, home = tmp_path / "export", tmp_path / "new"
    export.mkdir()
    for name in ("0.jpg", "1.jpg"):
        (study / name).rename(export / name)
    told = []
    reader.desk.told.connect(told.append)
    reader.dock.openings.make_study(home, [export])
    reader.settle()
    assert sorted(path.name for path in export.iterdir()) == ["0.jpg", "1.jpg"]
    assert (home / "visits.csv").is_file()
    if reader.desk.shelf is None:
        assert "have to be filled in" in told[-1]
    else:
        assert reader.desk.shelf.study.root == home


def test_nothing_of_a_step_lies_below_the_edge_of_a_small_screen(reader, study):
    from napari_cctrack.session import actions

    reader.desk.open_study(study, first=True)
    reader.settle()
    for number, (top, left) in enumerate(((80, 100), (85, 104))):
        labels = np.zeros((300, 400), np.uint16)
        labels[top : top + 40, left : left + 40] = 1
        reader.desk.do(
            "Painting", lambda pair, n=number, drawn=labels: actions.paint(pair, n, drawn)
        )
    reader.desk.do("Moving", lambda pair: actions.move(pair, (5.0, 4.0), 0.0))
    reader.settle()
    for place in range(5):
        reader.step(place)
        assert reader.dock.tabs.currentWidget().verticalScrollBar().maximum() == 0
    reader.dock.look.go_to(1)
    reader.settle()
    assert reader.dock.compare.correct.isEnabled()
    words = [one.text() for one in reader.dock.compare.correct.menu().actions()]
    assert words == ["L1: yes, the same lesion", "L1: not the same lesion"]
    reader.dock.compare.correct.menu().actions()[1].trigger()
    reader.settle()
    assert reader.desk.pair.links.own[0].reader == "R1"
    from qtpy.QtCore import Qt

    reader.key(Qt.Key.Key_U)
    assert reader.desk.pair.links.own == ()


def test_a_landmark_that_is_dragged_tells_at_once_how_far_it_is_off(reader, study):
    from napari_cctrack.session import actions

    reader.desk.open_study(study, first=True)
    reader.settle()
    spots = [(90.0, 110.0), (90.0, 330.0), (250.0, 200.0)]
    for number in (0, 1):
        reader.desk.do("Set", lambda pair, n=number: actions.set_points(pair, n, spots))
    reader.step(3)
    table = reader.dock.align.table
    assert [table.item(row, 1).text()[:1] for row in range(3)] == ["0", "0", "0"]
    reader.press(reader.dock.align.tools[2])
    driver().centre_on(reader, 1, spots[2])
    said = []
    reader.drag(
        1,
        [spots[2], (256.0, 206.0), (262.0, 212.0)],
        meanwhile=lambda: said.append(float(table.item(2, 1).text().split()[0])),
    )
    assert said[0] > 1
    assert reader.desk.pair.visits[1].points_px[2] == pytest.approx((262.0, 212.0), abs=2)
    reader.desk.undo()
    assert reader.desk.pair.visits[1].points_px[2] == spots[2]
