"""What a report shows, as frozen values: no files, no images that still have to be read."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cctrack.model import (
    Change,
    Confidence,
    Criteria,
    Event,
    Flag,
    Modality,
    Outcome,
    Refused,
    Unit,
    percent_a_year,
)
from cctrack.report.cohort import GroupOutcome

RgbArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """An image as it is to be shown, outlines drawn.

    Attributes
    ----------
    pixels : uint8 array (rows, columns, 3)
        sRGB, as `draw_overlay` returns it.
    caption : str
        Such as ``Baseline, 4 March 2021``.
    description : str
        For those who cannot see it.
    lossless : bool
        PNG instead of JPEG.
    """

    pixels: RgbArray
    caption: str
    description: str = ""
    lossless: bool = False


@dataclass(frozen=True, slots=True)
class LesionRow:
    """One line of a table of lesions, or the total.

    Attributes
    ----------
    name : str
        ``total``, ``L3`` or ``L2+L5``.
    event : Event or None
    before, after : float or None
        In ``unit``.
    unit : Unit or None
    percent : float or None
    interval : (float, float) or None
        95 % interval of ``percent``.
    outcome, confidence, reason
        As in `Change`.
    lesion : int
        The id whose colour the picture uses; 0 for none.
    flags : frozenset of Flag
    """

    name: str
    event: Event | None
    before: float | None
    after: float | None
    unit: Unit | None
    percent: float | None
    interval: tuple[float, float] | None
    outcome: Outcome
    confidence: Confidence
    reason: str
    lesion: int = 0
    flags: frozenset[Flag] = frozenset()

    @classmethod
    def of(cls, change: Change, *, lesion: int = 0, flags: Iterable[Flag] = ()) -> "LesionRow":
        """Take over a change as it was judged."""
        known = change.after or change.before
        return cls(
            name=change.lesion,
            event=change.event,
            before=change.before.value if change.before else None,
            after=change.after.value if change.after else None,
            unit=known.unit if known else None,
            percent=change.percent,
            interval=change.interval_percent,
            outcome=change.outcome,
            confidence=change.confidence,
            reason=change.reason,
            lesion=lesion,
            flags=frozenset(flags),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PairContent:
    """Two visits of one site, side by side.

    Attributes
    ----------
    site : str
    modality : Modality
    baseline_date, followup_date : date or None
    total : LesionRow
        The verdict of this site.
    lesions : tuple of LesionRow
    pictures : tuple of Picture
        Baseline first; empty where there is nothing to show.
    flags : frozenset of Flag
        Cautions about either image.
    comparability : str
        What stands between the two images, in words.
    scale : str
        How sizes are known, in words.
    """

    site: str
    modality: Modality
    baseline_date: date | None
    followup_date: date | None
    total: LesionRow
    lesions: tuple[LesionRow, ...] = ()
    pictures: tuple[Picture, ...] = ()
    flags: frozenset[Flag] = frozenset()
    comparability: str = ""
    scale: str = ""


@dataclass(frozen=True, slots=True)
class ModalityOutcome:
    """One patient's outcome in one modality: a line of patients.csv.

    Attributes
    ----------
    subjective : str
        What the patient said (better, same, worse), or empty.
    sites_evaluable : str
        Such as ``2 of 3``.
    """

    modality: Modality
    first: date | None
    last: date | None
    months: float | None
    percent: float | None
    interval: tuple[float, float] | None
    outcome: Outcome
    confidence: Confidence
    reason: str
    subjective: str = ""
    sites_evaluable: str = ""

    @property
    def percent_per_year(self) -> float | None:
        """Change in percent a year, compounded; None for less than half a year."""
        return percent_a_year(self.percent, self.months)


@dataclass(frozen=True, slots=True, eq=False)
class PatientContent:
    """One patient, under a pseudonym.

    Attributes
    ----------
    patient : str
    outcomes : tuple of ModalityOutcome
        At most one per modality.
    pairs : tuple of PairContent
    description : str
        Such as ``dermatomyositis, on pamidronate``; empty if nothing is to be said.
    """

    patient: str
    outcomes: tuple[ModalityOutcome, ...]
    pairs: tuple[PairContent, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Outcomes by group in one modality.

    Attributes
    ----------
    heading : str
        What the groups are, such as ``Treatment class``.
    modality : Modality
    rows : tuple of GroupOutcome
    """

    heading: str
    modality: Modality
    rows: tuple[GroupOutcome, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StudyContent:
    """Everything the report of a study shows.

    Attributes
    ----------
    title : str
    criteria : Criteria
    patients : tuple of PatientContent
    refused : tuple of Refused
    created : date or None
        Printed in the head; None to leave it out.
    version : str
        Of cctrack.
    methods : tuple of (str, str)
        Further lines of the methods box: a heading and a text.
    notice : str
        Printed on top, such as that all images are simulated.
    groups : tuple of GroupTable
        Outcomes by treatment class or any other grouping, one table for each modality.
    """

    title: str
    criteria: Criteria
    patients: tuple[PatientContent, ...]
    refused: tuple[Refused, ...] = ()
    created: date | None = None
    version: str = ""
    methods: tuple[tuple[str, str], ...] = field(default=())
    notice: str = ""
    groups: tuple[GroupTable, ...] = ()
