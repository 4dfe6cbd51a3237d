"""Random deposits with the sizes, shapes and densities of calcinosis cutis."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cctrack.model import Morphology
from cctrack.phantom.deposit.value import Deposit, DepositLook, Point, make_deposit

PlaceDeposit = Callable[[np.random.Generator, float], Point | None]
"""Finds a centre in mm for a deposit of a radius in mm; None where there is no room."""

TRIES = 60
"""Places tried for a deposit before a smaller one is drawn."""


class NoRoom(ValueError):
    """A body is so small, or holds so much already, that a deposit finds no place in it."""


@dataclass(frozen=True, slots=True)
class DepositMix:
    """What deposits are drawn from.

    Attributes
    ----------
    median_mm3, log_sd : float
        Log-normal volumes.
    smallest_mm3, largest_mm3 : float
        Volumes outside are drawn again.
    shares : tuple of (Morphology, float)
    density_g_cm3 : tuple of float
        Range; 0.15 to 1.1 is 200 to 1430 HU at 120 kVp.
    texture : tuple of float
        Range of the density's unevenness within a deposit.
    gap_mm : float
        Clear distance kept between the spheres around deposits.
    """

    median_mm3: float = 210.0
    log_sd: float = 1.5
    smallest_mm3: float = 5.0
    largest_mm3: float = 8000.0
    shares: tuple[tuple[Morphology, float], ...] = (
        (Morphology.STONE, 0.91),
        (Morphology.PLATE, 0.05),
        (Morphology.NET, 0.04),
    )
    density_g_cm3: tuple[float, float] = (0.3, 1.1)
    texture: tuple[float, float] = (0.0, 0.25)
    gap_mm: float = 2.0


REALISTIC_MIX = DepositMix()
"""Volumes of SSc hands and shares of Bartoli 2016 (see the measurement rules)."""

SMALLEST_THIN_MM3 = {Morphology.PLATE: 40.0, Morphology.NET: 100.0}
"""Plates and nets are not drawn smaller: their sheets and strands would be thinner than 0.5 mm."""

AMORPHOUS_DENSITY_G_CM3 = (0.15, 0.35)
"""Soft, cloudy deposits: 200 to 450 HU at 120 kVp in their middle."""


def random_deposit(
    rng: np.random.Generator,
    label: int,
    place: PlaceDeposit,
    *,
    mix: DepositMix = REALISTIC_MIX,
    beside: Sequence[Deposit] = (),
) -> Deposit:
    """Draw a deposit that touches no other.

    Parameters
    ----------
    rng : numpy Generator
    label : int
        Its id.
    place : callable
        ``place(rng, radius_mm)`` gives a centre (slice, row, column) in mm, or None.
    mix : DepositMix
    beside : sequence of Deposit
        Deposits that are there already.

    Returns
    -------
    Deposit

    Raises
    ------
    NoRoom
        If there is no room for it.
    """
    deposit = _draw(rng, label, mix)
    for attempt in range(4 * TRIES):
        if attempt and attempt % TRIES == 0:
            deposit = replace(deposit, volume_mm3=max(deposit.volume_mm3 / 4, mix.smallest_mm3))
        centre = place(rng, deposit.radius_mm)
        if centre is None:
            continue
        candidate = replace(deposit, centre_mm=centre)
        if all(_clear(candidate, other, mix.gap_mm) for other in beside):
            return candidate
    raise NoRoom(f"no room for deposit {label} beside {len(beside)} others")


def _clear(one: Deposit, other: Deposit, gap_mm: float) -> bool:
    apart = float(np.linalg.norm(np.subtract(one.centre_mm, other.centre_mm)))
    return apart > one.radius_mm + other.radius_mm + gap_mm


def _draw(rng: np.random.Generator, label: int, mix: DepositMix) -> Deposit:
    kinds, shares = zip(*mix.shares, strict=True)
    kind = kinds[int(rng.choice(len(kinds), p=np.array(shares) / sum(shares)))]
    density = AMORPHOUS_DENSITY_G_CM3 if kind is Morphology.AMORPHOUS else mix.density_g_cm3
    thin = kind in (Morphology.PLATE, Morphology.NET)
    stretch = rng.uniform(0.85, 1.25 if thin else 1.6, size=3)
    turn = rng.normal(size=3)
    turn *= rng.uniform(0.0, np.pi) / np.linalg.norm(turn)
    look = DepositLook(
        density_g_cm3=float(rng.uniform(*density)),
        aspect=(1.0, float(stretch[1]), float(stretch[2])),
        rotation=(float(turn[0]), float(turn[1]), float(turn[2])),
        texture=float(rng.uniform(*mix.texture)),
    )
    least = min(SMALLEST_THIN_MM3.get(kind, 0.0), mix.largest_mm3)
    volume = max(_draw_volume(rng, mix), least)
    seed = int(rng.integers(2**31))
    return make_deposit((label, (0.0, 0.0, 0.0)), kind, volume, seed, look)


def _draw_volume(rng: np.random.Generator, mix: DepositMix) -> float:
    while True:
        volume = float(mix.median_mm3 * np.exp(mix.log_sd * rng.normal()))
        if mix.smallest_mm3 <= volume <= mix.largest_mm3:
            return volume
