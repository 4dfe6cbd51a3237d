"""Simulated clinical photos of calcinosis cutis with exactly known truth.

A `PhotoSubject` is a patient's site with its skin and its lesions, a `PhotoSession` is how one
photo of it was taken, `draw_photo` makes the photo and its truth, `progress` makes the next visit.

What is true here: the middle of the site is a plane, seen by a pinhole camera without distortion,
and the scale object lies in that plane. A lesion's area is the area of its outline on the plane.
The outline is the line where the deposit's opacity falls to half, mixed so that a reader sees half
the contrast there in every skin type; an ulceration's outline is the rim of its opening, with all
chalk, crust and wound bed inside. Redness, swelling and vessels around a deposit are never a part
of it. Limbs round off towards their edges in shading only: lesions are kept to the middle.

>>> import numpy as np
>>> rng = np.random.default_rng(1)
>>> drawn = draw_photo(random_subject(rng, lesions=2), random_session(rng, shape=(150, 200)))
>>> sorted(drawn.areas_mm2)
[1, 2]
"""

from cctrack.phantom.photo.chance import random_plan, random_scale_object, random_session
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
    "random_plan",
    "random_scale_object",
    "random_session",
    "random_subject",
]
