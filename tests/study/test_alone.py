"""What one photo alone shows: it came where the other shows bare skin, and nobody knows below a
scale."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from cctrack.compare import Sizes, classify_groups, load_criteria
from cctrack.model import (
    Alignment,
    AlignmentModel,
    Confidence,
    Event,
    Flag,
    LesionGroup,
    Measurement,
    Method,
    Outcome,
    Outline,
    Photo,
    Quality,
    Quantity,
    Unit,
)
from cctrack.study.alone import looking_beside
from cctrack.study.pipeline import Measured

RULE = load_criteria("calcinosis-25").of(Quantity.AREA)
SAME = Alignment(AlignmentModel.HOMOGRAPHY, np.eye(3), Quality.GOOD, 0.5)
ROWS, COLUMNS = np.mgrid[:160, :240].astype(float)
DISCS = {n: np.hypot(ROWS - 80, COLUMNS - middle) <= 16 for n, middle in ((1, 70), (2, 170))}
KEPT, NEW = LesionGroup((1,), (1,), Event.PERSISTED), LesionGroup((), (2,), Event.NEW)
SKIN = np.ones((160, 240), bool)


def area(value, log_sd=0.05):
    return Measurement(Quantity.AREA, value, Unit.MM2, Method.AUTOMATIC, log_sd, 0.01)


def visit(seed, shown, *, outlined=None, skin=SKIN, flags=frozenset()):
    """A photo of skin that shows some nodules, some of which are outlined."""
    grain = np.random.default_rng(seed).normal(0, 3, (160, 240, 3))
    pixels = np.array([190.0, 140.0, 120.0]) + grain
    labels = np.zeros((160, 240), np.uint16)
    for number in shown:
        soft = ndimage.gaussian_filter(DISCS[number].astype(float), 1.5)[..., None]
        pixels += soft * np.array([30, 45, 40])
    for number in shown if outlined is None else outlined:
        labels[DISCS[number]] = number
    photo = Photo(np.clip(pixels, 0, 255).astype(np.uint8))
    outline = Outline(labels, soft_tissue=skin, lesion_flags={2: flags})
    return Measured(photo, outline, ())


def looked(before, after, *, size=60.0, log_sd=0.05):
    nothing = replace(area(0.0), detection_limit=2.0)
    sizes = (
        Sizes({1: area(60.0)}, nothing, 0.5),
        Sizes({1: area(60.0), 2: area(size, log_sd)}, nothing, 0.5),
    )
    return looking_beside(sizes, (before, after), (KEPT, NEW), SAME)


def total(sizes):
    return classify_groups((KEPT, NEW), *sizes, RULE)[0]


def test_a_clear_new_nodule_on_what_was_bare_skin_is_progression_but_never_definite():
    sizes = looked(visit(1, (1,)), visit(2, (1, 2)))
    assert sizes[1].sure == {2}
    found = total(sizes)
    assert found.outcome is Outcome.PROGRESSION
    assert found.confidence is Confidence.PROBABLE
    assert "look at both images" in found.reason


def test_a_nodule_that_was_missed_is_not_called_new():
    sizes = looked(visit(1, (1, 2), outlined=(1,)), visit(2, (1, 2)))
    assert not sizes[1].sure
    assert total(sizes).outcome is Outcome.NOT_EVALUABLE


def test_nobody_knows_what_was_below_the_scale():
    covered = SKIN.copy()
    covered[:, 160:] = False
    sizes = looked(visit(1, (1,), skin=covered), visit(2, (1, 2)))
    assert sizes[1].hidden == {2}
    found = total(sizes)
    assert found.outcome is Outcome.NOT_EVALUABLE
    assert "lies on its place" in found.reason


@pytest.mark.parametrize(
    "about",
    [{"size": 6.0}, {"log_sd": 0.4}, {"flags": frozenset({Flag.GLARE})}],
    ids=["small", "badly outlined", "glare"],
)
def test_a_blemish_that_is_not_clearly_seen_stays_in_doubt(about):
    flags = about.pop("flags", frozenset())
    assert not looked(visit(1, (1,)), visit(2, (1, 2), flags=flags), **about)[1].sure


def test_a_clear_nodule_that_is_gone_is_regression():
    nothing = replace(area(0.0), detection_limit=2.0)
    gone = LesionGroup((2,), (), Event.RESOLVED)
    sizes = (
        Sizes({1: area(60.0), 2: area(60.0)}, nothing, 0.5),
        Sizes({1: area(60.0)}, nothing, 0.5),
    )
    found = looking_beside(sizes, (visit(1, (1, 2)), visit(2, (1,))), (KEPT, gone), SAME)
    assert classify_groups((KEPT, gone), *found, RULE)[0].outcome is Outcome.REGRESSION


def judged_with(event, size):
    groups = KEPT, LesionGroup((2,), (), event)
    nothing = replace(area(0.0), detection_limit=2.0)
    sizes = Sizes({1: area(60.0), 2: area(size)}, nothing), Sizes({1: area(60.0)}, nothing)
    return classify_groups(groups, *sizes, RULE)[0]


def test_a_verdict_on_what_is_left_is_given_while_that_is_most_of_it():
    assert judged_with(Event.NOT_IMAGED, 50.0).outcome is Outcome.STABLE
    hidden = judged_with(Event.NOT_IMAGED, 70.0)
    assert hidden.outcome is Outcome.NOT_EVALUABLE
    assert "54%" in hidden.reason.replace(" ", "")
    assert "L2" in hidden.reason


def test_an_image_of_which_nothing_is_shown_by_the_other_is_not_called_free_of_calcium():
    only = LesionGroup((2,), (), Event.NOT_IMAGED)
    nothing = replace(area(0.0), detection_limit=2.0)
    found = classify_groups((only,), Sizes({2: area(30.0)}, nothing), Sizes({}, nothing), RULE)[0]
    assert found.outcome is Outcome.NOT_EVALUABLE
