"""What happens to a simulated subject's deposits between two visits."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """The true change from one visit to the next.

    Attributes
    ----------
    factors : mapping of int to float
        Lesion id to the factor on its area (photos) or volume (radiographs, CT); 0 means
        vanished, an id that is not named stays as it was.
    new : int
        Number of deposits that appear.
    merge : tuple of (int, int)
        Neighbours that grow into one.
    split : tuple of int
        Deposits that fall into two.
    """

    factors: Mapping[int, float] = field(default_factory=dict)
    new: int = 0
    merge: tuple[tuple[int, int], ...] = ()
    split: tuple[int, ...] = ()
