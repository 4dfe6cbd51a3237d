"""Deposits that change: grow, move, fall in two, grow together."""

import math
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from cctrack.model import Morphology
from cctrack.phantom.deposit.value import Deposit, DepositLook, FloatArray, Point, make_deposit

SPLIT_SHARE = (0.4, 0.6)
"""Range of the first part's share of the volume: both parts stay large enough to be found."""

SPLIT_GAP_MM = 2.0
"""Clear distance between the parts: more than two usual voxels, so that they are two in a scan."""

LONGEST_MERGED = 3.0
"""Largest ratio of length to width of a merged deposit: it has to stay a lump, not a needle."""


def scaled(deposit: Deposit, factor: float) -> Deposit:
    """Return the deposit at exactly ``factor`` times its volume, same shape and centre.

    Raises
    ------
    ValueError
        If the factor is not positive; a deposit that vanished is left out, not scaled.
    """
    if not factor > 0:
        raise ValueError(f"a deposit is scaled by a positive factor, got {factor}")
    return replace(deposit, volume_mm3=deposit.volume_mm3 * factor)


def moved(deposit: Deposit, shift_mm: Point) -> Deposit:
    """Return the deposit shifted by (slice, row, column) in mm."""
    first, second, third = (float(v) for v in np.add(deposit.centre_mm, shift_mm))
    return replace(deposit, centre_mm=(first, second, third))


def turned(deposit: Deposit, matrix: FloatArray, shift_mm: FloatArray) -> Deposit:
    """Return the deposit after a rigid motion of (slice, row, column): ``matrix @ p + shift``."""
    vector = Rotation.from_matrix(matrix @ deposit.axes).as_rotvec()
    centre = matrix @ np.array(deposit.centre_mm) + shift_mm
    return replace(deposit, rotation=_as_point(vector), centre_mm=_as_point(centre))


def split(deposit: Deposit, new_id: int) -> tuple[Deposit, Deposit]:
    """Let a deposit fall in two along its longest axis, with the same volume in sum.

    The first part keeps the id, the second takes ``new_id``; their centres balance around the
    old one and their boxes lie `SPLIT_GAP_MM` apart.
    """
    rng = np.random.default_rng((deposit.seed, 1))
    share = float(rng.uniform(*SPLIT_SHARE))
    kind = Morphology.STONE if deposit.morphology is Morphology.NET else deposit.morphology
    look = _look_of(deposit)
    volumes = (share * deposit.volume_mm3, (1.0 - share) * deposit.volume_mm3)
    seeds = [int(seed) for seed in rng.integers(2**31, size=2)]
    parts = [
        make_deposit((label, deposit.centre_mm), kind, volume, seed, look)
        for label, volume, seed in zip((deposit.id, new_id), volumes, seeds, strict=True)
    ]
    along = deposit.axes[:, int(np.argmax(np.multiply(deposit.reach, deposit.aspect)))]
    apart_mm = _half_length_mm(parts[0], along) + _half_length_mm(parts[1], along) + SPLIT_GAP_MM
    return (
        moved(parts[0], _as_point(along * apart_mm * (share - 1.0))),
        moved(parts[1], _as_point(along * apart_mm * share)),
    )


def merge(first: Deposit, second: Deposit) -> Deposit:
    """Let two deposits grow into one of their summed volume, with the first one's id.

    The new deposit lies on the line between the centres and spans both.
    """
    volume = first.volume_mm3 + second.volume_mm3
    weights = np.array([first.volume_mm3, second.volume_mm3]) / volume
    centres = np.array([first.centre_mm, second.centre_mm])
    between = centres[1] - centres[0]
    apart_mm = float(np.linalg.norm(between))
    radii_mm = [_sphere_mm(first.volume_mm3), _sphere_mm(second.volume_mm3)]
    half_mm = 0.5 * (apart_mm + sum(radii_mm))
    length = (half_mm / _sphere_mm(volume)) ** 1.5
    middle = centres[0] + between * (half_mm - radii_mm[0]) / max(apart_mm, 1e-9)
    look = DepositLook(
        density_g_cm3=float(weights @ [first.density_g_cm3, second.density_g_cm3]),
        aspect=(float(np.clip(length, 1.0, LONGEST_MERGED)), 1.0, 1.0),
        rotation=_turn_to(between),
        texture=float(weights @ [first.texture, second.texture]),
    )
    same = first.morphology is second.morphology is Morphology.AMORPHOUS
    kind = Morphology.AMORPHOUS if same else Morphology.STONE
    place = (first.id, _as_point(middle))
    return make_deposit(place, kind, volume, (first.seed * 31 + second.seed) % 2**31, look)


def _look_of(deposit: Deposit) -> DepositLook:
    return DepositLook(deposit.density_g_cm3, deposit.aspect, deposit.rotation, deposit.texture)


def _sphere_mm(volume_mm3: float) -> float:
    """Radius in mm of a sphere of this volume."""
    return math.cbrt(volume_mm3 * 3.0 / (4.0 * math.pi))


def _half_length_mm(deposit: Deposit, direction: FloatArray) -> float:
    """Half the extent in mm of the deposit's own box along a unit direction."""
    half = np.multiply(deposit.reach, deposit.aspect) * deposit.size_mm
    return float(np.abs(deposit.axes.T @ direction) @ half)


def _turn_to(direction: FloatArray) -> Point:
    """Rotation vector that turns the shape's first axis into a direction."""
    length = float(np.linalg.norm(direction))
    if length == 0:
        return (0.0, 0.0, 0.0)
    unit = direction / length
    axis = np.cross([1.0, 0.0, 0.0], unit)
    sine = float(np.linalg.norm(axis))
    if sine == 0:
        return (0.0, 0.0, 0.0)
    return _as_point(axis / sine * math.atan2(sine, float(unit[0])))


def _as_point(values: FloatArray) -> Point:
    first, second, third = (float(value) for value in values)
    return first, second, third
