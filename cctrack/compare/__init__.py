"""Which lesion became which, whether two visits may be compared, and the verdict on the change."""

from cctrack.compare.classify import About, classify, not_evaluable
from cctrack.compare.comparability import (
    Comparability,
    combine,
    compare_coverage,
    compare_outlines,
    compare_scales,
)
from cctrack.compare.criteria import DEFAULT_CRITERIA, criteria_names, load_criteria
from cctrack.compare.images import compare_images
from cctrack.compare.lineage import Outlined, groups_between, trace_lesions
from cctrack.compare.matching import match_lesions
from cctrack.compare.pairs import classify_groups
from cctrack.compare.patient import PatientResult, SiteChange, combine_sites
from cctrack.compare.rows import CHANGE_COLUMNS, PATIENT_COLUMNS, Pair, change_row, patient_row
from cctrack.compare.scans import compare_acquisitions, compare_scans
from cctrack.compare.series import find_nadir, join_verdicts, nadir_gate
from cctrack.compare.shape import (
    UNLIKE_SHAPES,
    has_jumped,
    parted_log_sd,
    shape_log_sd,
    unlikeness,
)
from cctrack.compare.size import skin_log_sd
from cctrack.compare.sizes import Sizes
from cctrack.compare.taking import compare_taking

__all__ = [
    "CHANGE_COLUMNS",
    "DEFAULT_CRITERIA",
    "PATIENT_COLUMNS",
    "UNLIKE_SHAPES",
    "About",
    "Comparability",
    "Outlined",
    "Pair",
    "PatientResult",
    "SiteChange",
    "Sizes",
    "change_row",
    "classify",
    "classify_groups",
    "combine",
    "combine_sites",
    "compare_acquisitions",
    "compare_coverage",
    "compare_images",
    "compare_outlines",
    "compare_scales",
    "compare_scans",
    "compare_taking",
    "criteria_names",
    "find_nadir",
    "groups_between",
    "has_jumped",
    "join_verdicts",
    "load_criteria",
    "match_lesions",
    "nadir_gate",
    "not_evaluable",
    "parted_log_sd",
    "patient_row",
    "shape_log_sd",
    "skin_log_sd",
    "trace_lesions",
    "unlikeness",
]
