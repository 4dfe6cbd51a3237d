"""What the page on Python shows is run as it stands there."""

import re
import shutil
from pathlib import Path

import pytest

from cctrack.model import Outcome

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "api.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def run(example):
    """Run one example and return what it leaves behind."""
    names = {}
    exec(compile(example, str(PAGE), "exec"), names)
    return names


def test_one_image_is_measured(capsys):
    names = run(EXAMPLES[0])
    assert names["measured"].image.scale is not None
    assert "mm2" in capsys.readouterr().out


def test_every_image_of_a_patient_is_read(capsys):
    run(EXAMPLES[1])
    read = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in read) == ["ct", "ct", "photo", "photo"]


def test_two_visits_are_compared():
    assert run(EXAMPLES[2])["pair"].total.outcome is not Outcome.NOT_EVALUABLE


def test_a_cohort_is_run(tmp_path, monkeypatch):
    study = tmp_path / "my-study"
    study.mkdir()
    photo = ROOT / "sample_images" / "P1" / "photo-2014-03-03.jpg"
    shutil.copy(photo, study)
    visit = f"P1,hand,2014-03-03,photo,{photo.name}"
    (study / "visits.csv").write_text(f"patient,site,acquired,modality,path\n{visit}\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    run(EXAMPLES[3])
    assert "P1" in (study / "results" / "measurements.csv").read_text("utf-8")
