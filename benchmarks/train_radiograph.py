"""Train the trees of the film segmenter on simulated films and write its model file.

    python -m benchmarks.train_radiograph pixels cctrack/segment/models/radiograph.npz [FILM_CACHE]
    python -m benchmarks.train_network FOLDER cctrack/segment/models/radiograph.onnx
    python -m benchmarks.train_radiograph regions cctrack/segment/models/radiograph.npz

One after the other: the network is told what the trees of px think, and regions are what the
network shows. The films of the seeds stated make the shipped models, and no others. Look at real
films without calcium before replacing them: ``python -m benchmarks.film_outline``.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.boosting import Boosting, packed, train
from benchmarks.late_films import NETWORK_SEEDS, network_film
from benchmarks.training_films import cached_film, labels_on_grid, mask_on_grid, with_distractors
from cctrack.segment.radiograph.classify import bone_planes, odds_of
from cctrack.segment.radiograph.describe import region_features
from cctrack.segment.radiograph.features import pixel_features
from cctrack.segment.radiograph.grid import grid_of
from cctrack.segment.radiograph.pixels import judge_pixels
from cctrack.segment.radiograph.regions import find_regions
from cctrack.segment.trees import Trees

BONE_SEEDS = range(0, 20)
FIRST_SEEDS = range(20, 70)
"""The trees of px are taught by films of their own each; regions by those of the network, which saw
a part of each in one of a dozen ways."""

PROCESSES = 2

TRUE_SHARE = 0.4
"""A region shows a deposit when this share of it does."""

NOT_FOR_BONE = ("noise", "ratio_0.6", "above_0.6", "spread_0.6", "edge_0.3")
"""Finer than the grid bone is looked for on."""


def main(what: str, path: Path, cache: Path | None) -> None:
    trained = {"pixels": _pixel_stages, "regions": _region_stages}[what](cache)
    with np.load(path) as kept:
        stored = {name: kept[name] for name in kept if name.split("_")[0] not in trained}
    for name, trees in trained.items():
        stored |= packed(trees, name)
    np.savez_compressed(path, **stored)
    print("wrote", path, path.stat().st_size, "bytes", flush=True)


def _pixel_stages(cache: Path | None) -> dict[str, Trees]:
    stages: dict[str, Trees] = {}
    for number, stage in enumerate(STAGES):
        samples = _gather(partial(stage.draw, dict(stages)), stage.seeds, cache)
        rng = np.random.default_rng([1, number])
        stages[stage.name] = _fit(samples, stage.options, rng, stage.name)
    return stages


def _region_stages(_cache: Path | None) -> dict[str, Trees]:
    rng = np.random.default_rng([1, len(STAGES)])
    regions = _gather(_region_samples, NETWORK_SEEDS, None)
    over = regions.pop("over")
    real = {name: values[regions["truth"]] for name, values in regions.items()}
    return {
        "region": _fit(regions, REGION, rng, "region"),
        "over": _fit(real | {"truth": over[regions["truth"]]}, OVER, rng, "over"),
    }


def _bone_samples(_stages, seed, cache):
    rng = np.random.default_rng([3, seed])
    film, grid, planes = _seen(seed, cache, {})
    bone = mask_on_grid(film.bone, grid.shape)
    edge = ndimage.binary_dilation(bone, iterations=6) & ~ndimage.binary_erosion(bone, iterations=6)
    chosen = _some(grid.tissue, 2500, rng) | _some(grid.tissue & edge, 2000, rng)
    # A stone is as bright as bone and must not be taken for it.
    chosen |= _some((labels_on_grid(film, grid.shape) > 0) & ~bone & grid.tissue, 1200, rng)
    part = {n: p[chosen] for n, p in planes.items() if n not in NOT_FOR_BONE}
    return part | {"truth": bone[chosen], "weight": np.ones(chosen.sum(), np.float32)}


def _first_samples(stages, seed, cache):
    rng = np.random.default_rng([4, seed])
    film, grid, planes = _seen(seed, cache, stages)
    labels = labels_on_grid(film, grid.shape)
    truth = labels > 0
    near = ndimage.binary_dilation(truth, iterations=10) & ~truth
    chosen = _of_each(labels, grid.tissue, 700, rng)
    free = grid.tissue & ~truth
    chosen |= _some(free, 2000, rng) | _some(free & near, 1500, rng)
    bone = planes["bone"]
    chosen |= _some(free & (np.abs(bone) < 3), 1500, rng) | _some(free & (bone > 0), 1000, rng)
    return _chosen(planes, truth, chosen)


def _region_samples(seed, **_unused):
    film = network_film(seed)
    grid = grid_of(film.radiograph)
    planes = judge_pixels(grid)
    regions = find_regions(planes["deposit"], grid)
    part = region_features(regions, planes, grid)
    if not part:
        return {}
    labels = labels_on_grid(film, grid.shape)
    sizes = np.bincount(regions.labels.ravel())[1:]
    hits = np.bincount(regions.labels[labels > 0], minlength=len(sizes) + 1)[1:]
    over = np.isin(labels, list(film.over_bone)) & (labels > 0)
    covering = np.bincount(regions.labels[over], minlength=len(sizes) + 1)[1:]
    part["truth"] = hits > TRUE_SHARE * sizes
    part["over"] = covering > 0.5 * hits
    part["weight"] = np.ones(len(sizes), np.float32)
    return part


@dataclass(frozen=True, slots=True)
class Stage:
    """One ensemble that judges pixels."""

    name: str
    draw: Callable[..., dict[str, NDArray[Any]]]
    seeds: range
    options: Boosting


STAGES = (
    Stage("bone", _bone_samples, BONE_SEEDS, Boosting(trees=70)),
    Stage("first", _first_samples, FIRST_SEEDS, Boosting(trees=100)),
)

REGION = Boosting(trees=400, depth=5, rate=0.05, ridge=8.0, columns=0.2, rows=3000)
OVER = Boosting(trees=300, depth=4, rate=0.04, ridge=8.0, columns=0.2, rows=1000)
"""Regions are few: many slow trees, each shown a part of the regions and of their features."""


def _seen(seed, cache, stages):
    film = with_distractors(cached_film(seed, cache), seed)
    return film, *_looked_at(film, stages)


def _looked_at(film, stages):
    # A film's grid, and all that the stages trained so far see on it.
    grid = grid_of(film.radiograph)
    planes = pixel_features(grid)
    if "bone" in stages:
        planes |= bone_planes(odds_of(planes, grid, stages["bone"]), planes["grey"], grid.mm)
    return grid, planes


def _chosen(planes, truth, chosen):
    part = {name: plane[chosen] for name, plane in planes.items()}
    return part | {"truth": truth[chosen], "weight": np.ones(chosen.sum(), np.float32)}


def _of_each(labels, among, count, rng):
    # As many px of a small deposit as of a large one.
    chosen = np.zeros(labels.shape, bool)
    for lesion in np.unique(labels[labels > 0]):
        chosen |= _some((labels == lesion) & among, count, rng)
    return chosen


def _some(mask, count, rng):
    places = np.flatnonzero(mask)
    picked = np.zeros(mask.shape, bool)
    if len(places):
        picked.flat[rng.choice(places, min(count, len(places)), replace=False)] = True
    return picked


def _gather(draw, seeds, cache):
    with ProcessPoolExecutor(PROCESSES) as pool:
        parts = [part for part in pool.map(partial(draw, cache=cache), seeds) if part]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _fit(samples, options, rng, what):
    planes = {n: v.astype(np.float32) for n, v in samples.items() if n not in ("truth", "weight")}
    share = float(samples["truth"].mean())
    print(f"{what}: {len(samples['truth'])} samples, {share:.3f} positive", flush=True)
    return train(planes, samples["truth"], samples["weight"], options, rng)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
