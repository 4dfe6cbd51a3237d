"""Tables of a cohort whose every number was worked out by hand."""

from pathlib import Path

import pytest

from cctrack.compare import load_criteria
from cctrack.errors import StudyError
from cctrack.study.cohort import cohort_tables, write_cohort
from cctrack.study.folder import open_study
from cctrack.study.inputs import Inputs

VISITS = "patient,site,acquired,modality,path,laterality,view\n"

CRITERIA = load_criteria("calcinosis-25")


def visits(*lines: str) -> str:
    return VISITS + "".join(f"{line}\n" for line in lines)


def judged(patient, outcome, *, modality="photo", said="", months=24, percent=None):
    return {
        "patient": patient,
        "modality": modality,
        "baseline_date": "2014-03-03",
        "last_date": f"{2014 + months // 12}-03-03",
        "months": float(months),
        "change_percent": percent,
        "lower95": None,
        "upper95": None,
        "outcome": outcome,
        "confidence": "",
        "subjective": said,
        "sites_evaluable": "1 of 1",
        "reason": "As judged.",
    }


def change(patient, days, **cells):
    """Give a row of changes.csv for the total of a site between two days."""
    before, after = cells.pop("before", 100.0), cells.pop("after", 100.0)
    percent = 100 * (after / before - 1)
    usual = {
        "patient": patient,
        "site": "hand",
        "modality": "photo",
        "baseline_date": days[0],
        "followup_date": days[1],
        "reference": "baseline",
        "lesion": "total",
        "quantity": "area",
        "method": "automatic",
        "baseline": before,
        "followup": after,
        "unit": "mm2",
        "change_percent": percent,
        "lower95": percent - 10,
        "upper95": percent + 10,
        "log_sd": 0.05,
        "outcome": "stable",
        "confidence": "probable",
        "reason": "A sentence.",
        "comparable": "yes",
    }
    return usual | cells


