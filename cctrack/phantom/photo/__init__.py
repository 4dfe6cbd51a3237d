"""Simulated clinical photos of calcinosis cutis with exactly known truth."""

from cctrack.phantom.photo.chance import random_scale_object, random_session
from cctrack.phantom.photo.draw import draw_photo
from cctrack.phantom.photo.progress import progress
from cctrack.phantom.photo.session import (
    Camera,
    Difficulty,
    HairState,
    Light,
    PhotoSession,
    Pose,
    ScaleObject,
    ScaleObjectKind,
)
from cctrack.phantom.photo.subject import (
    BodySite,
    HealedMark,
    LesionKind,
    PhotoSubject,
    SkinLesion,
    random_subject,
)
from cctrack.phantom.photo.truth import SimulatedPhoto

__all__ = [
    "BodySite",
    "Camera",
    "Difficulty",
    "HairState",
    "HealedMark",
    "LesionKind",
    "Light",
    "PhotoSession",
    "PhotoSubject",
    "Pose",
    "ScaleObject",
    "ScaleObjectKind",
    "SimulatedPhoto",
    "SkinLesion",
    "draw_photo",
    "progress",
    "random_scale_object",
    "random_session",
    "random_subject",
]
