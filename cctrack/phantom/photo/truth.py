"""The exact truth about a simulated photo."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage import draw as raster

from cctrack.model import FloatArray, LabelArray, Photo
from cctrack.phantom.photo.backdrop import on_limb
from cctrack.phantom.photo.camera import transform
from cctrack.phantom.photo.features import naevi_mm
from cctrack.phantom.photo.placing import PlacedObject
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.shapes import outline_mm
from cctrack.phantom.photo.stretch import moved_places
from cctrack.phantom.photo.subject import PhotoSubject

LANDMARK_STEP_MM = 15.0
"""Landmarks on skin lie on a grid, so that they cover the site evenly whatever its naevi."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedPhoto:
    """A photo and the truth about it.

    Attributes
    ----------
    photo : Photo
        Without a scale.
    labels : uint16 array (rows, columns)
        Lesion id of each pixel whose centre lies within that lesion's outline and not under the
        scale object.
    areas_mm2 : mapping of int to float
        Exact area of each lesion's whole outline on the skin plane.
    homography : array (3, 3)
        Maps (row, column, 1) in px to (row, column, 1) in mm on the skin plane.
    landmarks_px : mapping of int to (row, column)
        Points fixed to the skin that are in view; a key is the same point at every visit.
    tags_px : mapping of int to array (4, 2)
        Corners (row, column) of each printed tag, clockwise from its upper left.
    object_px : array (n, 2) or None
        Outline of the scale object.
    covered : bool array (rows, columns)
        Pixels that the scale object covers; not those in the window of a frame.
    cut : frozenset of int
        Lesions that the frame or the scale object cuts: their labels miss a part.
    """

    photo: Photo
    labels: LabelArray
    areas_mm2: Mapping[int, float]
    homography: FloatArray
    landmarks_px: Mapping[int, tuple[float, float]]
    tags_px: Mapping[int, FloatArray]
    object_px: FloatArray | None
    covered: NDArray[np.bool_]
    cut: frozenset[int]


def truth_of(
    pixels: NDArray[np.uint8],
    subject: PhotoSubject,
    session: PhotoSession,
    to_photo: FloatArray,
    item: PlacedObject | None,
) -> SimulatedPhoto:
    """Say what is on a photo of a subject that was taken through ``to_photo``."""
    tags = {}
    if item is not None:
        tags = {tag: transform(item.to_photo, corners) for tag, corners in item.printed.tags_mm}
    outline = None if item is None else item.corners_px()
    window = None if item is None else item.window_px()
    covered = _covered(session.shape, outline, window)
    labels, cut = _labels(subject, session, to_photo, covered)
    to_mm = np.linalg.inv(to_photo)
    return SimulatedPhoto(
        photo=Photo(pixels),
        labels=labels,
        areas_mm2={lesion.id: lesion.area_mm2 for lesion in subject.lesions},
        homography=to_mm / to_mm[2, 2],
        landmarks_px=_landmarks(subject, session, to_photo),
        tags_px=tags,
        object_px=outline,
        covered=covered,
        cut=cut,
    )


def _covered(
    shape: tuple[int, int], outline: FloatArray | None, window: FloatArray | None
) -> NDArray[np.bool_]:
    under = np.zeros(shape, dtype=bool)
    if outline is not None:
        under[raster.polygon(outline[:, 0], outline[:, 1], shape)] = True
    if window is not None:
        under[raster.polygon(window[:, 0], window[:, 1], shape)] = False
    return under


def _labels(
    subject: PhotoSubject,
    session: PhotoSession,
    to_photo: FloatArray,
    covered: NDArray[np.bool_],
) -> tuple[LabelArray, frozenset[int]]:
    labels = np.zeros(session.shape, np.uint16)
    cut = set()
    for lesion in subject.lesions:
        polygon = transform(to_photo, outline_mm(lesion))
        if (polygon < -0.5).any() or (polygon > np.asarray(session.shape) - 0.5).any():
            cut.add(lesion.id)
        labels[raster.polygon(polygon[:, 0], polygon[:, 1], session.shape)] = lesion.id
    cut |= {int(value) for value in np.unique(labels[covered]) if value}
    labels[covered] = 0
    return labels, frozenset(cut)


def _landmarks(
    subject: PhotoSubject, session: PhotoSession, to_photo: FloatArray
) -> dict[int, tuple[float, float]]:
    """Naevi first, then a grid on the skin; keys do not depend on the photo."""
    at = np.arange(-120.0, 121.0, LANDMARK_STEP_MM)
    grid = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    places = np.concatenate([naevi_mm(subject)[0], grid])
    places_now = moved_places(places, session)
    points = transform(to_photo, places_now)
    on_skin = on_limb(subject, places_now)
    seen = (points > 0).all(axis=1) & (points < np.asarray(session.shape) - 1).all(axis=1)
    chosen = np.flatnonzero(seen & on_skin)
    return {int(key): (float(points[key, 0]), float(points[key, 1])) for key in chosen}
