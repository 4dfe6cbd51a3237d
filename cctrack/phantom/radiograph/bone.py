"""One bone as exact thickness maps: cortical shell, trabecular mesh and marrow.

A bone is a body that is symmetric about the film plane: an outline, and behind every point of it a
chord that grows from the edge like an ellipse. A second such body, one cortex further in, is the
cavity. Rays are parallel to the depth axis, so the chords are exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model.image import Float32Array

FloatArray = NDArray[np.float64]

PATCH_PAD_MM = 0.8
"""Empty rim around a bone's patch, so that interpolation never meets its border."""

ORGAN_PATCH_MM = 0.5
"""Pixel of an organ's path: organs have soft borders."""

SHOULDER_MM = 60.0
"""Over this length the shell of a flat bone thickens to that of its shaft."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Where a bone sits on its parent and how it moves.

    Attributes
    ----------
    parent : str
        Name of the parent bone; empty for one that hangs on the film itself.
    at_mm : tuple of float
        The bone's origin in the parent's frame, (along, across).
    angle_deg : float
        Resting direction relative to the parent; clockwise on the film is positive.
    swing_deg, flex_deg : float
        Standard deviation of a re-positioning in the film plane and out of it.
    """

    parent: str
    at_mm: tuple[float, float]
    angle_deg: float
    swing_deg: float = 0.0
    flex_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Matter:
    """What a bone is made of.

    Attributes
    ----------
    depth_ratio : float
        Depth over width of the cross-section.
    cortex_end_mm, cortex_shaft_mm : float
        Thickness of the shell at the ends and in the middle.
    mesh_end, mesh_shaft : float
        Volume share of trabeculae inside, 0–1.
    half_depth_mm : float
        For flat and short bones: half the depth away from the edge; 0 for tubes.
    grain_mm : float
        Width of the trabecular mesh.
    mesh_contrast : float
        How much of the mesh is seen as single trabeculae, 0–1; the rest is even.
    shaft_below_mm : float or None
        For flat and short bones: where along the axis a shaft begins, downwards.
    """

    depth_ratio: float = 0.9
    cortex_end_mm: float = 0.35
    cortex_shaft_mm: float = 1.6
    mesh_end: float = 0.22
    mesh_shaft: float = 0.06
    half_depth_mm: float = 0.0
    grain_mm: float = 0.22
    mesh_contrast: float = 0.5
    shaft_below_mm: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Bone:
    """One bone in its own frame.

    Attributes
    ----------
    name : str
    outline_mm : array (n, 2)
        Closed outline as (along, across); along points away from the trunk.
    joint : Joint
    matter : Matter
    patch_mm : float
        Pixel of its thickness maps.
    """

    name: str
    outline_mm: FloatArray
    joint: Joint
    matter: Matter = Matter()
    patch_mm: float = 0.1

    @property
    def length_mm(self) -> float:
        """Largest extent along the axis."""
        return float(self.outline_mm[:, 0].max())


@dataclass(frozen=True, slots=True, eq=False)
class BonePatch:
    """Thickness maps of a bone on its own grid.

    Attributes
    ----------
    mineral_mm : float32 array (along, across)
        Path through bone, as mm of compact bone.
    marrow_mm : float32 array (along, across)
        Path through the fat of the marrow.
    origin_mm : tuple of float
        (along, across) of the first pixel's centre.
    pixel_mm : float
    """

    mineral_mm: Float32Array
    marrow_mm: Float32Array
    origin_mm: tuple[float, float]
    pixel_mm: float


def build_patch(bone: Bone, rng: np.random.Generator) -> BonePatch:
    """Draw a bone's thickness maps; ``rng`` makes its trabeculae."""
    low = bone.outline_mm.min(axis=0) - PATCH_PAD_MM
    inside_mm = _depth_inside(bone.outline_mm, low, bone.patch_mm).astype(np.float64)
    along_mm = low[0] + bone.patch_mm * np.arange(inside_mm.shape[0])
    matter = bone.matter
    shaft = _shaft_share(along_mm, bone)[:, None]
    cortex_mm = matter.cortex_end_mm + shaft * (matter.cortex_shaft_mm - matter.cortex_end_mm)
    width_mm, half_mm = _cross_section(inside_mm, matter, bone.patch_mm)
    outer_mm = _chord(inside_mm, width_mm, half_mm)
    cavity_mm = _chord(inside_mm - cortex_mm, width_mm - cortex_mm, half_mm - cortex_mm)
    share = matter.mesh_end + shaft * (matter.mesh_shaft - matter.mesh_end)
    mesh = np.clip(share * _trabeculae(inside_mm.shape, bone, rng), 0.0, 0.9)
    mineral = outer_mm - cavity_mm + mesh * cavity_mm
    return BonePatch(
        mineral.astype(np.float32),
        ((1.0 - mesh) * cavity_mm).astype(np.float32),
        (float(low[0]), float(low[1])),
        bone.patch_mm,
    )


