"""Plots: every number is drawn or counted, and nothing foreign in a name does anything."""

import importlib.util
import re
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cctrack.model import Criteria, Modality, Outcome, Quantity, Thresholds
from cctrack.model.notice import RESEARCH_ONLY
from cctrack.report.content import CoursePoint
from cctrack.report.plots import KINDS, cohort_sections, figure_bytes, inline_svg, plot_course
from cctrack.report.plots.answers import plot_answers
from cctrack.report.plots.axes import cut_values, limits
from cctrack.report.plots.both import plot_both
from cctrack.report.plots.spider import plot_spider
from cctrack.report.plots.style import CEILING, VARIABLES, plain
from cctrack.report.plots.swimmer import MOST_LANES, plot_swimmers
from cctrack.report.plots.waterfall import plot_waterfall

SPEC = importlib.util.spec_from_file_location("people", Path(__file__).with_name("people.py"))
people = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(people)
CRITERIA, course, outcome, patient, study = (
    people.CRITERIA,
    people.course,
    people.outcome,
    people.patient,
    people.study,
)


def cohort(*values):
    return [patient(f"P{number}", outcome(value=value)) for number, value in enumerate(values)]


def waterfall(*values, cuts=CRITERIA):
    return plot_waterfall(cohort(*values), Modality.PHOTO, cuts)


def texts(plot):
    root = ElementTree.fromstring(inline_svg(plot))
    return [text.text for text in root.iter("text") if text.text]


def whole():
    ct = outcome(Outcome.STABLE, 3.0, modality=Modality.CT)
    person = patient(
        "P01",
        outcome(),
        ct,
        treatments=(people.treatment(),),
        courses=(course(), course(modality=Modality.CT, site="pelvis")),
    )
    return study(person)


def test_the_waterfall_falls_from_growth_to_shrinkage():
    rows = waterfall(-50.0, 120.0, 5.0).rows
    assert [row["change_percent"] for row in rows] == [120.0, 5.0, -50.0]


def test_a_bar_beyond_the_ceiling_keeps_its_true_value_in_words():
    plot = waterfall(900.0)
    assert "+900" in texts(plot)
    ticks = [text for text in texts(plot) if re.fullmatch(r"[+−]?\d+", text) and text != "+900"]
    assert max(float(tick.replace("−", "-")) for tick in ticks) == CEILING


def test_who_cannot_be_evaluated_has_a_place_and_is_counted():
    listed = [
        patient("P1", outcome(Outcome.NOT_EVALUABLE, 12.0)),
        patient("P2", outcome()),
    ]
    plot = plot_waterfall(listed, Modality.PHOTO, CRITERIA)
    assert "n. e." in texts(plot)
    assert "not evaluable, 1 of 2" in plot.caption
    assert "+12" not in texts(plot)


def test_a_modality_nobody_has_has_no_waterfall():
    assert plot_waterfall([patient()], Modality.CT, CRITERIA) is None


def test_a_rule_without_a_word_on_the_quantity_draws_no_cuts():
    rule = Criteria(
        "x",
        "y",
        "z",
        (
            Thresholds(Quantity.VOLUME, 0.7, 1.3),
            Thresholds(Quantity.MAX_DIAMETER, 0.7, 1.2),
        ),
    )
    assert cut_values(Modality.PHOTO, rule) == ()
    assert "Dashed" not in waterfall(5.0, cuts=rule).caption


def test_a_percent_axis_holds_every_value_up_to_the_ceiling():
    low, high, step = limits([-48.0, 70.0], [-57.0, 130.0], (25.0, -25.0))
    assert low <= -57
    assert high >= 130
    assert (high - low) / step <= 8
    assert limits([900.0], [], ())[1] == CEILING


def test_later_visits_that_could_not_be_compared_are_counted_in_the_spider():
    lost = CoursePoint(date(2020, 1, 2), None, None, Outcome.NOT_EVALUABLE)
    known = CoursePoint(date(2022, 8, 17), -48.0, (-57.0, -37.0), Outcome.REGRESSION)
    person = patient(courses=(course(lost, known),))
    plot = plot_spider([person], Modality.PHOTO, CRITERIA, "months")
    assert "1 of 2 later visits could not be compared" in plot.caption
    assert [row["change_percent"] for row in plot.rows] == [0.0, -48.0]


def test_a_site_whose_first_visit_was_lost_has_no_line():
    first = CoursePoint(date(2019, 3, 4), None, None, None)
    later = CoursePoint(date(2022, 8, 17), None, None, Outcome.NOT_EVALUABLE)
    person = patient(courses=(replace(course(), points=(first, later)),))
    assert plot_spider([person], Modality.PHOTO, CRITERIA, "months") is None


