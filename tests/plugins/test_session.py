"""What a reader does is done, can be undone, and is in the record before it counts."""

from dataclasses import replace

import numpy as np
import pytest

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.model import LinkAction, Method, Outcome, Unit
from cctrack.segment.scribble import Stroke, Strokes
from cctrack.study.pipeline import measure_image
from cctrack.study.record import Kind, image_subject, verdict_subject
from cctrack.study.told import options_for
from napari_cctrack.session import actions
from napari_cctrack.session.opening import take_up
from napari_cctrack.session.polygon import drawn_round
from napari_cctrack.session.session import Session
from napari_cctrack.session.state import AlignedBy, Decision, PairState, Step
from napari_cctrack.session.table import lines_of
from napari_cctrack.session.words import main_finding

SPOTS = [(90.0, 110.0), (90.0, 330.0), (250.0, 200.0), (40.0, 60.0)]
SHIFT = (5.0, 4.0)


def with_spots(pair, count=4):
    later = [(row + SHIFT[0], column + SHIFT[1]) for row, column in SPOTS]
    pair = actions.set_points(pair, 0, SPOTS[:count])
    return actions.set_points(pair, 1, later[:count])


def compared(pair):
    return actions.compare(actions.move(pair, SHIFT, 0.0))


def test_a_click_adds_a_lesion_and_undo_takes_it_away(session):
    session.do("Adding a lesion", lambda pair: actions.add_at(pair, 1, (200, 300)))
    assert session.pair.visits[1].measured.outline.lesions == (1, 2)
    assert session.undo() == "Adding a lesion"
    assert session.pair.visits[1].measured.outline.lesions == (1,)
    assert session.redo() == "Adding a lesion"
    assert session.pair.visits[1].measured.outline.lesions == (1, 2)


def test_nothing_more_can_be_undone_than_was_done(session):
    assert session.undo() == ""
    assert session.redo() == ""


def test_something_new_ends_what_could_be_done_again(session):
    session.do("one", lambda pair: actions.accept_scale(pair, 0))
    session.undo()
    session.do("two", lambda pair: actions.accept_scale(pair, 1))
    assert session.redo_name == ""


def test_an_outline_that_is_agreed_to_is_the_readers_and_owes_no_doubt(session, record):
    assert session.pair.visits[0].measured.outline.method is Method.AUTOMATIC
    session.do("Accepting the outlines", lambda pair: actions.accept_outline(pair, 0))
    outline = session.pair.visits[0].measured.outline
    assert outline.method is Method.READER
    assert outline.doubt == outline.selection_log_sd == 0
    subject = image_subject(session.pair.visits[0].measured.image_id)
    assert record.latest(Kind.OUTLINE, subject) is not None


def test_an_action_that_fails_changes_nothing(session, record):
    before = session.pair
    with pytest.raises(ValueError, match="no lesion 7"):
        session.do("Removing", lambda pair: actions.erase(pair, 0, 7))
    assert session.pair is before
    assert record.history() == []


def test_every_correction_is_recorded_with_reader_time_before_and_after(session, record):
    session.do("Adding", lambda pair: actions.add_at(pair, 1, (200, 300)))
    session.do("Removing", lambda pair: actions.erase(pair, 1, 1))
    subject = image_subject(session.pair.visits[1].measured.image_id)
    first, second = record.history(Kind.OUTLINE, subject)
    assert (second.reader, second.when.year) == ("R1", 2024)
    assert first.before is None
    assert second.before == first.after
    assert second.after != first.after


def test_undoing_a_correction_is_recorded_too(session, record):
    session.do("Adding", lambda pair: actions.add_at(pair, 1, (200, 300)))
    session.undo()
    subject = image_subject(session.pair.visits[1].measured.image_id)
    assert record.latest(Kind.OUTLINE, subject) is None
    assert len(record.history(Kind.OUTLINE, subject)) == 2


def test_what_was_painted_is_the_readers_outline(session):
    labels = session.pair.visits[0].measured.outline.labels.copy()
    labels[200:220, 200:220] = 4
    session.do("Painting", lambda pair: actions.paint(pair, 0, labels))
    measured = session.pair.visits[0].measured
    assert measured.outline.method is Method.READER
    assert main_finding(measured, 4) == (pytest.approx(4.0, rel=0.02), Unit.MM2)
    assert Step.OUTLINE in session.pair.visits[0].accepted


