"""What a blob looks like: its rim, its relief, its neighbours and the body it lies on.

Depigmentation and scales come in swarms, nails sit at the end of a finger, glare has no colour of
its own, and only a deposit lies softly bounded and alone. Lengths are in px at working size, at
which a usual close-up has about 0.2 mm a px; no feature needs the scale.
"""

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.segment.photo.blob_look import LOOK, ContextMaps, look_at, mean_in
from cctrack.segment.photo.candidates import FEATURES, Candidate, box_of, sharpest
from cctrack.segment.photo.skin import BoolArray, Float32Array, SkinView

NEAR_PX, FAR_PX = 60, 160
"""A deposit's next of kin, and the whole of a swarm of scales or of a vitiligo patch."""

ALIKE_AREA, ALIKE_CONTRAST = 3.0, 1.6
"""Neighbours are alike within these factors; one photo's deposits differ more than its scales."""

LIMB_PX = 50
"""How far the middle of the finger or limb that carries a blob is looked for."""

FURTHEST_PX = 400.0
"""Distances beyond are all the same: the body or the object's edge is far."""

MARGIN_PX = 14
"""Skin looked at around a blob."""

SHELLS_PX = ((-99, -4), (-4, -2), (-2, 0), (0, 2), (2, 4), (4, 8), (8, 13))
"""Signed distances from the border (negative inside) whose mean departures make the profile."""

RED_PX = ((1, 5), (5, 13))
"""Distances of the inflamed ring that many deposits have, and of the skin beyond it."""

DOT_PX = (5, 11)
"""Dark dots up to this width are follicles that kept their pigment."""

CONTEXT = (
    *LOOK,
    "alone",
    "near_count",
    "far_count",
    "near_alike",
    "far_alike",
    "far_larger",
    "far_area",
    "photo_count",
    "rank_contrast",
    "rank_area",
    "rank_edge",
    "restless",
    *(f"shell_{index}" for index in range(len(SHELLS_PX))),
    "red_ring",
    "red_far",
)
"""Names of what `describe` adds to a candidate's own `FEATURES`."""

Planes = dict[str, Float32Array]


def own_features(found: list[Candidate]) -> Planes:
    """`FEATURES` of each candidate: what it shows without a look at what lies around it."""
    table = np.array([item.features for item in found], np.float32).reshape(-1, len(FEATURES))
    return dict(zip(FEATURES, table.T, strict=True))


def describe(
    maps: ContextMaps, departure: Float32Array, chosen: list[Candidate], found: list[Candidate]
) -> Planes:
    """All features of candidates that were cut out of one map.

    Parameters
    ----------
    maps : ContextMaps
        Of the photo.
    departure : float32 array (rows, columns)
        The map.
    chosen : list of Candidate
        Those to describe.
    found : list of Candidate
        All of the map: the crowd that ``chosen`` lie in.

    Returns
    -------
    mapping of str to float32 array (candidates,)
    """
    restless = float(departure is maps.view.restless)
    around = _neighbours(chosen, sharpest(found, departure.shape))
    rows = [
        [*look_at(item, maps), *beside, restless, *_profile(item, departure, maps.view)]
        for item, beside in zip(chosen, around, strict=True)
    ]
    table = np.array(rows, np.float32).reshape(-1, len(CONTEXT))
    return own_features(chosen) | dict(zip(CONTEXT, table.T, strict=True))


def _neighbours(found: list[Candidate], distinct: list[Candidate]) -> NDArray[np.float64]:
    """Crowd around each candidate and its rank in the photo: array (candidates, 11)."""
    if not found:
        return np.zeros((0, 11))
    own, others = _summary(found), _summary(distinct)
    apart = np.hypot(*(own[:, None, axis] - others[None, :, axis] for axis in (0, 1)))
    radius = np.sqrt(10.0 ** np.maximum(own[:, None, 2], others[None, :, 2]) / np.pi)
    # A blob is no neighbour of itself, cut at whatever level.
    apart = np.where(apart > radius, apart, np.inf)
    near, far = apart < NEAR_PX, apart < FAR_PX
    larger = others[None, :, 2] - own[:, None, 2]
    stronger = np.log(others[None, :, 3] / own[:, None, 3])
    alike = np.abs(larger) < np.log10(ALIKE_AREA)
    alike &= np.abs(stronger) < np.log(ALIKE_CONTRAST)
    firmer = others[None, :, 4] - own[:, None, 4]
    return np.column_stack(
        [
            np.minimum(apart.min(axis=1, initial=999), 999),
            near.sum(axis=1),
            far.sum(axis=1),
            (near & alike).sum(axis=1),
            (far & alike).sum(axis=1),
            (far & (larger > 0)).sum(axis=1),
            np.log10(1 + (far * 10.0 ** others[None, :, 2]).sum(axis=1)),
            np.full(len(own), len(others)),
            *((rank > 0).mean(axis=1) for rank in (stronger, larger, firmer)),
        ]
    )


