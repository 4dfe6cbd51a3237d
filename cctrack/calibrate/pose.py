"""A camera over a plane: the numbers that describe it, and what is known of them beforehand.

A free homography of one small tag runs wild beyond the tag. A camera with square pixels, whose
focal length, optical axis and tilt are only roughly known, has fewer ways to be wrong: it is
fitted to all targets together, with those rough values as weak prior knowledge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cctrack.calibrate.targets import DiscTarget, Target
from cctrack.model import FloatArray

FOCAL_PRIOR = 1.1
"""Focal length as a share of the image's longer side: phones about 0.75, compact cameras and
macro lenses up to 3; the prior's width of a factor 1.6 holds them all within two SDs."""

FOCAL_LOG_SD = 0.5

CENTRE_SD = 0.05
"""How far the optical axis may pass from the image's centre, as a share of its longer side:
cropping moves it."""

TILT_SD = 0.28
"""SD of each component of the plane's normal across the optical axis: 16 degrees, as held by
hand (tilts up to 40 degrees have a root mean square of 23, two components together). It decides
only where the targets do not, as with one ruler."""

START_TILT_DEG = 25.0
"""Fits start from so much tilt in four directions: a small flat target is seen almost alike from
two sides, and both answers must be known."""

CAMERA = 9
"""Numbers of the camera: tilt (2) after a turn in the plane (1), where it sees the middle of the
first target in px (2), log mm per px there along that target, log focal length, optical axis (2).
Said so, what a target leaves open changes few of the numbers: one row of ticks knows the length
along it whatever its tilt."""

PRIORS = 6
"""Standardised prior errors: log focal length, optical axis (2), turn, normal (2)."""

TURN_SD = {True: 0.01, False: 1.0}
"""SD of the turn about the one seen, for discs, which have none, and for all else, which know
theirs."""


NO_TILT = 1e-6
"""Radians below which a tilt is none: its sine is then the tilt itself to the last digit."""


@dataclass(frozen=True, slots=True, eq=False)
class CameraModel:
    """The camera as a function of its numbers ``x``.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns of the photo.
    pivot_mm : array (2,)
        Middle of the first target on the plane.
    along : array (2,)
        Unit vector of its longest extent on the plane.
    turn : (float, float)
        Turn of the first target as seen, and SD of the prior about it.
    log_focal : float
        Centre of the prior of the logarithm of the focal length, in SDs from `FOCAL_PRIOR`.
    log_focal_sd : float
        Its width, in the same SDs.
    """

    shape: tuple[int, int]
    pivot_mm: FloatArray
    along: FloatArray
    turn: tuple[float, float]
    log_focal: float = 0.0
    log_focal_sd: float = 1.0

    @property
    def long_px(self) -> float:
        """Longer side of the photo."""
        return float(max(self.shape))

    @property
    def centre_px(self) -> FloatArray:
        """Middle of the photo."""
        return (np.array(self.shape, dtype=np.float64) - 1) / 2

    def focal_px(self, x: FloatArray) -> float:
        """Focal length in px."""
        return float(FOCAL_PRIOR * self.long_px * np.exp(x[6] * FOCAL_LOG_SD))

    def axis_px(self, x: FloatArray) -> FloatArray:
        """Where (2,) the optical axis passes through the photo."""
        axis: FloatArray = self.centre_px + x[7:9] * CENTRE_SD * self.long_px
        return axis

    def projection(self, x: FloatArray) -> FloatArray:
        """Homography (3, 3) from the plane in mm to the photo in px, both (row, column)."""
        focal = self.focal_px(x)
        centre = self.axis_px(x)
        rotation = rotation_of(x)
        ray = np.array([*((x[3:5] - centre) / focal), 1.0])
        across = rotation[:, :2] @ self.along
        stretch = math.hypot(*(across[:2] - ray[:2] * across[2]))
        matrix = rotation.copy()
        matrix[:, 2] = ray * (focal * stretch * np.exp(x[5])) - rotation[:, :2] @ self.pivot_mm
        matrix[:2] = focal * matrix[:2] + centre[:, None] * matrix[2]
        return matrix

    def distance_mm(self, x: FloatArray) -> float:
        """Distance of the first target along the optical axis, to the SD of the focal length."""
        return self.focal_px(x) * float(np.exp(x[5]))

    def to_mm(self, x: FloatArray) -> FloatArray:
        """Homography (3, 3) from px to mm."""
        inverse = np.linalg.inv(self.projection(x))
        return np.asarray(inverse / inverse[2, 2], dtype=np.float64)

    def prior_errors(self, x: FloatArray) -> FloatArray:
        """How far (`PRIORS`,) the numbers are from what is usual, in SDs."""
        focal = (x[6] - self.log_focal) / self.log_focal_sd
        turn = (x[2] - self.turn[0]) / self.turn[1]
        return np.array([focal, x[7], x[8], turn, *(rotation_of(x)[:2, 2] / TILT_SD)])

    @classmethod
    def over(cls, first: Target, shape: tuple[int, int]) -> "CameraModel":
        """Camera that sees a target in a photo of that shape."""
        middle: FloatArray = first.own_mm.mean(axis=0)
        along = np.linalg.svd(first.own_mm - middle, full_matrices=False)[2][0]
        return cls(shape, middle, along, (first.turn, TURN_SD[isinstance(first, DiscTarget)]))

    def starts(self, targets: Sequence[Target]) -> list[FloatArray]:
        """Poses to begin a fit from."""
        first = targets[0]
        directions = first.turn + np.pi * (np.arange(4) / 2 + 1 / 8)
        cameras = [self._tilted(first, float(direction)) for direction in directions]
        return [self._with_places(camera, targets[1:]) for camera in cameras]

    def _tilted(self, first: Target, direction: float) -> FloatArray:
        tilt = np.deg2rad(START_TILT_DEG) * np.array([np.cos(direction), np.sin(direction)])
        scale = -np.log(first.px_per_mm)
        return np.array([*tilt, first.turn, *first.centre_px, scale, 0.0, 0.0, 0.0])

    def _with_places(self, camera: FloatArray, others: Sequence[Target]) -> FloatArray:
        """Add where the other targets lie on the plane of the first: (row, column, angle) each."""
        to_mm = self.to_mm(camera)
        reference = float(camera[2])
        places = [
            np.array([*mapped(to_mm, other.centre_px[None])[0], other.turn - reference])
            for other in others
        ]
        return np.concatenate([camera, *places]) if places else camera


