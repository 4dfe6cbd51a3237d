"""What lies on the film beside the patient: letters, a ring, a wedge, collimator edges and dust."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model.image import Float32Array
from cctrack.phantom.radiograph.attenuation import Material, effective_energy_kev, mu_per_mm
from cctrack.phantom.radiograph.pose import FilmGrid, Place
from cctrack.phantom.radiograph.session import FilmSession

LETTER_MM = 14.0
"""Height of a lead side marker's letter."""

LEAD_MM = 1.0
"""Thickness of a lead letter: hardly any radiation passes."""

WEDGE_STEPS_MM = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0, 12.0)
"""Aluminium thickness of the wedge's steps; each is `WEDGE_STEP_MM` square."""

WEDGE_STEP_MM = 9.0
RING_PART = "pp4"
RING_MM = (3.5, 10.5, 1.6)
"""Width along the finger, radius of the ring and thickness of its gold."""

LEAK = 0.012
"""Share of the open beam that reaches the detector behind the collimator: mostly scatter."""

OBJECT_BLOCK = 6.0
"""Largest line integral of an object; e⁻⁶ is black on any film."""


def draw_objects(
    session: FilmSession, places: Mapping[str, Place], grid: FilmGrid
) -> tuple[Float32Array, NDArray[np.bool_]]:
    """Draw everything that is not the patient.

    Returns
    -------
    attenuation : float32 array (rows, columns)
        Line integrals of μ of letter, ring and wedge.
    mask : bool array (rows, columns)
        Where they lie.
    """
    rng = np.random.default_rng((session.seed, 14))
    total = np.zeros(session.shape, np.float32)
    kev = effective_energy_kev(session.exposure.kvp)
    if session.objects.letter:
        lead = mu_per_mm(Material.LEAD, kev) * LEAD_MM
        total += lead * _letter(session, rng)
    if session.objects.wedge:
        total += mu_per_mm(Material.ALUMINIUM, kev) * _wedge(session, rng)
    if session.objects.ring and RING_PART in places:
        total += mu_per_mm(Material.GOLD, kev) * _ring(places[RING_PART], grid)
    return np.minimum(total, OBJECT_BLOCK).astype(np.float32), total > 0


def open_field(session: FilmSession) -> Float32Array:
    """Share of the beam that the collimator lets through, `LEAK` to 1, with a soft edge."""
    rows, columns = session.shape
    top, right, bottom, left = session.objects.collimation
    if max(session.objects.collimation) <= 0:
        return np.ones(session.shape, np.float32)
    corners = np.array(
        [[left, top], [1.0 - right, top], [1.0 - right, 1.0 - bottom], [left, 1.0 - bottom]]
    )
    # A side that is not closed lies well outside, so that the rotation does not bring it in.
    closed = (corners - 0.5) + np.sign(corners - 0.5) * 0.2 * np.array(
        [[left <= 0, top <= 0], [right <= 0, top <= 0], [right <= 0, bottom <= 0],
         [left <= 0, bottom <= 0]]
    )  # fmt: skip
    angle = math.radians(session.objects.collimation_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = (closed * [columns, rows]) @ turn.T + [columns / 2, rows / 2]
    mask = np.zeros(session.shape, np.float32)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1.0)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.8 / session.spacing_mm)
    return np.asarray(LEAK + (1.0 - LEAK) * soft, np.float32)


def add_dust(signal: Float32Array, session: FilmSession) -> Float32Array:
    """Add specks and scratches of a cassette: they block or let through light, not X-rays."""
    rng = np.random.default_rng((session.seed, 15))
    log = np.zeros(session.shape, np.float32)
    for _ in range(session.objects.dust):
        start = rng.uniform(0.0, 1.0, size=2) * session.shape
        reach = rng.exponential(1.2 if rng.random() < 0.8 else 12.0) / session.spacing_mm
        end = start + reach * rng.normal(size=2)
        strength = float(rng.normal(0.0, 0.5))
        first, last = (tuple(int(v) for v in point[::-1]) for point in (start, end))
        cv2.line(log, first, last, strength, int(rng.integers(1, 3)), lineType=cv2.LINE_AA)
    return np.asarray(signal * np.exp(cv2.GaussianBlur(log, (0, 0), 0.6)), np.float32)


def _letter(session: FilmSession, rng: np.random.Generator) -> Float32Array:
    height_px = LETTER_MM / session.spacing_mm
    size = int(1.6 * height_px)
    drawn = np.zeros((size, size), np.uint8)
    scale = height_px / 22.0
    origin = (int(0.4 * height_px), int(1.25 * height_px))
    thick = max(int(0.16 * height_px), 1)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(drawn, session.objects.letter, origin, font, scale, 255, thick)
    stamp = (drawn > 0).astype(np.float32)
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), float(rng.normal(0.0, 6.0)), 1.0)
    stamp = np.asarray(cv2.warpAffine(stamp, turn, (size, size)), np.float32)
    corner = rng.integers(2)
    column = 8 if corner else session.shape[1] - size - 8
    row = int(rng.uniform(0.02, 0.25) * session.shape[0])
    letter = np.zeros(session.shape, np.float32)
    _paste(letter, stamp, (row, column))
    return letter


def _wedge(session: FilmSession, rng: np.random.Generator) -> Float32Array:
    side = max(int(WEDGE_STEP_MM / session.spacing_mm), 1)
    steps = np.repeat(np.array(WEDGE_STEPS_MM, np.float32), side)[:, None]
    stamp = np.repeat(steps, int(1.3 * side), axis=1)
    margin = int(rng.uniform(4.0, 9.0) / session.spacing_mm)
    column = margin if rng.random() < 0.5 else session.shape[1] - margin - stamp.shape[1]
    row = session.shape[0] - margin - stamp.shape[0]
    wedge = np.zeros(session.shape, np.float32)
    _paste(wedge, stamp, (row, column))
    return wedge


def _paste(target: Float32Array, stamp: Float32Array, at: tuple[int, int]) -> None:
    row, column = (max(value, 0) for value in at)
    room = target[row : row + stamp.shape[0], column : column + stamp.shape[1]]
    room[...] = stamp[: room.shape[0], : room.shape[1]]


def _ring(place: Place, grid: FilmGrid) -> Float32Array:
    # A band around the finger: long paths at both sides, twice its thickness in the middle.
    width, radius, gold = RING_MM
    centre = grid.to_px(place.to_film_mm(np.array([[0.0, 14.0, 0.0]])))[0]
    axis = place.turn[1:, 1] / np.linalg.norm(place.turn[1:, 1])
    row = ((np.arange(grid.shape[0]) - centre[0]) * grid.pixel_mm)[:, None]
    column = ((np.arange(grid.shape[1]) - centre[1]) * grid.pixel_mm)[None, :]
    along = row * axis[0] + column * axis[1]
    across = row * axis[1] - column * axis[0]
    outer = np.sqrt(np.maximum((radius + gold) ** 2 - across**2, 0.0))
    inner = np.sqrt(np.maximum(radius**2 - across**2, 0.0))
    band = 2.0 * (outer - inner) * (np.abs(along) < 0.5 * width)
    return np.asarray(band, np.float32)
