"""A reading session is planned, read elsewhere and taken back on the command line."""

import json

import numpy as np
import pytest
from PIL import Image

from cctrack.cli.main import main


@pytest.fixture
def study(tmp_path):
    rows = ["patient,site,acquired,modality,path"]
    for number, day in enumerate(("2014-03-03", "2016-03-03")):
        pixels = np.full((12, 12, 3), 100 + number, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        rows.append(f"P1,hand,{day},photo,{number}.png")
    (tmp_path / "visits.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_a_session_is_read_elsewhere_and_taken_back(study, tmp_path, capsys):
    start = ["study", "read", str(study), "--reader", "R1", "--blinded", "--seed", "3", "--json"]
    assert main([*start, "--repeats", "0"]) == 0
    shown = json.loads(capsys.readouterr().out)
    written = (study / "readings" / f"{shown['session']}.json").read_text(encoding="utf-8")
    assert json.loads(written) == shown
    assert "P1" not in written
    assert "2014" not in written
    results = tmp_path / "results.csv"
    results.write_text("item,value,unit\n1,12.5,mm2\n", encoding="utf-8")
    take = ["study", "read", str(study), "--session", shown["session"], "--results", str(results)]
    assert main(take) == 0
    assert "1 of 2 items to read" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [[], ["--reader", "R1", "--session", "x"], ["--reader", "R1", "--results", "x"]]
)
def test_what_is_neither_start_nor_result_is_wrong_usage(study, options):
    with pytest.raises(SystemExit) as ended:
        main(["study", "read", str(study), *options])
    assert ended.value.code == 2
