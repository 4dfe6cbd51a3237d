"""Where the deposits are: a label image, how it was drawn and how well its border is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cctrack.model.codes import Flag, Method

LabelArray = NDArray[np.uint16]

UNCOUNTED = frozenset({Flag.OVER_BONE, Flag.CARRIED})
"""Cautions about lesions that are shown, but in no total."""


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Deposits outlined on one image's own grid.

    Attributes
    ----------
    labels : uint16 array, shape of the image
        0 is background; the value of a lesion is the number in its id (3 is ``L3``).
    method : Method
        ``automatic`` or ``reader``.
    border_sd_px : float
        Standard deviation of the position of a lesion's whole border, in px, independent from
        lesion to lesion.
    lesion_border_sd_px : mapping of int to float
        The same of single lesions, where the image itself tells how sharp a border is; a lesion
        that is absent has ``border_sd_px``.
    flags : frozenset of Flag
        Cautions about the whole image.
    lesion_flags : mapping of int to frozenset of Flag
        Cautions about single lesions. A lesion flagged ``over_bone`` is not in automatic totals.
    detection_limit_px : float
        Area (px) or volume (voxels) below which a deposit would have been missed.
    selection_log_sd : float
        Standard deviation of ln(total) from deposits that were missed or falsely found, on top
        of their borders; 0 for a reader, who decides what is a deposit.
    doubt : float
        Chance that a lesion seen at one of two visits only is a miss or a false find and no
        change, 0-1; 0 for a reader.
    soft_tissue : bool array or None
        The site's own tissue, for coverage; None when it was not found.
    bone : bool array or None
        Films only: where bone is likelier than not; None when it was not looked for.
    lesion_depth_mm : mapping of int to float
        CT only: distance in mm from the skin's surface to the nearest place of a lesion; a lesion
        is absent where no skin is in the image, or its depth was not looked for.
    border_anew : float
        Share of that which another outline made alike draws anew, 0-1; the rest it repeats, and
        that cancels in a ratio. 1 where nothing is known of it, as of a reader.
    """

    labels: LabelArray
    method: Method = Method.AUTOMATIC
    border_sd_px: float = 0.5
    flags: frozenset[Flag] = frozenset()
    lesion_flags: Mapping[int, frozenset[Flag]] = field(default_factory=dict)
    detection_limit_px: float = 0.0
    selection_log_sd: float = 0.0
    doubt: float = 0.0
    soft_tissue: NDArray[np.bool_] | None = None
    bone: NDArray[np.bool_] | None = None
    lesion_depth_mm: Mapping[int, float] = field(default_factory=dict)
    lesion_border_sd_px: Mapping[int, float] = field(default_factory=dict)
    border_anew: float = 1.0

    @property
    def lesions(self) -> tuple[int, ...]:
        """Label values present, ascending."""
        present = np.zeros(np.iinfo(np.uint16).max + 1, dtype=bool)
        # Plane by plane: counting a whole CT at once would take four times its memory.
        for plane in self.labels:
            if plane.any():
                present[plane[plane > 0]] = True
        return tuple(int(value) for value in np.flatnonzero(present) if value)

    def flags_of(self, lesion: int) -> frozenset[Flag]:
        """Cautions about one lesion (without those of the image)."""
        return self.lesion_flags.get(lesion, frozenset())

    def border_sd_of(self, lesion: int) -> float:
        """Say how well one lesion's border is known: its standard deviation in px."""
        return self.lesion_border_sd_px.get(lesion, self.border_sd_px)

    def counted(self) -> tuple[int, ...]:
        """Lesions that belong in totals: those an observer may add up at both visits."""
        return tuple(lesion for lesion in self.lesions if not UNCOUNTED & self.flags_of(lesion))


def lesion_name(lesion: int) -> str:
    """Name of a lesion in every table: label value 3 is ``L3``."""
    return f"L{lesion}"
