"""Single items of a report: a measurement with its interval, a change, a verdict."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydicom import Dataset

from cctrack.io.exchange.codes import (
    CHANGE,
    CONFIDENCE,
    CONFIDENCES,
    DOWNWARDS,
    EVENT,
    EVENTS,
    MEASURES,
    METHODS,
    OUTCOMES,
    RECIST_COMPLETE,
    RECIST_OUTCOMES,
    REFERENCE,
    REFERENCE_DAY,
    REFERENCES,
    TEMPORAL_DIFFERENCE,
    UNITS,
    UPWARDS,
    Term,
    coded,
)
from cctrack.io.exchange.content import Compared
from cctrack.model import Measurement, Outcome, Unit

if TYPE_CHECKING:
    import highdicom.sr

RECIST = "recist"
"""How the names of the criteria begin whose outcomes have RECIST's codes."""


def measurement(item: Measurement) -> "highdicom.sr.Measurement":
    """Make the item of one value with its unit, method and 95 % interval (TID 300 and 310)."""
    from highdicom.sr import Measurement as Item

    known = MEASURES[item.quantity]
    method = METHODS.get(item.method) or known.method
    made = Item(
        name=coded(known.concept),
        value=_six_digits(item.value),
        unit=coded(UNITS[item.unit]),
        derivation=coded(known.derivation) if known.derivation else None,
        method=coded(method) if method else None,
    )
    _put_interval(made[0], item.value, item.interval, UNITS[item.unit])
    return made


def change_items(changes: Sequence[Compared]) -> "Iterator[highdicom.sr.Measurement]":
    """Yield the percentages of change, each with the visit it is against."""
    from highdicom.sr import Measurement as Item

    for item in changes:
        percent = item.change.percent
        if percent is None:
            continue
        interval = item.change.interval_percent
        made = Item(
            name=coded(CHANGE),
            value=_six_digits(percent),
            unit=coded(UNITS[Unit.PERCENT]),
            referenced_images=_images(item.prior),
        )
        _put_reference(made[0], item)
        if interval is not None:
            _put_interval(made[0], percent, interval, UNITS[Unit.PERCENT])
        yield made


def outcome_items(
    changes: Sequence[Compared], criteria: str, *, total: bool
) -> "Iterator[highdicom.sr.QualitativeEvaluation]":
    """Yield events and verdicts, each with the visit it is against, and how sure a verdict is."""
    from highdicom.sr import QualitativeEvaluation

    for item in changes:
        if item.change.event is not None:
            event = QualitativeEvaluation(coded(EVENT), coded(EVENTS[item.change.event]))
            _put_reference(event[0], item)
            yield event
        term = _outcome(item, recist=total and criteria.startswith(RECIST))
        made = QualitativeEvaluation(coded(TEMPORAL_DIFFERENCE), coded(term))
        _put_reference(made[0], item)
        sure = CONFIDENCES.get(item.change.confidence)
        if sure is not None:
            _modify(made[0], CONFIDENCE, sure)
        yield made


def _outcome(item: Compared, *, recist: bool) -> Term:
    change = item.change
    if not recist:
        return OUTCOMES[change.outcome]
    gone = change.after is not None and change.after.value == 0
    if gone and change.outcome is Outcome.REGRESSION:
        return RECIST_COMPLETE
    return RECIST_OUTCOMES[change.outcome]


def _put_interval(
    content: Dataset, value: float, interval: tuple[float, float], unit: Term
) -> None:
    """Say how far the 95 % interval reaches to both sides of a value, in its unit (TID 310)."""
    from highdicom.sr import NumContentItem, RelationshipTypeValues

    lower, upper = interval
    if lower == upper:
        return
    for name, distance in ((UPWARDS, upper - value), (DOWNWARDS, value - lower)):
        reach = NumContentItem(
            coded(name),
            _six_digits(max(0.0, distance)),
            coded(unit),
            relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
        )
        _add(content, reach)


def _images(prior: Dataset | None) -> "list[highdicom.sr.SourceImageForMeasurement] | None":
    from highdicom.sr import SourceImageForMeasurement

    if prior is None:
        return None
    return [SourceImageForMeasurement(prior.SOPClassUID, prior.SOPInstanceUID)]


def _put_reference(content: Dataset, item: Compared) -> None:
    from highdicom.sr import DateContentItem, RelationshipTypeValues

    _modify(content, REFERENCE, REFERENCES[item.change.reference])
    day = DateContentItem(coded(REFERENCE_DAY), item.day, RelationshipTypeValues.HAS_OBS_CONTEXT)
    _add(content, day)


def _modify(content: Dataset, name: Term, value: Term) -> None:
    from highdicom.sr import CodeContentItem, RelationshipTypeValues

    _add(
        content,
        CodeContentItem(coded(name), coded(value), RelationshipTypeValues.HAS_CONCEPT_MOD),
    )


def _add(content: Dataset, child: "highdicom.sr.ContentItem") -> None:
    from highdicom.sr import ContentSequence

    if "ContentSequence" not in content:
        content.ContentSequence = ContentSequence()
    content.ContentSequence.append(child)


def _six_digits(value: float) -> float:
    """Round as the tables do, so that a report and a table say the same."""
    return float(f"{value:.6g}")
