"""Ribs, vertebrae and lungs in the frame of the trunk, for shoulder and chest.

The frame's origin lies in the middle of the chest; along points to the head, across to the
patient's left, which is the right side of the film.
"""

from collections.abc import Iterable

import numpy as np

from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.bone import Bone, Joint, Matter
from cctrack.phantom.radiograph.outline import lump, polygon, ribbon

TRUNK_PATCH_MM = 0.3
"""Pixel of the large bones of the trunk."""

ROOT = "root"
"""Name of the first bone of a trunk; its frame is the trunk's."""

FLAT = Matter(cortex_end_mm=0.5, mesh_end=0.14, half_depth_mm=8.0, grain_mm=0.45)
THIN = Matter(cortex_end_mm=0.7, mesh_end=0.1, half_depth_mm=2.5, grain_mm=0.5)
RIB = Matter(cortex_end_mm=0.7, mesh_end=0.1, half_depth_mm=4.0, grain_mm=0.5)
VERTEBRA = Matter(cortex_end_mm=0.8, mesh_end=0.1, half_depth_mm=15.0, grain_mm=0.45)

RIB_HALF_MM = (58.0, 86.0, 104.0, 114.0, 121.0, 126.0, 130.0, 132.0, 131.0, 127.0)
"""Half the width of the chest at each rib, first to tenth."""

RIGHT_LUNG = (
    (150, -40), (138, -76), (90, -112), (0, -130), (-80, -135), (-134, -137), (-104, -100),
    (-84, -66), (-92, -38), (-50, -36), (0, -24), (60, -18), (125, -18),
)  # fmt: skip
LEFT_LUNG = (
    (150, 40), (138, 76), (90, 112), (0, 130), (-80, 135), (-140, 137), (-110, 108),
    (-96, 90), (-70, 86), (-30, 56), (20, 34), (60, 32), (125, 18),
)  # fmt: skip
"""Lungs as (along, across) mm; the left one leaves room for the heart."""


def on_trunk(name: str, outline_mm: FloatArray, matter: Matter) -> Bone:
    """Make a bone whose outline is given in the frame of the trunk."""
    return Bone(name, outline_mm, Joint(ROOT, (0.0, 0.0), 0.0), matter, TRUNK_PATCH_MM)


def root_bone(outline_mm: FloatArray, matter: Matter, at_mm: tuple[float, float]) -> Bone:
    """Make the trunk's first bone, with the trunk's origin at a place on the film."""
    return Bone(ROOT, outline_mm, Joint("", at_mm, 0.0), matter, TRUNK_PATCH_MM)


def vertebra(
    centre_mm: tuple[float, float], width_mm: float, rng: np.random.Generator
) -> FloatArray:
    """Outline a vertebral body."""
    shape = lump((0.62 * width_mm, width_mm), rng, square=4.0, waviness=0.02)
    placed: FloatArray = shape + np.array(centre_mm)
    return placed


def ribs(numbers: Iterable[int], sides: tuple[float, ...]) -> list[Bone]:
    """Draw ribs, 1 to 10, of the sides -1 (patient's right) and 1."""
    return [
        on_trunk(f"rib{number}_{'right' if side < 0 else 'left'}", _rib(number, side), RIB)
        for number in numbers
        for side in sides
    ]


def lung(side: float) -> FloatArray:
    """Outline a lung of side -1 (patient's right) or 1."""
    corners = RIGHT_LUNG if side < 0 else LEFT_LUNG
    return polygon([(float(row), float(column)) for row, column in corners])


def _rib(number: int, side: float) -> FloatArray:
    # From the spine outwards and a little up, round the flank, then forward and down.
    share = np.linspace(0.0, 1.0, 12)
    half = RIB_HALF_MM[number - 1] + 6.0
    across = half * np.sin(np.pi * (0.07 + (0.62 + 0.02 * number) * share))
    start = 142.0 - 22.0 * number
    drop = (38.0 + 9.0 * number) * share**1.4
    along = start + 9.0 * np.sin(1.3 * np.pi * share) - drop
    path = [(float(a), float(side * c)) for a, c in zip(along, across, strict=True)]
    return ribbon(path, np.linspace(9.0, 13.0, len(path)).tolist())
