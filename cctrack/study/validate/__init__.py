"""Measure cctrack itself on simulated images with exact truth.

Images and pairs of visits are drawn from fixed seeds, measured and compared by the same code as
any others, and held against the truth: `truth` and `drawing` draw, `single` and `pairs` judge,
`figures` sums up, `limits` says what must be reached, `run` does it all and writes it down.
"""

from cctrack.study.validate.figures import Figure, figures_of
from cctrack.study.validate.limits import Checked, Limit, Standing, check, shipped_limits
from cctrack.study.validate.plan import FULL, QUICK, Plan
from cctrack.study.validate.run import Validation, validate

__all__ = [
    "FULL",
    "QUICK",
    "Checked",
    "Figure",
    "Limit",
    "Plan",
    "Standing",
    "Validation",
    "check",
    "figures_of",
    "shipped_limits",
    "validate",
]
