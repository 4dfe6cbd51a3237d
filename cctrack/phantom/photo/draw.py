"""Draw a photo of a subject and say exactly what is on it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from skimage import draw as raster

from cctrack._cv2 import cv2
from cctrack.model import FloatArray, LabelArray, Photo
from cctrack.phantom.photo import backdrop, camera, objects
from cctrack.phantom.photo.hair import hair_colour, hair_cover, strands_mm
from cctrack.phantom.photo.lesion import add_deposit, add_surroundings, lesion_patch
from cctrack.phantom.photo.noise import Float32Array, Window
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.shading import shade, shadow_of
from cctrack.phantom.photo.shapes import outline_mm
from cctrack.phantom.photo.skin import SkinMaps, mean_colour, naevi_mm, reflectance, skin_maps
from cctrack.phantom.photo.subject import PhotoSubject, reach_mm

FIELD_LIMIT_MM = 260.0
"""Half side of the largest part of the skin plane that is ever drawn."""

WINDOW_FINENESS = 0.9
"""Step of the drawn plane in photo pixels: a little finer than what the lens passes."""

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
    cut: frozenset[int]


def draw_photo(subject: PhotoSubject, session: PhotoSession) -> SimulatedPhoto:
    """Draw one photo; the same subject and session give the same bytes.

    Parameters
    ----------
    subject : PhotoSubject
    session : PhotoSession
    """
    to_photo = camera.plane_to_photo(session.pose, session.shape)
    window = _window(to_photo, session)
    scene, skin_level = _scene(subject, session, window)
    image = _warped(scene, window, to_photo, session)
    image = _with_hair(image, subject, session, window, to_photo)
    printed = objects.print_object(session.scale_object, session.seed)
    placed = None if printed is None else _place(printed, subject, session, to_photo)
    if printed is not None and placed is not None:
        image = _with_object(image, printed, to_photo @ placed)
    rng = np.random.default_rng((session.seed, 90))
    blurred = camera.blur(image, session.camera, rng)
    exposed = camera.expose(blurred, session.light, session.camera, skin_level)
    pixels = camera.develop(exposed, session.camera, rng)
    return _with_truth(pixels, subject, session, to_photo, (printed, placed))


def _window(to_photo: FloatArray, session: PhotoSession) -> Window:
    """The part of the plane that the photo shows, with a margin for blur."""
    rows, columns = session.shape
    corners = np.array([[0, 0], [0, columns - 1], [rows - 1, columns - 1], [rows - 1, 0]])
    seen = camera.transform(np.linalg.inv(to_photo), corners.astype(np.float64))
    low = np.clip(seen.min(axis=0) - 2.0, -FIELD_LIMIT_MM, FIELD_LIMIT_MM - 10)
    high = np.clip(seen.max(axis=0) + 2.0, -FIELD_LIMIT_MM + 10, FIELD_LIMIT_MM)
    step = WINDOW_FINENESS * session.pose.mm_per_px
    shape = np.ceil((high - low) / step).astype(int)
    return Window((float(low[0]), float(low[1])), step, (int(shape[0]), int(shape[1])))


def _scene(
    subject: PhotoSubject, session: PhotoSession, window: Window
) -> tuple[Float32Array, float]:
    """Light the skin plane: (rows, columns, 3), and the luminance the camera meters."""
    colour, maps = _skin_with_lesions(subject, session, window)
    view = (session.light, session.pose)
    edge_mm = backdrop.silhouette_mm(subject, window)
    relief = maps.relief_mm + backdrop.rounding_mm(edge_mm, subject)
    if float(edge_mm.min()) > 0:
        return shade(colour, (relief, maps.gloss), window, view), _luminance(subject, 1.0)
    cloth, folds = backdrop.drape(session.seed, window)
    cloth = cloth * shadow_of(edge_mm, session.light, window)[..., None]
    skin = np.clip(edge_mm / np.float32(window.step_mm) + np.float32(0.5), 0, 1)
    colour = cloth + (colour - cloth) * skin[..., None]
    on_skin = edge_mm > 0
    surface = np.where(on_skin, relief, folds), np.where(on_skin, maps.gloss, np.float32(0.05))
    share = float(on_skin.mean())
    return shade(colour, surface, window, view), _luminance(subject, share)


def _skin_with_lesions(
    subject: PhotoSubject, session: PhotoSession, window: Window
) -> tuple[Float32Array, SkinMaps]:
    maps = skin_maps(subject, session, window)
    patches = [lesion_patch(lesion, window) for lesion in subject.lesions]
    drawn = [patch for patch in patches if patch is not None]
    for patch in drawn:
        add_surroundings(maps, patch)
    colour = reflectance(maps, subject)
    for patch in drawn:
        add_deposit(colour, patch, subject)
    return colour, maps


def _luminance(subject: PhotoSubject, share: float) -> float:
    """Mean luminance: the skin's share, and a mid-grey background for the rest."""
    skin = float(mean_colour(subject) @ (0.2126, 0.7152, 0.0722))
    return share * skin + (1 - share) * 0.25


