"""Everything a reader can do to a pair, each a function from one state to the next."""

from collections.abc import Sequence
from dataclasses import replace

from cctrack.calibrate.options import NOTHING_GIVEN, PhotoScaleOptions
from cctrack.errors import AlignmentFailed
from cctrack.model import LabelArray, LinkAction, Method
from cctrack.segment.scribble import Strokes
from cctrack.study.aligned import align_visits, thresholds_for, with_comparability
from cctrack.study.by_hand import centred, moved
from cctrack.study.edited import (
    counting,
    with_drawn,
    with_labels,
    with_pointed,
    with_sizes,
    without_lesion,
)
from cctrack.study.options import MeasureOptions
from cctrack.study.pair import compare_aligned
from cctrack.study.pipeline import Measured, measure_image
from cctrack.study.tracing import named
from napari_cctrack.session.polygon import drawn_round
from napari_cctrack.session.state import AlignedBy, Decision, PairState, PointPx, Step


def accept_scale(pair: PairState, number: int) -> PairState:
    """Agree to the scale of one visit."""
    visit = pair.visits[number]
    return pair.with_visit(number, replace(visit, accepted=visit.accepted | {Step.SCALE}))


def accept_outline(pair: PairState, number: int) -> PairState:
    """Agree to the outline of one visit: it is the reader's then, and owes no doubt any more.

    A verdict may turn on a lesion that only one visit shows once a reader has looked at both.
    """
    measured = pair.seen(number)
    if measured.outline.method is not Method.READER:
        measured = with_labels(measured, measured.outline.labels)
    return _outlined(pair, number, measured)


def state_scale(pair: PairState, number: int, sizes: PhotoScaleOptions) -> PairState:
    """Say how large something in the image is; what rests on the old scale is forgotten."""
    visit = pair.visits[number]
    measured = with_sizes(visit.measured, sizes)
    stated = replace(visit, measured=measured, accepted=visit.accepted | {Step.SCALE})
    return pair.with_visit(number, stated).without_alignment()


def withdraw_scale(pair: PairState, number: int) -> PairState:
    """Go back to the scale that the image itself shows, if it shows any."""
    stated = state_scale(pair, number, NOTHING_GIVEN)
    visit = stated.visits[number]
    return stated.with_visit(number, replace(visit, accepted=visit.accepted - {Step.SCALE}))


def paint(pair: PairState, number: int, labels: LabelArray) -> PairState:
    """Take what was painted for the outline of one visit."""
    return _outlined(pair, number, with_labels(pair.seen(number), labels))


def enclose(pair: PairState, number: int, corners: Sequence[PointPx]) -> PairState:
    """Take what a line goes round for a lesion.

    Raises
    ------
    ValueError
        In words for the reader, where the line goes round nothing.
    """
    return paint(pair, number, drawn_round(pair.seen(number).outline.labels, corners))


def draw(pair: PairState, number: int, strokes: Strokes, lesion: int | None = None) -> PairState:
    """Add what strokes point at, or correct one lesion by them.

    Raises
    ------
    ValueError
        In words for the reader, where the strokes come to nothing.
    """
    return _outlined(pair, number, with_drawn(pair.seen(number), strokes, lesion))


def add_at(pair: PairState, number: int, place: PointPx) -> PairState:
    """Add the lesion at a place that the reader points at.

    Raises
    ------
    ValueError
        In words for the reader, where there is nothing.
    """
    return _outlined(pair, number, with_pointed(pair.seen(number), place))


def redraw(
    pair: PairState, number: int, base: Measured, strokes: Strokes, lesion: int | None = None
) -> PairState:
    """Draw again from where the pen was first set down: every further stroke teaches the outline.

    Raises
    ------
    ValueError
        In words for the reader, where the strokes come to nothing.
    """
    return _outlined(pair, number, with_drawn(base, strokes, lesion))


def erase(pair: PairState, number: int, lesion: int) -> PairState:
    """Take one lesion out.

    Raises
    ------
    ValueError
        If there is no such lesion.
    """
    return _outlined(pair, number, without_lesion(pair.seen(number), lesion))


def count_over_bone(pair: PairState, lesion: int, *, counts: bool) -> PairState:
    """Let a deposit over bone count at every visit that shows it, or leave it out at both.

    What counted at one visit only would look like a change.

    Raises
    ------
    ValueError
        If no visit shows such a lesion.
    """
    seen = [pair.seen(number) for number in range(len(pair.visits))]
    shown = [number for number, one in enumerate(seen) if lesion in one.outline.lesions]
    if not shown:
        raise ValueError(f"There is no lesion L{lesion}.")
    for number in shown:
        pair = _outlined(pair, number, counting(seen[number], lesion, counts=counts))
    return pair


