"""The weighted hand score: extent times density times weight, over the sites of a hand."""

import numpy as np
import pytest

from cctrack.errors import CctrackError
from cctrack.measure.density import Density
from cctrack.measure.hand import load_weights, measure_score, score_sites, shipped_weights
from cctrack.model import Flag, Outline, Quantity
from cctrack.model.hand import HandSite

SITES = np.repeat(np.array([[1, 2, 6]], np.uint8), 100, axis=0).repeat(100, axis=1)


def outline(**flags):
    """A deposit on a tenth of the thumb, one on a twentieth of the palm."""
    labels = np.zeros(SITES.shape, np.uint16)
    labels[:10, :100] = 1
    labels[:5, 200:300] = 2
    return Outline(labels, **flags)


def test_the_score_is_what_is_worked_out_by_hand():
    grades = {1: Density.DENSE, 2: Density.FAINT}
    scores = score_sites(outline(), SITES, grades, shipped_weights())
    assert [score.site for score in scores] == [HandSite.THUMB, HandSite.INDEX, HandSite.PALM]
    assert [score.score for score in scores] == pytest.approx([10 * 3, 0, 5 * 1])
    found = measure_score(scores, outline())
    assert found.lesion == 0
    assert found.measurement.quantity is Quantity.HAND_SCORE
    assert found.measurement.value == pytest.approx(35)


def test_weights_weigh():
    weights = {**shipped_weights(), HandSite.THUMB: 2.0}
    scores = score_sites(outline(), SITES, {1: Density.DENSE, 2: Density.FAINT}, weights)
    assert sum(score.score for score in scores) == pytest.approx(65)


def test_a_deposit_over_bone_adds_nothing():
    over = outline(lesion_flags={1: frozenset({Flag.OVER_BONE})})
    scores = score_sites(over, SITES, {1: Density.DENSE, 2: Density.DENSE}, shipped_weights())
    assert sum(score.score for score in scores) == pytest.approx(15)


def test_a_hand_without_calcium_scores_nothing():
    none = Outline(np.zeros(SITES.shape, np.uint16))
    found = measure_score(score_sites(none, SITES, {}, shipped_weights()), none)
    assert found.measurement.value == 0


def test_the_score_is_less_sure_where_deposits_may_be_missed():
    scores = score_sites(outline(), SITES, {}, shipped_weights())
    sure, unsure = outline(), outline(selection_log_sd=0.5)
    assert measure_score(scores, unsure).measurement.log_sd > 0.5
    assert measure_score(scores, sure).measurement.log_sd < 0.5


def test_own_weights_are_read(tmp_path):
    path = tmp_path / "weights.toml"
    sites = (site.name.lower() for site in HandSite)
    path.write_text("[weights]\n" + "\n".join(f"{site} = 0.5" for site in sites))
    assert set(load_weights(path).values()) == {0.5}


@pytest.mark.parametrize(
    "text",
    ["", "[weights]\nthumb = 1", "no toml", "weights = 3"]
    + [
        "[weights]\nthumb=1\nindex=1\nmiddle=1\nring=1\nlittle=1\npalm=" + palm
        for palm in ("-1", "inf", "nan", '"a"', "1\ntoe=1")
    ],
)
def test_weights_that_are_none_are_refused(text, tmp_path):
    path = tmp_path / "weights.toml"
    path.write_text(text)
    with pytest.raises(CctrackError, match="needed a table"):
        load_weights(path)
