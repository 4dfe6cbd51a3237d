"""Simulated photos say exactly what is on them."""

import dataclasses

import numpy as np
import pytest
from skimage import color

from cctrack._cv2 import cv2
from cctrack.model import CCTRACK_CARD, PlaneHomography, ScaleSource
from cctrack.phantom.change import ChangePlan
from cctrack.phantom.photo import (
    BodySite,
    Camera,
    HairState,
    LesionKind,
    Light,
    PhotoSession,
    PhotoSubject,
    Pose,
    ScaleObject,
    ScaleObjectKind,
    SkinLesion,
    draw_photo,
    progress,
    random_plan,
    random_session,
    random_subject,
)
from cctrack.phantom.photo.shapes import outline_mm, polygon_area, signed_distance
from cctrack.phantom.photo.skin import mean_colour

SMALL = (600, 800)
"""Half the usual rows and columns over the same view: four times faster."""

PLAIN = Camera(contrast=0.0, sharpening=0.0, saturation=1.0, vignetting=0.0)
"""A camera whose curve is plain sRGB."""

CARD = ScaleObject(ScaleObjectKind.CARD)


def subject_with(*lesions, skin_type=2, site=BodySite.FIELD, **options):
    return PhotoSubject(skin_type, site, lesions, skin_seed=11, highest_id=len(lesions), **options)


def lesion(id_, row, column, area_mm2, kind=LesionKind.NODULE):
    return SkinLesion(id_, kind, (row, column), area_mm2, shape_seed=100 + id_)


THREE = (lesion(1, -15, -25, 40), lesion(2, 5, -5, 120), lesion(3, 20, 20, 260))


@pytest.fixture(scope="module")
def tilted():
    session = PhotoSession(
        seed=3,
        pose=Pose(tilt_deg=33, tilt_direction_deg=40, turn_deg=12, shift_mm=(2, 12)),
        scale_object=CARD,
        camera=PLAIN,
        shape=(1000, 1300),
    )
    return draw_photo(subject_with(*THREE), session)


def mask_areas_mm2(drawn):
    scale = PlaneHomography(drawn.homography, drawn.labels.shape, ScaleSource.MARKER)
    sizes = scale.pixel_sizes(drawn.labels.shape)
    return {id_: float(sizes[drawn.labels == id_].sum()) for id_ in drawn.areas_mm2}


def test_the_mask_of_a_tilted_photo_has_the_area_that_is_stated(tilted):
    assert tilted.cut == frozenset()
    measured = mask_areas_mm2(tilted)
    for id_, true_mm2 in tilted.areas_mm2.items():
        assert measured[id_] == pytest.approx(true_mm2, rel=0.01)


@pytest.mark.parametrize("seed", range(4))
def test_random_subjects_have_masks_of_the_stated_total_area(seed):
    rng = np.random.default_rng(seed)
    drawn = draw_photo(random_subject(rng, lesions=5), random_session(rng, "hard", shape=SMALL))
    measured = mask_areas_mm2(drawn)
    whole = [id_ for id_ in drawn.areas_mm2 if id_ not in drawn.cut]
    total = sum(drawn.areas_mm2[id_] for id_ in whole)
    assert sum(measured[id_] for id_ in whole) == pytest.approx(total, rel=0.01)


@pytest.mark.parametrize("kind", list(LesionKind))
def test_the_polygon_of_a_lesion_has_its_area_exactly(kind):
    for seed in range(5):
        subject = random_subject(np.random.default_rng(seed), lesions=4)
        for item in subject.lesions:
            assert polygon_area(outline_mm(item)) == pytest.approx(item.area_mm2, rel=1e-9)
    one = lesion(1, 0, 0, 33.0, kind)
    assert polygon_area(outline_mm(one)) == pytest.approx(33.0, rel=1e-9)