def _warped(
    scene: Float32Array, window: Window, to_photo: FloatArray, session: PhotoSession
) -> Float32Array:
    step = window.step_mm
    to_mm = np.array([[step, 0, window.origin_mm[0]], [0, step, window.origin_mm[1]], [0, 0, 1.0]])
    return camera.warp(scene, to_photo @ to_mm, session.shape)


def _place(
    printed: objects.PrintedObject,
    subject: PhotoSubject,
    session: PhotoSession,
    to_photo: FloatArray,
) -> FloatArray:
    """Matrix (3, 3) from the object's own mm about its centre to the skin plane's mm."""
    turn = np.deg2rad(session.scale_object.turn_deg)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    place = session.scale_object.place_mm
    if place is None:
        place = _free_place(printed, rotation, subject, session, to_photo)
    matrix = np.eye(3)
    matrix[:2, :2] = rotation
    matrix[:2, 2] = place
    return matrix


def _free_place(
    printed: objects.PrintedObject,
    rotation: FloatArray,
    subject: PhotoSubject,
    session: PhotoSession,
    to_photo: FloatArray,
) -> tuple[float, float]:
    """A place in view with the most room to the lesions; near the middle when many are alike."""
    corners = _corners_mm(printed) @ rotation.T
    at = np.arange(-90.0, 91.0, 3.0)
    places = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    places = places + np.asarray(session.pose.shift_mm)
    seen = camera.transform(to_photo, (places[:, None] + corners[None]).reshape(-1, 2))
    margin = np.minimum(seen, np.asarray(session.shape) - 1 - seen).min(axis=-1)
    in_view = margin.reshape(len(places), -1).min(axis=1)
    room = np.full(len(places), 40.0)
    for lesion in subject.lesions:
        local = (np.asarray(lesion.centre_mm) - places) @ rotation
        beside = np.abs(local) - np.asarray(printed.size_mm) / 2
        away = np.hypot(*np.maximum(beside, 0).T) + np.minimum(beside.max(axis=1), 0)
        room = np.minimum(room, away - reach_mm(lesion))
    nearness = np.hypot(*(places - np.asarray(session.pose.shift_mm)).T)
    score = np.minimum(room, 6.0) * 10 + np.minimum(in_view, 12.0) * 20 - nearness
    best = places[int(np.argmax(score))]
    return float(best[0]), float(best[1])


def _corners_mm(printed: objects.PrintedObject) -> FloatArray:
    height, width = np.asarray(printed.size_mm) / 2
    return np.array([[-height, -width], [-height, width], [height, width], [height, -width]])


