"""What every field hands to the drawing: bones, flesh and where deposits may lie."""

from dataclasses import dataclass

from cctrack.phantom.radiograph.bone import Bone
from cctrack.phantom.radiograph.flesh import Flesh


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a bone's frame around which deposits are found.

    Attributes
    ----------
    part : str
    along_mm : tuple of float
        Range along the bone.
    bone_half_mm : float
        Half the bone's width there.
    flesh_half_mm : float
        Half the soft tissue's width there.
    weight : float
        How often deposits are found here, relative to other spots.
    """

    part: str
    along_mm: tuple[float, float]
    bone_half_mm: float
    flesh_half_mm: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class FieldModel:
    """A body part at rest.

    Attributes
    ----------
    bones : tuple of Bone
        Parents before children.
    flesh : tuple of Flesh
    spots : tuple of Spot
    fat_mm : float
        Thickness of the fat layer under the skin.
    """

    bones: tuple[Bone, ...]
    flesh: tuple[Flesh, ...]
    spots: tuple[Spot, ...]
    fat_mm: float = 1.5
