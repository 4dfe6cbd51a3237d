"""A simulated reader who draws on films: knows about where a deposit lies, not its exact border.

What is seen of a deposit is its mask closed over 1 mm and filled, as an eye joins the strands of a
net. Every stroke wanders by 0.3 mm (SD) along its way and is off by 0.15 mm as a whole; the pen is
0.5 mm wide. One generator, whatever the outline under test.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import skeletonize

from benchmarks.photo_outline import _longest_path as longest_path
from cctrack._cv2 import cv2
from cctrack.segment.radiograph.grid import disc
from cctrack.segment.scribble import Stroke, Strokes

PEN_MM, HAND_MM, OFF_MM, WANDERS_MM = 0.5, 0.3, 0.15, 1.5
CLOSED_MM = 1.0
ROOM_MM = 4.0

SHARES = {"arc": (0.25, 0.6), "ring": (0.85, 1.0), "dash": (0.08, 0.08)}
"""Share of the way around the deposit that the stroke beside it takes."""

STYLES = {
    "arc": 0.35,
    "ring": 0.2,
    "dash": 0.1,
    "two": 0.1,
    "one": 0.05,
    "click": 0.12,
    "box": 0.08,
}
"""How a reader shows a deposit, and how often in training: two strokes on it and one beside it
(``arc``, ``ring``, ``dash``), strokes on it alone, a click, a box."""

Mask = NDArray[np.bool_]


def strokes_on(
    deposit: Mask, mm: float, style: str, *, net: bool, rng: np.random.Generator
) -> Strokes:
    """Draw on one deposit of a film, in px of the film."""
    places = np.argwhere(deposit)
    room = int(ROOM_MM / mm) + 2
    low = np.maximum(places.min(axis=0) - room, 0)
    high = np.minimum(places.max(axis=0) + room + 1, deposit.shape)
    window = deposit[low[0] : high[0], low[1] : high[1]]
    if style == "click":
        return _moved(Strokes((_click(window, mm, rng),)), low, deposit.shape)
    if style == "box":
        return _moved(_box(window, mm, rng), low, deposit.shape)
    items = _inside(window, mm, net, rng)
    if style == "one":
        items = items[:1]
    elif style != "two":
        items = [*items, _beside(window, mm, rng.uniform(*SHARES[style]), rng)]
    return _moved(Strokes(tuple(items)), low, deposit.shape)


def _click(deposit: Mask, mm: float, rng: np.random.Generator) -> Stroke:
    depth = ndimage.distance_transform_edt(deposit)
    places = np.argwhere(depth >= 0.6 * depth.max())
    row, column = places[rng.integers(len(places))] + rng.normal(0, HAND_MM / mm, 2)
    return Stroke(((float(row), float(column)),))


def _box(deposit: Mask, mm: float, rng: np.random.Generator) -> Strokes:
    places = np.argwhere(deposit)
    low = places.min(axis=0) - rng.uniform(0.2, 1.0, 2) / mm
    high = places.max(axis=0) + rng.uniform(0.2, 1.0, 2) / mm
    return Strokes(box_px=tuple(float(edge) for edge in (*low, *high)))


def _inside(deposit: Mask, mm: float, net: bool, rng: np.random.Generator) -> list[Stroke]:
    # Along the deposit, or half of the time along a strand of a net; then out to a place far off.
    body = _body(deposit, mm)
    depth = ndimage.distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1]
    along_strand = net and rng.random() < 0.5
    core = _largest(deposit if along_strand else depth >= 0.4 * depth.max())
    path = np.asarray(longest_path(skeletonize(core)))
    first, last = (
        int(len(path) * rng.uniform(0, 0.2)),
        int(np.ceil(len(path) * rng.uniform(0.8, 1))),
    )
    along = path[first : max(last, first + 1) : 2]
    free = np.ones(deposit.shape, bool)
    free[tuple(np.rint(along).astype(int).T)] = False
    far = np.minimum(ndimage.distance_transform_edt(free), 2 * depth)
    good = np.where(depth >= 0.25 * depth.max(), far, 0) * rng.uniform(0.7, 1, deposit.shape)
    place = np.array(np.unravel_index(good.argmax(), deposit.shape))
    towards = along[np.linalg.norm(along - place, axis=1).argmin()]
    steps = np.linspace(0, 0.8, max(2, int(np.linalg.norm(towards - place))))
    across = place + (towards - place) * steps[:, None]
    return [_drawn(line, mm, rng) for line in (along, across)]


def _beside(deposit: Mask, mm: float, share: float, rng: np.random.Generator) -> Stroke:
    reach = rng.uniform(0.8, 2.0) / mm
    near = ndimage.distance_transform_edt(~_body(deposit, mm)) <= reach
    lines, _ = cv2.findContours(near.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    loop = max(lines, key=len)[:, 0, ::-1].astype(float)
    taken = max(1, int(len(loop) * share))
    line = np.roll(loop, -rng.integers(len(loop)), axis=0)[:taken:2]
    return replace(_drawn(line, mm, rng), lesion=False)


def _body(deposit: Mask, mm: float) -> Mask:
    closing = disc(CLOSED_MM / mm)
    framed = np.pad(deposit, len(closing)).astype(np.uint8)
    closed = cv2.morphologyEx(framed, cv2.MORPH_CLOSE, closing) > 0
    inner = slice(len(closing), -len(closing))
    return ndimage.binary_fill_holes(closed[inner, inner])


def _largest(mask: Mask) -> Mask:
    parts, count = ndimage.label(mask, np.ones((3, 3)))
    return parts == np.bincount(parts.ravel())[1:].argmax() + 1 if count else mask


def _drawn(line: NDArray[np.float64], mm: float, rng: np.random.Generator) -> Stroke:
    # A hand that wanders slowly: smoothed noise of the stated SD.
    off = rng.normal(0, OFF_MM / mm, 2)
    if len(line) > 1:
        step = max(float(np.median(np.linalg.norm(np.diff(line, axis=0), axis=1))), 0.5)
        slow = WANDERS_MM / mm / step
        noise = ndimage.gaussian_filter1d(
            rng.normal(0, 1, line.shape), slow, axis=0, mode="nearest"
        )
        line = line + noise * np.sqrt(2 * np.sqrt(np.pi) * slow) * HAND_MM / mm
    places = line + off
    return Stroke(
        tuple((float(row), float(column)) for row, column in places), max(1.0, PEN_MM / mm)
    )


def _moved(strokes: Strokes, by: NDArray[np.int_], shape: tuple[int, ...]) -> Strokes:
    # From a window to the film, and never off it.
    last = np.array(shape) - 1.0
    items = tuple(
        replace(item, points_px=tuple(map(tuple, np.clip(item.points_px + by, 0, last).tolist())))
        for item in strokes.strokes
    )
    if strokes.box_px is None:
        return Strokes(items)
    edges = np.clip(np.reshape(strokes.box_px, (2, 2)) + by, 0, last).ravel()
    return Strokes(items, tuple(edges.tolist()))
