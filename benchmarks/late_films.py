"""Simulated films that teach the judgement of regions: what resembles calcium, and worn plates."""

from dataclasses import replace

import numpy as np

from benchmarks.training_films import (
    BARE,
    USUAL,
    Film,
    choose,
    film_of,
    subject_of,
    wide_session,
    with_distractors,
)
from cctrack._cv2 import cv2
from cctrack.model import Morphology
from cctrack.phantom.deposit import DepositMix
from cctrack.phantom.radiograph.draw import draw_radiograph
from cctrack.phantom.radiograph.sample import HAND_MIX, DepositPlan
from cctrack.phantom.radiograph.sample_session import random_session, usual_range

Fields = tuple[tuple[str, float], ...]

LATE_FIELDS: Fields = (
    ("hand", 0.76),
    ("forearm", 0.06),
    ("hip", 0.06),
    ("knee", 0.05),
    ("shoulder", 0.04),
    ("chest", 0.03),
)
"""What the later stages are taught: hands are where they decide most."""

ALL_FIELDS: Fields = (
    ("hand", 0.4),
    ("forearm", 0.13),
    ("hip", 0.12),
    ("knee", 0.13),
    ("shoulder", 0.12),
    ("chest", 0.1),
)
"""What the second half of the network's films show: thick parts are hard, and were seldom seen."""

MANY_THIN = replace(
    HAND_MIX,
    shares=(
        (Morphology.STONE, 0.66),
        (Morphology.PLATE, 0.14),
        (Morphology.NET, 0.14),
        (Morphology.AMORPHOUS, 0.06),
    ),
)
"""Nets and plates are rare and hard: they are shown more often than patients have them."""

MOSTLY_THIN = replace(
    MANY_THIN,
    shares=(
        (Morphology.STONE, 0.4),
        (Morphology.PLATE, 0.25),
        (Morphology.NET, 0.28),
        (Morphology.AMORPHOUS, 0.07),
    ),
)

LATE_CHILDREN = 0.3
"""Share of those hands with open growth plates; half of these children are under five years old,
whose wrist bones lie as round and alone as stones."""

INFANT_YEARS, INFANT_SPACING_MM = 6.0, 0.1
"""The hand of a younger child fills a smaller plate of finer pixels."""

UNSCALED = 0.5
"""Share of children's films cut to the hand and read without a scale, so that all on them is taken
for twice as large."""


HAND_SEEDS = (*range(2000, 2460), *range(2500, 2520))
FIELD_SEEDS = range(3000, 3100)
NETWORK_SEEDS = (*HAND_SEEDS, *FIELD_SEEDS)
"""Films that teach the network, and what regions of its odds are."""


def network_film(seed: int) -> Film:
    """Draw one of the `NETWORK_SEEDS`; of every second film many deposits are nets and plates."""
    if seed in FIELD_SEEDS:
        return late_film(seed, MOSTLY_THIN if seed % 2 else None, ALL_FIELDS)
    return late_film(seed, MANY_THIN if seed % 2 else None)


def late_film(seed: int, mix: DepositMix | None = None, fields: Fields = LATE_FIELDS) -> Film:
    """Draw a film that teaches the later stages, with wear; one seed, one film."""
    rng = np.random.default_rng([21, seed])
    field = choose(rng, fields)
    child = field == "hand" and rng.random() < LATE_CHILDREN
    age_years = 0.2 + 16.5 * float(rng.random()) ** 2 if child else None
    count = 0 if rng.random() < (0.5 if child else BARE) else int(rng.integers(3, 10))
    subject = subject_of(rng, field, DepositPlan(count=count, mix=mix), age_years)
    usual = field == "hand" and rng.random() < USUAL
    session = random_session(rng, usual_range(field)) if usual else wide_session(rng)
    if age_years is not None and age_years < INFANT_YEARS:
        session = replace(session, spacing_mm=INFANT_SPACING_MM)
    film = film_of(draw_radiograph(subject, session), subject, not usual, rng)
    if child and rng.random() < UNSCALED:
        film = _unscaled(film, rng)
    return _worn(with_distractors(film, seed), rng) if rng.random() < 0.5 else film


def _unscaled(film: Film, rng: np.random.Generator) -> Film:
    # Cut to what is bone and some mm around, as pictures in collections are.
    sides = []
    for axis in (0, 1):
        shown = np.flatnonzero(film.bone.any(axis=1 - axis))
        margin = rng.uniform(4, 20, 2) / film.mm
        sides.append(slice(max(int(shown[0] - margin[0]), 0), int(shown[-1] + margin[1])))
    window = tuple(sides)
    pixels = np.ascontiguousarray(film.radiograph.pixels[window])
    radiograph = replace(film.radiograph, pixels=pixels, scale=None)
    return replace(film, radiograph=radiograph, labels=film.labels[window], bone=film.bone[window])


def _worn(film: Film, rng: np.random.Generator) -> Film:
    # Folds of skin over each other, scratches and specks of a plate that was used for years.
    pixels = film.radiograph.pixels.astype(np.float32)
    reach = float(np.subtract(*np.percentile(pixels, (99, 1))))
    for _ in range(int(rng.integers(0, 4))):
        pixels = pixels + reach * _fold(pixels.shape, film.mm, rng)
    marks = np.zeros(pixels.shape, np.float32)
    for _ in range(int(rng.integers(0, 60))):
        start = rng.uniform(0, 1, 2) * pixels.shape
        length = rng.exponential(1.0 if rng.random() < 0.85 else 15.0) / film.mm
        end = start + length * rng.normal(size=2)
        ends = [tuple(int(value) for value in point[::-1]) for point in (start, end)]
        strength = float(rng.normal(0.0, 0.25))
        cv2.line(marks, *ends, strength, int(rng.integers(1, 5)), lineType=cv2.LINE_AA)
    pixels = pixels + reach * cv2.GaussianBlur(marks, (0, 0), float(rng.uniform(0.4, 1.5)))
    return replace(film, radiograph=replace(film.radiograph, pixels=pixels.astype(np.float32)))


def _fold(shape, mm, rng):
    # Skin that lies double ends in an arc: bright just inside it, fading further in.
    rows, columns = (np.arange(size, dtype=np.float32) for size in shape)
    centre = rng.uniform(-0.1, 1.1, 2) * shape
    radius_mm, fading_mm = float(rng.uniform(10, 60)), float(rng.uniform(2, 15))
    inside_mm = radius_mm - mm * np.hypot(rows[:, None] - centre[0], columns[None, :] - centre[1])
    depth = np.exp(-np.maximum(inside_mm, 0) / fading_mm) * (inside_mm > 0)
    blurred = cv2.GaussianBlur(depth.astype(np.float32), (0, 0), float(rng.uniform(0.2, 0.8)) / mm)
    return float(rng.uniform(0.02, 0.1)) * blurred
