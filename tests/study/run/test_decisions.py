"""What readers decide is taken up by the next run, and the automatic verdict stays beside it."""

import json
import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from cohorts import rows_of, write_photo_study

from cctrack.io.tables import png_bytes
from cctrack.study.record import (
    Kind,
    Statement,
    image_subject,
    open_record,
    pair_subject,
    patient_subject,
    site_subject,
    verdict_subject,
)
from cctrack.study.run import RunOptions, run_study

PAIRS = [((10.0, 10.0), (10.0, 10.0)), ((80.0, 15.0), (80.0, 15.0)), ((40.0, 110.0), (40.0, 110.0))]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = write_photo_study(tmp_path_factory.mktemp("finished"), 1)
    run_study(root, root / "results", RunOptions())
    return root


@pytest.fixture
def study(finished, tmp_path):
    """Copy a study that was run, record and all."""
    return shutil.copytree(finished, tmp_path / "study")


def say(root, *said: tuple[Kind, str, dict], why: str = "") -> None:
    with open_record(root) as record:
        statements = [Statement(kind, subject, "R1", after, why) for kind, subject, after in said]
        record.append_all(statements, datetime.now(UTC))


def table(root, name: str) -> list[dict[str, str]]:
    run_study(root, root / "results", RunOptions())
    return rows_of(root / "results" / name)


def images(root) -> list[str]:
    rows = rows_of(root / "results" / "measurements.csv")
    return list(dict.fromkeys(row["image_id"] for row in rows))


def landmarks() -> dict:
    return {"pairs": [{"baseline": list(one), "followup": list(other)} for one, other in PAIRS]}


def test_landmarks_in_the_record_align_what_could_not_be_aligned(study):
    before = rows_of(study / "results" / "changes.csv")[0]
    assert (before["outcome"], before["comparable"]) == ("not_evaluable", "no")
    say(study, (Kind.LANDMARKS, pair_subject(*images(study)), landmarks()))
    after = table(study, "changes.csv")[0]
    assert after["comparable"] != "no"
    assert after["unit"] == "relative"


def test_where_a_reader_moved_an_image_to_is_where_it_lies(study):
    matrix = np.eye(3).tolist()
    pair = pair_subject(*images(study))
    say(study, (Kind.ALIGNMENT, pair, {"accepted": True, "matrix": matrix}))
    assert table(study, "changes.csv")[0]["comparable"] != "no"
    say(study, (Kind.ALIGNMENT, pair, {"accepted": True, "matrix": np.zeros((3, 3)).tolist()}))
    assert "cannot be compared" in table(study, "changes.csv")[0]["reason"]


def test_a_rejected_alignment_gives_no_verdict(study):
    pair = pair_subject(*images(study))
    said = (Kind.LANDMARKS, pair, landmarks())
    say(study, said, (Kind.ALIGNMENT, pair, {"accepted": False}))
    assert table(study, "changes.csv")[0]["comparable"] != "no"  # Landmarks are the way out.
    say(study, (Kind.LANDMARKS, pair, {}))
    assert table(study, "changes.csv")[0]["comparable"] == "no"


def test_a_readers_outline_is_what_is_measured(study):
    first = images(study)[0]
    labels = np.zeros((90, 120), np.uint8)
    labels[10:20, 10:30] = 1
    with open_record(study) as record:
        mask = record.put(png_bytes(labels))
    say(study, (Kind.OUTLINE, image_subject(first), {"blobs": {"mask": mask}}))
    (total,) = (
        row
        for row in table(study, "measurements.csv")
        if row["image_id"] == first and (row["lesion"], row["quantity"]) == ("total", "area")
    )
    assert (float(total["value"]), total["method"]) == (200, "reader")


def test_strokes_in_the_record_go_before_those_in_a_file(study):
    first = images(study)[0]
    folder = study / "record" / "reader"
    folder.mkdir()
    text = json.dumps({"format": 1, "images": {first: {"replace": True, "edits": []}}})
    (folder / f"{first}.strokes.json").write_text(text, encoding="utf-8")
    areas = [row for row in table(study, "measurements.csv") if row["image_id"] == first]
    assert float(areas[0]["value"]) == 0
    say(
        study,
        (
            Kind.STROKES,
            image_subject(first),
            {"replace": True, "edits": [{"add": {"click_px": [45, 60]}}]},
        ),
    )
    areas = [row for row in table(study, "measurements.csv") if row["image_id"] == first]
    assert float(areas[0]["value"]) > 50


def test_strokes_that_cannot_be_followed_cost_their_image_and_say_why(study):
    said = {"edits": [{"erase": 1}], "proposal": "0123456789ab"}
    say(study, (Kind.STROKES, image_subject(images(study)[0]), said))
    (refused,) = table(study, "refused.csv")
    assert refused["because"] == "not_outlined"
    assert "others than those the reader saw" in refused["detail"]


def test_links_in_the_record_are_followed(study):
    first, second = images(study)
    click = {"replace": True, "edits": [{"add": {"click_px": [45, 60]}}]}
    say(
        study,
        (Kind.LANDMARKS, pair_subject(first, second), landmarks()),
        (Kind.STROKES, image_subject(first), click),
        (Kind.STROKES, image_subject(second), click),
    )
    assert [row["event"] for row in table(study, "changes.csv")] == ["", "persisted"]
    end = {"visit": "2020-03-01", "lesions": ["L1"]}, {"visit": "2021-03-01", "lesions": ["L1"]}
    link = {"action": "reject", "earlier": end[0], "later": end[1], "reader": "R1"}
    say(study, (Kind.LINK, site_subject("P0", "arm", "photo"), {"links": [link]}))
    events = sorted(row["event"] for row in table(study, "changes.csv")[1:])
    assert events == ["new", "resolved"]


def test_a_readers_verdict_stands_beside_the_automatic_one(study):
    subject = verdict_subject(*images(study))
    why = "Seen on the skin."
    say(study, (Kind.VERDICT, subject, {"outcome": "stable", "confidence": "probable"}), why=why)
    change = table(study, "changes.csv")[0]
    assert change["outcome"] == "not_evaluable"
    assert (change["reader_outcome"], change["reader"], change["reader_reason"]) == (
        "stable",
        "R1",
        why,
    )
    (patient,) = rows_of(study / "results" / "patients.csv")
    assert (patient["outcome"], patient["confidence"]) == ("stable", "probable")
    assert (patient["reader_outcome"], patient["automatic_outcome"]) == ("stable", "not_evaluable")
    assert "Automatic verdict: not evaluable." in patient["reason"]


def test_a_verdict_on_the_patient_goes_before_one_on_a_site(study):
    say(
        study,
        (Kind.VERDICT, verdict_subject(*images(study)), {"outcome": "stable"}),
        (Kind.VERDICT, patient_subject("P0", "photo"), {"outcome": "progression"}),
    )
    table(study, "changes.csv")
    (patient,) = rows_of(study / "results" / "patients.csv")
    assert patient["outcome"] == "progression"


def test_a_verdict_that_agrees_changes_no_word(study):
    (before,) = rows_of(study / "results" / "patients.csv")
    say(study, (Kind.VERDICT, verdict_subject(*images(study)), {"outcome": "not_evaluable"}))
    (after,) = table(study, "patients.csv")
    assert after["reason"] == before["reason"]
    assert after["reader"] == "R1"
