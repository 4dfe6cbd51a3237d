"""Hair in front of skin and lesions, from the subject's own follicles."""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import FloatArray
from cctrack.phantom.photo.backdrop import on_limb
from cctrack.phantom.photo.camera import transform
from cctrack.phantom.photo.features import follicles_mm
from cctrack.phantom.photo.noise import Float32Array, Window
from cctrack.phantom.photo.session import HairState, PhotoSession
from cctrack.phantom.photo.stretch import moved_places
from cctrack.phantom.photo.subject import BodySite, PhotoSubject

HAIRY = {
    BodySite.FIELD: 0.8,
    BodySite.FOREARM: 0.9,
    BodySite.HAND: 0.45,
    BodySite.ELBOW: 0.6,
    BodySite.THIGH: 0.8,
}
"""Share of the follicles that bear a terminal hair in the hairiest subject."""

POINTS = 9
"""Points of a strand: smooth for a strand of 10 mm that bends by a radian."""

FINER = 4
"""Strands are thinner than a pixel: they are drawn on a grid this much finer."""

HAIR_RGB = np.array(
    [[0.30, 0.19, 0.09], [0.14, 0.075, 0.035], [0.05, 0.028, 0.016], [0.02, 0.014, 0.011]],
    np.float32,
)
"""Reflectance of blond, brown, dark brown and black hair."""


def strands_mm(subject: PhotoSubject, session: PhotoSession, window: Window) -> FloatArray:
    """Strands (n, points, 2) on the skin plane; none when the site was shaved."""
    if session.hair is HairState.OFF or subject.hairiness < 0.03:
        return np.zeros((0, POINTS, 2))
    roots = follicles_mm(subject, window)
    roots = roots[on_limb(subject, roots)]
    visit = session.seed if session.hair is HairState.REGROWN else 0
    # One draw per follicle, keyed by its place, so that a part of the site shows the same hair.
    keys = np.round(roots * 100).astype(np.int64)
    grows = _hashed(keys, subject.skin_seed, 1) < HAIRY[subject.site] * subject.hairiness**1.3
    roots, keys = roots[grows], keys[grows]
    seed = subject.skin_seed + 7919 * visit
    lie = np.random.default_rng((subject.skin_seed, 80)).uniform(-np.pi, np.pi)
    angle = lie + 0.6 * np.sin(roots[:, 1] / 40) + 0.8 * (_hashed(keys, seed, 2) - 0.5)
    length = 1.5 + 9.0 * _hashed(keys, seed, 3) * (0.4 + subject.hairiness)
    bend = 1.6 * (_hashed(keys, seed, 4) - 0.5)
    along = np.linspace(0, 1, POINTS)
    heading = angle[:, None] + bend[:, None] * along[None, :]
    steps = (
        np.stack([np.sin(heading), np.cos(heading)], axis=-1)
        * (length / (POINTS - 1))[:, None, None]
    )
    steps[:, 0] = 0
    strands: FloatArray = moved_places(roots, session)[:, None, :] + np.cumsum(steps, axis=1)
    return strands


def hair_colour(subject: PhotoSubject) -> Float32Array:
    """Reflectance (3,) of the subject's hair: darker types have darker hair, some are blond."""
    rng = np.random.default_rng((subject.skin_seed, 81))
    darkest = min(3, max(0, subject.skin_type - 1))
    colour: Float32Array = HAIR_RGB[int(rng.integers(max(0, darkest - 2), darkest + 1))]
    return colour


def hair_cover(
    strands: FloatArray, to_photo: FloatArray, shape: tuple[int, int], px_per_mm: float
) -> Float32Array:
    """Share of each photo pixel (rows, columns) that hair covers."""
    cover = np.zeros(shape, np.uint8)
    if len(strands) == 0:
        return cover.astype(np.float32)
    places = transform(to_photo, strands.reshape(-1, 2)).reshape(strands.shape)
    points = np.round(places[..., ::-1] * 16).astype(np.int32)
    cv2.polylines(cover, list(points), False, 255, 1, cv2.LINE_AA, 4)
    # A line of OpenCV is a pixel wide; a hair is 0.07 mm.
    width_px = np.float32(min(1.0, 0.075 * px_per_mm))
    covered: Float32Array = cover.astype(np.float32) * (width_px / 255)
    return covered


def _hashed(keys: NDArray[np.int64], seed: int, stream: int) -> FloatArray:
    """Uniform numbers in 0–1 from whole-number keys (n, 2)."""
    salt = (seed * 83492791 + stream * 2654435761) % 2**62
    mixed = keys[:, 0] * 73856093 ^ keys[:, 1] * 19349663 ^ salt
    bits = mixed.astype(np.uint64)
    for shift, factor in ((33, 0xFF51AFD7ED558CCD), (29, 0xC4CEB9FE1A85EC53)):
        bits = (bits ^ (bits >> np.uint64(shift))) * np.uint64(factor)
    return (bits >> np.uint64(11)).astype(np.float64) / 2**53
