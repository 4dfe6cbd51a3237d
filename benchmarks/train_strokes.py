"""Train what outlines deposits on films by a reader's strokes, and write its model file.

    python -m benchmarks.train_strokes cctrack/segment/models/film_strokes.npz [FILM_CACHE]

The films of the seeds stated below make the shipped model, and no others: hands for the most part,
with many nets and plates, off, beside and over bone. Takes a quarter of an hour of one core, most
of it to draw the films. See how it does with ``python -m benchmarks.film_strokes``.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.boosting import Boosting, packed, train
from benchmarks.film_reader import STYLES, strokes_on
from benchmarks.late_films import MANY_THIN
from benchmarks.training_films import FIELDS, choose, subject_of, wide_session
from cctrack._cv2 import cv2
from cctrack.model import AxisScale, Modality, Morphology, Radiograph, ScaleSource
from cctrack.phantom.radiograph import DepositPlan, random_session, usual_range
from cctrack.segment.radiograph.shown_context import context_of
from cctrack.segment.radiograph.shown_look import Planes, Stroked, flat, look_at
from cctrack.segment.scribble import Strokes, click
from cctrack.segment.scribble.film import look_around
from cctrack.segment.trees import Trees
from cctrack.study.pipeline import AUTOMATIC, calibrate_image
from cctrack.study.validate.truth import SIMULATORS, Truth

SEEDS = range(8200, 8370)
"""Even ones teach the first ensemble, odd ones the second, which sees the first err as in use."""

DRAWINGS, NOTHINGS = 3, 2
"""Drawings of each deposit; clicks a film where there is none, which are to outline nothing."""

SMALLEST_MM2 = 5.0

THIN = replace(
    MANY_THIN,
    shares=(
        (Morphology.STONE, 0.34),
        (Morphology.PLATE, 0.22),
        (Morphology.NET, 0.34),
        (Morphology.AMORPHOUS, 0.10),
    ),
)
"""Nets and plates need strokes most: a click outlines a stone."""

FIRST = Boosting(trees=120, depth=6, rate=0.15, columns=0.35, rows=60_000)
SECOND = Boosting(trees=200, depth=7, rate=0.1, columns=0.35, rows=80_000)

NEAR_PX, FAR_PX = 2, 15
SAMPLES = {"rim": 250, "core": 250, "near": 250, "around": 350, "far": 150}
"""Px taken of each drawing: on both sides of the border, and farther in and out."""

Look = Callable[[Stroked], dict[str, NDArray[np.float32]]]


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A film with its scale, and where its deposits are."""

    radiograph: Radiograph
    labels: NDArray[np.uint16]
    sizes: dict[int, float]
    kinds: dict[int, str]
    places: dict[int, str]

    @property
    def mm(self) -> float:
        """Side of a px."""
        return float(np.mean(self.radiograph.scale.mean_mm))


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """What a reader drew about one deposit (0: about none), and the generator that goes on."""

    film: Film
    deposit: int
    style: str
    strokes: Strokes
    rng: np.random.Generator


def main(path: Path, cache: Path | None) -> None:
    first = _fit(SEEDS[::2], look_at, FIRST, 1, cache)

    def second_look(stroked: Stroked) -> dict[str, NDArray[np.float32]]:
        planes = look_at(stroked)
        odds = first.log_odds(flat(planes)).reshape(stroked.grey.shape)
        return planes | context_of(odds, stroked)

    second = _fit(SEEDS[1::2], second_look, SECOND, 2, cache)
    np.savez_compressed(path, **packed(first, "first"), **packed(second, "second"))
    print("wrote", path, path.stat().st_size, "bytes", flush=True)


def thin_film(seed: int) -> Truth:
    """Draw a film with many nets and plates; one seed, one film."""
    rng = np.random.default_rng([79, seed])
    hand = rng.random() < 0.7
    field = "hand" if hand else choose(rng, FIELDS)
    subject = subject_of(rng, field, DepositPlan(count=int(rng.integers(4, 9)), mix=THIN), None)
    usual = hand and rng.random() < 0.6
    session = random_session(rng, usual_range(subject.field)) if usual else wide_session(rng)
    return SIMULATORS[Modality.XRAY].draw(subject, session)


