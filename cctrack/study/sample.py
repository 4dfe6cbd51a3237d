"""The sample cohort: seven simulated patients shaped like a published series.

Rauch 2021 (Biomedicines 9:1698) followed seven patients with calcinosis cutis on pamidronate: six
by photos (2 regression, 1 stable, 3 progression), five by radiology (3, 1, 1), and five of six
said they felt better. Times from the first infusion follow its medians and ranges: 41.5 (9-66)
months to the last photo, 19 (11-37) to the last radiology. Every image is simulated; nobody here
exists, and what the paper does not give (age, dose, dates, who changed how) is made up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from cctrack.model import Modality
from cctrack.phantom.change import ChangePlan

FIRST_INFUSION = date(2014, 3, 3)
"""All patients start on the same made-up day, so that months can be read off the dates."""

DAYS_A_MONTH = 365.25 / 12
"""Mean length of a month."""


@dataclass(frozen=True, slots=True)
class Series:
    """Two visits of one site in one modality.

    Attributes
    ----------
    modality : Modality
    site, laterality : str
    months : float
        From the first infusion, which is also the day of the baseline image, to the later visit.
    seed : int
    lesions : int
        Deposits at baseline.
    change : ChangePlan
    skin_type : int
        Fitzpatrick 1-6; photos only.
    """

    modality: Modality
    site: str
    laterality: str
    months: float
    seed: int
    lesions: int
    change: ChangePlan = field(default_factory=ChangePlan)
    skin_type: int = 2

    @property
    def dates(self) -> tuple[date, date]:
        """Days of the two visits."""
        later = FIRST_INFUSION + timedelta(days=round(self.months * DAYS_A_MONTH))
        return FIRST_INFUSION, later


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


def _plan(
    count: int, factor: float, but: Mapping[int, float] | None = None, *, new: int = 0
) -> ChangePlan:
    """Multiply all deposits by a factor but some by their own, and let new ones appear."""
    return ChangePlan({**dict.fromkeys(range(1, count + 1), factor), **(but or {})}, new=new)


COHORT = (
    Patient("P1", "female", "limited systemic sclerosis", 52, 12, "better", (
        Series(Modality.PHOTO, "forearm", "left", 38.0, 3101, 4, _plan(4, 0.55, {2: 0.3}), 2),
        Series(Modality.XRAY, "hand", "left", 14.0, 111, 5, _plan(5, 0.4, {1: 0.3})),
    )),
    Patient("P2", "female", "dermatomyositis", 41, 9, "better", (
        Series(Modality.PHOTO, "elbow", "right", 45.0, 3102, 4, _plan(4, 0.5, {3: 0.0}), 3),
        Series(Modality.CT, "thigh", "right", 19.0, 122, 4, _plan(4, 0.45)),
    )),
    Patient("P3", "male", "dermatomyositis", 23, 6, "better", (
        Series(Modality.PHOTO, "thigh", "left", 9.0, 3103, 4, _plan(4, 1.02, {2: 0.97}), 1),
    )),
    Patient("P4", "female", "diffuse systemic sclerosis", 47, 15, "better", (
        Series(Modality.PHOTO, "hand", "right", 66.0, 104, 4, _plan(4, 1.8, {1: 2.2}), 4),
        Series(Modality.XRAY, "hand", "right", 28.0, 6113, 5, _plan(5, 0.35)),
    )),
    Patient("P5", "female", "limited systemic sclerosis", 58, 8, "same", (
        Series(Modality.PHOTO, "forearm", "right", 24.0, 2105, 3, _plan(3, 1.6, new=2), 5),
    )),
    Patient("P6", "male", "limited systemic sclerosis", 61, 11, "better", (
        Series(Modality.PHOTO, "elbow", "left", 57.0, 2106, 4, _plan(4, 1.7), 6),
        Series(Modality.CT, "thigh", "left", 37.0, 2126, 4, _plan(4, 1.03, {2: 0.98})),
    )),
    Patient("P7", "female", "juvenile dermatomyositis", 12, 5, "", (
        Series(Modality.XRAY, "hand", "right", 11.0, 3117, 4, _plan(4, 2.6, new=1)),
    )),
)  # fmt: skip
"""Photos: P1 P2 regression, P3 stable, P4 P5 P6 progression. Radiology: P1 P2 P4 regression, P6
stable, P7 progression. P7 was never asked; five of the six others say they feel better."""
