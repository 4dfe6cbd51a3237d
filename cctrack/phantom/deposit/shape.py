"""Four morphologies as implicit functions in coordinates without unit.

Each shape is centred near 0 and about 1 in radius. The first axis is the thin one of plates and
nets. A shape is fully given by its morphology and seed.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import minimum_spanning_tree

from cctrack.model import Morphology

ShapeArray = NDArray[np.float32]
_Field = Callable[[np.random.Generator, ShapeArray], ShapeArray]

HALF_BOX: dict[Morphology, tuple[float, float, float]] = {
    Morphology.STONE: (1.6, 1.6, 1.6),
    Morphology.PLATE: (0.65, 1.5, 1.5),
    Morphology.NET: (0.55, 1.45, 1.45),
    Morphology.AMORPHOUS: (1.9, 1.9, 1.9),
}
"""Half the edges of a box around 0 that holds every shape of a morphology."""

BORDER_WIDTH: dict[Morphology, float] = {
    Morphology.STONE: 0.04,
    Morphology.PLATE: 0.02,
    Morphology.NET: 0.02,
    Morphology.AMORPHOUS: 0.5,
}
"""Distance over which occupancy falls from 1 to 0: sharp but for amorphous deposits ("mousse")."""

NET_MESH = 0.42
"""Distance between knots of a net: four to five meshes across, as on the radiographs of nets."""


def unit_texture(seed: int, points: ShapeArray) -> ShapeArray:
    """Smooth unevenness of the density inside a unit shape: mean near 0, variance near 1."""
    return _waves(np.random.default_rng((seed, 2)), points, 2.0, 7.0)


def unit_occupancy(morphology: Morphology, seed: int, points: ShapeArray) -> ShapeArray:
    """Share of space that is calcified at points of a unit shape.

    Parameters
    ----------
    morphology : Morphology
    seed : int
        Chooses one shape of its kind.
    points : float32 array (n, 3)
        Without unit.

    Returns
    -------
    float32 array (n,)
        0–1.
    """
    rng = np.random.default_rng(seed)
    height = _FIELDS[morphology](rng, points)
    filled: ShapeArray = np.clip(0.5 - height / np.float32(BORDER_WIDTH[morphology]), 0.0, 1.0)
    return filled


def _stone(rng: np.random.Generator, points: ShapeArray) -> ShapeArray:
    lobes = _lobes(rng, points, count=int(rng.integers(1, 7)))
    # Lumps fade outside, or the noise would leave crumbs beside the stone.
    fade = 1.0 / (1.0 + np.square(np.maximum(lobes, 0.0) / np.float32(0.08)))
    lumps = _waves(rng, points, 4.0, 9.0) * np.float32(rng.uniform(0.04, 0.09))
    lumps += _waves(rng, points, 10.0, 18.0) * np.float32(0.015)
    return np.asarray(lobes + lumps * fade, dtype=np.float32)


def _amorphous(rng: np.random.Generator, points: ShapeArray) -> ShapeArray:
    lobes = _lobes(rng, points, count=int(rng.integers(3, 7)))
    lobes += _waves(rng, points, 3.0, 10.0) * np.float32(0.12)
    return lobes


def _plate(rng: np.random.Generator, points: ShapeArray) -> ShapeArray:
    """Bend a sheet of uneven thickness with a ragged edge and now and then a hole."""
    along, across = points[:, 1], points[:, 2]
    flat = np.column_stack([np.zeros_like(along), along, across])
    edge = np.hypot(along, across) - _wavy_radius(rng, np.arctan2(across, along))
    edge += 0.04 * _waves(rng, flat, 6.0, 14.0)
    bend = rng.uniform(-0.18, 0.18, size=2)
    middle = bend[0] * along**2 + bend[1] * across**2 + 0.03 * _waves(rng, flat, 2.0, 5.0)
    thickness = rng.uniform(0.12, 0.17) * (1.0 + 0.4 * _waves(rng, flat, 4.0, 9.0))
    thickness *= np.sqrt(np.clip(-edge / 0.15, 0.0, 1.0))
    # Where the sheet is thinner than its border is wide there is none: a hole or the outside.
    none = BORDER_WIDTH[Morphology.PLATE] - thickness
    sheet = np.maximum(np.abs(points[:, 0] - middle) - 0.5 * thickness, none)
    height: ShapeArray = sheet.astype(np.float32, copy=False)
    return height


def _net(rng: np.random.Generator, points: ShapeArray) -> ShapeArray:
    """Winding strands that hang together, with closed and torn meshes."""
    knots = _knots(rng)
    bent = points + 0.07 * np.column_stack(
        [_waves(rng, points, 4.0, 9.0, count=4) for _ in range(3)]
    )
    order = np.argsort(bent[:, 1])
    ordered = bent[order]
    height = np.full(len(points), 1.0, np.float32)
    for first, second in _strands(rng, knots):
        _lower_to_strand(height, ordered, knots[[first, second]], rng.uniform(0.035, 0.07, size=2))
    unordered = np.empty_like(height)
    unordered[order] = height
    return unordered


_FIELDS: dict[Morphology, _Field] = {
    Morphology.STONE: _stone,
    Morphology.PLATE: _plate,
    Morphology.NET: _net,
    Morphology.AMORPHOUS: _amorphous,
}


def _lobes(rng: np.random.Generator, points: ShapeArray, *, count: int) -> ShapeArray:
    """Smooth union of ellipsoids; about the distance to their surface, negative inside."""
    softness = np.float32(0.08)
    total = np.zeros(len(points), np.float32)
    largest = rng.uniform(0.6, 0.85)
    for lobe in range(count):
        radius = largest if lobe == 0 else rng.uniform(0.3, 0.55)
        axes = (radius * rng.uniform(0.8, 1.2, size=3)).astype(np.float32)
        # Centres inside the largest lobe: the deposit is one piece.
        centre = _direction(rng) * (0.0 if lobe == 0 else largest * rng.uniform(0.6, 0.9))
        inside = (points - centre.astype(np.float32)) / axes
        depth = (1.0 - np.sqrt(np.einsum("ij,ij->i", inside, inside))) * axes.min()
        total += np.exp(np.clip(depth / softness, -60.0, 60.0))
    height: ShapeArray = np.log(np.maximum(total, np.float32(1e-30))) * -softness
    return height


def _waves(
    rng: np.random.Generator, points: ShapeArray, lowest: float, highest: float, *, count: int = 7
) -> ShapeArray:
    """Smooth noise of about unit variance: a sum of plane waves (wave numbers per unit length)."""
    total = np.zeros(len(points), np.float32)
    for _ in range(count):
        vector = _direction(rng) * rng.uniform(lowest, highest)
        phase = np.float32(rng.uniform(0.0, 2.0 * np.pi))
        total += np.sin(points @ vector.astype(np.float32) + phase)
    total *= np.float32(np.sqrt(2.0 / count))
    return total


def _direction(rng: np.random.Generator) -> NDArray[np.float64]:
    vector = rng.normal(size=3)
    unit: NDArray[np.float64] = vector / np.linalg.norm(vector)
    return unit


def _wavy_radius(rng: np.random.Generator, angle: ShapeArray) -> ShapeArray:
    radius = np.ones_like(angle)
    for order in range(2, 7):
        size, phase = rng.uniform(0.0, 0.25) / order, rng.uniform(0.0, 2.0 * np.pi)
        radius += np.float32(size) * np.cos(order * angle + np.float32(phase))
    return radius


def _knots(rng: np.random.Generator) -> NDArray[np.float64]:
    """Jittered hexagonal lattice inside the unit disc, slightly out of its plane."""
    steps = np.arange(-4, 5)
    row, column = np.meshgrid(steps, steps, indexing="ij")
    flat = np.column_stack([row.ravel() * np.sqrt(0.75), (column + 0.5 * row).ravel()]) * NET_MESH
    flat = flat[np.hypot(*flat.T) < 1.0] + 0.0
    flat += rng.normal(scale=0.09, size=flat.shape)
    return np.column_stack([rng.normal(scale=0.09, size=len(flat)), flat])


def _strands(rng: np.random.Generator, knots: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Neighbouring knots that are joined: some meshes are torn, but the net stays in one piece."""
    apart = np.linalg.norm(knots[:, None] - knots[None, :], axis=-1)
    tree = np.transpose(minimum_spanning_tree(apart).nonzero())
    neighbours = np.argwhere(np.triu(apart < 1.45 * NET_MESH, k=1))
    kept = neighbours[rng.random(len(neighbours)) < 0.6]
    pairs = np.unique(np.sort(np.vstack([tree, kept]), axis=1), axis=0)
    return [(int(first), int(second)) for first, second in pairs]


def _lower_to_strand(
    height: ShapeArray,
    points: ShapeArray,
    ends: NDArray[np.float64],
    radii: NDArray[np.float64],
) -> None:
    """Put a strand that tapers between two radii into ``height``; points ascend in axis 1."""
    margin = radii.max() + BORDER_WIDTH[Morphology.NET]
    low, high = ends.min(axis=0) - margin, ends.max(axis=0) + margin
    start, stop = np.searchsorted(points[:, 1], np.array([low[1], high[1]], np.float32))
    across = points[start:stop, 2]
    near = start + np.flatnonzero((across > low[2]) & (across < high[2]))
    along = (ends[1] - ends[0]).astype(np.float32)
    offset = points[near] - ends[0].astype(np.float32)
    part = np.clip(offset @ along / (along @ along), 0.0, 1.0)
    apart = offset - part[:, None] * along
    distance = np.sqrt(np.einsum("ij,ij->i", apart, apart))
    radius = radii[0] + (radii[1] - radii[0]) * part
    height[near] = np.minimum(height[near], distance - radius)