def propose_again(pair: PairState, number: int) -> PairState:
    """Go back to the automatic outline."""
    visit = pair.visits[number]
    proposal = visit.proposal
    if proposal is None or proposal.sizes != visit.measured.sizes:
        proposal = measure_image(visit.measured.image, MeasureOptions(sizes=visit.measured.sizes))
    anew = replace(
        visit, measured=proposal, proposal=proposal, accepted=visit.accepted - {Step.OUTLINE}
    )
    return pair.with_visit(number, anew).without_result()


def set_points(pair: PairState, number: int, points_px: Sequence[PointPx]) -> PairState:
    """Put the landmarks of one visit where the reader has them now."""
    placed = tuple(tuple(float(value) for value in point) for point in points_px)
    return pair.with_visit(number, replace(pair.visits[number], points_px=placed))


def align_automatically(pair: PairState) -> PairState:
    """Let the program align the two visits; a failure is kept, so that it can be explained."""
    before, after = _both(pair)
    aligned = align_visits(before, after, pair.criteria)
    return replace(
        pair.without_result(), aligned=aligned, aligned_by=AlignedBy.PROGRAM, accepted=frozenset()
    )


def align_by_landmarks(pair: PairState) -> PairState:
    """Align the two visits by the reader's landmarks."""
    before, after = _both(pair)
    aligned = align_visits(before, after, pair.criteria, pair.landmarks)
    return replace(
        pair.without_result(),
        aligned=aligned,
        aligned_by=AlignedBy.LANDMARKS,
        accepted=frozenset(),
    )


def move(pair: PairState, shift_px: Sequence[float], turn_deg: float) -> PairState:
    """Shift and turn the earlier visit on the later one, from where it lies now."""
    before, after = _both(pair)
    known = pair.aligned.alignment if pair.aligned else None
    start = known if known is not None else centred(before.image, after.image)
    alignment = moved(start, after.image, shift_px, turn_deg)
    thresholds = thresholds_for(before.image, after.image, pair.criteria)
    aligned = with_comparability(before, after, thresholds, alignment)
    return replace(
        pair.without_result(), aligned=aligned, aligned_by=AlignedBy.HAND, accepted=frozenset()
    )


def accept_alignment(pair: PairState) -> PairState:
    """Agree to how the two visits lie on each other."""
    return replace(pair, accepted=pair.accepted | {Step.ALIGN})


def compare(pair: PairState) -> PairState:
    """Judge the change; aligns first where nobody has.

    What stands between the images is asked anew: an outline may have changed since.
    """
    if pair.aligned is None:
        pair = align_automatically(pair)
    before, after = _both(pair)
    aligned = pair.aligned
    if aligned is None:
        raise AlignmentFailed("the two visits are not aligned yet")
    if aligned.alignment is not None and not aligned.obstacle:
        aligned = with_comparability(before, after, aligned.thresholds, aligned.alignment)
    said = pair.links.all if pair.links else ()
    result = compare_aligned(before, after, aligned, links=said)
    for number, visit in enumerate(pair.visits):
        # From here on a lesion has one number, and so one colour, at both visits.
        measured = named(visit.measured, number, result.lineage)
        pair = pair.with_visit(number, replace(visit, measured=measured))
    return replace(pair, result=result)


def say_link(
    pair: PairState,
    action: LinkAction,
    earlier: tuple[int, ...],
    later: tuple[int, ...],
    reader: str,
) -> PairState:
    """Say which lesions are the same, or are not, and judge the change anew.

    Parameters
    ----------
    pair : PairState
        Compared.
    action : LinkAction
    earlier, later : tuple of int
        Lesion ids as they are shown.
    reader : str

    Raises
    ------
    ValueError
        If nothing was compared yet, or the site has more than two visits.
    """
    if pair.result is None:
        raise ValueError("There is no verdict yet: compare the two visits first.")
    if pair.links is None:
        raise ValueError("This site has more than two visits: say it in a links file.")
    links = pair.links.saying(action, earlier, later, reader)
    return compare(replace(pair.without_result(), links=links))


def decide(pair: PairState, decision: Decision) -> PairState:
    """Confirm the verdict, or override it with a reason.

    Raises
    ------
    ValueError
        If there is no verdict yet, or it is overridden without a reason.
    """
    if pair.result is None:
        raise ValueError("There is no verdict yet: compare the two visits first.")
    if decision.overrides and not decision.why.strip():
        raise ValueError("Please say why: a verdict is overridden with a reason only.")
    return replace(pair, decision=decision, accepted=pair.accepted | {Step.COMPARE})


def _outlined(pair: PairState, number: int, measured: Measured) -> PairState:
    """Take a reader's outline: it is agreed to by being drawn, and the verdict is asked anew."""
    visit = pair.visits[number]
    accepted = visit.accepted | {Step.OUTLINE}
    return pair.with_visit(
        number, replace(visit, measured=measured, accepted=accepted)
    ).without_result()


def _both(pair: PairState) -> tuple[Measured, Measured]:
    if not pair.complete:
        raise ValueError("There is only one visit: open the other one to compare.")
    return pair.visits[0].measured, pair.visits[1].measured
