"""A study's report from what a run kept: whole, safe, again and again, without an image."""

import csv
import importlib.util
import json
import re
import shutil
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from cctrack._cv2 import cv2
from cctrack.cli.main import main
from cctrack.errors import StudyError
from cctrack.io import write_table, write_text
from cctrack.model import Modality, Outcome, Reference, Site, Visit
from cctrack.report.content import JudgedStudy, PatientOutcomes
from cctrack.report.figures import encode, shrink
from cctrack.report.html import render_report
from cctrack.report.plots import cohort_sections
from cctrack.report.site_content import SiteContent
from cctrack.report.stored import from_json, to_json
from cctrack.study import printing, report, report_files
from cctrack.study.folder import StudyFolder, StudySettings
from cctrack.study.follow import group_sites
from cctrack.study.report import keep_judged, open_kept, remove_stale, write_report
from cctrack.study.report_files import ReportOptions, write_report_files
from cctrack.study.report_site import site_file

SPEC = importlib.util.spec_from_file_location(
    "people", Path(__file__).parents[1] / "report" / "people.py"
)
people = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(people)

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "</style><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</title><h1>x",
    "--><b>",
    "]]><x>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)",
    "&lt;script&gt;",
    "{{7*7}}",
    "{% raw %}",
    "{#",
    "${7*7}",
    "=1+1",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-1+1",
    "@SUM(1,1)",
    "\t=1+1",
    "\r=1+1",
    "%0A=1+1",
    '=HYPERLINK("http://x","y")',
    "a\x00b",
    "\u202egnp.exe",
    "\u2028<x>",
    "../../etc/passwd",
    "$\\frac{1}{0}$",
)


