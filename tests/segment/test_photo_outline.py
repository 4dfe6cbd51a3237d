from dataclasses import replace

import numpy as np
import pytest

from cctrack._cv2 import cv2
from cctrack.model import Flag, Photo
from cctrack.phantom.photo import BodySite, draw_photo, random_session, random_subject
from cctrack.segment.photo import judge
from cctrack.segment.photo.border import refine_border
from cctrack.segment.photo.candidates import FEATURES, Candidate
from cctrack.segment.photo.error import border_sd_px, thinned
from cctrack.segment.photo.lesion import first_outline
from cctrack.segment.photo.outline import outline_photo
from cctrack.segment.photo.skin import prepare
from cctrack.segment.photo.sore import outline_sore
from cctrack.segment.photo.surface import surface_flags
from cctrack.segment.photo.trials import Trial

SHAPE = (480, 640)
SKIN = {"fair": (226, 184, 160), "olive": (190, 144, 112), "dark": (98, 66, 52)}
CHALK = {"fair": (244, 232, 206), "olive": (232, 214, 176), "dark": (196, 172, 138)}


def _skin(tone, seed=0):
    rng = np.random.default_rng(seed)
    texture = np.zeros(SHAPE, np.float32)
    for sd, strength in ((1, 2.0), (6, 1.5), (30, 3.0)):
        field = cv2.GaussianBlur(rng.standard_normal(SHAPE).astype(np.float32), (0, 0), sd)
        texture += strength * field / field.std()
    return np.array(SKIN[tone], np.float32) + texture[..., None]


def _disc(centre, radius):
    rows, columns = np.indices(SHAPE)
    return np.hypot(rows - centre[0], columns - centre[1]) <= radius


def _with_deposits(tone, discs, colour=None, seed=0):
    image = _skin(tone, seed)
    cover = np.zeros(SHAPE, np.float32)
    for centre, radius in discs:
        cover[_disc(centre, radius)] = 1
    cover = cv2.GaussianBlur(cover, (0, 0), 1.0)[..., None]
    image += cover * (np.array(colour or CHALK[tone], np.float32) - image)
    return Photo(np.clip(image, 0, 255).astype(np.uint8))


DISCS = [((150, 200), 24), ((300, 420), 12)]


@pytest.mark.parametrize("tone", sorted(SKIN))
def test_chalk_is_outlined_on_every_skin(tone):
    outline = outline_photo(_with_deposits(tone, DISCS))
    assert outline.lesions == (1, 2)
    for lesion, (centre, radius) in enumerate(DISCS, start=1):
        found, true = outline.labels == lesion, _disc(centre, radius)
        assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.92
        assert found.sum() == pytest.approx(true.sum(), rel=0.12)


def test_lesions_are_numbered_from_the_largest():
    outline = outline_photo(_with_deposits("olive", DISCS))
    sizes = np.bincount(outline.labels.ravel())[1:]
    assert list(sizes) == sorted(sizes, reverse=True)


@pytest.mark.parametrize("tone", sorted(SKIN))
def test_bare_skin_shows_no_deposit(tone):
    outline = outline_photo(Photo(np.clip(_skin(tone), 0, 255).astype(np.uint8)))
    assert outline.lesions == ()
    assert outline.detection_limit_px > 0


def test_a_naevus_is_no_deposit():
    outline = outline_photo(_with_deposits("fair", DISCS, colour=(110, 70, 50)))
    assert outline.lesions == ()


def test_a_red_spot_is_no_deposit():
    outline = outline_photo(_with_deposits("fair", DISCS, colour=(205, 130, 120)))
    assert outline.lesions == ()


def test_nothing_is_found_in_what_is_ignored():
    ignore = np.zeros(SHAPE, bool)
    ignore[100:200, 150:250] = True
    outline = outline_photo(_with_deposits("olive", DISCS), ignore=ignore)
    assert not outline.labels[ignore].any()
    assert len(outline.lesions) == 1
    assert outline.soft_tissue is not None
    assert not outline.soft_tissue[ignore].any()


