"""What the scanner adds to the tissue: blur, noise, table, metal and the edge of its field."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_filter1d

from cctrack.phantom.ct.grid import Float32Array, Grid
from cctrack.phantom.ct.session import SHARP_NOISE, CtSession, Kernel

SOFT_SD_MM = 0.55
"""In-plane blur of the soft kernel (standard deviation): 1.3 mm at half height."""

SHARP_SD_MM, EDGE_SD_MM, EDGE_GAIN = 0.34, 0.8, 0.4
"""The sharp kernel: 0.8 mm at half height, with edges enhanced by a wider negative lobe."""

STREAK_SHARE = 0.35
"""Part of the noise's variance that lies in horizontal streaks, as in real limbs."""

AIR_NOISE = 0.45
"""Noise in air relative to the body's middle."""

THICKNESS_SD_MM = 25.0
"""Noise follows the body's thickness over about this distance."""

METAL_HU, METAL_STREAK_HU = 3000.0, 500.0
METAL_RADIUS_MM = 2.2
LOWEST_HU, HIGHEST_HU = -1024, 3071
"""Range of 12-bit scanners."""


def blur(hu: Float32Array, session: CtSession) -> Float32Array:
    """Apply the kernel's point-spread in plane."""
    if session.kernel is Kernel.SOFT:
        return _in_plane(hu, SOFT_SD_MM, session)
    sharp = _in_plane(hu, SHARP_SD_MM, session)
    return (1 + EDGE_GAIN) * sharp - EDGE_GAIN * _in_plane(hu, EDGE_SD_MM, session)


def noise(hu: Float32Array, session: CtSession, rng: np.random.Generator) -> Float32Array:
    """Correlated noise, strongest where the body is thick, partly in horizontal streaks."""
    grain = _shaped(session, rng, streaks=False) * np.float32(np.sqrt(1 - STREAK_SHARE))
    grain += _shaped(session, rng, streaks=True) * np.float32(np.sqrt(STREAK_SHARE))
    thick = _thickness(hu, session)
    level = session.noise_hu * (SHARP_NOISE if session.kernel is Kernel.SHARP else 1.0)
    result: Float32Array = grain * np.float32(level) * (AIR_NOISE + (1 - AIR_NOISE) * thick)
    return result


def add_table(hu: Float32Array, grid: Grid, lowest_mm: float) -> None:
    """Lay a curved table under the body: two thin shells with foam between.

    Parameters
    ----------
    hu : float32 array
    grid : Grid
    lowest_mm : float
        Scanner row coordinate of the body's lowest point: the table touches it.
    """
    _, row, column = grid.axes_mm()
    depth = row[:, None] - (lowest_mm + 1.0) + column[None, :] ** 2 / 900.0
    shell = np.clip(1.4 - 1.6 * np.minimum(np.abs(depth - 1.0), np.abs(depth - 26.0)), 0.0, 1.0)
    foam = (depth > 1.0) & (depth < 26.0)
    table = np.where(foam, -920.0, -1000.0) + shell * 880.0
    air = hu < -700
    under = (depth > -1.0) & (depth < 28.0)
    hu[:] = np.where(air & under, np.maximum(table, hu), hu)


def add_metal(hu: Float32Array, grid: Grid, centre_mm: NDArray[np.float64], seed: int) -> None:
    """Put a screw across the bone, and its dark and bright streaks into its slices."""
    rng = np.random.default_rng((seed, 7))
    z, y, x = grid.axes_mm()
    away = np.hypot(z[:, None] - centre_mm[0], (y - centre_mm[1])[None, :])[:, :, None]
    screw = (away < METAL_RADIUS_MM) & (np.abs(x - centre_mm[2]) < 16.0)
    distance = np.hypot((y - centre_mm[1])[:, None], x - centre_mm[2])
    angle = np.arctan2((y - centre_mm[1])[:, None], x - centre_mm[2])
    rays = (
        sum(np.cos(k * angle + rng.uniform(0, 6.28)) for k in (2, 7, 13, 22))
        - 2.5 * np.sin(angle) ** 8
    )
    touched = np.exp(-0.5 * ((z - centre_mm[0]) / METAL_RADIUS_MM) ** 2)[:, None, None]
    streaks = METAL_STREAK_HU * touched * rays / (1.0 + distance / 8.0)
    hu += streaks.astype(np.float32)
    hu[screw] = METAL_HU


def outside_circle(session: CtSession) -> NDArray[np.bool_]:
    """Pixels (rows, columns) outside the circle that touches the grid's edges."""
    _, rows, columns = session.shape
    row = np.arange(rows)[:, None] - (rows - 1) / 2
    column = np.arange(columns)[None, :] - (columns - 1) / 2
    outside: NDArray[np.bool_] = np.hypot(row, column) > min(rows, columns) / 2
    return outside


def _thickness(hu: Float32Array, session: CtSession) -> Float32Array:
    """How much body is around each voxel: 1 in the thickest place, 0 far outside."""
    coarse = (hu[:, ::4, ::4] > -500).astype(np.float32)
    sd_px = THICKNESS_SD_MM / session.spacing_mm / 4
    smooth = gaussian_filter(coarse, (0.0, sd_px, sd_px), truncate=2.5)
    smooth /= max(float(smooth.max()), 1e-3)
    fine: Float32Array = smooth.repeat(4, axis=1).repeat(4, axis=2)
    return fine[:, : hu.shape[1], : hu.shape[2]]


def _in_plane(hu: Float32Array, sd_mm: float, session: CtSession) -> Float32Array:
    sd_px = sd_mm / session.spacing_mm
    blurred: Float32Array = gaussian_filter(hu, (0.0, sd_px, sd_px), truncate=3.5)
    return blurred


def _shaped(session: CtSession, rng: np.random.Generator, *, streaks: bool) -> Float32Array:
    """White noise with a reconstruction's spectrum: a ramp cut off by the kernel; SD 1."""
    white = rng.standard_normal(session.shape, dtype=np.float32)
    row = np.fft.fftfreq(session.shape[1], session.spacing_mm)[:, None]
    column = np.fft.rfftfreq(session.shape[2], session.spacing_mm)[None, :]
    frequency = np.hypot(row, column)
    sd_mm = SHARP_SD_MM if session.kernel is Kernel.SHARP else SOFT_SD_MM
    gain = np.sqrt(frequency + 0.01) * np.exp(-2.0 * (np.pi * sd_mm * frequency) ** 2)
    if streaks:
        # Rays along the body's long diameter starve: noise stretches along the rows' direction.
        gain = gain * np.exp(-((column / (np.abs(row) * 0.25 + 0.02)) ** 2))
    shaped = np.fft.irfft2(np.fft.rfft2(white) * gain, session.shape[1:]).astype(np.float32)
    overlap = 0.45 * session.thickness_mm / session.increment_mm
    shaped = gaussian_filter1d(shaped, overlap, axis=0, mode="wrap")
    unit: Float32Array = shaped / shaped.std()
    return unit
