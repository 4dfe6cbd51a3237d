"""A hand with wrist, seen from the back: 27 bones, sesamoids, radius and ulna.

Lengths and widths are round numbers of an average adult; across is positive towards the thumb.
"""

from dataclasses import replace

import numpy as np

from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.bone import Bone, Joint, Matter
from cctrack.phantom.radiograph.build import fit
from cctrack.phantom.radiograph.flesh import Flesh
from cctrack.phantom.radiograph.growth import open_plates
from cctrack.phantom.radiograph.model import FieldModel, Spot
from cctrack.phantom.radiograph.outline import lump, tube
from cctrack.phantom.radiograph.subject import Anatomy

METACARPALS = (
    ("mc1", 46.0, 14.5, (0.0, 33.0), 40.0),
    ("mc2", 68.0, 15.5, (10.0, 11.5), 11.0),
    ("mc3", 65.0, 14.5, (12.0, 0.0), 1.0),
    ("mc4", 58.0, 12.5, (10.5, -11.0), -9.0),
    ("mc5", 54.0, 12.5, (7.5, -20.5), -19.0),
)
"""Name, length and base width in mm, base relative to the capitate's middle, direction."""

PHALANGES = (
    (("pp1", 31.0, 14.0, -9.0), ("dp1", 23.0, 12.5, -3.0)),
    (("pp2", 40.0, 15.0, 3.0), ("mp2", 24.0, 12.5, 0.0), ("dp2", 17.5, 10.5, 0.0)),
    (("pp3", 44.5, 15.5, 1.0), ("mp3", 28.0, 13.0, 0.0), ("dp3", 18.5, 11.0, 0.0)),
    (("pp4", 41.0, 14.5, -1.0), ("mp4", 27.0, 12.0, 0.0), ("dp4", 18.5, 10.5, 0.0)),
    (("pp5", 33.0, 13.0, -6.0), ("mp5", 19.5, 10.5, 0.0), ("dp5", 16.5, 9.0, 0.0)),
)
"""Name, length and base width in mm, direction relative to the bone before."""

CARPALS = (
    ("scaphoid", (26.0, 13.0), (-14.5, 12.5), 42.0, 5.5),
    ("lunate", (14.5, 15.5), (-17.0, -2.5), 0.0, 6.5),
    ("triquetrum", (15.0, 13.0), (-11.5, -16.5), -35.0, 5.5),
    ("pisiform", (10.5, 9.0), (-10.5, -19.5), 0.0, 4.5),
    ("trapezium", (15.5, 14.5), (-1.5, 25.0), 35.0, 6.0),
    ("trapezoid", (13.0, 12.0), (2.0, 13.5), 15.0, 6.0),
    ("hamate", (20.0, 16.0), (0.5, -13.5), -15.0, 6.5),
)
"""Name, size in mm, place relative to the capitate's middle, direction, half depth in mm."""

METACARPAL_PROFILE = (
    (0.0, 0.55), (0.02, 0.86), (0.07, 0.98), (0.16, 0.86), (0.32, 0.62), (0.5, 0.54), (0.68, 0.6),
    (0.8, 0.8), (0.88, 0.95), (0.94, 0.92), (0.98, 0.66), (1.0, 0.12),
)  # fmt: skip
PROXIMAL_PROFILE = (
    (0.0, 0.66), (0.02, 0.88), (0.07, 1.0), (0.17, 0.86), (0.38, 0.64), (0.6, 0.57), (0.76, 0.6),
    (0.87, 0.72), (0.94, 0.78), (0.985, 0.7), (1.0, 0.56),
)  # fmt: skip
DISTAL_PROFILE = (
    (0.0, 0.66), (0.03, 0.9), (0.1, 1.0), (0.2, 0.84), (0.4, 0.5), (0.58, 0.4), (0.7, 0.44),
    (0.78, 0.6), (0.87, 0.66), (0.95, 0.52), (1.0, 0.14),
)  # fmt: skip
RADIUS_PROFILE = (
    (0.0, 0.44), (0.4, 0.44), (0.62, 0.46), (0.78, 0.58), (0.88, 0.8), (0.94, 0.97), (0.97, 1.0),
    (0.99, 0.96), (1.0, 0.84),
)  # fmt: skip
ULNA_PROFILE = (
    (0.0, 0.68), (0.5, 0.62), (0.8, 0.66), (0.92, 0.86), (0.965, 1.0), (0.985, 0.95), (1.0, 0.55),
)  # fmt: skip

