"""Simulated films for training and for examining: seeds, settings and extra disturbances.

The training domain is wider than anything a clinic makes on purpose: a classifier trained on one
kind of exposure fails on the next.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.model import AxisScale, Radiograph, ScaleSource
from cctrack.phantom.radiograph.draw import SimulatedRadiograph, draw_radiograph
from cctrack.phantom.radiograph.sample import DepositPlan, random_subject
from cctrack.phantom.radiograph.sample_session import random_session, usual_range
from cctrack.phantom.radiograph.session import (
    Exposure,
    FilmSession,
    Objects,
    Pose,
    Processing,
    Storage,
)
from cctrack.phantom.radiograph.subject import Placement

FIELDS = (
    ("hand", 0.6),
    ("forearm", 0.1),
    ("knee", 0.09),
    ("hip", 0.08),
    ("shoulder", 0.07),
    ("chest", 0.06),
)
"""Hands are what is filmed most; the others teach large fields and thick soft tissue."""

BARE = 0.15
"""Share of films without any deposit."""

CHILDREN = 0.25
"""Share of hands with open growth plates, which look like stones; half of them are bare."""

USUAL = 0.5
"""Share of hands filmed as the simulator's usual clinic does; the rest is filmed more widely."""


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A film as the segmenter gets it, and its truth on the same grid."""

    radiograph: Radiograph
    labels: NDArray[np.uint16]
    bone: NDArray[np.bool_]
    over_bone: frozenset[int]
    areas_mm2: dict[int, float]
    morphology: dict[int, str]
    mm: float
    field: str


def training_film(seed: int) -> Film:
    """Draw a film of the training domain; one seed, one film."""
    rng = np.random.default_rng([8, seed])
    field = choose(rng, FIELDS)
    child = field == "hand" and rng.random() < CHILDREN
    count = 0 if rng.random() < (0.5 if child else BARE) else int(rng.integers(3, 12))
    plan = DepositPlan(
        count=count,
        placements=((Placement.OFF, 0.45), (Placement.BESIDE, 0.35), (Placement.OVER, 0.2)),
    )
    age_years = float(rng.uniform(1, 17)) if child else None
    subject = subject_of(rng, field, plan, age_years)
    anatomy = subject.anatomy
    if rng.random() < 0.25:
        wide = {"mineral": float(rng.uniform(0.4, 1.2)), "flesh": float(rng.uniform(0.8, 1.4))}
        subject = replace(subject, anatomy=replace(anatomy, **wide))
    usual = field == "hand" and rng.random() < USUAL
    session = random_session(rng, usual_range(field)) if usual else wide_session(rng)
    drawn = draw_radiograph(subject, session)
    return film_of(drawn, subject, not usual, rng)


def cached_film(seed: int, folder: Path | None) -> Film:
    """Draw a training film, or take it from a folder where it was kept."""
    if folder is None:
        return training_film(seed)
    file = folder / f"{seed}.npz"
    if not file.exists():
        film = training_film(seed)
        np.savez(
            file,
            pixels=film.radiograph.pixels,
            full_range=film.radiograph.full_range,
            seen_mm=film.radiograph.scale.mm[0],
            labels=film.labels,
            bone=film.bone,
            about=json.dumps(
                [sorted(film.over_bone), film.areas_mm2, film.morphology, film.mm, film.field]
            ),
        )
        return film
    with np.load(file, allow_pickle=False) as kept:
        over, areas, morphology, mm, field = json.loads(str(kept["about"]))
        low, high = kept["full_range"].tolist()
        seen = float(kept["seen_mm"])
        scale = AxisScale((seen, seen), ScaleSource.DETECTOR)
        return Film(
            Radiograph(kept["pixels"], (low, high), scale=scale),
            kept["labels"],
            kept["bone"],
            frozenset(over),
            {int(key): value for key, value in areas.items()},
            {int(key): value for key, value in morphology.items()},
            mm,
            field,
        )


def with_distractors(film: Film, seed: int) -> Film:
    """Add what is no deposit to a film: pockets of gas, clips, wires and creases."""
    rng = np.random.default_rng([13, seed])
    pixels = film.radiograph.pixels.copy()
    reach = float(np.subtract(*np.percentile(pixels, (99, 1))))
    if rng.random() < (0.05 if film.field == "hand" else 0.4):
        pixels -= reach * _gas(pixels.shape, film.mm, rng)
    if rng.random() < 0.25:
        for _ in range(int(rng.integers(1, 4))):
            pixels = _metal(pixels, film.mm, rng)
    return replace(film, radiograph=replace(film.radiograph, pixels=pixels.astype(np.float32)))


def _gas(shape, mm, rng):
    # Dark pockets with sharp walls, as in the bowel; the walls between them are thin and bright.
    noise = rng.standard_normal((shape[0] // 4, shape[1] // 4)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), float(rng.uniform(2.5, 7.0)) / mm / 4)
    rows, columns = np.indices(noise.shape)
    centre = rng.uniform(0.2, 0.8, 2) * noise.shape
    radius = float(rng.uniform(15, 45)) / mm / 4
    near = np.exp(-(((rows - centre[0]) ** 2 + (columns - centre[1]) ** 2) / radius**2))
    depth = np.clip((smooth / smooth.std() - 0.3) * 3, 0, 1) * (near > 0.3) * rng.uniform(0.05, 0.4)
    return cv2.resize(depth.astype(np.float32), shape[::-1], interpolation=cv2.INTER_LINEAR)


def _metal(pixels, mm, rng):
    # A clip, wire or screw: straight, sharp and brighter than bone.
    rows, columns = pixels.shape
    start = rng.uniform(0.15, 0.85, 2) * (columns, rows)
    angle, length = rng.uniform(0, np.pi), float(rng.uniform(3, 30)) / mm
    end = start + length * np.array([np.cos(angle), np.sin(angle)])
    line = np.zeros(pixels.shape, np.uint8)
    width = max(round(float(rng.uniform(0.4, 3.0)) / mm), 1)
    cv2.line(line, tuple(map(int, start)), tuple(map(int, end)), 255, width, cv2.LINE_AA)
    share = cv2.GaussianBlur(line.astype(np.float32) / 255, (0, 0), 0.7)
    return pixels + share * (rng.uniform(0.95, 1.05) * pixels.max() - pixels)


def subject_of(rng, field, plan, age_years):
    while True:
        try:
            return random_subject(rng, field, plan, age_years=age_years)
        except ValueError:  # no room for so many
            plan = replace(plan, count=plan.count - 1)


def choose(rng, shares):
    names, weights = zip(*shares, strict=True)
    return names[int(rng.choice(len(names), p=np.array(weights) / sum(weights)))]


def wide_session(rng: np.random.Generator) -> FilmSession:
    closed = tuple(float(rng.uniform(0, 0.1)) if rng.random() < 0.4 else 0.0 for _ in range(4))
    return FilmSession(
        seed=int(rng.integers(2**31)),
        shape=(int(rng.integers(1100, 1500)), int(rng.integers(850, 1150))),
        spacing_mm=float(rng.choice([0.15, 0.2, 0.2, 0.2])),
        pose=Pose(
            rotation_deg=float(rng.normal(0, 10)),
            shift_mm=(float(rng.normal(0, 6)), float(rng.normal(0, 6))),
            magnification=float(rng.uniform(1.0, 1.06)),
            joints=float(rng.uniform(0.5, 1.5)),
            mirrored=bool(rng.random() < 0.5),
        ),
        exposure=Exposure(
            kvp=float(rng.uniform(45, 75)),
            quanta=float(np.exp(rng.uniform(np.log(8_000), np.log(120_000)))),
            scatter=float(rng.uniform(0.03, 0.35)),
            focal_blur_mm=float(rng.uniform(0.03, 0.15)),
            detector_blur_mm=float(rng.uniform(0.07, 0.25)),
            heel=float(rng.uniform(0, 0.2)),
        ),
        objects=Objects(
            letter=str(rng.choice(["L", "R", ""])),
            ring=bool(rng.random() < 0.2),
            wedge=bool(rng.random() < 0.2),
            collimation=closed,
            collimation_deg=float(rng.normal(0, 3)),
            dust=int(rng.integers(0, 40)) if rng.random() < 0.5 else 0,
        ),
        storage=_wide_storage(rng),
    )


def _wide_storage(rng: np.random.Generator) -> Storage:
    kinds = [Processing.PRESENTATION, Processing.LOGARITHMIC, Processing.LINEAR]
    return Storage(
        processing=kinds[int(rng.choice(3, p=[0.65, 0.25, 0.1]))],
        bits=int(rng.integers(10, 17)),
        gamma=float(np.exp(rng.normal(0, 0.25))),
        contrast=float(rng.uniform(1.0, 1.8)),
        unsharp=float(rng.uniform(0, 1.2)),
        unsharp_mm=float(rng.uniform(0.5, 4.0)),
        window_share=float(rng.uniform(0.6, 0.98)),
        window_start=float(rng.uniform(0.0, 0.5)) if rng.random() < 0.5 else 0.0,
    )


def film_of(drawn: SimulatedRadiograph, subject, wide: bool, rng: np.random.Generator) -> Film:
    mm = drawn.session.spacing_mm / drawn.session.pose.magnification
    pixels = _disturb(drawn.radiograph.pixels, rng) if wide else drawn.radiograph.pixels
    # A film without a scale is sized by a guess: some of the films are trained so.
    guessed = wide and rng.random() < 0.4
    seen_mm = mm * (float(np.exp(rng.normal(0, 0.2))) if guessed else 1.0)
    radiograph = replace(
        drawn.radiograph,
        pixels=pixels,
        scale=AxisScale((seen_mm, seen_mm), ScaleSource.DETECTOR),
    )
    return Film(
        radiograph,
        _clean(drawn.labels, subject),
        drawn.bone,
        drawn.over_bone,
        dict(drawn.areas_mm2),
        {item.deposit.id: str(item.deposit.morphology) for item in subject.deposits},
        mm,
        str(subject.field),
    )


def _clean(labels: NDArray[np.uint16], subject) -> NDArray[np.uint16]:
    # Thin sheets seen at a slant leave sampling stripes around them.
    labels = labels.copy()
    for item in subject.deposits:
        if item.deposit.morphology == "plate":
            here = (labels == item.deposit.id).astype(np.uint8)
            solid = cv2.morphologyEx(here, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
            labels[(here > 0) & (solid == 0)] = 0
    return labels


def _disturb(pixels: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    low, high = float(pixels.min()), float(pixels.max())
    share = (pixels - low) / max(high - low, 1e-6)
    if rng.random() < 0.3:
        share = cv2.GaussianBlur(share, (0, 0), float(rng.uniform(0.4, 1.3)))
    if rng.random() < 0.4:
        share = share + rng.normal(0, rng.uniform(0.001, 0.008), share.shape)
    if rng.random() < 0.3:
        rows, columns = np.indices(share.shape) / max(share.shape)
        tilt = rng.normal(0, 0.06, 2)
        share = share + tilt[0] * rows + tilt[1] * columns
    if rng.random() < 0.3:  # as an 8-bit picture
        share = np.round(np.clip(share, 0, 1) * 255) / 255
    return (low + (high - low) * share).astype(np.float32)


def labels_on_grid(film: Film, shape: tuple[int, int]) -> NDArray[np.uint16]:
    if film.labels.shape == shape:
        return film.labels
    small = cv2.resize(film.labels, shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(small, np.uint16)


def mask_on_grid(mask: NDArray[np.bool_], shape: tuple[int, int]) -> NDArray[np.bool_]:
    small = cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(small) > 0.5
