"""The verdict on a change: the rule of the guide, step by step.

With r = ln(after / before) and s its standard deviation, a change is progression or regression
when it passes the cut, exceeds 2.2 s and exceeds the absolute floor. Otherwise it is stable, but
only where the 95 % interval is no wider than the range that counts as stable, and where the change
itself lies within that range: a reader must never take "cannot tell" for "unchanged". See decision
0019.
"""

import math
from typing import TypedDict, Unpack

from cctrack.compare import reasons
from cctrack.compare.case import TOTAL, Case
from cctrack.model import (
    Z95,
    Change,
    Confidence,
    Event,
    Measurement,
    Method,
    Outcome,
    Reference,
    Thresholds,
    Unit,
)

REMOVED = frozenset({Event.EXCISED, Event.EXTRUDED})
"""A deposit that was cut out or came out through the skin is no regression under treatment."""

OUTLINED = frozenset({Method.AUTOMATIC, Method.READER, Method.PAIRED})
"""Methods that differ in who drew the border, not in what is measured."""

Verdict = tuple[Outcome, Confidence, str]
"""Outcome, confidence and reason."""


class About(TypedDict, total=False):
    """What `classify` may be told beyond the measurements; the meaning is that of `Case`."""

    lesion: str
    event: Event | None
    reference: Reference
    extra_log_sd: float
    alike: bool
    gate_z: float


class Known(TypedDict, total=False):
    """What may be known about a change that cannot be judged; the meaning is that of `Change`."""

    event: Event | None
    before: Measurement | None
    after: Measurement | None
    reference: Reference
    log_sd: float
    comparable: bool


def classify(
    before: Measurement, after: Measurement, thresholds: Thresholds, **about: Unpack[About]
) -> Change:
    """Judge the change of one quantity between two visits.

    Parameters
    ----------
    before, after : Measurement
        Of the same quantity; ``before`` is the reference.
    thresholds : Thresholds
        For that quantity.
    **about
        ``lesion`` ("total"), ``event`` (None), ``reference`` (baseline), ``extra_log_sd`` (0.0,
        from `comparability`), ``alike`` (False) and ``gate_z`` (2.2); see `Case`.

    Raises
    ------
    ValueError
        If the quantities differ.
    """
    case = Case(before, after, thresholds, **about)
    if obstacle := _incomparable(case):
        return _change(case, _refusal(obstacle), comparable=False)
    if obstacle := _unjudgeable(case):
        return _change(case, _refusal(obstacle))
    if before.value == 0 or after.value == 0:
        return _change(case, _judge_zero(case))
    return _change(case, _judge(case))


def not_evaluable(lesion: str, reason: str, **known: Unpack[Known]) -> Change:
    """Say that a change cannot be judged, and why.

    Parameters
    ----------
    lesion : str
        ``total`` or the name of a lesion group.
    reason : str
        One sentence a clinician understands.
    **known
        ``event``, ``before``, ``after`` (None), ``reference`` (baseline), ``log_sd`` (0.0) and
        ``comparable`` (False: no percentage may be shown).
    """
    return Change(
        lesion=lesion,
        event=known.get("event"),
        before=known.get("before"),
        after=known.get("after"),
        log_sd=known.get("log_sd", 0.0),
        outcome=Outcome.NOT_EVALUABLE,
        confidence=Confidence.NONE,
        reason=reason,
        reference=known.get("reference", Reference.BASELINE),
        comparable=known.get("comparable", False),
    )


def _incomparable(case: Case) -> str:
    """Why the ratio has no meaning; empty when it has one."""
    if case.event is Event.NOT_IMAGED:
        return reasons.not_imaged(case)
    if Unit.PX in (case.before.unit, case.after.unit):
        return reasons.no_scale(case)
    if case.before.unit is not case.after.unit:
        return reasons.different_units(case)
    if len(case.methods) > 1 and not case.methods <= OUTLINED:
        return reasons.different_methods(case)
    return ""


def _unjudgeable(case: Case) -> str:
    """Why the ratio, though meaningful, gets no verdict; empty when it gets one."""
    if case.event in REMOVED:
        return reasons.removed(case)
    wanted = case.thresholds.method
    if wanted and not case.methods & OUTLINED and case.methods != {wanted}:
        return reasons.other_method(case)
    if case.after.unit is Unit.RELATIVE and _needs_size(case):
        return reasons.size_unknown(case)
    if case.too_small_alone:
        return reasons.too_small(case)
    return ""


def _needs_size(case: Case) -> bool:
    """Whether the rule asks for an absolute size, which an image without a scale cannot give."""
    rule = case.thresholds
    if case.lesion != TOTAL and rule.smallest_lesion > 0:
        return True
    return max(rule.floor_absolute, rule.floor_per_root, rule.floor_progression) > 0


def _judge(case: Case) -> Verdict:
    low, high = case.interval
    down, up = case.thresholds.regression, case.thresholds.progression
    if case.above_cut and case.beyond_error and case.above_floor:
        confidence = _sure(low > up)
        return Outcome.PROGRESSION, confidence, reasons.changed(case, confidence)
    if case.below_cut and case.beyond_error and case.above_floor:
        if case.may_hide_more:
            return _refusal(reasons.may_be_hidden(case))
        confidence = _sure(high < down)
        return Outcome.REGRESSION, confidence, reasons.changed(case, confidence)
    if case.wider_than_stable:
        return _refusal(reasons.too_imprecise(case))
    if (case.above_cut or case.below_cut) and case.above_floor:
        return _refusal(reasons.cannot_tell(case))
    confidence = _sure(down <= low and high <= up)
    return Outcome.STABLE, confidence, reasons.stable(case, confidence)


def _judge_zero(case: Case) -> Verdict:
    """Judge where nothing was found at one visit: the absolute floors decide."""
    if case.before.value == case.after.value:
        known = min(case.before.detection_limit, case.after.detection_limit) > 0
        return Outcome.STABLE, _sure(known), reasons.nothing_at_all()
    value = max(case.before.value, case.after.value)
    if case.zero_limit == 0:
        return _refusal(reasons.limit_unknown(case))
    if value <= case.zero_limit or not case.above_floor:
        return Outcome.STABLE, Confidence.PROBABLE, reasons.too_little(case)
    surely = value * math.exp(-Z95 * case.log_sd)
    if case.after.value > 0:
        confidence = _sure(surely > case.zero_limit)
        return Outcome.PROGRESSION, confidence, reasons.appeared(case)
    return _judge_gone(case, surely)


def _judge_gone(case: Case, surely: float) -> Verdict:
    """Judge where nothing is left; the detection limit is what could still be there."""
    if case.may_hide_more:
        return _refusal(reasons.may_be_hidden(case))
    hidden, cut = case.after.detection_limit, case.thresholds.regression
    confidence = _sure(surely > case.zero_limit and hidden < cut * surely)
    return Outcome.REGRESSION, confidence, reasons.gone(case)


def _sure(inside: bool) -> Confidence:
    return Confidence.DEFINITE if inside else Confidence.PROBABLE


def _refusal(reason: str) -> Verdict:
    return Outcome.NOT_EVALUABLE, Confidence.NONE, reason


def _change(case: Case, verdict: Verdict, *, comparable: bool = True) -> Change:
    outcome, confidence, reason = verdict
    return Change(
        lesion=case.lesion,
        event=case.event,
        before=case.before,
        after=case.after,
        log_sd=case.log_sd,
        outcome=outcome,
        confidence=confidence,
        reason=reason,
        reference=case.reference,
        comparable=comparable,
    )
