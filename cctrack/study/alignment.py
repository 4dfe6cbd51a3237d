"""An alignment as it is written to alignment.json, also when it failed."""

from cctrack.model import Bend, Quality
from cctrack.study.pair import PairResult


def alignment_record(pair: PairResult, baseline_id: str, followup_id: str) -> dict[str, object]:
    """Return the contents of alignment.json for one pair.

    ``matrix`` maps homogeneous baseline indices (row, column, 1) or (slice, row, column, 1) to
    follow-up indices; it is null when there was no transform at all. ``bend`` adds a shift (row,
    column) in follow-up px to it, linear between nodes spread evenly over the baseline.
    """
    found = pair.alignment
    return {
        "model": found.model if found else None,
        "matrix": found.matrix.tolist() if found else None,
        "residual_mm": found.residual_mm if found else None,
        "residual_px": found.residual_px if found else None,
        "inliers": found.inliers if found else 0,
        "coverage": found.coverage if found else 0.0,
        "quality": found.quality if found else Quality.FAILED,
        "reason": found.reason if found else pair.total.reason,
        "patches": {str(key): value.tolist() for key, value in found.patches.items()}
        if found
        else {},
        "bend": _bend(found.bend) if found and found.bend else None,
        "landmark_residuals_px": list(found.landmark_residuals_px) if found else [],
        "baseline": baseline_id,
        "followup": followup_id,
    }


def _bend(bend: Bend) -> dict[str, object]:
    """Hundredths of a px are far below what skin allows."""
    return {"shape": list(bend.shape), "shifts_px": bend.shifts_px.round(2).tolist()}
