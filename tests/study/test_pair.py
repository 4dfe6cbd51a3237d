"""Two visits of one site: what persisted, what is new, what was not imaged, and when to refuse."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cctrack.compare import load_criteria
from cctrack.errors import NotComparable
from cctrack.measure.area import measure_areas
from cctrack.model import (
    AxisScale,
    Event,
    Flag,
    Method,
    Outcome,
    Outline,
    Photo,
    Radiograph,
    Scale,
    ScaleSource,
    Unit,
)
from cctrack.study.pair import compare_visits
from cctrack.study.pipeline import Measured

SHAPE = (300, 400)
SCALE = AxisScale((0.2, 0.2), ScaleSource.GIVEN, 0.01)
RULE = load_criteria("calcinosis-25")
Disc = tuple[float, float, float]


def skin(seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shape = (600, 800)
    field = sum(ndimage.gaussian_filter(rng.normal(size=shape), s) * s for s in (2, 4, 9))
    return 130 + 70 * field / np.abs(field).max()


def visit(
    discs: list[Disc],
    shift: tuple[int, int] = (0, 0),
    *,
    scale: Scale | None = SCALE,
    seed: int = 5,
) -> Measured:
    """A photo of mottled skin with reader-outlined discs, given in the baseline's px."""
    row, column = shift
    grey = skin(seed)[100 + row : 400 + row, 150 + column : 550 + column]
    pixels = np.stack([grey + 40, grey, grey - 20], axis=-1).clip(0, 255).astype(np.uint8)
    labels = np.zeros(SHAPE, dtype=np.uint16)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    for number, (r, c, radius) in enumerate(discs, start=1):
        labels[(rows - r + row) ** 2 + (columns - c + column) ** 2 <= radius**2] = number
    outline = Outline(labels, Method.READER, border_sd_px=0.3, detection_limit_px=10)
    photo = Photo(pixels, scale=scale)
    return Measured(photo, outline, measure_areas(outline, scale))


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


def test_an_unpaired_automatic_find_widens_the_total():
    def automatic(measured: Measured) -> Measured:
        outline = replace(measured.outline, method=Method.AUTOMATIC, doubt=0.5)
        return Measured(measured.image, outline, measure_areas(outline, SCALE))

    before, after = visit(TWO), visit([*TWO, (90.0, 300.0, 30.0)])
    sure = compare_visits(before, after, RULE).total
    doubtful = compare_visits(automatic(before), automatic(after), RULE).total
    assert sure.log_sd < 0.1 < doubtful.log_sd
