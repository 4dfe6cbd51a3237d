"""Which lesion became which: one to one first, then what merged and what fell apart.

Overlap graphs lose lesions when the alignment is a few mm off, and one-to-one assignment alone
loses merges and splits. So lesions are first paired one to one inside a gate; each one left over
then joins a neighbouring pair if the joint shape resembles the other visit's better than the pair
alone did. Shapes are compared centre on centre, so a residual misalignment does not matter. Where
many lesions were paired, what they are all off by is taken out and they are paired once more.
"""

from collections.abc import Sequence

import numpy as np

from cctrack.compare.deposit import Deposit, distances, find_deposits, likeness, moved, shared
from cctrack.model import Event, FloatArray, LabelArray, LesionGroup

ALONE = 0.7
"""Cost of leaving one lesion without a partner; a pair costs 0 to 2, so one above 1.4 is none.

Without such a limit a merger next to a split was paired crosswise, because four pairs of far
neighbours are more than two pairs of near ones. 0.5 to 0.8 do equally well in simulation.
"""

MIN_AGREEING = 5
"""Pairs from which on their median shift is what the alignment is off by, and not their growth."""

CLOSE = 1 / 3
"""Share of the gate that counts as near once the shift common to all lesions is taken out.

With it, deposits of half the usual size and distance are followed as well as larger ones: F1 of
mergers and splits on simulated scenes is 1.00 instead of 0.84 to 0.94.
"""

COVERED = 0.2
"""Share of a lesion left over that lies on another visit's lesion and makes it a part of that one,
whatever the shapes: where alignments err by less than its size, so much is no chance. Of 66 halves
of simulated lesions on skin (seeds 9100-9233) four lay on the whole by 0.05 to 0.13, one by 0.22,
the others by 0.3 to 1."""

MOST_LEFT, COVERED_BESIDE = 0.65, 0.05
"""Where a pair by itself would have shrunk below this share of the larger outline, that much of a
lone lesion on it is enough: what lies beside the rest of a lesion was a part of it. As they are
summed, a part too many changes no total."""

BENT = 1 / 2
"""Share of the gate within which what is then left alone on both sides may still be one lesion."""

FORBIDDEN = 1e6
"""Cost of a pair beyond the gate: more than all other costs together."""

Joined = tuple[list[int], list[int]]
"""Indices of the baseline's and the follow-up's deposits in one group."""


def match_lesions(
    baseline_labels: LabelArray,
    followup_labels: LabelArray,
    *,
    gate_px: float,
    spacing: Sequence[float] | None = None,
) -> tuple[LesionGroup, ...]:
    """Find which lesions of two visits are the same.

    Parameters
    ----------
    baseline_labels, followup_labels : array (…), the same shape, 2D or 3D
        Both on the follow-up's grid.
    gate_px : float
        Largest distance between the borders of one lesion at two visits, in px (in the unit of
        ``spacing`` where that is given): what the alignment may be off by.
    spacing : sequence of float or None
        Size of a pixel along each axis, for grids that are not square.

    Returns
    -------
    tuple of LesionGroup
        Every lesion of either visit in exactly one group, ordered by baseline id; events are
        persisted, merged, split, resolved and new.

    Raises
    ------
    ValueError
        If the shapes differ or the gate is negative.
    """
    if baseline_labels.shape != followup_labels.shape:
        raise ValueError("both label images must lie on the follow-up's grid")
    if not gate_px >= 0:
        raise ValueError(f"the gate must not be negative: {gate_px}")
    size = tuple(spacing) if spacing is not None else (1.0,) * followup_labels.ndim
    before, after = find_deposits(baseline_labels, size), find_deposits(followup_labels, size)
    return match_deposits(before, after, gate_px, size)


def match_deposits(
    before: Sequence[Deposit], after: Sequence[Deposit], gate: float, spacing: Sequence[float]
) -> tuple[LesionGroup, ...]:
    """Find which deposits of two visits are the same; as `match_lesions`, by their labels.

    Parameters
    ----------
    before, after : sequence of Deposit
        On one grid.
    gate : float
        In the unit of ``spacing``.
    spacing : sequence of float
        Size of a pixel along each axis.
    """
    gaps = distances(before, after, gate)
    groups = _pair_up(before, after, gaps, gate)
    drift = _find_drift(groups, before, after)
    if drift is None:
        return _as_lesion_groups(_attach(groups, before, after, gaps), before, after)
    before = [moved(deposit, drift, spacing) for deposit in before]
    gaps = distances(before, after, gate)
    groups = _pair_up(before, after, gaps, gate * CLOSE)
    groups = _attach(groups, before, after, gaps)
    groups = _pair_rest(groups, before, after, gaps, gate * BENT)
    return _as_lesion_groups(groups, before, after)


def _find_drift(
    groups: Sequence[Joined], before: Sequence[Deposit], after: Sequence[Deposit]
) -> FloatArray | None:
    """Return what the alignment is off by; None where too few pairs tell."""
    steps = [
        after[others[0]].centre - before[ones[0]].centre
        for ones, others in groups
        if ones and others
    ]
    if len(steps) < MIN_AGREEING:
        return None
    drift: FloatArray = np.median(steps, axis=0)
    return drift


