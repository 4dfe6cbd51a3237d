"""What a report shows of one site of one patient: its visits, pictures and lesions."""

from dataclasses import dataclass
from datetime import date

from cctrack.model import (
    Change,
    Confidence,
    Event,
    Flag,
    Method,
    Modality,
    Outcome,
    Quality,
    Quantity,
    Reference,
    Unit,
)


@dataclass(frozen=True, slots=True)
class Border:
    """The line round a lesion.

    Attributes
    ----------
    lesion : int
        Its id; decides the colour.
    path : str
        SVG path data in px of the picture; several closed lines where it is in parts.
    label_px : (float, float) or None
        Where its name begins, (x, y) of the base line; None where too many would cover the picture.
    """

    lesion: int
    path: str
    label_px: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as it is to be shown; outlines lie apart from it, so that they can be taken away.

    Attributes
    ----------
    jpeg : bytes
    width, height : int
        In px.
    caption : str
        Such as ``3 March 2014``.
    description : str
        For those who cannot see it.
    borders : tuple of Border
    mm_per_px : float or None
        Along a row in the middle; None without a scale.
    """

    jpeg: bytes
    width: int
    height: int
    caption: str
    description: str = ""
    borders: tuple[Border, ...] = ()
    mm_per_px: float | None = None


@dataclass(frozen=True, slots=True)
class View:
    """The same place at two visits.

    Attributes
    ----------
    title : str
        Such as ``Projection from the front``; empty where there is one view only.
    before, after : Picture
    laid_over : bool
        Whether both have one grid, so that one can be laid over the other.
    """

    title: str
    before: Picture
    after: Picture
    laid_over: bool


@dataclass(frozen=True, slots=True)
class Size:
    """The total of one visit, with its 95 % interval, all in ``unit``."""

    value: float
    low: float
    high: float
    unit: Unit
    method: Method


@dataclass(frozen=True, slots=True)
class VisitContent:
    """One visit of a site.

    Attributes
    ----------
    acquired : date
    image_id : str
        Our own id, as in measurements.csv; empty where nothing was measured.
    total : Size or None
    lesions : int
        How many were outlined.
    flags : frozenset of Flag
    scale : str
        How its scale is known, in words.
    missing : str
        Why there is no measurement; empty where there is one.
    thumbnail : Picture or None
    """

    acquired: date
    image_id: str = ""
    total: Size | None = None
    lesions: int = 0
    flags: frozenset[Flag] = frozenset()
    scale: str = ""
    missing: str = ""
    thumbnail: Picture | None = None


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
    def of(
        cls, change: Change, *, lesion: int = 0, flags: frozenset[Flag] = frozenset()
    ) -> "LesionRow":
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
            flags=flags,
        )


@dataclass(frozen=True, slots=True)
class AlignmentContent:
    """How one visit's image was laid on another's.

    Attributes
    ----------
    quality : Quality
    model : str
        Family of the transform; empty where there was none.
    residual_mm, residual_px : float or None
        Median distance left.
    coverage : float or None
        Share of the earlier field that both show, 0-1.
    reason : str
        Why the quality is not ``good``.
    """

    quality: Quality
    model: str = ""
    residual_mm: float | None = None
    residual_px: float | None = None
    coverage: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PairContent:
    """A later visit against an earlier one.

    Attributes
    ----------
    before, after : int
        Numbers of the visits, oldest first, from 0.
    reference : Reference
    total : LesionRow
    lesions : tuple of LesionRow
    alignment : AlignmentContent or None
        None where a visit was not measured, so that nothing could be aligned.
    comparability : str
        What stands between the two images, in words.
    views : tuple of View
        Of the last pair against the first visit.
    """

    before: int
    after: int
    reference: Reference
    total: LesionRow
    lesions: tuple[LesionRow, ...] = ()
    alignment: AlignmentContent | None = None
    comparability: str = ""
    views: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True)
class LesionHistory:
    """What one lesion measured at each visit.

    Attributes
    ----------
    lesion : int
    sizes : tuple of float or None
        One for each visit, in the unit of that visit's total; None where it was not outlined.
    """

    lesion: int
    sizes: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SiteContent:
    """One site of one patient in one modality, over all its visits.

    Attributes
    ----------
    patient : str
        Pseudonym.
    site : str
    modality : Modality
    quantity : Quantity
        What the verdict rests on.
    verdict : LesionRow
        On the total of the last visit.
    visits : tuple of VisitContent
        Oldest first.
    pairs : tuple of PairContent
    histories : tuple of LesionHistory
    """

    patient: str
    site: str
    modality: Modality
    quantity: Quantity
    verdict: LesionRow
    visits: tuple[VisitContent, ...]
    pairs: tuple[PairContent, ...] = ()
    histories: tuple[LesionHistory, ...] = ()

    @property
    def since_first(self) -> tuple[PairContent, ...]:
        """Each later visit against the first."""
        return tuple(pair for pair in self.pairs if pair.reference is Reference.BASELINE)
