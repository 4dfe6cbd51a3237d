"""Random subjects and sessions, and what happens to a subject between two visits."""

from dataclasses import dataclass, replace

import numpy as np

from cctrack.phantom.change import ChangePlan
from cctrack.phantom.deposit import (
    REALISTIC_MIX,
    Deposit,
    DepositMix,
    merge,
    random_deposit,
    scaled,
    split,
)
from cctrack.phantom.radiograph.fields import build_field
from cctrack.phantom.radiograph.model import FieldModel, Spot
from cctrack.phantom.radiograph.subject import (
    Anatomy,
    Field,
    PlacedDeposit,
    Placement,
    RadiographSubject,
)

HAND_MIX = DepositMix(median_mm3=38.0, smallest_mm3=5.0)
"""Single deposits of hands: the published total of a hand (median 210 mm³) over 5.5 deposits."""

YOUNGEST_SIZE = 0.42
"""Length of a newborn's hand relative to an adult's; it grows about evenly until 17 years."""

CHILD_FLESH = 0.4
"""How much thicker a newborn's fingers are relative to their bones than an adult's."""


@dataclass(frozen=True, slots=True)
class DepositPlan:
    """How deposits of a random subject are drawn.

    Attributes
    ----------
    count : int or None
        None draws 5 or 6, as on hands of systemic sclerosis.
    mix : DepositMix or None
        None takes `HAND_MIX` for hands, the realistic mix for larger parts.
    placements : tuple of (Placement, float)
        Shares of deposits off, beside and over bone.
    """

    count: int | None = None
    mix: DepositMix | None = None
    placements: tuple[tuple[Placement, float], ...] = (
        (Placement.OFF, 0.5),
        (Placement.BESIDE, 0.3),
        (Placement.OVER, 0.2),
    )


def random_subject(
    rng: np.random.Generator,
    field: Field | str = Field.HAND,
    deposits: DepositPlan | int | None = None,
    *,
    age_years: float | None = None,
) -> RadiographSubject:
    """Draw a subject.

    Parameters
    ----------
    rng : numpy Generator
    field : Field or str
    deposits : DepositPlan, int or None
        A plan, a number of deposits of the usual kind, or None for the usual 5–6.
    age_years : float or None
        None draws an adult; below 17 bones are smaller and growth plates open.
    """
    anatomy = _random_anatomy(rng)
    if age_years is not None:
        young = float(np.clip(YOUNGEST_SIZE + age_years / 17.0 * (1.0 - YOUNGEST_SIZE), 0.0, 1.0))
        plump = 1.0 + CHILD_FLESH * max(0.0, 1.0 - age_years / 17.0)
        anatomy = replace(
            anatomy,
            age_years=age_years,
            size=anatomy.size * young,
            flesh=anatomy.flesh * plump,
        )
    bare = RadiographSubject(Field(field), anatomy)
    plan = deposits if isinstance(deposits, DepositPlan) else DepositPlan(count=deposits)
    if plan.mix is None:
        plan = replace(plan, mix=_usual_mix(bare.field))
    count = int(rng.integers(5, 7)) if plan.count is None else plan.count
    return replace(bare, deposits=_draw_deposits(rng, build_field(bare), plan, range(1, count + 1)))


def _random_anatomy(rng: np.random.Generator) -> Anatomy:
    return Anatomy(
        seed=int(rng.integers(2**31)),
        size=float(np.clip(rng.normal(0.98, 0.05), 0.85, 1.06)),
        stoutness=float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.15)),
        mineral=float(np.clip(rng.normal(0.9, 0.15), 0.5, 1.15)),
        flesh=float(np.clip(rng.normal(1.0, 0.08), 0.85, 1.25)),
        fat=float(rng.uniform(0.1, 0.45)),
        age_years=float(rng.uniform(18.0, 80.0)),
    )


def _draw_deposits(
    rng: np.random.Generator, model: FieldModel, plan: DepositPlan, ids: range
) -> tuple[PlacedDeposit, ...]:
    placed: list[PlacedDeposit] = []
    for label in ids:
        placed.append(_draw_one(rng, model, plan, (label, placed)))
    return tuple(placed)