def _summary(found: list[Candidate]) -> NDArray[np.float64]:
    """Row and column of the middle, log10 area, contrast and edge of each: array (n, 5)."""
    places = [np.argwhere(item.mask).mean(axis=0) + item.corner for item in found]
    wanted = [FEATURES.index(name) for name in ("log_area", "contrast", "edge")]
    looks = [np.maximum(item.features[wanted], 0.05) for item in found]
    return np.column_stack([np.array(places), np.array(looks)])


def context_of(view: SkinView) -> ContextMaps:
    """Prepare the maps that candidates are described from."""
    field = cv2.copyMakeBorder(view.field.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    away = np.asarray(cv2.distanceTransform(field, cv2.DIST_L2, 5), np.float32)[1:-1, 1:-1]
    depth = np.minimum(away, np.float32(FURTHEST_PX))
    small = cv2.resize(depth, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    size = LIMB_PX // 2 + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    middle = cv2.resize(np.asarray(cv2.dilate(small, disc)), depth.shape[::-1])
    light, red = (np.ascontiguousarray(view.flat[..., channel]) for channel in (0, 1))
    dots = [_dots(light, width) for width in DOT_PX] + [_dots(-red, DOT_PX[0])]
    hidden = (view.field & ~view.skin).astype(np.uint8)
    aside = np.asarray(cv2.distanceTransform(1 - hidden, cv2.DIST_L2, 5), np.float32)
    skin_lab = np.median(view.lab[view.skin][::7], axis=0).astype(np.float64)
    hidden_away = np.minimum(aside, FURTHEST_PX)
    return ContextMaps(view, depth, np.asarray(middle), tuple(dots), skin_lab, hidden_away)


def _dots(plane: Float32Array, width: int) -> Float32Array:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(cv2.morphologyEx(plane, cv2.MORPH_BLACKHAT, disc), np.float32)


def _profile(item: Candidate, whole: Float32Array, view: SkinView) -> list[float]:
    """Departure in shells from the middle outwards, as a share of the mean inside."""
    box = box_of(item, view.skin.shape, MARGIN_PX)
    mask = _within(item, box)
    skin = view.skin[box]
    distance = _signed_distance(mask)[skin]
    departure, red = whole[box][skin], view.flat[box][skin, 1]
    scale = max(float(mean_in(whole[box], mask)[0]), 1.0)
    edges = [low for low, _ in SHELLS_PX] + [SHELLS_PX[-1][1]]
    shell = np.searchsorted(edges, distance, side="right")
    count = np.bincount(shell, minlength=len(edges) + 1)[1:-1]
    total = np.bincount(shell, departure, len(edges) + 1)[1:-1]
    means = total[count > 0] / count[count > 0] / scale
    shells = np.full(len(count), float(means.mean()))
    shells[count > 0] = means
    redness = []
    for low, high in RED_PX:
        there = red[(distance >= low) & (distance < high)]
        redness.append(float(there.mean()) if len(there) else 0.0)
    return [*shells.tolist(), *redness]


def _within(item: Candidate, box: tuple[slice, slice]) -> BoolArray:
    mask = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), bool)
    top, left = item.corner[0] - box[0].start, item.corner[1] - box[1].start
    mask[top : top + item.mask.shape[0], left : left + item.mask.shape[1]] = item.mask
    return mask


def _signed_distance(mask: BoolArray) -> Float32Array:
    """Distance from the border, negative inside."""
    within = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    without = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    outward = np.maximum(np.asarray(without) - 0.5, 0)
    return np.asarray(np.where(mask, 0.5 - np.asarray(within), outward), np.float32)
