"""Skin that lies a little differently at every visit: a smooth shift of all it carries."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.features import SkinMaps
from cctrack.phantom.photo.noise import Float32Array, Window, as_float32, enlarged, smooth_field
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.subject import PhotoSubject

GRAIN_MM = 45.0
"""Skin over a joint moves as one over some centimetres."""

STEP_MM = 4.0
"""The shift is sampled on this grid and linear between: a tenth of its structure."""

HALF_MM = 260.0
"""The grid covers all that a photo can show."""


def moved_places(places_mm: FloatArray, session: PhotoSession) -> FloatArray:
    """Where skin that is drawn at ``places_mm`` (n, 2) lies in this session."""
    if session.stretch_mm == 0 or len(places_mm) == 0:
        return places_mm
    at = ((places_mm + HALF_MM) / STEP_MM).T
    shifts = [
        ndimage.map_coordinates(shift, at, order=1, mode="nearest") for shift in _shifts_mm(session)
    ]
    moved: FloatArray = places_mm + np.column_stack(shifts)
    return moved


def moved_subject(subject: PhotoSubject, session: PhotoSession) -> PhotoSubject:
    """Move each lesion and mark as a whole: its shape and its area stay as they are."""
    if session.stretch_mm == 0:
        return subject
    lesions = zip(
        subject.lesions, _moved([item.centre_mm for item in subject.lesions], session), strict=True
    )
    marks = zip(
        subject.marks, _moved([item.centre_mm for item in subject.marks], session), strict=True
    )
    return replace(
        subject,
        lesions=tuple(replace(lesion, centre_mm=place) for lesion, place in lesions),
        marks=tuple(replace(mark, centre_mm=place) for mark, place in marks),
    )


def stretch_maps(maps: SkinMaps, session: PhotoSession, window: Window) -> None:
    """Shift what the skin carries, in place; skin from beyond the window is mirrored."""
    if session.stretch_mm == 0:
        return
    rows, columns = _sources_px(session, window)
    for name in ("melanin", "blood", "relief_mm", "gloss", "deep", "flakes"):
        field = getattr(maps, name)
        if field is not None:
            mode = cv2.BORDER_REFLECT_101
            moved = cv2.remap(field, columns, rows, cv2.INTER_LINEAR, borderMode=mode)
            setattr(maps, name, as_float32(moved))


def _moved(
    centres_mm: list[tuple[float, float]], session: PhotoSession
) -> list[tuple[float, float]]:
    places = moved_places(np.array(centres_mm, dtype=np.float64).reshape(-1, 2), session)
    return [(float(row), float(column)) for row, column in places]


def _shifts_mm(session: PhotoSession) -> tuple[Float32Array, Float32Array]:
    """Shift along rows and columns on the grid of `STEP_MM`."""
    count = int(2 * HALF_MM / STEP_MM) + 1
    grid = Window((-HALF_MM, -HALF_MM), STEP_MM, (count, count))
    size = np.float32(session.stretch_mm)
    row, column = (size * smooth_field((session.seed, 95, axis), GRAIN_MM, grid) for axis in (0, 1))
    return row, column


def _sources_px(session: PhotoSession, window: Window) -> tuple[Float32Array, Float32Array]:
    """Pixel of the unmoved window that each pixel shows: the shift inverted by iteration."""
    step = max(int(STEP_MM / window.step_mm), 1)
    rows, columns = (np.arange(0, extent + step, step) for extent in window.shape)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    places = grid * window.step_mm + np.asarray(window.origin_mm)
    sources = places
    for _ in range(4):
        sources = sources + places - moved_places(sources, session)
    pixels = window.to_px(sources)
    shape = (len(rows), len(columns))
    source_rows, source_columns = (
        enlarged(pixels[:, axis].reshape(shape), step, window.shape) for axis in (0, 1)
    )
    return source_rows, source_columns
