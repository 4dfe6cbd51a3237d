"""Random subjects and sessions."""

from dataclasses import dataclass, replace

import numpy as np

from cctrack.phantom.ct.anatomy import Anatomy
from cctrack.phantom.ct.column import Column
from cctrack.phantom.ct.paint import build_anatomy
from cctrack.phantom.ct.session import CtSession, Kernel
from cctrack.phantom.ct.subject import CtSubject, Placement, Region
from cctrack.phantom.deposit import (
    REALISTIC_MIX,
    Deposit,
    DepositMix,
    Point,
    random_deposit,
    turned,
)

FIELD_MM = {
    Region.FOREARM: (56.0, 100.0),
    Region.THIGH: (56.0, 160.0),
    Region.HAND: (76.0, 104.0),
    Region.PELVIS: (90.0, 330.0),
}
"""Length and width of the usual field."""

FIELD_DEPTH_MM = {Region.PELVIS: 250.0}
"""Depth of the field where it is not its width."""

SPACING_MM = {Region.FOREARM: 0.5, Region.THIGH: 0.8, Region.HAND: 0.5, Region.PELVIS: 0.8}
SITES = ((Placement.FAT, 0.6), (Placement.FASCIA, 0.2), (Placement.BONE, 0.2))
"""Where deposits lie: mostly under the skin, some between muscles, some touching bone."""

USUAL_COUNT = (4, 7)
"""Deposits of a region: 5–6 a hand (see the measurement rules), one more or less."""

BODY_SHARE = 0.62
"""A deposit's solid part reaches about this share of the sphere that holds it."""

ALL_AROUND = (0.0, 2 * np.pi)
TOWARDS = {Region.PELVIS: (-2.3, 2.3)}
"""Angles at which deposits lie, 0 at the back: hips and buttocks, not the belly."""

DEEP_MM = {
    (None, Placement.FAT): (0.0, 2.5),
    (None, Placement.FASCIA): (5.0, 14.0),
    (Region.PELVIS, Placement.FAT): (0.0, 12.0),
    (Region.PELVIS, Placement.FASCIA): (14.0, 30.0),
}
"""How deep under the skin deposits lie: a pelvis has thicker fat, in which they lie on the fascia
over hip and ischium."""

EDGE_MM = 6.0
"""Deposits keep this far from the field's edges."""

LARGEST_MM3 = {
    Region.FOREARM: 3000.0,
    Region.THIGH: 8000.0,
    Region.HAND: 900.0,
    Region.PELVIS: 8000.0,
}
"""The largest deposit that the region's flesh holds."""


@dataclass(frozen=True, slots=True)
class PoseChange:
    """How differently a limb lies at another visit: standard deviations."""

    rotation_deg: float = 4.0
    translation_mm: float = 4.0
    twist_deg: float = 3.0


USUAL_POSE = PoseChange()


def random_subject(
    rng: np.random.Generator,
    region: Region | str = Region.FOREARM,
    count: int | None = None,
    *,
    mix: DepositMix = REALISTIC_MIX,
) -> CtSubject:
    """Draw a subject.

    Parameters
    ----------
    rng : numpy Generator
    region : Region or str
    count : int or None
        Deposits; None draws 4–6.
    mix : DepositMix
    """
    seed, wall = int(rng.integers(2**31)), bool(rng.random() < 0.3)
    oral = Region(region) is Region.PELVIS and np.random.default_rng((seed, 5)).random() < 0.6
    bare = CtSubject(Region(region), seed, wall_calcium=wall, oral_contrast=bool(oral))
    number = int(rng.integers(*USUAL_COUNT)) if count is None else count
    return place_deposits(bare, number, rng, mix=mix)


