"""What the window says: scales, outlines, alignments and verdicts in a clinician's words."""

from dataclasses import dataclass

from cctrack.model import (
    Change,
    Flag,
    Outcome,
    Outline,
    PlaneHomography,
    Quality,
    Quantity,
    ScaleSource,
    Unit,
)
from cctrack.report.words import (
    CONFIDENCES,
    FLAGS,
    ICONS,
    OUTCOMES,
    UNITS,
    amount,
    interval,
    percent,
)
from cctrack.study.by_hand import LandmarkCheck
from cctrack.study.pipeline import Measured
from cctrack.wording import several
from napari_cctrack.session.state import AlignedBy, PairState, Step, VisitState

SOURCES = {
    ScaleSource.DETECTOR: "the detector's pixel size; what lies above the detector is magnified",
    ScaleSource.DETECTOR_MAGNIFICATION_CORRECTED: "the detector's pixel size, magnification taken "
    "off",
    ScaleSource.CALIBRATED: "a calibration that the file states",
    ScaleSource.UNKNOWN_CALIBRATION: "the file, which does not say how it was calibrated",
    ScaleSource.SLICE_POSITIONS: "the scanner's geometry",
    ScaleSource.MARKER: "a marker in the photo",
    ScaleSource.RULER: "a ruler in the photo",
    ScaleSource.STICKER: "a sticker in the photo",
    ScaleSource.SQUARE: "a square in the photo",
    ScaleSource.CLICKS: "two points you marked",
    ScaleSource.GIVEN: "a size you typed",
}
"""Where a scale comes from."""

QUALITIES = {
    Quality.GOOD: "good",
    Quality.CHECK: "please check",
    Quality.FAILED: "failed",
}

ALIGNED_BY = {
    AlignedBy.NOBODY: "Not aligned yet.",
    AlignedBy.PROGRAM: "Aligned automatically",
    AlignedBy.LANDMARKS: "Aligned by your landmarks",
    AlignedBy.HAND: "Moved by hand",
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about something, and at which step."""

    text: str
    step: Step


def scale_text(measured: Measured) -> str:
    """Say how large a pixel is and how that is known."""
    scale = measured.image.scale
    if scale is None:
        return "No scale: sizes are told in px, never in mm."
    sizes = scale.mean_mm
    size = " × ".join(dict.fromkeys(f"{mm:.3g}" for mm in sizes[-2:]))
    slices = f", slices {sizes[0]:.3g} mm" if len(sizes) == 3 else ""
    known = f", known to ±{196 * scale.relative_sd:.1f} %" if scale.relative_sd else ""
    tilt = ""
    if isinstance(scale, PlaneHomography):
        tilt = f" in the middle, camera tilted by {scale.tilt_deg:.0f}°"
    return f"{size} mm per px{tilt}{slices}, from {SOURCES[scale.source]}{known}."


def cautions(flags: frozenset[Flag]) -> tuple[str, ...]:
    """Say what to be careful about."""
    return tuple(FLAGS[flag] for flag in sorted(flags) if flag in FLAGS)


def total_text(visit: VisitState) -> str:
    """Say how many lesions there are and how large they are together."""
    outline = visit.measured.outline
    count = len(outline.lesions)
    found = main_finding(visit.measured, 0)
    size = "" if found is None else f", {amount(found[0])} {UNITS[found[1]]} in all"
    return f"{several(count, 'lesion')}{size}, {outlined_by(outline)}"


def outlined_by(outline: Outline) -> str:
    """Say who drew an outline."""
    return "outlined by a reader" if outline.method.value == "reader" else "automatic proposal"


def main_finding(measured: Measured, lesion: int) -> tuple[float, Unit] | None:
    """Size of a lesion, or of the total (0), that a verdict rests on; None where there is none."""
    sizes = {
        item.measurement.method: item.measurement
        for item in measured.findings
        if item.lesion == lesion and item.measurement.quantity in (Quantity.AREA, Quantity.VOLUME)
    }
    if not sizes:
        return None
    found = sizes.get(next((m for m in sizes if m.value == "partial_volume"), next(iter(sizes))))
    return None if found is None else (found.value, found.unit)


def alignment_text(pair: PairState) -> str:
    """Say how the visits were aligned and how well they fit."""
    aligned = pair.aligned
    if aligned is None:
        return ALIGNED_BY[AlignedBy.NOBODY]
    found = aligned.alignment
    if found is None or found.quality is Quality.FAILED:
        return f"{aligned.obstacle or 'The two visits could not be aligned.'}"
    left = (
        f"{found.residual_px:.1f} px"
        if found.residual_mm is None
        else (f"{found.residual_mm:.1f} mm")
    )
    rest = f", {left} left between matching places" if pair.aligned_by is not AlignedBy.HAND else ""
    share = f", {100 * found.coverage:.0f} % of the earlier image is in the later one"
    why = f" ({found.reason})" if found.reason else ""
    text = f"{ALIGNED_BY[pair.aligned_by]}: {QUALITIES[found.quality]}{why}{rest}{share}."
    return f"{text} {aligned.obstacle}".rstrip()


def landmarks_text(check: LandmarkCheck) -> str:
    """Say how well landmarks fit."""
    unit = UNITS[check.unit]
    if check.left_out is None:
        return f"Fit of all landmarks: {check.typical:.1f} {unit}. One more tells how far to trust."
    return (
        f"A place that you did not mark is off by about {check.typical:.1f} {unit} (each landmark "
        "predicted by the others)."
    )


def size_text(change: Change, which: str) -> str:
    """Write one of the two sizes of a change with its unit."""
    measurement = change.before if which == "before" else change.after
    if measurement is None:
        return "–"
    return f"{amount(measurement.value)} {UNITS[measurement.unit]}".rstrip()


def verdict_word(change: Change) -> str:
    """Write a verdict with its sign and confidence."""
    confidence = CONFIDENCES[change.confidence]
    return f"{ICONS[change.outcome]} {OUTCOMES[change.outcome]}" + (
        f", {confidence}" if confidence else ""
    )


def change_text(change: Change) -> str:
    """Write a change in percent with its interval."""
    ends = interval(change.interval_percent)
    return percent(change.percent) + (f"  (95 % interval {ends})" if ends else "")


def advice_for(pair: PairState) -> tuple[Advice, ...]:
    """Say what can be done about a verdict that is not evaluable."""
    if pair.result is None or pair.result.total.outcome is not Outcome.NOT_EVALUABLE:
        return ()
    advice = []
    flags = frozenset[Flag]().union(*(visit.measured.flags for visit in pair.visits))
    scaled = [visit.measured.image.scale is not None for visit in pair.visits]
    if not all(scaled):
        advice.append(Advice("Add a scale to the visit that has none.", Step.SCALE))
    if Flag.CROWDED in flags:
        advice.append(
            Advice("Outline the lesions yourself, or correct the proposal.", Step.OUTLINE)
        )
    found = pair.aligned.alignment if pair.aligned else None
    if found is None or found.quality is not Quality.GOOD:
        advice.append(Advice("Align the two visits by three or more landmarks.", Step.ALIGN))
    if not advice:
        advice.append(Advice("Look at the outlines: correct what is missing.", Step.OUTLINE))
    advice.append(
        Advice("If the images do not show the same place, override: not imaged.", Step.COMPARE)
    )
    return tuple(advice)