JOINT_GAP_MM = 1.6
"""Clear space between the ends of two finger bones: two layers of cartilage."""

FOREARM_MM = 150.0
"""Length of radius and ulna that is drawn; the film cuts them."""

MIDDLE_MM = 68.0
"""From the wrist to the middle of a film that shows the whole hand."""


def build_hand(anatomy: Anatomy) -> FieldModel:
    """Build a hand at rest."""
    rng = np.random.default_rng((anatomy.seed, 1))
    whole = [*_forearm(rng), *_wrist(rng), *_fingers(rng), *_sesamoids(rng)]
    bones = open_plates(whole, anatomy.age_years, rng)
    model = FieldModel(bones, tuple(_flesh()), tuple(_spots()), fat_mm=1.5, smooth_mm=1.8)
    return fit(model, anatomy)


def _forearm(rng: np.random.Generator) -> list[Bone]:
    at = -MIDDLE_MM - FOREARM_MM
    matter = Matter(depth_ratio=0.75, cortex_shaft_mm=2.2, mesh_end=0.2, mesh_shaft=0.04)
    radius = tube(FOREARM_MM, 31.0, RADIUS_PROFILE, rng)
    # The styloid: the thumb side reaches further than the side towards the ulna.
    far = np.clip((radius[:, 0] / FOREARM_MM - 0.9) / 0.1, 0.0, 1.0)
    radius[:, 0] += far * np.clip(radius[:, 1] * 0.38, -4.0, 7.0)
    ulna = tube(FOREARM_MM, 16.5, ULNA_PROFILE, rng)
    tip = np.clip((ulna[:, 0] / FOREARM_MM - 0.97) / 0.03, 0.0, 1.0)
    ulna[:, 0] += tip * 4.0 * np.exp(-(((ulna[:, 1] + 4.5) / 1.8) ** 2))
    return [
        Bone("radius", radius, Joint("", (at, 2.0), 0.0), matter),
        Bone(
            "ulna", ulna, Joint("radius", (-3.0, -27.0), 1.5), replace(matter, cortex_shaft_mm=1.9)
        ),
    ]


def _wrist(rng: np.random.Generator) -> list[Bone]:
    middle = Joint("radius", (FOREARM_MM + 25.0, -4.0), 0.0, swing_deg=4.0, flex_deg=4.0)
    matter = Matter(cortex_end_mm=0.45, mesh_end=0.2, half_depth_mm=7.0)
    shape = lump((23.0, 14.5), rng, square=3.0, waviness=0.06)
    bones = [Bone("capitate", shape, middle, matter)]
    for name, size, at, angle, half in CARPALS:
        joint = Joint("capitate", at, angle, swing_deg=1.5)
        shape = lump(size, rng, square=2.8, waviness=0.07)
        bones.append(Bone(name, shape, joint, replace(matter, half_depth_mm=half)))
    return bones


def _fingers(rng: np.random.Generator) -> list[Bone]:
    bones = []
    for (name, length, width, at, angle), phalanges in zip(METACARPALS, PHALANGES, strict=True):
        thumb = name == "mc1"
        joint = Joint("capitate", at, angle, 6.0 if thumb else 0.8, 8.0 if thumb else 1.0)
        bow = rng.normal(0.0, 0.4) + (0.8 if name in ("mc4", "mc5") else 0.0)
        outline = tube(length, width, METACARPAL_PROFILE, rng, bow_mm=bow)
        bones.append(Bone(name, outline, joint, Matter(cortex_shaft_mm=1.45, depth_ratio=0.85)))
        bones += _phalanges(name, length, phalanges, rng)
    return bones


def _phalanges(
    parent: str,
    parent_mm: float,
    phalanges: tuple[tuple[str, float, float, float], ...],
    rng: np.random.Generator,
) -> list[Bone]:
    bones = []
    for name, length, width, angle in phalanges:
        last = name.startswith("dp")
        swing = 5.0 if name.startswith("pp") else 2.0
        joint = Joint(parent, (parent_mm + JOINT_GAP_MM, 0.0), angle, swing, 5.0)
        outline = _phalanx(length, width, rng, last=last)
        matter = Matter(cortex_shaft_mm=0.8 if last else 1.2, depth_ratio=0.75)
        bones.append(Bone(name, outline, joint, matter))
        parent, parent_mm = name, length
    return bones