def test_a_region_keeps_the_lesions_within_it():
    roi = np.zeros(SHAPE, bool)
    roi[250:350, 380:460] = True
    outline = outline_photo(_with_deposits("olive", DISCS), roi=roi)
    assert outline.lesions == (1,)
    assert outline.labels[300, 420] == 1


def test_a_lesion_that_the_frame_cuts_is_flagged():
    outline = outline_photo(_with_deposits("olive", [((150, 2), 24), ((300, 420), 12)]))
    cut = outline.labels[150, 2]
    assert cut
    assert Flag.NEAR_BORDER in outline.flags_of(int(cut))
    assert Flag.NEAR_BORDER not in outline.flags_of(int(outline.labels[300, 420]))


def test_a_blurred_photo_is_flagged():
    sharp = _with_deposits("olive", DISCS)
    blurred = Photo(cv2.GaussianBlur(sharp.pixels, (0, 0), 4))
    assert Flag.BLUR not in outline_photo(sharp).flags
    assert Flag.BLUR in outline_photo(blurred).flags


def test_a_dark_and_a_burnt_photo_are_flagged():
    usual = _with_deposits("olive", DISCS)
    dark = Photo((usual.pixels * 0.12).astype(np.uint8))
    burnt = Photo(np.clip(usual.pixels * 1.6, 0, 255).astype(np.uint8))
    assert Flag.EXPOSURE not in outline_photo(usual).flags
    assert Flag.EXPOSURE in outline_photo(dark).flags
    assert Flag.EXPOSURE in outline_photo(burnt).flags


def test_a_simulated_photo_gives_most_of_its_deposits_back():
    rng = np.random.default_rng(20)
    subject = random_subject(rng, skin_type=4, lesions=4)
    session = random_session(rng, "easy", scale_object="none", shape=(600, 800))
    truth = draw_photo(subject, session)
    outline = outline_photo(truth.photo)
    lesions = [value for value in np.unique(truth.labels) if value]
    hit = [np.mean(outline.labels[truth.labels == value] > 0) > 0.5 for value in lesions]
    assert np.mean(hit) >= 0.7


def test_scattered_dry_scales_are_no_deposits():
    rng = np.random.default_rng(4)
    places = rng.uniform((10, 10), (SHAPE[0] - 10, SHAPE[1] - 10), (60, 2))
    scales = [(place, radius) for place, radius in zip(places, rng.uniform(2, 4, 60), strict=True)]
    outline = outline_photo(_with_deposits("olive", scales, colour=(206, 176, 156)))
    assert len(outline.lesions) <= 2 or Flag.CROWDED in outline.flags


def test_more_deposits_than_any_patient_has_call_for_a_reader(monkeypatch):
    monkeypatch.setattr(judge, "MOST_DEPOSITS", 1)
    outline = outline_photo(_with_deposits("olive", DISCS))
    assert Flag.CROWDED in outline.flags
    assert len(outline.lesions) <= 1


def test_a_usual_photo_is_not_crowded():
    assert Flag.CROWDED not in outline_photo(_with_deposits("olive", DISCS)).flags


def test_nails_and_depigmented_skin_are_no_deposits():
    rng = np.random.default_rng(77)
    bare = random_subject(rng, site=BodySite.HAND, lesions=0)
    subject = replace(bare, depigmented=0.6)
    session = random_session(rng, "easy", scale_object="none", shape=(600, 800))
    assert len(outline_photo(draw_photo(subject, session).photo).lesions) <= 1


def test_a_sore_ends_at_its_rim_and_not_in_the_redness_around_it():
    sore = _disc((60, 60), 30)[:120, :120]
    rough = _disc((60, 60), 36)[:120, :120]
    image = np.full((120, 120, 3), (200, 150, 120), np.float32)
    image[_disc((60, 60), 45)[:120, :120]] = (198, 128, 105)
    image[sore] = (90, 45, 35)
    image[_disc((60, 50), 12)[:120, :120]] = (240, 232, 215)
    found = outline_sore(image.astype(np.uint8), rough, np.zeros((120, 120), bool))
    assert found.sum() == pytest.approx(sore.sum(), rel=0.08)


