"""Where the scale object lies, and how it is laid over the photo."""

from dataclasses import dataclass

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.camera import plane_to_photo, transform, warp
from cctrack.phantom.photo.noise import Float32Array, as_float32, enlarged
from cctrack.phantom.photo.objects import STEP_MM, PrintedObject, centre_px, print_object
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.shading import LIGHT_STEP_PX, light_on_level
from cctrack.phantom.photo.subject import PhotoSubject, reach_mm

FINER = 3
"""Edges of prints are drawn on a grid this much finer than the photo, then averaged."""

SEARCH_MM = (90.0, 3.0)
"""Half side and step of the grid of places that are tried."""

ENOUGH_ROOM_MM, ENOUGH_MARGIN_PX = 6.0, 12.0
"""A place this far from lesions and from the frame is as good as any farther."""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedObject:
    """A scale object and the homography (3, 3) from its own mm about its centre to photo px."""

    printed: PrintedObject
    to_photo: FloatArray

    def corners_px(self) -> FloatArray:
        """Corners (4, 2) of its sheet in the photo, (row, column)."""
        return transform(self.to_photo, corners_mm(self.printed))

    def window_px(self) -> FloatArray | None:
        """Corners (4, 2) of its window in the photo; None without one."""
        if not self.printed.window_mm:
            return None
        half = self.printed.window_mm / 2
        corners = half * np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
        return transform(self.to_photo, corners)


def corners_mm(printed: PrintedObject) -> FloatArray:
    """Corners (4, 2) of a sheet about its centre, clockwise from the upper left."""
    height, width = np.asarray(printed.size_mm) / 2
    return np.array([[-height, -width], [-height, width], [height, width], [height, -width]])


def place_object(
    subject: PhotoSubject, session: PhotoSession, to_photo: FloatArray
) -> PlacedObject | None:
    """Lay the session's scale object on the skin plane; None when it has none."""
    printed = print_object(session.scale_object, session.seed)
    if printed is None:
        return None
    turn = np.deg2rad(session.scale_object.turn_deg)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    place = session.scale_object.place_mm
    if place is None:
        place = _free_place(printed, rotation, subject, session)
    matrix = np.eye(3)
    matrix[:2, :2] = rotation
    matrix[:2, 2] = place
    return PlacedObject(printed, to_photo @ matrix)


def lay_object(
    image: Float32Array, item: PlacedObject, session: PhotoSession, to_photo: FloatArray
) -> None:
    """Lay the object over the photo, in place; only its surroundings are drawn."""
    part = _surroundings(item, image.shape[:2])
    if part is None:
        return
    sheet = _seen(item, part)
    light = _light_px(part, to_photo, session)
    shadow = as_float32(cv2.GaussianBlur(sheet[..., 3], (0, 0), 3.0))[..., None]
    under = image[part] * (1 - 0.3 * shadow)
    image[part] = under * (1 - sheet[..., 3:]) + sheet[..., :3] * light[..., None]


def _surroundings(item: PlacedObject, shape: tuple[int, ...]) -> tuple[slice, slice] | None:
    corners = transform(item.to_photo, 1.1 * corners_mm(item.printed))
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, shape).astype(int)
    if (high <= low).any():
        return None
    return slice(int(low[0]), int(high[0])), slice(int(low[1]), int(high[1]))


def _seen(item: PlacedObject, part: tuple[slice, slice]) -> Float32Array:
    """Colour times cover, and cover, as that part of the photo sees them (rows, columns, 4)."""
    printed = item.printed
    centre = centre_px(printed) * STEP_MM
    to_mm = np.array([[STEP_MM, 0, -centre[0]], [0, STEP_MM, -centre[1]], [0, 0, 1.0]])
    # The centre of a pixel is the centre of the middle one of its fine pixels.
    shift = [1.0 - FINER * part[0].start, 1.0 - FINER * part[1].start]
    refine = np.array([[FINER, 0, shift[0]], [0, FINER, shift[1]], [0, 0, 1.0]])
    shape = (part[0].stop - part[0].start, part[1].stop - part[1].start)
    layered = np.dstack([printed.colour * printed.cover[..., None], printed.cover])
    matrix = refine @ item.to_photo @ to_mm
    fine = warp(layered, matrix, (shape[0] * FINER, shape[1] * FINER), bare=True)
    return as_float32(cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA))


def _light_px(
    part: tuple[slice, slice], to_photo: FloatArray, session: PhotoSession
) -> Float32Array:
    """Light that falls on a part of the photo, whatever lies there."""
    rows, columns = (
        np.arange(axis.start, axis.stop + LIGHT_STEP_PX, LIGHT_STEP_PX) for axis in part
    )
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    places_mm = transform(np.linalg.inv(to_photo), grid.astype(np.float64))
    coarse = light_on_level(session.light, session.pose, places_mm)
    shape = (part[0].stop - part[0].start, part[1].stop - part[1].start)
    return enlarged(coarse.reshape(len(rows), len(columns)), LIGHT_STEP_PX, shape)


def _free_place(
    printed: PrintedObject, rotation: FloatArray, subject: PhotoSubject, session: PhotoSession
) -> tuple[float, float]:
    """Find a place in view with room to the lesions, near the middle when many are alike."""
    if printed.window_mm and subject.lesions:
        centres = np.array([lesion.centre_mm for lesion in subject.lesions])
        row, column = centres.mean(axis=0)
        return float(row), float(column)
    at = np.arange(-SEARCH_MM[0], SEARCH_MM[0] + 1, SEARCH_MM[1])
    places = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    looked_at = np.asarray(session.pose.shift_mm)
    places = places + looked_at
    room_mm = _room_mm(places, printed, rotation, subject)
    margin_px = _margin_px(places, corners_mm(printed) @ rotation.T, session)
    score = 10 * np.minimum(room_mm, ENOUGH_ROOM_MM) + 20 * np.minimum(margin_px, ENOUGH_MARGIN_PX)
    best = places[int(np.argmax(score - np.hypot(*(places - looked_at).T)))]
    return float(best[0]), float(best[1])


def _room_mm(
    places: FloatArray, printed: PrintedObject, rotation: FloatArray, subject: PhotoSubject
) -> FloatArray:
    """Clear skin between the object at each place and the nearest lesion, below 0 over one."""
    room: FloatArray = np.full(len(places), 2 * ENOUGH_ROOM_MM)
    for lesion in subject.lesions:
        local = (np.asarray(lesion.centre_mm) - places) @ rotation
        beside = np.abs(local) - np.asarray(printed.size_mm) / 2
        away = np.hypot(*np.maximum(beside, 0).T) + np.minimum(beside.max(axis=1), 0)
        room = np.minimum(room, away - reach_mm(lesion))
    return room


def _margin_px(places: FloatArray, corners: FloatArray, session: PhotoSession) -> FloatArray:
    """Distance of the object at each place from the frame, below 0 when it is cut."""
    to_photo = plane_to_photo(session.pose, session.shape)
    seen = transform(to_photo, (places[:, None] + corners[None]).reshape(-1, 2))
    margin = np.minimum(seen, np.asarray(session.shape) - 1 - seen).min(axis=-1)
    nearest: FloatArray = margin.reshape(len(places), -1).min(axis=1)
    return nearest
