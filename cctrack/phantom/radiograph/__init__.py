"""Simulated radiographs by Beer–Lambert, whose truth is exactly known.

>>> import numpy as np
>>> from cctrack.phantom.radiograph import draw_radiograph, random_session, random_subject
>>> rng = np.random.default_rng(7)
>>> film = draw_radiograph(random_subject(rng, "hand"), random_session(rng))
>>> film.labels.shape == film.radiograph.pixels.shape
True
"""

from cctrack.phantom.radiograph.draw import SimulatedRadiograph, draw_radiograph
from cctrack.phantom.radiograph.sample import DepositPlan, progress, random_subject
from cctrack.phantom.radiograph.sample_session import SessionRange, random_session, usual_range
from cctrack.phantom.radiograph.session import (
    Exposure,
    FilmSession,
    Objects,
    Photometric,
    Pose,
    Processing,
    SpacingKind,
    Storage,
)
from cctrack.phantom.radiograph.subject import (
    Anatomy,
    Field,
    PlacedDeposit,
    Placement,
    RadiographSubject,
)

__all__ = [
    "Anatomy",
    "DepositPlan",
    "Exposure",
    "Field",
    "FilmSession",
    "Objects",
    "Photometric",
    "PlacedDeposit",
    "Placement",
    "Pose",
    "Processing",
    "RadiographSubject",
    "SessionRange",
    "SimulatedRadiograph",
    "SpacingKind",
    "Storage",
    "draw_radiograph",
    "progress",
    "random_session",
    "random_subject",
    "usual_range",
]
