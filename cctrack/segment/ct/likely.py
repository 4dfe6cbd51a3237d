"""Rate how likely a part of a bone is a deposit: rules first, then trees trained on simulation."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cctrack.model import FloatArray
from cctrack.segment.ct.candidates import LEAST_VOXELS
from cctrack.segment.ct.part import Part, Portrait, describe_inside, describe_outside
from cctrack.segment.trees import Trees, load_trees

MODEL_FILE = "ct_parts.npz"
MODEL_PREFIX = "deposit"

BRIDGE_FILE = "ct_bridges.npz"
BRIDGE_PREFIX = "bridge"

LEAST_ATTACHED_MM3 = 8.0
"""Smaller pieces that come off a bone are shards of its own cortex."""

LARGEST_ATTACHED_MM3 = 8_000.0
"""Larger pieces are bones."""

MOST_HOLLOW = 0.03
"""Share of a part that lies below its level: marrow, which 90 % of bones' pieces show."""

LEAST_PEAK = 3.0
"""Brightest tenth of a part over the calcium threshold (390 HU at 120 kVp): ribs that thick
slices cut obliquely stay below, deposits of 0.3 g/cm³ and more reach it."""

BRIGHTEST = 0.1

INSIDE_LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        # Single layers of voxels.
        "radius_mm": (0.6, math.inf),
        # Shards; plates and nets of calcium have 0.25 to 0.5.
        "compact": (0.25, math.inf),
        # Deposits are as dense in their middle as anywhere, bones are not.
        "core_ratio": (0.85, math.inf),
        # Bones and their ridges are longer.
        "long": (0.0, 4.0),
    }
)
"""Least and most of what a deposit may be in itself: wide enough for plates and nets, between which
and pieces of cortex the trees decide."""

OUTSIDE_LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        # A ball cut in half has 1.8, a plate that lies on bone up to 4.3.
        "neck": (0.0, 5.0),
        "contact": (0.0, 0.3),
        # What bone surrounds on all sides is a bone island or its spongy end, not calcinosis.
        "soft_near": (0.1, math.inf),
    }
)
"""The same for how it hangs on the bone and what is around it."""

BRIDGE_LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {"neck": (0.0, 9.0), "contact": (0.0, 0.65), "soft_near": (0.1, math.inf)}
)
"""The same between two bones, which hold it from both sides."""


def portray(
    part: Part,
    spacing_mm: FloatArray,
    threshold_hu: float,
    outside_limits: Mapping[str, tuple[float, float]] = OUTSIDE_LIMITS,
) -> Portrait | None:
    """Describe a part by numbers; None where a rule says that it is no deposit.

    Parameters
    ----------
    part : Part
    spacing_mm : array (3,)
    threshold_hu : float
        The calcium threshold.
    outside_limits : mapping
        `OUTSIDE_LIMITS`, or `BRIDGE_LIMITS` for what lies between bones.
    """
    if not _is_worth_a_look(part, spacing_mm, threshold_hu):
        return None
    inside = describe_inside(part, spacing_mm, threshold_hu)
    if not _within(inside, INSIDE_LIMITS):
        return None
    outside = describe_outside(part, inside, spacing_mm, threshold_hu)
    if not _within(outside, outside_limits):
        return None
    return inside | outside


def _is_worth_a_look(part: Part, spacing_mm: FloatArray, threshold_hu: float) -> bool:
    """Whether size, marrow and brightness allow a deposit: cheap to see, and most parts fail."""
    filled = part.filled
    count = np.count_nonzero(filled)
    volume_mm3 = count * float(np.prod(spacing_mm))
    if count < LEAST_VOXELS or not LEAST_ATTACHED_MM3 <= volume_mm3 <= LARGEST_ATTACHED_MM3:
        return False
    if np.count_nonzero(filled & part.above[part.box]) < (1.0 - MOST_HOLLOW) * count:
        return False
    bright = part.hu[part.box][filled] >= LEAST_PEAK * threshold_hu
    return bool(np.count_nonzero(bright) >= BRIGHTEST * count)


def _within(portrait: Portrait, limits: Mapping[str, tuple[float, float]]) -> bool:
    return all(low <= portrait[name] <= high for name, (low, high) in limits.items())


@dataclass(frozen=True, slots=True, eq=False)
class Judges:
    """The trees that `rate` asks.

    Attributes
    ----------
    parts : Trees
        Of what hangs on a bone by a neck.
    bridges : Trees
        Of what lies between the bones of a joint.
    """

    parts: Trees
    bridges: Trees


def load_judges() -> Judges:
    """Load the trees that `rate` asks."""
    return Judges(
        load_trees(MODEL_FILE, MODEL_PREFIX),
        load_trees(BRIDGE_FILE, BRIDGE_PREFIX),
    )


def rate(portraits: list[Portrait], judge: Trees) -> list[float]:
    """Rate parts: the chance that each is a deposit, 0 to 1, on the simulator's mixture.

    Parameters
    ----------
    portraits : list of dict of str to float
        From `portray`.
    judge : Trees
    """
    if not portraits:
        return []
    planes = {
        name: np.array([portrait[name] for portrait in portraits], np.float32)
        for name in judge.names
    }
    odds = judge.log_odds(planes).astype(np.float64)
    return [float(chance) for chance in 1.0 / (1.0 + np.exp(-odds))]
