"""Turn cctrack's images and outlines into napari layer data; pure, without Qt or a viewer."""

from typing import Any

from numpy.typing import NDArray

from cctrack.calibrate.detector import read_detector
from cctrack.model import AxisScale, Ct, Image, Photo, Radiograph, Scale

LayerData = tuple[NDArray[Any], dict[str, Any], str]

BONE_WINDOW_HU = (-200.0, 1000.0)
"""Shows soft tissue and deposits together; deposits lie between 130 and 1500 HU."""


def image_layer(image: Image) -> LayerData:
    """Return the layer of an image, in mm where it has an even scale and in px elsewhere.

    Calibration goes into ``scale`` only; the affine stays free for registration. Uneven slices
    have no one spacing that would be true, so such a CT stays in px.
    """
    pixels, options = _pixels(image)
    scale = read_detector(image.spacing)[0] if isinstance(image, Radiograph) else image.scale
    return (
        pixels,
        {"name": str(image.modality), **_geometry(scale, image.shape), **options},
        "image",
    )


def _pixels(image: Image) -> tuple[NDArray[Any], dict[str, Any]]:
    match image:
        case Photo():
            return image.pixels, {"rgb": True}
        case Radiograph():
            # As the film's header asks; the reader can change it, and no value is touched.
            window = {"contrast_limits": image.window} if image.window else {}
            return image.pixels, {"colormap": "gray", **window}
        case Ct():
            return image.hu, {"colormap": "gray", "contrast_limits": BONE_WINDOW_HU}
        case _:
            return image.values, {"colormap": "gray"}


def _geometry(scale: Scale | None, shape: tuple[int, ...]) -> dict[str, Any]:
    axes = ("slice", "row", "column")[-len(shape) :]
    if isinstance(scale, AxisScale):
        return {"scale": scale.mm, "units": ("mm",) * len(shape), "axis_labels": axes}
    return {"units": ("pixel",) * len(shape), "axis_labels": axes}
