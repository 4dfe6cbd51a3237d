"""Which lesion became which, whether two visits may be compared, and the verdict on the change."""

from cctrack.compare.classify import classify, not_evaluable
from cctrack.compare.comparability import (
    Comparability,
    combine,
    compare_coverage,
    compare_scales,
)
from cctrack.compare.criteria import DEFAULT_CRITERIA, criteria_names, load_criteria
from cctrack.compare.images import compare_images
from cctrack.compare.lineage import (
    mark_reappeared,
    match_lesions,
    renamed,
    stable_ids,
    with_status,
)
from cctrack.compare.pairs import Sizes, classify_groups
from cctrack.compare.patient import PatientResult, SiteChange, combine_sites
from cctrack.compare.rows import CHANGE_COLUMNS, PATIENT_COLUMNS, Pair, change_row, patient_row
from cctrack.compare.scans import compare_acquisitions, compare_scans
from cctrack.compare.series import classify_series

__all__ = [
    "CHANGE_COLUMNS",
    "DEFAULT_CRITERIA",
    "PATIENT_COLUMNS",
    "Comparability",
    "Pair",
    "PatientResult",
    "SiteChange",
    "Sizes",
    "change_row",
    "classify",
    "classify_groups",
    "classify_series",
    "combine",
    "combine_sites",
    "compare_acquisitions",
    "compare_coverage",
    "compare_images",
    "compare_scales",
    "compare_scans",
    "criteria_names",
    "load_criteria",
    "mark_reappeared",
    "match_lesions",
    "not_evaluable",
    "patient_row",
    "renamed",
    "stable_ids",
    "with_status",
]
