"""How a subject is scanned: tube, reconstruction, grid and pose."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from cctrack.phantom.deposit import Point

SHARP_NOISE = 2.2
"""A sharp kernel keeps the noise of high frequencies: about this many times the soft kernel's."""


class Kernel(StrEnum):
    """Reconstruction kernel; the value is what the file's ConvolutionKernel says."""

    SOFT = "STANDARD"
    SHARP = "BONE"


@dataclass(frozen=True, slots=True)
class CtSession:
    """One scan.

    Attributes
    ----------
    shape : tuple of int
        Slices, rows, columns.
    spacing_mm : float
        In plane, rows and columns alike.
    increment_mm, thickness_mm : float
        Distance between slices, and the full width of a slice's profile at half its height.
    kvp : float
    kernel : Kernel
    noise_hu : float
        Standard deviation in the middle of the body with the soft kernel.
    rotation : tuple of float
        Rotation vector in radians (slice, row, column) from subject to scanner.
    translation_mm : tuple of float
        From subject to scanner, after the rotation.
    twist_deg : float
        The limb's turn about its long axis per 100 mm of its length: posture, not rigid.
    table : bool
    contrast : bool
        Vessels enhanced to 250 HU.
    metal : bool
        A metal screw in the bone, in a pelvis an implant in place of the hip; with streaks.
    rails : bool
        Bright rails along the edges of the table, beside the body.
    padding_circle : bool
        No data outside the circle that touches the grid's edges.
    acquired : date or None
    seed : int
        Chooses the noise.
    """

    shape: tuple[int, int, int] = (60, 200, 200)
    spacing_mm: float = 0.6
    increment_mm: float = 1.0
    thickness_mm: float = 1.0
    kvp: float = 120.0
    kernel: Kernel = Kernel.SOFT
    noise_hu: float = 12.0
    rotation: Point = (0.0, 0.0, 0.0)
    translation_mm: Point = (0.0, 0.0, 0.0)
    twist_deg: float = 0.0
    table: bool = True
    contrast: bool = False
    metal: bool = False
    rails: bool = False
    padding_circle: bool = False
    acquired: date | None = None
    seed: int = 0
