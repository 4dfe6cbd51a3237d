"""Teach the network that has the last word on the px of films, on simulated films.

    python -m benchmarks.train_network FOLDER cctrack/segment/models/radiograph.onnx

Needs ``torch`` and ``onnx``, which nothing else here does. Films are drawn into FOLDER once, with
what the trees make of each: an hour of one core. Then come `GREY_STEPS` steps on grey alone and
`STEPS` on all planes, two hours more. Regions must be judged anew afterwards, by
``benchmarks.train_radiograph``. The shipped weights come from such steps, but by the clock and in
five runs, the first of them with less weight on thin deposits and none of the `FIELD_SEEDS`, and on
a few dozen films more: they cannot be made again to the last bit.
"""

import math
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

from benchmarks.late_films import NETWORK_SEEDS, network_film
from benchmarks.network import Network, stored
from benchmarks.training_films import labels_on_grid, mask_on_grid
from cctrack._cv2 import cv2
from cctrack.model import Morphology
from cctrack.segment.radiograph.grid import grid_of
from cctrack.segment.radiograph.network import BEYOND, shown_planes
from cctrack.segment.radiograph.pixels import tree_planes

PROCESSES = 2
GREY_STEPS, STEPS, BATCH, SIDE_PX = 600, 6500, 8, 256
RATE, WARM_SHARE = 4e-3, 0.03
ON_DEPOSIT = 0.75
"""Share of the windows that lie about a deposit, where the film has one."""

THIN_TIMES = 3
"""Nets, plates and cloudy deposits are shown this much more often than stones."""

CALCIUM_WEIGHT = 2.0
"""A px of calcium that is missed costs as much as two that are made up: most of a net is faint."""

OFF_TISSUE = 0.1
"""Weight of px outside the body."""


class Sample(NamedTuple):
    """A film on its grid: planes, truth as bits 1 bone, 2 deposit, 4 over bone; and the tissue."""

    planes: np.ndarray
    truth: np.ndarray
    tissue: np.ndarray
    deposits: np.ndarray
    inside: np.ndarray


def main(folder: Path, path: Path) -> None:
    folder.mkdir(exist_ok=True)
    with ProcessPoolExecutor(PROCESSES) as pool:
        list(pool.map(partial(_draw, folder), NETWORK_SEEDS))
    films = [film for seed in NETWORK_SEEDS if (film := _load(folder / f"{seed}.npz")) is not None]
    rng = np.random.default_rng(7)
    torch.manual_seed(7)
    network = Network()
    _teach(network, films, rng, GREY_STEPS, grey_only=True)
    _teach(network, films, rng, STEPS, grey_only=False)
    network.eval()
    path.write_bytes(stored(network))
    print("wrote", path, path.stat().st_size, "bytes", flush=True)


def _draw(folder: Path, seed: int) -> None:
    if (folder / f"{seed}.npz").exists():
        return
    film = network_film(seed)
    grid = grid_of(film.radiograph)
    planes = tree_planes(grid)
    labels = labels_on_grid(film, grid.shape)
    over = np.isin(labels, list(film.over_bone)) & (labels > 0)
    truth = mask_on_grid(film.bone, grid.shape) + 2 * (labels > 0) + 4 * over
    middles = [
        np.argwhere(labels == label).mean(axis=0)
        for label in np.unique(labels[labels > 0])
        for _ in range(1 if film.morphology.get(int(label)) == Morphology.STONE else THIN_TIMES)
    ]
    np.savez(
        folder / f"{seed}.npz",
        planes=shown_planes(planes, grid, (slice(None), slice(None))).astype(np.float16),
        truth=truth.astype(np.uint8),
        tissue=grid.tissue,
        deposits=np.array(middles).reshape(-1, 2),
    )


def _load(path: Path) -> Sample | None:
    with np.load(path) as kept:
        inside = 8 * np.argwhere(kept["tissue"][::8, ::8])
        arrays = [kept[name] for name in ("planes", "truth", "tissue", "deposits")]
    return Sample(*arrays, inside) if len(inside) else None


def _teach(network, films, rng, steps, *, grey_only):
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=1e-4)
    for step in range(steps):
        done = step / steps
        for group in optimiser.param_groups:
            warm = min(1.0, (step + 1) / (WARM_SHARE * steps))
            group["lr"] = RATE * warm * 0.5 * (1 + math.cos(math.pi * done)) + 1e-5
        planes, truth, weight = _batch(films, rng)
        if grey_only:
            planes[:, 1:] = 0
        loss = _loss(network(planes), truth, weight)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step} of {steps}: loss {loss.item():.3f}", flush=True)


def _loss(odds, truth, weight):
    # Deposits are few: they count twice, and by their overlap (Dice) as a whole too.
    missing = torch.tensor([1.0, CALCIUM_WEIGHT, CALCIUM_WEIGHT])[:, None, None]
    each = functional.binary_cross_entropy_with_logits(
        odds, truth, reduction="none", pos_weight=missing
    )
    of_class = torch.tensor([1.0, 2.0, 1.0])[None, :, None, None]
    chance = torch.sigmoid(odds)
    shared, both = (chance * truth).sum((0, 2, 3)), (chance + truth).sum((0, 2, 3))
    missed = 1 - (2 * shared + 1) / (both + 1)
    return (each * of_class * weight).mean() + 0.05 * missed.sum() + 0.2 * missed[1]


def _batch(films, rng):
    parts = [_window(films[rng.integers(len(films))], rng) for _ in range(BATCH)]
    return [torch.from_numpy(np.stack(each)) for each in zip(*parts, strict=True)]


def _window(film: Sample, rng: np.random.Generator):
    about = film.inside
    if len(film.deposits) and rng.random() < ON_DEPOSIT:
        about = film.deposits
    middle = about[rng.integers(len(about))] + rng.uniform(-1, 1, 2) * SIDE_PX / 3.5
    any_angle, quarter = rng.uniform(0, 2 * np.pi), rng.integers(4) * np.pi / 2
    angle = any_angle if rng.random() < 0.5 else quarter
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror = np.diag([1.0 if rng.random() < 0.5 else -1.0, 1.0])
    matrix = turn @ mirror / math.exp(rng.normal(0, 0.12))
    origin = middle[::-1] - matrix @ np.full(2, SIDE_PX / 2)
    warp = partial(_warped, np.column_stack([matrix, origin]))
    shown = zip(film.planes.astype(np.float32), BEYOND.tolist(), strict=True)
    planes = np.stack([warp(plane, beyond) for plane, beyond in shown])
    planes[0] = _otherwise_exposed(planes[0], rng)
    truth = np.stack([warp((film.truth & bit > 0).astype(np.float32)) for bit in (1, 2, 4)])
    tissue = warp(film.tissue.astype(np.float32))[None]
    return planes, truth, OFF_TISSUE + (1 - OFF_TISSUE) * tissue


def _warped(matrix, plane, beyond=0.0):
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(plane, matrix, (SIDE_PX, SIDE_PX), flags=flags, borderValue=beyond)


def _otherwise_exposed(grey, rng):
    if rng.random() < 0.5:
        grey = np.sign(grey) * np.abs(grey) ** math.exp(rng.normal(0, 0.15))
        grey = grey * math.exp(rng.normal(0, 0.1)) + rng.normal(0, 0.03)
    if rng.random() < 0.3:
        grey = grey + rng.normal(0, rng.uniform(0.003, 0.03), grey.shape)
    if rng.random() < 0.2:
        grey = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), rng.uniform(0.4, 1.0))
    return grey.astype(np.float32)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
