"""Write the work on a pair into the study's record, and take it up again from there."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from cctrack.calibrate.options import NOTHING_GIVEN, PhotoScaleOptions
from cctrack.io import read_mask, write_mask
from cctrack.model import Confidence, Ct, Image, LabelArray, Method, Mr, Outcome
from cctrack.study.edited import over_bone_of
from cctrack.study.record import (
    Kind,
    Record,
    Statement,
    image_subject,
    pair_subject,
    verdict_subject,
)
from cctrack.study.record.statement import as_json
from cctrack.study.told import MASK, OVER_BONE, left_out, scale_options
from napari_cctrack.session.links import said_of, subject_of
from napari_cctrack.session.state import AlignedBy, Decision, PairState, Step, VisitState

Clock = Callable[[], datetime]
Said = Mapping[str, Any]
Matrix = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(slots=True)
class Keeper:
    """Keeps what one reader does.

    Attributes
    ----------
    record : Record
    reader : str
    clock : callable
        Returns the time with its zone.
    usual : PhotoScaleOptions
        What the study says about sizes in all of its images: no reader has to say it again.
    """

    record: Record
    reader: str
    clock: Clock
    usual: PhotoScaleOptions = NOTHING_GIVEN
    _masks: dict[str, tuple[LabelArray, str]] = field(default_factory=dict)

    def save(self, pair: PairState, why: str = "") -> int:
        """Write everything that the record does not say yet; return how many statements.

        When this returns, a crash loses nothing of the state.
        """
        said = self._all_of(pair)
        statements = [
            Statement(kind, subject, self.reader, after, why or reason)
            for kind, subject, after, reason in said
            if after or self.record.latest(kind, subject) is not None
        ]
        return len(self.record.append_changed(statements, self.clock()))

    def agrees(self, pair: PairState) -> bool:
        """Whether the record says of a pair what a state says, but for the window's own notes."""
        return all(
            as_json(after) == as_json(entry.after if entry else {})
            for kind, subject, after, _ in self._all_of(pair)
            if kind is not Kind.WINDOW
            for entry in [self.record.latest(kind, subject)]
        )

    def _all_of(self, pair: PairState) -> list[tuple[Kind, str, Said, str]]:
        said = [item for visit in pair.visits for item in self._of_visit(visit)]
        return said + self._of_pair(pair) if pair.complete else said

    def _of_visit(self, visit: VisitState) -> list[tuple[Kind, str, Said, str]]:
        subject = image_subject(visit.measured.image_id)
        steps = sorted(str(step) for step in visit.accepted)
        window = {"steps": steps} if steps else {}
        sizes = visit.measured.sizes
        return [
            (Kind.SCALE, subject, {} if sizes == self.usual else said_of_sizes(sizes), ""),
            (Kind.OUTLINE, subject, self._outline(visit), ""),
            (Kind.WINDOW, subject, window, ""),
        ]

    def _outline(self, visit: VisitState) -> Said:
        outline = visit.measured.outline
        if outline.method is not Method.READER:
            return {}
        key = visit.measured.image_id
        known = self._masks.get(key)
        if known is None or known[0] is not outline.labels:
            data = mask_bytes(outline.labels, visit.measured.image)
            self._masks[key] = known = (outline.labels, self.record.put(data))
        uncounted = sorted(over_bone_of(outline))
        return {"blobs": {MASK: known[1]}} | ({OVER_BONE: uncounted} if uncounted else {})

    def _of_pair(self, pair: PairState) -> list[tuple[Kind, str, Said, str]]:
        subject = pair_subject(*pair.image_ids)
        decision = pair.decision
        verdict = verdict_subject(*pair.image_ids)
        visits = [visit.visit for visit in pair.visits]
        links = [] if pair.links is None else [said_of(pair.links, visits)]
        return [
            *((Kind.LINK, subject_of(visits), said, "") for said in links),
            (Kind.LANDMARKS, subject, _landmarks(pair), ""),
            (Kind.ALIGNMENT, subject, _alignment(pair), ""),
            (Kind.WINDOW, subject, _window(pair), ""),
            (Kind.VERDICT, verdict, _verdict(decision), decision.why if decision else ""),
        ]


def said_of_sizes(sizes: PhotoScaleOptions) -> Said:
    """Write what a reader said about sizes as the record has it; empty when nothing was said."""
    said = {key: value for key, value in asdict(sizes).items() if value is not None}
    if sizes.clicks is not None:
        points = [list(sizes.clicks.first_px), list(sizes.clicks.second_px)]
        said["clicks"] = {"points_px": points, "mm": sizes.clicks.mm}
    if sizes.ruler_line_px is not None:
        said["ruler_line_px"] = [list(point) for point in sizes.ruler_line_px]
    return said