def _with_object(
    image: Float32Array, printed: objects.PrintedObject, to_photo: FloatArray
) -> Float32Array:
    """Lay the object over the photo; only its surroundings are drawn, on a finer grid."""
    corners = camera.transform(to_photo, 1.1 * _corners_mm(printed))
    low = np.maximum(np.floor(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.ceil(corners.max(axis=0)) + 1, image.shape[:2]).astype(int)
    if (high <= low).any():
        return image
    finer = 3
    centre = objects.centre_px(printed) * objects.STEP_MM
    step = objects.STEP_MM
    to_mm = np.array([[step, 0, -centre[0]], [0, step, -centre[1]], [0, 0, 1.0]])
    # The centre of a coarse pixel is the centre of the middle one of its fine pixels.
    refine = np.array(
        [[finer, 0, finer * -low[0] + 1.0], [0, finer, finer * -low[1] + 1.0], [0, 0, 1.0]]
    )
    shape = (int(high[0] - low[0]), int(high[1] - low[1]))
    matrix = refine @ to_photo @ to_mm
    layered = np.dstack([printed.colour * printed.cover[..., None], printed.cover])
    fine = camera.warp_bare(layered, matrix, (shape[0] * finer, shape[1] * finer))
    coarse = cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA)
    part = (slice(low[0], high[0]), slice(low[1], high[1]))
    light = cv2.GaussianBlur(image[part].mean(axis=-1), (0, 0), 40)
    light = light / max(float(light.mean()), 1e-6)
    shadow = cv2.GaussianBlur(coarse[..., 3], (0, 0), 3.0)[..., None]
    under = image[part] * (1 - 0.3 * shadow)
    image[part] = under * (1 - coarse[..., 3:]) + coarse[..., :3] * light[..., None]
    return image


def _with_hair(
    image: Float32Array,
    subject: PhotoSubject,
    session: PhotoSession,
    window: Window,
    to_photo: FloatArray,
) -> Float32Array:
    strands = strands_mm(subject, session, window)
    cover = hair_cover(strands, to_photo, session.shape, 1 / session.pose.mm_per_px)
    shadow = cv2.GaussianBlur(np.roll(cover, (2, 2), axis=(0, 1)), (0, 0), 1.2)
    shaded = image * (1 - 0.25 * shadow[..., None])
    haired: Float32Array = shaded + (hair_colour(subject) * 0.8 - shaded) * cover[..., None]
    return haired


def _with_truth(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
    subject: PhotoSubject,
    session: PhotoSession,
    to_photo: FloatArray,
    item: tuple[objects.PrintedObject | None, FloatArray | None],
) -> SimulatedPhoto:
    printed, placed = item
    tags, outline = {}, None
    if printed is not None and placed is not None:
        matrix = to_photo @ placed
        tags = {tag: camera.transform(matrix, corners) for tag, corners in printed.tags_mm}
        outline = camera.transform(matrix, _corners_mm(printed))
    labels, cut = _labels(subject, session, to_photo, outline)
    to_mm = np.linalg.inv(to_photo)
    return SimulatedPhoto(
        photo=Photo(pixels),
        labels=labels,
        areas_mm2={lesion.id: lesion.area_mm2 for lesion in subject.lesions},
        homography=to_mm / to_mm[2, 2],
        landmarks_px=_landmarks(subject, session, to_photo),
        tags_px=tags,
        object_px=outline,
        cut=cut,
    )


def _labels(
    subject: PhotoSubject,
    session: PhotoSession,
    to_photo: FloatArray,
    covered: FloatArray | None,
) -> tuple[LabelArray, frozenset[int]]:
    labels = np.zeros(session.shape, np.uint16)
    cut = set()
    for lesion in subject.lesions:
        polygon = camera.transform(to_photo, outline_mm(lesion))
        if (polygon < -0.5).any() or (polygon > np.asarray(session.shape) - 0.5).any():
            cut.add(lesion.id)
        labels[raster.polygon(polygon[:, 0], polygon[:, 1], session.shape)] = lesion.id
    if covered is not None:
        under = raster.polygon(covered[:, 0], covered[:, 1], session.shape)
        cut |= {int(value) for value in np.unique(labels[under]) if value}
        labels[under] = 0
    return labels, frozenset(cut)


def _landmarks(
    subject: PhotoSubject, session: PhotoSession, to_photo: FloatArray
) -> dict[int, tuple[float, float]]:
    """Naevi first, then a grid on the skin; keys do not depend on the photo."""
    at = np.arange(-120.0, 121.0, LANDMARK_STEP_MM)
    grid = np.stack(np.meshgrid(at, at, indexing="ij"), axis=-1).reshape(-1, 2)
    places = np.concatenate([naevi_mm(subject)[0], grid])
    points = camera.transform(to_photo, places)
    on_skin = backdrop.on_limb(subject, places)
    seen = (points > 0).all(axis=1) & (points < np.asarray(session.shape) - 1).all(axis=1)
    chosen = np.flatnonzero(seen & on_skin)
    return {int(key): (float(points[key, 0]), float(points[key, 1])) for key in chosen}