def test_more_strokes_teach_the_same_lesion_and_add_no_second_one(pair):
    base = pair.visits[1].measured
    on_it = Stroke(((190.0, 290.0), (210.0, 310.0)), 6.0)
    beside = Stroke(((170.0, 260.0), (235.0, 260.0)), 6.0, lesion=False)
    once = actions.redraw(pair, 1, base, Strokes((on_it,)))
    twice = actions.redraw(once, 1, base, Strokes((on_it, beside)))
    assert twice.visits[1].measured.outline.lesions == (1, 2)
    area = main_finding(twice.visits[1].measured, 2)[0]
    assert area == pytest.approx(16.0, rel=0.15)


def test_the_automatic_outline_comes_back_when_asked_for(pair):
    changed = actions.erase(pair, 0, 1)
    back = actions.propose_again(changed, 0)
    assert back.visits[0].measured is pair.visits[0].measured
    assert Step.OUTLINE not in back.visits[0].accepted


def test_another_scale_forgets_the_alignment_and_the_verdict(pair):
    done = compared(pair)
    stated = actions.state_scale(done, 0, PhotoScaleOptions(mm_per_px=0.2))
    assert stated.aligned is None
    assert stated.result is None
    assert stated.done(Step.SCALE) is False
    assert Step.SCALE in stated.visits[0].accepted


def test_another_outline_keeps_the_alignment_and_forgets_the_verdict(pair):
    done = actions.decide(compared(pair), Decision(Outcome.STABLE))
    changed = actions.erase(done, 1, 1)
    assert changed.aligned is not None
    assert changed.result is None
    assert changed.decision is None


def test_three_landmarks_align_the_visits(pair):
    aligned = actions.align_by_landmarks(with_spots(pair, 3))
    assert aligned.aligned_by is AlignedBy.LANDMARKS
    moved = aligned.aligned.alignment.transform(np.array([[100.0, 100.0]]))
    assert moved == pytest.approx(np.array([[105.0, 104.0]]), abs=0.5)


def test_a_landmark_without_its_partner_is_kept_and_not_used(pair):
    pair = actions.set_points(with_spots(pair, 3), 0, SPOTS)
    assert len(pair.landmarks) == 3


def test_a_lesion_has_one_number_at_both_visits(pair):
    pair = actions.paint(pair, 1, pair.visits[1].measured.outline.labels * 5)
    result = compared(pair)
    assert [line.cells[0] for line in lines_of(result)][:2] == ["All", "L1"]
    assert result.visits[1].measured.outline.lesions == (1,)


def test_a_verdict_is_overridden_with_a_reason_only(pair):
    done = compared(pair)
    with pytest.raises(ValueError, match="say why"):
        actions.decide(done, Decision(Outcome.PROGRESSION, overrides=True, why=" "))
    decided = actions.decide(
        done, Decision(Outcome.PROGRESSION, overrides=True, why="ulcer healed")
    )
    assert decided.done(Step.COMPARE)


def test_a_verdict_that_is_not_there_cannot_be_confirmed(pair):
    with pytest.raises(ValueError, match="compare the two visits first"):
        actions.decide(pair, Decision(Outcome.STABLE))


def test_one_visit_alone_cannot_be_compared(pair):
    alone = PairState(pair.visits[:1], pair.criteria)
    with pytest.raises(ValueError, match="only one visit"):
        actions.compare(alone)


def test_everything_is_found_again_as_it_was_left(pair, keeper, record):
    session = Session(pair, keeper)
    session.do("Adding", lambda now: actions.add_at(now, 1, (200, 300)))
    session.do("Landmarks", with_spots)
    session.do("Aligning", actions.align_by_landmarks)
    session.do("Comparing", actions.compare)
    session.do("Deciding", lambda now: actions.decide(now, Decision(Outcome.PROGRESSION,
               overrides=True, why="a new one")))  # fmt: skip
    again = take_up(PairState(session.pair.visits, pair.criteria), record)
    assert again.aligned_by is AlignedBy.LANDMARKS
    assert again.landmarks == session.pair.landmarks
    assert again.decision == session.pair.decision
    assert again.result.total.percent == pytest.approx(session.pair.result.total.percent)


