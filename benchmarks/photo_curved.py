"""How far skin that turns away from a marker is mismeasured, and how well intervals know it.

Usage: ``python -m benchmarks.photo_curved FIRST_SEED COUNT [along|any|flat]``

Computed, nothing is rendered: a flat marker touches a limb (a cylinder) with its middle; a round
lesion of 10 mm lies on the skin 3 to 15 mm beside it, or in the window of a frame; a camera held by
hand sees both, tilted by 0 to 30 degrees. The corners are found to 0.2 px. Radii are those of
`LIMBS_MM`. *along*: on limbs thinner than a thigh the marker lies along the limb beside the lesion,
to 20 degrees (SD), as the guide asks; *any*: in any direction; *flat*: the skin is flat. Errors are
those of the lesion's true surface.
"""

import sys

import numpy as np

from cctrack._cv2 import cv2
from cctrack.calibrate.plane import fit_plane
from cctrack.calibrate.targets import PointTarget
from cctrack.model import CCTRACK_CARD, SMALL_FRAME, ScaleSource

SHAPE = (1200, 1600)

LIMBS_MM = (28, 45, 55, 62, 95, 160, 260)
"""Radii of wrist, forearm, upper arm, calf, thigh and trunk (circumferences of 17.5, 28, 34.5, 39,
60 and 100 cm), and of the flat of a back that is an ellipse of 34 by 22 cm."""

THIGH_MM = 95

AIM_SD = np.deg2rad(20)
"""How exactly a marker is laid along a limb."""

KINDS = ("tag", "ruler", "clicks", "card", "frame")

LESION_MM = 5.0

MOST_OBLIQUE = np.cos(np.deg2rad(70))
"""Skin seen more obliquely nobody would outline."""


def marker(kind, rng):
    """Points (n, 2) of a marker about its middle in mm, its half extents, what gives the scale."""
    if kind == "tag":
        side = rng.uniform(10, 25)
        return side * SQUARE, (side / 2, side / 2), ScaleSource.MARKER
    if kind in ("ruler", "clicks"):
        length = rng.uniform(30, 80)
        ticks = np.linspace(-length / 2, length / 2, 2 if kind == "clicks" else 31)
        return np.column_stack([0 * ticks, ticks]), (4, length / 2), ScaleSource(kind)
    sheet = CCTRACK_CARD if kind == "card" else SMALL_FRAME
    corners = np.vstack([sheet.corners_mm(number) for number, _ in sheet.places_mm])
    return corners - sheet.extent_mm / 2, (sheet.extent_mm / 2,) * 2, ScaleSource.MARKER


SQUARE = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [0.5, -0.5]])


def beside(kind, half, rng):
    """Middle of a lesion on the unrolled skin, relative to the marker's."""
    if kind == "frame":
        return rng.uniform(-10, 10, 2)
    gap = LESION_MM + rng.uniform(3, 15)
    if kind == "card":
        # The card is an L: its empty corner is nearest.
        gap = rng.uniform(-8, 10) + LESION_MM
    side = rng.integers(4)
    out = (half[side % 2] + gap) * (1 if side < 2 else -1)
    along = rng.uniform(-1, 1) * half[1 - side % 2]
    return np.array([out, along]) if side % 2 == 0 else np.array([along, out])


def on_limb(places_mm, radius_mm, axis):
    """Where places (n, 2) of the unrolled skin lie in space (n, 3), and their normals."""
    along = np.array([np.cos(axis), np.sin(axis)])
    across = np.array([-along[1], along[0]])
    turn = places_mm @ across / radius_mm
    flat = (places_mm @ along)[:, None] * along + (radius_mm * np.sin(turn))[:, None] * across
    depth = radius_mm * (1 - np.cos(turn))
    normal = np.column_stack([np.sin(turn)[:, None] * across, np.cos(turn)])
    # The third axis points away from the camera.
    return np.column_stack([flat, depth]), normal * np.array([1, 1, -1])


