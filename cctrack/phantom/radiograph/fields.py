"""Which builder draws which field."""

from cctrack.phantom.radiograph.hand import build_hand
from cctrack.phantom.radiograph.model import FieldModel
from cctrack.phantom.radiograph.subject import Field, RadiographSubject

_BUILDERS = {Field.HAND: build_hand}


def build_field(subject: RadiographSubject) -> FieldModel:
    """Build the model of a subject's body part at rest."""
    return _BUILDERS[subject.field](subject.anatomy)
