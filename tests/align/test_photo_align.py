"""Two photos of one site are laid on each other; whatever else is tried is refused."""

from pathlib import Path

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.align.landmarks import apply_matrix
from cctrack.align.photo import PhotoAlignOptions, align_photos
from cctrack.errors import AlignmentFailed
from cctrack.model import AlignmentModel, AxisScale, Photo, Quality, ScaleSource

SHAPE = (480, 640)
MM_PER_PX = 0.25
WOUNDS = Path(__file__).parents[2].parent / "shared" / "data" / "photo-wound-series"
SWAP = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])
SEEN_FROM_ELSEWHERE = np.array([[0.95, -0.12, 40.0], [0.11, 0.97, -15.0], [4e-5, -3e-5, 1.0]])
POINTS = np.array([[100.0, 150.0], [240.0, 320.0], [380.0, 500.0]])


def skin(seed, shape=SHAPE):
    """Skin-coloured structure at several scales."""
    rng = np.random.default_rng(seed)
    tone = np.zeros(shape, np.float32)
    for sd, strength in ((2, 6), (5, 9), (15, 12), (50, 14)):
        field = cv2.GaussianBlur(rng.standard_normal(shape).astype(np.float32), (0, 0), sd)
        tone += strength * field / field.std()
    colour = np.array([190, 140, 115], np.float32) + tone[..., None] * (0.7, 1.0, 0.9)
    return np.clip(colour, 0, 255).astype(np.uint8)


def moved(pixels, matrix=SEEN_FROM_ELSEWHERE):
    return cv2.warpPerspective(pixels, matrix, pixels.shape[1::-1], borderMode=cv2.BORDER_REFLECT)


def turned(turn_deg, zoom=1.0):
    """Turn about the middle of the photo, as (x, y)."""
    middle = ((SHAPE[1] - 1) / 2, (SHAPE[0] - 1) / 2)
    return np.vstack([cv2.getRotationMatrix2D(middle, turn_deg, zoom), [0, 0, 1]])


def with_scale(pixels, mm_per_px=MM_PER_PX):
    return Photo(pixels, scale=AxisScale((mm_per_px,) * 2, ScaleSource.GIVEN))


def errors_px(alignment, matrix=SEEN_FROM_ELSEWHERE, points=POINTS):
    expected = apply_matrix(SWAP @ matrix @ SWAP, points)
    return np.linalg.norm(alignment.transform(points) - expected, axis=1)


def test_the_same_skin_seen_from_elsewhere_is_found_again():
    later = cv2.convertScaleAbs(moved(skin(1)), alpha=0.9, beta=12)
    alignment = align_photos(Photo(skin(1)), Photo(later))
    assert alignment.model is AlignmentModel.HOMOGRAPHY
    assert alignment.quality is Quality.GOOD
    assert errors_px(alignment).max() < 1.0
    assert 0.7 < alignment.coverage <= 1
    assert alignment.residual_mm is None
    assert 0 < alignment.residual_px < 1


def test_photos_of_different_size_are_aligned_in_their_own_pixels():
    larger = cv2.resize(moved(skin(1)), None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    alignment = align_photos(Photo(skin(1)), Photo(larger))
    doubled = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1.0]]) @ SEEN_FROM_ELSEWHERE
    assert errors_px(alignment, doubled).max() < 2.0


@pytest.mark.parametrize(("turn_deg", "zoom"), [(33.0, 1.0), (178.0, 0.8)])
def test_a_turned_photo_with_a_scale_is_found_at_any_distance(turn_deg, zoom):
    way = turned(turn_deg, zoom)
    alignment = align_photos(with_scale(skin(3)), with_scale(moved(skin(3), way), MM_PER_PX / zoom))
    assert alignment.quality is Quality.GOOD
    assert alignment.residual_mm == pytest.approx(alignment.residual_px * MM_PER_PX / zoom)
    assert errors_px(alignment, way, POINTS[1:2]).max() < 1.0


@pytest.mark.parametrize("known", [Photo, with_scale])
def test_photos_of_two_people_are_refused_and_what_was_tried_can_be_shown(known):
    with pytest.raises(AlignmentFailed, match="no transform fits") as caught:
        align_photos(known(skin(1)), known(skin(2)))
    rejected = caught.value.alignment
    assert rejected is None or rejected.quality is Quality.FAILED


