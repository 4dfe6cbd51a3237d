"""The sentence beside a verdict: plain clinical words, with the numbers it rests on."""

from cctrack.compare.case import TOTAL, Case
from cctrack.model import Confidence, Event, Method, Quantity, Reference, Unit

UNITS = {Unit.MM: "mm", Unit.MM2: "mm²", Unit.MM3: "mm³", Unit.MG: "mg", Unit.PERCENT: "%"}
"""How units are written in a sentence; an absolute size in any other unit is not told."""

SINCE = {
    Reference.BASELINE: "since baseline",
    Reference.PRIOR: "since the previous visit",
    Reference.NADIR: "since its smallest value so far",
}
"""How a reference is told."""

METHODS = {
    Method.AUTOMATIC: "automatically",
    Method.READER: "by a reader",
    Method.PAIRED: "jointly",
    Method.FIXED_THRESHOLD: "by a fixed threshold",
    Method.HALF_PEAK: "at half of the peak",
    Method.PARTIAL_VOLUME: "by partial volume",
}
"""How a method is told."""


def percent(value: float) -> str:
    """Write a change in percent with its sign: ``+62 %``, ``−4.5 %``."""
    digits = 1 if abs(value) < 9.95 else 0
    text = f"{abs(value):.{digits}f}"
    if float(text) == 0:
        return "0 %"
    return f"{'−' if value < 0 else '+'}{text} %"


def size(value: float, unit: Unit) -> str:
    """Write a size with three digits and its unit; empty for a unit that means nothing alone."""
    if unit not in UNITS:
        return ""
    digits = 0 if value >= 99.5 else 1 if value >= 9.95 else 2
    return f"{value:.{digits}f} {UNITS[unit]}"


def limit(value: float, unit: Unit) -> str:
    """Write a limit as exactly as its rule does: ``25 mm²``; empty for a unit without meaning."""
    return f"{value:.3g} {UNITS[unit]}" if unit in UNITS else ""


def changed(case: Case, confidence: Confidence) -> str:
    """Progression or regression."""
    grew = case.ratio > 1
    cut = case.thresholds.progression if grew else case.thresholds.regression
    word = "progression" if grew else "regression"
    doubt = "" if confidence is Confidence.DEFINITE else _doubt("a smaller change")
    return (
        f"{_what(case)} {_moved(case)}: beyond the {_cut(cut)} that counts as "
        f"{word}, and more than the measurement error explains{doubt}."
    )


def stable(case: Case, confidence: Confidence) -> str:
    """Stable, and which of its three reasons applies."""
    if not (case.above_cut or case.below_cut):
        doubt = "" if confidence is Confidence.DEFINITE else _doubt("a larger change")
        return (
            f"{_what(case)} {_moved(case)}: between {_cuts(case)}, which counts as stable{doubt}."
        )
    return (
        f"{_what(case)} {_moved(case)}, but that is only "
        f"{size(abs(case.difference), case.after.unit)}; less than "
        f"{limit(case.floor, case.after.unit)} does not count, so it counts as stable."
    )


def too_imprecise(case: Case) -> str:
    """Tell that the interval is wider than what counts as stable."""
    low, high = (percent(100 * (end - 1)) for end in case.interval)
    return (
        f"Too imprecise to judge: {_what(case, start=False)} may have changed by anything from "
        f"{low} to {high}, a wider range than the one between {_cuts(case)} that counts as stable."
    )


def cannot_tell(case: Case) -> str:
    """Tell that the change is beyond the cut, but not clearly beyond its error."""
    cut = case.thresholds.progression if case.ratio > 1 else case.thresholds.regression
    return (
        f"It cannot be told whether {_what(case, start=False)} changed: it {_moved(case)}, beyond "
        f"the {_cut(cut)} that would count, but the measurement error may explain it."
    )


def appeared(case: Case) -> str:
    """Something where nothing was found before."""
    found = size(case.after.value, case.after.unit)
    least = limit(case.zero_limit, case.after.unit)
    if not found:
        return "New: calcification where nothing was found before, beyond what could be missed."
    return f"New: {found} where nothing was found before; more than {least} counts as progression."


def gone(case: Case) -> str:
    """Nothing where something was found before."""
    was = size(case.before.value, case.before.unit)
    now = f"nothing was found {_at_followup(case)}"
    return f"Not found again: {_of(was)}{now}, which counts as regression."


def too_little(case: Case) -> str:
    """Something at one visit and nothing at the other, but too little to count."""
    value = max(case.before.value, case.after.value)
    found = size(value, case.after.unit) or "a trace"
    least = limit(max(case.zero_limit, case.floor), case.after.unit) or "the detection limit"
    return f"Only {found} at one visit and nothing at the other; up to {least} does not count."


