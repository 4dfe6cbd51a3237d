"""What is drawn for a validation: how many images and pairs, from which seeds."""

from collections.abc import Mapping
from dataclasses import dataclass

from cctrack.model import Modality
from cctrack.study.validate.pairs import PairTask
from cctrack.study.validate.scenario import Scenario
from cctrack.study.validate.single import ImageTask

FIRST_IMAGE, FIRST_PAIR = 1_000_000, 2_000_000
"""First seeds. Everything that was ever set by looking at simulated images, or learned from them,
used seeds below 1,000,000."""

MODALITIES = (Modality.PHOTO, Modality.XRAY, Modality.CT)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is drawn.

    Attributes
    ----------
    images : int
        Single images of each modality.
    pairs : mapping of Scenario to int
        Pairs of each modality.
    """

    images: int
    pairs: Mapping[Scenario, int]

    @property
    def image_tasks(self) -> tuple[ImageTask, ...]:
        """One task an image; the modalities in turn, so that a run cut short has some of each."""
        return tuple(
            ImageTask(modality, FIRST_IMAGE + number)
            for number in range(self.images)
            for modality in MODALITIES
        )

    @property
    def pair_tasks(self) -> tuple[PairTask, ...]:
        """One task a pair; every pair has a subject of its own."""
        wanted = [scenario for scenario, count in self.pairs.items() for _ in range(count)]
        return tuple(
            PairTask(modality, FIRST_PAIR + number, scenario)
            for number, scenario in enumerate(wanted)
            for modality in MODALITIES
        )


FULL = Plan(40, {**dict.fromkeys(Scenario, 5), Scenario.UNCHANGED: 32})
"""Half an hour on two cores, an hour at most where they are busy. Nearly half of the pairs are
unchanged: to call a change that is none is the worst of all mistakes."""

QUICK = Plan(4, {Scenario.UNCHANGED: 1, Scenario.PLUS_50: 1, Scenario.MINUS_50: 1})
"""Two minutes at most on two cores: shows that an installation works, not how well."""