def place_deposits(
    subject: CtSubject, count: int, rng: np.random.Generator, *, mix: DepositMix = REALISTIC_MIX
) -> CtSubject:
    """Give the subject more deposits, apart from those it has.

    Raises
    ------
    NoRoom
        If there is no room for them.
    """
    anatomy = build_anatomy(subject)
    held = replace(mix, largest_mm3=min(mix.largest_mm3, LARGEST_MM3[subject.region]))
    deposits, placements = list(subject.deposits), dict(subject.placements)
    highest = max([subject.highest_id, *(d.id for d in deposits)])
    for label in range(highest + 1, highest + count + 1):
        site = SITES[int(rng.choice(len(SITES), p=[share for _, share in SITES]))][0]
        spot = _Spot(anatomy, subject.region, site)
        drawn = random_deposit(rng, label, spot.place, mix=held, beside=deposits)
        deposits.append(_flat_on_skin(drawn, anatomy))
        placements[label] = site
    return replace(
        subject, deposits=tuple(deposits), placements=placements, highest_id=highest + count
    )


def random_session(
    rng: np.random.Generator,
    region: Region | str = Region.FOREARM,
    *,
    pose: PoseChange = USUAL_POSE,
) -> CtSession:
    """Draw a session that suits a region: protocol, noise and pose."""
    region = Region(region)
    if region is Region.PELVIS:
        return _pelvis_session(rng, pose)
    increment = float(rng.choice([0.8, 1.0, 1.25, 2.0]))
    thickness = float(max(increment, rng.choice([1.0, 1.25, 2.5]) if increment >= 1 else 0.8))
    spacing = SPACING_MM[region] * float(rng.uniform(0.95, 1.05))
    length_mm, width_mm = FIELD_MM[region]
    pixels = int(np.ceil(width_mm / spacing))
    usual = CtSession(
        shape=(int(np.ceil(length_mm / increment)), pixels, pixels),
        spacing_mm=round(spacing, 4),
        increment_mm=increment,
        thickness_mm=thickness,
        kvp=float(rng.choice([80.0, 100.0, 120.0], p=[0.15, 0.3, 0.55])),
        kernel=Kernel.SOFT if rng.random() < 0.7 else Kernel.SHARP,
        noise_hu=float(rng.uniform(8.0, 18.0)),
        table=bool(rng.random() < 0.8),
        contrast=bool(rng.random() < 0.15),
        padding_circle=bool(rng.random() < 0.3),
    )
    return repeat_session(rng, usual, pose=pose)


def _pelvis_session(rng: np.random.Generator, pose: PoseChange) -> CtSession:
    """Draw a session of the trunk: thicker slices, less dose for its width, rails, implants."""
    increment = float(rng.choice([1.0, 1.5, 2.0, 3.0], p=[0.1, 0.3, 0.4, 0.2]))
    spacing = SPACING_MM[Region.PELVIS] * float(rng.uniform(0.95, 1.05))
    length_mm, width_mm = FIELD_MM[Region.PELVIS]
    usual = CtSession(
        shape=(
            int(np.ceil(length_mm / increment)),
            int(np.ceil(FIELD_DEPTH_MM[Region.PELVIS] / spacing)),
            int(np.ceil(width_mm / spacing)),
        ),
        spacing_mm=round(spacing, 4),
        increment_mm=increment,
        thickness_mm=increment,
        kvp=float(rng.choice([100.0, 120.0])),
        kernel=Kernel.SOFT if rng.random() < 0.8 else Kernel.SHARP,
        noise_hu=float(np.exp(rng.uniform(np.log(10.0), np.log(40.0)))),
        contrast=bool(rng.random() < 0.3),
        metal=bool(rng.random() < 0.2),
        rails=bool(rng.random() < 0.5),
    )
    return repeat_session(rng, usual, pose=pose)