def nothing_at_all() -> str:
    """Nothing at either visit."""
    return "No calcification was found at either visit."


def limit_unknown(case: Case) -> str:
    """Nothing at one visit, and it is not known how much could have been missed."""
    visit = "before" if case.before.value == 0 else "afterwards"
    return f"Nothing was found {visit}, and how much could have been missed there is not known."


def may_be_hidden(case: Case) -> str:
    """Nothing left, but most of it could be there and be missed."""
    was = size(case.before.value, case.before.unit)
    hidden = limit(case.after.detection_limit, case.after.unit) or "most of it"
    return f"{_of(was).capitalize()}nothing was found afterwards, but {hidden} could be missed."


def too_small(case: Case) -> str:
    """Tell that a single lesion is below what can be judged alone."""
    least = limit(case.thresholds.smallest_lesion, case.after.unit)
    return (
        f"{case.lesion} is smaller than {least} at both visits, too small to be judged alone; "
        "it is part of the total."
    )


def removed(case: Case) -> str:
    """Cut out, or came out through the skin."""
    how = "was removed by surgery" if case.event is Event.EXCISED else "came out through the skin"
    subject = "A deposit" if case.lesion == TOTAL else case.lesion
    return f"{subject} {how}, which is no regression under treatment and is not judged."


def not_imaged(case: Case) -> str:
    """Outside the field of one image, or below a scale there."""
    return f"{case.lesion} is not shown in full by one of the images, so it cannot be compared."


def no_scale(case: Case) -> str:
    """Pixels at one visit or both, and no common grid."""
    which = [
        name
        for name, item in (("earlier", case.before), ("later", case.after))
        if item.unit is Unit.PX
    ]
    if len(which) == 2:
        return "Neither image has a scale and they are not aligned, so sizes cannot be compared."
    return f"The {which[0]} image has no scale, so its size cannot be compared with the other."


def different_units(case: Case) -> str:
    """Units that cannot be compared."""
    return f"The visits were measured in different units ({case.before.unit}, {case.after.unit})."


def different_methods(case: Case) -> str:
    """Methods that measure different things."""
    return (
        f"The visits were measured differently: once {METHODS[case.before.method]}, "
        f"once {METHODS[case.after.method]}."
    )


def other_method(case: Case) -> str:
    """Tell that the rule judges by another method."""
    wanted = METHODS[Method(case.thresholds.method)]
    return f"Shown for comparison: the verdict rests on the {case.after.quantity} {wanted}."


def size_unknown(case: Case) -> str:
    """Tell that the rule needs an absolute size."""
    subject = "the change" if case.lesion == TOTAL else case.lesion
    return f"Without a scale it is not known whether {subject} is large enough to be judged."


def _what(case: Case, *, start: bool = True) -> str:
    quantity = str(case.after.quantity).replace("_", " ")
    if case.after.quantity is Quantity.MAX_DIAMETER:
        quantity = "longest diameter" if case.lesion != TOTAL else "sum of longest diameters"
    if case.lesion != TOTAL:
        return f"{'The' if start else 'the'} {quantity} of {case.lesion}"
    return f"{'The' if start else 'the'} total {quantity}".replace("total sum", "sum")


def _moved(case: Case) -> str:
    low, high = (percent(100 * (end - 1)) for end in case.interval)
    change = 100 * (case.ratio - 1)
    amount = percent(abs(change)).lstrip("+")
    verb = "grew" if change > 0 else "shrank"
    moved = f"{verb} by {amount}" if amount != "0 %" else "did not change"
    return f"{moved} {SINCE[case.reference]} (95 % interval {low} to {high})"


def _cut(ratio: float) -> str:
    """Write a cut as exactly as its rule does: ``+39.8 %``."""
    value = round(100.0 * (ratio - 1.0), 1)
    return f"{'−' if value < 0 else '+'}{abs(value):g} %"


def _cuts(case: Case) -> str:
    down, up = case.thresholds.regression, case.thresholds.progression
    return f"{_cut(down)} and {_cut(up)}"


def _doubt(what: str) -> str:
    return f"; the interval includes {what} too, so this is probable, not definite"


def _at_followup(case: Case) -> str:
    hidden = limit(case.after.detection_limit, case.after.unit)
    if case.after.detection_limit == 0 or not hidden:
        return "afterwards"
    return f"afterwards (up to {hidden} could be missed)"


def _of(was: str) -> str:
    return f"of {was} before, " if was else ""
