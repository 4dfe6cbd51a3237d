"""Shoulder and chest, seen from the front."""

import numpy as np

from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.attenuation import Material
from cctrack.phantom.radiograph.bone import Bone, Joint, Matter
from cctrack.phantom.radiograph.build import fit
from cctrack.phantom.radiograph.flesh import Flesh
from cctrack.phantom.radiograph.model import FieldModel, Organ, Spot
from cctrack.phantom.radiograph.outline import lump, polygon, ribbon, tube
from cctrack.phantom.radiograph.subject import Anatomy
from cctrack.phantom.radiograph.torso import (
    RIB,
    ROOT,
    THIN,
    VERTEBRA,
    lung,
    on_trunk,
    ribs,
    root_bone,
    vertebra,
)

SCAPULA_CORNERS = (
    (18.0, -2.0), (20.0, -12.0), (26.0, -20.0), (30.0, -60.0), (10.0, -74.0), (-60.0, -66.0),
    (-115.0, -46.0), (-95.0, -34.0), (-40.0, -16.0), (-18.0, -6.0), (-14.0, 2.0),
)  # fmt: skip
"""Blade of the left scapula around the middle of its socket."""

HUMERUS_PROFILE = (
    (0.0, 0.34), (0.025, 0.7), (0.09, 1.0), (0.17, 0.98), (0.26, 0.74), (0.4, 0.5), (1.0, 0.45),
)  # fmt: skip


def build_shoulder(anatomy: Anatomy) -> FieldModel:
    """Build a left shoulder around its socket; the trunk lies on the left side of the film."""
    rng = np.random.default_rng((anatomy.seed, 1))
    acromion = polygon(
        ((26, -30), (36, -12), (38, 14), (30, 26), (20, 18), (22, -6), (14, -28)), smooth=3
    )
    hangs = Joint(ROOT, (22.0, 20.0), 174.0, swing_deg=4.0, flex_deg=4.0)
    shaft = Matter(0.85, 0.8, 4.6, 0.13, 0.03, grain_mm=0.4)
    humerus = tube(230.0, 50.0, HUMERUS_PROFILE, rng, bow_mm=-3.0)
    clavicle = ((26.0, 10.0), (40.0, -30.0), (46.0, -80.0), (28.0, -150.0))
    chest = np.array([-95.0, -170.0])
    bones = [
        root_bone(polygon(SCAPULA_CORNERS), THIN, (40.0, 20.0)),
        Bone("humerus", humerus, hangs, shaft, 0.2),
        on_trunk("clavicle", ribbon(clavicle, [17.0, 13.0, 13.0, 22.0]), RIB),
        on_trunk("acromion", acromion, THIN),
        on_trunk("coracoid", lump((16.0, 22.0), rng) + np.array([6.0, -32.0]), RIB),
        on_trunk("rim", ribbon(((20.0, -3.0), (2.0, -6.0), (-16.0, -2.0)), [6.0, 7.0, 6.0]), RIB),
    ]
    for rib in ribs(range(1, 9), (1.0,)):
        bones.append(on_trunk(rib.name, rib.outline_mm + chest, RIB))
    flesh = (
        Flesh(ROOT, (10.0, -170.0), (-260.0, -170.0), 120.0, 150.0, 0.7),
        Flesh(ROOT, (6.0, -50.0), (-60.0, -40.0), 58.0, 66.0, 0.9),
        Flesh(ROOT, (4.0, 8.0), (-10.0, 14.0), 56.0, 56.0, 1.0),
        Flesh(ROOT, (24.0, 0.0), (34.0, -150.0), 40.0, 60.0, 0.9),
        Flesh("humerus", (20.0, 0.0), (230.0, 0.0), 56.0, 46.0, 0.95),
        Flesh(ROOT, (170.0, -190.0), (20.0, -150.0), 58.0, 90.0, 0.9),
    )
    spots = (
        Spot("humerus", (-10.0, 60.0), 24.0, 48.0, 3.0),
        Spot("humerus", (60.0, 190.0), 12.0, 40.0, 2.0),
        Spot(ROOT, (-60.0, 30.0), 20.0, 45.0, 2.0, -40.0),
    )
    organs = (Organ(ROOT, lung(1.0) + chest, 62.0, Material.LUNG, 40.0),)
    return fit(FieldModel(tuple(bones), flesh, spots, 10.0, organs), anatomy)


def build_chest(anatomy: Anatomy) -> FieldModel:
    """Build a chest: ribs, spine, clavicles, scapulae, lungs, heart and diaphragm."""
    rng = np.random.default_rng((anatomy.seed, 1))
    bones = [root_bone(vertebra((0.0, 0.0), 32.0, rng), VERTEBRA, (-10.0, 0.0))]
    for number in range(-8, 9):
        if number:
            width = 32.0 - 0.9 * number
            shape = vertebra((23.0 * number, 0.0), width, rng)
            bones.append(on_trunk(f"vertebra{8 - number}", shape, VERTEBRA))
    bones += ribs(range(1, 11), (-1.0, 1.0))
    for name, side in (("right", -1.0), ("left", 1.0)):
        bones += _girdle(name, side)
    flesh = (
        Flesh(ROOT, (40.0, 0.0), (-220.0, 0.0), 172.0, 176.0, 0.58),
        Flesh(ROOT, (230.0, 0.0), (120.0, 0.0), 56.0, 76.0, 1.0),
        *(
            Flesh(ROOT, (122.0, side * 60.0), (92.0, side * 175.0), 50.0, 62.0, 0.85)
            for side in (-1.0, 1.0)
        ),
    )
    organs = tuple(Organ(ROOT, lung(side), 85.0, Material.LUNG, 45.0) for side in (-1.0, 1.0))
    spots = tuple(
        Spot(ROOT, span, half, 40.0, weight, side * across)
        for side in (-1.0, 1.0)
        for span, half, weight, across in (
            ((100.0, 150.0), 12.0, 2.0, 150.0),
            ((-20.0, 90.0), 18.0, 2.0, 150.0),
            ((-120.0, 60.0), 14.0, 1.0, 80.0),
        )
    )
    return fit(FieldModel(tuple(bones), flesh, spots, 8.0, organs), anatomy)


def _girdle(name: str, side: float) -> list[Bone]:
    path = ((112.0, 14.0), (124.0, 50.0), (136.0, 95.0), (132.0, 145.0))
    line = [(along, side * across) for along, across in path]
    blade: FloatArray = (polygon(SCAPULA_CORNERS) + np.array([105.0, 168.0])) * [1.0, side]
    head = lump((46.0, 46.0), np.random.default_rng(0), square=2.2, waviness=0.0)
    return [
        on_trunk(f"clavicle_{name}", ribbon(line, [20.0, 13.0, 12.0, 16.0]), RIB),
        on_trunk(f"scapula_{name}", blade, THIN),
        on_trunk(f"humerus_{name}", head + np.array([112.0, side * 190.0]), VERTEBRA),
    ]
