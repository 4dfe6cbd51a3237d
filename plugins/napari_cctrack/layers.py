"""Turn cctrack's images and outlines into napari layer data; pure, without Qt or a viewer."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cctrack.align.landmarks import fit_points
from cctrack.calibrate.detector import read_detector
from cctrack.model import (
    Alignment,
    AlignmentModel,
    AxisScale,
    Ct,
    FloatArray,
    Image,
    Photo,
    Quality,
    Radiograph,
    Scale,
)
from cctrack.report.colours import lesion_colour
from cctrack.report.windows import CT_WINDOW_HU, film_window

LayerData = tuple[NDArray[Any], dict[str, Any], str]

COLOURED_LESIONS = 999
"""Ids that have a colour of their own list; beyond it a lesion is drawn white."""

UNTITLED = "cctrack"
"""Key of a layer's metadata under which it says what it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where the layers of one visit lie in the viewer's world.

    Calibration is in ``scale`` only and registration in ``affine`` only, so that sizes can be
    read from the data without either being mistaken for the other.

    Attributes
    ----------
    scale : tuple of float
        mm per px along each axis; 1 where the world is in px.
    units : tuple of str
    affine : array (axes + 1, axes + 1)
    """

    scale: tuple[float, ...]
    units: tuple[str, ...]
    affine: FloatArray

    @property
    def options(self) -> dict[str, Any]:
        """Arguments that every layer of the visit gets: all the same, or napari drops the units."""
        axes = ("slice", "row", "column")[-len(self.scale) :]
        return {
            "scale": self.scale,
            "units": self.units,
            "affine": self.affine,
            "axis_labels": axes,
        }


def image_layer(image: Image) -> LayerData:
    """Return the layer of an image, in mm where it has an even scale and in px elsewhere.

    Calibration goes into ``scale`` only; the affine stays free for registration. Uneven slices
    have no one spacing that would be true, so such a CT stays in px.
    """
    pixels, options = picture_of(image)
    scale = read_detector(image.spacing)[0] if isinstance(image, Radiograph) else image.scale
    placement = place((scale,), (image.shape,))[0]
    geometry = {key: value for key, value in placement.options.items() if key != "affine"}
    if "mm" not in placement.units:
        del geometry["scale"]
    return pixels, {"name": str(image.modality), **geometry, **options}, "image"


def picture_of(image: Image) -> tuple[NDArray[Any], dict[str, Any]]:
    """Return the pixels of an image, and how they are shown; no value is touched."""
    match image:
        case Photo():
            return image.pixels, {"rgb": True}
        case Radiograph():
            # As the film's header asks; the reader can change it.
            window = image.window or film_window(image.pixels)
            return image.pixels, {"colormap": "gray", "contrast_limits": window}
        case Ct():
            return image.hu, {"colormap": "gray", "contrast_limits": CT_WINDOW_HU}
        case _:
            return image.values, {"colormap": "gray"}


def place(
    scales: tuple[Scale | None, ...],
    shapes: tuple[tuple[int, ...], ...],
    alignment: Alignment | None = None,
) -> tuple[Placement, ...]:
    """Place one visit, or two so that panning and zooming shows the same part of the body.

    The world is in mm where every visit has an even scale; otherwise all of it is in px. The later
    visit lies at the origin, the earlier is moved onto it.

    Parameters
    ----------
    scales : tuple of Scale or None
        The earlier visit's first.
    shapes : tuple of tuple of int
    alignment : Alignment or None
        From the earlier to the later visit; without one they lie centre on centre.
    """
    even = [scale.mm for scale in scales if isinstance(scale, AxisScale)]
    metric = len(even) == len(scales)
    axes = len(shapes[0])
    sizes = even if metric else [(1.0,) * axes for _ in scales]
    units = ("mm" if metric else "pixel",) * axes
    still = np.eye(axes + 1)
    if len(shapes) == 1:
        return (Placement(sizes[0], units, still),)
    motion = _motion(shapes, sizes, alignment)
    return Placement(sizes[0], units, motion), Placement(sizes[1], units, still)


def lesion_colours() -> dict[int | None, tuple[float, float, float, float]]:
    """Colours by lesion id, 0–1: the same as in reports, and the same at every visit."""
    colours: dict[int | None, tuple[float, float, float, float]] = {
        None: (1.0, 1.0, 1.0, 1.0),
        0: (0.0, 0.0, 0.0, 0.0),
    }
    for lesion in range(1, COLOURED_LESIONS + 1):
        red, green, blue = (channel / 255 for channel in lesion_colour(lesion))
        colours[lesion] = (red, green, blue, 1.0)
    return colours


def smallest_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """Copy labels for painting, in 16 bits: napari loads them faster than 32."""
    return np.array(labels, dtype=np.uint16)


def _motion(
    shapes: tuple[tuple[int, ...], ...],
    sizes: list[tuple[float, ...]],
    alignment: Alignment | None,
) -> FloatArray:
    """World motion of the earlier visit onto the later one.

    A scan is only shifted: napari cannot show slices that lie aslant.
    """
    earlier, later = (np.asarray(size) for size in sizes)
    middle = (np.array(shapes[0]) - 1) / 2
    axes = len(middle)
    motion = np.eye(axes + 1)
    if alignment is None or alignment.quality is Quality.FAILED:
        motion[:-1, -1] = (np.array(shapes[1]) - 1) / 2 * later - middle * earlier
        return motion
    if axes == 3:
        carried = alignment.transform(middle[None])[0]
        motion[:-1, -1] = carried * later - middle * earlier
        return motion
    # A tilt and a bend become the affine motion nearest to them in the middle half of the image.
    corners = np.array([[0.25, 0.25], [0.25, 0.75], [0.75, 0.25], [0.75, 0.75]]) * shapes[0]
    carried = alignment.transform(corners) * later
    return fit_points(corners * earlier, carried, AlignmentModel.AFFINE)
