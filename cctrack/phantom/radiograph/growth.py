"""Open growth plates: what a child's hand shows instead of grown-together bones."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cctrack.phantom.radiograph.bone import Bone, Joint, Matter
from cctrack.phantom.radiograph.outline import lump

CLOSED_YEARS = 17.0
"""From here on all growth plates of the hand are taken as closed."""

FIRST_SEEN_YEARS = {
    "capitate": 0.3, "hamate": 0.3, "triquetrum": 2.5, "lunate": 4.0, "scaphoid": 5.0,
    "trapezium": 5.0, "trapezoid": 5.0, "pisiform": 9.0, "sesamoid": 12.0,
}  # fmt: skip
"""Usual age at which a wrist bone is first seen on film, years; rounded textbook values."""

FULL_SHAPE_YEARS = 12.0
"""From here on a wrist bone fills its place."""

PLATE_MM = 1.4
"""Width of an open growth plate on film."""


def open_plates(
    bones: Sequence[Bone], age_years: float, rng: np.random.Generator
) -> tuple[Bone, ...]:
    """Part the bones of an adult hand as they are at an age, and leave out what is not yet seen."""
    if age_years >= CLOSED_YEARS:
        return tuple(bones)
    grown: list[Bone] = []
    for bone in bones:
        grown.extend(_young(bone, age_years, rng))
    return tuple(grown)


def _young(bone: Bone, age_years: float, rng: np.random.Generator) -> Iterator[Bone]:
    first = FIRST_SEEN_YEARS.get(bone.name.rstrip("0123456789"))
    if first is not None:
        # The frame stays even where nothing is seen yet: other bones hang on it.
        yield _budding(bone, (age_years - first) / (FULL_SHAPE_YEARS - min(first, 10.0)))
        return
    at_head = bone.name in ("radius", "ulna", "mc2", "mc3", "mc4", "mc5")
    yield from _parted(bone, age_years, rng, at_head=at_head)


def _budding(bone: Bone, maturity: float) -> Bone:
    share = float(np.clip(0.35 + 0.65 * maturity, 0.35, 1.0)) if maturity > 0 else 0.02
    half = bone.matter.half_depth_mm * share
    return replace(
        bone, outline_mm=bone.outline_mm * share, matter=replace(bone.matter, half_depth_mm=half)
    )


def _parted(
    bone: Bone, age_years: float, rng: np.random.Generator, *, at_head: bool
) -> Iterator[Bone]:
    along, length = bone.outline_mm[:, 0], bone.length_mm
    maturity = float(np.clip(age_years / CLOSED_YEARS, 0.0, 1.0))
    wide = float(
        np.ptp(bone.outline_mm[along > 0.5 * length if at_head else along < 0.5 * length, 1])
    )
    thick = 0.24 * wide
    cut = length - thick if at_head else thick
    shaft = bone.outline_mm.copy()
    shaft[:, 0] = (
        np.minimum(along, cut - PLATE_MM) if at_head else np.maximum(along, cut + PLATE_MM)
    )
    yield replace(bone, outline_mm=shaft)
    size = (0.9 * thick, wide * (0.35 + 0.6 * maturity))
    if maturity < 0.08:
        return
    centre = cut + 0.45 * thick if at_head else cut - 0.45 * thick
    outline = lump(size, rng, square=2.6, waviness=0.04)
    matter = Matter(cortex_end_mm=0.35, mesh_end=0.24, half_depth_mm=0.32 * wide)
    joint = Joint(bone.name, (centre, 0.0), 0.0)
    yield Bone(f"{bone.name}_epiphysis", outline, joint, matter)
