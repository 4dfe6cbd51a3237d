"""Steps that every field's builder shares: fit a resting part to a subject's build."""

from collections.abc import Iterable
from dataclasses import replace

from cctrack.phantom.radiograph.bone import Bone
from cctrack.phantom.radiograph.flesh import Flesh
from cctrack.phantom.radiograph.model import FieldModel, Organ, Spot
from cctrack.phantom.radiograph.subject import Anatomy


def fit(model: FieldModel, anatomy: Anatomy) -> FieldModel:
    """Scale an average adult's part to a subject's size, stoutness, mineral and flesh."""
    return FieldModel(
        tuple(_grow(bone, anatomy) for bone in model.bones),
        tuple(_thicken(part, anatomy) for part in model.flesh),
        tuple(_spread(model.spots, anatomy)),
        fat_mm=model.fat_mm * 4.0 * anatomy.fat * anatomy.flesh,
        organs=tuple(_grow_organ(organ, anatomy) for organ in model.organs),
        smooth_mm=model.smooth_mm,
    )


def _grow(bone: Bone, anatomy: Anatomy) -> Bone:
    size, wide = anatomy.size, anatomy.size * anatomy.stoutness
    matter = replace(
        bone.matter,
        cortex_end_mm=bone.matter.cortex_end_mm * wide * anatomy.mineral,
        cortex_shaft_mm=bone.matter.cortex_shaft_mm * wide * anatomy.mineral,
        mesh_end=bone.matter.mesh_end * anatomy.mineral,
        mesh_shaft=bone.matter.mesh_shaft * anatomy.mineral,
        half_depth_mm=bone.matter.half_depth_mm * wide,
    )
    at = (bone.joint.at_mm[0] * size, bone.joint.at_mm[1] * size)
    joint = replace(bone.joint, at_mm=at)
    return replace(bone, outline_mm=bone.outline_mm * [size, wide], joint=joint, matter=matter)


def _grow_organ(organ: Organ, anatomy: Anatomy) -> Organ:
    size = anatomy.size
    return replace(
        organ, outline_mm=organ.outline_mm * size, half_depth_mm=organ.half_depth_mm * size
    )


def _thicken(part: Flesh, anatomy: Anatomy) -> Flesh:
    size, wide = anatomy.size, anatomy.size * anatomy.flesh
    return replace(
        part,
        start_mm=(part.start_mm[0] * size, part.start_mm[1] * size),
        end_mm=(part.end_mm[0] * size, part.end_mm[1] * size),
        start_radius_mm=part.start_radius_mm * wide,
        end_radius_mm=part.end_radius_mm * wide,
    )


def _spread(spots: Iterable[Spot], anatomy: Anatomy) -> Iterable[Spot]:
    size = anatomy.size
    for spot in spots:
        yield replace(
            spot,
            along_mm=(spot.along_mm[0] * size, spot.along_mm[1] * size),
            bone_half_mm=spot.bone_half_mm * size,
            flesh_half_mm=spot.flesh_half_mm * size,
            across_mm=spot.across_mm * size,
        )