def test_what_was_moved_by_hand_lies_there_again(pair, keeper, record):
    session = Session(pair, keeper)
    session.do("Moving", lambda now: actions.move(now, (3.0, -2.0), 5.0))
    again = take_up(PairState(pair.visits, pair.criteria), record)
    assert again.aligned_by is AlignedBy.HAND
    assert again.aligned.alignment.matrix == pytest.approx(session.pair.aligned.alignment.matrix)


def test_landmarks_that_are_not_used_do_not_align_a_run_of_the_study(pair, keeper, record):
    session = Session(pair, keeper)
    session.do("Landmarks", lambda now: with_spots(now, 2))
    assert record.latest_of(Kind.LANDMARKS) == {}
    again = take_up(PairState(pair.visits, pair.criteria), record)
    assert again.visits[0].points_px == tuple(SPOTS[:2])


def test_a_verdict_taken_back_is_gone_from_the_record(session, record):
    session.do("Comparing", compared)
    session.do("Confirming", lambda now: actions.decide(now, Decision(Outcome.STABLE)))
    subject = verdict_subject(*session.pair.image_ids)
    assert record.latest(Kind.VERDICT, subject) is not None
    session.undo()
    assert record.latest(Kind.VERDICT, subject) is None


def test_an_image_corrected_elsewhere_is_not_put_back_by_an_older_session(pair, keeper):
    session, elsewhere = Session(pair, keeper), Session(pair, keeper)
    session.save()
    assert session.is_current
    elsewhere.do("Adding", lambda now: actions.add_at(now, 1, (200, 300)))
    assert not session.is_current
    assert elsewhere.is_current


def laid_on(pair):
    return actions.compare(actions.move(pair, (0.0, 0.0), 0.0))


def test_a_deposit_over_bone_is_in_the_table_and_in_no_total(films):
    compared = laid_on(films)
    total, *lesions = lines_of(compared)
    assert total.cells[1] == "36.0 mm²"
    assert [(line.cells[0], line.counted) for line in lesions] == [
        ("L1", True),
        ("L2 over bone", False),
    ]
    assert lesions[1].cells[1] == "30.0 mm²"


def test_a_reader_lets_a_deposit_over_bone_count_at_both_visits(films, keeper, record):
    session = Session(films, keeper)
    session.do("Comparing", laid_on)
    session.do("L2 counts", lambda now: laid_on(actions.count_over_bone(now, 2, counts=True)))
    assert lines_of(session.pair)[0].cells[1:3] == ("66.0 mm²", "66.0 mm²")
    session.do("L1 left out", lambda now: laid_on(actions.count_over_bone(now, 1, counts=False)))
    assert lines_of(session.pair)[0].cells[1] == "30.0 mm²"
    subject = image_subject(films.visits[0].measured.image_id)
    assert record.latest(Kind.OUTLINE, subject).after["over_bone"] == [1]
    session.undo()
    assert lines_of(session.pair)[0].cells[1] == "66.0 mm²"
    assert "over_bone" not in record.latest(Kind.OUTLINE, subject).after


def test_correcting_one_deposit_lets_no_other_count_that_lies_over_bone(films):
    labels = films.visits[0].measured.outline.labels.copy()
    labels[80:90, 100:160] = 0
    painted = actions.paint(films, 0, labels).visits[0].measured
    assert painted.outline.counted() == (1,)
    accepted = actions.accept_outline(films, 1).visits[1].measured
    assert accepted.outline.counted() == (1,)


def test_a_run_of_the_study_leaves_out_what_the_reader_left_out(films, keeper, record, tmp_path):
    Session(films, keeper).do("Accepting", lambda now: actions.accept_outline(now, 0))
    measured = films.visits[0].measured
    told = {"outline": record.latest(Kind.OUTLINE, image_subject(measured.image_id)).after}
    path = tmp_path / "labels.mask.png"
    path.write_bytes(record.get(told["outline"]["blobs"]["mask"]))
    options = options_for(told, PhotoScaleOptions(mm_per_px=0.1), measured.image_id, path)
    run = measure_image(measured.image, options)
    assert run.outline.counted() == (1,)
    assert main_finding(run, 0)[0] == pytest.approx(36.0)


