"""Lay one visit's CT on another's: a global rigid motion, then one small rigid patch a deposit."""

import numpy as np
from numpy.typing import NDArray

from cctrack.align.ct.patch import Blocks, compare_blocks, fit_patches
from cctrack.align.ct.rigid import RigidFit
from cctrack.align.ct.volume import apply
from cctrack.align.ct.whole import fit_global, judge_on, refine
from cctrack.align.landmarks import LandmarkPairs, fit_points, split_pairs
from cctrack.errors import AlignmentFailed
from cctrack.model import Alignment, AlignmentModel, Ct, FloatArray, LabelArray, Quality

LEAST_CORRELATION = 0.7
"""Unlike parts of two bodies reach 0.55, a limb laid on itself the wrong way round 0.63."""

SURE_CORRELATION = 0.9
"""Below it the site may be another patient's, or bent: thighs of two people reach 0.83."""

LEAST_AGREEING = 0.5
"""Smallest share of blocks that must show the same anatomy."""

SURE_AGREEING = 0.6
"""Below this share of agreeing blocks someone should look."""

SURE_RESIDUAL_MM = 2.5
"""An articulated limb leaves this much under one rigid motion; more asks for a look."""

LEAST_COVERAGE = 0.2
"""Less of the baseline's body inside the follow-up is no common site."""

SURE_COVERAGE = 0.7
"""Below it lesions are likely cut off at the follow-up."""

LANDMARK_REFINE_MM = 2.0
"""Grid on which a motion from landmarks is refined by the images, jitter of a click and all."""


def align_cts(
    baseline: Ct,
    followup: Ct,
    *,
    baseline_labels: LabelArray | None = None,
    landmarks: LandmarkPairs | None = None,
) -> Alignment:
    """Find where each point of the baseline CT lies in the follow-up CT.

    Parameters
    ----------
    baseline, followup : Ct
        Of one site, any spacing; patient coordinates need not agree.
    baseline_labels : uint16 array (slices, rows, columns) or None
        Deposits of the baseline; each gets its own rigid patch.
    landmarks : pairs of ((slice, row, column), (slice, row, column)) or None
        Matching points in px set by a reader: the start, instead of the automatic search.

    Returns
    -------
    Alignment
        Matrix and patches map baseline indices to follow-up indices. The residual is the median
        shift still left in blocks of anatomy under the global motion; patches remove it at the
        lesions.

    Raises
    ------
    AlignmentFailed
        If the two don't show the same anatomy; the rejected motion is its ``alignment``.
    """
    if landmarks:
        fit = _fit_landmarks(baseline, followup, landmarks)
    else:
        fit = fit_global(baseline, followup)
    blocks = compare_blocks(baseline, followup, fit.matrix)
    quality, reason = _judge(fit, blocks)
    if quality is Quality.FAILED:
        raise AlignmentFailed(
            reason, _alignment((baseline, followup), fit, blocks, (quality, reason))
        )
    patches: dict[int, FloatArray] = {}
    if baseline_labels is not None and baseline_labels.any():
        fitted = fit_patches((baseline, followup), fit.matrix, blocks, baseline_labels)
        patches = {
            lesion: _to_indices((baseline, followup), matrix) for lesion, matrix in fitted.items()
        }
    return _alignment((baseline, followup), fit, blocks, (quality, reason), patches)


def _fit_landmarks(baseline: Ct, followup: Ct, landmarks: LandmarkPairs) -> RigidFit:
    source, target = split_pairs(landmarks)
    if source.shape[1] != 3:
        raise AlignmentFailed("CT landmarks must be (slice, row, column)")
    ours, theirs = apply(baseline.affine, source), apply(followup.affine, target)
    given = judge_on(baseline, followup, fit_points(ours, theirs, AlignmentModel.RIGID))
    refined = refine(baseline, followup, given.matrix, LANDMARK_REFINE_MM)
    moved_mm = np.linalg.norm(apply(refined.matrix, ours) - apply(given.matrix, ours), axis=1)
    # The reader's points lead: a refinement that leaves them has followed something else.
    left_mm = np.linalg.norm(apply(given.matrix, ours) - theirs, axis=1)
    return refined if moved_mm.max() <= 5.0 + left_mm.max() else given


def _judge(fit: RigidFit, blocks: Blocks) -> tuple[Quality, str]:
    agreeing = len(blocks.centres_mm) / max(1, blocks.tried)
    if fit.inside < LEAST_COVERAGE:
        return Quality.FAILED, f"only {fit.inside:.0%} of the baseline lies in the follow-up"
    if fit.correlation < LEAST_CORRELATION or agreeing < LEAST_AGREEING:
        return Quality.FAILED, (
            f"the two scans don't show the same anatomy (correlation {fit.correlation:.2f}, "
            f"{agreeing:.0%} of blocks agree)"
        )
    return _judge_usable(fit, blocks.residual_mm, agreeing)


def _judge_usable(fit: RigidFit, residual_mm: float, agreeing: float) -> tuple[Quality, str]:
    if fit.inside < SURE_COVERAGE:
        return Quality.CHECK, f"only {fit.inside:.0%} of the baseline lies in the follow-up"
    if fit.correlation < SURE_CORRELATION or agreeing < SURE_AGREEING:
        return Quality.CHECK, (
            f"the anatomy agrees only in part (correlation {fit.correlation:.2f}, "
            f"{agreeing:.0%} of blocks agree)"
        )
    if residual_mm > SURE_RESIDUAL_MM:
        return Quality.CHECK, f"{residual_mm:.1f} mm are left: the limb is bent differently"
    return Quality.GOOD, ""


def _alignment(
    cts: tuple[Ct, Ct],
    fit: RigidFit,
    blocks: Blocks,
    verdict: tuple[Quality, str],
    patches: dict[int, NDArray[np.float64]] | None = None,
) -> Alignment:
    px_mm = float(np.prod(cts[1].scale.mean_mm)) ** (1 / 3)
    residual_mm = blocks.residual_mm
    return Alignment(
        AlignmentModel.RIGID,
        _to_indices(cts, fit.matrix),
        verdict[0],
        residual_mm / px_mm,
        residual_mm=residual_mm,
        inliers=len(blocks.centres_mm),
        coverage=fit.inside,
        patches=patches or {},
        reason=verdict[1],
    )


def _to_indices(cts: tuple[Ct, Ct], matrix: FloatArray) -> FloatArray:
    mapped: FloatArray = np.linalg.inv(cts[1].affine) @ matrix @ cts[0].affine
    return mapped
