"""Simulated clinical photos of calcinosis cutis with exactly known truth."""

from cctrack.phantom.photo.draw import SimulatedPhoto, draw_photo
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
    random_scale_object,
    random_session,
)
from cctrack.phantom.photo.subject import (
    BodySite,
    HealedMark,
    LesionKind,
    PhotoSubject,
    SkinLesion,
    random_subject,
)

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
