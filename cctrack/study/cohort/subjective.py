"""What patients say beside what images show: who says otherwise, and kappa."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from cctrack.compare.agreement import Estimate, weighted_kappa
from cctrack.compare.counts import share
from cctrack.errors import CctrackError
from cctrack.io import Column, Sheet
from cctrack.io.sheets import Kind
from cctrack.study.cohort.outcomes import JUDGED, PatientOutcome
from cctrack.study.cohort.responses import ANSWERS, JUDGEMENTS
from cctrack.study.rows import number

ORDER = tuple(map(str, JUDGEMENTS))
MEANS = dict(zip(ANSWERS, ORDER, strict=True))
"""The outcome that agrees with each answer."""

COUNT_COLUMNS = (
    Column("modality", meaning="photo, xray, ct or mr"),
    Column("subjective", meaning="what the patient said last; not_asked"),
    Column("objective", meaning="the outcome of outcomes.csv, as judged"),
    Column("count", Kind.COUNT, "patients"),
    Column("discordance", meaning="none, some (one step apart), opposite; empty if one is missing"),
)

AGREEMENT_COLUMNS = (
    Column("modality", meaning="photo, xray, ct or mr"),
    Column("pairs", Kind.COUNT, "patients with an answer and an outcome"),
    Column("discordant", Kind.COUNT, "of them, those whose answer is not their outcome"),
    Column("percent", Kind.NUMBER, "discordant of pairs, %"),
    Column("lower95", Kind.NUMBER, "lower end of the exact 95 % interval, %"),
    Column("upper95", Kind.NUMBER, "upper end of it, %"),
    Column("opposite", Kind.COUNT, "better although progression, or worse although regression"),
    Column("kappa", Kind.NUMBER, "Cohen's kappa, linear weights; empty where chance agrees fully"),
    Column("kappa_lower95", Kind.NUMBER, "lower end of its asymptotic 95 % interval"),
    Column("kappa_upper95", Kind.NUMBER, "upper end of it"),
    Column("note", meaning="why something is empty"),
)

Row = Mapping[str, object]


def subjective_counts(outcomes: Sequence[PatientOutcome]) -> Sheet:
    """Count each combination of an answer and an outcome."""
    counts = Counter(
        (
            item.modality,
            item.subjective if item.subjective in ANSWERS else "not_asked",
            item.outcome,
        )
        for item in outcomes
        if item.reference == JUDGED
    )
    rows = [
        {
            "modality": modality,
            "subjective": answer,
            "objective": outcome,
            "count": count,
            "discordance": _discordance(answer, outcome),
        }
        for (modality, answer, outcome), count in sorted(counts.items())
    ]
    return Sheet("subjective", COUNT_COLUMNS, rows)


def _answer(item: PatientOutcome) -> str:
    return item.subjective if item.subjective in ANSWERS else "not_asked"


def subjective_agreement(outcomes: Sequence[PatientOutcome]) -> Sheet:
    """Say for each modality how many patients are discordant, with Cohen's kappa."""
    judged = [item for item in outcomes if item.reference == JUDGED]
    modalities = sorted({item.modality for item in judged})
    rows = [_agreement(name, [i for i in judged if i.modality == name]) for name in modalities]
    return Sheet("agreement", AGREEMENT_COLUMNS, rows)


def _agreement(modality: str, judged: Sequence[PatientOutcome]) -> Row:
    pairs = [
        (MEANS[item.subjective], item.outcome)
        for item in judged
        if item.subjective in MEANS and item.outcome in ORDER
    ]
    steps = [abs(ORDER.index(said) - ORDER.index(seen)) for said, seen in pairs]
    discordant = share(sum(step > 0 for step in steps), len(pairs))
    low, high = discordant.interval or (None, None)
    kappa, note = _kappa(pairs)
    return {
        "modality": modality,
        "pairs": len(pairs),
        "discordant": discordant.count,
        "percent": number(discordant.percent),
        "lower95": None if low is None else number(100.0 * low),
        "upper95": None if high is None else number(100.0 * high),
        "opposite": sum(step == 2 for step in steps),
        "kappa": number(kappa.value) if kappa else None,
        "kappa_lower95": number(kappa.low) if kappa else None,
        "kappa_upper95": number(kappa.high) if kappa else None,
        "note": note,
    }


def _kappa(pairs: Sequence[tuple[str, str]]) -> tuple[Estimate | None, str]:
    if len(pairs) < 2:
        return None, "two patients at least are needed for kappa"
    try:
        said, seen = zip(*pairs, strict=True)
        kappa = weighted_kappa(said, seen, ORDER)
    except CctrackError as error:
        return None, str(error)
    if math.isnan(kappa.value):
        return None, "all answers and outcomes are the same: kappa says nothing"
    constant = math.isnan(kappa.low)
    return kappa, "answers or outcomes do not vary: no interval" if constant else ""


def _discordance(answer: str, outcome: str) -> str:
    if answer not in MEANS or outcome not in ORDER:
        return ""
    return ("none", "some", "opposite")[abs(ORDER.index(MEANS[answer]) - ORDER.index(outcome))]
