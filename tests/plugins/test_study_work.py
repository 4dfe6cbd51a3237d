"""The worklist, loose images, blinded sessions, words and files: all without a window."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from cctrack.errors import StudyError, UnreadableImage
from cctrack.io import read_mask
from cctrack.model import Modality, Outcome, Photo, Unit
from cctrack.study.by_hand import check_landmarks
from cctrack.study.folder import open_study
from cctrack.study.reading_session import Task, items_read, readings_of
from cctrack.study.record import Kind
from napari_cctrack.session import actions, loose
from napari_cctrack.session.blinded import BlindShelf
from napari_cctrack.session.ghost import write_ghost
from napari_cctrack.session.keep import Keeper, labels_from, mask_bytes
from napari_cctrack.session.shelf import Shelf
from napari_cctrack.session.state import Decision, Step
from napari_cctrack.session.table import HEADINGS, lines_of
from napari_cctrack.session.words import advice_for, alignment_text, landmarks_text, scale_text
from napari_cctrack.session.worklist import Standing, State, entries_of, filtered
from napari_cctrack.writer import write_labels


@pytest.fixture
def shelf(study):
    opened = Shelf.open(study)
    yield opened
    opened.close()


def opened(shelf, place=0):
    *said, pair = shelf.open_entry(place)
    assert all(isinstance(words, str) for words in said)
    return pair


def test_a_pair_goes_from_to_do_over_measured_to_confirmed(shelf):
    assert shelf.standings() == [Standing(State.TO_DO)]
    session = shelf.begin(0, opened(shelf), "R1")
    done = actions.compare(actions.move(session.pair, (5.0, 4.0), 0.0))
    session.keep(done)
    assert shelf.standings()[0].state in (State.MEASURED, State.LOOK)
    session.settle(done)
    session.do("Confirming", lambda now: actions.decide(now, Decision(Outcome.STABLE)))
    assert shelf.standings() == [Standing(State.CONFIRMED)]


def test_a_visit_that_cannot_be_read_is_refused_with_its_reason(shelf, study):
    (study / "1.jpg").write_bytes(b"\xff\xd8 no more of it")
    with pytest.raises(UnreadableImage):
        opened(shelf)
    (standing,) = shelf.standings()
    assert standing.state is State.REFUSED
    assert standing.why


def test_what_was_corrected_is_there_when_the_study_is_opened_again(study):
    shelf = Shelf.open(study)
    session = shelf.begin(0, opened(shelf), "R1")
    labels = np.zeros((300, 400), np.uint16)
    labels[10:60, 10:60] = 3
    session.do("Painting", lambda pair: actions.paint(pair, 1, labels))
    shelf.close()
    shelf = Shelf.open(study)
    again = opened(shelf).visits[1]
    shelf.close()
    assert again.measured.outline.lesions == (3,)
    assert again.measured.findings == session.pair.visits[1].measured.findings
    assert Step.OUTLINE in again.accepted


def test_three_visits_are_compared_in_turn_and_first_with_last(study):
    known = open_study(study)
    third = replace(known.visits[1], acquired=date(2023, 3, 1), path="2.jpg")
    entries = entries_of(replace(known, visits=(*known.visits, third)))
    assert [[visit.acquired.year for visit in entry.visits] for entry in entries] == [
        [2021, 2022],
        [2022, 2023],
        [2021, 2023],
    ]


def test_the_worklist_is_filtered_by_text_and_state(study):
    entries = entries_of(open_study(study))
    todo = [Standing(State.TO_DO)]
    assert filtered(entries, todo, "FOREARM", None) == [0]
    assert filtered(entries, todo, "elbow", None) == []
    assert filtered(entries, todo, "", State.CONFIRMED) == []


def test_loose_images_get_a_study_of_their_own_and_stay_where_they_are(
    study, tmp_path, monkeypatch
):
    monkeypatch.setenv("CCTRACK_DATA", str(tmp_path / "data"))
    before = sorted(path.name for path in study.iterdir())
    found = loose.find_images([study / "0.jpg", study / "1.jpg"])
    assert not found.ready
    root = loose.complete(found, [date(2021, 3, 1), date(2022, 3, 1)], [Modality.PHOTO] * 2)
    assert root.is_relative_to(tmp_path / "data")
    assert len(Shelf.open(root).entries) == 1
    assert sorted(path.name for path in study.iterdir()) == before
    assert loose.find_images([study / "1.jpg", study / "0.jpg"]).ready


def test_a_blinded_reader_gets_images_without_identity_and_without_a_proposal(shelf):
    blind = BlindShelf.start(shelf, "R1", Task.OUTLINE, seed=1)
    assert [entry.title for entry in blind.entries][:2] == ["item 1", "item 2"]
    pair = opened(blind)
    assert pair.visits[0].measured.outline.lesions == ()
    assert pair.visits[0].measured.image.acquired is None
    assert pair.visits[0].visit.patient == ""


def test_a_blinded_outline_is_kept_under_its_item_and_changes_no_outline_of_the_study(shelf):
    blind = BlindShelf.start(shelf, "R1", Task.OUTLINE, seed=1)
    session = blind.begin(0, opened(blind), "")
    labels = np.zeros((300, 400), np.uint16)
    labels[10:60, 10:60] = 1
    session.do("Painting", lambda pair: actions.paint(pair, 0, labels))
    assert opened(blind).visits[0].measured.outline.lesions == (1,)
    blind.say_outline(0, session.pair)
    (row,) = readings_of(shelf.record, shelf.study)
    assert (row.value, row.unit) == (2500.0, "px")
    assert shelf.record.latest_of(Kind.OUTLINE) == {}


def test_a_blinded_session_is_taken_up_where_it_was_left(shelf):
    blind = BlindShelf.start(shelf, "R1", Task.VERDICT, seed=1)
    blind.say_verdict(0, "stable")
    again = BlindShelf.start(shelf, "R2", Task.VERDICT, seed=2)
    assert again.plan.session != blind.plan.session
    assert items_read(shelf.record, again.plan) == frozenset()
    with pytest.raises(StudyError, match="end the blinded reading"):
        blind.report(1)


def test_a_mask_in_the_record_is_read_back_as_it_was(pair):
    measured = pair.visits[0].measured
    data = mask_bytes(measured.outline.labels, measured.image)
    assert (labels_from(data, measured.image) == measured.outline.labels).all()


def test_saving_twice_writes_once(pair, record, keeper: Keeper):
    changed = actions.erase(pair, 0, 1)
    assert keeper.save(changed) == len(record.history()) > 0
    assert keeper.save(changed) == 0


def test_a_visit_without_scale_says_so_and_never_mm(unscaled):
    visit = unscaled.visits[0]
    assert visit.unit is Unit.PX
    assert "never in mm" in scale_text(visit.measured)


def test_the_table_has_px_where_there_is_no_scale(unscaled):
    compared = actions.compare(actions.move(unscaled, (5.0, 4.0), 0.0))
    for line in lines_of(compared):
        assert len(line.cells) == len(HEADINGS)
        assert not any("mm" in cell for cell in line.cells)


def test_what_to_do_is_said_when_a_change_cannot_be_evaluated(unscaled):
    failed = actions.align_automatically(unscaled)
    result = actions.compare(failed)
    if result.result.total.outcome is not Outcome.NOT_EVALUABLE:
        pytest.skip("these two could be aligned")
    steps = [item.step for item in advice_for(result)]
    assert Step.SCALE in steps
    assert Step.ALIGN in steps
    assert "not" in alignment_text(result)


def test_a_place_between_landmarks_is_told_with_its_error_in_mm(pair):
    spots = [(90.0, 110.0), (90.0, 330.0), (250.0, 200.0), (40.0, 60.0)]
    images = [visit.measured.image for visit in pair.visits]
    check = check_landmarks(*images, [(spot, (spot[0] + 5, spot[1] + 4)) for spot in spots])
    assert "0.0 mm" in landmarks_text(check)


@pytest.mark.parametrize("ending", ["pdf", "png"])
def test_the_ghost_shows_the_view_and_names_nobody(pair, tmp_path, ending):
    path = tmp_path / f"ghost.{ending}"
    write_ghost(path, pair.visits[0].measured)
    data = path.read_bytes()
    assert data.startswith(b"%PDF" if ending == "pdf" else b"\x89PNG")
    assert b"P1" not in data.replace(b"IP1", b"")[:2000] or ending == "png"


def test_a_labels_layer_is_written_as_a_mask_that_is_read_back(tmp_path):
    labels = np.zeros((40, 50), np.int64)
    labels[3:9, 4:8] = 300
    path = tmp_path / "m.mask.png"
    assert write_labels(str(path), labels, {}) == [str(path)]
    photo = Photo(np.zeros((40, 50, 3), np.uint8))
    assert (read_mask(path, photo) == labels).all()


def test_a_scans_labels_are_not_written_as_a_picture(tmp_path):
    with pytest.raises(ValueError, match="kept in its study"):
        write_labels(str(tmp_path / "m.png"), np.zeros((3, 4, 5), int), {})