def refined_corners(pixels, dictionary):
    """Corners in linear light: the sRGB curve makes white paper grow into black print."""
    encoded = pixels.astype(np.float64).mean(axis=-1) / 255
    linear = (255 * ((encoded + 0.055) / 1.055) ** 2.4).clip(0, 255).astype(np.uint8)
    book = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{dictionary}"))
    options = cv2.aruco.DetectorParameters()
    options.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    found, ids, _ = cv2.aruco.ArucoDetector(book, options).detectMarkers(linear)
    corners = dict(zip(np.ravel(ids), found, strict=True)) if ids is not None else {}
    return {int(tag): quad[0][:, ::-1] for tag, quad in corners.items()}


def worst_corner_px(pixels, dictionary, truth_px):
    corners = refined_corners(pixels, dictionary)
    assert set(corners) == set(truth_px)
    return max(np.hypot(*(corners[tag] - truth_px[tag]).T).max() for tag in truth_px)


def test_the_cards_tags_lie_where_the_truth_says(tilted):
    worst = worst_corner_px(tilted.photo.pixels, CCTRACK_CARD.dictionary, tilted.tags_px)
    assert worst < 0.3


def test_the_cards_tags_are_true_to_size_on_the_skin(tilted):
    scale = PlaneHomography(tilted.homography, tilted.labels.shape, ScaleSource.MARKER)
    for tag in (500, 501, 502):
        corners_mm = scale.to_mm(tilted.tags_px[tag])
        sides = np.hypot(*(corners_mm - np.roll(corners_mm, 1, axis=0)).T)
        assert sides == pytest.approx(12.0, abs=1e-9)


def test_a_single_tag_is_found_with_its_number():
    item = ScaleObject(ScaleObjectKind.TAG, size_mm=20, dictionary="5X5_50", tag=17, turn_deg=30)
    session = PhotoSession(seed=1, scale_object=item, camera=PLAIN, shape=(600, 800))
    drawn = draw_photo(subject_with(), session)
    assert set(drawn.tags_px) == {17}
    assert worst_corner_px(drawn.photo.pixels, "5X5_50", drawn.tags_px) < 0.3


def test_the_same_seeds_give_identical_bytes():
    session = random_session(np.random.default_rng(5), shape=(300, 400))
    again = random_session(np.random.default_rng(5), shape=(300, 400))
    subject = random_subject(np.random.default_rng(6))
    one, two = draw_photo(subject, session), draw_photo(subject, again)
    assert one.photo.pixels.tobytes() == two.photo.pixels.tobytes()
    assert one.labels.tobytes() == two.labels.tobytes()


def test_a_second_visit_shows_the_same_skin():
    subject = subject_with(*THREE, mottling=0.7, naevi=0.8)
    poses = Pose(), Pose(tilt_deg=15, turn_deg=10, shift_mm=(4, -6), mm_per_px=0.12)
    size = (600, 800)
    first, second = (
        draw_photo(subject, PhotoSession(seed=seed, pose=pose, hair=HairState.OFF, shape=size))
        for seed, pose in enumerate(poses)
    )
    assert correlation(first, second) > 0.6
    stranger = dataclasses.replace(subject, skin_seed=12)
    other = draw_photo(
        stranger, PhotoSession(seed=1, pose=poses[1], hair=HairState.OFF, shape=size)
    )
    assert correlation(first, other) < 0.2


def correlation(first, second):
    """Of the fine structure of skin off the lesions, the second photo warped onto the first."""
    matrix = np.linalg.inv(first.homography) @ second.homography
    swap = np.eye(3)[[1, 0, 2]]
    size = first.labels.shape[::-1]
    warped = cv2.warpPerspective(second.photo.pixels, swap @ matrix @ swap, size)
    part = (slice(100, 500), slice(100, 700))
    details = []
    for pixels in (first.photo.pixels[part], warped[part]):
        grey = pixels.astype(np.float32).mean(axis=-1)
        details.append(cv2.GaussianBlur(grey, (0, 0), 3) - cv2.GaussianBlur(grey, (0, 0), 40))
    lesions = cv2.dilate((first.labels[part] > 0).astype(np.uint8), np.ones((61, 61))) > 0
    return np.corrcoef(details[0][~lesions], details[1][~lesions])[0, 1]


