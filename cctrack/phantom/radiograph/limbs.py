"""Forearm with elbow, and knee, both seen from the front."""

import numpy as np

from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.bone import Bone, Joint, Matter
from cctrack.phantom.radiograph.build import fit
from cctrack.phantom.radiograph.flesh import Flesh
from cctrack.phantom.radiograph.model import FieldModel, Spot
from cctrack.phantom.radiograph.outline import lump, tube
from cctrack.phantom.radiograph.subject import Anatomy

HUMERUS_PROFILE = (
    (0.0, 0.38), (0.5, 0.38), (0.68, 0.46), (0.82, 0.74), (0.9, 1.0), (0.95, 0.96), (0.985, 0.8),
    (1.0, 0.62),
)  # fmt: skip
ULNA_PROFILE = (
    (0.0, 0.5), (0.015, 0.86), (0.06, 0.96), (0.12, 1.0), (0.18, 0.78), (0.4, 0.58), (1.0, 0.48),
)  # fmt: skip
RADIUS_PROFILE = (
    (0.0, 0.88), (0.01, 0.98), (0.045, 1.0), (0.085, 0.62), (0.14, 0.66), (0.18, 0.78),
    (0.24, 0.62), (0.5, 0.66), (1.0, 0.72),
)  # fmt: skip
FEMUR_PROFILE = (
    (0.0, 0.66), (0.015, 0.88), (0.06, 1.0), (0.14, 0.98), (0.24, 0.74), (0.36, 0.48), (0.6, 0.39),
    (1.0, 0.39),
)  # fmt: skip
TIBIA_PROFILE = (
    (0.0, 0.88), (0.012, 0.98), (0.05, 1.0), (0.11, 0.9), (0.22, 0.58), (0.42, 0.4), (1.0, 0.37),
)  # fmt: skip
FIBULA_PROFILE = (
    (0.0, 0.4), (0.03, 0.9), (0.09, 1.0), (0.18, 0.68), (0.4, 0.55), (1.0, 0.55),
)  # fmt: skip

LIMB_PATCH_MM = 0.15
"""Pixel of a long bone's maps: a little finer than the film."""


def build_forearm(anatomy: Anatomy) -> FieldModel:
    """Build a forearm with elbow: the hand points up the film."""
    rng = np.random.default_rng((anatomy.seed, 1))
    humerus = tube(150.0, 60.0, HUMERUS_PROFILE, rng)
    # The trochlea and the capitellum with a groove between them.
    near = np.clip((humerus[:, 0] - 140.0) / 10.0, 0.0, 1.0)
    humerus[:, 0] -= near * 3.0 * np.exp(-(((humerus[:, 1] - 4.0) / 4.0) ** 2))
    shaft = Matter(0.62, 0.5, 3.6, 0.2, 0.05)
    thin = Matter(0.9, 0.5, 2.6, 0.2, 0.05)
    bones = (
        Bone("humerus", humerus, Joint("", (-215.0, -4.0), 0.0), shaft, LIMB_PATCH_MM),
        _ulna(rng, thin),
        Bone(
            "radius",
            tube(240.0, 22.0, RADIUS_PROFILE, rng, bow_mm=5.0),
            Joint("ulna", (24.0, 21.0), -0.5, 1.5, 1.5),
            thin,
            LIMB_PATCH_MM,
        ),
    )
    flesh = (
        Flesh("humerus", (0.0, 0.0), (140.0, 0.0), 48.0, 43.0, 0.9),
        Flesh("ulna", (10.0, 10.0), (90.0, 13.0), 44.0, 47.0, 0.8),
        Flesh("ulna", (90.0, 13.0), (270.0, 15.0), 47.0, 33.0, 0.8),
    )
    spots = (
        Spot("ulna", (-8.0, 40.0), 13.0, 38.0, 4.0),
        Spot("ulna", (40.0, 190.0), 8.0, 30.0, 2.0, 2.0),
        Spot("radius", (0.0, 150.0), 9.0, 18.0, 1.0),
        Spot("humerus", (70.0, 145.0), 22.0, 38.0, 2.0),
    )
    return fit(FieldModel(bones, flesh, spots, fat_mm=5.0), anatomy)


def _ulna(rng: np.random.Generator, matter: Matter) -> Bone:
    outline = tube(270.0, 25.0, ULNA_PROFILE, rng, bow_mm=-3.0)
    joint = Joint("humerus", (128.0, -6.0), 6.0, swing_deg=2.5, flex_deg=3.0)
    return Bone("ulna", outline, joint, matter, LIMB_PATCH_MM)


def build_knee(anatomy: Anatomy) -> FieldModel:
    """Build a knee: the thigh points up the film."""
    rng = np.random.default_rng((anatomy.seed, 1))
    matter = Matter(0.75, 0.7, 5.0, 0.16, 0.03, grain_mm=0.3)
    femur = Bone("femur", _femur(rng), Joint("", (3.0, 0.0), 3.0), matter, LIMB_PATCH_MM)
    down = Joint("femur", (-3.0, 0.0), 176.0, swing_deg=1.5, flex_deg=3.0)
    tibia = Bone("tibia", _tibia(rng), down, matter, LIMB_PATCH_MM)
    fibula = Bone(
        "fibula",
        tube(180.0, 24.0, FIBULA_PROFILE, rng, bow_mm=-2.0),
        Joint("tibia", (12.0, -38.0), -1.0),
        Matter(0.9, 0.6, 2.8, 0.16, 0.04),
        LIMB_PATCH_MM,
    )
    cap = Matter(cortex_end_mm=0.8, mesh_end=0.16, half_depth_mm=10.0, grain_mm=0.3)
    patella = Bone(
        "patella", lump((44.0, 45.0), rng), Joint("femur", (30.0, 3.0), 0.0, 2.0), cap, 0.15
    )
    flesh = (
        Flesh("femur", (0.0, 0.0), (60.0, 0.0), 60.0, 64.0, 0.95),
        Flesh("femur", (60.0, 0.0), (200.0, 0.0), 64.0, 84.0, 0.95),
        Flesh("tibia", (0.0, -3.0), (50.0, -3.0), 60.0, 56.0, 0.95),
        Flesh("tibia", (50.0, -3.0), (200.0, -5.0), 56.0, 60.0, 0.95),
    )
    spots = (
        Spot("femur", (0.0, 110.0), 30.0, 54.0, 3.0),
        Spot("tibia", (0.0, 110.0), 30.0, 50.0, 3.0),
        Spot("patella", (-20.0, 20.0), 20.0, 50.0, 2.0),
    )
    return fit(FieldModel((femur, tibia, fibula, patella), flesh, spots, fat_mm=9.0), anatomy)


def _femur(rng: np.random.Generator) -> FloatArray:
    outline = tube(210.0, 82.0, FEMUR_PROFILE, rng)
    # Between the condyles the notch reaches 16 mm up.
    near = np.clip(1.0 - outline[:, 0] / 4.0, 0.0, 1.0)
    outline[:, 0] += near * 16.0 * np.exp(-((outline[:, 1] / 9.0) ** 4))
    return outline


def _tibia(rng: np.random.Generator) -> FloatArray:
    outline = tube(200.0, 77.0, TIBIA_PROFILE, rng)
    # Two spines stand up between the plateaus.
    near = np.clip(1.0 - outline[:, 0] / 4.0, 0.0, 1.0)
    for middle_mm, height_mm in ((5.0, 7.0), (-6.0, 5.5)):
        spine = height_mm * np.exp(-(((outline[:, 1] - middle_mm) / 3.5) ** 2))
        outline[:, 0] -= near * spine
    return outline