def repeat_session(
    rng: np.random.Generator, session: CtSession, *, pose: PoseChange = USUAL_POSE
) -> CtSession:
    """Draw another session with the same protocol: new pose and noise."""
    turn = np.deg2rad(rng.normal(scale=pose.rotation_deg, size=3))
    shift = rng.normal(scale=pose.translation_mm, size=3)
    return replace(
        session,
        rotation=(float(turn[0]), float(turn[1]), float(turn[2])),
        translation_mm=(float(shift[0]), float(shift[1]), float(shift[2])),
        twist_deg=float(rng.normal(scale=pose.twist_deg)),
        seed=int(rng.integers(2**31)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Spot:
    """Where one deposit is looked for."""

    anatomy: Anatomy
    region: Region
    site: Placement

    def place(self, rng: np.random.Generator, radius_mm: float) -> Point | None:
        """Find a centre for a deposit; None where this try has no room."""
        half_mm = max(FIELD_MM[self.region][0] / 2 - EDGE_MM - BODY_SHARE * radius_mm, 1.0)
        z_mm = float(rng.uniform(-half_mm, half_mm))
        body_mm = BODY_SHARE * radius_mm
        angle = float(rng.uniform(*TOWARDS.get(self.region, ALL_AROUND)))
        if self.site is Placement.BONE:
            return self._beside_bone(z_mm, angle, body_mm, rng)
        skins = [skin for skin in self.anatomy.skins if skin.at(z_mm)[2] > 5.0]
        if not skins:
            return None
        skin = skins[int(rng.integers(len(skins)))]
        row, column, _ = skin.at(z_mm)
        room = skin.radius_towards(z_mm, angle) - self.anatomy.skin_mm - body_mm
        deep = rng.uniform(*DEEP_MM.get((self.region, self.site), DEEP_MM[None, self.site]))
        centre = (z_mm, *_step((row, column), angle, max(room - deep, 0.0)))
        fits = self._in_field(centre, body_mm) and self._clear_of_bone(centre, body_mm + 1.5)
        return centre if fits else None

    def _in_field(self, centre: Point, body_mm: float) -> bool:
        # A limb that lies a little differently at the next visit must stay in the field too.
        half_mm = FIELD_MM[self.region][1] / 2 - EDGE_MM
        return max(abs(centre[1]), abs(centre[2])) + body_mm < half_mm

    def _beside_bone(
        self, z_mm: float, angle: float, body_mm: float, rng: np.random.Generator
    ) -> Point | None:
        bones = [bone.column for bone in self.anatomy.bones if bone.column.at(z_mm)[2] > 0]
        if not bones:
            return None
        bone = bones[int(rng.integers(len(bones)))]
        row, column, _ = bone.at(z_mm)
        away = bone.radius_towards(z_mm, angle) + 0.85 * body_mm
        centre = (z_mm, *_step((row, column), angle, away))
        deep_mm = self.anatomy.skin_mm + 0.3 * body_mm
        inside = self._in_field(centre, body_mm) and any(
            _depth_mm(skin, centre) > deep_mm for skin in self.anatomy.skins
        )
        return centre if inside and self._clear_of_bone(centre, 0.7 * body_mm) else None

    def _clear_of_bone(self, centre: Point, clear_mm: float) -> bool:
        return all(_depth_mm(bone.column, centre) < -clear_mm for bone in self.anatomy.bones)


def _step(start: tuple[float, float], angle: float, away_mm: float) -> tuple[float, float]:
    return start[0] + away_mm * float(np.cos(angle)), start[1] + away_mm * float(np.sin(angle))


def _depth_mm(column: Column, centre: Point) -> float:
    """How deep a point lies inside a column; negative outside."""
    row, across, _ = column.at(centre[0])
    towards = np.arctan2(centre[2] - across, centre[1] - row)
    away = float(np.hypot(centre[1] - row, centre[2] - across))
    return column.radius_towards(centre[0], float(towards) % (2 * np.pi)) - away


def _flat_on_skin(deposit: Deposit, anatomy: Anatomy) -> Deposit:
    """Turn the thin axis towards the nearest skin: plates and nets lie flat in the fat."""
    depths = [_depth_mm(skin, deposit.centre_mm) for skin in anatomy.skins]
    row, column, _ = anatomy.skins[int(np.argmax(depths))].at(deposit.centre_mm[0])
    outward = np.array([0.0, deposit.centre_mm[1] - row, deposit.centre_mm[2] - column])
    length = float(np.linalg.norm(outward))
    if length < 1e-6:
        return deposit
    outward /= length
    target = np.column_stack([outward, np.cross([1.0, 0, 0], outward), [1.0, 0, 0]])
    target[:, 1] *= np.linalg.det(target)
    centre = np.array(deposit.centre_mm)
    matrix = target @ deposit.axes.T
    return turned(deposit, matrix, centre - matrix @ centre)
