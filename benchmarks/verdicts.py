"""How often the verdict rule is right, by the error of the change and the true change.

Usage: verdicts.py [CRITERIA] [QUANTITY]
Draws 200,000 measured changes for each row. Prints in per cent: unchanged deposits called changed
and not evaluable; ±10 % called stable; ±50 % called right and called stable.
"""

import math
import sys

import numpy as np

from cctrack.compare import classify, load_criteria
from cctrack.model import Measurement, Method, Outcome, Quantity, Unit

DRAWS = 200_000
SDS = (0.02, 0.05, 0.08, 0.10, 0.11, 0.12, 0.13, 0.14, 0.15, 0.20, 0.30, 0.40)
"""Log-SDs of the ratio of two measurements."""

RATIOS = np.exp(np.linspace(-4, 4, 8001))
"""Measured changes at which the rule is asked; a draw takes the nearest."""

SIZE = 1e6
"""Large enough that no absolute floor speaks."""


def verdicts(rule, log_sd: float) -> np.ndarray:
    """Ask the rule at every ratio."""
    unit = {Quantity.AREA: Unit.MM2, Quantity.VOLUME: Unit.MM3}[rule.quantity]
    method = Method(rule.method or Method.AUTOMATIC)

    def measured(value: float, sd: float) -> Measurement:
        return Measurement(rule.quantity, value, unit, method, sd)

    return np.array(
        [str(classify(measured(SIZE, log_sd), measured(SIZE * r, 0), rule).outcome) for r in RATIOS]
    )


def main() -> None:
    """Print one row for each SD."""
    name, quantity = (*sys.argv[1:], "calcinosis-25", "area")[:2] if sys.argv[1:] else ("", "")
    rule = load_criteria(name or "calcinosis-25").of(Quantity(quantity or "area"))
    noise = np.random.default_rng(19).normal(size=DRAWS)
    up, same, down, unsure = (
        str(item)
        for item in (
            Outcome.PROGRESSION,
            Outcome.STABLE,
            Outcome.REGRESSION,
            Outcome.NOT_EVALUABLE,
        )
    )
    print(
        "SD   | unchanged: changed, n.e. | stable at +10 %, -10 % | right (stable) at +50 %, -50 %"
    )
    for sd in SDS:
        table = verdicts(rule, sd)

        def share(true: float, outcome: str, table: np.ndarray = table, sd: float = sd) -> float:
            drawn = math.log(true) + sd * noise
            near = np.clip(np.rint((drawn + 4) * 1000).astype(int), 0, len(table) - 1)
            return 100 * float(np.mean(table[near] == outcome))

        print(
            f"{sd:.2f} | {share(1, up) + share(1, down):5.2f} {share(1, unsure):6.1f} | "
            f"{share(1.1, same):6.1f} {share(0.9, same):6.1f} | "
            f"{share(1.5, up):6.1f} ({share(1.5, same):4.1f}) "
            f"{share(0.5, down):6.1f} ({share(0.5, same):4.1f})"
        )


if __name__ == "__main__":
    main()
