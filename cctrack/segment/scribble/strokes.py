"""What a reader drew on a photo to show a lesion: values that can be stored and replayed."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

PointPx = tuple[float, float]

FORMAT = 1
"""Version of the JSON written here."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line drawn by a reader; a single point is a click.

    Attributes
    ----------
    points_px : tuple of (row, column)
        In px of the photo as it is shown (upright, full size).
    width_px : float
        Width of the pen, above 0.
    lesion : bool
        Drawn on the lesion, or on what is none.
    """

    points_px: tuple[PointPx, ...]
    width_px: float = 1.0
    lesion: bool = True

    def __post_init__(self) -> None:
        places = np.asarray(self.points_px, dtype=np.float64)
        if places.ndim != 2 or places.shape[1] != 2 or not np.isfinite(places).all():
            raise ValueError("a stroke needs points (row, column), all finite")
        if not (np.isfinite(self.width_px) and self.width_px > 0):
            raise ValueError(f"a stroke needs a width above 0, got {self.width_px}")


@dataclass(frozen=True, slots=True)
class Strokes:
    """All that a reader drew to show one lesion, or several at once.

    Attributes
    ----------
    strokes : tuple of Stroke
        In the order they were drawn.
    box_px : (top, left, bottom, right) or None
        All of the lesion lies inside it.
    """

    strokes: tuple[Stroke, ...] = ()
    box_px: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.box_px is not None:
            top, left, bottom, right = self.box_px
            if not (np.isfinite(self.box_px).all() and top < bottom and left < right):
                raise ValueError("a box is (top, left, bottom, right) and holds at least a pixel")
        if self.box_px is None and not any(stroke.lesion for stroke in self.strokes):
            raise ValueError("a box or a stroke on the lesion is needed")

    @property
    def on_lesion(self) -> tuple[Stroke, ...]:
        """Strokes drawn on the lesion."""
        return tuple(stroke for stroke in self.strokes if stroke.lesion)

    @property
    def beside(self) -> tuple[Stroke, ...]:
        """Strokes drawn on what is no lesion."""
        return tuple(stroke for stroke in self.strokes if not stroke.lesion)

    def to_json(self) -> str:
        """Write as JSON, the same text for the same strokes."""
        drawn = [
            {
                "points_px": [[float(row), float(column)] for row, column in item.points_px],
                "width_px": float(item.width_px),
                "lesion": bool(item.lesion),
            }
            for item in self.strokes
        ]
        edges = None if self.box_px is None else [float(edge) for edge in self.box_px]
        return json.dumps({"format": FORMAT, "strokes": drawn, "box_px": edges}, allow_nan=False)


def click(row: float, column: float) -> Strokes:
    """Make the strokes of a single click on a lesion."""
    return Strokes((Stroke(((row, column),)),))


def box(top: float, left: float, bottom: float, right: float) -> Strokes:
    """Make the strokes of a box drawn around a lesion."""
    return Strokes(box_px=(top, left, bottom, right))


def strokes_from_json(text: str) -> Strokes:
    """Read what `Strokes.to_json` wrote.

    Raises
    ------
    ValueError
        If the text is no JSON, of another version, or holds no valid strokes.
    """
    try:
        stored: dict[str, Any] = json.loads(text)
        version = stored["format"]
        if version == FORMAT:
            return _strokes_of(stored)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no valid strokes: {error}") from error
    raise ValueError(f"strokes of format {FORMAT} are read here, found another")


def _strokes_of(stored: dict[str, Any]) -> Strokes:
    drawn = tuple(
        Stroke(
            tuple((float(row), float(column)) for row, column in item["points_px"]),
            float(item["width_px"]),
            bool(item["lesion"]),
        )
        for item in stored["strokes"]
    )
    if stored["box_px"] is None:
        return Strokes(drawn)
    top, left, bottom, right = (float(edge) for edge in stored["box_px"])
    return Strokes(drawn, (top, left, bottom, right))
