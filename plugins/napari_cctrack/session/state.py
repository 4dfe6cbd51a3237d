"""Where the work on one pair stands, as frozen values: going back is keeping an older one."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from cctrack.model import Confidence, Criteria, Modality, Outcome, Unit, Visit
from cctrack.study.aligned import AlignedPair
from cctrack.study.pair import PairResult
from cctrack.study.pipeline import Measured
from napari_cctrack.session.links import Links

PointPx = tuple[float, ...]
"""(row, column) or (slice, row, column) in px of one image."""


class Step(StrEnum):
    """The four steps, in their order."""

    SCALE = "scale"
    OUTLINE = "outline"
    ALIGN = "align"
    COMPARE = "compare"


class AlignedBy(StrEnum):
    """Who laid one visit on the other."""

    NOBODY = "nobody"
    PROGRAM = "program"
    LANDMARKS = "landmarks"
    HAND = "hand"


@dataclass(frozen=True, slots=True)
class Decision:
    """What the reader says about the verdict.

    Attributes
    ----------
    outcome : Outcome
    confidence : Confidence
        None of its own where the reader overrides.
    why : str
        Needed where the reader overrides; empty for a confirmation.
    overrides : bool
    """

    outcome: Outcome
    confidence: Confidence = Confidence.NONE
    why: str = ""
    overrides: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class VisitState:
    """One visit: its image as it is measured now, and what the program had proposed.

    Attributes
    ----------
    visit : Visit
        The line of visits.csv.
    measured : Measured
    proposal : Measured or None
        Before any reader changed it; None where the work was taken up again from the record.
    accepted : frozenset of Step
        Which of scale and outline the reader has agreed to.
    points_px : tuple of points
        Landmarks, numbered by their order; the other visit's of the same number is the partner.
    """

    visit: Visit
    measured: Measured
    proposal: Measured | None = None
    accepted: frozenset[Step] = frozenset()
    points_px: tuple[PointPx, ...] = ()

    @property
    def unit(self) -> Unit:
        """What sizes of this image are told in: never mm without a scale."""
        if self.measured.image.scale is None:
            return Unit.PX
        return Unit.MM3 if self.measured.image.modality in (Modality.CT, Modality.MR) else Unit.MM2


@dataclass(frozen=True, slots=True, eq=False)
class PairState:
    """Two visits of a site, or one, and what came of comparing them.

    Attributes
    ----------
    visits : tuple of VisitState
        The earlier first.
    criteria : Criteria
    aligned : AlignedPair or None
        None until somebody aligned them, or when a scale has changed since.
    aligned_by : AlignedBy
    result : PairResult or None
        None until compared, or when anything it rests on has changed since.
    decision : Decision or None
    accepted : frozenset of Step
        Which of alignment and verdict the reader has agreed to.
    links : Links or None
        Which lesion is which, as far as readers said so; None where it cannot be said here.
    """

    visits: tuple[VisitState, ...]
    criteria: Criteria
    aligned: AlignedPair | None = None
    aligned_by: AlignedBy = AlignedBy.NOBODY
    result: PairResult | None = None
    decision: Decision | None = None
    accepted: frozenset[Step] = field(default=frozenset())
    links: Links | None = None

    @property
    def complete(self) -> bool:
        """Whether there are two visits to compare."""
        return len(self.visits) == 2

    @property
    def modality(self) -> Modality:
        """What took the images."""
        return self.visits[0].measured.image.modality

    @property
    def image_ids(self) -> tuple[str, ...]:
        """Ids of the images, the earlier first."""
        return tuple(visit.measured.image_id for visit in self.visits)

    @property
    def landmarks(self) -> tuple[tuple[PointPx, PointPx], ...]:
        """Landmarks that have a partner, baseline and follow-up."""
        if not self.complete:
            return ()
        return tuple(zip(self.visits[0].points_px, self.visits[1].points_px, strict=False))

    def seen(self, number: int) -> Measured:
        """Return a visit as the reader sees it: with what a second look at both visits found.

        A correction starts from here, so that nothing that was on the screen is lost by it.
        """
        if self.result is None or self.result.compared is None:
            return self.visits[number].measured
        return self.result.compared[number]

    def with_visit(self, number: int, visit: VisitState) -> "PairState":
        """Return the same pair with another state of one visit."""
        visits = tuple(visit if at == number else old for at, old in enumerate(self.visits))
        return replace(self, visits=visits)

    def without_result(self) -> "PairState":
        """Forget the verdict: something that it rests on has changed."""
        return replace(self, result=None, decision=None, accepted=self.accepted - {Step.COMPARE})

    def without_alignment(self) -> "PairState":
        """Forget the alignment and all that follows from it."""
        return replace(
            self.without_result(),
            aligned=None,
            aligned_by=AlignedBy.NOBODY,
            accepted=frozenset(),
        )

    def done(self, step: Step) -> bool:
        """Whether the reader has agreed to a step, at both visits where it is about images."""
        if step in (Step.SCALE, Step.OUTLINE):
            return all(step in visit.accepted for visit in self.visits)
        return step in self.accepted
