"""Which finger each lesion lies on is said by a reader, or found; never guessed."""

import numpy as np
import pytest

from cctrack.errors import UnreadableImage
from cctrack.model import AxisScale, Because, Outline, Photo, ScaleSource
from cctrack.study.fingers import AUTO, find_cylinders

SHAPE = (300, 400)
SCALE = AxisScale((0.2, 0.2), ScaleSource.MARKER)
PHOTO = Photo(np.zeros((*SHAPE, 3), np.uint8), scale=SCALE)
LABELS = np.zeros(SHAPE, np.uint16)
LABELS[130:150, 100:120], LABELS[130:150, 300:320] = 1, 2
BODY = np.zeros(SHAPE, dtype=bool)
BODY[100:180] = True
EDGES = [[100, 110], [180, 110]]


def fingers(said, labels=LABELS, body=BODY, scale=SCALE):
    photo = Photo(PHOTO.pixels, scale=scale)
    outline = Outline(labels, soft_tissue=body)
    return find_cylinders(photo, outline, said, np.zeros(SHAPE, dtype=bool))


def refused(said, **how):
    with pytest.raises(UnreadableImage) as caught:
        fingers(said, **how)
    assert caught.value.because == Because.NO_FINGER
    return caught.value.detail


def test_two_points_on_its_edges_are_the_finger_of_every_lesion():
    assert set(fingers({"edges_px": EDGES})) == {1, 2}


def test_lesions_that_no_finger_names_are_flat():
    for named in (1, [140, 110]):
        assert set(fingers({"fingers": [{"edges_px": EDGES, "lesions": [named]}]})) == {1}


def test_every_lesion_s_own_finger_is_found():
    found = fingers(AUTO)
    assert set(found) == {1, 2}
    assert sorted(point[0] for point in (found[1].first_px, found[1].second_px)) == pytest.approx(
        [99.5, 179.5], abs=0.6
    )
    assert fingers({"auto": False}) == {}
    assert fingers(AUTO, labels=np.zeros(SHAPE, np.uint16)) == {}


def test_without_a_scale_nobody_knows_a_finger_from_a_wrist():
    assert "without a scale" in refused(AUTO, scale=None)
    assert set(fingers({"edges_px": EDGES}, scale=None)) == {1, 2}


def test_a_wrist_is_no_finger():
    wide = AxisScale((0.6, 0.6), ScaleSource.MARKER)
    assert "48 mm wide" in refused(AUTO, scale=wide)


def test_a_lesion_beside_its_finger_is_refused():
    assert "L1 lies beside its finger" in refused({"edges_px": [[200, 110], [260, 110]]})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({}, "is needed"),
        ({"edges_px": [[100, 110]]}, "two points"),
        ({"edges_px": [[100, 110], [100, 110]]}, "two different points"),
        ({"edges_px": [[100, 110], [900, 110]]}, "outside the image"),
        ({"fingers": [{"edges_px": EDGES, "lesion": 1}]}, "no other keys"),
        ({"fingers": [{"edges_px": EDGES, "lesions": [7]}]}, "no lesion 7"),
        ({"fingers": [{"edges_px": EDGES, "lesions": [1, 1]}]}, "two fingers"),
    ],
)
def test_a_finger_that_cannot_be_used_is_refused(said, why):
    assert why in refused(said)