def seen_by(rng, tilt_deg):
    """A camera: function from points (n, 3) to px, and where it stands."""
    focal = 1.2 * max(SHAPE)
    distance = rng.uniform(150, 400)
    azimuth = rng.uniform(0, 2 * np.pi)
    axis = np.array([np.cos(azimuth), np.sin(azimuth), 0.0]) * np.deg2rad(tilt_deg)
    rotation = cv2.Rodrigues(axis)[0]
    shift = np.array([*rng.uniform(-0.06, 0.06, 2) * distance, distance])

    def project(points):
        camera = points @ rotation.T + shift
        return focal * camera[:, :2] / camera[:, 2:] + (np.array(SHAPE) - 1) / 2

    return project, -rotation.T @ shift


def polygon_area(points):
    row, column = points.T
    return 0.5 * abs(row @ np.roll(column, 1) - column @ np.roll(row, 1))


def one(seed, kind, placed):
    """ln(measured / true area), its stated SD, and half-width of the interval; None if unseen."""
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    own, half, source = marker(kind, rng)
    radius = 1e6 if placed == "flat" else LIMBS_MM[rng.integers(len(LIMBS_MM))]
    # A stiff marker that stands off the skin by more than 5 mm at its edges is not laid there.
    if min(half) ** 2 / (2 * radius) > 5:
        return None
    project, eye = seen_by(rng, rng.uniform(0, 30))
    turn = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    circle = LESION_MM * np.column_stack([np.cos(turn), np.sin(turn)])
    middle = beside(kind, half, rng)
    axis = rng.uniform(0, np.pi)
    if placed == "along" and radius < THIGH_MM:
        axis = np.arctan2(middle[1], middle[0]) + rng.normal(0, AIM_SD)
    skin, normals = on_limb(middle + circle, radius, axis)
    rays = eye - skin
    facing = np.sum(rays * normals, axis=1) / np.linalg.norm(rays, axis=1)
    if facing.min() < MOST_OBLIQUE:
        return None
    noise = 2.0 if kind == "clicks" else 0.2
    corners = project(np.column_stack([own, np.zeros(len(own))])) + rng.normal(0, noise, own.shape)
    target = PointTarget(corners, own, np.full(len(own), noise))
    fit = fit_plane([target], SHAPE, source, size_sd=0.0025)
    if fit is None or fit.bent or fit.own_sd > 0.1 or fit.scale.tilt_deg > 60:
        return None
    outline = project(skin)
    error = np.log(polygon_area(fit.scale.to_mm(outline)) / (np.pi * LESION_MM**2))
    sd = 2 * float(fit.scale.relative_sd_at(outline.mean(axis=0)[None])[0])
    return error, sd, radius


def main():
    """Print errors and coverage for each kind of marker."""
    first, count, placed = [*sys.argv[1:], "along"][:3]
    print("kind     n  median %  p95 %  covered  half-width: median %  p90 %")
    told = []
    for kind in KINDS:
        cases = [one(seed, kind, placed) for seed in range(int(first), int(first) + int(count))]
        rows = np.array([case for case in cases if case is not None])
        told.append(rows)
        _print(kind, rows)
    everything = np.vstack(told)
    _print("all", everything)
    for radius in np.unique(everything[:, 2]):
        _print(f"r {radius:.0f}", everything[everything[:, 2] == radius])


def _print(name, rows):
    error, sd = rows[:, 0], rows[:, 1]
    size = 100 * np.abs(np.expm1(error))
    print(
        f"{name:7} {len(rows):4d} {np.median(size):7.1f} {np.quantile(size, 0.95):7.1f} "
        f"{np.mean(np.abs(error) < 1.96 * sd):7.0%} {100 * np.median(np.expm1(1.96 * sd)):10.1f} "
        f"{100 * np.quantile(np.expm1(1.96 * sd), 0.9):10.1f}"
    )


if __name__ == "__main__":
    main()
