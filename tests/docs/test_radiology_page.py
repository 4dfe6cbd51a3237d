"""The strokes on a film that the guide shows mend what it says."""

import csv
import re
from pathlib import Path

import pytest

from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.options import MeasureOptions
from cctrack.study.reader import ReaderFiles, read_reader_file

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "radiology.md").read_text(encoding="utf-8")
FILM = "P1/xray-2014-03-03.dcm"


def test_the_strokes_of_the_guide_bring_the_total_to_the_truth(tmp_path):
    (said,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "strokes.json").write_text(said, encoding="utf-8")
    reader = ReaderFiles(strokes=read_reader_file(tmp_path / "strokes.json", "strokes"))
    film = ROOT / "sample_images" / FILM
    options = BatchOptions(MeasureOptions(reader=reader), jobs=1)
    result = measure_paths([film], tmp_path / "out", options, lambda *_: None)
    areas = {row["lesion"]: row for row in result.rows if row["quantity"] == "area"}
    assert areas.keys() == {"total", "L1", "L2", "L3", "L4", "L5"}
    with (ROOT / "sample_images" / "truth.csv").open(encoding="utf-8") as stream:
        true = {row["path"]: float(row["value"]) for row in csv.DictReader(stream)}[FILM]
    assert float(areas["total"]["value"]) == pytest.approx(true, rel=0.1)