def test_a_reader_says_that_two_outlines_are_not_the_same_lesion(films, keeper, record):
    session = Session(films, keeper)
    session.do("Comparing", laid_on)
    session.do("Linking", lambda now: actions.say_link(now, LinkAction.REJECT, (1,), (1,), "R1"))
    names = [line.cells[0] for line in lines_of(session.pair)]
    assert "L1 gone" in names
    assert "L101 new" in names
    (entry,) = record.history(Kind.LINK)
    assert entry.reader == "R1"
    assert entry.after["links"][0]["action"] == "reject"
    session.do("Linking", lambda now: actions.say_link(now, LinkAction.REDRAW, (1,), (101,), "R1"))
    assert "L1" in [line.cells[0] for line in lines_of(session.pair)]
    session.undo()
    session.undo()
    assert record.latest(Kind.LINK, entry.subject) is None


def test_links_at_a_site_with_more_visits_are_left_to_a_links_file(films):
    alone = replace(laid_on(films), links=None)
    with pytest.raises(ValueError, match="links file"):
        actions.say_link(alone, LinkAction.REJECT, (1,), (1,), "R1")


def square(top, left, side):
    return [(top, left), (top, left + side), (top + side, left + side), (top + side, left)]


def test_a_line_drawn_round_a_lesion_becomes_its_border(session, record):
    session.do("Drawing round", lambda now: actions.enclose(now, 0, square(70, 90, 60)))
    labels = session.pair.visits[0].measured.outline.labels
    assert set(np.unique(labels)) == {0, 1}
    assert np.count_nonzero(labels) == pytest.approx(61 * 61, rel=0.02)
    session.do("Drawing round", lambda now: actions.enclose(now, 0, square(200, 300, 30)))
    assert session.pair.visits[0].measured.outline.lesions == (1, 2)
    subject = image_subject(session.pair.visits[0].measured.image_id)
    first, second = record.history(Kind.OUTLINE, subject)
    assert second.before == first.after
    session.undo()
    assert session.pair.visits[0].measured.outline.lesions == (1,)


def test_a_line_through_a_lesion_leaves_the_rest_of_it_alone():
    labels = np.zeros((100, 100), np.uint16)
    labels[20:80, 20:80] = 4
    drawn = drawn_round(labels, square(10, 60, 30))
    assert np.count_nonzero(drawn == 4) == 60 * 60
    assert drawn.max() == 5


def test_a_line_in_the_next_slice_goes_on_with_the_same_lesion():
    labels = np.zeros((3, 50, 50), np.uint16)
    labels[1, 10:20, 10:20] = 7
    drawn = drawn_round(labels, [(2.0, *corner) for corner in square(10, 10, 9)])
    assert set(np.unique(drawn[2])) == {0, 7}
    assert np.array_equal(drawn[:2], labels[:2])


def test_a_line_round_nothing_is_refused():
    with pytest.raises(ValueError, match="goes round nothing"):
        drawn_round(np.zeros((9, 9), np.uint16), [(1.0, 1.0), (5.0, 5.0)])


def test_a_click_and_the_pen_outline_on_a_film_too(films):
    bare = actions.erase(films, 0, 1)
    pointed = actions.add_at(bare, 0, (110.0, 130.0)).visits[0].measured.outline
    assert (pointed.labels[80:140, 100:160] > 2).mean() > 0.8
    on_it = Stroke(((100.0, 120.0), (120.0, 140.0)), 3.0)
    beside = Stroke(((70.0, 90.0), (150.0, 90.0)), 3.0, lesion=False)
    drawn = actions.draw(films, 0, Strokes((on_it, beside)), 1).visits[0].measured.outline
    assert (drawn.labels[80:140, 100:160] == 1).mean() > 0.8
    assert drawn.counted() == (1,)
