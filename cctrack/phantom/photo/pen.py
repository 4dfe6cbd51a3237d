"""Skin marker: rings someone drew round lesions, as before a biopsy."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.phantom.photo.noise import Float32Array, Window
from cctrack.phantom.photo.session import PhotoSession
from cctrack.phantom.photo.subject import PhotoSubject, reach_mm

INK_RGB = ((0.30, 0.16, 0.50), (0.16, 0.22, 0.50), (0.12, 0.11, 0.12))
"""What violet, blue and black ink leave of the skin's reflectance."""

LINE_MM = 0.8
"""Width of a skin marker's line."""

RINGED = 0.5
"""Share of lesions that get a ring."""


def draw_pen(
    colour: Float32Array, subject: PhotoSubject, session: PhotoSession, window: Window
) -> None:
    """Draw open rings outside some lesions' borders on the skin's reflectance, in place."""
    rng = np.random.default_rng((session.seed, 85))
    cover = np.zeros(window.shape, np.uint8)
    width = max(1, round(LINE_MM / window.step_mm))
    for lesion in subject.lesions:
        radius = reach_mm(lesion) + rng.uniform(1.5, 4.0)
        angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.uniform(3.5, 6.5), 60)
        wobble = 1 + 0.06 * np.sin(2 * angle + rng.uniform(0, 6)) + 0.02 * np.sin(5 * angle)
        ring = np.column_stack([np.sin(angle), np.cos(angle)]) * (radius * wobble)[:, None]
        if rng.uniform() < RINGED:
            points = window.to_px(ring + np.asarray(lesion.centre_mm))
            fixed = np.round(points[:, ::-1] * 16).astype(np.int32)
            cv2.polylines(cover, [fixed], False, 255, width, cv2.LINE_AA, 4)
    ink = np.asarray(INK_RGB[int(rng.integers(len(INK_RGB)))], np.float32)
    share = cover.astype(np.float32)[..., None] * np.float32(rng.uniform(0.5, 0.9) / 255)
    colour *= 1 - share * (1 - ink)
