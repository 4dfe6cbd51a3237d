"""Add up the lesions of one image without losing track of their errors."""

import math
from collections.abc import Iterable, Sequence

from cctrack.model import Measurement


def add_up(measurements: Sequence[Measurement]) -> Measurement:
    """Sum lesions of one image.

    What is a lesion's own error adds up in quadrature; what all share (scale, pose) adds up
    linearly, because it moves all of them the same way.

    Parameters
    ----------
    measurements : sequence of Measurement
        Not empty, of one quantity, unit and method.

    Raises
    ------
    ValueError
        If there are none, or they are of different kinds.
    """
    kinds = {(item.quantity, item.unit, item.method) for item in measurements}
    if len(kinds) != 1:
        raise ValueError(f"only measurements of one kind add up, got {len(kinds)} kinds")
    quantity, unit, method = kinds.pop()
    total = math.fsum(item.value for item in measurements)
    own = _root_sum(item.value * item.log_sd_own for item in measurements)
    shared = math.fsum(item.value * item.log_sd_shared for item in measurements)
    return Measurement(
        quantity=quantity,
        value=total,
        unit=unit,
        method=method,
        log_sd_own=own / total if total else 0.0,
        log_sd_shared=shared / total if total else 0.0,
        detection_limit=max(item.detection_limit for item in measurements),
    )


def nothing_like(measurement: Measurement, detection_limit: float | None = None) -> Measurement:
    """Return the 0 of the same kind: nothing was found where something could have been."""
    limit = measurement.detection_limit if detection_limit is None else detection_limit
    return Measurement(
        measurement.quantity, 0.0, measurement.unit, measurement.method, detection_limit=limit
    )


def _root_sum(values: Iterable[float]) -> float:
    return math.sqrt(math.fsum(value * value for value in values))