def _draw_one(
    rng: np.random.Generator,
    model: FieldModel,
    plan: DepositPlan,
    among: tuple[int, list[PlacedDeposit]],
) -> PlacedDeposit:
    label, others = among
    spots, weights = model.spots, np.array([spot.weight for spot in model.spots])
    spot = spots[int(rng.choice(len(spots), p=weights / weights.sum()))]
    kinds, shares = zip(*plan.placements, strict=True)
    kind = kinds[int(rng.choice(len(kinds), p=np.array(shares) / sum(shares)))]
    neighbours = tuple(item.deposit for item in others if item.part == spot.part)

    def place(rng: np.random.Generator, radius_mm: float) -> tuple[float, float, float] | None:
        return _place(rng, spot, kind, radius_mm)

    mix = plan.mix or HAND_MIX
    mix = replace(mix, largest_mm3=min(mix.largest_mm3, _largest_mm3(spot)))
    deposit = random_deposit(rng, label, place, mix=mix, beside=neighbours)
    return PlacedDeposit(deposit, spot.part, kind)


def _largest_mm3(spot: Spot) -> float:
    # A lump half as wide as the limb is the most that its skin holds.
    return max(4.19 * (0.5 * spot.flesh_half_mm) ** 3, 20.0)


def _usual_mix(field: Field) -> DepositMix:
    return HAND_MIX if field is Field.HAND else REALISTIC_MIX


def _place(
    rng: np.random.Generator, spot: Spot, kind: Placement, radius_mm: float
) -> tuple[float, float, float] | None:
    # The holding radius is generous: a stone itself reaches about two thirds of it.
    body_mm = 0.62 * radius_mm
    along = float(rng.uniform(*spot.along_mm))
    side = float(rng.choice([-1.0, 1.0]))
    across = {
        Placement.OVER: 0.6 * rng.uniform(0.0, spot.bone_half_mm),
        Placement.BESIDE: spot.bone_half_mm + rng.uniform(0.1, 0.9) * body_mm,
        Placement.OFF: spot.bone_half_mm + body_mm + rng.uniform(0.3, 1.5),
    }[kind]
    if kind is Placement.OFF:
        across = min(float(across), max(spot.flesh_half_mm - 0.3 * body_mm, spot.bone_half_mm))
    depth = float(rng.choice([-1.0, 1.0])) * (0.8 * spot.bone_half_mm + 0.5 * body_mm)
    return (
        depth if kind is Placement.OVER else 0.3 * depth,
        along,
        spot.across_mm + side * float(across),
    )


def progress(
    subject: RadiographSubject, plan: ChangePlan, rng: np.random.Generator
) -> RadiographSubject:
    """Let time pass: deposits grow, shrink, vanish, appear, merge and split.

    Parameters
    ----------
    subject : RadiographSubject
    plan : ChangePlan
        Factors are on volume; 0 removes the deposit.
    rng : numpy Generator
        Places new deposits.

    Raises
    ------
    ValueError
        If the plan names a deposit that is not there, or merges deposits of different parts.
    """
    named = {item.deposit.id: item for item in subject.deposits}
    unknown = (set(plan.factors) | set(plan.split) | {i for p in plan.merge for i in p}) - set(
        named
    )
    if unknown:
        raise ValueError(f"the plan names deposits {sorted(unknown)}, which are not there")
    for label, factor in plan.factors.items():
        if factor == 0:
            del named[label]
        else:
            named[label] = _with(named[label], scaled(named[label].deposit, factor))
    _merge_all(named, plan)
    following = _split_all(named, plan)
    kept = tuple(named.values())
    ids = range(following, following + plan.new)
    model = build_field(subject)
    grown = replace(subject, deposits=kept)
    new = _draw_beside(rng, model, grown, ids)
    return replace(subject, deposits=kept + new)


def _with(placed: PlacedDeposit, deposit: Deposit) -> PlacedDeposit:
    return replace(placed, deposit=deposit)


def _merge_all(named: dict[int, PlacedDeposit], plan: ChangePlan) -> None:
    for first, second in plan.merge:
        one, other = named[first], named.pop(second)
        if one.part != other.part:
            raise ValueError(f"deposits {first} and {second} lie in different parts")
        named[first] = _with(one, merge(one.deposit, other.deposit))


def _split_all(named: dict[int, PlacedDeposit], plan: ChangePlan) -> int:
    following = max(named, default=0) + 1
    for label in plan.split:
        first, second = split(named[label].deposit, following)
        named[following] = _with(named[label], second)
        named[label] = _with(named[label], first)
        following += 1
    return following


def _draw_beside(
    rng: np.random.Generator, model: FieldModel, subject: RadiographSubject, ids: range
) -> tuple[PlacedDeposit, ...]:
    placed = list(subject.deposits)
    plan = DepositPlan(mix=_usual_mix(subject.field))
    for label in ids:
        placed.append(_draw_one(rng, model, plan, (label, placed)))
    return tuple(placed[len(subject.deposits) :])
