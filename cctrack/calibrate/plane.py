"""Fit the plane of one or several tags by a camera, and say how well a length on it is known.

A free homography of one small tag runs wild beyond the tag. A camera with square pixels, whose
focal length and principal point are only roughly known, has fewer ways to be wrong: it is fitted
to all corners together, by least squares with those rough values as weak prior knowledge.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from cctrack._cv2 import cv2
from cctrack.model import FloatArray, PlaneHomography, ScaleSource

FOCAL_PRIOR = 1.1
"""Focal length as a share of the image's longer side: phones about 0.75, compact cameras and
macro lenses up to 3; the prior's width of a factor 1.6 holds them all within two SDs."""

FOCAL_LOG_SD = 0.5

CENTRE_SD = 0.1
"""How far the optical axis may pass from the image's centre, as a share of its longer side:
cropping moves it."""

CORNER_FLOOR_PX = 0.15
"""Corner error left when the sides look perfect: found by simulation (sides of 35 to 150 px,
blur 0.8 px), 0.02–0.1 px."""

PRINT_SD = 0.005
"""A printer's feed and a caliper's reading: 0.06 mm on 12 mm."""

HEIGHT_SD = 0.01
"""A tag that lies 3 mm above or below the lesion at 300 mm makes lengths 1 % wrong."""

BEND_PX = 0.5
"""Corners further than this from one plane, or 1 % of a side, betray a bent or second plane."""

BEND_SHARE = 0.01

AMBIGUOUS_COST = 12.0
"""Two poses of one small tag whose chi-squares differ by less are both possible; their
difference becomes part of the error."""

PLACES = 5
"""The error is judged at a grid of so many times so many places over the middle of the image."""

