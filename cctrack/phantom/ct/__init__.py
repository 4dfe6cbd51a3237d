"""Simulated CT of limbs and hands with deposits of exactly known volume.

``draw_ct(subject, session)``: the subject is who is scanned, the session how.
"""

from cctrack.phantom.ct.draw import SimulatedCt, draw_ct, index_transform
from cctrack.phantom.ct.progress import progress
from cctrack.phantom.ct.sample import random_session, random_subject, repeat_session
from cctrack.phantom.ct.session import CtSession, Kernel
from cctrack.phantom.ct.subject import CtSubject, Placement, Region

__all__ = [
    "CtSession",
    "CtSubject",
    "Kernel",
    "Placement",
    "Region",
    "SimulatedCt",
    "draw_ct",
    "index_transform",
    "progress",
    "random_session",
    "random_subject",
    "repeat_session",
]
