"""A hip with the pelvis around it, seen from the front."""

import numpy as np

from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.attenuation import Material
from cctrack.phantom.radiograph.bone import Bone, Joint, Matter
from cctrack.phantom.radiograph.build import fit
from cctrack.phantom.radiograph.flesh import Flesh
from cctrack.phantom.radiograph.model import FieldModel, Organ, Spot
from cctrack.phantom.radiograph.outline import lump, polygon, ribbon
from cctrack.phantom.radiograph.subject import Anatomy
from cctrack.phantom.radiograph.torso import (
    FLAT,
    ROOT,
    THIN,
    TRUNK_PATCH_MM,
    VERTEBRA,
    on_trunk,
    root_bone,
    vertebra,
)

UPPER_FEMUR = Matter(
    0.9, 0.9, 5.5, 0.1, 0.02, half_depth_mm=14.0, grain_mm=0.4, shaft_below_mm=-40.0
)
"""The upper femur as one flat body whose shell thickens towards the shaft."""

FEMORAL_HEAD = Matter(cortex_end_mm=0.7, mesh_end=0.06, half_depth_mm=20.0, grain_mm=0.4)

FEMUR_CORNERS = (
    (20.0, -16.0), (22.0, 10.0), (20.0, 24.0), (10.0, 34.0), (4.0, 44.0), (16.0, 54.0),
    (14.0, 68.0), (-10.0, 73.0), (-34.0, 64.0), (-60.0, 59.0), (-260.0, 52.0), (-260.0, 24.0),
    (-80.0, 25.0), (-58.0, 16.0), (-46.0, 17.0), (-36.0, 19.0), (-26.0, 14.0), (-16.0, 0.0),
    (-12.0, -14.0),
)  # fmt: skip
"""Neck, trochanters and shaft around the middle of the femoral head, (along, across) mm."""

ILIUM_CORNERS = (
    (12.0, -40.0), (30.0, -41.0), (60.0, -52.0), (92.0, -80.0), (128.0, -72.0), (148.0, -40.0),
    (154.0, -5.0), (148.0, 34.0), (128.0, 58.0), (104.0, 64.0), (84.0, 52.0), (64.0, 50.0),
    (46.0, 46.0), (32.0, 38.0), (29.0, 10.0), (6.0, -8.0), (-26.0, -16.0), (-30.0, -36.0),
    (-8.0, -44.0),
)  # fmt: skip

PELVIC_RING = (
    (24.0, -24.0, 26.0), (10.0, -46.0, 17.0), (-4.0, -72.0, 15.0), (-14.0, -96.0, 18.0),
    (-36.0, -106.0, 20.0), (-52.0, -88.0, 15.0), (-64.0, -66.0, 20.0), (-68.0, -46.0, 27.0),
    (-44.0, -34.0, 26.0), (-12.0, -30.0, 23.0), (16.0, -28.0, 28.0),
)  # fmt: skip
"""Pubis and ischium round the obturator foramen: (along, across, width) mm."""

SACRUM_CORNERS = (
    (92.0, -146.0), (94.0, -88.0), (72.0, -76.0), (34.0, -92.0), (-6.0, -108.0), (-12.0, -118.0),
    (-6.0, -128.0), (34.0, -142.0),
)  # fmt: skip

MIDLINE_MM = -117.0
"""Where the body's middle lies from the femoral head."""

BOWEL_GAS = (
    (1.0, (72.0, -66.0)), (1.3, (40.0, -140.0)), (0.8, (112.0, -52.0)), (0.9, (5.0, -112.0)),
)  # fmt: skip
"""Relative size and middle of gas bubbles: dark traps over bone."""


def build_hip(anatomy: Anatomy) -> FieldModel:
    """Build one hip and the near half of the pelvis around the femoral head."""
    rng = np.random.default_rng((anatomy.seed, 1))
    bones = (*_pelvis(), *_femur(rng), *_spine(rng))
    flesh = (
        Flesh(ROOT, (220.0, MIDLINE_MM), (20.0, MIDLINE_MM), 198.0, 212.0, 0.44),
        Flesh(ROOT, (10.0, -20.0), (-50.0, -10.0), 100.0, 96.0, 0.9),
        Flesh("femur", (-40.0, 20.0), (-280.0, 30.0), 92.0, 78.0, 1.0),
    )
    spots = (
        Spot("femur", (-30.0, 20.0), 26.0, 60.0, 4.0, 46.0),
        Spot("femur", (-160.0, -50.0), 17.0, 55.0, 2.0, 38.0),
        Spot(ROOT, (-80.0, -20.0), 16.0, 60.0, 1.0, -44.0),
    )
    return fit(FieldModel(bones, flesh, spots, 14.0, _gas(rng)), anatomy)


def _pelvis() -> list[Bone]:
    ilium = polygon(ILIUM_CORNERS)
    path = [(along, across) for along, across, _ in PELVIC_RING]
    ring = ribbon(path, [width for *_, width in PELVIC_RING])
    socket = [(30.0 * np.cos(a), 30.0 * np.sin(a)) for a in np.linspace(-1.3, 1.25, 9)]
    return [
        root_bone(ilium, FLAT, (0.0, 35.0)),
        on_trunk("pubis", ring, FLAT),
        on_trunk("acetabulum", ribbon(socket, [5.0] * len(socket)), THIN),
        on_trunk("sacrum", polygon(SACRUM_CORNERS), FLAT),
        on_trunk("other_ilium", _mirror(ilium), FLAT),
        on_trunk("other_pubis", _mirror(ring), FLAT),
    ]


def _femur(rng: np.random.Generator) -> list[Bone]:
    moves = Joint(ROOT, (0.0, 0.0), 0.0, swing_deg=3.0, flex_deg=3.0)
    head = lump((50.0, 50.0), rng, square=2.0, waviness=0.01)
    still = Joint("femur", (0.0, 0.0), 0.0)
    return [
        Bone("femur", polygon(FEMUR_CORNERS), moves, UPPER_FEMUR, TRUNK_PATCH_MM),
        Bone("head", head, still, FEMORAL_HEAD, TRUNK_PATCH_MM),
    ]


def _spine(rng: np.random.Generator) -> list[Bone]:
    return [
        on_trunk(
            f"lumbar{5 - number}",
            vertebra((112.0 + 36.0 * number, MIDLINE_MM), 48.0, rng),
            VERTEBRA,
        )
        for number in range(3)
    ]


def _gas(rng: np.random.Generator) -> tuple[Organ, ...]:
    bubbles = []
    for size, at in BOWEL_GAS:
        outline = lump((28.0 * size, 36.0 * size), rng, waviness=0.12) + np.array(at)
        bubbles.append(Organ(ROOT, outline, 9.0 * size, Material.AIR))
    return tuple(bubbles)


def _mirror(outline_mm: FloatArray) -> FloatArray:
    # The other side of the body.
    mirrored: FloatArray = np.array([0.0, 2.0 * MIDLINE_MM]) + outline_mm * [1.0, -1.0]
    return mirrored
