"""A candidate region, what surrounds it, and the film it lies on: what `describe` looks at."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.segment.radiograph.features import FARTHEST_SKIN_MM, Planes
from cctrack.segment.radiograph.grid import BoolArray, Float32Array, Grid, disc
from cctrack.segment.radiograph.regions import Regions

REACH_MM = 8.0
"""A region is seen with this much around it: half a finger, and the joint it may lie at."""

LARGE_BONE_MM2 = 40.0
"""What was taken for bone and is larger than this is bone; a stone is mostly smaller."""

LIMB_MM = 10.0
"""The part of the body a region lies in is as thick as its thickest place this near."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A film with its candidates.

    Attributes
    ----------
    regions : Regions
    planes : mapping of str to float32 array (rows, columns)
        With ``bone``, ``first`` and ``noise``.
    grid : Grid
    bone : bool array (rows, columns)
        Tissue more likely bone than not.
    parts : int32 array (rows, columns)
        Connected pieces of it.
    parts_mm2 : array (pieces,)
        Their sizes; 0 for what is no bone.
    from_bone_mm : float32 array (rows, columns)
        Distance to a piece of `LARGE_BONE_MM2` or more.
    half_mm : float32 array (rows, columns)
        Half the thickness of the finger or limb around.
    flesh_grey, bone_grey : float
        Middle grey of the film's flesh and bone.
    """

    regions: Regions
    planes: Planes
    grid: Grid
    bone: BoolArray
    parts: NDArray[np.int32]
    parts_mm2: NDArray[np.float64]
    from_bone_mm: Float32Array
    half_mm: Float32Array
    flesh_grey: float
    bone_grey: float


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One region and `REACH_MM` around it.

    Attributes
    ----------
    scene : Scene
    number : int
    place : tuple of slice
        Where the window lies on the film.
    labels : int32 array (rows, columns)
    inside, around : bool array (rows, columns)
        The region; tissue that is not the region.
    out_mm, in_mm : float32 array (rows, columns)
        Distance to the region from outside, and to its border from inside.
    """

    scene: Scene
    number: int
    place: tuple[slice, slice]
    labels: NDArray[np.int32]
    inside: BoolArray
    around: BoolArray
    out_mm: Float32Array
    in_mm: Float32Array

    @property
    def mm(self) -> float:
        """Side of a px."""
        return self.scene.grid.mm

    @property
    def grey(self) -> Float32Array:
        """Grey of the film here."""
        return self.scene.grid.grey[self.place]

    @property
    def bone(self) -> BoolArray:
        """What is more likely bone than not here."""
        return self.scene.bone[self.place]

    def ring(self, nearest_mm: float, farthest_mm: float) -> BoolArray:
        """Tissue from one distance to another."""
        band: BoolArray = self.around & (self.out_mm > nearest_mm) & (self.out_mm <= farthest_mm)
        return band


def scene_of(regions: Regions, planes: Planes, grid: Grid) -> Scene:
    """Gather what all regions of a film share."""
    bone = (planes["bone"] > 0) & grid.tissue
    _, parts, stats, _ = cv2.connectedComponentsWithStats(bone.astype(np.uint8), connectivity=4)
    parts_mm2 = stats[:, cv2.CC_STAT_AREA].astype(np.float64) * grid.mm**2
    parts_mm2[0] = 0.0
    small = (parts_mm2 <= LARGE_BONE_MM2)[parts]
    far = np.full(grid.shape, FARTHEST_SKIN_MM, np.float32)
    return Scene(
        regions,
        planes,
        grid,
        bone,
        np.asarray(parts),
        parts_mm2,
        far if small.all() else _distance_mm(small, grid.mm),
        _half_mm(grid),
        _middle(grid.grey[grid.tissue & ~bone]),
        _middle(grid.grey[bone]),
    )


def _half_mm(grid: Grid) -> Float32Array:
    skin = np.minimum(_distance_mm(grid.tissue, grid.mm), np.float32(FARTHEST_SKIN_MM))
    coarse = cv2.resize(skin, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    thick = cv2.dilate(coarse, disc(LIMB_MM / grid.mm / 4))
    full = cv2.resize(thick, grid.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32)


def _middle(grey: Float32Array) -> float:
    return float(np.median(grey[::7])) if grey.size else 0.0


def windows(scene: Scene) -> Iterator[Window]:
    """Look at one region after the other."""
    for number, box in enumerate(ndimage.find_objects(scene.regions.labels), start=1):
        if box is not None:
            yield _window(scene, number, box)


def _window(scene: Scene, number: int, box: tuple[slice, slice]) -> Window:
    mm = scene.grid.mm
    margin = int(REACH_MM / mm) + 2
    rows, columns = (
        slice(max(part.start - margin, 0), min(part.stop + margin, size))
        for part, size in zip(box, scene.grid.shape, strict=True)
    )
    labels = scene.regions.labels[rows, columns]
    inside = labels == number
    framed = np.pad(inside, 1)
    return Window(
        scene,
        number,
        (rows, columns),
        labels,
        inside,
        ~inside & scene.grid.tissue[rows, columns],
        _distance_mm(~inside, mm),
        _distance_mm(framed, mm)[1:-1, 1:-1],
    )


def _distance_mm(mask: BoolArray, mm: float) -> Float32Array:
    distance = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(distance, np.float32) * np.float32(mm)
