"""What happens to a subject's deposits between two visits."""

from dataclasses import replace

import numpy as np

from cctrack.phantom.change import ChangePlan
from cctrack.phantom.ct.sample import place_deposits
from cctrack.phantom.ct.subject import CtSubject
from cctrack.phantom.deposit import DepositMix, merge, scaled, split

NEW_MIX = DepositMix(smallest_mm3=30.0, largest_mm3=1500.0)
"""New deposits are large enough to be found: above the 9.5 mm³ floor of repeat CT by far."""


def progress(
    subject: CtSubject,
    plan: ChangePlan,
    rng: np.random.Generator,
    *,
    mix: DepositMix = NEW_MIX,
) -> CtSubject:
    """Carry out a plan of change.

    A deposit that persists keeps its id, and its volume is multiplied by exactly its factor.
    Merged deposits become one with the first one's id and the sum of both volumes (each times
    its factor). A split deposit keeps its id for one part, the other gets a new id.

    Parameters
    ----------
    subject : CtSubject
    plan : ChangePlan
        Factors are on volume; 0 means vanished.
    rng : numpy Generator
        Places new deposits.
    mix : DepositMix
        What new deposits are drawn from.

    Raises
    ------
    ValueError
        If the plan names a deposit the subject does not have, or a factor below 0.
    """
    _check(subject, plan)
    factors = {d.id: plan.factors.get(d.id, 1.0) for d in subject.deposits}
    grown = {d.id: scaled(d, factors[d.id]) for d in subject.deposits if factors[d.id] > 0}
    for first, second in plan.merge:
        grown[first] = merge(grown[first], grown.pop(second))
    highest = max([subject.highest_id, *factors])
    placements = dict(subject.placements)
    for label in plan.split:
        highest += 1
        grown[label], grown[highest] = split(grown[label], highest)
        placements[highest] = placements[label]
    kept = {label: placements[label] for label in grown}
    later = replace(subject, deposits=tuple(grown.values()), placements=kept, highest_id=highest)
    return place_deposits(later, plan.new, rng, mix=mix)


def _check(subject: CtSubject, plan: ChangePlan) -> None:
    known = {deposit.id for deposit in subject.deposits}
    named = set(plan.factors) | set(plan.split) | {label for pair in plan.merge for label in pair}
    if named - known:
        raise ValueError(f"the plan names deposits {sorted(named - known)}, which are not there")
    if any(factor < 0 for factor in plan.factors.values()):
        raise ValueError("a factor on a volume cannot be negative")