@pytest.mark.parametrize(("unit", "last"), [("months", "36"), ("years", "3"), ("days", "1000")])
def test_time_is_told_in_the_unit_of_the_study(unit, last):
    plot = plot_spider([patient(courses=(course(),))], Modality.PHOTO, CRITERIA, unit)
    assert f"{unit.capitalize()} since the first visit" in texts(plot)
    assert any(text.startswith(last) for text in texts(plot))


def test_the_swimmer_shows_visits_verdicts_drugs_and_answers():
    (plot,) = plot_swimmers(whole().patients, "months")
    assert {"P01 · Photo", "CT", "bisphosphonate", "better"} <= set(texts(plot))
    what = [row["what"] for row in plot.rows]
    assert (what.count("visit"), what.count("treatment")) == (4, 1)


def test_a_treatment_without_a_start_is_counted_and_not_drawn():
    person = patient(courses=(course(),), treatments=(people.treatment(start=None),))
    (plot,) = plot_swimmers([person], "months")
    assert "without a known start are not drawn: 1" in plot.caption


def test_many_patients_are_split_over_several_swimmer_figures():
    listed = [patient(f"P{number}", courses=(course(),)) for number in range(2 * MOST_LANES)]
    plots = plot_swimmers(listed, "months")
    assert len(plots) == 3
    assert len({plot.key for plot in plots}) == 3
    assert sum(len(plot.rows) for plot in plots) == 4 * MOST_LANES


def test_answers_are_counted_against_verdicts_with_an_exact_interval():
    listed = [
        patient("A", outcome()),
        patient("B", outcome(Outcome.PROGRESSION, 80.0)),
        patient("C", outcome(Outcome.NOT_EVALUABLE, None)),
        patient("D", outcome(subjective="")),
    ]
    plot = plot_answers(listed, Modality.PHOTO)
    assert "3 of 4 patients were asked" in plot.caption
    assert "agree in 1 of 2 (50 %, exact 95 % interval 1 to 99 %)" in plot.caption
    assert "1 could not be evaluated" in plot.caption
    assert [row["agrees"] for row in plot.rows] == ["yes", "no", "", ""]


def test_photo_against_radiology_counts_those_that_cannot_be_compared():
    listed = [
        patient("A", outcome(), outcome(modality=Modality.CT)),
        patient("B", outcome(), outcome(Outcome.PROGRESSION, 90.0, modality=Modality.XRAY)),
        patient("C", outcome(), outcome(Outcome.NOT_EVALUABLE, 5.0, modality=Modality.CT)),
        patient("D", outcome()),
    ]
    plot = plot_both(listed, CRITERIA)
    assert "3 of 4 patients have a photo and a radiological outcome" in plot.caption
    assert "the same in 1 of 2 comparisons" in plot.caption
    assert "In 1 one of the two could not be evaluated" in plot.caption
    assert plot.rows[2]["radiology_change_percent"] is None
    assert "C" not in texts(plot)


def test_a_patients_course_names_sites_and_drugs():
    plot = plot_course(whole().patients[0], CRITERIA, "months", "course-1")
    assert {"pamidronate", "Photo, left forearm", "CT, pelvis"} <= set(texts(plot))


def test_inline_plots_need_no_style_of_their_own_and_turn_over_in_the_dark():
    for section in cohort_sections(whole()):
        for plot in section.plots:
            svg = inline_svg(plot)
            assert "style=" not in svg
            assert "<style" not in svg
            assert "var(--ink)" in svg
            assert not [colour for colour in VARIABLES if colour in svg]
            assert 'role="img"' in svg


def test_ids_of_several_plots_in_one_page_never_meet():
    svgs = [inline_svg(plot) for part in cohort_sections(whole()) for plot in part.plots]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in svgs]
    assert sum(map(len, ids)) == len(set().union(*ids))
    for own, svg in zip(ids, svgs, strict=True):
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) <= own


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_results_give_the_same_figure_with_its_notice(kind):
    (plot,) = plot_swimmers(whole().patients, "months")
    assert figure_bytes(plot, kind) == figure_bytes(plot, kind)
    if kind == "svg":
        assert RESEARCH_ONLY in figure_bytes(plot, kind).decode()


HOSTILE = ["$\\frac{1}{", "<b>&amp;", "a\x00b\x1b[31m", "\ud800", "名前", "x" * 500, "{{7*7}}", " "]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_strange_pseudonym_is_drawn_as_text(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot = waterfall(5.0)
        plot = plot_waterfall([patient(name, outcome())], Modality.PHOTO, CRITERIA)
        assert plain(name, 16) in " ".join(texts(plot))
        assert figure_bytes(plot, "png").startswith(b"\x89PNG")
