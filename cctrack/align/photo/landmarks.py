"""Align two photos by a reader's landmarks, and let the skin between them say the rest."""

from dataclasses import replace

import numpy as np

from cctrack.align.landmarks import LandmarkPairs, apply_matrix, fit_landmarks, split_pairs
from cctrack.align.photo.describe import Photos, describe, in_mm, px_per_unit
from cctrack.align.photo.fit import Fit, Fitter
from cctrack.align.photo.flat import FlatPair
from cctrack.align.photo.judge import LEAST_BLOCKS, LEAST_SHARE
from cctrack.errors import AlignmentFailed
from cctrack.model import Alignment, FloatArray, Quality

REFINED_MM = 2.5
"""A refinement is believed while it leaves the landmarks within this (median): readers set the
same spot again within half a mm, but skin bends."""

DOUBTFUL_MM = 2.0
"""A landmark this far from where the transform puts it: look at it."""

LARGEST_MM = {True: 6.0, False: 12.0}
"""A landmark this far off is another spot: two were swapped, or one was set on a look-alike. Where
no scale lays the photos flat, the tilt of the camera adds to it."""

CHECKED_PAIRS = 4
"""Fewer pairs than this leave nothing over that could contradict a similarity."""


def align_by_landmarks(photos: Photos, pair: FlatPair, landmarks: LandmarkPairs) -> Alignment:
    """Align two photos by landmarks in px, refined on the skin where it agrees.

    Raises
    ------
    AlignmentFailed
        If there are too few landmarks, they lie on one point or line, or contradict each other.
    """
    source_px, target_px = split_pairs(landmarks)
    source = apply_matrix(pair.baseline.from_px, source_px)
    target = apply_matrix(pair.followup.from_px, target_px)
    by_hand = fit_landmarks(list(zip(source.tolist(), target.tolist(), strict=True)))
    _refuse_contradiction(by_hand.residuals_px, pair)
    fit = _refined(pair, by_hand.matrix, (source, target))
    if fit is None:
        nothing = np.zeros(0)
        fit = Fit(by_hand.matrix, None, np.zeros((0, 2)), 0, nothing.astype(bool), nothing)
    alignment = describe(photos, pair, fit)
    left = np.linalg.norm(alignment.transform(source_px) - target_px, axis=1)
    quality, reason = _verdict(left / px_per_unit(pair, photos[1]), refined=bool(len(fit.agrees)))
    return replace(
        alignment,
        quality=quality,
        reason=reason,
        residual_px=float(np.median(left)),
        residual_mm=in_mm(float(np.median(left)), photos[1]),
        inliers=max(len(landmarks), alignment.inliers),
        landmark_residuals_px=tuple(left.tolist()),
    )


def _refuse_contradiction(left: FloatArray, pair: FlatPair) -> None:
    worst = int(np.argmax(left))
    if left[worst] * pair.unit_mm > LARGEST_MM[pair.scaled]:
        length = f"{left[worst] * pair.unit_mm:.0f} mm" if pair.scaled else "far"
        raise AlignmentFailed(f"landmark {worst + 1} lies {length} from where the others put it")


def _refined(
    pair: FlatPair, by_hand: FloatArray, landmarks: tuple[FloatArray, FloatArray]
) -> Fit | None:
    """Refine on the skin; None where too little of it agrees, or it leaves the landmarks."""
    fitter = Fitter(pair)
    near = [motion for motion, _ in fitter.approach([by_hand])]
    fits = [fitter.settle(motion) for motion in (by_hand, *near)]
    fit = max(fits, key=lambda item: item.share)
    apart = np.linalg.norm(fit.carry(landmarks[0]) - landmarks[1], axis=1)
    if np.median(apart) * pair.unit_mm > REFINED_MM or fit.share < LEAST_SHARE:
        return None
    return fit if fit.agrees.sum() >= LEAST_BLOCKS else None


def _verdict(left_mm: FloatArray, *, refined: bool) -> tuple[Quality, str]:
    if not refined and len(left_mm) < CHECKED_PAIRS:
        return Quality.CHECK, f"{len(left_mm)} landmarks alone: look at the overlay"
    worst = int(np.argmax(left_mm))
    if left_mm[worst] > DOUBTFUL_MM:
        return Quality.CHECK, f"landmark {worst + 1} does not fit the others: look at the overlay"
    return Quality.GOOD, ""
