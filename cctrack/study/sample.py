"""The sample cohort: seven simulated patients shaped like a published series.

Rauch 2021 (Biomedicines 9:1698) followed seven patients with calcinosis cutis on pamidronate: six
by photos (2 regression, 1 stable, 3 progression), five by radiology (3, 1, 1), and five of six
said they felt better. Times from the first infusion follow its medians and ranges: 41.5 (9-66)
months to the last photo, 19 (11-37) to the last radiology. Every image is simulated; nobody here
exists, and what a table of the paper does not give (age, dose, dates) is made up.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from cctrack.model import Modality
from cctrack.phantom.change import ChangePlan

FIRST_INFUSION = date(2014, 3, 3)
"""All patients start on the same made-up day, so that months can be read off the dates."""

DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Series:
    """Two visits of one site in one modality.

    Attributes
    ----------
    modality : Modality
    site, laterality : str
    months : float
        From the first infusion to the later visit.
    seed : int
    lesions : int
        Deposits at baseline.
    change : ChangePlan
    skin_type : int
        Photos only.
    """

    modality: Modality
    site: str
    laterality: str
    months: float
    seed: int
    lesions: int
    change: ChangePlan = field(default_factory=ChangePlan)
    skin_type: int = 2


@dataclass(frozen=True, slots=True)
class Patient:
    """One simulated patient.

    Attributes
    ----------
    answer : str
        What the patient says: ``better``, ``same``, ``worse``; empty when never asked.
    series : tuple of Series
    """

    pseudonym: str
    sex: str
    diagnosis: str
    age_at_onset: int
    cycles: int
    answer: str
    series: tuple[Series, ...]


def _all(count: int, factor: float, **plan: object) -> ChangePlan:
    factors = dict.fromkeys(range(1, count + 1), factor)
    return ChangePlan(factors={**factors, **dict(plan.pop("but", {}))}, **plan)  # type: ignore[arg-type]