def test_the_other_hand_is_refused():
    with pytest.raises(AlignmentFailed):
        align_photos(with_scale(skin(1)), with_scale(np.ascontiguousarray(skin(1)[:, ::-1])))


def test_a_photo_without_any_structure_fits_nothing():
    grey = np.full((*SHAPE, 3), 128, np.uint8)
    for first, second in ((grey, grey), (skin(1), grey), (grey, skin(1))):
        with pytest.raises(AlignmentFailed):
            align_photos(with_scale(first), with_scale(second))


def test_a_wrong_scale_is_told_and_not_called_good():
    alignment = align_photos(with_scale(skin(1)), with_scale(skin(1), 1.5 * MM_PER_PX))
    assert alignment.quality is Quality.CHECK
    assert "scales" in alignment.reason
    assert errors_px(alignment, np.eye(3)).max() < 1.0


def test_a_burned_in_stamp_does_not_attract_the_alignment():
    before, after = skin(3), moved(skin(3))
    for pixels in (before, after):
        cv2.putText(pixels, "2019-05-04 11:20", (305, 460), 0, 1.1, (255, 160, 0), 2)
    assert errors_px(align_photos(Photo(before), Photo(after))).max() < 1.5


def test_a_cloth_that_stayed_where_it_was_does_not_attract_the_alignment():
    cloth = np.random.default_rng(9).normal(0, 40, (*SHAPE, 1)).astype(np.float32)
    cloth = 120 + 4 * cv2.GaussianBlur(cloth, (0, 0), 3)
    photos = []
    for pixels in (skin(3), moved(skin(3))):
        pixels[:, 400:] = np.clip(cloth[:, 400:, None], 0, 255)
        photos.append(Photo(pixels))
    assert errors_px(align_photos(*photos), points=POINTS[:2]).max() < 1.5


def test_a_lesion_that_grew_does_not_drag_its_own_alignment():
    photos, lesions = [], []
    for pixels, centre, radius in ((skin(4), (320, 240), 30), (skin(4), (334, 240), 50)):
        cv2.circle(pixels, centre, radius, (235, 225, 190), -1)
        photos.append(with_scale(pixels))
        lesions.append(cv2.circle(np.zeros(SHAPE, np.uint8), centre, radius + 3, 1, -1) > 0)
    alignment = align_photos(*photos, PhotoAlignOptions((lesions[0], lesions[1])))
    assert errors_px(alignment, np.eye(3)).max() < 1.0


def test_bent_skin_is_followed_where_it_bends():
    rows, columns = np.indices(SHAPE).astype(np.float32)
    bump = 8 * np.exp(-((rows - 240) ** 2 + (columns - 320) ** 2) / (2 * 90**2))
    later = cv2.remap(skin(4), columns, rows + bump.astype(np.float32), cv2.INTER_LINEAR)
    alignment = align_photos(with_scale(skin(4)), with_scale(later))
    centre = np.array([[240.0, 320.0]])
    rigid = apply_matrix(alignment.matrix, centre)[0, 0] - 232.03
    assert abs(alignment.transform(centre)[0, 0] - 232.03) < 1.5
    assert abs(rigid) > 2.0


@pytest.mark.skipif(not WOUNDS.exists(), reason="the real wound photos are not here")
@pytest.mark.parametrize(
    ("series", "first", "second"), [("g51", "0039", "0596"), ("g50", "0532", "0731")]
)
def test_real_wounds_fall_onto_themselves(series, first, second):
    photos, masks = [], []
    for name in (first, second):
        photos.append(Photo(cv2.imread(str(WOUNDS / series / f"{name}.png"))[..., ::-1].copy()))
        masks.append(cv2.imread(str(WOUNDS / series / f"{name}.mask.png"), 0) > 127)
    alignment = align_photos(*photos)
    carried = cv2.warpPerspective(
        masks[0].astype(np.uint8), SWAP @ alignment.matrix @ SWAP, masks[1].shape[::-1]
    ).astype(bool)
    assert 2 * (carried & masks[1]).sum() / (carried.sum() + masks[1].sum()) > 0.8


@pytest.mark.skipif(not WOUNDS.exists(), reason="the real wound photos are not here")
def test_feet_of_two_patients_are_refused():
    photos = [
        Photo(cv2.imread(str(WOUNDS / name))[..., ::-1].copy())
        for name in ("g50/0532.png", "g12/0111.png")
    ]
    with pytest.raises(AlignmentFailed):
        align_photos(*photos)
