"""Measure one simulated image as any other, and hold every deposit against the truth."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import LabelArray, Measurement, Method, Modality, Outline, Quantity, Unit
from cctrack.study.pipeline import AUTOMATIC, Measured, measure_image
from cctrack.study.validate.drawing import draw_one
from cctrack.study.validate.truth import DEEP, Truth

NEAR_PX = 2
"""An outline this close to a deposit belongs to it."""

QUANTITY = {
    Modality.PHOTO: (Quantity.AREA, Method.AUTOMATIC),
    Modality.XRAY: (Quantity.AREA, Method.AUTOMATIC),
    Modality.CT: (Quantity.VOLUME, Method.PARTIAL_VOLUME),
}
"""What a verdict rests on."""


@dataclass(frozen=True, slots=True)
class ImageTask:
    """One image to be judged; ``seed`` draws it."""

    modality: Modality
    seed: int


@dataclass(frozen=True, slots=True)
class DepositCase:
    """What became of one true deposit.

    Attributes
    ----------
    modality : Modality
    seed, deposit : int
    kind, place : str
        See `Truth`.
    true : float
        In mm² or mm³.
    measured : float
        In the same unit; 0 where it was missed, nan where the image got no scale.
    log_sd : float
        Stated error of ln(measured).
    dice : float
        Of the outline that shares most with it, 0–1.
    about : mapping of str to str
        Skin type, field, tilt and the like.
    """

    modality: Modality
    seed: int
    deposit: int
    kind: str
    place: str
    true: float
    measured: float
    log_sd: float
    dice: float
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def found(self) -> bool:
        """Whether an outline belongs to it."""
        return self.dice > 0

    @property
    def log_error(self) -> float:
        """ln(measured / true); nan where nothing was measured."""
        return math.log(self.measured / self.true) if self.measured > 0 else math.nan

    @property
    def covered(self) -> bool:
        """Whether the stated 95 % interval holds the truth."""
        return abs(self.log_error) <= 1.96 * self.log_sd


@dataclass(frozen=True, slots=True)
class ImageCase:
    """What came out of one image.

    Attributes
    ----------
    modality : Modality
    seed : int
    scaled : bool
        Whether it was measured in mm.
    false_finds : int
        Outlines in the total where there is no deposit.
    true, measured : float
        Totals of what counts, in mm² or mm³; a deep deposit counts where it was found.
    log_sd : float
        Stated error of ln(total).
    deposits : tuple of DepositCase
    about : mapping of str to str
    """

    modality: Modality
    seed: int
    scaled: bool
    false_finds: int
    true: float
    measured: float
    log_sd: float
    deposits: tuple[DepositCase, ...]
    about: Mapping[str, str]


def judge_image(task: ImageTask) -> ImageCase:
    """Draw, measure and judge one image."""
    truth = draw_one(task.modality, task.seed)
    return compare_with_truth(task, truth, measure_image(truth.image, AUTOMATIC))


def compare_with_truth(task: ImageTask, truth: Truth, measured: Measured) -> ImageCase:
    """Hold what was measured on an image against the truth."""
    values = sizes_of(measured)
    owners = owners_of(measured.outline, truth.labels)
    scaled = values[0].unit is not Unit.PX
    seen = _Seen(measured.outline.labels, owners, values)
    judged = (
        _judge_deposit(task, truth, deposit, seen)
        for deposit in truth.sizes
        if deposit not in truth.cut
    )
    counted = set(measured.outline.counted())
    return ImageCase(
        modality=task.modality,
        seed=task.seed,
        scaled=scaled,
        false_finds=sum(not own for label, own in owners.items() if label in counted),
        true=truth.total + _found_deep(truth, owners, counted),
        measured=values[0].value if scaled else math.nan,
        log_sd=values[0].log_sd,
        deposits=tuple(judged),
        about=truth.about,
    )


def _found_deep(
    truth: Truth, owners: Mapping[int, frozenset[int]], counted: Collection[int]
) -> float:
    """Sum what lies too deep to be asked for, but was found and stands in the total."""
    found = frozenset[int]().union(*(owners[label] for label in counted if label in owners))
    return float(sum(truth.sizes[key] for key in found if truth.places[key] == DEEP))


def sizes_of(measured: Measured) -> dict[int, Measurement]:
    """Pick area or volume of every outline; 0 is the total."""
    quantity, method = QUANTITY[measured.image.modality]
    return {
        item.lesion: item.measurement
        for item in measured.findings
        if item.measurement.quantity is quantity and item.measurement.method is method
    }


def owners_of(outline: Outline, truth: LabelArray) -> dict[int, frozenset[int]]:
    """Say which true deposits each outline shows; none for a false find."""
    owners = {}
    boxes = ndimage.find_objects(outline.labels)
    for label in outline.lesions:
        box = tuple(
            slice(max(0, side.start - NEAR_PX), side.stop + NEAR_PX) for side in boxes[label - 1]
        )
        near = ndimage.binary_dilation(outline.labels[box] == label, iterations=NEAR_PX)
        owners[label] = frozenset(int(value) for value in np.unique(truth[box][near]) if value)
    return owners


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What was outlined: label image, true deposits of each outline, sizes (0 is the total)."""

    labels: LabelArray
    owners: Mapping[int, frozenset[int]]
    sizes: Mapping[int, Measurement]

    def size_of(self, deposit: int, truth: Truth) -> tuple[float, float]:
        """Sum what was measured of a deposit, and the stated SD of it."""
        size, variance = 0.0, 0.0
        for label in self.outlines_of(deposit):
            # One outline around several deposits is shared out by their true sizes.
            share = truth.sizes[deposit] / sum(truth.sizes[one] for one in self.owners[label])
            part = self.sizes[label].value * share
            size += part
            variance += (part * self.sizes[label].log_sd) ** 2
        return size, math.sqrt(variance)

    def outlines_of(self, deposit: int) -> list[int]:
        """Outlines that show a deposit."""
        return [label for label, owners in self.owners.items() if deposit in owners]


def _judge_deposit(task: ImageTask, truth: Truth, deposit: int, seen: _Seen) -> DepositCase:
    size, sd = seen.size_of(deposit, truth)
    scaled = seen.sizes[0].unit is not Unit.PX
    overlaps = (
        _dice(seen.labels == label, truth.labels == deposit) for label in seen.outlines_of(deposit)
    )
    return DepositCase(
        modality=task.modality,
        seed=task.seed,
        deposit=deposit,
        kind=truth.kinds[deposit],
        place=truth.places[deposit],
        true=truth.sizes[deposit],
        measured=size if scaled else math.nan,
        log_sd=sd / size if size else math.nan,
        dice=max(overlaps, default=0.0),
        about=truth.about,
    )


def _dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    both = int(np.count_nonzero(one)) + int(np.count_nonzero(other))
    return 2 * int(np.count_nonzero(one & other)) / max(1, both)
