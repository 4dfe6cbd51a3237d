"""How well a length is known at each place of a photo, from the poses that are possible.

The logarithm of mm per px is close to a plane over the photo, so its error is an offset and two
slopes: it grows away from the target, as it does in truth. Poses are drawn around each mode of
the fit, because foreshortening by a tilt that nobody knows is no linear effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cctrack.calibrate.pose import CAMERA, CameraModel, log_lengths
from cctrack.calibrate.targets import Target
from cctrack.model import FloatArray

DRAWS = 240
"""Poses drawn: the SD is then known to 5 % of itself."""

SEED = 20
"""The same draws for the same photo: a measurement is reproducible."""

HEIGHT_MM = 1.0
"""SD of the height of the lesion above or below the target: paper laid on the skin beside it."""

MOST_HEIGHT = 0.02
"""Its largest share of the distance: from very near, as through a dermatoscope, things are pressed
into one plane."""

LENS_SD = 0.01
"""SD of the shift by the lens in a corner of the photo, as a share of the distance from the
centre: phones correct their lenses to about that."""

PLACES = 5
"""Lengths are compared at a grid of so many times so many places of the photo."""

WIDE = (0.15, 0.85)
"""Where they are compared to fit the offset and the slopes: most of the photo, but not its corners,
where a lens does more than a plane can say."""

MIDDLE = (0.25, 0.75)
"""The one number of a photo is the median over its middle, where lesions are."""

WIDEST = 1.0
"""Log-lengths further off than this are no photo of the target; they are cut."""


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """One possible pose.

    Attributes
    ----------
    x : array (k,)
        Numbers of the camera, then the places of the targets.
    covariance : array (k, k)
    weight : float
        Likelihood relative to the best.
    """

    x: FloatArray
    covariance: FloatArray
    weight: float


def length_error(
    modes: Sequence[Mode], chosen: FloatArray, model: CameraModel, targets: Sequence[Target]
) -> FloatArray:
    """Say how far possible poses are from the chosen one, place by place.

    Parameters
    ----------
    modes : sequence of Mode
    chosen : array (k,)
        Pose whose lengths are used.
    model : CameraModel
    targets : sequence of Target
        The lens changes lengths only relative to where these lie.

    Returns
    -------
    array (3, 3)
        Second moments of the (offset, slope per row, slope per column) of a length's logarithm.
    """
    rng = np.random.default_rng(SEED)
    places = _grid(model.shape, WIDE)
    base = log_lengths(model.to_mm(chosen), places)
    drawn = np.array([log_lengths(model.to_mm(x), places) for x in _draw(modes, rng)])
    lens = _lens(places, model, targets)[None] * rng.normal(0, LENS_SD, (len(drawn), 1))
    apart = np.clip(drawn - base, -WIDEST, WIDEST) + lens
    basis = np.column_stack([np.ones(len(places)), places])
    planes = np.linalg.lstsq(basis, apart.T, rcond=None)[0]
    terms: FloatArray = planes @ planes.T / len(drawn)
    terms[0, 0] += min(HEIGHT_MM / model.distance_mm(chosen), MOST_HEIGHT) ** 2
    return terms


def middle_of(shape: tuple[int, int]) -> FloatArray:
    """Places (n, 2) over the middle of the photo, where lesions are."""
    return _grid(shape, MIDDLE)


def _grid(shape: tuple[int, int], between: tuple[float, float]) -> FloatArray:
    """Places (n, 2) at equal steps over a share of the photo."""
    share = np.linspace(*between, PLACES)
    rows, columns = np.meshgrid(share * shape[0], share * shape[1], indexing="ij")
    return np.column_stack([rows.ravel(), columns.ravel()])


def _draw(modes: Sequence[Mode], rng: np.random.Generator) -> FloatArray:
    """Cameras (n, 9) from the mixture of the modes."""
    weights = np.array([mode.weight for mode in modes])
    counts = np.rint(DRAWS * weights / weights.sum()).astype(int)
    drawn = []
    for mode, count in zip(modes, counts, strict=True):
        covariance = mode.covariance[:CAMERA, :CAMERA]
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
        steps = rng.standard_normal((count, CAMERA)) * np.sqrt(np.maximum(values, 0))
        drawn.append(mode.x[:CAMERA] + steps @ vectors.T)
    return np.concatenate(drawn)


def _lens(places: FloatArray, model: CameraModel, targets: Sequence[Target]) -> FloatArray:
    """Change of log-length for a shift of 1 in the corners, relative to the targets.

    A radial shift k r² enlarges area by (1 + k r²)(1 + 3 k r²): log-length changes by 2 k r².
    """
    corner2 = float(np.sum(model.centre_px**2))
    here = np.sum((places - model.centre_px) ** 2, axis=1) / corner2
    seen = np.array([target.centre_px for target in targets])
    there = float(np.mean(np.sum((seen - model.centre_px) ** 2, axis=1))) / corner2
    change: FloatArray = 2 * (here - there)
    return change
