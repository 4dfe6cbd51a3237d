import numpy as np
import pytest

from cctrack.align.landmarks import apply_matrix, choose_model, fit_landmarks
from cctrack.errors import AlignmentFailed
from cctrack.model import AlignmentModel


def _pairs(source, target):
    return [(tuple(a), tuple(b)) for a, b in zip(source, target, strict=True)]


def _similarity(axes, angle, factor, shift):
    matrix = np.eye(axes + 1)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix[:2, :2] = turn
    matrix[:axes, :axes] *= factor
    matrix[:axes, axes] = shift
    return matrix


@pytest.mark.parametrize("axes", [2, 3])
@pytest.mark.parametrize("model", ["rigid", "similarity", "affine"])
def test_exact_landmarks_give_back_the_transform(axes, model):
    rng = np.random.default_rng(axes)
    factor = 1.0 if model == "rigid" else 1.3
    truth = _similarity(axes, 0.4, factor, np.arange(1, axes + 1) * 7.0)
    if model == "affine":
        truth[0, 1] += 0.2
    source = rng.uniform(0, 300, (axes + 3, axes))
    fit = fit_landmarks(_pairs(source, apply_matrix(truth, source)), model=AlignmentModel(model))
    np.testing.assert_allclose(fit.matrix, truth, atol=1e-8)
    assert fit.residuals_px.max() < 1e-8


def test_jitter_of_a_reader_is_averaged_and_reported():
    rng = np.random.default_rng(5)
    source = rng.uniform(0, 1000, (40, 2))
    fit = fit_landmarks(_pairs(source, source + 20 + rng.normal(0, 3, source.shape)))
    assert 2 < np.sqrt(np.mean(fit.residuals_px**2)) < 6
    assert np.abs(apply_matrix(fit.matrix, source) - source - 20).max() < 3


@pytest.mark.parametrize(
    ("pairs", "model"), [(2, "similarity"), (4, "similarity"), (5, "affine"), (9, "affine")]
)
def test_few_landmarks_get_the_simpler_model(pairs, model):
    assert choose_model(pairs, 2) == model


def test_too_few_landmarks_are_refused():
    with pytest.raises(AlignmentFailed, match="found 1 landmark pairs"):
        fit_landmarks([((1, 2), (3, 4))])
    with pytest.raises(AlignmentFailed, match="no landmark"):
        fit_landmarks([])


def test_landmarks_on_one_line_cannot_make_an_affine_fit():
    line = [((float(k), 2.0 * k), (k + 1.0, 2.0 * k)) for k in range(6)]
    with pytest.raises(AlignmentFailed, match="one point, line or plane"):
        fit_landmarks(line)


def test_landmarks_on_one_spot_are_refused():
    with pytest.raises(AlignmentFailed, match="one point"):
        fit_landmarks([((5, 5), (6, 6))] * 3, model=AlignmentModel.SIMILARITY)


def test_a_left_hand_never_becomes_a_right_hand():
    rng = np.random.default_rng(1)
    source = rng.uniform(0, 100, (6, 2))
    fit = fit_landmarks(_pairs(source, source * (-1, 1)), model=AlignmentModel.RIGID)
    assert np.linalg.det(fit.matrix[:2, :2]) == pytest.approx(1)
    assert fit.residuals_px.max() > 1


def test_mixed_dimensions_are_refused():
    with pytest.raises(AlignmentFailed, match="row, column"):
        fit_landmarks([((1, 2), (3, 4)), ((1, 2, 3), (3, 4, 5))])
    with pytest.raises(AlignmentFailed, match="finite"):
        fit_landmarks([((1, 2), (3, float("nan"))), ((1, 5), (3, 4))])