def test_landmarks_are_the_same_points_of_skin_at_both_visits():
    subject = subject_with(*THREE)
    drawn = [
        draw_photo(subject, PhotoSession(seed=seed, pose=pose, shape=SMALL))
        for seed, pose in enumerate((Pose(mm_per_px=0.2), Pose(tilt_deg=20, mm_per_px=0.24)))
    ]
    shared = set(drawn[0].landmarks_px) & set(drawn[1].landmarks_px)
    assert len(shared) >= 20
    places = []
    for photo in drawn:
        scale = PlaneHomography(photo.homography, SMALL, ScaleSource.MARKER)
        places.append(scale.to_mm(np.array([photo.landmarks_px[key] for key in sorted(shared)])))
    np.testing.assert_allclose(places[0], places[1], atol=1e-6)


def test_a_factor_on_a_lesion_holds_exactly_and_keeps_its_id():
    plan = ChangePlan(factors={1: 0.5, 2: 1.37})
    after = progress(subject_with(*THREE), plan, np.random.default_rng(0))
    areas = {item.id: polygon_area(outline_mm(item)) for item in after.lesions}
    assert areas == pytest.approx({1: 20.0, 2: 120 * 1.37, 3: 260.0}, rel=1e-9)


def test_a_vanished_lesion_leaves_a_mark_and_no_mask():
    after = progress(subject_with(*THREE), ChangePlan(factors={2: 0.0}), np.random.default_rng(0))
    drawn = draw_photo(after, PhotoSession(shape=SMALL, pose=Pose(mm_per_px=0.2)))
    assert set(np.unique(drawn.labels)) == {0, 1, 3}
    assert len(after.marks) == 1


def test_a_new_lesion_never_takes_the_id_of_a_vanished_one():
    rng = np.random.default_rng(0)
    after = progress(subject_with(*THREE), ChangePlan(factors={3: 0.0}), rng)
    later = progress(after, ChangePlan(new=2), rng)
    assert [item.id for item in later.lesions] == [1, 2, 4, 5]


def test_merged_lesions_are_one_of_both_areas():
    pair = lesion(1, 0, -8, 60), lesion(2, 2, 8, 90)
    plan = ChangePlan(factors={1: 2.0, 2: 2.0}, merge=((1, 2),))
    after = progress(subject_with(*pair), plan, np.random.default_rng(0))
    assert [item.id for item in after.lesions] == [1]
    assert polygon_area(outline_mm(after.lesions[0])) == pytest.approx(300.0, rel=1e-9)
    drawn = draw_photo(after, PhotoSession(shape=SMALL, pose=Pose(mm_per_px=0.2)))
    count, _ = cv2.connectedComponents((drawn.labels == 1).astype(np.uint8))
    assert count == 2


def test_a_split_lesion_shows_skin_between_its_halves():
    after = progress(subject_with(THREE[2]), ChangePlan(split=(3,)), np.random.default_rng(1))
    assert sum(item.area_mm2 for item in after.lesions) == pytest.approx(260.0)
    drawn = draw_photo(after, PhotoSession(shape=SMALL, pose=Pose(mm_per_px=0.2)))
    count, _ = cv2.connectedComponents((drawn.labels > 0).astype(np.uint8))
    assert count == 3


@pytest.mark.parametrize(
    "plan",
    [
        ChangePlan(factors={9: 1.0}),
        ChangePlan(factors={1: -0.5}),
        ChangePlan(factors={1: 0.0}, split=(1,)),
        ChangePlan(merge=((1, 2),), split=(2,)),
    ],
)
def test_an_impossible_plan_is_refused(plan):
    with pytest.raises(ValueError, match=r"lesion|factor"):
        progress(subject_with(*THREE), plan, np.random.default_rng(0))


