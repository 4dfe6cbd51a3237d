"""Draw one image of a simulated subject, or two visits of one, from a seed."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np

from cctrack.model import Modality, Provenance
from cctrack.phantom.change import ChangePlan
from cctrack.phantom.deposit import NoRoom
from cctrack.study.validate.truth import SIMULATORS, Truth


def draw_one(modality: Modality, seed: int) -> Truth:
    """Draw one image; a seed gives the same image always."""
    simulator = SIMULATORS[modality]
    for attempt in count():
        rng = _generator(seed, attempt)
        try:
            subject = simulator.subject(rng, seed)
            break
        except NoRoom:  # Too thin a limb for so many deposits: another one.
            continue
    return _identified(simulator.draw(subject, simulator.session(rng, subject, seed)), seed, 0)


def _generator(seed: int, attempt: int) -> np.random.Generator:
    return np.random.default_rng((seed, attempt) if attempt else seed)


def draw_two(
    modality: Modality, seed: int, planner: Callable[[Any, np.random.Generator], ChangePlan]
) -> tuple[Truth, Truth, ChangePlan]:
    """Draw two visits of one subject, and say what happened in between.

    Parameters
    ----------
    modality : Modality
    seed : int
    planner : callable
        Says from the subject what happens to its deposits.
    """
    simulator = SIMULATORS[modality]
    for attempt in count():
        rng = _generator(seed, attempt)
        try:
            subject = simulator.subject(rng, seed)
            plan = planner(subject, rng)
            later = simulator.progress(subject, plan, rng)
            break
        except NoRoom:  # Nothing new fits into so thin a limb: another one.
            continue
    first = simulator.session(rng, subject, seed)
    second = simulator.again(rng, later, first)
    return (
        _identified(simulator.draw(subject, first), seed, 0),
        _identified(simulator.draw(later, second), seed, 1),
        plan,
    )


def _identified(truth: Truth, seed: int, visit: int) -> Truth:
    """Give an image that never was a file an identity, which tells two visits apart."""
    name = f"simulated {truth.image.modality} {seed} {visit}"
    image = replace(truth.image, provenance=Provenance(sha256=name))
    return replace(truth, image=image)