def _nothing(shape=SHAPE):
    return np.zeros(shape, bool)


def _ellipse(shape, centre, axes):
    rows, columns = np.indices(shape)
    return ((rows - centre[0]) / axes[0]) ** 2 + ((columns - centre[1]) / axes[1]) ** 2 <= 1


def test_a_long_sore_is_outlined_to_its_ends():
    shape = (160, 260)
    sore = _ellipse(shape, (80, 130), (24, 72))
    image = np.full((*shape, 3), (200, 150, 120), np.float32)
    image[_ellipse(shape, (80, 130), (42, 92))] = (198, 132, 108)
    image = cv2.GaussianBlur(image, (0, 0), 8)
    image[sore] = (240, 232, 215)
    image[sore & (np.indices(shape)[1] > 165)] = (90, 45, 35)
    rough = _ellipse(shape, (78, 126), (34, 80))
    found = outline_sore(image.astype(np.uint8), rough, _nothing(shape))
    assert 2 * (found & sore).sum() / (found.sum() + sore.sum()) > 0.95


def test_light_and_shade_on_a_raised_deposit_move_no_border():
    shape = (200, 200)
    rows = np.indices(shape)[0]
    deposit = _ellipse(shape, (100, 100), (45, 45))
    cover = cv2.GaussianBlur(deposit.astype(np.float32), (0, 0), 4)[..., None]
    plain = np.array(SKIN["olive"]) + cover * (np.array(CHALK["olive"]) - SKIN["olive"])
    shade = 1 + 0.12 * np.clip((100 - rows) / 45, -1, 1)[..., None] * cover
    seen = np.clip(plain * shade, 0, 255).astype(np.uint8)
    rough = _ellipse(shape, (96, 100), (40, 40))
    found = refine_border(seen, rough, _nothing(shape))
    assert found.sum() == pytest.approx(deposit.sum(), rel=0.04)


def test_a_deposit_that_hardly_differs_from_its_skin_has_the_less_certain_border():
    shape, rng = (160, 160), np.random.default_rng(5)
    deposit = _ellipse(shape, (80, 80), (35, 35))
    grain = rng.normal(0, 8, (*shape, 3))
    sds = []
    for strength in (1.0, 0.4):
        change = np.array(CHALK["olive"]) - SKIN["olive"]
        image = SKIN["olive"] + strength * deposit[..., None] * change + grain
        pixels = np.clip(image, 0, 255).astype(np.uint8)
        sds.append(border_sd_px(pixels, deposit, _nothing(shape), radius_px=12.0, sore=False))
    assert sds[1] > 2 * sds[0]


def test_each_lesion_has_its_own_border_error():
    outline = outline_photo(_with_deposits("olive", DISCS))
    assert set(outline.lesion_border_sd_px) == set(outline.lesions)
    assert all(sd > 0 for sd in outline.lesion_border_sd_px.values())


def _blob(radius, odds, *, sore, column=60):
    size = 2 * radius + 1
    mask = _ellipse((size, size), (radius, radius), (radius, radius))
    corner = (60 - radius, column - radius)
    features = np.zeros(len(FEATURES))
    features[FEATURES.index("dark")] = -12.0 if sore else 4.0
    return judge.Judged(odds, Candidate(mask, corner, features), sore)


def test_chalk_within_an_open_sore_is_a_part_of_it():
    chalk, sore = _blob(10, 3.0, sore=False), _blob(30, 1.0, sore=True)
    assert judge._apart([chalk, sore], (120, 120)) == [sore]


def test_what_a_sore_leaves_of_its_chalk_stands_in_no_other_sores_way():
    chalk, sore = _blob(10, 3.0, sore=False), _blob(15, 2.0, sore=True, column=68)
    next_to_it = _blob(8, 1.0, sore=True, column=45)
    assert judge._apart([chalk, sore, next_to_it], (120, 120)) == [sore, next_to_it]


def test_a_faint_patch_around_a_closed_deposit_takes_nothing_from_it():
    deposit, patch = _blob(20, 6.0, sore=False), _blob(30, 1.0, sore=True)
    assert judge._apart([deposit, patch], (120, 120)) == [deposit]


