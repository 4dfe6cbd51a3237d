"""Simulated pairs for napari's menu of samples; the dock opens the same as a study."""

from cctrack.model import Modality
from napari_cctrack.layers import LayerData, image_layer
from napari_cctrack.stage import NAMES


def photo_pair() -> list[LayerData]:
    """Return two simulated photos of one site."""
    return _pair(Modality.PHOTO)


def radiograph_pair() -> list[LayerData]:
    """Return two simulated radiographs of one site."""
    return _pair(Modality.XRAY)


def ct_pair() -> list[LayerData]:
    """Return two simulated scans of one site."""
    return _pair(Modality.CT)


def _pair(modality: Modality) -> list[LayerData]:
    from cctrack.study.folder import open_study
    from cctrack.study.sources import read_visit_image
    from napari_cctrack.session.loose import sample_study

    root = sample_study(modality)
    layers = []
    for name, visit in zip(NAMES, open_study(root).visits, strict=True):
        pixels, options, kind = image_layer(read_visit_image(root, visit.path, visit.modality))
        layers.append((pixels, {**options, "name": f"{name} image"}, kind))
    return layers
