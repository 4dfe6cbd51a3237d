"""Counts, agreement and cautions: what the report says beyond single numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cctrack.model import Flag, Modality, Outcome
from cctrack.report.content import ModalityOutcome, PairContent, PatientContent
from cctrack.report.words import ANSWERS, FLAGS, SKIN_SURFACE

MATCHING = {
    "better": Outcome.REGRESSION,
    "same": Outcome.STABLE,
    "worse": Outcome.PROGRESSION,
}
"""The verdict that a patient's answer would match."""

Counts = Mapping[Modality, Mapping[Outcome, int]]


def modalities_of(patients: Sequence[PatientContent]) -> tuple[Modality, ...]:
    """Modalities that any patient has, in their usual order."""
    present = {outcome.modality for patient in patients for outcome in patient.outcomes}
    return tuple(modality for modality in Modality if modality in present)


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


def agreement(outcome: ModalityOutcome) -> bool | None:
    """Whether what the patient said matches the verdict; None where that cannot be told."""
    said = MATCHING.get(outcome.subjective.strip().casefold())
    if said is None or outcome.outcome is Outcome.NOT_EVALUABLE:
        return None
    return said is outcome.outcome


def answers(patient: PatientContent) -> tuple[Answer, ...]:
    """List what a patient said beside what the images say; usually one answer or none."""
    said = dict.fromkeys(item.subjective for item in patient.outcomes if item.subjective)
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
        for text in said
    )


def untold(patient: PatientContent) -> tuple[ModalityOutcome, ...]:
    """Outcomes whose reason no single site tells: those of several sites, or of none."""
    told = {(pair.modality, pair.total.reason) for pair in patient.pairs}
    return tuple(item for item in patient.outcomes if (item.modality, item.reason) not in told)


def cautions(pair: PairContent) -> tuple[str, ...]:
    """Everything the reader must know beside a verdict, one sentence each."""
    listed = [SKIN_SURFACE] if pair.modality is Modality.PHOTO else []
    flags = {*pair.flags, *(flag for row in pair.lesions for flag in row.flags)}
    listed += [FLAGS[flag] for flag in Flag if flag in flags and FLAGS[flag] not in listed]
    if pair.comparability:
        listed.append(pair.comparability)
    return tuple(listed)
