"""A finger is found by its own edges, and nothing else is taken for one."""

from dataclasses import dataclass

import numpy as np
import pytest

from cctrack.errors import UnreadableImage
from cctrack.measure.area import measure_areas
from cctrack.measure.cylinder import Cylinder, cylinder_radius
from cctrack.model import (
    Because,
    Flag,
    Outline,
    Photo,
    PlaneHomography,
    Quantity,
    ScaleSource,
)
from cctrack.segment.finger import find_body, find_finger

SKIN, CHALK = (196.0, 150.0, 122.0), (236.0, 224.0, 196.0)


@dataclass(frozen=True)
class Scene:
    """A finger of a radius along y, its nearest line at z = 0, seen by a tilted camera.

    ``lengthwise`` tips it towards the tip, ``roll`` looks at it from the side; the marker's plane
    is z = 0, the skin's level, as the guide asks.
    """

    radius_mm: float = 8.0
    around_mm: float = 12.0
    along_mm: float = 10.0
    at_mm: float = 0.0
    lengthwise_deg: float = 0.0
    roll_deg: float = 0.0
    askew_deg: float = 0.0
    distance_mm: float = 300.0
    shape: tuple[int, int] = (600, 800)
    focal_px: float = 2400.0
    table: tuple[float, float, float] = (70.0, 92.0, 120.0)
    seed: int = 0

    @property
    def area_mm2(self):
        return self.around_mm * self.along_mm

    def _camera(self):
        """Rows of right, down and forward, and where the camera stands."""
        tip, roll, askew = np.radians([self.lengthwise_deg, self.roll_deg, self.askew_deg])
        forward = np.array([-np.sin(roll), np.sin(tip) * np.cos(roll), -np.cos(tip) * np.cos(roll)])
        right = np.cross([0.0, 1.0, 0.0], -forward)
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        turned = np.cos(askew) * right + np.sin(askew) * down
        return np.array([turned, np.cross(forward, turned), forward]), -self.distance_mm * forward

    def draw(self):
        """Photo with its scale, the patch's mask and the finger's mask."""
        axes, eye = self._camera()
        rows, columns = np.indices(self.shape, dtype=np.float64)
        middle = (np.array(self.shape) - 1) / 2
        rays = (
            np.stack(
                [columns - middle[1], rows - middle[0], np.full(self.shape, self.focal_px)], axis=-1
            )
            @ axes
        )
        # The cylinder (x, z + radius) with radius, as far as the ray first meets it.
        across = np.stack([rays[..., 0], rays[..., 2]])
        start = np.array([eye[0], eye[2] + self.radius_mm])
        a = (across**2).sum(axis=0)
        b = np.einsum("i,i...->...", start, across)
        root = b**2 - a * (start @ start - self.radius_mm**2)
        finger = root > 0
        reach = (-b - np.sqrt(np.where(finger, root, 0))) / a
        hit = eye + reach[..., None] * rays
        angle = np.arctan2(hit[..., 0], hit[..., 2] + self.radius_mm)
        arc = self.radius_mm * angle - self.at_mm
        lesion = finger & (np.abs(arc) <= self.around_mm / 2)
        lesion &= np.abs(hit[..., 1]) <= self.along_mm / 2
        return self._painted(finger, lesion, angle), lesion, finger

    def _painted(self, finger, lesion, angle):
        rng = np.random.default_rng(self.seed)
        image = np.full((*self.shape, 3), self.table)
        light = (0.6 + 0.4 * np.cos(angle))[..., None]
        image[finger] = (light * SKIN)[finger]
        image[lesion] = (light * CHALK)[lesion]
        image += rng.normal(0, 4, self.shape)[..., None]
        return Photo(np.clip(image, 0, 255).astype(np.uint8), scale=self.scale())

    def scale(self):
        """The homography of the plane z = 0, exactly."""
        axes, eye = self._camera()
        middle = (np.array(self.shape) - 1) / 2
        # mm on the plane (y, x, 1) to px (row, column, 1).
        onto = np.column_stack([axes @ [0, 1, 0], axes @ [1, 0, 0], axes @ -eye])
        lens = np.array([[0, self.focal_px, middle[0]], [self.focal_px, 0, middle[1]], [0, 0, 1]])
        matrix = np.linalg.inv(lens @ onto)
        return PlaneHomography(matrix / matrix[2, 2], self.shape, ScaleSource.MARKER, 0.002)


