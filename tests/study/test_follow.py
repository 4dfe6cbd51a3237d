"""A site followed over several visits: each against the first and against the one before."""

import csv
import shutil
from pathlib import Path

import pytest

from cctrack.cli.main import main

PHOTOS = Path(__file__).parents[2] / "sample_images" / "P3"
VISITS = """patient,site,acquired,modality,path
A,thigh,2014-03-03,photo,first.jpg
A,thigh,2014-12-02,photo,second.jpg
A,thigh,2016-12-02,photo,lost.jpg
"""


@pytest.fixture(scope="module")
def changes(tmp_path_factory) -> list[dict[str, str]]:
    root = tmp_path_factory.mktemp("study")
    first, second = sorted(PHOTOS.glob("*.jpg"))
    shutil.copy(first, root / "first.jpg")
    shutil.copy(second, root / "second.jpg")
    (root / "visits.csv").write_text(VISITS, encoding="utf-8")
    assert main(["study", "run", str(root), "--quiet", "--jobs", "1"]) == 1
    with (root / "results" / "changes.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_decrease_is_written_as_a_number(changes):
    # The truth is -1.6 %.
    assert -8 < float(changes[0]["change_percent"]) < 0
    assert float(changes[0]["lower95"]) < float(changes[0]["change_percent"])


def test_each_visit_is_compared_with_the_first_and_with_the_one_before(changes):
    totals = [row for row in changes if row["lesion"] == "total"]
    assert [(row["reference"], row["outcome"]) for row in totals] == [
        ("baseline", "stable"),
        ("baseline", "not_evaluable"),
        ("prior", "not_evaluable"),
    ]
    assert "could not be measured" in totals[1]["reason"]
