"""Outlines of bones from a few widths: tubes with ends, and rounded lumps."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from cctrack.model.scale import FloatArray

STEPS = 160
"""Points along each side of an outline: finer than the finest patch for all but the longest."""

CAP_STEPS = 40
"""Points across each end of a tube."""

Profile = Sequence[tuple[float, float]]


def tube(
    length_mm: float,
    width_mm: float,
    profile: Profile,
    rng: np.random.Generator,
    *,
    bow_mm: float = 0.0,
) -> FloatArray:
    """Outline a tube from half-widths along its axis.

    Parameters
    ----------
    length_mm, width_mm : float
        ``width_mm`` is the full width where the profile is 1.
    profile : sequence of (place, width)
        Place 0–1 along the axis, width relative to ``width_mm``.
    rng : numpy Generator
        Makes both sides a little different.
    bow_mm : float
        Sideways bow of the axis in its middle.

    Returns
    -------
    array (n, 2)
        (along, across) in mm.
    """
    places, widths = np.array(profile, dtype=np.float64).T
    # Dense towards the ends, where outlines turn quickly.
    along = 0.5 - 0.5 * np.cos(np.linspace(0.0, np.pi, STEPS))
    bow = bow_mm * 4.0 * along * (1.0 - along)
    sides = []
    for sign in (-1.0, 1.0):
        varied = widths * (1.0 + 0.05 * rng.standard_normal(len(widths)))
        half = 0.5 * width_mm * PchipInterpolator(places, varied)(along)
        sides.append(np.column_stack([along * length_mm, sign * half + bow]))
    left, right = sides
    outline: FloatArray = np.vstack(
        [left, _cap(left[-1], right[-1]), right[::-1], _cap(right[0], left[0])]
    )
    return outline


def _cap(start: FloatArray, end: FloatArray) -> FloatArray:
    # Points across an end, so that hollows and condyles can be bent into it.
    share = np.linspace(0.0, 1.0, CAP_STEPS)[1:-1, None]
    return start + share * (end - start)


def lump(
    size_mm: tuple[float, float],
    rng: np.random.Generator,
    *,
    square: float = 2.6,
    waviness: float = 0.05,
) -> FloatArray:
    """Outline a superellipse of (along, across) full size with a few random bumps."""
    angle = np.linspace(0.0, 2.0 * np.pi, 2 * STEPS, endpoint=False)
    cosine, sine = np.cos(angle), np.sin(angle)
    radius = (np.abs(cosine) ** square + np.abs(sine) ** square) ** (-1.0 / square)
    for order in range(2, 6):
        bump = waviness * rng.standard_normal() / np.sqrt(order)
        radius += bump * np.cos(order * angle + rng.uniform(0.0, 2.0 * np.pi))
    outline: FloatArray = 0.5 * np.column_stack(
        [radius * cosine * size_mm[0], radius * sine * size_mm[1]]
    )
    return outline


def polygon(points_mm: Sequence[tuple[float, float]], *, smooth: int = 3) -> FloatArray:
    """Outline through a few corners, rounded by cutting corners (Chaikin) ``smooth`` times."""
    outline = np.array(points_mm, dtype=np.float64)
    for _ in range(smooth):
        following = np.roll(outline, -1, axis=0)
        cut = np.stack([0.75 * outline + 0.25 * following, 0.25 * outline + 0.75 * following], 1)
        outline = cut.reshape(-1, 2)
    return outline


def ribbon(path_mm: Sequence[tuple[float, float]], widths_mm: Sequence[float]) -> FloatArray:
    """Outline a band along a path of (along, across) points with a full width at each of them."""
    points = np.array(path_mm, dtype=np.float64)
    place = np.linspace(0.0, 1.0, len(points))
    fine = np.linspace(0.0, 1.0, STEPS)
    kind = CubicSpline(place, points) if len(points) > 2 else PchipInterpolator(place, points)
    centre = np.asarray(kind(fine))
    width = np.interp(fine, place, np.asarray(widths_mm, dtype=np.float64))
    ends = np.clip(np.minimum(fine, 1.0 - fine) * STEPS / 6.0, 0.0, 1.0)
    half = 0.5 * width * np.sqrt(ends * (2.0 - ends))
    direction = np.gradient(centre, axis=0)
    direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
    normal = np.column_stack([-direction[:, 1], direction[:, 0]]) * half[:, None]
    outline: FloatArray = np.vstack([centre + normal, (centre - normal)[::-1]])
    return outline
