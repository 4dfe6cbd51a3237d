import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from cctrack.align.ct import align_cts
from cctrack.errors import AlignmentFailed
from cctrack.model import Acquisition, AxisScale, Ct, Quality, ScaleSource

SPACING_MM = (2.5, 1.5, 1.5)
SHAPE = (56, 80, 80)
AFFINE = np.array([[0, 0, 1.5, -60], [0, 1.5, 0, -60], [2.5, 0, 0, 100], [0, 0, 0, 1.0]])
DEPOSITS_MM = ((40.0, 28.0, 55.0), (70.0, 60.0, 22.0), (100.0, 35.0, 85.0))


def limb(seed=5):
    """A tapering, bent limb with two bones, muscles and deposits, as a function of mm."""
    rng = np.random.default_rng(seed)
    bends = rng.uniform(-0.00002, 0.00002, 3)
    widths = rng.uniform(0.9, 1.1, 6)

    def hu_at(along, row, column):
        middle = 60 + bends[0] * (along - 70) ** 3 / 10
        radius = np.hypot((row - middle) * widths[0], (column - 60) * widths[1])
        skin = 44 - 0.10 * along + 2 * np.sin(along / 13)
        hu = np.where(radius < skin, 20.0, -1000.0)
        hu = np.where(radius < skin - 2, -100.0, hu)
        turned = np.arctan2(row - middle, column - 60) * 3 + along / 40
        hu = np.where(radius < (skin - 9) * (1 + 0.1 * np.sin(turned)), 55.0, hu)
        for place, size in ((52, 8 * widths[2]), (70, 6 * widths[3])):
            bone = np.hypot(row - middle + 6 * widths[4], column - place)
            wide = size * (1 + 0.3 * np.exp(-(((along - 120) / 15) ** 2)))
            hu = np.where(bone < wide, 1100.0, hu)
            hu = np.where(bone < wide - 3, 100.0, hu)
        for centre in DEPOSITS_MM:
            apart = np.sqrt(
                (along - centre[0]) ** 2 + (row - centre[1]) ** 2 + (column - centre[2]) ** 2
            )
            hu = np.where(apart < 4, 600.0, hu)
        return hu

    return hu_at


def scan_of(body, motion=None, *, noise_hu=15.0, seed=1, affine=AFFINE):
    """Scan a body after it was moved by a motion of its mm coordinates."""
    rng = np.random.default_rng(seed)
    grid = np.indices(SHAPE).reshape(3, -1).T * SPACING_MM
    places = grid if motion is None else grid @ np.linalg.inv(motion)[:3, :3].T
    if motion is not None:
        places = places + np.linalg.inv(motion)[:3, 3]
    hu = body(*places.T).reshape(SHAPE)
    hu = ndimage.gaussian_filter(hu, [0.7 / mm for mm in SPACING_MM])
    hu = np.clip(hu + rng.normal(0, noise_hu, SHAPE), -1024, 3071)
    return Ct(
        np.rint(hu).astype(np.int16),
        affine,
        AxisScale(SPACING_MM, ScaleSource.SLICE_POSITIONS),
        Acquisition(kvp=120.0),
    )


def motion_of(turn_deg, shift_mm, centre_mm=(70.0, 60.0, 60.0)):
    motion = np.eye(4)
    motion[:3, :3] = Rotation.from_rotvec(np.radians(turn_deg)).as_matrix()
    motion[:3, 3] = np.array(centre_mm) + shift_mm - motion[:3, :3] @ centre_mm
    return motion


def labelled_deposits():
    labels = np.zeros(SHAPE, np.uint16)
    for number, centre in enumerate(DEPOSITS_MM, start=1):
        low = [int((c - 4) / mm) for c, mm in zip(centre, SPACING_MM, strict=True)]
        high = [math.ceil((c + 4) / mm) + 1 for c, mm in zip(centre, SPACING_MM, strict=True)]
        labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = number
    return labels


def errors_mm(alignment, motion, *, patched=True):
    errors = []
    for number, centre in enumerate(DEPOSITS_MM, start=1):
        at = np.array([centre]) / SPACING_MM
        found = alignment.transform(at, lesion=number if patched else 0)[0] * SPACING_MM
        errors.append(float(np.linalg.norm(found - (motion @ [*centre, 1])[:3])))
    return errors


@pytest.fixture(scope="module")
def body():
    return limb()


@pytest.fixture(scope="module")
def baseline(body):
    return scan_of(body)


