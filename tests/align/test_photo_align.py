from pathlib import Path

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.align.photo import align_photos
from cctrack.errors import AlignmentFailed
from cctrack.model import Alignment, AlignmentModel, Quality

SHAPE = (480, 640)
WOUNDS = Path(__file__).parents[2].parent / "shared" / "data" / "photo-wound-series"


def _skin(seed, shape=SHAPE):
    """Skin-coloured structure at several scales."""
    rng = np.random.default_rng(seed)
    tone = np.zeros(shape, np.float32)
    for sd, strength in ((2, 6), (5, 9), (15, 12), (50, 14)):
        field = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sd)
        tone += strength * field / field.std()
    colour = np.array([190, 140, 115], np.float32) + tone[..., None] * (0.7, 1.0, 0.9)
    return np.clip(colour, 0, 255).astype(np.uint8)


def _moved(pixels, matrix):
    return cv2.warpPerspective(pixels, matrix, pixels.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


TRUTH = np.array([[0.95, -0.12, 40.0], [0.11, 0.97, -15.0], [4e-5, -3e-5, 1.0]])
SWAP = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])
POINTS = np.array([[100.0, 150.0], [240.0, 320.0], [380.0, 500.0]])


def _error_px(alignment):
    swapped = SWAP @ TRUTH @ SWAP
    expected = np.column_stack([POINTS, np.ones(3)]) @ swapped.T
    return np.linalg.norm(alignment.transform(POINTS) - expected[:, :2] / expected[:, 2:], axis=1)


def test_the_same_skin_seen_from_elsewhere_is_found_again():
    baseline = _skin(1)
    followup = cv2.convertScaleAbs(_moved(baseline, TRUTH), alpha=0.9, beta=12)
    alignment = align_photos(baseline, followup)
    assert alignment.model is AlignmentModel.HOMOGRAPHY
    assert alignment.quality is Quality.GOOD
    assert _error_px(alignment).max() < 1.0
    assert alignment.inliers > 25
    assert 0.7 < alignment.coverage <= 1


def test_photos_of_different_size_are_aligned_in_their_own_pixels():
    baseline = _skin(1)
    larger = cv2.resize(_moved(baseline, TRUTH), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    alignment = align_photos(baseline, larger)
    halved = Alignment(
        alignment.model,
        np.diag([0.5, 0.5, 1]) @ alignment.matrix,
        alignment.quality,
        0.0,
    )
    assert _error_px(halved).max() < 1.5


def test_another_site_is_refused_and_the_rejected_transform_is_attached():
    with pytest.raises(AlignmentFailed) as caught:
        align_photos(_skin(1), _skin(2))
    rejected = caught.value.alignment
    assert rejected is None or rejected.quality is Quality.FAILED


def test_a_burned_in_stamp_does_not_attract_the_alignment():
    baseline = _skin(3)
    followup = _moved(baseline, TRUTH)
    stamp = np.zeros(SHAPE, bool)
    stamp[430:470, 300:620] = True
    for pixels in (baseline, followup):
        cv2.putText(pixels, "2019-05-04 11:20", (305, 460), 0, 1.1, (255, 160, 0), 2)
    alignment = align_photos(baseline, followup, baseline_ignore=stamp, followup_ignore=stamp)
    assert _error_px(alignment).max() < 1.5


def test_landmarks_of_a_reader_decide():
    pairs = [((10 * k, 7 * k * k % 90), (10 * k + 5, 7 * k * k % 90 - 3)) for k in range(6)]
    alignment = align_photos(_skin(1), _skin(2), landmarks=pairs)
    np.testing.assert_allclose(alignment.transform(POINTS), POINTS + np.array([5, -3]), atol=1e-6)


def test_a_bent_patch_of_skin_gets_a_transform_of_its_own():
    baseline = _skin(4)
    rows, columns = np.indices(SHAPE).astype(np.float32)
    bump = 5 * np.exp(-((rows - 240) ** 2 + (columns - 320) ** 2) / (2 * 90**2))
    followup = cv2.remap(baseline, columns, rows + bump.astype(np.float32), cv2.INTER_LINEAR)
    labels = np.zeros(SHAPE, np.uint16)
    labels[230:250, 310:330] = 4
    alignment = align_photos(baseline, followup, baseline_labels=labels)
    centre = np.array([[240.0, 320.0]])
    plain = alignment.transform(centre)[0, 0] - 235
    patched = alignment.transform(centre, lesion=4)[0, 0] - 235
    assert 4 in alignment.patches
    assert abs(patched) < 1.0
    assert abs(patched) < abs(plain)


def test_featureless_photos_share_nothing():
    grey = np.full((*SHAPE, 3), 128, np.uint8)
    with pytest.raises(AlignmentFailed):
        align_photos(grey, grey)


@pytest.mark.skipif(not WOUNDS.exists(), reason="the real wound photos are not here")
@pytest.mark.parametrize(
    ("series", "first", "second"), [("g51", "0039", "0596"), ("g50", "0532", "0731")]
)
def test_real_wounds_fall_onto_themselves(series, first, second):
    photos, masks = [], []
    for name in (first, second):
        photos.append(cv2.imread(str(WOUNDS / series / f"{name}.png"))[..., ::-1].copy())
        masks.append(cv2.imread(str(WOUNDS / series / f"{name}.mask.png"), 0) > 127)
    alignment = align_photos(*photos)
    moved = cv2.warpPerspective(
        masks[0].astype(np.uint8), SWAP @ alignment.matrix @ SWAP, masks[1].shape[::-1]
    ).astype(bool)
    assert 2 * (moved & masks[1]).sum() / (moved.sum() + masks[1].sum()) > 0.85
