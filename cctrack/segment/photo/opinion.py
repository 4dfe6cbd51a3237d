"""Take a second opinion on an outline that does not look right, and say how far opinions differ.

Trees that saw outlines of simulated lesions judge the first outline by itself. One that they doubt
is laid beside all others that the place allows (`trials_at`); other trees judge each of those
beside the rest. The first gives way to a clearly better one, and what is left of the doubt widens
the interval: the outlines that may be right differ in area.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cctrack.model import FloatArray
from cctrack.segment.photo.judge import Judged
from cctrack.segment.photo.skin import Float32Array, SkinView
from cctrack.segment.photo.trial_look import beside_looks, own_looks
from cctrack.segment.photo.trials import Trial, deepest, distinct, trials_at
from cctrack.segment.trees import load_trees

MODEL_FILE = "photo_opinion.npz"
"""Trained by ``benchmarks/train_opinion.py`` on simulated photos only."""

SURE = 1.0
"""Log-odds above which the first outline stands without another look."""

CLEARLY = 1.0
"""Log-odds by which another outline must be likelier to take the first one's place."""

MOST_LOG_SD = 0.3
"""Most that doubt adds, a factor of 1.8 either way at 95 %: in a large plaque some trials are
single lobes, and one doubted border hid a total that had doubled. On 18 tuning photos it cost no
coverage."""

SAME = 0.985
"""Outlines that share so much (Dice) are one."""

LEAST_PX = 400
"""Smaller outlines at working size, 10 mm² in a usual close-up, stand: the trees learned from
lesions of 12 mm² and more, and made those of 3-10 mm² worse."""

SHARPNESS = 2.0
"""Power of the trees' probability that weighs an outline. With 1 unlikely outlines made the
intervals of sores twice as wide; with 3 they held fewer of the true areas."""


@dataclass(frozen=True, slots=True, eq=False)
class Opinion:
    """An outline at working size that stood against others.

    Attributes
    ----------
    trial : Trial
    log_sd : float
        SD of ln(area) over the outlines that may be right; 0 for one that was never in doubt.
    """

    trial: Trial
    log_sd: float


def settle(view: SkinView, judged: Sequence[Judged], first: Trial) -> Opinion:
    """Keep an outline that looks right, or choose among all that the place allows.

    Parameters
    ----------
    view : SkinView
    judged : sequence of Judged
        All blobs of the photo.
    first : Trial
    """
    if first.mask.sum() < LEAST_PX:
        return Opinion(first, 0.0)
    own = own_looks([first], view)
    if load_trees(MODEL_FILE, "right").log_odds(own)[0] > SURE:
        return Opinion(first, 0.0)
    trials = distinct((first, *trials_at(view, judged, deepest(first))), SAME)
    odds = _odds(view, trials)
    best = int(odds.argmax())
    return _opinion(trials, odds, best if odds[best] - odds[0] > CLEARLY else 0)


def likeliest(view: SkinView, trials: Sequence[Trial]) -> Opinion:
    """Choose the likeliest of some outlines of one place; there must be one at least."""
    odds = _odds(view, trials)
    return _opinion(trials, odds, int(odds.argmax()))


def _odds(view: SkinView, trials: Sequence[Trial]) -> Float32Array:
    looks = own_looks(trials, view) | beside_looks(trials)
    right, likely = (load_trees(MODEL_FILE, name).log_odds(looks) for name in ("right", "best"))
    return np.asarray((right + likely) / 2, np.float32)


def _opinion(trials: Sequence[Trial], odds: Float32Array, chosen: int) -> Opinion:
    areas = np.log([float(item.mask.sum()) for item in trials])
    return Opinion(trials[chosen], _spread(areas - areas[chosen], odds))


def _spread(apart: FloatArray, odds: Float32Array) -> float:
    """Root mean square of what the trials differ by, each as likely as the trees say."""
    weights = (1 / (1 + np.exp(-odds.astype(np.float64)))) ** SHARPNESS
    return min(MOST_LOG_SD, float(np.sqrt((weights * apart**2).sum() / weights.sum())))
