"""What a reader wrote about lesions of two visits: read on every run, never lost, never guessed."""

import json
from datetime import date
from pathlib import Path

import pytest

from cctrack.errors import StudyError
from cctrack.model import LinkAction, Modality, Site, Visit
from cctrack.study.folder import open_study
from cctrack.study.follow import group_sites
from cctrack.study.links import pair_links, read_links, site_links

ENTRY = {
    "action": "redraw",
    "earlier": {"visit": "2021-03-01", "lesions": ["L2", "L5"]},
    "later": {"visit": "2023-03-01", "lesions": ["L103"]},
    "patient": "P1",
    "site": "left hand",
    "modality": "xray",
    "reader": "R1",
    "when": "2024-05-02",
    "why": "The two have grown together.",
}
GUIDE = Path(__file__).parents[2] / "docs" / "follow.md"
VISITS = [
    Visit("P1", Site("hand", "left"), date(year, 3, 1), Modality.XRAY, f"{year}.dcm")
    for year in (2021, 2022, 2023)
]


def written(tmp_path, *entries):
    path = tmp_path / "links.json"
    path.write_text(json.dumps({"links": entries}), encoding="utf-8")
    return path


def test_an_entry_says_who_said_what_about_which_lesions(tmp_path):
    (entry,) = read_links(written(tmp_path, ENTRY))
    assert (entry.action, entry.earlier, entry.later) == (LinkAction.REDRAW, (2, 5), (103,))
    assert (entry.number, entry.reader, entry.why) == (1, "R1", "The two have grown together.")
    (link,), warnings = site_links([entry], VISITS)
    assert (link.before, link.after) == (0, 2)
    assert warnings == ()


def test_the_example_of_the_guide_is_understood(tmp_path):
    text = GUIDE.read_text(encoding="utf-8").split("```json")[1].split("```")[0]
    (entry,) = read_links(written(tmp_path, *json.loads(text)["links"]))
    assert (entry.patient, entry.site, entry.later) == ("P1", "left hand", (103,))


def test_for_two_images_neither_dates_nor_a_patient_are_needed(tmp_path):
    bare = {
        "action": "confirm",
        "earlier": {"lesions": ["L1"]},
        "later": {"lesions": ["L1"]},
    }
    (link,) = pair_links(read_links(written(tmp_path, bare)))
    assert (link.before, link.after, link.earlier) == (0, 1, (1,))


def test_a_date_on_which_nothing_was_imaged_is_reported_at_the_last_visit(tmp_path):
    entry = {**ENTRY, "later": {"visit": "2023-03-02", "lesions": ["L103"]}}
    links, (warning,) = site_links(read_links(written(tmp_path, entry)), VISITS)
    assert links == ()
    assert warning.visit == 2
    assert "link 1 (redraw) was not applied" in warning.text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"action": "merge"}, "action must be one of confirm, reject, redraw"),
        ({"later": {"lesions": ["103"]}}, "lesions must be ids like L3"),
        ({"later": {"lesions": "L3"}}, "must be like"),
        ({"later": {"visit": "March", "lesions": []}}, "no ISO date"),
        ({"later": {"visit": "2020-01-01", "lesions": ["L1"]}}, "must lie before"),
        ({"action": "reject", "later": {"lesions": []}}, "names no lesions on one side"),
        ({"earlier": {"lesions": []}, "later": {"lesions": []}}, "names no lesions"),
        ({"reader": 7}, "reader must be text"),
    ],
)
def test_an_entry_that_cannot_be_understood_stops_the_run_by_its_number(
    tmp_path, change, complaint
):
    path = written(tmp_path, ENTRY, {**ENTRY, **change})
    with pytest.raises(StudyError, match=rf"links\.json entry 2.*{complaint}"):
        read_links(path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"links": 3}', "not JSON"])
def test_a_file_that_is_no_list_of_links_stops_the_run(tmp_path, text):
    path = tmp_path / "links.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=r"links\.json"):
        read_links(path)


def study_with(tmp_path, *entries):
    lines = ["patient,site,laterality,acquired,modality,path"]
    lines += [f"P1,hand,left,{v.acquired},xray,{v.path}" for v in VISITS]
    (tmp_path / "visits.csv").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "record").mkdir()
    written(tmp_path / "record", *entries)
    return tmp_path


def test_a_study_gives_each_site_what_was_said_about_it(tmp_path):
    study = open_study(study_with(tmp_path, ENTRY))
    (site,) = group_sites(study.visits, study.links)
    assert [link.reader for link in site.links] == ["R1"]


def test_a_word_about_a_site_that_the_study_does_not_have_is_a_mistake_to_be_told(tmp_path):
    with pytest.raises(StudyError, match=r"entry 1: visits\.csv has no such patient"):
        open_study(study_with(tmp_path, {**ENTRY, "site": "right hand"}))