class Study:
    """Write a study folder and look its tables up."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, **tables: str) -> "Study":
        for name, text in tables.items():
            (self.root / f"{name}.csv").write_text(text, encoding="utf-8")
        return self

    def table(self, name, patients=(), changes=()):
        sheets = cohort_tables(open_study(self.root), patients, changes, CRITERIA)
        (sheet,) = [sheet for sheet in sheets if sheet.name == name]
        return [dict(row) for row in sheet.rows]


@pytest.fixture
def study(tmp_path):
    lines = [f"P{n},hand,2014-03-03,photo,{n}.jpg,left," for n in range(1, 8)]
    return Study(tmp_path).write(visits=visits(*lines))


RAUCH = [
    judged("P1", "regression", said="better", months=36),
    judged("P2", "regression", said="better", months=48),
    judged("P3", "stable", said="better", months=12),
    judged("P4", "progression", said="better", months=60),
    judged("P5", "progression", said="better"),
    judged("P6", "progression", said="same", months=60),
    judged("P7", "not_evaluable", months=12),
]
"""Shaped like the seven patients of Rauch 2021: photos of six, five of six felt better."""

ASKED = "patient,date,item,answer\n" + "".join(
    f"{row['patient']},2017-01-01,overall,{row['subjective']}\n"
    for row in RAUCH
    if row["subjective"]
)


def rows_of(table, **cells):
    return [row for row in table if all(row[key] == value for key, value in cells.items())]


def test_responses_are_counted_as_in_the_study_they_are_shaped_like(study):
    table = study.write(questionnaires=ASKED).table("responses", RAUCH)
    photo = rows_of(table, group="all", modality="photo", reference="judged")
    assert [(row["outcome"], row["count"], row["of"]) for row in photo] == [
        ("regression", 2, 6),
        ("stable", 1, 6),
        ("progression", 3, 6),
        ("not_evaluable", 1, 7),
    ]
    # Exact ends of 2 of 6: the shares p with P(2 or more | p) and P(2 or fewer | p) = 0.025.
    assert photo[0]["percent"] == pytest.approx(100 / 3, abs=1e-4)
    assert (photo[0]["lower95"], photo[0]["upper95"]) == pytest.approx((4.33, 77.72), abs=0.01)
    felt = rows_of(table, group="all", modality="subjective")
    assert [(row["outcome"], row["count"], row["of"]) for row in felt] == [
        ("better", 5, 6),
        ("same", 1, 6),
        ("worse", 0, 6),
        ("not_asked", 1, 7),
    ]
    assert felt[0]["lower95"] == pytest.approx(35.88, abs=0.01)


def test_every_patient_of_a_group_is_counted_exactly_once(study):
    treated = "patient,drug,class,start,stop\nP1,pamidronate,bisphosphonate,2014-03-03,\n"
    treated += "P2,pamidronate,bisphosphonate,2010-01-01,2011-01-01\nP9,warfarin,other,,\n"
    table = study.write(treatments=treated).table("responses", RAUCH)
    for group in ("all", "pamidronate", "bisphosphonate", "warfarin", "none recorded"):
        rows = rows_of(table, group=group, modality="photo", reference="judged")
        assert sum(row["count"] for row in rows) == rows[0]["patients"], group
    pamidronate = rows_of(table, group="pamidronate", modality="photo", reference="judged")
    assert [(row["outcome"], row["count"]) for row in pamidronate if row["count"]] == [
        ("regression", 1),
        ("not_treated_then", 1),
    ]
    warfarin = rows_of(table, group="warfarin", modality="photo", reference="judged")
    assert [(row["outcome"], row["count"]) for row in warfarin if row["count"]] == [
        ("not_imaged", 1)
    ]


def test_a_patient_in_two_classes_counts_in_both(study):
    treated = "patient,drug,class\nP1,pamidronate,bisphosphonate\nP1,diltiazem,calcium blocker\n"
    table = study.write(treatments=treated).table("responses", RAUCH)
    for name in ("bisphosphonate", "calcium blocker"):
        (row,) = rows_of(
            table, group=name, modality="photo", reference="judged", outcome="regression"
        )
        assert (row["count"], row["of"], row["patients"]) == (1, 1, 1)


def test_who_feels_better_while_images_show_progression_is_discordant(study):
    counts = study.table("subjective", RAUCH)
    told = {(row["subjective"], row["objective"]): row for row in counts}
    assert told["better", "progression"]["count"] == 2
    assert told["better", "progression"]["discordance"] == "opposite"
    assert told["same", "progression"]["discordance"] == "some"
    assert told["better", "regression"]["discordance"] == "none"
    assert told["not_asked", "not_evaluable"]["discordance"] == ""
    assert sum(row["count"] for row in counts) == 7


def test_kappa_of_answers_and_outcomes_is_the_one_worked_out_by_hand(study):
    pytest.importorskip("statsmodels")
    (row,) = study.table("agreement", RAUCH)
    assert (row["pairs"], row["discordant"], row["opposite"]) == (6, 4, 2)
    # Disagreement with weights 0, 1/2, 1: seen (0.5 + 1 + 1 + 0.5) / 6; by chance, of 5/6 better
    # and 1/6 same against 2/6, 1/6 and 3/6: 5/6 (1/12 + 1/2) + 1/6 (1/6 + 0 + 1/4).
    by_chance = 5 / 6 * (1 / 12 + 1 / 2) + 1 / 6 * (1 / 6 + 1 / 4)
    assert row["kappa"] == pytest.approx(1 - (3 / 6) / by_chance)
    assert row["kappa_lower95"] < row["kappa"] < row["kappa_upper95"]
    assert row["note"] == ""


def test_kappa_that_says_nothing_says_why(study):
    alike = [judged("P1", "stable", said="same"), judged("P2", "stable", said="same")]
    (row,) = study.table("agreement", alike)
    assert row["kappa"] is None
    assert "kappa says nothing" in row["note"] or "statsmodels" in row["note"]
    (row,) = study.table("agreement", alike[:1])
    assert row["note"] == "two patients at least are needed for kappa"


def test_characteristics_say_what_nobody_wrote_down(study):
    table = study.write(
        participants="patient,sex,age_at_onset,remark\nP1,female,52,\nP2,male,23,\nP3,female,,\n"
    ).table("characteristics", RAUCH)
    (female,) = rows_of(table, level="female")
    assert (female["count"], female["of"], female["missing"]) == (2, 7, 4)
    (age,) = rows_of(table, characteristic="age_at_onset")
    assert (age["count"], age["missing"]) == (2, 5)
    assert (age["median"], age["lowest"], age["highest"]) == (37.5, 23.0, 52.0)
    (remark,) = rows_of(table, characteristic="remark")
    assert (remark["count"], remark["missing"]) == (0, 7)


def test_notes_about_patients_are_counted_and_not_repeated(study):
    notes = "patient,note\n" + "".join(f"P{n},secret {n}\n" for n in range(1, 14))
    table = study.write(participants=notes).table("characteristics", RAUCH)
    assert "secret" not in str(table)
    assert table[0]["count"] == 13


def test_times_are_told_as_median_and_range(study):
    treated = "patient,drug,start,stop\nP1,pamidronate,2014-03-03,2015-03-03\n"
    treated += "P2,pamidronate,2014-03-03,\n"
    first = change("P1", ("2014-03-03", "2015-03-03"), outcome="regression")
    second = change("P1", ("2014-03-03", "2017-03-03"), outcome="regression")
    table = study.write(treatments=treated).table("times", RAUCH, [first, second])
    (followed,) = rows_of(table, group="all", time="follow_up")
    assert (followed["count"], followed["median_months"]) == (7, 36.0)
    assert (followed["lowest_months"], followed["highest_months"]) == (12.0, 60.0)
    (given,) = rows_of(table, group="pamidronate", time="treatment")
    assert (given["lowest_months"], given["highest_months"]) == (12.0, 48.0)  # To the last visit.
    (seen,) = rows_of(table, group="all", time="first_regression")
    assert (seen["count"], seen["median_months"], seen["patients"]) == (1, 12.0, 7)


def test_a_date_of_treatment_that_is_none_is_named(study):
    study.write(treatments="patient,drug,start\nP1,pamidronate,May 2014\n")
    with pytest.raises(StudyError, match=r"treatments\.csv line 2: start is no ISO date"):
        study.table("responses", RAUCH)


DAYS = ("2014-03-03", "2015-03-03", "2016-03-03")


def against(table, reference):
    (row,) = rows_of(table, reference=reference)
    return row


def test_with_two_visits_the_prior_one_is_baseline(study):
    rows = [change("P1", DAYS[:2], after=80.0)]
    table = study.table("outcomes", [judged("P1", "stable")], rows)
    assert against(table, "prior")["change_percent"] == pytest.approx(-20.0)
    assert against(table, "nadir")["outcome"] == "smallest_so_far"


def test_each_reference_has_its_own_change(study):
    rows = [
        change("P1", DAYS[:2], after=50.0, outcome="regression"),
        change("P1", (DAYS[0], DAYS[2]), after=90.0),
        change("P1", DAYS[1:], before=50.0, after=90.0, reference="prior", outcome="progression"),
        change("P1", DAYS[1:], before=50.0, after=90.0, reference="nadir", outcome="progression"),
    ]
    table = study.table("outcomes", [judged("P1", "progression")], rows)
    told = {row["reference"]: (row["change_percent"], row["outcome"]) for row in table}
    assert told["baseline"] == (pytest.approx(-10.0), "stable")
    assert told["prior"] == told["nadir"] == (pytest.approx(80.0), "progression")
    assert str(against(table, "nadir")["reference_date"]) == DAYS[1]
    assert against(table, "prior")["months"] == 12.0


def test_a_nadir_that_nobody_compared_gives_no_verdict(study):
    rows = [
        change("P1", DAYS[:2], after=50.0),
        change("P1", (DAYS[0], DAYS[2]), after=90.0),
    ]
    table = study.table("outcomes", [judged("P1", "stable")], rows)
    assert against(table, "nadir")["outcome"] == "not_evaluable"
    assert against(table, "prior")["outcome"] == "not_evaluable"


def test_sites_are_summed_against_the_visit_before(tmp_path):
    study = Study(tmp_path).write(
        visits=visits(
            *(
                f"P1,{site},{day},photo,{site}{day}.jpg,,"
                for site in ("hand", "knee")
                for day in DAYS
            )
        )
    )
    rows = []
    for site, values in (("hand", (100.0, 100.0, 200.0)), ("knee", (300.0, 300.0, 300.0))):
        first, middle, last = values
        rows += [
            change("P1", DAYS[:2], site=site, before=first, after=middle),
            change("P1", (DAYS[0], DAYS[2]), site=site, before=first, after=last),
            change("P1", DAYS[1:], site=site, before=middle, after=last, reference="prior"),
        ]
    verdict = judged("P1", "stable", percent=25.0) | {"sites_evaluable": "2 of 2"}
    table = study.table("outcomes", [verdict], rows)
    prior = against(table, "prior")
    assert prior["change_percent"] == pytest.approx(25.0)  # (200 + 300) / (100 + 300).
    assert prior["sites"] == "2 of 2"
    # ln error: hand 0.05 x (1/4, 2/5), knee 0.05 x (3/4, 3/5), each halved between its visits.
    assert prior["lower95"] == pytest.approx(
        100 * (1.25 * 2.718281828 ** (-1.959964 * 0.037832) - 1), abs=0.05
    )
    assert against(table, "baseline")["change_percent"] == 25.0


def test_a_site_that_could_not_be_compared_is_told_with_the_sum(tmp_path):
    study = Study(tmp_path).write(
        visits=visits(
            *(
                f"P1,{site},{day},photo,{site}{day}.jpg,,"
                for site in ("hand", "knee")
                for day in DAYS[:2]
            )
        )
    )
    blind = change("P1", DAYS[:2], site="knee", outcome="not_evaluable", comparable="no")
    blind |= {"baseline": None, "followup": None, "change_percent": None}
    rows = [change("P1", DAYS[:2], after=60.0, outcome="regression"), blind]
    prior = against(study.table("outcomes", [judged("P1", "regression")], rows), "prior")
    assert (prior["change_percent"], prior["sites"]) == (pytest.approx(-40.0), "1 of 2")
    assert prior["outcome"] == "regression"


def test_two_views_of_a_site_are_not_summed(tmp_path):
    study = Study(tmp_path).write(
        visits=visits(
            *(
                f"P1,hand,{day},photo,{view}{day}.jpg,,{view}"
                for view in ("near", "far")
                for day in DAYS[:2]
            )
        )
    )
    rows = [
        change("P1", DAYS[:2], site="hand near", after=60.0),
        change("P1", DAYS[:2], site="hand far", after=90.0),
    ]
    prior = against(study.table("outcomes", [judged("P1", "stable")], rows), "prior")
    assert (prior["change_percent"], prior["sites"]) == (pytest.approx(-40.0), "1 of 1")


def test_rows_read_back_from_text_give_the_same_tables(study):
    rows = [change("P1", DAYS[:2], after=80.0)]
    as_text = [{key: "" if v is None else str(v) for key, v in row.items()} for row in rows]
    texts = [{key: "" if v is None else str(v) for key, v in row.items()} for row in RAUCH]
    opened = open_study(study.root)
    assert cohort_tables(opened, RAUCH, rows, CRITERIA) == cohort_tables(
        opened, texts, as_text, CRITERIA
    )


def test_tables_are_written_again_only_when_something_has_changed(study, tmp_path):
    made = []

    def tables():
        made.append(1)
        return cohort_tables(open_study(study.root), RAUCH, [], CRITERIA)

    inputs = Inputs(tmp_path)
    for digest in ("one", "one", "two"):
        write_cohort(tmp_path / "out", inputs, digest, tables)
    assert len(made) == 2
    names = {path.name for path in (tmp_path / "out" / "cohort").iterdir()}
    assert names == {
        f"{name}.csv"
        for name in ["outcomes", "responses", "characteristics", "times", "subjective", "agreement"]
    }
