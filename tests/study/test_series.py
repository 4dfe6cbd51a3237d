"""A site followed over three visits: who is who, what is counted, and against what."""

import importlib.util
from pathlib import Path

import pytest

from cctrack.compare import load_criteria
from cctrack.model import Event, LinkAction, Outcome, ReaderLink, Reference
from cctrack.study.series import Series, compare_series

SPEC = importlib.util.spec_from_file_location("skins", Path(__file__).with_name("skins.py"))
skins = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(skins)

RULE = load_criteria("calcinosis-25")
LEFT, RIGHT, NEW = (90.0, 120.0, 30.0), (200.0, 330.0, 35.0), (220.0, 150.0, 25.0)


def events(result, before, after):
    pair = next(item for item in result.pairs if (item.before, item.after) == (before, after))
    return {group.name: group.event for group in pair.result.groups}


@pytest.fixture(scope="module")
def followed():
    visits = (skins.visit([LEFT, RIGHT]), skins.visit([LEFT], (0, -60)), skins.visit([NEW, LEFT]))
    statuses = {0: "", 1: "", 2: "excised"}
    return compare_series(Series(visits, statuses=statuses), RULE)


def test_a_lesion_has_one_id_at_all_visits(followed):
    assert [sorted(visit.outline.lesions) for visit in followed.visits] == [[1, 2], [1], [1, 201]]


def test_a_lesion_that_the_visit_between_did_not_show_is_judged_by_the_last(followed):
    assert events(followed, 0, 1) == {"L1": Event.PERSISTED, "L2": Event.NOT_IMAGED}
    assert events(followed, 0, 2)["L1"] is Event.PERSISTED


def test_every_pair_says_what_it_was_compared_with(followed):
    assert [(p.before, p.after, p.reference) for p in followed.pairs][:3] == [
        (0, 1, Reference.BASELINE),
        (0, 2, Reference.BASELINE),
        (1, 2, Reference.PRIOR),
    ]
    assert {change.reference for change in followed.pairs[2].result.changes} == {Reference.PRIOR}
    assert "since the previous visit" in followed.pairs[2].result.total.reason


def test_a_visit_that_shows_half_of_the_field_is_no_nadir_to_grow_from():
    both = [LEFT, RIGHT]
    visits = (skins.visit(both), skins.visit([LEFT], (0, -60)), skins.visit(both, (4, 6)))
    result = compare_series(Series(visits, statuses={0: "", 1: "", 2: ""}), RULE)
    assert events(result, 0, 1)["L2"] is Event.NOT_IMAGED
    assert result.verdict.outcome is Outcome.STABLE


def test_growth_since_the_smallest_visit_is_progression_although_the_first_was_larger():
    def sizes(factor):
        return skins.visit([(row, column, radius * factor) for row, column, radius in (LEFT, NEW)])

    result = compare_series(Series((sizes(1.2), sizes(0.8), sizes(1.1))), RULE)
    assert result.verdict.outcome is Outcome.PROGRESSION
    assert result.verdict.reference is Reference.NADIR
    assert result.pairs[-1].reference is Reference.NADIR


def test_a_reader_is_obeyed_on_every_run_and_told_what_is_no_longer_there():
    visits = (skins.visit([LEFT, RIGHT]), skins.visit([LEFT, RIGHT], (4, 6)))
    gone = ReaderLink(LinkAction.REJECT, 0, 1, (2,), (2,), number=1)
    lost = ReaderLink(LinkAction.CONFIRM, 0, 1, (9,), (1,), number=2)
    result = compare_series(Series(visits, said=(gone, lost)), RULE)
    assert events(result, 0, 1)["L2"] is Event.RESOLVED
    *_, warning = result.pairs[0].result.comparability.warnings
    assert warning.startswith("The reader's link 2 (confirm) was not applied: L9")


def test_a_visit_that_was_not_measured_says_why_in_its_pairs_only():
    visits = (skins.visit([LEFT]), None, skins.visit([LEFT], (4, 6)))
    result = compare_series(Series(visits, absent={1: "too blurred"}), RULE)
    assert "could not be measured: too blurred" in result.pairs[0].result.total.reason
    assert result.verdict.outcome is Outcome.STABLE
