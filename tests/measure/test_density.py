"""Deposits on film are graded by their contrast beside that of the film's own bone."""

import numpy as np
import pytest

from cctrack.measure.density import Density, grade_densities, measure_densities
from cctrack.model import Method, Quantity, Unit

SHAPE = (200, 300)
SOFT, BONE = 1000.0, 2000.0


def film(*levels):
    """Flesh with a bone to the left, and a disc of each level."""
    rows, columns = np.indices(SHAPE)
    tissue = np.ones(SHAPE, bool)
    bone = columns < 40
    pixels = np.where(bone, BONE, SOFT) + np.random.default_rng(1).normal(0, 20, SHAPE)
    labels = np.zeros(SHAPE, np.uint16)
    for label, level in enumerate(levels, start=1):
        disc = np.hypot(rows - 100, columns - 70 * label - 20) < 15
        pixels[disc], labels[disc] = level, label
    return pixels.astype(np.float32), labels, bone, tissue


def test_faint_medium_and_dense_deposits_are_told_apart():
    grades = grade_densities(*film(1300, 1700, 2100))
    assert grades == {1: Density.FAINT, 2: Density.MEDIUM, 3: Density.DENSE}


@pytest.mark.parametrize("curve", [lambda grey: 3 * grey + 50, lambda grey: grey / 7])
def test_another_exposure_gives_the_same_grades(curve):
    pixels, labels, bone, tissue = film(1300, 1700, 2100)
    assert grade_densities(curve(pixels), labels, bone, tissue) == {1: 1, 2: 2, 3: 3}


def test_a_curve_that_bends_moves_no_deposit_across_bone():
    pixels, labels, bone, tissue = film(1700, 2100)
    bent = grade_densities(np.sqrt(pixels), labels, bone, tissue)
    assert bent[1] < Density.DENSE
    assert bent[2] is Density.DENSE


def test_a_film_without_bone_gives_no_grade():
    pixels, labels, bone, tissue = film(1300)
    assert grade_densities(pixels, labels, bone & False, tissue) == {}


def test_a_deposit_with_no_flesh_around_has_no_grade():
    pixels, labels, bone, tissue = film(1300)
    assert grade_densities(pixels, labels, bone, tissue & bone) == {}


def test_a_grade_is_a_number_without_a_unit_and_without_an_error():
    (finding,) = measure_densities({4: Density.MEDIUM}, Method.READER)
    assert finding.lesion == 4
    measured = finding.measurement
    assert (measured.quantity, measured.value, measured.unit) == (Quantity.DENSITY, 2.0, Unit.ONE)
    assert measured.interval == (2.0, 2.0)
