"""What every field hands to the drawing: bones, flesh and where deposits may lie."""

from dataclasses import dataclass

from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.attenuation import Material
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
    across_mm : float
        Middle of the bone there.
    """

    part: str
    along_mm: tuple[float, float]
    bone_half_mm: float
    flesh_half_mm: float
    weight: float = 1.0
    across_mm: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Organ:
    """Something that displaces soft tissue: a lung, bowel gas.

    Attributes
    ----------
    part : str
        Bone whose frame it moves with.
    outline_mm : array (n, 2)
        Closed outline, (along, across).
    half_depth_mm : float
        Half of its depth away from the edge.
    material : Material
    edge_mm : float
        How far from the outline the full depth is reached.
    """

    part: str
    outline_mm: FloatArray
    half_depth_mm: float
    material: Material
    edge_mm: float = 9.0


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
    organs : tuple of Organ
    smooth_mm : float
        How far the corners between parts of flesh are rounded.
    """

    bones: tuple[Bone, ...]
    flesh: tuple[Flesh, ...]
    spots: tuple[Spot, ...]
    fat_mm: float = 1.5
    organs: tuple[Organ, ...] = ()
    smooth_mm: float = 5.0
