"""Learn from a few strokes what the lesion looks like: a kernel classifier of single pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2

Float32Array = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

SCALES_PX = (0.8, 2.5)
"""SDs at working size of the two looks at a pixel: itself, and what it lies among."""

TEXTURE_PX = 2.5
"""SD at working size over which unevenness of light is taken."""

PLACE = 0.6
"""Weight of the place, in SDs across the crop: near is a little more alike than far."""

LIGHT = 0.7
"""Weight of lightness against colour: shading changes lightness first."""

MOST_EXAMPLES = 500
"""Pixels of each class that are learned from, taken evenly; more change nothing but the time."""

MOST_CENTRES = 110
"""Pixels of each class at which the kernels sit."""

WIDTH = 0.7
"""Width of a kernel, as a share of the typical distance between examples."""

RIDGE = 0.02
"""Penalty on the weights, as a share of the number of examples."""

STEEPNESS = 3.0
"""Slope from the classifier's output (-1 to 1 on its examples) to log-odds."""


def features_of(lab: Float32Array) -> Float32Array:
    """Colour at two scales, texture and place of each pixel: float32 array (rows, columns, 9)."""
    weights = np.array([LIGHT, 1.0, 1.0], np.float32)
    looks = [np.asarray(cv2.GaussianBlur(lab, (0, 0), sd), np.float32) for sd in SCALES_PX]
    light = np.ascontiguousarray(lab[..., 0])
    mean = np.asarray(cv2.GaussianBlur(light, (0, 0), TEXTURE_PX))
    square = np.asarray(cv2.GaussianBlur((light - mean) ** 2, (0, 0), TEXTURE_PX))
    texture = np.log1p(np.sqrt(square))
    colours = [look / np.maximum(look.std(axis=(0, 1)), 1.5) * weights for look in looks]
    rows, columns = np.indices(light.shape, dtype=np.float32)
    half = max(light.shape) / 2
    places = [PLACE * (axis - axis.mean()) / half for axis in (rows, columns)]
    planes = [*colours, (texture / max(float(texture.std()), 0.1))[..., None]]
    return np.concatenate([*planes, np.stack(places, axis=-1)], axis=-1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class PixelClassifier:
    """Regularised least squares on Gaussian kernels (Rifkin 2003).

    Attributes
    ----------
    centres : float32 array (n, features)
    weights : float32 array (n,)
    width : float
    """

    centres: Float32Array
    weights: Float32Array
    width: float

    def log_odds(self, features: Float32Array) -> Float32Array:
        """Log-odds of lesion, array (rows, columns), of features (rows, columns, n)."""
        flat = features.reshape(-1, features.shape[-1])
        odds = STEEPNESS * (_kernel(flat, self.centres, self.width) @ self.weights)
        return np.asarray(odds, np.float32).reshape(features.shape[:2])


def train(features: Float32Array, lesion: BoolArray, beside: BoolArray) -> PixelClassifier:
    """Learn from the pixels of two masks, both not empty; each class counts the same."""
    examples = [_evenly(features[mask], MOST_EXAMPLES) for mask in (lesion, beside)]
    centres = np.concatenate([_evenly(part, MOST_CENTRES) for part in examples])
    joined = np.concatenate(examples)
    target = np.repeat([1.0, -1.0], [len(part) for part in examples])
    share = np.repeat([1 / len(part) for part in examples], [len(part) for part in examples])
    width = WIDTH * float(np.sqrt(np.median(_squares(joined[::3], centres[::2])) + 1e-6))
    kernel = _kernel(joined, centres, width).astype(np.float64)
    normal = (kernel.T * share) @ kernel
    penalty = RIDGE * _kernel(centres, centres, width) + 1e-6 * np.eye(len(centres))
    weights = np.linalg.solve(normal + penalty, (kernel.T * share) @ target)
    return PixelClassifier(centres, weights.astype(np.float32), width)


def _evenly(values: Float32Array, most: int) -> Float32Array:
    """At most so many rows of an array, evenly spread."""
    if len(values) <= most:
        return values
    taken: Float32Array = values[np.linspace(0, len(values) - 1, most).round().astype(int)]
    return taken


def _squares(one: Float32Array, other: Float32Array) -> Float32Array:
    squares = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * one @ other.T
    return np.asarray(np.maximum(squares, 0), np.float32)


def _kernel(one: Float32Array, other: Float32Array, width: float) -> Float32Array:
    squares = _squares(one, other)
    squares *= np.float32(-0.5 / width**2)
    return np.asarray(np.exp(squares, out=squares), np.float32)
