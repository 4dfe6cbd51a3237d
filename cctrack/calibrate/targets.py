"""Things of known size that were seen in a photo: points, and the rims of round ones."""

from dataclasses import dataclass

import numpy as np

from cctrack.model import FloatArray

RIM_POINTS = 24
"""So many points of a disc's rim are compared with its ellipse: more add nothing to its five
numbers."""


@dataclass(frozen=True, slots=True, eq=False)
class PointTarget:
    """Points at known places of one flat thing: a tag, a sheet of tags, a square, a row of ticks.

    Attributes
    ----------
    points_px : array (n, 2)
        Where they were seen, (row, column).
    own_mm : array (n, 2)
        Where they lie on the thing itself, (row, column) with any origin.
    sd_px : array (n,)
        Standard deviation of a coordinate of each point.
    """

    points_px: FloatArray
    own_mm: FloatArray
    sd_px: FloatArray

    @property
    def centre_px(self) -> FloatArray:
        """Middle of the points."""
        middle: FloatArray = self.points_px.mean(axis=0)
        return middle

    @property
    def size_px(self) -> float:
        """Largest extent in the photo."""
        return float(np.linalg.norm(np.ptp(self.points_px, axis=0)))

    @property
    def px_per_mm(self) -> float:
        """Ratio of what was seen to what it is."""
        own = float(np.linalg.norm(self.own_mm - self.own_mm.mean(axis=0)))
        return float(np.linalg.norm(self.points_px - self.centre_px)) / own

    @property
    def turn(self) -> float:
        """Angle in radians by which it seems turned in the photo."""
        own, seen = self.own_mm - self.own_mm.mean(axis=0), self.points_px - self.centre_px
        across = float(np.sum(own[:, 0] * seen[:, 1] - own[:, 1] * seen[:, 0]))
        return float(np.arctan2(across, float(np.sum(own * seen))))

    def errors_px(self, predicted_px: FloatArray) -> FloatArray:
        """Differences (n, 2) between where a camera puts the points and where they were seen."""
        errors: FloatArray = predicted_px - self.points_px
        return errors


@dataclass(frozen=True, slots=True, eq=False)
class Ellipse:
    """An ellipse in the photo.

    Attributes
    ----------
    centre_px : array (2,)
        (row, column).
    half_axes_px : (float, float)
        Half of the longer and of the shorter axis.
    turn : float
        Angle of the longer axis in radians, from the rows' direction towards the columns'.
    """

    centre_px: FloatArray
    half_axes_px: tuple[float, float]
    turn: float

    def distances_px(self, points_px: FloatArray) -> FloatArray:
        """Signed distances (n,) of points near the rim, positive outside (Sampson 1982)."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        away = (points_px - self.centre_px) @ np.array([[cos, -sin], [sin, cos]])
        squared = np.array(self.half_axes_px) ** 2
        level = np.sum(away**2 / squared, axis=1) - 1
        slope = 2 * np.linalg.norm(away / squared, axis=1)
        distances: FloatArray = level / np.maximum(slope, 1e-9)
        return distances


@dataclass(frozen=True, slots=True, eq=False)
class DiscTarget:
    """The rim of a round thing of known diameter.

    Attributes
    ----------
    ellipse : Ellipse
        As which its rim was seen.
    diameter_mm : float
    rim_sd_px : float
        Standard deviation of the rim's place.
    """

    ellipse: Ellipse
    diameter_mm: float
    rim_sd_px: float

    @property
    def centre_px(self) -> FloatArray:
        """Middle of the ellipse."""
        return self.ellipse.centre_px

    @property
    def own_mm(self) -> FloatArray:
        """Points (n, 2) of the rim around the disc's own centre."""
        angle = 2 * np.pi * np.arange(RIM_POINTS) / RIM_POINTS
        rim: FloatArray = self.diameter_mm / 2 * np.column_stack([np.cos(angle), np.sin(angle)])
        return rim

    @property
    def sd_px(self) -> FloatArray:
        """Standard deviation (n,) of each point of the rim."""
        return np.full(RIM_POINTS, self.rim_sd_px)

    @property
    def size_px(self) -> float:
        """Longer diameter in the photo."""
        return 2 * self.ellipse.half_axes_px[0]

    @property
    def px_per_mm(self) -> float:
        """Ratio of the longer diameter seen to what it is."""
        return self.size_px / self.diameter_mm

    @property
    def turn(self) -> float:
        """A disc has no direction."""
        return 0.0

    def errors_px(self, predicted_px: FloatArray) -> FloatArray:
        """Distances (n, 1) of the rim from the ellipse that was seen."""
        return self.ellipse.distances_px(predicted_px)[:, None]


Target = PointTarget | DiscTarget
