"""The sample cohort gives the published split of outcomes from its images alone."""

from collections import Counter
from datetime import date
from pathlib import Path
from statistics import median

import pytest

from cctrack.cli.main import main
from cctrack.model import Modality, Outcome
from cctrack.study.demo import LEAST_COVERED, run_demo
from cctrack.study.folder import open_study, subjective_answer
from cctrack.study.sample import COHORT

SAMPLE = Path(__file__).parents[2] / "sample_images"
MOST_BYTES = 25_000_000


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo"), jobs=2, progress=lambda _done, _all: None)


@pytest.mark.slow
def test_photos_and_radiology_split_as_published(demo):
    photos, radiology = demo.counts(radiology=False), demo.counts(radiology=True)
    split = Outcome.REGRESSION, Outcome.STABLE, Outcome.PROGRESSION
    assert photos == Counter(dict(zip(split, (2, 1, 3), strict=True)))
    assert radiology == Counter(dict(zip(split, (3, 1, 1), strict=True)))


@pytest.mark.slow
def test_the_true_totals_lie_in_their_intervals(demo):
    assert demo.wrong == ()
    assert len(demo.checks) == 22
    assert demo.covered >= LEAST_COVERED * len(demo.checks)


@pytest.mark.slow
def test_results_name_no_file_of_the_patient(demo):
    folder = demo.study.report.parent
    for table in ("measurements.csv", "changes.csv", "patients.csv", "report.html"):
        text = (folder / table).read_text(encoding="utf-8")
        assert "photo-2014" not in text
    assert (folder / "sources.csv").stat().st_mode & 0o077 == 0


def test_the_cohort_is_shaped_like_the_published_one():
    months = {
        radiology: [
            series.months
            for patient in COHORT
            for series in patient.series
            if (series.modality is not Modality.PHOTO) is radiology
        ]
        for radiology in (False, True)
    }
    assert (median(months[False]), min(months[False]), max(months[False])) == (41.5, 9, 66)
    assert (median(months[True]), min(months[True]), max(months[True])) == (19, 11, 37)
    answers = Counter(patient.answer for patient in COHORT)
    assert answers == {"better": 5, "same": 1, "": 1}


def test_the_sample_folder_is_small_and_complete():
    study = open_study(SAMPLE)
    assert study.patients == ("P1", "P2", "P3", "P4", "P5", "P6", "P7")
    assert all((SAMPLE / visit.path).exists() for visit in study.visits)
    assert subjective_answer(study, "P5") == "same"
    assert min(visit.acquired for visit in study.visits) == date(2014, 3, 3)
    assert sum(item.stat().st_size for item in SAMPLE.rglob("*")) < MOST_BYTES


@pytest.mark.slow
def test_two_visits_compared_alone_give_the_verdict_of_the_study(tmp_path):
    first, last = sorted((SAMPLE / "P2").glob("ct-*.zip"))
    assert main(["compare", str(first), str(last), "--out", str(tmp_path), "--quiet"]) == 0
    changes = (tmp_path / "changes.csv").read_text(encoding="utf-8").splitlines()
    assert ",regression,definite," in changes[1]
    assert (tmp_path / "alignment.json").exists()