def _pair_rest(
    groups: list[Joined],
    before: Sequence[Deposit],
    after: Sequence[Deposit],
    gaps: FloatArray,
    gate: float,
) -> list[Joined]:
    """Pair what is still alone on both sides, such as on a finger that is bent differently."""
    lost = [ones[0] for ones, others in groups if not others]
    found = [others[0] for ones, others in groups if not ones]
    rest = gaps[np.ix_(lost, found)]
    rest = np.where(rest <= gate, rest, np.inf)
    paired = _pair_up([before[i] for i in lost], [after[j] for j in found], rest, gate)
    kept = [group for group in groups if group[0] and group[1]]
    return kept + [([lost[i] for i in ones], [found[j] for j in others]) for ones, others in paired]


def _pair_up(
    before: Sequence[Deposit], after: Sequence[Deposit], gaps: FloatArray, gate: float
) -> list[Joined]:
    """Pair one to one: the least total distance of borders and centres inside the gate."""
    cost = np.full(gaps.shape, np.inf)
    for i, j in np.argwhere(np.isfinite(gaps)):
        apart = float(np.linalg.norm(before[i].centre - after[j].centre))
        reach = gate + before[i].radius + after[j].radius
        cost[i, j] = gaps[i, j] / max(gate, 1e-9) + apart / reach
    return _assign(cost)


def _assign(cost: FloatArray) -> list[Joined]:
    """Solve the assignment where leaving two lesions alone costs more than a likely pair."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = cost.shape
    square = np.full((rows + columns, rows + columns), FORBIDDEN)
    square[:rows, :columns] = np.where(np.isfinite(cost), cost, FORBIDDEN)
    square[np.arange(rows), columns + np.arange(rows)] = ALONE
    square[rows + np.arange(columns), np.arange(columns)] = ALONE
    square[rows:, columns:] = 0.0
    found: list[tuple[int, int]] = [
        (int(i), int(j)) for i, j in zip(*linear_sum_assignment(square), strict=True)
    ]
    taken = {i: j for i, j in found if i < rows and j < columns}
    groups: list[Joined] = [([i], [taken[i]] if i in taken else []) for i in range(rows)]
    return groups + [([], [j]) for j in range(columns) if j not in taken.values()]


def _attach(
    groups: list[Joined], before: Sequence[Deposit], after: Sequence[Deposit], gaps: FloatArray
) -> list[Joined]:
    """Let what is left alone join the pair that it makes more alike."""
    pairs: list[Joined] = [group for group in groups if group[0] and group[1]]
    alone = [group for group in groups if not (group[0] and group[1])]
    left: list[Joined] = []
    for ones, others in alone:
        near = [
            pair
            for pair in pairs
            if any(np.isfinite(gaps[i, j]) for i in ones or pair[0] for j in others or pair[1])
        ]
        gains = [_gain(pair, (ones, others), before, after) for pair in near]
        covers = [
            _covered(pair, (ones, others), before, after)
            / _needed(pair, (ones, others), before, after)
            for pair in near
        ]
        if covers and max(covers) >= 1.0:
            gains = covers
        if gains and max(gains) > 0:
            pair = near[int(np.argmax(gains))]
            pair[0].extend(ones)
            pair[1].extend(others)
        else:
            left.append((ones, others))
    return pairs + left


def _covered(
    pair: Joined, alone: Joined, before: Sequence[Deposit], after: Sequence[Deposit]
) -> float:
    """Share of a lone lesion that lies on the other visit's lesions of a pair."""
    if alone[0]:
        lone, others = before[alone[0][0]], [after[j] for j in pair[1]]
    else:
        lone, others = after[alone[1][0]], [before[i] for i in pair[0]]
    return sum(shared(lone, other) for other in others) / len(lone.points)


def _needed(
    pair: Joined, alone: Joined, before: Sequence[Deposit], after: Sequence[Deposit]
) -> float:
    """Share of a lone lesion on the other visit's lesions of a pair that makes it a part."""
    earlier = sum(len(before[i].points) for i in pair[0])
    later = sum(len(after[j].points) for j in pair[1])
    left, whole = (earlier, later) if alone[0] else (later, earlier)
    return COVERED_BESIDE if left < MOST_LEFT * whole else COVERED


def _gain(
    pair: Joined, alone: Joined, before: Sequence[Deposit], after: Sequence[Deposit]
) -> float:
    """How much more alike the two visits are when a lone lesion is counted to a pair."""
    apart = likeness([before[i] for i in pair[0]], [after[j] for j in pair[1]])
    joined = likeness(
        [before[i] for i in pair[0] + alone[0]], [after[j] for j in pair[1] + alone[1]]
    )
    return joined - apart


def _as_lesion_groups(
    groups: list[Joined], before: Sequence[Deposit], after: Sequence[Deposit]
) -> tuple[LesionGroup, ...]:
    named = [
        LesionGroup(
            tuple(sorted(before[i].label for i in ones)),
            tuple(sorted(after[j].label for j in others)),
            event_of(len(ones), len(others)),
        )
        for ones, others in groups
    ]
    return tuple(
        sorted(named, key=lambda group: (not group.baseline, group.baseline, group.followup))
    )


def event_of(before: int, after: int) -> Event:
    """Say what so many outlines that became so many others have done."""
    if before == 0:
        return Event.NEW
    if after == 0:
        return Event.RESOLVED
    if before == after:
        return Event.PERSISTED
    return Event.SPLIT if after > before else Event.MERGED