def _phalanx(
    length_mm: float, width_mm: float, rng: np.random.Generator, *, last: bool
) -> FloatArray:
    outline = tube(length_mm, width_mm, DISTAL_PROFILE if last else PROXIMAL_PROFILE, rng)
    share = outline[:, 0] / length_mm
    across = outline[:, 1] / (0.5 * width_mm)
    # A hollow base; a head of two condyles, or a ragged tuft.
    outline[:, 0] += np.where(share < 0.01, 0.9 * (1.0 - across**2), 0.0)
    if last:
        ragged = np.where(share > 0.75, np.sin(9.0 * across + rng.uniform(0, 6)), 0.0)
        outline[:, 0] += 0.35 * ragged
    else:
        outline[:, 0] += np.where(share > 0.99, 0.7 - 0.9 * np.exp(-((across / 0.16) ** 2)), 0.0)
    return outline


def _sesamoids(rng: np.random.Generator) -> list[Bone]:
    matter = Matter(cortex_end_mm=0.5, mesh_end=0.3, half_depth_mm=2.0)
    places = (("mc1", (43.0, -4.5)), ("mc1", (43.5, 4.0)), ("mc5", (51.5, 5.0)))
    return [
        Bone(f"sesamoid{n}", lump((5.0, 3.8), rng), Joint(part, at, 0.0), matter)
        for n, (part, at) in enumerate(places, start=1)
    ]


def _flesh() -> list[Flesh]:
    parts = [
        Flesh("radius", (FOREARM_MM, -8.0), (FOREARM_MM - 45.0, -9.0), 29.0, 31.0, 0.66),
        Flesh("radius", (FOREARM_MM - 45.0, -9.0), (0.0, -9.0), 31.0, 42.0, 0.7),
        Flesh("capitate", (-25.0, -3.0), (10.0, 2.0), 29.0, 26.0, 0.58),
        Flesh("radius", (FOREARM_MM + 18.0, -7.0), (FOREARM_MM - 12.0, -8.0), 29.0, 29.5, 0.62),
        Flesh("mc3", (0.0, -4.0), (34.0, -3.0), 31.0, 34.0, 0.4),
        Flesh("mc1", (-4.0, -9.0), (40.0, -4.0), 20.0, 15.0, 0.85),
        Flesh("mc1", (8.0, -20.0), (34.0, -15.0), 16.0, 10.0, 0.7),
        Flesh("mc5", (-12.0, 1.0), (50.0, -1.0), 18.0, 13.0, 0.85),
    ]
    for (name, length, *_), phalanges in zip(METACARPALS, PHALANGES, strict=True):
        if name != "mc1":
            reach = length + 0.45 * phalanges[0][1]
            parts.append(Flesh(name, (-4.0, 0.0), (reach, 0.0), 14.5, 12.0, 0.95))
        parts += _finger_flesh(phalanges, 1.0 if name != "mc1" else 1.15)
    return parts


def _finger_flesh(
    phalanges: tuple[tuple[str, float, float, float], ...], broad: float
) -> list[Flesh]:
    root, tip = 0.74 * phalanges[0][2] * broad, 0.80 * phalanges[-1][2] * broad
    radii = np.linspace(root, tip, len(phalanges) + 1)
    parts = []
    for (name, length, *_), start, end in zip(phalanges, radii[:-1], radii[1:], strict=True):
        reach = length - (3.2 if name.startswith("dp") else 0.0)
        parts.append(Flesh(name, (0.0, 0.0), (reach, 0.0), float(start), float(end), 0.86))
    return parts


def _spots() -> list[Spot]:
    # Fingertips and finger joints carry most deposits of the hands; the palm and wrist some.
    spots = [Spot("radius", (110.0, FOREARM_MM), 15.0, 22.0, 2.0)]
    for (name, length, width, *_), phalanges in zip(METACARPALS, PHALANGES, strict=True):
        spots.append(Spot(name, (0.5 * length, length), 0.5 * width, 0.73 * width, 1.0))
        for part, long, wide, _ in phalanges:
            tip = part.startswith("dp")
            pulp = 1.5 if tip else 0.0
            weight = 3.0 if tip else 2.0
            spots.append(Spot(part, (0.0, long + pulp), 0.5 * wide, 0.73 * wide, weight))
    return spots
