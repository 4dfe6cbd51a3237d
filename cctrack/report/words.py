"""Codes as a clinician would say them, and numbers as a clinician would write them."""

from datetime import date

from cctrack.model import (
    AlignmentModel,
    Confidence,
    Event,
    Flag,
    Method,
    Modality,
    Outcome,
    Quantity,
    ScaleSource,
    Unit,
)

OUTCOMES = {
    Outcome.REGRESSION: "Regression",
    Outcome.STABLE: "Stable",
    Outcome.PROGRESSION: "Progression",
    Outcome.NOT_EVALUABLE: "Not evaluable",
}
"""Names of the verdicts."""

ICONS = {
    Outcome.REGRESSION: "▼",
    Outcome.STABLE: "■",
    Outcome.PROGRESSION: "▲",
    Outcome.NOT_EVALUABLE: "○",
}
"""A sign beside each name, so that no verdict hangs on a colour."""

CONFIDENCES = {
    Confidence.DEFINITE: "definite",
    Confidence.PROBABLE: "probable",
    Confidence.NONE: "",
}

MODALITIES = {
    Modality.PHOTO: "Photo",
    Modality.XRAY: "Radiograph",
    Modality.CT: "CT",
    Modality.MR: "MR",
}

QUANTITIES = {
    Modality.PHOTO: "area",
    Modality.XRAY: "area",
    Modality.CT: "volume",
    Modality.MR: "volume",
}
"""What a verdict rests on in each modality."""

QUANTITY_NAMES = {
    Quantity.AREA: "area",
    Quantity.VOLUME: "volume",
    Quantity.MAX_DIAMETER: "longest diameter",
}
"""What a verdict rests on, by what was measured."""

UNITS = {
    Unit.MM: "mm",
    Unit.MM2: "mm²",
    Unit.MM3: "mm³",
    Unit.MG: "mg",
    Unit.PX: "px",
    Unit.RELATIVE: "relative",
    Unit.PERCENT: "%",
    Unit.HU: "HU",
    Unit.ONE: "",
}

EVENTS = {
    Event.PERSISTED: "seen at both visits",
    Event.NEW: "new",
    Event.RESOLVED: "not found again",
    Event.REAPPEARED: "came back",
    Event.MERGED: "grew together",
    Event.SPLIT: "fell apart",
    Event.EXCISED: "removed by surgery",
    Event.EXTRUDED: "came out through the skin",
    Event.NOT_IMAGED: "not in both images",
}

LAID = {
    AlignmentModel.RIGID: "shifted and turned",
    AlignmentModel.SIMILARITY: "shifted, turned and resized",
    AlignmentModel.AFFINE: "shifted, turned, resized and slanted",
    AlignmentModel.HOMOGRAPHY: "turned as if seen from the same side",
}
"""How the later image was laid on the earlier one."""

ANSWERS = {"better": "better", "same": "the same", "worse": "worse"}
"""What a patient may have said."""

FLAGS = {
    Flag.NO_SCALE: "The image has no scale, so no size in mm is given.",
    Flag.UNKNOWN_CALIBRATION: "It is not known how the pixel size in the file was calibrated.",
    Flag.BAD_SPACING: "The pixel size in the file is impossible and was not used.",
    Flag.MARKER_SIZE_UNKNOWN: "A marker was seen, but its size is not known.",
    Flag.MARKER_SMALL: "The marker is small in the photo, so the scale is less sure.",
    Flag.MARKER_BLURRED: "The marker is blurred, so the scale is less sure.",
    Flag.MARKER_GLARE: "Light is reflected on the marker, or something covers its rim.",
    Flag.MARKER_OFF_PLANE: "The markers do not lie in one plane.",
    Flag.MARKER_FAR: "Some lesions lie too far from the marker to be sized well.",
    Flag.TILT: "The camera was tilted against the skin.",
    Flag.BLUR: "The image is blurred.",
    Flag.EXPOSURE: "The image is too dark or too bright in places.",
    Flag.GLARE: "There is glare on the skin.",
    Flag.OVER_BONE: "Deposits over bone are shown but not counted.",
    Flag.CROWDED: "So many look-alikes that the automatic outline needs a reader.",
    Flag.ON_BONE: "A deposit was cut from bone, or from something as bright.",
    Flag.OFF_BONE_ONLY: "Deposits that touch or overlie bone are not in the automatic total.",
    Flag.NEAR_BORDER: "A deposit touches the border of the image and may be larger.",
    Flag.BELOW_FLOOR: "Some deposits are too small to be judged alone.",
    Flag.ULCERATED: "Some lesions look like open sores: their border is known less well.",
    Flag.CRUSTED: "Some lesions look crusted: what lies under a crust is not seen.",
    Flag.SECOND_LOOK: "A deposit was outlined only because the other visit shows one there.",
    Flag.CARRIED: "A deposit was outlined at the other visit only; its place looks the same.",
    Flag.ON_FINGER: "Lesions were measured on the round surface of the finger.",
    Flag.LOSSY: "The file was compressed with loss.",
    Flag.PRESENTATION: "The film was processed for viewing; its grey values are not linear.",
    Flag.NO_DATE: "The date of the image is not known.",
    Flag.UNEVEN_SLICES: "The slices are unevenly spaced; their true positions were used.",
    Flag.PARTIAL_SERIES: "The headers speak of more slices than were given.",
    Flag.GANTRY_TILT: "The gantry was tilted; the true slice distance was used.",
    Flag.THICK_SLICES: "The slices are thick, so small deposits are uncertain.",
    Flag.KVP_UNKNOWN: "The tube voltage is not stated; 120 kVp was assumed.",
    Flag.KVP_INTERPOLATED: "The threshold was interpolated for this tube voltage.",
    Flag.CONTRAST: "The scan was made with contrast agent.",
    Flag.METAL: "There is metal in the image.",
    Flag.SLICE_INCREMENT_SCALED: "The Agatston score was scaled to slices of 3 mm.",
    Flag.SCALE_CONFLICT: "Markers in the image disagree about the scale.",
    Flag.CALIBRATION_MISMATCH: (
        "The calibration holds for another tube voltage: no mass is given."
    ),
    Flag.CALIBRATION_KERNEL: (
        "The calibration was made with another kernel, or one is not stated; the mass is less sure."
    ),
    Flag.SKIN_SURFACE: "A photo shows the skin surface, not the calcium below it.",
}
"""Cautions in words."""

