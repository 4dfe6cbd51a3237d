"""Bring the sizes on two films to one magnification before they are compared."""

import math
from dataclasses import replace

from cctrack.compare import Sizes
from cctrack.compare.size import SAME_SIZE
from cctrack.model import Alignment, Measurement, Quantity, Radiograph, Unit

POWERS = {Quantity.AREA: 2, Quantity.MAX_DIAMETER: 1}
"""How sizes grow with lengths."""

STRETCH_LOG_SD = 0.005
"""SD of ln of the measured ratio of lengths: 30 simulated pairs of hands (seeds 6300-6319) were
missed by 0.0040; uncorrected they differed by 0.0110."""


def at_one_size(sizes: tuple[Sizes, Sizes], alignment: Alignment | None) -> tuple[Sizes, Sizes]:
    """Take out of both films' sizes what their hands differ by in magnification.

    Bones are as long at both visits, so a hand that is 2 % longer lay nearer to the tube, and its
    deposits are 4 % larger for no other reason. Both sizes move half the way. More than
    `SAME_SIZE` is no magnification: it is left and told (`compare_sizes`).

    Parameters
    ----------
    sizes : pair of Sizes
    alignment : Alignment or None
        Films only; without its ``stretch`` nothing is changed.
    """
    stretch = alignment.stretch if alignment else None
    if stretch is None or abs(math.log(stretch)) > math.log(SAME_SIZE[Radiograph]):
        return sizes
    return _scaled(sizes[0], math.sqrt(stretch)), _scaled(sizes[1], 1 / math.sqrt(stretch))


def _scaled(sizes: Sizes, factor: float) -> Sizes:
    lesions = {label: _resized(item, factor) for label, item in sizes.lesions.items()}
    return replace(sizes, lesions=lesions)


def _resized(item: Measurement, factor: float) -> Measurement:
    power = POWERS.get(item.quantity)
    if power is None or item.unit not in (Unit.MM, Unit.MM2):
        return item
    shared = power * STRETCH_LOG_SD / math.sqrt(2)
    return replace(
        item,
        value=item.value * factor**power,
        log_sd_shared=min(item.log_sd_shared, shared),
    )