def kept_film(draw: Callable[[int], Truth], seed: int, cache: Path | None) -> Film:
    """Draw a film, or take it from a folder where it was kept."""
    file = None if cache is None else cache / f"{draw.__name__}{seed}.npz"
    if file is not None and file.exists():
        return _read(file)
    truth = draw(seed)
    radiograph, _ = calibrate_image(truth.image, AUTOMATIC)
    whole = {key: value for key, value in truth.sizes.items() if key not in truth.cut}
    film = Film(radiograph, truth.labels, whole, dict(truth.kinds), dict(truth.places))
    if file is not None:
        about = json.dumps([film.sizes, film.kinds, film.places, list(radiograph.full_range)])
        np.savez(file, pixels=radiograph.pixels, labels=film.labels, mm=film.mm, about=about)
    return film


def drawings_on(film: Film, seed: int, styles: dict[str, float] | None = None) -> Iterator[Drawing]:
    """Draw on each deposit of a film: `DRAWINGS` times by chance, or once in each style given."""
    for deposit, size in film.sizes.items():
        own = film.labels == deposit
        if size < SMALLEST_MM2 or not own.any():
            continue
        for number, known in enumerate(styles or [None] * DRAWINGS):
            rng = np.random.default_rng([5, seed, deposit, number])
            style = known or str(rng.choice(list(STYLES), p=list(STYLES.values())))
            net = film.kinds[deposit] == Morphology.NET
            yield Drawing(
                film, deposit, style, strokes_on(own, film.mm, style, net=net, rng=rng), rng
            )


def _nothings(film: Film, seed: int) -> Iterator[Drawing]:
    rng = np.random.default_rng([6, seed])
    pixels = film.radiograph.pixels
    free = cv2.dilate((film.labels > 0).astype(np.uint8), np.ones((11, 11), np.uint8)) == 0
    places = np.argwhere(free & (pixels > np.percentile(pixels, 35)))
    for _ in range(NOTHINGS):
        row, column = places[rng.integers(len(places))]
        yield Drawing(film, 0, "click", click(float(row), float(column)), rng)


def _fit(seeds: range, look: Look, options: Boosting, stage: int, cache: Path | None) -> Trees:
    planes, truths = [], []
    for seed in seeds:
        film = kept_film(thin_film, seed, cache)
        for drawing in (*drawings_on(film, seed), *_nothings(film, seed)):
            chosen, truth = _samples(drawing, look)
            planes.append(chosen)
            truths.append(truth)
    joined = {name: np.concatenate([part[name] for part in planes]) for name in planes[0]}
    truth = np.concatenate(truths)
    print(f"{len(planes)} drawings, {len(truth)} px, {truth.mean():.3f} calcium", flush=True)
    rng = np.random.default_rng(stage)
    return train(joined, truth, np.ones(len(truth), np.float32), options, rng)


def _samples(drawing: Drawing, look: Look) -> tuple[Planes, NDArray[np.bool_]]:
    looked = look_around(drawing.film.radiograph, drawing.strokes)
    labels = drawing.film.labels[looked.box]
    shape = looked.stroked.grey.shape
    own = _on_grid((labels == drawing.deposit) & (labels > 0), shape) > 0.5
    other = _on_grid((labels > 0) & (labels != drawing.deposit), shape) > 0.3
    chosen = _chosen(own, ~own & ~other, drawing.rng)
    planes = look(looked.stroked)
    return {name: plane.ravel()[chosen] for name, plane in planes.items()}, own.ravel()[chosen]


def _chosen(
    own: NDArray[np.bool_], free: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int_]:
    # Where there is no deposit every px is far from one.
    deep, off = (
        cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) for mask in (own, ~own)
    )
    if not own.any():
        off = np.full(own.shape, np.inf)
    parts = {
        "rim": own & (deep <= NEAR_PX),
        "core": own & (deep > NEAR_PX),
        "near": free & (off <= NEAR_PX),
        "around": free & (off > NEAR_PX) & (off < FAR_PX),
        "far": free & (off >= FAR_PX),
    }
    picked = [_some(mask, SAMPLES[name], rng) for name, mask in parts.items()]
    return np.concatenate(picked)


def _some(mask: NDArray[np.bool_], count: int, rng: np.random.Generator) -> NDArray[np.int_]:
    places = np.flatnonzero(mask)
    return rng.choice(places, min(count, len(places)), replace=False) if len(places) else places


def _on_grid(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.float32]:
    return cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=cv2.INTER_AREA)


def _read(file: Path) -> Film:
    with np.load(file, allow_pickle=False) as kept:
        sizes, kinds, places, full_range = json.loads(str(kept["about"]))
        mm = float(kept["mm"])
        scale = AxisScale((mm, mm), ScaleSource.DETECTOR)
        return Film(
            Radiograph(kept["pixels"], tuple(full_range), scale=scale),
            kept["labels"],
            *({int(key): value for key, value in part.items()} for part in (sizes, kinds, places)),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