def mask_bytes(labels: LabelArray, image: Image) -> bytes:
    """Write labels as the bytes of a mask file: PNG, or NIfTI of a volume."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / _mask_name(image)
        write_mask(path, labels, image)
        return path.read_bytes()


def labels_from(data: bytes, image: Image) -> LabelArray:
    """Read what `mask_bytes` wrote.

    Raises
    ------
    UnreadableImage
        If it does not fit the image.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / _mask_name(image)
        path.write_bytes(data)
        return read_mask(path, image)


def kept_sizes(record: Record, image_id: str) -> PhotoScaleOptions | None:
    """Return what readers said about sizes in an image; None when nobody did."""
    entry = record.latest(Kind.SCALE, image_subject(image_id))
    return scale_options(entry.after) if entry else None


def kept_outline(
    record: Record, image: Image, image_id: str
) -> tuple[LabelArray, tuple[int, ...]] | None:
    """Return the labels that a reader left, and which of them count not; None for automatic."""
    entry = record.latest(Kind.OUTLINE, image_subject(image_id))
    if entry is None:
        return None
    return labels_from(record.get(entry.after["blobs"][MASK]), image), left_out(entry.after)


def kept_steps(record: Record, subject: str) -> frozenset[Step]:
    """Return the steps that a reader has agreed to."""
    entry = record.latest(Kind.WINDOW, subject)
    return frozenset(Step(step) for step in entry.after.get("steps", ())) if entry else frozenset()


def with_kept_points(pair: PairState, record: Record) -> PairState:
    """Put back the landmarks of a pair, whether or not they had been used."""
    subject = pair_subject(*pair.image_ids)
    entry = record.latest(Kind.WINDOW, subject)
    if entry is None:
        return pair
    for number, placed in enumerate(entry.after.get("points_px", [])):
        visit = replace(pair.visits[number], points_px=tuple(map(tuple, placed)))
        pair = pair.with_visit(number, visit)
    return replace(pair, accepted=kept_steps(record, subject))


def kept_matrix(pair: PairState, record: Record) -> Matrix | None:
    """Return where a reader moved the alignment to by hand; None when nobody did."""
    entry = record.latest(Kind.ALIGNMENT, pair_subject(*pair.image_ids))
    matrix = entry.after.get("matrix") if entry else None
    return None if matrix is None else np.asarray(matrix, dtype=np.float64)


def kept_by_landmarks(pair: PairState, record: Record) -> bool:
    """Whether the landmarks were what aligned the pair."""
    return record.latest(Kind.LANDMARKS, pair_subject(*pair.image_ids)) is not None


def kept_decision(pair: PairState, record: Record) -> Decision | None:
    """Return what was decided last about the pair; None when nothing was."""
    entry = record.latest(Kind.VERDICT, verdict_subject(*pair.image_ids))
    if entry is None:
        return None
    after = entry.after
    confidence = Confidence(after.get("confidence", ""))
    overrides = bool(after.get("overrides", False))
    return Decision(Outcome(after["outcome"]), confidence, entry.why, overrides)


def _mask_name(image: Image) -> str:
    return "labels.mask.nii.gz" if isinstance(image, Ct | Mr) else "labels.mask.png"


def _landmarks(pair: PairState) -> Said:
    """Only landmarks that are used: others would change what a run of the study aligns by."""
    if pair.aligned_by is not AlignedBy.LANDMARKS:
        return {}
    return {
        "pairs": [
            {"baseline": list(first), "followup": list(second)} for first, second in pair.landmarks
        ]
    }


def _alignment(pair: PairState) -> Said:
    if pair.aligned_by is not AlignedBy.HAND or not pair.aligned or not pair.aligned.alignment:
        return {}
    return {"accepted": True, "matrix": pair.aligned.alignment.matrix.tolist()}


def _window(pair: PairState) -> Said:
    points = [[list(point) for point in visit.points_px] for visit in pair.visits]
    steps = sorted(str(step) for step in pair.accepted)
    found = str(pair.result.total.outcome) if pair.result else ""
    said = {"points_px": points if any(points) else [], "steps": steps, "found": found}
    return {key: value for key, value in said.items() if value}


def _verdict(decision: Decision | None) -> Said:
    if decision is None:
        return {}
    return {
        "outcome": str(decision.outcome),
        "confidence": str(decision.confidence),
        "overrides": decision.overrides,
    }
