"""Two visits of one site: what persisted, what is new, what was not imaged, and when to refuse."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cctrack.compare import load_criteria
from cctrack.errors import NotComparable
from cctrack.measure.area import measure_areas
from cctrack.model import (
    Event,
    Flag,
    Method,
    Outcome,
    Radiograph,
    Unit,
)
from cctrack.study.pair import compare_visits
from cctrack.study.pipeline import Measured

SPEC = importlib.util.spec_from_file_location("skins", Path(__file__).with_name("skins.py"))
skins = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(skins)
SCALE, SHAPE, visit = skins.SCALE, skins.SHAPE, skins.visit

RULE = load_criteria("calcinosis-25")

TWO = [(90.0, 120.0, 30.0), (200.0, 280.0, 25.0)]


def test_unchanged_lesions_are_stable():
    result = compare_visits(visit(TWO), visit(TWO, (12, -20)), RULE)
    assert result.total.outcome is Outcome.STABLE
    assert [group.event for group in result.groups] == [Event.PERSISTED] * 2


def test_a_lesion_that_grows_is_progression():
    after = visit([(90.0, 120.0, 42.0), (200.0, 280.0, 34.0)], (12, -20))
    total = compare_visits(visit(TWO), after, RULE).total
    assert total.outcome is Outcome.PROGRESSION
    assert total.percent == pytest.approx(92, abs=4)


def test_a_new_lesion_gets_an_id_no_baseline_lesion_has():
    after = visit([(90.0, 300.0, 20.0), *TWO], (5, 5))
    result = compare_visits(visit(TWO), after, RULE)
    assert {group.name: group.event for group in result.groups} == {
        "L1": Event.PERSISTED,
        "L2": Event.PERSISTED,
        "L101": Event.NEW,
    }


def test_a_lesion_outside_the_later_frame_is_not_called_healed():
    edge = [*TWO, (150.0, 375.0, 20.0)]
    result = compare_visits(visit(edge), visit(TWO, (0, -40)), RULE)
    (lost,) = (group for group in result.groups if group.name == "L3")
    assert lost.event is Event.NOT_IMAGED
    assert result.total.outcome is Outcome.STABLE


def test_without_any_scale_change_is_relative_and_nothing_is_in_mm():
    after = visit([(90.0, 120.0, 42.0), (200.0, 280.0, 34.0)], (12, -20), scale=None)
    total = compare_visits(visit(TWO, scale=None), after, RULE).total
    assert total.before is not None
    assert total.before.unit is Unit.RELATIVE
    assert total.percent == pytest.approx(92, abs=6)


def test_photos_of_two_people_are_not_evaluable():
    result = compare_visits(visit(TWO), visit(TWO, seed=6), RULE)
    assert result.total.outcome is Outcome.NOT_EVALUABLE
    assert "could not be aligned" in result.total.reason


def test_an_outline_full_of_look_alikes_is_not_evaluable():
    after = visit(TWO)
    crowded = replace(after, outline=replace(after.outline, flags=frozenset({Flag.CROWDED})))
    result = compare_visits(visit(TWO), crowded, RULE)
    assert result.total.outcome is Outcome.NOT_EVALUABLE
    assert "reader must outline" in result.total.reason


def test_a_photo_is_not_compared_with_a_film():
    film = Radiograph(np.zeros(SHAPE, np.float32), (0.0, 1.0), scale=SCALE)
    with pytest.raises(NotComparable, match="photo cannot be compared with a xray"):
        compare_visits(visit(TWO), replace(visit(TWO), image=film), RULE)


def automatic(measured: Measured) -> Measured:
    outline = replace(measured.outline, method=Method.AUTOMATIC, doubt=0.5)
    return Measured(measured.image, outline, measure_areas(outline, SCALE))


def showing(measured: Measured, lesion: int) -> Measured:
    """The same with a lesion that the photo shows: chalk instead of skin."""
    pixels = measured.image.pixels.copy()
    pixels[measured.outline.labels == lesion] = (240, 230, 215)
    return replace(measured, image=replace(measured.image, pixels=pixels))


THREE = [*TWO, (90.0, 300.0, 30.0)]


def test_an_unpaired_automatic_find_widens_the_total():
    before, after = visit(TWO), showing(visit(THREE), 3)
    sure = compare_visits(before, after, RULE).total
    doubtful = compare_visits(automatic(before), automatic(after), RULE).total
    assert sure.log_sd < 0.1 < doubtful.log_sd


def test_what_one_visit_alone_outlines_is_left_out_where_both_photos_look_the_same():
    total = compare_visits(automatic(visit(TWO)), automatic(visit(THREE)), RULE).total
    assert total.outcome is Outcome.STABLE
    assert total.percent == pytest.approx(0, abs=1)
