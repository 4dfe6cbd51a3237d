"""Counts, agreement and cautions: what the report says beyond single numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cctrack.model import Criteria, Flag, Modality, Outcome, Quality, Reference
from cctrack.report.content import ModalityOutcome, PatientContent
from cctrack.report.site_content import AlignmentContent, LesionRow, PairContent, SiteContent
from cctrack.report.words import ANSWERS, FLAGS, LAID, METHODS, QUANTITY_NAMES, SKIN_SURFACE, day

MATCHING = {
    "better": Outcome.REGRESSION,
    "same": Outcome.STABLE,
    "worse": Outcome.PROGRESSION,
}
"""The verdict that a patient's answer would match."""

RADIOLOGY = (Modality.CT, Modality.XRAY, Modality.MR)
"""What shows calcium itself, the most exact first."""

Counts = Mapping[Modality, Mapping[Outcome, int]]


def modalities_of(patients: Sequence[PatientContent]) -> tuple[Modality, ...]:
    """Modalities that any patient has, in their usual order."""
    present = {outcome.modality for patient in patients for outcome in patient.outcomes}
    return tuple(modality for modality in Modality if modality in present)


def outcome_in(patient: PatientContent, modality: Modality) -> ModalityOutcome | None:
    """Find a patient's outcome in one modality."""
    return next((item for item in patient.outcomes if item.modality is modality), None)


def count_outcomes(patients: Sequence[PatientContent]) -> Counts:
    """Count patients by modality and outcome; modalities are never fused."""
    return {
        modality: Counter(
            outcome.outcome
            for patient in patients
            for outcome in patient.outcomes
            if outcome.modality is modality
        )
        for modality in modalities_of(patients)
    }


@dataclass(frozen=True, slots=True)
class Answer:
    """What a patient said, and which verdicts say the same or something else."""

    text: str
    agrees: tuple[Modality, ...]
    differs: tuple[Modality, ...]


def said(outcome: ModalityOutcome) -> Outcome | None:
    """Return the verdict that a patient's answer would match; None where there is no answer."""
    return MATCHING.get(outcome.subjective.strip().casefold())


def agreement(outcome: ModalityOutcome) -> bool | None:
    """Whether what the patient said matches the verdict; None where that cannot be told."""
    answer = said(outcome)
    if answer is None or outcome.outcome is Outcome.NOT_EVALUABLE:
        return None
    return answer is outcome.outcome


def answers(patient: PatientContent) -> tuple[Answer, ...]:
    """List what a patient said beside what the images say; usually one answer or none."""
    texts = dict.fromkeys(item.subjective for item in patient.outcomes if item.subjective)
    return tuple(
        Answer(
            ANSWERS.get(text, text),
            *(
                tuple(
                    item.modality
                    for item in patient.outcomes
                    if item.subjective == text and agreement(item) is wanted
                )
                for wanted in (True, False)
            ),
        )
        for text in texts
    )


@dataclass(frozen=True, slots=True)
class BothWays:
    """One patient judged by photo and by radiology."""

    patient: str
    photo: ModalityOutcome
    radiology: ModalityOutcome

    @property
    def agrees(self) -> bool | None:
        """Whether both verdicts are the same; None where one could not be evaluated."""
        if Outcome.NOT_EVALUABLE in (self.photo.outcome, self.radiology.outcome):
            return None
        return self.photo.outcome is self.radiology.outcome


def both_ways(patients: Sequence[PatientContent]) -> tuple[BothWays, ...]:
    """Patients with a photo's and a radiological outcome; each radiological one counts."""
    return tuple(
        BothWays(patient.patient, photo, other)
        for patient in patients
        if (photo := outcome_in(patient, Modality.PHOTO)) is not None
        for modality in RADIOLOGY
        if (other := outcome_in(patient, modality)) is not None
    )


def untold(patient: PatientContent, sites: Sequence[SiteContent]) -> tuple[ModalityOutcome, ...]:
    """Outcomes whose reason no single site tells: those of several sites, or of none."""
    told = {(site.modality, site.verdict.reason) for site in sites}
    return tuple(item for item in patient.outcomes if (item.modality, item.reason) not in told)


def last_pair(site: SiteContent) -> PairContent | None:
    """Return the last visit against the first; None with one visit."""
    return site.since_first[-1] if site.since_first else None


def cautions(site: SiteContent) -> tuple[str, ...]:
    """Everything the reader must know beside a verdict, one sentence each."""
    listed = [SKIN_SURFACE] if site.modality is Modality.PHOTO else []
    pair = last_pair(site)
    shown = (site.visits[pair.before], site.visits[pair.after]) if pair else site.visits
    flags = {flag for visit in shown for flag in visit.flags}
    if pair:
        flags |= {flag for row in pair.lesions for flag in row.flags}
    listed += [FLAGS[flag] for flag in Flag if flag in flags and FLAGS[flag] not in listed]
    if pair and pair.comparability:
        listed.append(pair.comparability)
    return tuple(listed)


def alignment_words(found: AlignmentContent | None) -> str:
    """Say how the later image was laid on the earlier one, and how well; empty if not tried."""
    if found is None:
        return ""
    if found.quality is Quality.FAILED:
        return "failed: the two pictures do not show the same place pixel by pixel"
    laid = {str(model): words for model, words in LAID.items()}.get(found.model, found.model)
    parts = [f"{found.quality}, {laid}" if laid else str(found.quality)]
    if found.residual_mm is not None:
        parts.append(f"{found.residual_mm:.2g} mm left")
    elif found.residual_px is not None:
        parts.append(f"{found.residual_px:.2g} px left")
    if found.coverage is not None:
        parts.append(f"{found.coverage:.0%} of the earlier field is in both")
    return ", ".join(parts) + (f". {found.reason}" if found.reason else "")


def total_at(site: SiteContent, visit: int) -> LesionRow | None:
    """Return the total of one visit against the first; None where they were not compared."""
    return next((pair.total for pair in site.since_first if pair.after == visit), None)


def since_nadir(site: SiteContent, visit: int) -> LesionRow | None:
    """Return the total of one visit against the smallest before it, where that was judged."""
    pairs = (pair for pair in site.pairs if pair.reference is Reference.NADIR)
    return next((pair.total for pair in pairs if pair.after == visit), None)


def made(site: SiteContent, criteria: Criteria) -> tuple[tuple[str, str], ...]:
    """Say how the numbers of a site came about: a heading and a text each."""
    measured = [visit for visit in site.visits if visit.image_id]
    methods = dict.fromkeys(METHODS[visit.total.method] for visit in measured if visit.total)
    scales = dict.fromkeys(visit.scale or "none: no size in mm is given" for visit in measured)
    ids = [f"{visit.image_id} ({day(visit.acquired)})" for visit in measured]
    pair = last_pair(site)
    lines = (
        ("Size", f"{QUANTITY_NAMES[site.quantity]}: {'; '.join(methods)}" if methods else ""),
        ("Scale", "; ".join(scales)),
        ("Alignment", alignment_words(pair.alignment) if pair else ""),
        ("Verdict", f"{criteria.name}, version {criteria.version}: {criteria.citation}"),
        ("Images", ", ".join(ids)),
    )
    return tuple((heading, text) for heading, text in lines if text)