def typology_angle_deg(linear_rgb):
    encoded = 1.055 * np.asarray(linear_rgb) ** (1 / 2.4) - 0.055
    lightness, _, yellow = color.rgb2lab(encoded[None, None])[0, 0]
    return float(np.degrees(np.arctan2(lightness - 50, yellow)))


@pytest.mark.parametrize(
    ("skin_type", "low", "high"),
    [(1, 55, 90), (2, 41, 55), (3, 28, 41), (4, 10, 28), (5, -30, 10), (6, -90, -30)],
)
def test_skin_types_keep_to_their_individual_typology_angle(skin_type, low, high):
    middle = subject_with(skin_type=skin_type)
    assert low < typology_angle_deg(mean_colour(middle)) < high


def test_darker_skin_types_are_darker_in_the_photo():
    means = []
    for skin_type in range(1, 7):
        subject = subject_with(skin_type=skin_type, hairiness=0.0)
        session = PhotoSession(shape=(300, 400), pose=Pose(mm_per_px=0.4))
        means.append(draw_photo(subject, session).photo.pixels.mean())
    assert np.all(np.diff(means) < -4)


@pytest.mark.parametrize("kind", [kind for kind in ScaleObjectKind if kind != "frame"])
@pytest.mark.parametrize("site", [BodySite.HAND, BodySite.FIELD])
def test_scale_objects_lie_beside_the_lesions_of_a_usual_photo(kind, site):
    rng = np.random.default_rng(17)
    session = random_session(rng, "easy", scale_object=kind, shape=(300, 400))
    drawn = draw_photo(random_subject(rng, site=site, lesions=3), session)
    assert drawn.cut == frozenset()
    assert (drawn.object_px is None) == (kind is ScaleObjectKind.NONE)


def test_a_lesion_is_seen_through_the_window_of_a_frame():
    session = PhotoSession(
        scale_object=ScaleObject(ScaleObjectKind.FRAME, size_mm=80.0),
        shape=(400, 400),
        pose=Pose(mm_per_px=0.4),
    )
    subject = subject_with(THREE[0])
    drawn = draw_photo(subject, session)
    assert drawn.cut == frozenset()
    assert drawn.labels.any()
    assert len(drawn.tags_px) == 8


def test_a_lesion_under_the_scale_object_is_said_to_be_cut():
    item = ScaleObject(ScaleObjectKind.TAG, place_mm=(5.0, -5.0))
    session = PhotoSession(scale_object=item, shape=SMALL, pose=Pose(mm_per_px=0.2))
    drawn = draw_photo(subject_with(*THREE), session)
    assert drawn.cut == frozenset({2})


def test_a_ruler_has_a_tick_every_millimetre():
    ruled = (800, 800)
    item = ScaleObject(ScaleObjectKind.RULER, size_mm=60, place_mm=(30.0, 0.0), wear=0.0)
    drawn = draw_photo(subject_with(), PhotoSession(scale_object=item, shape=ruled))
    # 2 mm below the ruler's upper edge, which lies at 30 mm - 8 mm from the photo's centre.
    row = round((ruled[0] - 1) / 2 + (30 - 8 + 2) / 0.1)
    columns = np.arange(round(399.5 - 29 / 0.1), round(399.5 + 29 / 0.1))
    grey = 255.0 - drawn.photo.pixels[row, columns].mean(axis=-1)
    spectrum = np.abs(np.fft.rfft(grey - grey.mean(), 8192))
    assert 8192 / np.argmax(spectrum) == pytest.approx(10.0, rel=0.005)


def test_a_skin_type_outside_one_to_six_is_refused():
    with pytest.raises(ValueError, match="skin type"):
        subject_with(skin_type=7)