SHAPE = (300, 400)


def area_mm2(lesion, scale, **how):
    findings = measure_areas(Outline(lesion.astype(np.uint16)), scale, **how)
    return next(
        item.measurement.value
        for item in findings
        if item.lesion == 1 and item.measurement.quantity is Quantity.AREA
    )


@pytest.mark.parametrize(
    ("lengthwise", "roll", "askew"),
    [(0, 0, 0), (15, 0, 25), (30, 0, 0), (0, 15, 0), (0, 30, 60), (20, 20, 70)],
)
def test_a_lesion_on_a_finger_keeps_its_true_area_from_every_side(lengthwise, roll, askew):
    scene = Scene(lengthwise_deg=lengthwise, roll_deg=roll, askew_deg=askew)
    photo, lesion, _ = scene.draw()
    body = find_body(photo, np.zeros(photo.shape, dtype=bool))
    finger = Cylinder(*find_finger(body, lesion))
    assert cylinder_radius(finger, photo.scale) == pytest.approx(8, rel=0.05)
    assert area_mm2(lesion, photo.scale) < 0.93 * scene.area_mm2
    found = area_mm2(lesion, photo.scale, cylinder=finger)
    assert found == pytest.approx(scene.area_mm2, rel=0.03)


def test_a_lesion_beside_the_finger_s_middle_keeps_its_area_too():
    scene = Scene(at_mm=4.0, around_mm=6.0)
    photo, lesion, finger = scene.draw()
    edges = Cylinder(*find_finger(finger, lesion))
    assert area_mm2(lesion, photo.scale) < 0.88 * scene.area_mm2
    assert area_mm2(lesion, photo.scale, cylinder=edges) == pytest.approx(60, rel=0.03)


def test_rows_say_that_a_lesion_was_measured_on_a_finger():
    photo, lesion, finger = Scene().draw()
    labels = lesion.astype(np.uint16)
    labels[10:20, 10:20] = 2
    edges = {1: Cylinder(*find_finger(finger, lesion))}
    findings = measure_areas(Outline(labels), photo.scale, cylinder=edges)
    assert {item.lesion for item in findings if Flag.ON_FINGER in item.flags} == {1}


def spot(row, column, radius=12):
    rows, columns = np.indices(SHAPE)
    return np.hypot(rows - row, columns - column) < radius


def strip(top, bottom):
    body = np.zeros(SHAPE, dtype=bool)
    body[top:bottom] = True
    return body


def no_finger(body, lesion, **how):
    with pytest.raises(UnreadableImage) as caught:
        find_finger(body, lesion, **how)
    assert caught.value.because == Because.NO_FINGER
    return caught.value.detail


def test_a_straight_strip_has_its_edges_where_they_are():
    (first, _), (second, _) = find_finger(strip(100, 180), spot(130, 200))
    assert sorted([first, second]) == pytest.approx([99.5, 179.5], abs=0.6)


def test_skin_that_fills_the_photo_is_no_finger():
    assert "no edge" in no_finger(np.ones(SHAPE, dtype=bool), spot(150, 200))


def test_skin_with_one_edge_is_no_finger():
    assert "no edge" in no_finger(strip(100, 300), spot(150, 200))


def test_a_marker_over_the_edge_is_no_edge():
    marker = np.zeros(SHAPE, dtype=bool)
    marker[170:220, 150:250] = True
    assert "no edge" in no_finger(strip(100, 180), spot(130, 200), hidden=marker)


def test_edges_that_run_together_are_a_palm_and_no_finger():
    rows, columns = np.indices(SHAPE)
    wedge = np.abs(rows - 150) < 20 + 0.3 * columns
    assert "run together" in no_finger(wedge, spot(150, 150))


def test_a_ragged_edge_is_no_finger():
    rows, columns = np.indices(SHAPE)
    teeth = 12 * (columns // 9 % 2)
    assert "not straight" in no_finger((rows > 90 + teeth) & (rows < 180), spot(140, 200))


def test_a_bump_on_the_edge_does_not_widen_the_finger():
    body = strip(100, 180) | spot(178, 200, 14)
    (first, _), (second, _) = find_finger(body, spot(160, 200, 16))
    assert abs(second - first) == pytest.approx(80, abs=3)