def poisoned(value, payload):
    """Replace every text in nested content."""
    if type(value) is str:
        return payload
    if isinstance(value, tuple):
        return tuple(poisoned(item, payload) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        known = {item.name: getattr(value, item.name) for item in fields(value)}
        return replace(value, **{name: poisoned(item, payload) for name, item in known.items()})
    return value


def study_of(root, *names, title="Our study", treatments=()):
    """A study of one site and two visits for each patient."""
    visits = tuple(
        Visit(name, Site("forearm", "left"), day, Modality.PHOTO, f"{number}-{day}.jpg")
        for number, name in enumerate(names)
        for day in (date(2019, 3, 4), date(2022, 8, 17))
    )
    return StudyFolder(root, StudySettings(title=title), visits, treatments=treatments)


def keep(study, texts=()):
    """Lay down what a run would have kept; ``texts`` replace every text of each patient's."""
    out = study.root / "results"
    text_of = dict(zip(study.patients, texts, strict=bool(texts)))

    def told(value, patient):
        return poisoned(value, text_of[patient]) if texts else value

    for site in group_sites(study.visits):
        content = replace(told(people.site(), site.patient), patient=site.patient)
        write_text(site_file(out, site), json.dumps(to_json(content)))
    judged = [PatientOutcomes(name, (told(people.outcome(), name),)) for name in study.patients]
    keep_judged(out, JudgedStudy(people.CRITERIA, "0.1.0", tuple(judged)))
    return out


@pytest.fixture
def folder(tmp_path):
    """A study folder on disk with two patients, and its results."""
    lines = ["patient,site,laterality,acquired,modality,path"] + [
        f"{name},forearm,left,{day},photo,{name}-{day}.jpg"
        for name in ("P1", "P2")
        for day in ("2019-03-04", "2022-08-17")
    ]
    (tmp_path / "visits.csv").write_text("\n".join(lines) + "\n")
    keep(study_of(tmp_path, "P1", "P2"))
    return tmp_path


def test_stored_content_comes_back_as_it_was():
    for content in (people.site(), people.outcome(), people.CRITERIA):
        stored = json.loads(json.dumps(to_json(content)))
        assert from_json(type(content), stored) == content


@pytest.mark.parametrize("damage", ["{}", '{"patient": 7}', "[]", '"x"'])
def test_what_another_version_or_a_damaged_disk_left_is_refused(damage):
    with pytest.raises(ValueError, match="no stored SiteContent"):
        from_json(SiteContent, json.loads(damage))


def test_a_report_is_written_again_without_an_image(folder, capsys):
    assert main(["study", "report", str(folder)]) == 0
    first = (folder / "results" / "report.html").read_bytes()
    assert b"left forearm" in first
    assert main(["study", "report", str(folder)]) == 0
    assert (folder / "results" / "report.html").read_bytes() == first
    assert capsys.readouterr().out.count("report.html") == 2


def test_a_report_of_one_patient_shows_nobody_else(folder):
    (page,) = write_report_files(folder, folder / "results", ReportOptions(patients=("P2",)))
    text = page.read_text()
    assert page.name != "report.html"
    assert "P2" in text
    assert not re.search(r"\bP1\b", text)


def test_without_results_or_with_an_unknown_patient_nothing_is_written(folder, capsys):
    assert main(["study", "report", str(folder), "--patient", "P9"]) == 1
    assert main(["study", "report", str(folder), "--out", str(folder / "other")]) == 1
    said = capsys.readouterr().err
    assert "none of them 'P9'" in said
    assert "run `cctrack study run` first" in said
    assert "Traceback" not in said
    assert not (folder / "other").exists()


def test_damaged_results_are_refused_in_one_line(folder):
    stored = next((folder / "results" / "report").glob("[0-9a-f]*.json"))
    stored.write_text("{")
    with pytest.raises(StudyError, match="run `cctrack study run` again"):
        write_report_files(folder, folder / "results", ReportOptions())


def test_sites_that_left_the_study_leave_the_report(folder):
    study = study_of(folder, "P1")
    remove_stale(folder / "results", group_sites(study.visits))
    names = {path.name for path in (folder / "results" / "report").iterdir()}
    assert len(names) == 2
    assert "study.json" in names


def test_a_patient_whose_images_all_were_lost_is_still_listed(folder):
    for path in (folder / "results" / "report").glob("[0-9a-f]*.json"):
        path.unlink()
    (page,) = write_report_files(folder, folder / "results", ReportOptions())
    assert "Nothing was kept of this patient" in page.read_text()


def test_figures_come_as_svg_png_and_pdf_with_their_data(folder, monkeypatch):
    monkeypatch.setattr(report_files, "cohort_sections", lambda study: cohort_sections(study)[:1])
    written = write_report_files(folder, folder / "results", ReportOptions(figures=True))
    kinds = {path.suffix for path in written[1:]}
    assert kinds == {".svg", ".png", ".pdf", ".csv"}
    table = folder / "results" / "figures" / "waterfall-photo.csv"
    rows = list(csv.DictReader(table.open()))
    assert [(row["patient"], row["change_percent"]) for row in rows] == [
        ("P1", "-48.0"),
        ("P2", "-48.0"),
    ]
    document = pypdfium2.PdfDocument(table.with_suffix(".pdf"))
    assert "Research use only" in document[0].get_textpage().get_text_range()


@pytest.mark.skipif(not shutil.which("chromium"), reason="no Chromium on this machine")
def test_the_report_is_printed_with_page_numbers(folder):
    (page, pdf) = write_report_files(folder, folder / "results", ReportOptions(pdf=True))
    document = pypdfium2.PdfDocument(pdf)
    last = document[len(document) - 1].get_textpage().get_text_range()
    assert pdf.stem == page.stem
    assert f"{len(document)} / {len(document)}" in last
    assert "Research use only, not for diagnosis" in last


def test_without_a_browser_the_refusal_names_what_would_do(folder, monkeypatch):
    monkeypatch.setattr(printing, "APPLICATIONS", ())
    monkeypatch.setattr(printing.shutil, "which", lambda _name: None)
    with pytest.raises(StudyError, match="install Chromium, Chrome or Edge"):
        write_report_files(folder, folder / "results", ReportOptions(pdf=True))
    assert not (folder / "results" / "report.html").exists()


def study_told(root, texts):
    """A study in which every text is one of these."""
    drugs = tuple(
        {"patient": text, "drug": text, "class": text, "dose_mg": text, "start": "2019-05-05"}
        for text in texts
    )
    return study_of(root, *texts, title=texts[0], treatments=drugs)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A study with 30 patients in which every text is an attack, and its results."""
    study = study_told(tmp_path_factory.mktemp("hostile"), PAYLOADS)
    return study, keep(study, PAYLOADS)


def page_of(study, out):
    write_report(study, out, out / "report.html")
    return (out / "report.html").read_text(encoding="utf-8")


def test_no_text_of_a_study_does_anything_in_its_report(hostile, tmp_path):
    page = page_of(*hostile)
    words = [f"word{number}" for number in range(len(PAYLOADS))]
    calm = study_told(tmp_path, words)
    found, wanted = people.read(page), people.read(page_of(calm, keep(calm, words)))
    # Every element and attribute is one of our own templates.
    own = ("script", "style", "img", "input", "b", "h1", "h3", "table", "tr", "td", "a", "svg")
    assert [found.tags.count(tag) for tag in own] == [wanted.tags.count(tag) for tag in own]
    assert set(found.tags) == set(wanted.tags)
    assert {name for _, name, _ in found.attributes} == {name for _, name, _ in wanted.attributes}
    for payload in PAYLOADS:
        assert "<" not in payload or payload not in page
    assert "49" not in [text.strip() for text in found.text]


def test_no_text_of_a_study_is_run_by_a_spreadsheet(hostile, tmp_path):
    kept = open_kept(*hostile)
    plots = [plot for part in cohort_sections(kept.content) for plot in part.plots]
    for plot in plots:
        table = tmp_path / f"{plot.key}.csv"
        write_table(table, plot.columns, plot.rows)
        for row in csv.reader(table.open(encoding="utf-8", newline="")):
            for value in row:
                number = re.fullmatch(r"-?[0-9.]+(e-?[0-9]+)?", value)
                assert number or not value.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert {"waterfall-photo", "swimmer"} <= {plot.key for plot in plots}


def test_growth_since_the_smallest_visit_is_told_at_the_last_one(folder):
    grown = people.row(
        outcome=Outcome.PROGRESSION, percent=96.0, interval=(64.0, 133.0), reason="Grown again."
    )
    stable = people.pair(total=people.row(outcome=Outcome.STABLE, percent=0.0))
    content = people.site(
        stable, replace(stable, reference=Reference.NADIR, total=grown), verdict=grown
    )
    study = study_of(folder, "P1")
    (site,) = group_sites(study.visits)
    path = site_file(folder / "results", site)
    write_text(path, json.dumps(to_json(replace(content, patient="P1"))))
    kept = open_kept(study, folder / "results", ["P1"])
    last = kept.content.patients[0].courses[0].points[-1]
    assert (last.percent, last.outcome) == (0.0, Outcome.PROGRESSION)
    text = people.words("".join(render_report(kept.content, kept.sites_of)))
    assert "Since the smallest so far: +96 % (+64 to +133 %) ▲ Progression" in text


def test_pictures_shrink_when_a_study_is_large(folder, monkeypatch):
    study = study_of(folder, "P1", "P2")
    assert open_kept(study, folder / "results").share == 1.0
    monkeypatch.setattr(report, "MOST_BYTES", 1000)
    assert open_kept(study, folder / "results").share < 0.5


def test_a_smaller_picture_has_that_share_of_its_pixels():
    large = encode(np.full((100, 200, 3), 90, np.uint8))
    pixels = cv2.imdecode(np.frombuffer(shrink(large, 0.25), np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (50, 100, 3)
    with pytest.raises(ValueError, match="no picture"):
        shrink(b"", 0.5)
