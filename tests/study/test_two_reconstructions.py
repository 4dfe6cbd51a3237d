"""One unchanged limb reconstructed twice must never come out as progression or regression."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cctrack.compare import load_criteria
from cctrack.measure.volume import measure_ct
from cctrack.model import Confidence, Method, Outcome, Outline
from cctrack.phantom import ct as phantom
from cctrack.study.pair import compare_visits
from cctrack.study.pipeline import Measured

RULE = load_criteria("calcinosis-25")
SUBJECT = phantom.random_subject(np.random.default_rng(300), "forearm")
SESSION = phantom.CtSession(shape=(56, 150, 150), spacing_mm=0.67, noise_hu=12.0, seed=1)
CHANGED = (Outcome.PROGRESSION, Outcome.REGRESSION)


def visit(**made) -> Measured:
    """A scan with its deposits outlined by a reader who sees them all."""
    ct = (scan := phantom.draw_ct(SUBJECT, replace(SESSION, **made))).ct
    outline = Outline(scan.labels, Method.READER, border_sd_px=0.4, detection_limit_px=10)
    return Measured(ct, outline, measure_ct(ct, outline))


@pytest.fixture(scope="module")
def baseline() -> Measured:
    return visit()


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"kernel": phantom.Kernel.SHARP}, "Different reconstruction kernels (STANDARD, BONE)"),
        ({"shape": (19, 150, 150), "increment_mm": 3.0, "thickness_mm": 3.0}, "slice thickness"),
        ({"kvp": 80.0}, "Different tube voltage (120 and 80 kVp)"),
    ],
)
def test_another_reconstruction_is_stable_within_its_interval_and_says_why(baseline, made, says):
    result = compare_visits(baseline, visit(seed=2, **made), RULE)
    assert says in result.comparability.text
    assert result.total.outcome is Outcome.STABLE
    assert not [change for change in result.changes if change.outcome in CHANGED]
    low, high = result.total.interval_percent
    assert low < 0 < high


def test_scans_made_alike_are_compared_far_better_than_each_is_measured(baseline):
    result = compare_visits(baseline, visit(seed=2), RULE)
    assert result.total.outcome is Outcome.STABLE
    assert result.total.confidence is Confidence.DEFINITE
    assert abs(result.total.percent) < 3
    before, after = result.total.before, result.total.after
    assert result.total.log_sd < 0.6 * math.hypot(before.log_sd, after.log_sd)


def test_a_deposit_that_only_one_automatic_outline_has_is_no_change(baseline):
    later = visit(seed=2, kernel=phantom.Kernel.SHARP)
    largest = max(later.outline.lesions, key=lambda label: np.sum(later.outline.labels == label))
    labels = np.where(later.outline.labels == largest, 0, later.outline.labels)
    measured = []
    for item, drawn in ((baseline, baseline.outline.labels), (later, labels)):
        outline = replace(item.outline, labels=drawn, method=Method.AUTOMATIC, doubt=0.5)
        measured.append(Measured(item.image, outline, measure_ct(item.image, outline)))
    result = compare_visits(*measured, RULE)
    assert result.total.outcome not in CHANGED
    assert not [change for change in result.changes if change.outcome in CHANGED]