SCALES = {
    ScaleSource.DETECTOR: "Pixel size at the detector, from the file",
    ScaleSource.DETECTOR_MAGNIFICATION_CORRECTED: (
        "Pixel size at the detector, divided by the magnification that the file states"
    ),
    ScaleSource.CALIBRATED: "Pixel size calibrated to an object, as the file says",
    ScaleSource.UNKNOWN_CALIBRATION: "Pixel size from the file, calibration not stated",
    ScaleSource.SLICE_POSITIONS: "Pixel size from the file, slice distances from their positions",
    ScaleSource.MARKER: "Scale marker in the photo",
    ScaleSource.RULER: "Ruler in the photo",
    ScaleSource.STICKER: "Round stickers of known size in the photo",
    ScaleSource.SQUARE: "Square of known size in the photo",
    ScaleSource.CLICKS: "Two points of known distance, marked by a reader",
    ScaleSource.GIVEN: "Stated by the user",
}
"""How a scale is known."""

METHODS = {
    Method.AUTOMATIC: "automatic outline",
    Method.READER: "a reader's outline",
    Method.PAIRED: "outlined at both visits together",
    Method.FIXED_THRESHOLD: "everything above a fixed density",
    Method.HALF_PEAK: "everything above half the deposit's own peak density",
    Method.PARTIAL_VOLUME: "density above the surroundings, so that voxels count by their share",
}
"""How a number came about."""

SKIN_SURFACE = FLAGS[Flag.SKIN_SURFACE]
"""Said beside every verdict that rests on a photo."""

MINUS = "−"

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def outcome_word(outcome: Outcome) -> str:
    """Name a verdict."""
    return OUTCOMES[outcome]


def icon(outcome: Outcome) -> str:
    """Return the sign of a verdict."""
    return ICONS[outcome]


def day(value: date | None) -> str:
    """Write a date so that day and month cannot be confused."""
    if value is None:
        return "date unknown"
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def percent(value: float | None) -> str:
    """Write a change in percent with its sign; a dash where there is none."""
    if value is None:
        return "–"
    text = f"{abs(value):.1f}" if abs(value) < 9.95 else f"{abs(value):.0f}"
    if float(text) == 0:
        return "0 %"
    return f"{MINUS if value < 0 else '+'}{text} %"


def cut(value: float) -> str:
    """Write a cut in percent as exactly as its rule does: ``+39.8 %``."""
    return f"{MINUS if value < 0 else '+'}{abs(round(value, 1)):g} %"


def interval(ends: tuple[float, float] | None) -> str:
    """Write a 95 % interval in percent; empty where there is none."""
    if ends is None:
        return ""
    low, high = (percent(end).removesuffix(" %") for end in ends)
    return f"{low} to {high} %"


def shares(ends: tuple[float, float]) -> str:
    """Write an interval of shares (0–1) in percent."""
    return f"{100 * ends[0]:.0f} to {100 * ends[1]:.0f} %"


def tied(text: str) -> str:
    """Keep numbers and their units on one line."""
    for unit in ("%", "mm"):
        text = text.replace(f" {unit}", f"\u00a0{unit}")
    return text


def amount(value: float | None) -> str:
    """Write a size with three digits; a dash where there is none."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    digits = 0 if value >= 99.5 else 1 if value >= 9.95 else 2
    return f"{value:.{digits}f}"