def rotation_of(x: FloatArray) -> FloatArray:
    """Rotation (3, 3) of a pose: a turn in the plane, then a tilt about an axis in the photo."""
    down, right = float(x[0]), float(x[1])
    tilt = math.hypot(down, right)
    # Rodrigues' formula, with the limits of its two factors where there is no tilt.
    sine = np.sin(tilt) / tilt if tilt > NO_TILT else 1.0
    versine = (1 - np.cos(tilt)) / (tilt * tilt) if tilt > NO_TILT else 0.5
    rows = (
        (1 - versine * right * right, versine * down * right, sine * right),
        (versine * down * right, 1 - versine * down * down, -sine * down),
        (-sine * right, sine * down, np.cos(tilt)),
    )
    cos, sin = np.cos(x[2]), np.sin(x[2])
    return np.array([(a * cos + b * sin, b * cos - a * sin, c) for a, b, c in rows])


def mapped(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Map points (n, 2) by a homography (3, 3)."""
    homogeneous = points @ matrix[:, :2].T + matrix[:, 2]
    places: FloatArray = homogeneous[:, :2] / homogeneous[:, 2:]
    return places


def put(own_mm: FloatArray, place: FloatArray) -> FloatArray:
    """Turn a thing about its middle and lay that at a place of the plane: (row, column, angle)."""
    cos, sin = np.cos(place[2]), np.sin(place[2])
    about = own_mm - own_mm.mean(axis=0)
    laid: FloatArray = about @ np.array([[cos, sin], [-sin, cos]]) + place[:2]
    return laid


def log_lengths(to_mm: FloatArray, places_px: FloatArray) -> FloatArray:
    """Logarithm of mm per px at places (n, 2): half of that of mm² per px²."""
    weight = np.maximum(np.abs(places_px @ to_mm[2, :2] + to_mm[2, 2]), 1e-9)
    logs: FloatArray = np.log(abs(np.linalg.det(to_mm)) / weight**3) / 2
    return logs
