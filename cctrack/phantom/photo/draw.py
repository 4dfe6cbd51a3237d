"""Draw a photo of a subject and say exactly what is on it."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo import backdrop, camera
from cctrack.phantom.photo.features import SkinMaps, add_mark
from cctrack.phantom.photo.hair import hair_colour, hair_cover, strands_mm
from cctrack.phantom.photo.jewellery import draw_ring
from cctrack.phantom.photo.lesion import add_deposit, add_surroundings, lesion_patch
from cctrack.phantom.photo.noise import Float32Array, Window
from cctrack.phantom.photo.pen import draw_pen
from cctrack.phantom.photo.placing import lay_object, place_object
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.shading import shade, shadow_of
from cctrack.phantom.photo.skin import mean_colour, reflectance, skin_maps
from cctrack.phantom.photo.stretch import moved_subject, stretch_maps
from cctrack.phantom.photo.subject import PhotoSubject
from cctrack.phantom.photo.truth import SimulatedPhoto, truth_of

FIELD_LIMIT_MM = 260.0
"""Half side of the largest part of the skin plane that is ever drawn."""

WINDOW_FINENESS = 1.0
"""Step of the drawn plane in photo pixels at the point looked at: the lens passes no more."""


def draw_photo(subject: PhotoSubject, session: PhotoSession) -> SimulatedPhoto:
    """Draw one photo; the same subject and session give the same bytes.

    Parameters
    ----------
    subject : PhotoSubject
    session : PhotoSession
    """
    subject = moved_subject(subject, session)
    to_photo = camera.plane_to_photo(session.pose, session.shape)
    window = _window(to_photo, session)
    scene, skin_level = _scene(subject, session, window)
    image = _warped(scene, window, to_photo, session)
    image = _with_hair(image, subject, session, window, to_photo)
    item = place_object(subject, session, to_photo)
    if item is not None:
        lay_object(image, item, session, to_photo)
    rng = np.random.default_rng((session.seed, 90))
    blurred = camera.blur(image, session.camera, rng)
    exposed = camera.expose(blurred, session.light, session.camera, skin_level)
    pixels = camera.develop(exposed, session.camera, rng)
    return truth_of(pixels, subject, session, to_photo, item)


def _window(to_photo: FloatArray, session: PhotoSession) -> Window:
    """Choose the part of the plane that the photo shows, with a margin for blur."""
    rows, columns = session.shape
    corners: FloatArray = np.array(
        [[0, 0], [0, columns], [rows, columns], [rows, 0]], dtype=np.float64
    )
    seen = camera.transform(np.linalg.inv(to_photo), corners)
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
    stretch_maps(maps, session, window)
    for mark in subject.marks:
        add_mark(maps, mark, subject, window)
    patches = [lesion_patch(lesion, window) for lesion in subject.lesions]
    drawn = [patch for patch in patches if patch is not None]
    for patch in drawn:
        add_surroundings(maps, patch)
    colour = reflectance(maps, subject)
    for patch in drawn:
        add_deposit(colour, patch, subject)
    if session.pen:
        draw_pen(colour, subject, session, window)
    if session.ring:
        draw_ring(colour, subject, session.seed, window)
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
