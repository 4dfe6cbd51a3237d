"""Every candidate with its class, so that a reader can move one to another class by a click."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cctrack.model import Ct, Flag, LabelArray, Outline
from cctrack.model.hounsfield import calcium_threshold_hu
from cctrack.segment.ct.body import find_body
from cctrack.segment.ct.classify import Kind, Verdict
from cctrack.segment.ct.judge import judge_all
from cctrack.segment.ct.outline import LARGEST_LABEL, flags_of, outline_labels

UNLISTED = (Kind.SPECK, Kind.OUTSIDE)
"""Noise and what lies outside the body would bury the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What is as bright as calcium on a CT, and what each of it was taken for.

    Attributes
    ----------
    labels : uint16 array, shape of the CT
        0 is background; numbers are the keys of ``verdicts``.
    verdicts : mapping of int to Verdict
        Class and score of each candidate.
    flags : frozenset of Flag
        Cautions about the whole image.
    """

    labels: LabelArray
    verdicts: Mapping[int, Verdict]
    flags: frozenset[Flag]


def find_candidates(ct: Ct) -> Candidates:
    """Find everything on a CT that may be calcium, and name each.

    Parameters
    ----------
    ct : Ct
        Hounsfield units.

    Returns
    -------
    Candidates
        Its deposits are those of `outline_ct`, before close pieces are joined.
    """
    threshold_hu, flags = calcium_threshold_hu(ct.acquisition.kvp)
    body = find_body(ct)
    labels = np.zeros(ct.shape, dtype=np.uint16)
    verdicts: dict[int, Verdict] = {}
    for judged in judge_all(ct, body, threshold_hu):
        if judged.verdict.kind in UNLISTED or len(verdicts) == LARGEST_LABEL:
            continue
        number = len(verdicts) + 1
        verdicts[number] = judged.verdict
        # A deposit on a bone comes after the bone and takes its voxels from it.
        labels[judged.candidate.box][judged.candidate.region] = number
    return Candidates(labels, verdicts, flags | flags_of(ct, body))


def reclassify(candidates: Candidates, label: int, kind: Kind) -> Candidates:
    """Move one candidate to another class, as a reader decided.

    Parameters
    ----------
    candidates : Candidates
    label : int
        Which candidate.
    kind : Kind
        What it is.

    Returns
    -------
    Candidates
        A new value with a score of 1 for this candidate: the reader is sure.

    Raises
    ------
    ValueError
        If there is no such candidate.
    """
    if label not in candidates.verdicts:
        raise ValueError(f"no candidate {label}; there are {len(candidates.verdicts)}")
    return replace(candidates, verdicts={**candidates.verdicts, label: Verdict(kind)})


def outline_candidates(candidates: Candidates, ct: Ct) -> Outline:
    """Outline what is classed as deposit.

    Parameters
    ----------
    candidates : Candidates
    ct : Ct
        The CT they were found on.

    Returns
    -------
    Outline
        As from `outline_ct`: pieces close to each other joined, largest first.

    Raises
    ------
    ValueError
        If the candidates are of another grid.
    """
    if candidates.labels.shape != ct.shape:
        raise ValueError(f"candidates of {candidates.labels.shape} on a CT of {ct.shape}")
    chosen = np.zeros(len(candidates.verdicts) + 1, dtype=np.uint16)
    deposits = [
        label for label, verdict in candidates.verdicts.items() if verdict.kind is Kind.DEPOSIT
    ]
    chosen[deposits] = np.arange(1, len(deposits) + 1)
    return outline_labels(chosen[candidates.labels], ct, candidates.flags)
