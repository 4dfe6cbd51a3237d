import numpy as np
import pytest

from cctrack.segment.radiograph.classify import MODEL_FILE
from cctrack.segment.trees import CHUNK, Trees, load_trees


def walk(trees: Trees, sample: dict[str, float]) -> float:
    """Follow one sample through every tree by hand."""
    total = trees.bias
    for features, thresholds, leaves in zip(
        trees.features, trees.thresholds, trees.leaves, strict=True
    ):
        answers = [
            sample[trees.names[feature]] > threshold
            for feature, threshold in zip(features, thresholds, strict=True)
        ]
        total += leaves[sum(answer << level for level, answer in enumerate(answers))]
    return total


def random_trees(rng: np.random.Generator) -> Trees:
    return Trees(
        ("brightness", "distance"),
        rng.integers(0, 2, (5, 3)).astype(np.int16),
        rng.normal(size=(5, 3)).astype(np.float32),
        rng.normal(size=(5, 8)).astype(np.float32),
        -0.5,
    )


def test_whole_planes_give_what_each_sample_gives_alone():
    rng = np.random.default_rng(0)
    trees = random_trees(rng)
    planes = {name: rng.normal(size=CHUNK + 7).astype(np.float32) for name in trees.names}
    odds = trees.log_odds(planes)
    for place in (0, 1, CHUNK - 1, CHUNK, CHUNK + 6):
        alone = walk(trees, {name: float(plane[place]) for name, plane in planes.items()})
        assert odds[place] == pytest.approx(alone, abs=1e-5)


def test_a_missing_feature_is_an_error_not_a_guess():
    trees = random_trees(np.random.default_rng(1))
    with pytest.raises(KeyError, match="distance"):
        trees.log_odds({"brightness": np.zeros(3, np.float32)})


@pytest.mark.parametrize("prefix", ["bone", "first", "region", "over"])
def test_the_shipped_model_is_small_plain_numbers(prefix):
    trees = load_trees(MODEL_FILE, prefix)
    assert trees.leaves.shape[1] == 2 ** trees.features.shape[1]
    assert trees.features.max() < len(trees.names)
    assert np.isfinite(trees.leaves).all()
    assert np.isfinite(trees.thresholds).all()
