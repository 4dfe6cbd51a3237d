"""The layers of the visits in the viewer: put there, renewed, shown side by side or as one.

Works on a viewer's model alone, so that it is tested without a window.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from napari.layers import Image as ImageLayer
from napari.layers import Labels, Layer, Shapes
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from cctrack.model import Alignment
from napari_cctrack.drawing import (
    LANDMARK_COLOUR,
    brush_px,
    clear_marks,
    line_px,
    mark_px,
    move,
    number_points,
    points_layer,
)
from napari_cctrack.layers import UNTITLED, Placement, lesion_colours, picture_of, place
from napari_cctrack.layers import smallest_labels as editable
from napari_cctrack.reuse import (
    can_show,
    reuse_image,
    reuse_labels,
    reuse_marks,
    reuse_points,
)
from napari_cctrack.session.state import PairState, PointPx, VisitState

NAMES = ("Earlier", "Later")
"""What the two visits are called where nothing has to be hidden."""

LINE_PX = 2.0
"""Width of an outline on the screen: seen, and hides no border."""

LINE = 0.9
"""Opacity of an outline."""

FILL = 0.35
"""Opacity of the earlier outline on the later image: filled, so that it is told from a line."""


class Role(StrEnum):
    """What a layer of ours shows."""

    IMAGE = "image"
    LESIONS = "lesions"
    MARKS = "marks"
    POINTS = "landmarks"
    OTHER_IMAGE = "other image"
    OTHER_LESIONS = "other lesions"


OF_A_VISIT = (Role.IMAGE, Role.LESIONS, Role.MARKS, Role.POINTS)
"""Layers of one visit, from the bottom: as many at every visit, as the grid wants it."""


@dataclass(slots=True, eq=False, repr=False)
class Stage:
    """Our layers in one viewer.

    Attributes
    ----------
    viewer : napari viewer or its model
    names : tuple of str
        What the visits are called; blinded readings have names that say nothing.
    """

    viewer: Any
    names: tuple[str, ...] = NAMES
    _layers: dict[tuple[int, Role], Layer] = field(default_factory=dict)
    _colours: DirectLabelColormap = field(
        default_factory=lambda: DirectLabelColormap(color_dict=lesion_colours())
    )

    def show(self, pair: PairState) -> None:
        """Show a pair instead of what was shown.

        Layers that are there take the new data where they can. New outlines stay hidden until
        `Views.apply`: drawing them takes half a second on 12 MP, so they are drawn once.
        """
        placements = self._placements(pair)
        if self._can_show(pair):
            self.drop_overlay()
            for number, (visit, placement) in enumerate(zip(pair.visits, placements, strict=True)):
                self._reuse(number, visit, placement)
        else:
            self.clear()
            for number, (visit, placement) in enumerate(zip(pair.visits, placements, strict=True)):
                for role, layer in self._of_visit(visit, placement, number):
                    self._add(number, role, layer, len(self._layers))
        for number, visit in enumerate(pair.visits):
            self.set_points(number, visit.points_px)
        self._activate(len(pair.visits) - 1, Role.IMAGE)

    def clear(self) -> None:
        """Take our layers away; others stay."""
        for layer in self._layers.values():
            if layer in self.viewer.layers:
                self.viewer.layers.remove(layer)
        self._layers.clear()

    def layer(self, number: int, role: Role) -> Any:
        """Return a layer of ours; None when it is not there or the user removed it."""
        layer = self._layers.get((number, role))
        return layer if layer is not None and layer in self.viewer.layers else None

    def layers(self, role: Role) -> Iterator[tuple[int, Any]]:
        """Yield a layer of every visit with the visit's number."""
        for number in range(len(self.names)):
            layer = self.layer(number, role)
            if layer is not None:
                yield number, layer

    def which(self, layer: Any) -> tuple[int, Role] | None:
        """Say which visit a layer belongs to and what it shows; None for a foreign one."""
        # Equal, not identical: a plugin sees its layers through napari's proxies.
        return next((key for key, known in self._layers.items() if known == layer), None)

    def update(
        self, pair: PairState, *, unsaved: Collection[tuple[int, Role]] = frozenset()
    ) -> None:
        """Bring the layers to what a state says; pixels are not loaded again.

        Layers in ``unsaved`` hold more than the state does, such as a stroke of this moment: they
        are left alone.
        """
        placements = self._placements(pair)
        for number, (visit, placement) in enumerate(zip(pair.visits, placements, strict=True)):
            for role in OF_A_VISIT:
                layer = self.layer(number, role)
                if layer is not None:
                    move(layer, placement)
            if (number, Role.LESIONS) not in unsaved:
                self._renew_lesions(number, pair.seen(number).outline.labels)
            if (number, Role.POINTS) not in unsaved:
                self.set_points(number, visit.points_px)

    def set_points(self, number: int, points_px: Sequence[PointPx]) -> None:
        """Show landmarks, numbered."""
        layer = self.layer(number, Role.POINTS)
        if layer is None:
            return
        placed = np.array(points_px, dtype=float).reshape(-1, layer.ndim)
        if layer.data.shape != placed.shape or not np.array_equal(layer.data, placed):
            layer.data = placed
        number_points(layer)

    def point_out(self, number: int, borders: Sequence[NDArray[np.float64]]) -> None:
        """Draw lines round things in an image; none takes them away."""
        marks = self.layer(number, Role.MARKS)
        if marks is None:
            return
        clear_marks(marks)
        if borders:
            marks.add_polygons(list(borders), edge_color=LANDMARK_COLOUR, face_color="transparent")

    def set_contours(self, zoom: float) -> None:
        """Draw outlines about as wide on the screen at any zoom.

        Parameters
        ----------
        zoom : float
            Px of the screen for each unit of the world.
        """
        for _, layer in self.layers(Role.LESIONS):
            wanted = LINE_PX / max(zoom * float(layer.scale[-1]), 1e-6)
            width = line_px(layer.data.shape, wanted)
            opacity = LINE if width else FILL
            if layer.contour != width:
                layer.contour = width
            if layer.opacity != opacity:
                layer.opacity = opacity

    def labels(self, number: int) -> NDArray[np.uint16] | None:
        """Return what is painted at one visit, on the image's own grid."""
        layer = self.layer(number, Role.LESIONS)
        return None if layer is None else np.asarray(layer.data)

    def put_overlay(
        self, picture: NDArray[Any], labels: NDArray[np.uint16], pair: PairState
    ) -> None:
        """Show the earlier visit's picture and outline on the later one's grid."""
        later = pair.visits[1]
        placement = self._placements(pair)[1]
        _, options = picture_of(later.measured.image)
        self.drop_overlay()
        image = ImageLayer(
            picture,
            name=f"{self.names[0]} on {self.names[1].lower()}",
            **placement.options,
            **options,
        )
        outline = self._lesions_layer(
            labels, placement, f"{self.names[0]} outline on {self.names[1].lower()}"
        )
        outline.editable = False
        outline.contour = 0
        outline.opacity = FILL
        for role, layer in ((Role.OTHER_IMAGE, image), (Role.OTHER_LESIONS, outline)):
            layer.visible = False
            self._add(1, role, layer, len(self._layers))

    def drop_overlay(self) -> None:
        """Take the earlier visit's picture off the later one."""
        for role in (Role.OTHER_IMAGE, Role.OTHER_LESIONS):
            layer = self._layers.pop((1, role), None)
            if layer is not None and layer in self.viewer.layers:
                self.viewer.layers.remove(layer)

    def _placements(self, pair: PairState) -> tuple[Placement, ...]:
        images = [visit.measured.image for visit in pair.visits]
        alignment: Alignment | None = pair.aligned.alignment if pair.aligned else None
        return place(
            tuple(image.scale for image in images),
            tuple(image.shape for image in images),
            alignment,
        )

    def _can_show(self, pair: PairState) -> bool:
        """Whether the layers that are there are as many and of the kind that a pair needs."""
        present = [len(list(self.layers(role))) for role in OF_A_VISIT]
        if present != [len(pair.visits)] * len(OF_A_VISIT):
            return False
        return all(
            can_show(self.layer(number, Role.IMAGE), *picture_of(visit.measured.image))
            for number, visit in enumerate(pair.visits)
        )

    def _reuse(self, number: int, visit: VisitState, placement: Placement) -> None:
        image = visit.measured.image
        for role in OF_A_VISIT:
            layer = self.layer(number, role)
            layer.name = self._name(number, role)
            match role:
                case Role.IMAGE:
                    reuse_image(layer, *picture_of(image), placement)
                case Role.LESIONS:
                    reuse_labels(layer, editable(visit.measured.outline.labels), placement)
                case Role.MARKS:
                    reuse_marks(layer, image.shape, placement)
                case Role.POINTS:
                    reuse_points(layer, image.shape, placement)

    def _name(self, number: int, role: Role) -> str:
        return f"{self.names[number]} {role}"

    def _of_visit(
        self, visit: VisitState, placement: Placement, number: int
    ) -> Iterator[tuple[Role, Layer]]:
        image = visit.measured.image
        names = {role: self._name(number, role) for role in OF_A_VISIT}
        pixels, options = picture_of(image)
        yield Role.IMAGE, ImageLayer(pixels, name=names[Role.IMAGE], **placement.options, **options)
        labels = editable(visit.measured.outline.labels)
        yield Role.LESIONS, self._lesions_layer(labels, placement, names[Role.LESIONS])
        yield (
            Role.MARKS,
            Shapes(
                ndim=len(image.shape),
                name=names[Role.MARKS],
                edge_color=LANDMARK_COLOUR,
                face_color="transparent",
                edge_width=mark_px(image.shape),
                **placement.options,
            ),
        )
        yield Role.POINTS, points_layer(image.shape, placement, names[Role.POINTS])

    def _lesions_layer(self, labels: NDArray[np.uint16], placement: Placement, name: str) -> Labels:
        options = {"name": name, "colormap": self._colours, "opacity": LINE, "visible": False}
        layer = Labels(labels, **options, **placement.options)
        layer.contour = 2
        layer.n_edit_dimensions = 2
        layer.brush_size = brush_px(labels.shape)
        return layer

    def _renew_lesions(self, number: int, labels: NDArray[np.uint16]) -> None:
        layer = self.layer(number, Role.LESIONS)
        if layer is not None and not np.array_equal(layer.data, labels):
            layer.data = editable(labels)

    def _add(self, number: int, role: Role, layer: Layer, place_in_list: int) -> None:
        layer.metadata[UNTITLED] = {"visit": number, "role": str(role)}
        self._layers[number, role] = layer
        self.viewer.layers.insert(place_in_list, layer)

    def _activate(self, number: int, role: Role) -> None:
        layer = self.layer(number, role)
        if layer is not None:
            self.viewer.layers.selection.active = layer
