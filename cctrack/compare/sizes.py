"""The sizes of everything on one image, and how sure it is that they may be compared."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cctrack.model import Measurement, add_up

Lesions = Mapping[int, Measurement]
"""One quantity of the lesions of one image, by label value."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """One quantity of everything on one image.

    Attributes
    ----------
    lesions : mapping of int to Measurement
        By label value, all of one unit and method; lesions that must not be counted (over bone)
        are simply absent.
    nothing : Measurement
        The 0 with its detection limit: what stands where nothing was found.
    doubt : float
        Chance that a lesion without a partner at the other visit is no change; see `Outline`. 1
        where the images were made differently: no verdict may rest on such lesions then.
    carried : frozenset of int
        Lesions that only the other visit outlines, or outlines much larger, though their place
        looks the same here: counted at neither visit.
    parts : frozenset of int
        Lesions that may lack a part at one of the visits: no verdict may turn on them.
    sure : frozenset of int
        Lesions that this visit alone shows, whose place is surely bare at the other one.
    hidden : frozenset of int
        Lesions that this visit alone shows, whose place something lies on at the other one.
    """

    lesions: Lesions
    nothing: Measurement
    doubt: float = 0.0
    carried: frozenset[int] = frozenset()
    parts: frozenset[int] = frozenset()
    sure: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()

    def sum(self, labels: Sequence[int], *, alone: Sequence[int] = ()) -> Measurement:
        """Add up some lesions, of which those ``alone`` have no partner at the other visit.

        What makes an automatic outline miss one lesion or invent one makes it do so again on the
        same photo, so the doubts add linearly.
        """
        found = {label: self.lesions[label] for label in labels if label in self.lesions}
        total = sum(item.value for item in found.values())
        if not total:
            return replace(self.nothing, value=0.0, log_sd_own=0.0, log_sd_shared=0.0)
        doubted = sum(item.value for label, item in found.items() if label in alone)
        parts = [_uncancelled(item) if label in alone else item for label, item in found.items()]
        return add_up(parts, selection_log_sd=self.doubt * doubted / total)


def _uncancelled(lesion: Measurement) -> Measurement:
    """Keep the whole error of a lesion without a partner: nothing repeats it at the other visit."""
    own = math.hypot(lesion.log_sd_own, lesion.log_sd_common)
    return replace(lesion, log_sd_own=own, log_sd_common=0.0)
