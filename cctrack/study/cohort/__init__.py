"""What a study says about its patients as a group, as tidy tables for R, Python and papers."""

from cctrack.study.cohort.tables import cohort_tables, write_cohort

__all__ = ["cohort_tables", "write_cohort"]
