"""The shift of skin between two visits is a smooth field that single wrong blocks do not pull."""

import numpy as np

from cctrack.align.photo.bend import fit_field
from cctrack.model import Alignment, AlignmentModel, Bend, Quality

SIZE = np.array([100.0, 140.0])


def places(count, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, (count, 2)) * SIZE


def bulge(at):
    return np.exp(-((at - SIZE / 2) ** 2).sum(axis=1) / (2 * 30**2))[:, None] * (2.0, -1.0)


def test_a_bulge_is_found_between_the_blocks():
    field = fit_field(places(150), bulge(places(150)), SIZE)
    unseen = places(50, seed=1)
    assert np.median(np.linalg.norm(field.at(unseen) - bulge(unseen), axis=1)) < 0.15


def test_blocks_that_found_the_wrong_place_do_not_pull():
    at = places(150)
    shifts = bulge(at)
    shifts[::4] += (3.0, 3.0)
    field = fit_field(at, shifts, SIZE)
    assert np.median(np.linalg.norm(field.at(at) - bulge(at), axis=1)) < 0.3


def test_without_any_block_nothing_is_bent():
    field = fit_field(np.zeros((0, 2)), np.zeros((0, 2)), SIZE)
    assert not field.at(places(5)).any()


def test_a_bend_is_linear_between_its_nodes_and_goes_on_beyond_the_photo():
    shifts = np.zeros((2, 3, 2))
    shifts[:, 1] = (4.0, 0.0)
    bend = Bend(shifts, (11, 21))
    alignment = Alignment(AlignmentModel.HOMOGRAPHY, np.eye(3), Quality.GOOD, 0.0, bend=bend)
    points = np.array([[5.0, 10.0], [0.0, 5.0], [10.0, 20.0], [30.0, 10.0]])
    np.testing.assert_allclose(
        alignment.transform(points) - points, [[4, 0], [2, 0], [0, 0], [4, 0]]
    )
