"""A study is made from an export on the command line, and says what is left to do."""

import json

import numpy as np
import pytest
from PIL import Image

from cctrack.cli.main import main


@pytest.fixture
def export(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    pixels = np.full((32, 32, 3), (180, 140, 120), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "2018-04-05 left hand.png")
    return folder


def test_what_is_left_to_fill_in_is_said_and_makes_the_exit_status_1(tmp_path, export, capsys):
    assert main(["study", "new", str(tmp_path / "s"), "--from", str(export), "--jobs", "1"]) == 1
    told = capsys.readouterr()
    assert "fill in patient" in told.out
    assert "visits.csv: 1 line to complete" in told.err


def test_lines_are_told_as_json_for_other_programs(tmp_path, export, capsys):
    assert main(["study", "new", str(tmp_path / "s"), "--quiet"]) == 0
    assert main(["study", "add", str(tmp_path / "s"), str(export), "--json", "--jobs", "1"]) == 1
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["site"], line["laterality"], line["acquired"]) == ("hand", "left", "2018-04-05")
    assert line["source"] == "2018-04-05 left hand.png"


def test_criteria_that_nobody_knows_make_no_study(tmp_path, capsys):
    assert main(["study", "new", str(tmp_path / "s"), "--criteria", "mine"]) == 1
    assert not (tmp_path / "s").exists()
    assert "mine" in capsys.readouterr().err
