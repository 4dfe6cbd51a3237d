"""The coded concepts of DICOM that results are written with; none is made up but our own few."""

from typing import TYPE_CHECKING, NamedTuple

from cctrack.model import Confidence, Event, Method, Outcome, Quantity, Reference, Unit

if TYPE_CHECKING:
    from highdicom.sr import CodedConcept

PRIVATE_SCHEME = "99CCTRACK"
"""Names beginning with 99 are free for private codes (PS3.3 8.2)."""


class Term(NamedTuple):
    """A coded concept: value, scheme (PS3.16 table 8-1) and meaning."""

    value: str
    scheme: str
    meaning: str


class Measure(NamedTuple):
    """How a quantity is named: its concept, how it was derived, and the method if it needs one."""

    concept: Term
    derivation: Term | None = None
    method: Term | None = None


ABNORMAL_STRUCTURE = Term("49755003", "SCT", "Morphologically Abnormal Structure")
"""Category of a deposit (CID 7150)."""

CALCIFICATION = Term("18115005", "SCT", "Pathologic calcification, calcified structure")
"""Type of a deposit. Nobody has confirmed a SNOMED CT code of calcinosis cutis itself."""

TRAINED = Term("123110", "DCM", "Artificial Intelligence")
"""Family of the automatic outlines (CID 7162): they were trained on simulated images."""

IMAGING_PROCEDURE = Term("363679005", "SCT", "Imaging procedure")
"""What was done, as little as is known of it (CID 100)."""

COMMENT = Term("121106", "DCM", "Comment")

TEMPORAL_DIFFERENCE = Term("111049", "DCM", "Qualitative Difference")
"""What a verdict on a change answers."""

UPWARDS = Term("371886008", "SCT", "+, range of upper measurement uncertainty")

DOWNWARDS = Term("371885007", "SCT", "-, range of lower measurement uncertainty")

CHANGE = Term("change", PRIVATE_SCHEME, "Change since the reference visit")

CONFIDENCE = Term("confidence", PRIVATE_SCHEME, "Confidence of the verdict")

CONFIDENCES = {
    Confidence.DEFINITE: Term("definite", PRIVATE_SCHEME, "Definite"),
    Confidence.PROBABLE: Term("probable", PRIVATE_SCHEME, "Probable"),
}

EVENT = Term("event", PRIVATE_SCHEME, "What happened to the lesion")

EVENTS = {
    event: Term(event.value, PRIVATE_SCHEME, event.value.replace("_", " ").capitalize())
    for event in Event
}

REFERENCE = Term("reference", PRIVATE_SCHEME, "Reference visit")

REFERENCES = {
    Reference.BASELINE: Term("baseline", PRIVATE_SCHEME, "First visit"),
    Reference.PRIOR: Term("prior", PRIVATE_SCHEME, "Visit before"),
    Reference.NADIR: Term("nadir", PRIVATE_SCHEME, "Visit with the least"),
}

REFERENCE_DAY = Term("reference_day", PRIVATE_SCHEME, "Day of the reference visit")

_MEAN = Term("373098007", "SCT", "Mean")
_MAXIMUM = Term("56851009", "SCT", "Maximum")
_ATTENUATION = Term("112031", "DCM", "Attenuation Coefficient")

MEASURES = {
    Quantity.AREA: Measure(Term("42798000", "SCT", "Area")),
    Quantity.VOLUME: Measure(Term("118565006", "SCT", "Volume")),
    Quantity.MAX_DIAMETER: Measure(Term("81827009", "SCT", "Diameter"), _MAXIMUM),
    Quantity.MEAN_HU: Measure(_ATTENUATION, _MEAN),
    Quantity.MAX_HU: Measure(_ATTENUATION, _MAXIMUM),
    Quantity.DEPTH: Measure(Term("depth", PRIVATE_SCHEME, "Depth below the skin")),
    Quantity.AGATSTON: Measure(
        Term("112058", "DCM", "Calcium score"),
        method=Term("112055", "DCM", "Agatston scoring method"),
    ),
    Quantity.MASS: Measure(Term("mass", PRIVATE_SCHEME, "Mass of hydroxyapatite")),
    Quantity.COUNT: Measure(Term("count", PRIVATE_SCHEME, "Number of deposits")),
    Quantity.COVERAGE: Measure(Term("coverage", PRIVATE_SCHEME, "Share of the soft tissue")),
    Quantity.DENSITY: Measure(Term("density", PRIVATE_SCHEME, "Density grade, 1 to 3")),
    Quantity.HAND_SCORE: Measure(
        Term("hand_score", PRIVATE_SCHEME, "Weighted hand score (SCTC-like, not validated)")
    ),
}
"""Every quantity (CID 7469 where it has one). A quantity in a private code is read by people."""

UNITS = {
    Unit.MM: Term("mm", "UCUM", "mm"),
    Unit.MM2: Term("mm2", "UCUM", "mm2"),
    Unit.MM3: Term("mm3", "UCUM", "mm3"),
    Unit.PX: Term("{pixels}", "UCUM", "pixels"),
    Unit.HU: Term("[hnsf'U]", "UCUM", "Hounsfield unit"),
    Unit.ONE: Term("1", "UCUM", "no units"),
    Unit.MG: Term("mg", "UCUM", "mg"),
    Unit.PERCENT: Term("%", "UCUM", "Percent"),
}
"""UCUM; ``relative`` is no unit of one visit and never in a report."""

OUTCOMES = {
    Outcome.REGRESSION: Term("19776001", "SCT", "Decreased size"),
    Outcome.STABLE: Term("129723006", "SCT", "No significant changes in the finding"),
    Outcome.PROGRESSION: Term("15454001", "SCT", "Increased size"),
    Outcome.NOT_EVALUABLE: Term("not_evaluable", PRIVATE_SCHEME, "Not evaluable"),
}
"""CID 6134, of temporal differences; no code of oncology, whose rules are others."""

RECIST_OUTCOMES = {
    Outcome.REGRESSION: Term("112042", "DCM", "Target Lesion Partial Response"),
    Outcome.STABLE: Term("112044", "DCM", "Target Lesion Stable Disease"),
    Outcome.PROGRESSION: Term("112043", "DCM", "Target Lesion Progressive Disease"),
    Outcome.NOT_EVALUABLE: OUTCOMES[Outcome.NOT_EVALUABLE],
}
"""CID 6144, of the total where the criteria are RECIST; complete response is `RECIST_COMPLETE`."""

RECIST_COMPLETE = Term("112041", "DCM", "Target Lesion Complete Response")

METHODS = {
    Method.FIXED_THRESHOLD: Term("fixed_threshold", PRIVATE_SCHEME, "Voxels above a threshold"),
    Method.HALF_PEAK: Term("half_peak", PRIVATE_SCHEME, "Voxels above half the peak"),
    Method.PARTIAL_VOLUME: Term("partial_volume", PRIVATE_SCHEME, "Sum of voxel shares"),
}
"""How a volume came about, where three methods give three numbers."""


def coded(term: Term) -> "CodedConcept":
    """Turn a term into highdicom's type."""
    from highdicom.sr import CodedConcept

    return CodedConcept(value=term.value, scheme_designator=term.scheme, meaning=term.meaning)
