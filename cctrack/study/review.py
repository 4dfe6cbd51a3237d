"""Replay a reader's review of a CT: candidates moved to another class, then outlined anew.

What is said about one series::

    {"moves": [{"candidate": 3, "is": "bone"}, {"candidate": [40, 212, 160], "is": "deposit"}]}

A candidate is named by its number in ``candidates.csv`` or by a voxel in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.model import Because, Ct, Method, Outline
from cctrack.segment.ct import Candidates, Kind, find_candidates, outline_candidates, reclassify
from cctrack.segment.ct.table import describe_candidates, with_depths
from cctrack.study.reader import Said, list_of, require_keys
from cctrack.study.strokes import lesion_at, require_proposal

CANDIDATE_COLUMNS = (
    "label",
    "class",
    "score",
    "volume_mm3",
    "depth_mm",
    "x_mm",
    "y_mm",
    "z_mm",
    "slice",
    "row",
    "column",
)
"""Columns of candidates.csv: the centroid in patient mm (DICOM LPS), and as a voxel."""


@dataclass(frozen=True, slots=True, eq=False)
class Reviewed:
    """A CT's outline and the candidates it was chosen from."""

    outline: Outline
    candidates: Candidates


def review_ct(ct: Ct, said: Said | None, roi: NDArray[np.bool_] | None = None) -> Reviewed:
    """Outline a CT from its candidates, as a reader classed them.

    Parameters
    ----------
    ct : Ct
    said : mapping or None
        As in this module's description; None leaves every candidate where it is.
    roi : bool array (slices, rows, columns) or None
        Deposits with less than half of their voxels in it are left out, unless a reader moved
        them.

    Raises
    ------
    UnreadableImage
        If a move cannot be read, or names no candidate or no class.
    """
    found = find_candidates(ct)
    candidates = found if roi is None else _within(found, roi)
    if said is None:
        return Reviewed(with_depths(outline_candidates(candidates, ct), ct), candidates)
    try:
        for move in _moves_of(said, candidates):
            candidates = _moved(candidates, move)
    except ValueError as error:
        raise UnreadableImage(Because.NOT_OUTLINED, f"review: {error}") from None
    outline = with_depths(outline_candidates(candidates, ct), ct)
    # Who looked through the candidates has decided what is a deposit.
    reader = replace(outline, method=Method.READER, selection_log_sd=0.0, doubt=0.0)
    return Reviewed(reader, candidates)


def candidate_rows(candidates: Candidates, ct: Ct) -> list[Mapping[str, object]]:
    """Describe every candidate as a row of candidates.csv."""
    return [
        dict(
            zip(
                CANDIDATE_COLUMNS,
                (
                    item.label,
                    item.verdict.kind,
                    round(item.verdict.score, 3),
                    round(item.volume_mm3, 2),
                    None if item.depth_mm is None else round(item.depth_mm, 1),
                    *(round(value, 1) for value in item.centroid_mm),
                    *item.voxel,
                ),
                strict=True,
            )
        )
        for item in describe_candidates(candidates, ct)
    ]


def _moves_of(said: Said, candidates: Candidates) -> list[Said]:
    require_keys(said, ("moves", "proposal"), "a review")
    require_proposal(said, candidates.labels, "the candidates")
    return list_of(said, "moves")


def _moved(candidates: Candidates, move: object) -> Candidates:
    said = require_keys(move, ("candidate", "is"), "a move")
    kinds = [str(kind) for kind in Kind]
    if said.get("is") not in kinds:
        raise ValueError(f'"is" must be one of {", ".join(kinds)}')
    return reclassify(
        candidates, lesion_at(candidates.labels, said.get("candidate")), Kind(said["is"])
    )


def _within(candidates: Candidates, roi: NDArray[np.bool_]) -> Candidates:
    """Class deposits that lie mostly outside the region as elsewhere."""
    sizes = np.bincount(candidates.labels.ravel())
    inside = np.bincount(candidates.labels[roi], minlength=len(sizes))
    for label, verdict in candidates.verdicts.items():
        known = label < len(sizes) and 2 * inside[label] > sizes[label]
        if verdict.kind is Kind.DEPOSIT and not known:
            elsewhere = replace(verdict, kind=Kind.ELSEWHERE)
            verdicts = {**candidates.verdicts, label: elsewhere}
            candidates = replace(candidates, verdicts=verdicts)
    return candidates
