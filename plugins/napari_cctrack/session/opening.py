"""Open the visits of a pair: read, measure, and take up what readers did before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from cctrack.errors import UnreadableImage
from cctrack.io import Lost
from cctrack.model import (
    Alignment,
    AlignmentModel,
    Because,
    Criteria,
    Image,
    Modality,
    Quality,
    Visit,
)
from cctrack.study.aligned import thresholds_for, with_comparability
from cctrack.study.by_hand import BY_HAND
from cctrack.study.edited import with_labels
from cctrack.study.options import MeasureOptions
from cctrack.study.outlining import reader_outline
from cctrack.study.pipeline import Measured, calibrate_image, measure_image
from cctrack.study.record import Record, image_subject
from cctrack.study.sources import read_visit_image
from cctrack.study.workers import Workers
from napari_cctrack.session import actions, keep
from napari_cctrack.session.links import Links
from napari_cctrack.session.state import AlignedBy, PairState, VisitState

READ_LIMIT_S = 600.0
"""Wall time for reading one visit: a CT of 1,500 slices takes a fifth of it on a slow disk."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What is needed to open visits of a study.

    Attributes
    ----------
    root : Path
        The study's folder.
    criteria : Criteria
    options : MeasureOptions
        What the study says about sizes.
    record : Record
    links : Links or None
        Which lesion is which, as far as readers said so.
    """

    root: Path
    criteria: Criteria
    options: MeasureOptions
    record: Record
    links: Links | None = None


def open_pair(opening: Opening, visits: Sequence[Visit]) -> Iterator[str | PairState]:
    """Open one or two visits, the earlier first; yields what is being done, last the state.

    Raises
    ------
    UnreadableImage
        If a visit cannot be read, or outlined; the message says which one.
    """
    yield "Reading the images …"
    images = read_visits(opening.root, visits)
    states = []
    for visit, image, which in zip(visits, images, ("earlier", "later"), strict=False):
        yield f"Measuring the {which} visit …" if len(visits) > 1 else "Measuring the visit …"
        states.append(open_visit(opening, visit, image))
    pair = PairState(tuple(states), opening.criteria, links=opening.links)
    if not pair.complete:
        yield pair
        return
    yield "Taking up what was done before …"
    yield take_up(pair, opening.record)


def read_visits(root: Path, visits: Sequence[Visit]) -> list[Image]:
    """Read the images of visits; films and scans in a process of its own.

    Codecs of DICOM can end the process they run in, which must not be the viewer. Photos are read
    here: their codecs do not, and starting a process takes longer than reading them.

    Raises
    ------
    UnreadableImage
        If one cannot be read.
    """
    if all(visit.modality is Modality.PHOTO for visit in visits):
        return [read_visit_image(root, visit.path, visit.modality) for visit in visits]
    with Workers(1) as workers:
        read = workers.run(partial(_read, root), visits, lambda _visit: READ_LIMIT_S)
        outcomes = list(read)
    images: list[Image] = []
    for outcome in outcomes:
        if isinstance(outcome, Lost):
            raise UnreadableImage(outcome.because, outcome.detail)
        if isinstance(outcome, tuple):
            raise UnreadableImage(*outcome)
        images.append(outcome)
    return images


def open_visit(opening: Opening, visit: Visit, image: Image) -> VisitState:
    """Measure one visit as readers left it, or automatically."""
    plain = Measured(image, reader_outline(image, np.zeros(image.shape, np.uint16)), ())
    record, key = opening.record, plain.image_id
    sizes = keep.kept_sizes(record, key)
    options = replace(opening.options, sizes=sizes or opening.options.sizes)
    accepted = keep.kept_steps(record, image_subject(key))
    kept = keep.kept_outline(record, image, key)
    if kept is None:
        measured = measure_image(image, options)
        return VisitState(visit, measured, measured, accepted)
    scaled, _ = calibrate_image(image, options)
    measured = with_labels(replace(plain, image=scaled, sizes=options.sizes), *kept)
    return VisitState(visit, measured, None, accepted)


def take_up(pair: PairState, record: Record) -> PairState:
    """Put back landmarks, alignment, verdict and decision as the record has them."""
    pair = keep.with_kept_points(pair, record)
    accepted = pair.accepted
    matrix = keep.kept_matrix(pair, record)
    if matrix is not None:
        pair = _aligned_by_hand(pair, matrix)
    elif keep.kept_by_landmarks(pair, record):
        pair = actions.align_by_landmarks(pair)
    decision = keep.kept_decision(pair, record)
    if decision is not None:
        pair = replace(actions.compare(pair), decision=decision)
    return replace(pair, accepted=accepted)


def _aligned_by_hand(pair: PairState, matrix: keep.Matrix) -> PairState:
    before, after = (visit.measured for visit in pair.visits)
    found = Alignment(AlignmentModel.AFFINE, matrix, Quality.CHECK, residual_px=0.0, reason=BY_HAND)
    thresholds = thresholds_for(before.image, after.image, pair.criteria)
    aligned = with_comparability(before, after, thresholds, found)
    return replace(pair, aligned=aligned, aligned_by=AlignedBy.HAND)


def _read(root: Path, visit: Visit) -> Image | tuple[Because, str]:
    try:
        return read_visit_image(root, visit.path, visit.modality)
    except UnreadableImage as error:
        return Because(error.because), error.detail
