"""Random sessions: how widely films differ from clinic to clinic and from visit to visit."""

from dataclasses import dataclass, replace

import numpy as np

from cctrack.phantom.radiograph.session import (
    Exposure,
    FilmSession,
    Objects,
    Photometric,
    Pose,
    Processing,
    SpacingKind,
    Storage,
)
from cctrack.phantom.radiograph.subject import Field


@dataclass(frozen=True, slots=True)
class SessionRange:
    """What random sessions are drawn from; ranges are uniform.

    Attributes
    ----------
    shape : tuple of int
    spacing_mm : tuple of float
    joints : float
        Strength of joint re-positioning.
    rotation_deg, shift_mm : float
        Standard deviations of the part's pose.
    magnification, kvp, scatter, detector_blur_mm : tuple of float
    log10_quanta : tuple of float
        Quanta per mm² in the open beam.
    processings, photometrics, spacings : tuple
        Drawn with equal chance.
    objects : float
        Chance of a ring, of a wedge and of collimation, each; dust follows it too.
    window_start : tuple of float
        See `Storage`.
    """

    shape: tuple[int, int] = (1400, 1000)
    spacing_mm: tuple[float, float] = (0.2, 0.2)
    joints: float = 1.0
    rotation_deg: float = 4.0
    shift_mm: float = 4.0
    magnification: tuple[float, float] = (1.0, 1.03)
    kvp: tuple[float, float] = (46.0, 70.0)
    scatter: tuple[float, float] = (0.03, 0.3)
    detector_blur_mm: tuple[float, float] = (0.07, 0.2)
    log10_quanta: tuple[float, float] = (4.2, 5.2)
    processings: tuple[Processing, ...] = (
        Processing.PRESENTATION,
        Processing.PRESENTATION,
        Processing.LOGARITHMIC,
        Processing.LINEAR,
    )
    photometrics: tuple[Photometric, ...] = tuple(Photometric)
    spacings: tuple[SpacingKind, ...] = (SpacingKind.IMAGER, SpacingKind.EQUAL)
    objects: float = 0.2
    window_start: tuple[float, float] = (0.0, 0.4)


WIDE = SessionRange()
"""Films of many clinics."""

_USUAL = {
    Field.HAND: ((1400, 1000), (46.0, 70.0), (4.2, 5.2), (1.0, 1.03), (0.0, 0.4)),
    Field.FOREARM: ((1400, 1000), (50.0, 70.0), (4.4, 5.3), (1.02, 1.08), (0.0, 0.5)),
    Field.KNEE: ((1400, 1000), (55.0, 75.0), (4.8, 5.7), (1.05, 1.12), (0.1, 0.6)),
    Field.HIP: ((1750, 1500), (75.0, 95.0), (6.4, 7.0), (1.1, 1.2), (0.5, 0.95)),
    Field.SHOULDER: ((1400, 1300), (60.0, 80.0), (5.6, 6.4), (1.06, 1.15), (0.2, 0.8)),
    Field.CHEST: ((2000, 2000), (100.0, 130.0), (5.4, 6.2), (1.04, 1.12), (0.1, 0.6)),
}
"""Film size in px, kVp, log10 of quanta per mm², magnification and start of the window."""


def usual_range(field: Field | str = Field.HAND) -> SessionRange:
    """Give the sessions usual for a field: film size, tube voltage, dose and magnification."""
    shape, kvp, log10_quanta, magnification, window_start = _USUAL[Field(field)]
    return replace(
        WIDE,
        shape=shape,
        kvp=kvp,
        log10_quanta=log10_quanta,
        magnification=magnification,
        window_start=window_start,
    )


def random_session(
    rng: np.random.Generator, ranges: SessionRange = WIDE, *, like: FilmSession | None = None
) -> FilmSession:
    """Draw a session.

    Parameters
    ----------
    rng : numpy Generator
    ranges : SessionRange
    like : FilmSession or None
        An earlier visit made with the same machine and settings: only the pose, the exposure's
        small fluctuations and the noise are drawn anew.
    """
    seed = int(rng.integers(2**31))
    pose = _random_pose(rng, ranges)
    if like is not None:
        return _again(rng, like, (seed, pose))
    return FilmSession(
        seed=seed,
        shape=ranges.shape,
        spacing_mm=float(rng.uniform(*ranges.spacing_mm)),
        pose=replace(pose, mirrored=bool(rng.random() < 0.5)),
        exposure=_random_exposure(rng, ranges),
        objects=_random_objects(rng, ranges.objects),
        storage=_random_storage(rng, ranges),
    )


def _again(rng: np.random.Generator, like: FilmSession, drawn: tuple[int, Pose]) -> FilmSession:
    seed, pose = drawn
    exposure = replace(
        like.exposure,
        quanta=like.exposure.quanta * float(np.exp(rng.normal(0.0, 0.1))),
        kvp=float(np.clip(like.exposure.kvp + rng.normal(0.0, 1.0), 40.0, 150.0)),
    )
    pose = replace(pose, mirrored=like.pose.mirrored)
    return replace(like, seed=seed, pose=pose, exposure=exposure)


def _random_pose(rng: np.random.Generator, ranges: SessionRange) -> Pose:
    row, column = rng.normal(0.0, ranges.shift_mm, size=2)
    return Pose(
        rotation_deg=float(rng.normal(0.0, ranges.rotation_deg)),
        shift_mm=(float(row), float(column)),
        magnification=float(rng.uniform(*ranges.magnification)),
        joints=ranges.joints,
    )


def _random_exposure(rng: np.random.Generator, ranges: SessionRange) -> Exposure:
    return Exposure(
        kvp=float(rng.uniform(*ranges.kvp)),
        quanta=float(10.0 ** rng.uniform(*ranges.log10_quanta)),
        scatter=float(rng.uniform(*ranges.scatter)),
        focal_blur_mm=float(rng.uniform(0.02, 0.12)),
        detector_blur_mm=float(rng.uniform(*ranges.detector_blur_mm)),
        heel=float(rng.uniform(0.0, 0.2)),
    )


def _random_objects(rng: np.random.Generator, chance: float) -> Objects:
    closed = (0.0, 0.0, 0.0, 0.0)
    if rng.random() < chance:
        top, right, bottom, left = (float(value) for value in rng.uniform(0.0, 0.08, size=4))
        closed = (0.3 * top, right, bottom, left)
    return Objects(
        letter=str(rng.choice(["L", "R", ""])),
        ring=bool(rng.random() < chance),
        wedge=bool(rng.random() < chance),
        collimation=closed,
        collimation_deg=float(rng.normal(0.0, 2.0)),
        dust=int(rng.poisson(10.0 * chance)),
    )


def _random_storage(rng: np.random.Generator, ranges: SessionRange) -> Storage:
    return Storage(
        processing=ranges.processings[int(rng.integers(len(ranges.processings)))],
        photometric=ranges.photometrics[int(rng.integers(len(ranges.photometrics)))],
        bits=int(rng.choice([10, 12, 14, 16])),
        gamma=float(rng.uniform(0.75, 1.35)),
        contrast=float(rng.uniform(1.0, 1.6)),
        unsharp=float(rng.uniform(0.0, 1.2)),
        unsharp_mm=float(rng.uniform(0.5, 4.0)),
        window_share=float(rng.uniform(0.6, 0.95)),
        window_start=float(rng.uniform(*ranges.window_start)),
        spacing=ranges.spacings[int(rng.integers(len(ranges.spacings)))],
    )