@pytest.mark.parametrize(
    ("turn_deg", "shift_mm"),
    [((0, 0, 0), (0.4, -0.3, 0.7)), ((4, -3, 5), (3, -5, 6)), ((10, 7, -14), (8, 9, -7))],
)
def test_deposits_are_found_again_within_a_third_of_a_slice(body, baseline, turn_deg, shift_mm):
    motion = motion_of(turn_deg, shift_mm)
    followup = scan_of(body, motion, seed=2)
    alignment = align_cts(baseline, followup, baseline_labels=labelled_deposits())
    assert alignment.quality is Quality.GOOD
    assert set(alignment.patches) == {1, 2, 3}
    assert max(errors_mm(alignment, motion)) < 0.8
    assert alignment.residual_mm is not None
    assert alignment.residual_mm < 1.0
    assert alignment.inliers > 5


def test_patient_coordinates_need_not_agree(body, baseline):
    elsewhere = AFFINE.copy()
    elsewhere[:3, 3] += (200, -150, 90)
    motion = motion_of((3, 2, -4), (4, 3, -5))
    followup = scan_of(body, motion, seed=2, affine=elsewhere)
    alignment = align_cts(baseline, followup)
    assert max(errors_mm(alignment, motion, patched=False)) < 1.0


def test_a_limb_that_lies_the_other_way_up_is_found(body, baseline):
    motion = motion_of((180, 0, 0), (0, 0, 0))
    followup = scan_of(body, motion, seed=2)
    assert max(errors_mm(align_cts(baseline, followup), motion, patched=False)) < 1.0


def test_a_deposit_that_vanished_is_placed_by_its_surroundings(body, baseline):
    def without(along, row, column):
        hu = body(along, row, column)
        centre = DEPOSITS_MM[0]
        apart = np.sqrt(
            (along - centre[0]) ** 2 + (row - centre[1]) ** 2 + (column - centre[2]) ** 2
        )
        return np.where(apart < 4.5, -100.0, hu)

    motion = motion_of((4, -3, 5), (3, -5, 6))
    followup = scan_of(without, motion, seed=2)
    alignment = align_cts(baseline, followup, baseline_labels=labelled_deposits())
    assert max(errors_mm(alignment, motion)) < 1.5


def test_another_body_is_no_follow_up(baseline):
    def torso(along, row, column):
        hu = np.where(np.hypot(row - 60, (column - 60) / 1.3) < 40, 40.0, -1000.0)
        for rib in range(0, 140, 25):
            near = np.abs(along - rib - row / 3) < 4
            hu = np.where(near & (np.abs(np.hypot(row - 60, column - 60) - 33) < 4), 700.0, hu)
        return np.where(np.hypot(row - 60, column - 60) < 25, -800.0, hu)

    with pytest.raises(AlignmentFailed, match=r"same anatomy|lies in the follow-up") as failed:
        align_cts(baseline, scan_of(torso, seed=2))
    assert failed.value.alignment.quality is Quality.FAILED
    assert math.isfinite(failed.value.alignment.residual_px)


def test_landmarks_lead_where_the_search_would_not_look(body, baseline):
    motion = motion_of((60, 0, 0), (3, 2, -4))
    followup = scan_of(body, motion, seed=2)
    rng = np.random.default_rng(0)
    pairs = []
    for centre in (*DEPOSITS_MM, (60.0, 80.0, 60.0)):
        there = (motion @ [*centre, 1])[:3] + rng.normal(0, 1.0, 3)
        pairs.append((tuple(np.array(centre) / SPACING_MM), tuple(there / SPACING_MM)))
    alignment = align_cts(
        baseline, followup, baseline_labels=labelled_deposits(), landmarks=tuple(pairs)
    )
    assert max(errors_mm(alignment, motion)) < 0.6


def test_too_few_landmarks_are_refused(baseline):
    pairs = (((1.0, 2.0, 3.0), (1.0, 2.0, 3.0)),)
    with pytest.raises(AlignmentFailed):
        align_cts(baseline, baseline, landmarks=pairs)


def test_landmarks_of_a_flat_image_are_refused(baseline):
    pairs = tuple(((float(i), 2.0), (float(i), 3.0)) for i in range(4))
    with pytest.raises(AlignmentFailed, match="slice, row, column"):
        align_cts(baseline, baseline, landmarks=pairs)


def test_other_slices_and_pixels_of_the_same_limb_are_no_obstacle(baseline):
    thick = replace(
        baseline,
        hu=baseline.hu[: 2 * (len(baseline.hu) // 2)]
        .reshape(-1, 2, *SHAPE[1:])
        .mean(axis=1)
        .astype(np.int16),
        affine=AFFINE @ np.array([[2, 0, 0, 0.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
        scale=AxisScale((5.0, 1.5, 1.5), ScaleSource.SLICE_POSITIONS),
    )
    alignment = align_cts(baseline, thick)
    middle = np.array([[30.0, 40.0, 40.0]])
    assert alignment.transform(middle)[0] == pytest.approx([14.75, 40, 40], abs=0.3)
