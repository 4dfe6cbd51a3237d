"""Outline calcium deposits on CT without a reader: conservative, bone and contrast stay out.

`outline_ct` gives the outline alone. For review, `find_candidates` names everything as bright as
calcium, `reclassify` moves a candidate to another class, and `outline_candidates` outlines anew.
"""

from cctrack.segment.ct.classify import Kind, Verdict
from cctrack.segment.ct.outline import outline_ct
from cctrack.segment.ct.review import (
    Candidates,
    find_candidates,
    outline_candidates,
    reclassify,
)

__all__ = [
    "Candidates",
    "Kind",
    "Verdict",
    "find_candidates",
    "outline_candidates",
    "outline_ct",
    "reclassify",
]
