"""Tell deposits from what else departs from skin: scales, vitiligo, nails, glare, mottling."""

from dataclasses import dataclass

import numpy as np

from cctrack.segment.photo.candidates import FEATURES, Candidate, box_of, find_candidates
from cctrack.segment.photo.context import context_of, describe, own_features
from cctrack.segment.photo.skin import SkinView
from cctrack.segment.trees import load_trees

MODEL_FILE = "photo.npz"
"""Trained by ``benchmarks/train_photo.py`` on simulated photos only."""

LEAST_GATE = -5.0
"""Log-odds, by what a blob shows on its own, below which it is not looked at further: two thirds
of all blobs. Of the 4510 that overlap a deposit, in photos that the gate had not learned from, it
loses 0.3 %. With -3, which spares a tenth of the time, fewer deposits of 3-10 mm² were found."""

LEAST_ODDS = 0.0
"""Log-odds above which a blob is taken for a deposit. On 171 training photos, judged by trees that
had not seen them, it keeps 93 % of the deposits of 25 mm² and more at 0.16 false blobs a photo;
-1 adds none and doubles those, 2 loses six in a hundred."""

SURE_ODDS = 3.0
"""Log-odds (95 %) above which a blob is kept even in a photo that is full of look-alikes."""

MOST_DEPOSITS = 30
"""More on one photo means that the classifier does not understand it: simulated patients have up
to 7, and swarms of scales or mottling are what comes in such numbers."""

MOST_COVERED = 0.35
"""Deposits cover no more of the skin in view; what seems to is no skin."""

MOST_OVERLAP = 0.2
"""Two blobs that share more of the smaller one are the same thing cut twice."""

MOST_OF_PART = 0.8
"""A pale blob with more of itself in an open sore is the chalk of that sore."""

CRUST_DARK, MOST_LIKELIER = -6.0, 4.0
"""Lightness of the darkest tenth, in SDs of skin, below which a sore holds crust or wound bed, and
log-odds by which its chalk alone may be likelier. Of 24 pairs in simulated photos the rule joins
four of eight sores, the others nearly all chalk, and none of 16 closed deposits with the
reddened skin around them."""

SORE_DARK = -3.0
"""Lightness, in SDs of skin, of the darkest tenth of an open sore; a closed deposit is pale all
over but for hair across it."""

SORE_LOG_AREA = 2.2
"""Smaller blobs (log10 of px at working size) are papules with a hair or a dark rim."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A candidate and what the trees think of it.

    Attributes
    ----------
    odds : float
        Log-odds of a deposit.
    candidate : Candidate
    sore : bool
        It would be an open sore.
    """

    odds: float
    candidate: Candidate
    sore: bool

    def holds(self, place: tuple[int, int]) -> bool:
        """Whether it covers a (row, column) of the working image."""
        rows, columns = self.candidate.mask.shape
        row, column = (at - first for at, first in zip(place, self.candidate.corner, strict=True))
        return 0 <= row < rows and 0 <= column < columns and bool(self.candidate.mask[row, column])


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The deposits of a photo, at working size.

    Attributes
    ----------
    deposits : tuple of Judged
        The likeliest first.
    judged : tuple of Judged
        All blobs, deposits or not.
    crowded : bool
        So much was taken for a deposit that only what is sure was kept.
    """

    deposits: tuple[Judged, ...]
    judged: tuple[Judged, ...]
    crowded: bool


def choose(view: SkinView) -> Chosen:
    """Pick the deposits of a photo.

    Every blob, at every level it was cut, is judged by the trees; where blobs overlap the likeliest
    stays, which also picks the level.

    Parameters
    ----------
    view : SkinView
    """
    judged = judge_all(view)
    likely = [item for item in judged if item.odds > LEAST_ODDS]
    kept = _apart(likely, view.skin.shape)
    covered = sum(int(item.candidate.mask.sum()) for item in kept)
    crowded = len(kept) > MOST_DEPOSITS or covered > MOST_COVERED * float(view.skin.sum())
    if crowded:
        kept = [item for item in kept if item.odds > SURE_ODDS][:MOST_DEPOSITS]
    return Chosen(tuple(kept), tuple(judged), crowded)


def odds_of(item: Judged) -> float:
    """Order blobs by how likely they are a deposit."""
    return item.odds


def judge_all(view: SkinView) -> list[Judged]:
    """Judge all candidates of both maps that pass the gate."""
    gate, trees = (load_trees(MODEL_FILE, name) for name in ("gate", "deposit"))
    maps = context_of(view)
    judged: list[Judged] = []
    for departure in (view.whiteness, view.restless):
        found = find_candidates(view, departure)
        first = gate.log_odds(own_features(found))
        likely = [item for item, odds in zip(found, first, strict=True) if odds > LEAST_GATE]
        if likely:
            odds = trees.log_odds(describe(maps, departure, likely, found))
            restless = departure is view.restless
            judged += [
                Judged(float(value), item, restless and _is_open(item))
                for value, item in zip(odds, likely, strict=True)
            ]
    return judged


def _apart(judged: list[Judged], shape: tuple[int, ...]) -> list[Judged]:
    """Of blobs that overlap, the likeliest; but what lies within an open sore is a part of it."""
    taken = np.zeros(shape, dtype=np.uint16)
    kept: dict[int, Judged] = {}
    for number, item in enumerate(sorted(judged, key=odds_of, reverse=True), start=1):
        mask = item.candidate.mask
        inside = taken[box_of(item.candidate, shape, 0)][mask]
        parts = [other for other in np.unique(inside[inside > 0]).tolist() if item.sore]
        parts = [
            other for other in parts if _is_part(item, kept[other], int((inside == other).sum()))
        ]
        if ((inside > 0) & ~np.isin(inside, parts)).sum() > MOST_OVERLAP * mask.sum():
            continue
        for other in parts:
            taken[taken == other] = 0
            del kept[other]
        taken[box_of(item.candidate, shape, 0)][mask] = number
        kept[number] = item
    return list(kept.values())


def _is_part(item: Judged, other: Judged, shared: int) -> bool:
    """Whether a likelier blob is only the chalk of a sore that it shares so many pixels with."""
    if other.sore or not item.sore or other.odds - item.odds > MOST_LIKELIER:
        return False
    if shared <= MOST_OF_PART * int(other.candidate.mask.sum()):
        return False
    return bool(item.candidate.features[FEATURES.index("dark")] < CRUST_DARK)


def _is_open(candidate: Candidate) -> bool:
    of = dict(zip(FEATURES, candidate.features, strict=True))
    return bool(of["dark"] < SORE_DARK and of["log_area"] > SORE_LOG_AREA)