CAMERA = 9
"""Parameters of the camera: turn (3), shift (3), log focal length, principal point (2)."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenTag:
    """Corners of one tag in the image and on its sheet.

    Attributes
    ----------
    corners_px : array (4, 2)
        (row, column) in px.
    corners_mm : array (4, 2)
        On the common sheet, or of a tag on its own with one corner at the origin.
    sd_px : float
        Standard deviation of a corner's coordinate.
    """

    corners_px: FloatArray
    corners_mm: FloatArray
    sd_px: float


@dataclass(frozen=True, slots=True, eq=False)
class PlaneFit:
    """A fitted plane.

    Attributes
    ----------
    scale : PlaneHomography
    misfit_px : float
        Largest distance of a corner from where the plane puts it.
    bent : bool
        Whether the misfit is more than corners can err: not one plane, or a wrong size.
    """

    scale: PlaneHomography
    misfit_px: float
    bent: bool


def fit_plane(tags: Sequence[SeenTag], shape: tuple[int, int], *, one_sheet: bool) -> PlaneFit:
    """Fit one plane to all corners of all tags.

    Parameters
    ----------
    tags : sequence of SeenTag
        At least one.
    shape : tuple of int
        Rows and columns of the image.
    one_sheet : bool
        True when ``corners_mm`` share one sheet; False when each tag lies anywhere on the plane.
    """
    ordered = sorted(tags, key=lambda tag: -_side(tag.corners_px))
    problem = _Problem(tuple(ordered), shape, one_sheet)
    results = [least_squares(problem.residuals, start, method="lm") for start in problem.starts()]
    results.sort(key=lambda result: result.cost)
    best = results[0]
    matrix = problem.matrix(best.x)
    relative_sd = np.hypot(problem.length_sd(best), PRINT_SD + HEIGHT_SD)
    if len(results) > 1 and 2 * (results[1].cost - best.cost) < AMBIGUOUS_COST:
        other = problem.log_lengths(results[1].x) - problem.log_lengths(best.x)
        relative_sd = np.hypot(relative_sd, float(np.sqrt(np.mean(other**2) / 2)))
    tilt_deg = float(np.rad2deg(np.arccos(min(1.0, abs(_rotation(best.x)[2, 2])))))
    scale = PlaneHomography(matrix, shape, ScaleSource.MARKER, float(relative_sd), tilt_deg)
    return PlaneFit(scale, *problem.misfit(best.x))


class _Problem:
    """The least-squares problem: parameters in, standardised corner errors and priors out."""

    def __init__(self, tags: tuple[SeenTag, ...], shape: tuple[int, int], one_sheet: bool) -> None:
        self.tags = tags
        self.shape = shape
        self.free = not one_sheet
        self.long_px = float(max(shape))
        self.centre = (np.array(shape, dtype=np.float64) - 1) / 2
        self.seen = np.vstack([tag.corners_px for tag in tags])
        noise = [np.hypot(tag.sd_px, CORNER_FLOOR_PX) for tag in tags]
        self.noise_px = np.repeat(noise, 4)[:, None]

    def starts(self) -> list[FloatArray]:
        """Poses that the closed solution of a planar target allows: one or two."""
        focal = FOCAL_PRIOR * self.long_px
        intrinsic = np.array([[focal, 0, self.centre[0]], [0, focal, self.centre[1]], [0, 0, 1.0]])
        first = self.tags[:1] if self.free else self.tags
        world = np.vstack([tag.corners_mm for tag in first])
        world = np.column_stack([world, np.zeros(len(world))])
        seen = np.vstack([tag.corners_px for tag in first])
        _, turns, shifts, _ = cv2.solvePnPGeneric(
            world, seen, intrinsic, None, flags=cv2.SOLVEPNP_IPPE
        )
        return [
            self._with_places(np.concatenate([turn.ravel(), shift.ravel(), [0, 0, 0]]))
            for turn, shift in zip(turns, shifts, strict=True)
        ]

    def _with_places(self, camera: FloatArray) -> FloatArray:
        """Add where the other tags lie on the plane of the first."""
        if not self.free:
            return camera
        to_mm = self.matrix(camera)
        places = [_place(tag.corners_mm, _map(to_mm, tag.corners_px)) for tag in self.tags[1:]]
        return np.concatenate([camera, *places]) if places else camera

    def _projection(self, x: FloatArray) -> FloatArray:
        """Homography from the plane in mm to the image in px, both (row, column)."""
        focal = FOCAL_PRIOR * self.long_px * np.exp(x[6] * FOCAL_LOG_SD)
        centre = self.centre + x[7:9] * CENTRE_SD * self.long_px
        intrinsic = np.array([[focal, 0, centre[0]], [0, focal, centre[1]], [0, 0, 1.0]])
        rotation = _rotation(x)
        projection: FloatArray = intrinsic @ np.column_stack(
            [rotation[:, 0], rotation[:, 1], x[3:6]]
        )
        return projection

    def matrix(self, x: FloatArray) -> FloatArray:
        """Homography from px to mm."""
        inverse = np.linalg.inv(self._projection(x))
        return np.asarray(inverse / inverse[2, 2], dtype=np.float64)

    def _errors_px(self, x: FloatArray) -> FloatArray:
        sheet = [self.tags[0].corners_mm]
        for k, tag in enumerate(self.tags[1:]):
            own = tag.corners_mm
            sheet.append(_put(own, x[CAMERA + 3 * k :][:3]) if self.free else own)
        return _map(self._projection(x), np.vstack(sheet)) - self.seen

    def residuals(self, x: FloatArray) -> FloatArray:
        """Corner errors in SDs, then the priors in SDs."""
        return np.concatenate([(self._errors_px(x) / self.noise_px).ravel(), x[6:9]])

    def misfit(self, x: FloatArray) -> tuple[float, bool]:
        """Largest corner error in px, and whether it is more than corners can err."""
        errors = np.linalg.norm(self._errors_px(x), axis=1)
        sides = np.repeat([_side(tag.corners_px) for tag in self.tags], 4)
        allowed = BEND_PX + BEND_SHARE * sides + 3 * self.noise_px.ravel()
        return float(errors.max()), bool(np.any(errors > allowed))

    def log_lengths(self, x: FloatArray) -> FloatArray:
        """Logarithm of mm per px at places over the middle of the image."""
        matrix = self.matrix(x)
        share = np.linspace(0.25, 0.75, PLACES)
        rows, columns = np.meshgrid(share * self.shape[0], share * self.shape[1])
        weight = matrix[2, 0] * rows + matrix[2, 1] * columns + matrix[2, 2]
        area = abs(np.linalg.det(matrix)) / np.abs(weight) ** 3
        logs: FloatArray = np.log(area).ravel() / 2
        return logs

    def length_sd(self, result: "object") -> float:
        """Median over those places of the relative SD of a length."""
        x: FloatArray = result.x  # type: ignore[attr-defined]
        jacobian: FloatArray = result.jac  # type: ignore[attr-defined]
        excess = max(1.0, float(2 * result.cost) / max(1, len(jacobian) - len(x)))  # type: ignore[attr-defined]
        covariance = np.linalg.pinv(jacobian.T @ jacobian) * excess
        step = 1e-6 * np.maximum(1.0, np.abs(x))
        base = self.log_lengths(x)
        slopes = np.array(
            [(self.log_lengths(x + unit) - base) / unit.sum() for unit in np.diag(step)]
        )
        variances = np.einsum("ip,ij,jp->p", slopes, covariance, slopes)
        return float(np.sqrt(np.median(variances)))


def _rotation(x: FloatArray) -> FloatArray:
    return np.asarray(cv2.Rodrigues(x[:3].copy())[0], dtype=np.float64)


def _side(corners: FloatArray) -> float:
    gaps = corners - np.roll(corners, -1, axis=0)
    return float(np.linalg.norm(gaps, axis=1).mean())


def _map(matrix: FloatArray, points: FloatArray) -> FloatArray:
    mapped = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    places: FloatArray = mapped[:, :2] / mapped[:, 2:]
    return places


def _put(own_mm: FloatArray, place: FloatArray) -> FloatArray:
    """Turn a tag by an angle and shift it on the plane; place: (row, column, angle)."""
    cos, sin = np.cos(place[2]), np.sin(place[2])
    turned: FloatArray = own_mm @ np.array([[cos, sin], [-sin, cos]]) + place[:2]
    return turned


def _place(own_mm: FloatArray, lies_mm: FloatArray) -> FloatArray:
    """Shift and angle that bring a tag closest to where it seems to lie."""
    own, lies = own_mm - own_mm.mean(axis=0), lies_mm - lies_mm.mean(axis=0)
    turned = np.sum(own[:, 0] * lies[:, 1] - own[:, 1] * lies[:, 0])
    angle = float(np.arctan2(turned, np.sum(own * lies)))
    shift = lies_mm.mean(axis=0) - _put(own_mm.mean(axis=0)[None], np.array([0, 0, angle]))[0]
    return np.array([*shift, angle])
