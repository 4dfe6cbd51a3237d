"""What a film of a hand says beyond areas, and what a reader may say about its fingers."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from cctrack.cli.main import main
from cctrack.errors import UnreadableImage
from cctrack.model import Outline, Radiograph
from cctrack.study.hand import film_findings

FILM = Path(__file__).parents[2] / "sample_images" / "P1" / "xray-2014-03-03.dcm"


def measure(out, *options):
    """Rows of measurements.csv and of refused.csv."""
    main(["measure", str(FILM), "--out", str(out), "--jobs", "1", "--quiet", *map(str, options)])
    return tuple(
        list(csv.DictReader((out / name).open(encoding="utf-8"))) if (out / name).exists() else []
        for name in ("measurements.csv", "refused.csv")
    )


def values(rows, quantity):
    return {row["lesion"]: float(row["value"]) for row in rows if row["quantity"] == quantity}


@pytest.fixture(scope="module")
def automatic(tmp_path_factory):
    rows, refused = measure(tmp_path_factory.mktemp("automatic"))
    assert not refused
    return rows


def test_every_deposit_has_a_grade_and_the_hand_a_score(automatic):
    grades = values(automatic, "density")
    lesions = values(automatic, "area").keys() - {"total"}
    assert grades.keys() == lesions
    assert set(grades.values()) <= {1.0, 2.0, 3.0}
    (score,) = values(automatic, "hand_score").items()
    assert score[0] == "total"
    assert score[1] > 0


def said(tmp_path, entry):
    path = tmp_path / "hand.json"
    path.write_text(json.dumps({"format": 1, **entry}), encoding="utf-8")
    return path


def test_a_reader_says_that_it_is_no_hand(automatic, tmp_path):
    rows, _ = measure(tmp_path / "out", "--hand", said(tmp_path, {"none": True}))
    assert not values(rows, "hand_score")
    assert values(rows, "area") == values(automatic, "area")


def test_a_reader_draws_the_fingers_and_it_is_kept(tmp_path):
    import pydicom

    rows_px, columns_px = pydicom.dcmread(FILM, stop_before_pixels=True)[0x00280010:0x00280012]
    middle = rows_px.value / 2, columns_px.value / 2
    line = {"fingers": {"middle": [middle, [0, middle[1]]]}}
    rows, refused = measure(tmp_path / "out", "--hand", said(tmp_path, line), "--masks")
    assert not refused
    assert values(rows, "hand_score")["total"] > 0
    (kept,) = (tmp_path / "out" / "reader").glob("*.hand.json")
    (stored,) = json.loads(kept.read_text("utf-8"))["images"].values()
    assert np.allclose(stored["fingers"]["middle"], line["fingers"]["middle"])


def test_weights_change_the_score_alone(automatic, tmp_path):
    weights = tmp_path / "weights.toml"
    sites = ("thumb", "index", "middle", "ring", "little", "palm")
    weights.write_text("[weights]\n" + "\n".join(f"{site} = 2" for site in sites), "utf-8")
    rows, _ = measure(tmp_path / "out", "--hand-weights", weights)
    twice = 2 * values(automatic, "hand_score")["total"]
    assert values(rows, "hand_score")["total"] == pytest.approx(twice, rel=1e-5)
    assert values(rows, "area") == values(automatic, "area")


@pytest.mark.parametrize(
    "entry",
    [
        {"fingers": {"toe": [[1, 1], [2, 2]]}},
        {"fingers": {"thumb": [[1, 1]]}},
        {"fingers": {"thumb": [[1, 1], [1, 1]]}},
        {"fingers": {"thumb": [[1, 1], [2, 99999]]}},
        {"fingers": {}},
        {"fingers": 3},
        {"none": False},
    ],
)
def test_lines_that_are_none_are_refused_and_it_is_said_why(entry):
    nothing = np.zeros((40, 30), np.uint16)
    everywhere = nothing == 0
    outline = Outline(nothing, soft_tissue=everywhere, bone=~everywhere)
    film = Radiograph(nothing.astype(np.float32), (0.0, 1.0))
    with pytest.raises(UnreadableImage, match=r"^hand: "):
        film_findings(film, outline, entry, None)
