"""Train oblivious boosted trees in plain numpy: small, deterministic, without a library.

Newton boosting of the logistic loss on histograms. One level of a tree asks one question of all
its nodes, so a split is chosen by its summed gain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.segment.trees import Trees

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Boosting:
    """How to train.

    Attributes
    ----------
    trees, depth : int
    rate : float
        Shrinkage of each tree.
    bins : int
        Candidate thresholds a feature, at its quantiles.
    columns : float
        Share of the features that each tree may ask.
    ridge : float
        Penalty on leaves, in units of the Hessian.
    rows : int
        Samples a tree's questions are chosen on; all of them fill its leaves.
    """

    trees: int = 90
    depth: int = 6
    rate: float = 0.2
    bins: int = 40
    columns: float = 0.5
    ridge: float = 20.0
    rows: int = 120_000


def train(
    samples: dict[str, FloatArray],
    truth: NDArray[np.bool_],
    weights: FloatArray,
    options: Boosting,
    rng: np.random.Generator,
) -> Trees:
    """Train an ensemble on samples: a mapping of feature to values (n,)."""
    names = tuple(samples)
    edges = [_edges(samples[name], options.bins) for name in names]
    binned = [
        np.searchsorted(edge, samples[name]).astype(np.uint8)
        for name, edge in zip(names, edges, strict=True)
    ]
    share = float(np.average(truth, weights=weights))
    bias = float(np.log(share / (1 - share)))
    odds = np.full(len(truth), bias)
    features, thresholds, leaves = [], [], []
    for _ in range(options.trees):
        probability = 1 / (1 + np.exp(-odds))
        gradient = weights * (probability - truth)
        hessian = weights * np.maximum(probability * (1 - probability), 1e-6)
        chosen = np.sort(
            rng.choice(len(names), max(int(options.columns * len(names)), 1), replace=False)
        )
        questions = _grow(binned, chosen, _drawn((gradient, hessian), options, rng), options)
        leaf = _leaf(binned, questions)
        summed = [np.bincount(leaf, part, 1 << options.depth) for part in (gradient, hessian)]
        values = -options.rate * summed[0] / (summed[1] + options.ridge)
        odds += values[leaf]
        features.append([feature for feature, _ in questions])
        thresholds.append([edges[feature][place] for feature, place in questions])
        leaves.append(values)
    return Trees(
        names,
        np.array(features, np.int16),
        np.array(thresholds, np.float32),
        np.array(leaves, np.float32),
        bias,
    )


def packed(trees: Trees, prefix: str) -> dict[str, NDArray[np.generic]]:
    """The arrays of a model file."""
    return {
        f"{prefix}_names": np.array(trees.names),
        f"{prefix}_features": trees.features,
        f"{prefix}_thresholds": trees.thresholds,
        f"{prefix}_leaves": trees.leaves,
        f"{prefix}_bias": np.array(trees.bias, np.float32),
    }


def _edges(values: FloatArray, bins: int) -> FloatArray:
    return np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])).astype(np.float32)


def _drawn(slopes, options, rng):
    # The rows a tree is grown on, and their slopes.
    count = len(slopes[0])
    rows = np.arange(count)
    if count > options.rows:
        rows = rng.choice(count, options.rows, replace=False, shuffle=False)
    return rows, slopes[0][rows], slopes[1][rows]


def _grow(binned, chosen, drawn, options):
    rows, *slopes = drawn
    columns = {feature: binned[feature][rows] for feature in chosen.tolist()}
    questions: list[tuple[int, int]] = []
    leaf = np.zeros(len(rows), np.int32)
    for level in range(options.depth):
        best = max(
            _best_place(column, leaf, slopes, (level, options, feature))
            for feature, column in columns.items()
        )
        _, feature, place = best
        questions.append((feature, place))
        leaf |= (columns[feature] > place).astype(np.int32) << level
    return questions


def _leaf(binned, questions):
    leaf = np.zeros(len(binned[0]), np.int32)
    for level, (feature, place) in enumerate(questions):
        leaf |= (binned[feature] > place).astype(np.int32) << level
    return leaf


def _best_place(column, leaf, slopes, about):
    level, options, feature = about
    bins = options.bins
    place = leaf * bins + column
    gradient, hessian = (
        np.bincount(place, part, bins << level).reshape(-1, bins) for part in slopes
    )
    low_gradient, low_hessian = np.cumsum(gradient, axis=1), np.cumsum(hessian, axis=1)
    high_gradient = low_gradient[:, -1:] - low_gradient
    high_hessian = low_hessian[:, -1:] - low_hessian
    gain = low_gradient**2 / (low_hessian + options.ridge)
    gain += high_gradient**2 / (high_hessian + options.ridge)
    total = gain.sum(axis=0)[:-1]
    # The last edge is the number of edges minus one; places beyond it hold nothing.
    used = min(len(total), int(column.max()))
    if used < 1:
        return (-np.inf, feature, 0)
    best = int(np.argmax(total[:used]))
    return (float(total[best]), feature, best)
