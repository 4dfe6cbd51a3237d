"""Which builder draws which field, and the films that are usual for it."""

from cctrack.phantom.radiograph.hand import build_hand
from cctrack.phantom.radiograph.hip import build_hip
from cctrack.phantom.radiograph.limbs import build_forearm, build_knee
from cctrack.phantom.radiograph.model import FieldModel
from cctrack.phantom.radiograph.subject import Field, RadiographSubject
from cctrack.phantom.radiograph.trunk import build_chest, build_shoulder

_BUILDERS = {
    Field.HAND: build_hand,
    Field.FOREARM: build_forearm,
    Field.KNEE: build_knee,
    Field.HIP: build_hip,
    Field.SHOULDER: build_shoulder,
    Field.CHEST: build_chest,
}


def build_field(subject: RadiographSubject) -> FieldModel:
    """Build the model of a subject's body part at rest."""
    return _BUILDERS[subject.field](subject.anatomy)
