"""Results are written whole or not at all, and a spreadsheet runs nothing of them."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from cctrack.io import tables, write_json, write_png, write_table, write_text
from cctrack.io.tables import write_pieces
from cctrack.model import Unit
from cctrack.model.notice import RESEARCH_ONLY

PAYLOADS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "-2.5"]


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_never_becomes_a_formula(tmp_path, payload):
    write_table(tmp_path / "a.csv", ["source"], [{"source": payload}])
    assert rows_of(tmp_path / "a.csv")[0]["source"] == "'" + payload.replace("\r", "\n")


def test_numbers_stay_numbers(tmp_path):
    row = {"a": -2.5, "b": np.float64(-0.1), "c": np.int64(-3), "d": None, "e": 0.1 + 0.2}
    write_table(tmp_path / "a.csv", list(row), [row])
    assert rows_of(tmp_path / "a.csv")[0] == {
        "a": "-2.5",
        "b": "-0.1",
        "c": "-3",
        "d": "",
        "e": "0.30000000000000004",
    }


def test_commas_quotes_line_breaks_and_umlauts_come_back(tmp_path):
    text = 'Unterschenkel, "links"\nKältegefühl'
    write_table(tmp_path / "a.csv", ["site", "unit"], [{"site": text, "unit": Unit.HU}])
    assert rows_of(tmp_path / "a.csv") == [{"site": text, "unit": "[hnsf'U]"}]


def test_a_table_without_rows_has_its_header(tmp_path):
    write_table(tmp_path / "deep" / "a.csv", ["x", "y"], [])
    assert (tmp_path / "deep" / "a.csv").read_text() == "x,y\n"


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    write_text(path, "old")

    def full(_handle):
        raise OSError("no space left")

    monkeypatch.setattr(tables.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert [left.name for left in tmp_path.iterdir()] == ["a.txt"]


def test_json_says_only_what_it_can(tmp_path):
    write_json(tmp_path / "a.json", {"größe": [1, 2.5, None]})
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8")) == {
        "größe": [1, 2.5, None]
    }
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "b.json", {"value": float("nan")})
    assert not (tmp_path / "b.json").exists()


def test_a_picture_says_nothing_but_that_it_is_for_research(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (5, 6, 3), dtype=np.uint8)
    write_png(tmp_path / "a.png", pixels)
    with Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(np.array(picture), pixels)
        assert picture.info == {"Disclaimer": RESEARCH_ONLY}
    with pytest.raises(ValueError, match="RGB"):
        write_png(tmp_path / "b.png", pixels[..., 0])


def test_written_files_are_readable_by_the_group_as_usual(tmp_path):
    write_text(tmp_path / "a.txt", "x")
    (tmp_path / "b.txt").write_text("x")
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "b.txt").stat().st_mode


def test_a_text_that_breaks_off_leaves_the_old_file(tmp_path):
    path = tmp_path / "long.html"
    write_pieces(path, ("one ", "two ", "\ud800"))
    assert path.read_text() == "one two \\ud800"

    def broken():
        yield "three"
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_pieces(path, broken())
    assert path.read_text().startswith("one two")
    assert [item.name for item in tmp_path.iterdir()] == ["long.html"]