def visible_border_mm(skin_type):
    """Distance from the outline, positive inside, at which a reader sees half the contrast."""
    one = dataclasses.replace(lesion(1, 0, 0, 60), erythema=0.0)
    subject = subject_with(one, skin_type=skin_type, hairiness=0, naevi=0, veins=0, mottling=0.1)
    session = PhotoSession(
        seed=2,
        pose=Pose(mm_per_px=0.05),
        light=Light(gloss=0.0, ambient=0.8, elevation_deg=80),
        camera=dataclasses.replace(PLAIN, noise=0.002),
        shape=(320, 320),
    )
    grey = draw_photo(subject, session).photo.pixels.mean(axis=-1)
    depth_mm = signed_distance(outline_mm(one) / 0.05 + 159.5, (320, 320)) * 0.05
    steps = np.arange(-1.5, 1.0, 0.1)
    seen = np.array([grey[abs(depth_mm - step) < 0.05].mean() for step in steps])
    share = (seen - seen[:5].mean()) / (seen[-3:].mean() - seen[:5].mean())
    return float(np.interp(0.5, share[5:], steps[5:]))


@pytest.mark.parametrize("skin_type", [1, 6])
def test_the_visible_border_lies_on_the_outline_in_fair_and_in_dark_skin(skin_type):
    assert abs(visible_border_mm(skin_type)) < 0.06


@pytest.mark.parametrize("trend", [0.5, 1.0, 1.8])
def test_a_drawn_plan_can_be_carried_out(trend):
    rng = np.random.default_rng(4)
    for _ in range(10):
        subject = random_subject(rng)
        after = progress(subject, random_plan(subject, rng, trend=trend), rng)
        ids = [item.id for item in after.lesions]
        assert len(set(ids)) == len(ids)


def test_redness_around_a_deposit_does_not_change_its_mask():
    session = PhotoSession(shape=SMALL, pose=Pose(mm_per_px=0.2))
    calm, red = (
        draw_photo(subject_with(dataclasses.replace(THREE[1], erythema=value)), session)
        for value in (0.0, 1.0)
    )
    assert np.array_equal(calm.labels, red.labels)
    assert not np.array_equal(calm.photo.pixels, red.photo.pixels)


def test_skin_that_lies_differently_moves_lesions_and_landmarks_but_keeps_areas():
    subject = subject_with(*THREE, naevi=0.8, mottling=0.8)
    still, moved = (
        draw_photo(
            subject,
            PhotoSession(seed=4, hair=HairState.OFF, stretch_mm=stretch_mm, shape=(600, 800)),
        )
        for stretch_mm in (0.0, 1.5)
    )
    assert moved.areas_mm2 == still.areas_mm2
    shared = sorted(set(still.landmarks_px) & set(moved.landmarks_px))
    shifts_px = np.array(
        [np.subtract(moved.landmarks_px[key], still.landmarks_px[key]) for key in shared]
    )
    assert 5 < np.sqrt((shifts_px**2).sum(axis=1).mean()) < 40
    assert follows_landmarks(still, moved, shared)


def follows_landmarks(still, moved, keys):
    """Whether skin around landmarks is found again nearer to their new than their old place."""
    before, after = (
        photo.photo.pixels.mean(axis=-1).astype(np.float32) for photo in (still, moved)
    )
    errors_px = []
    for key in keys:
        row, column = np.round(still.landmarks_px[key]).astype(int)
        if not (70 < row < 530 and 70 < column < 730):
            continue
        patch = before[row - 20 : row + 21, column - 20 : column + 21]
        around = after[row - 65 : row + 66, column - 65 : column + 66]
        match = cv2.matchTemplate(around, patch, cv2.TM_CCOEFF_NORMED)
        found = np.array(np.unravel_index(match.argmax(), match.shape)) - 45 + (row, column)
        errors_px.append(np.hypot(*(found - np.asarray(moved.landmarks_px[key]))))
    return len(errors_px) >= 8 and np.median(errors_px) < 2.5
