"""The whole of ``cctrack validate`` on one image of each modality."""

import csv
import math
from datetime import date

from cctrack.model import Event, Modality, Outcome, Quality
from cctrack.study.validate import Plan, validate
from cctrack.study.validate.pairs import PairTask, judge_pair_of
from cctrack.study.validate.scenario import Scenario


def test_a_small_validation_writes_what_it_found_and_a_page_that_fetches_nothing(tmp_path):
    plan = Plan(1, {})
    result = validate(tmp_path, plan, jobs=0, progress=lambda *_: None, today=date(2026, 1, 2))
    assert not result.lost
    for name in ("deposits", "images", "figures"):
        with (tmp_path / f"{name}.csv").open(encoding="utf-8") as stream:
            assert {row["modality"] for row in csv.DictReader(stream)} == {"photo", "xray", "ct"}
    page = result.report.read_text("utf-8")
    assert "Research use only" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "://" not in page


def test_a_pair_is_judged_from_its_images_to_its_verdict():
    case = judge_pair_of(PairTask(Modality.PHOTO, 703, Scenario.MINUS_50))
    assert case.quality is Quality.GOOD
    assert case.off_mm < 0.5
    assert case.true_outcome is Outcome.REGRESSION
    assert abs(math.log(case.ratio / case.true_ratio)) < 0.5
    assert {count.event for count in case.events} >= {Event.PERSISTED}
