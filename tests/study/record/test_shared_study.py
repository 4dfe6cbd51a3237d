"""Readers who share a record in PostgreSQL share what was measured."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.study.run import RunOptions, run_study
from cctrack.study.status import study_status


@pytest.fixture
def study(tmp_path, postgres) -> Path:
    root = tmp_path / "first"
    root.mkdir()
    grey = np.random.default_rng(1).integers(90, 110, (90, 120, 1))
    Image.fromarray((grey + np.array([90, 50, 30])).astype(np.uint8)).save(root / "arm.png")
    table = "patient,site,acquired,modality,path\nP1,arm,2020-03-01,photo,arm.png\n"
    (root / "visits.csv").write_text(table, encoding="utf-8")
    (root / "study.toml").write_text(f'record = "{postgres.new_database()}"\n', encoding="utf-8")
    return root


def test_what_one_reader_measured_another_takes_from_the_shared_record(study, tmp_path):
    result = run_study(study, study / "results", RunOptions())
    assert (result.measured, result.compared) == (1, 1)
    assert not (study / "record" / "cctrack.db").exists()
    other = tmp_path / "second"
    other.mkdir()
    for name in ("study.toml", "visits.csv", "arm.png"):
        shutil.copy(study / name, other / name)
    (other / "record").mkdir()
    shutil.copy(study / "record" / "key", other / "record" / "key")
    result = run_study(other, other / "results", RunOptions())
    assert (result.measured, result.compared, result.taken) == (0, 0, 1)
    table = "measurements.csv"
    assert (other / "results" / table).read_bytes() == (study / "results" / table).read_bytes()
    assert study_status(other, other / "results").record.ok
