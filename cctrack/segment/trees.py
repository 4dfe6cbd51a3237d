"""Boosted trees as plain numbers: no pickle, no library, and fast on whole images.

The trees are oblivious: every node of one level asks the same question. A tree of depth d is then
d comparisons of whole feature planes and one look-up in 2**d leaves, which numpy does at once for
a million pixels. Training lives outside the package, in ``benchmarks/train_radiograph.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Float32Array = NDArray[np.float32]

CHUNK = 1 << 16
"""Samples evaluated at once: their leaf numbers stay in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """A boosted ensemble for one yes-or-no question.

    Attributes
    ----------
    names : tuple of str
        Features in the order the trees count them.
    features : int array (trees, depth)
        Which feature each level asks.
    thresholds : float32 array (trees, depth)
        A sample goes to the upper half when its feature exceeds this.
    leaves : float32 array (trees, 2 ** depth)
        Contributions to the log-odds.
    bias : float
        Log-odds before the first tree.
    """

    names: tuple[str, ...]
    features: NDArray[np.int16]
    thresholds: Float32Array
    leaves: Float32Array
    bias: float

    def log_odds(self, planes: Mapping[str, Float32Array]) -> Float32Array:
        """Log-odds of yes for each sample.

        Parameters
        ----------
        planes : mapping of str to float32 array (samples,)
            At least the features in ``names``, all of one length.

        Raises
        ------
        KeyError
            If a feature is missing.
        """
        columns = [np.ascontiguousarray(planes[name], np.float32) for name in self.names]
        total = np.full(len(columns[0]), self.bias, np.float32)
        for start in range(0, len(total), CHUNK):
            part = slice(start, start + CHUNK)
            total[part] += self._chunk([column[part] for column in columns])
        return total

    def _chunk(self, columns: list[Float32Array]) -> Float32Array:
        total = np.zeros(len(columns[0]), np.float32)
        for features, thresholds, leaves in zip(
            self.features, self.thresholds, self.leaves, strict=True
        ):
            leaf = np.zeros(len(total), np.uint8)
            for level, (feature, threshold) in enumerate(zip(features, thresholds, strict=True)):
                leaf |= (columns[feature] > threshold).view(np.uint8) << np.uint8(level)
            total += leaves[leaf]
        return total


def load_trees(file: str, prefix: str) -> Trees:
    """Load one ensemble of a model file in ``cctrack/segment/models``."""
    with (
        (files("cctrack.segment") / "models" / file).open("rb") as stream,
        np.load(stream, allow_pickle=False) as stored,
    ):
        return Trees(
            tuple(str(name) for name in stored[f"{prefix}_names"]),
            stored[f"{prefix}_features"],
            stored[f"{prefix}_thresholds"].astype(np.float32),
            stored[f"{prefix}_leaves"].astype(np.float32),
            float(stored[f"{prefix}_bias"]),
        )