def test_crust_and_wound_bed_are_named_and_a_closed_deposit_is_not():
    shape = (120, 120)
    lesion = _ellipse(shape, (60, 60), (30, 30))
    closed = np.full((*shape, 3), SKIN["olive"], np.uint8)
    closed[lesion] = CHALK["olive"]
    crusted = closed.copy()
    crusted[_ellipse(shape, (60, 80), (14, 10))] = (90, 45, 35)
    open_bed = closed.copy()
    open_bed[_ellipse(shape, (60, 70), (20, 18))] = (165, 70, 62)
    flags = [
        surface_flags(item, lesion, _nothing(shape), sore=False)
        for item in (closed, crusted, open_bed)
    ]
    assert flags[0] == frozenset()
    assert Flag.CRUSTED in flags[1]
    assert Flag.ULCERATED in flags[2]


def _chalk_with_crust(shape):
    chalk = _ellipse(shape, (100, 90), (28, 28))
    sore = chalk | _ellipse(shape, (100, 122), (22, 20))
    image = np.full((*shape, 3), SKIN["olive"], np.float32)
    image += np.random.default_rng(2).normal(0, 2, (*shape, 1))
    image[sore] = (88, 48, 36)
    image[chalk] = CHALK["olive"]
    return image.astype(np.uint8), chalk, sore


def test_a_crust_beside_chalk_belongs_to_the_same_sore():
    pixels, chalk, sore = _chalk_with_crust((200, 220))
    found = _first_outline(pixels, chalk)
    assert found.sore
    assert 2 * (_whole(found) & sore).sum() / (found.mask.sum() + sore.sum()) > 0.93


def test_chalk_without_crust_stays_closed():
    pixels, chalk, sore = _chalk_with_crust((200, 220))
    pixels[sore & ~chalk] = SKIN["olive"]
    found = _first_outline(pixels, chalk)
    assert not found.sore
    assert found.mask.sum() == pytest.approx(chalk.sum(), rel=0.05)


def _first_outline(pixels, rough):
    near = (slice(60, 140), slice(50, 130))
    view = prepare(pixels, _nothing(rough.shape))
    return first_outline(view, Trial(near, rough[near]))


def _whole(trial):
    whole = np.zeros((200, 220), bool)
    whole[trial.box] = trial.mask
    return whole


@pytest.mark.parametrize("rise", [0.0, 0.25])
def test_the_border_lies_on_the_edge_whether_or_not_a_deposit_grows_whiter_inwards(rise):
    shape = (240, 240)
    deposit = _ellipse(shape, (120, 120), (60, 60))
    depth = cv2.distanceTransform(deposit.astype(np.uint8), cv2.DIST_L2, 5)
    cover = cv2.GaussianBlur(deposit.astype(np.float32), (0, 0), 3)
    cover *= 0.6 * (1 + rise * np.clip(depth / 48, 0, 1))
    image = SKIN["olive"] + cover[..., None] * (np.array(CHALK["olive"]) - SKIN["olive"])
    image += np.random.default_rng(2).normal(0, 2, image.shape)
    pixels = np.clip(image, 0, 255).astype(np.uint8)
    found = refine_border(pixels, _ellipse(shape, (120, 120), (54, 54)), _nothing(shape))
    # A fixed level is 0.8 % large on the one or small on the other.
    assert found.sum() == pytest.approx(deposit.sum(), rel=0.006)


def test_threads_that_vanish_in_a_reduced_photo_keep_their_outline_and_have_an_error():
    pixels = np.random.default_rng(0).integers(90, 160, (600, 700, 3), dtype=np.uint8)
    threads = np.zeros((600, 700), bool)
    threads[::6, 50:650] = True
    found = refine_border(pixels, threads, _nothing(threads.shape))
    assert np.array_equal(found, threads)
    seen = thinned(pixels, threads, _nothing(threads.shape))
    assert border_sd_px(*seen, radius_px=50.0, sore=False) > 0