def organ_path(
    outline_mm: FloatArray, half_depth_mm: float, edge_mm: float
) -> tuple[Float32Array, tuple[float, float]]:
    """Path in mm through a rounded organ on a grid of `ORGAN_PATCH_MM`, and its first pixel."""
    low = outline_mm.min(axis=0) - PATCH_PAD_MM
    inside_mm = _depth_inside(outline_mm, low, ORGAN_PATCH_MM).astype(np.float64)
    path = _chord(inside_mm, np.full((1, 1), edge_mm), np.full((1, 1), half_depth_mm))
    return path.astype(np.float32), (float(low[0]), float(low[1]))


def _depth_inside(outline_mm: FloatArray, low: FloatArray, pixel_mm: float) -> Float32Array:
    # Distance of each pixel to the outline in mm, 0 outside.
    extent = outline_mm.max(axis=0) + PATCH_PAD_MM - low
    rows, columns = (int(value) for value in np.ceil(extent / pixel_mm) + 1)
    vertices = np.round((outline_mm - low) / pixel_mm * 16.0).astype(np.int32)[:, ::-1]
    mask = np.zeros((rows, columns), np.uint8)
    cv2.fillPoly(mask, [np.ascontiguousarray(vertices)], 1, lineType=cv2.LINE_8, shift=4)
    distance = np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), np.float32)
    inside: Float32Array = np.maximum(distance - 0.5, 0.0).astype(np.float32) * pixel_mm
    return inside


def _shaft_share(along_mm: FloatArray, bone: Bone) -> FloatArray:
    # 0 at the ends, 1 in the shaft, with smooth shoulders; a short bone has no shaft.
    matter = bone.matter
    if matter.half_depth_mm == 0:
        place = np.clip(along_mm / bone.length_mm, 0.0, 1.0)
        rise = (np.minimum(place, 1.0 - place) - 0.10) / 0.28
    elif matter.shaft_below_mm is not None:
        rise = (matter.shaft_below_mm - along_mm) / SHOULDER_MM
    else:
        rise = np.zeros_like(along_mm)
    rise = np.clip(rise, 0.0, 1.0)
    share: FloatArray = rise * rise * (3.0 - 2.0 * rise)
    return share


def _cross_section(
    inside_mm: FloatArray, matter: Matter, pixel_mm: float
) -> tuple[FloatArray, FloatArray]:
    # Half width and half depth of the section at each place along the axis, as columns.
    if matter.half_depth_mm > 0:
        column = np.full((inside_mm.shape[0], 1), matter.half_depth_mm)
        return column, column
    half = 0.5 * pixel_mm * (inside_mm > 0).sum(axis=1).astype(np.float64)
    smooth: FloatArray = ndimage.gaussian_filter1d(half, 1.0 / pixel_mm, mode="nearest")
    smooth = np.maximum(smooth, 0.5)[:, None]
    return smooth, matter.depth_ratio * smooth


def _chord(depth_mm: FloatArray, width_mm: FloatArray, half_mm: FloatArray) -> FloatArray:
    # Twice the height of a quarter ellipse that rises from the edge and stays level beyond.
    share = np.clip(depth_mm / np.maximum(width_mm, 1e-3), 0.0, 1.0)
    chord: FloatArray = 2.0 * np.maximum(half_mm, 0.0) * np.sqrt(share * (2.0 - share))
    return chord


def _trabeculae(shape: tuple[int, ...], bone: Bone, rng: np.random.Generator) -> FloatArray:
    # Zero lines of smooth noise are a net of thin curves; three nets lie behind each other. Mean 1.
    grain = bone.matter.grain_mm / bone.patch_mm
    total = np.zeros(shape)
    for stretch in (3.0, 2.0, 1.0):
        noise = rng.standard_normal(shape, dtype=np.float32)
        smooth = cv2.GaussianBlur(noise, (0, 0), sigmaX=grain, sigmaY=grain * stretch)
        total += np.exp(-((smooth / (0.55 * smooth.std())) ** 2))
    coarse = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), 6 * grain)
    lines = 1.0 + bone.matter.mesh_contrast * (total / total.mean() - 1.0)
    mesh: FloatArray = lines * (1.0 + 0.12 * coarse / coarse.std())
    return mesh
