"""What a structured report says: values of the model, joined with the instances they are about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from pydicom import Dataset

from cctrack.io.exchange.seg import MadeSeg
from cctrack.io.exchange.sources import Source
from cctrack.io.exchange.uids import Tracking
from cctrack.model import Change, Finding, LesionGroup


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A change since an earlier visit.

    Attributes
    ----------
    change : Change
    day : date
        Of the earlier visit.
    group : LesionGroup or None
        Lesions of both visits that the change is of; None for the total.
    prior : Dataset or None
        Segmentation of the earlier visit, or its image; None when neither is known.
    """

    change: Change
    day: date
    group: LesionGroup | None = None
    prior: Dataset | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """Everything known of one image.

    Attributes
    ----------
    findings : tuple of Finding
    source : Source
    tracking : Tracking
    seg : MadeSeg or None
        None when nothing was outlined.
    compared : tuple of Compared
    criteria : str
        Name of the rule behind the verdicts; empty without any.
    notes : mapping of int to sentences
        What a reader of single lesions' numbers must know, and of all of them under 0.
    """

    findings: tuple[Finding, ...]
    source: Source
    tracking: Tracking
    seg: MadeSeg | None = None
    compared: tuple[Compared, ...] = ()
    criteria: str = ""
    notes: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
