"""The counts of a published cohort, as its abstract prints them.

Rauch et al., Bisphosphonates for the treatment of calcinosis cutis - a retrospective single-center
study, Biomedicines 2021;9:1698: seven patients on pamidronate; 5 of 6 reported improvement, photos
showed regression in 2 of 6 and stable disease in 1 of 6, radiology improvement or stable disease in
3 of 5. Which patient is which is not printed there, and does not change a count.
"""

import pytest

from cctrack.compare import load_criteria
from cctrack.study.cohort import cohort_tables
from cctrack.study.folder import open_study

PATIENTS = [f"P{number}" for number in range(1, 8)]
PHOTOS = ["regression"] * 2 + ["stable"] + ["progression"] * 3
FILMS = ["stable"] * 3 + ["progression"] * 2
ANSWERS = ["better"] * 5 + ["worse"]


def judged(patient, modality, outcome):
    cells = dict.fromkeys(
        ("baseline_date", "last_date", "months", "change_percent", "lower95", "upper95"), ""
    )
    return cells | {
        "patient": patient,
        "modality": modality,
        "outcome": outcome,
        "confidence": "",
        "subjective": "",
        "sites_evaluable": "1 of 1",
        "reason": "",
    }


@pytest.fixture
def responses(tmp_path):
    """Count the published cohort as a study is counted."""
    tables = {
        "visits": ["patient,site,acquired,modality,path"]
        + [f"{patient},hand,2014-01-01,photo,{patient}.png" for patient in PATIENTS],
        "treatments": ["patient,drug,class"]
        + [f"{patient},pamidronate,bisphosphonate" for patient in PATIENTS],
        "questionnaires": ["patient,date,item,answer"]
        + [f"{p},2016-01-01,overall,{a}" for p, a in zip(PATIENTS, ANSWERS, strict=False)],
    }
    for name, lines in tables.items():
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [
        judged(patient, modality, outcome)
        for modality, outcomes in (("photo", PHOTOS), ("xray", FILMS))
        for patient, outcome in zip(PATIENTS, outcomes, strict=False)
    ]
    sheets = cohort_tables(open_study(tmp_path), rows, [], load_criteria("calcinosis-25"))
    (sheet,) = (sheet for sheet in sheets if sheet.name == "responses")
    return {
        (row["modality"], row["outcome"]): (row["count"], row["of"])
        for row in sheet.rows
        if row["group"] == "bisphosphonate" and row["reference"] == "judged"
    }


def test_the_counts_of_the_abstract_come_out(responses):
    assert responses["photo", "regression"] == (2, 6)
    assert responses["photo", "stable"] == (1, 6)
    assert responses["photo", "progression"] == (3, 6)
    assert responses["photo", "not_imaged"] == (1, 7)
    assert responses["subjective", "better"] == (5, 6)
    improved_or_stable = responses["xray", "regression"][0] + responses["xray", "stable"][0]
    assert (improved_or_stable, responses["xray", "stable"][1]) == (3, 5)
