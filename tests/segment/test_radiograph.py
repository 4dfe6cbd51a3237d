from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cctrack.model import AxisScale, Flag, Radiograph, ScaleSource
from cctrack.phantom.radiograph.draw import SimulatedRadiograph, draw_radiograph
from cctrack.phantom.radiograph.sample import DepositPlan, random_subject
from cctrack.phantom.radiograph.session import FilmSession, Objects, Pose
from cctrack.phantom.radiograph.subject import Placement, RadiographSubject
from cctrack.segment.radiograph import outline_radiograph

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
SCALE = AxisScale((0.2, 0.2), ScaleSource.DETECTOR)
SESSION = FilmSession(seed=5, pose=Pose(joints=0.5), objects=Objects(letter="R", ring=True))


def drawn_film(subject: RadiographSubject, session: FilmSession = SESSION) -> SimulatedRadiograph:
    drawn = draw_radiograph(subject, session)
    return replace(drawn, radiograph=replace(drawn.radiograph, scale=SCALE))


@pytest.fixture(scope="module")
def stones() -> SimulatedRadiograph:
    plan = DepositPlan(count=4, placements=((Placement.OFF, 1.0),))
    return drawn_film(random_subject(np.random.default_rng(10_006), "hand", plan))


@pytest.fixture(scope="module")
def bare() -> SimulatedRadiograph:
    return drawn_film(random_subject(np.random.default_rng(10_002), "hand", 0))


@pytest.fixture(scope="module")
def found(stones):
    return outline_radiograph(stones.radiograph)


def shares_found(drawn: SimulatedRadiograph, labels) -> dict[int, float]:
    return {
        lesion: float(np.mean(labels[drawn.labels == lesion] > 0))
        for lesion in np.unique(drawn.labels[drawn.labels > 0]).tolist()
    }


def test_deposits_beside_the_bones_are_outlined(stones, found):
    shares = shares_found(stones, found.labels)
    assert np.mean([share > 0.5 for share in shares.values()]) >= 0.75
    strangers = [
        lesion for lesion in found.lesions if not stones.labels[found.labels == lesion].any()
    ]
    assert len(strangers) <= 1


def test_the_total_of_what_was_found_is_near_the_truth(stones, found):
    shares = shares_found(stones, found.labels)
    true_px = sum(
        np.count_nonzero(stones.labels == lesion) for lesion, part in shares.items() if part > 0.5
    )
    assert np.count_nonzero(found.labels) == pytest.approx(true_px, rel=0.15)


def test_a_hand_without_calcium_gives_no_deposits_despite_ring_and_letter(bare):
    outline = outline_radiograph(bare.radiograph)
    assert len(outline.counted()) <= 1


def test_the_hand_is_told_from_the_air(stones, found):
    true = stones.soft_tissue | stones.bone
    overlap = 2 * np.count_nonzero(found.soft_tissue & true)
    assert overlap / (np.count_nonzero(found.soft_tissue) + np.count_nonzero(true)) > 0.95


def test_another_exposure_and_display_curve_find_the_same(stones, found):
    pixels = stones.radiograph.pixels
    share = (pixels - pixels.min()) / np.ptp(pixels)
    curved = replace(stones.radiograph, pixels=(700 * share**0.7 + 90).astype(np.float32))
    again = outline_radiograph(curved)
    both = np.count_nonzero((again.labels > 0) & (found.labels > 0))
    assert 2 * both / (np.count_nonzero(again.labels) + np.count_nonzero(found.labels)) > 0.9


def test_a_region_of_interest_keeps_whole_lesions_or_none(stones, found):
    first = found.lesions[0]
    rows, columns = np.nonzero(found.labels == first)
    roi = np.zeros(found.labels.shape, bool)
    roi[rows.min() - 3 : rows.max() + 4, columns.min() - 3 : columns.max() + 4] = True
    inside = outline_radiograph(stones.radiograph, roi=roi)
    assert first in inside.lesions
    assert np.count_nonzero(inside.labels == first) == np.count_nonzero(found.labels == first)
    assert len(inside.lesions) <= len(found.lesions)
    nowhere = outline_radiograph(stones.radiograph, roi=np.zeros_like(roi))
    assert nowhere.lesions == ()


def test_a_roi_of_another_film_is_refused(stones):
    with pytest.raises(ValueError, match="a roi of"):
        outline_radiograph(stones.radiograph, roi=np.ones((3, 3), bool))


@pytest.mark.parametrize("grey", [0.0, 100.0])
def test_a_blank_film_has_no_deposits(grey):
    outline = outline_radiograph(Radiograph(np.full((600, 400), grey, np.float32), (0.0, 4095.0)))
    assert outline.lesions == ()
    assert outline.labels.shape == (600, 400)


def test_noise_alone_has_no_deposits():
    noise = np.random.default_rng(0).normal(500, 30, (500, 400)).astype(np.float32)
    outline = outline_radiograph(Radiograph(noise, (0.0, 4095.0), scale=SCALE))
    assert outline.lesions == ()


def test_what_lies_over_bone_is_in_no_total():
    plan = DepositPlan(count=3, placements=((Placement.OVER, 1.0),))
    drawn = drawn_film(random_subject(np.random.default_rng(10_008), "hand", plan))
    outline = outline_radiograph(drawn.radiograph)
    over = np.isin(drawn.labels, list(drawn.over_bone))
    for lesion in outline.lesions:
        if np.mean(over[outline.labels == lesion]) > 0.5:
            assert Flag.OVER_BONE in outline.flags_of(lesion)
            assert lesion not in outline.counted()


@pytest.mark.skipif(not SHARED.exists(), reason="the shared real films are not here")
@pytest.mark.parametrize("name", ["0", "1", "2", "3", "4"])
def test_real_hands_of_children_without_calcium_stay_empty(name):
    from PIL import Image

    with Image.open(SHARED / "xray-hand" / f"{name}.png") as picture:
        pixels = np.asarray(picture.convert("L"), np.float32)
    outline = outline_radiograph(Radiograph(pixels, (0.0, 255.0)))
    assert len(outline.counted()) <= 1


@pytest.mark.skipif(not SHARED.exists(), reason="the shared real films are not here")
def test_a_real_hip_without_calcium_stays_empty():
    import pydicom

    film = pydicom.dcmread(SHARED / "xray-hip-cr" / "RG2_UNC.dcm")
    pixels = film.pixel_array.astype(np.float32)
    if film.PhotometricInterpretation == "MONOCHROME1":
        pixels = 2.0**film.BitsStored - 1 - pixels
    outline = outline_radiograph(Radiograph(pixels, (0.0, 1023.0), scale=SCALE))
    assert outline.counted() == ()
