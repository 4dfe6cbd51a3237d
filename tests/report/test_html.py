"""The report: everything that must be said is said, and nothing foreign in it runs."""

import base64
import hashlib
import importlib.util
import re
from dataclasses import replace
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from cctrack.model import (
    Change,
    Confidence,
    Event,
    Flag,
    Measurement,
    Method,
    Modality,
    Outcome,
    Quantity,
    ScaleSource,
    Unit,
)
from cctrack.model.share import exact_interval
from cctrack.report.cohort import group_outcomes
from cctrack.report.colours import colour_number, lesion_hex
from cctrack.report.content import GroupTable, MissingVisit, StudyContent
from cctrack.report.site_content import LesionRow
from cctrack.report.summary import agreement, answers, cautions, count_outcomes
from cctrack.report.words import (
    EVENTS,
    FLAGS,
    ICONS,
    METHODS,
    OUTCOMES,
    SCALES,
    UNITS,
    interval,
    tied,
)

SPEC = importlib.util.spec_from_file_location("people", Path(__file__).with_name("people.py"))
people = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(people)
CRITERIA, outcome, pair, patient = people.CRITERIA, people.outcome, people.pair, people.patient
poisoned, read, render, words = people.poisoned, people.read, people.render, people.words
row, site, study = people.row, people.site, people.study


def everything():
    return study(
        patient("a", description="b", treatments=(people.treatment(),), courses=(people.course(),)),
        missing=(MissingVisit("a", "b", Modality.CT, date(2020, 1, 2), "c"),),
        methods=(("a", "b"),),
        notice="a",
        version="1",
    )


def test_a_script_in_any_text_stays_text():
    html = render(poisoned(everything()), poisoned(site()))
    reader = read(html)
    assert reader.tags.count("script") == 1
    assert reader.tags.count("img") == 2
    assert not [item for item in reader.attributes if item[1].startswith("on")]
    assert not [item for item in reader.attributes if item[1] == "style"]
    assert "alert(1)" in "".join(reader.text)
    assert "{{7*7}}" in html.replace("&#39;", "'")
    assert "49" not in "".join(reader.text)


def test_the_page_fetches_nothing():
    html = render(None, site())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    attributes = read(html).attributes
    sources = [value for _, name, value in attributes if name == "src"]
    assert sources
    assert all(value.startswith("data:image/") for value in sources)
    assert all(value.startswith("#") for _, name, value in attributes if name == "href")
    assert "url(" not in html.replace("url(#", "")
    assert "@import" not in html


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_allows_exactly_the_pages_own_style_and_script(tag):
    html = render(None, site())
    text = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    policy = html.replace("&#43;", "+").replace("&#61;", "=").replace("&#39;", "'")
    assert f"{tag}-src 'sha256-{digest}'" in policy


def test_every_verdict_is_told_in_words_beside_its_sign():
    listed = [
        patient(f"P0{number}", outcome(verdict, value))
        for number, (verdict, value) in enumerate(
            zip(Outcome, (-48.0, 3.0, 60.0, None), strict=True)
        )
    ]
    text = words(render(study(*listed)))
    for verdict in Outcome:
        assert OUTCOMES[verdict] in text
        assert ICONS[verdict] in text


def test_outcomes_are_counted_by_modality():
    listed = (
        patient("A", outcome(), outcome(Outcome.STABLE, 2.0, modality=Modality.CT)),
        patient("B", outcome(Outcome.PROGRESSION, 70.0)),
    )
    counts = count_outcomes(listed)
    assert counts[Modality.PHOTO] == {Outcome.REGRESSION: 1, Outcome.PROGRESSION: 1}
    assert counts[Modality.CT][Outcome.STABLE] == 1


def test_what_the_patient_felt_stands_beside_a_verdict_that_differs():
    person = patient(
        "P01",
        outcome(Outcome.PROGRESSION, 70.0),
        outcome(Outcome.REGRESSION, -70.0, modality=Modality.CT),
    )
    (answer,) = answers(person)
    assert (answer.differs, answer.agrees) == ((Modality.PHOTO,), (Modality.CT,))
    assert "differs from Photo" in words(render(study(person)))


@pytest.mark.parametrize(
    ("verdict", "said", "expected"),
    [
        (Outcome.REGRESSION, "better", True),
        (Outcome.STABLE, "better", False),
        (Outcome.NOT_EVALUABLE, "better", None),
        (Outcome.STABLE, "", None),
    ],
)
def test_agreement_is_only_told_where_both_are_known(verdict, said, expected):
    assert agreement(outcome(verdict, subjective=said)) is expected


def test_a_photo_verdict_says_that_it_shows_the_skin_surface():
    assert "skin surface, not the calcium" in cautions(site())[0]
    bare = site(pair(comparability=""), modality=Modality.CT)
    assert not cautions(replace(bare, visits=bare.visits[1:] * 2))


def test_every_overview_of_photo_verdicts_says_it_too():
    text = words(render(study(patient("P01", outcome()))))
    assert text.count(FLAGS[Flag.SKIN_SURFACE]) == 3
    scan = patient("P01", outcome(modality=Modality.CT))
    assert FLAGS[Flag.SKIN_SURFACE] not in words(render(study(scan)))


def test_flags_and_comparability_are_spelled_out_once():
    listed = cautions(
        site(pair(lesions=(row("L1", flags=frozenset({Flag.BLUR, Flag.OVER_BONE})),)))
    )
    assert listed.count("The image is blurred.") == 1
    assert FLAGS[Flag.OVER_BONE] in listed
    assert "Different kernels." in listed


def test_every_code_has_words():
    assert set(FLAGS) == set(Flag)
    assert set(METHODS) == set(Method)
    assert set(SCALES) == set(ScaleSource)
    assert set(EVENTS) == set(Event)
    assert set(UNITS) == set(Unit)
    assert set(OUTCOMES) == set(ICONS) == set(Outcome)


def test_numbers_carry_their_unit_and_interval():
    text = words(render(None, site()))
    assert "Earlier (mm²)" in text
    assert "−48 %" in text
    assert "−57 to −37 %" in text


def test_sizes_without_a_scale_are_never_called_mm():
    relative = pair(total=row(unit=Unit.RELATIVE), lesions=(), views=(), alignment=None)
    bare = site(relative, verdict=relative.total)
    visits = tuple(replace(visit, total=None, scale="") for visit in bare.visits)
    text = words(render(None, replace(bare, visits=visits)))
    assert not re.search(r"\d mm", text[text.index("Patient by patient") :])
    assert "none: no size in mm is given" in text


def test_what_is_not_evaluable_shows_why_and_no_percentage():
    refused = outcome(Outcome.NOT_EVALUABLE, None, reason="They could not be aligned.")
    text = words(render(study(patient("P01", refused))))
    assert "They could not be aligned." in text
    assert not re.search(r"[+−]\d+ %\s*\(", text)


def test_an_imprecise_patient_shows_no_percentage_in_the_overview():
    vague = outcome(Outcome.NOT_EVALUABLE, 12.0)
    text = words(render(study(patient("P01", vague))))
    assert "+12 %" not in text


def test_missing_visits_are_listed_with_their_reason():
    absent = MissingVisit("P01", "left hand", Modality.XRAY, date(2020, 1, 2), "half a file")
    text = words(render(study(missing=(absent,))))
    assert "P01 Radiograph, left hand 2 January 2020 half a file" in text


def test_the_rule_its_source_and_its_caution_are_printed():
    text = words(render(study(version="0.1.0")))
    assert "Someone 2020" in text
    assert "Not validated." in text
    assert "cctrack 0.1.0" in text


def test_a_study_without_patients_is_still_a_report():
    text = words(render(StudyContent("Empty", CRITERIA, ())))
    assert "0 patients" in text


def test_a_change_becomes_a_row_as_it_was_judged():
    size = Measurement(Quantity.AREA, 50.0, Unit.MM2, Method.AUTOMATIC, 0.05)
    change = Change(
        "L1",
        Event.PERSISTED,
        size,
        replace(size, value=100.0),
        0.07,
        Outcome.PROGRESSION,
        Confidence.DEFINITE,
        "It grew.",
    )
    taken = LesionRow.of(change, lesion=1, flags=frozenset({Flag.BLUR}))
    assert (taken.before, taken.after, taken.unit) == (50.0, 100.0, Unit.MM2)
    assert taken.percent == pytest.approx(100)
    assert taken.interval == pytest.approx(change.interval_percent)


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


TEXTS = (
    *(("ink", ground) for ground in ("paper", "wash")),
    *(("soft", ground) for ground in ("paper", "wash")),
    *(("accent", ground) for ground in ("paper", "wash")),
    ("down", "down-wash"),
    ("flat", "flat-wash"),
    ("up", "up-wash"),
    ("none", "paper"),
    ("note", "note-wash"),
    ("differs", "differs-wash"),
    ("on-head", "head"),
    ("head-soft", "head"),
)
DRAWN = tuple((f"plot-{name}", "paper") for name in ("down", "flat", "up", "none"))


def palettes():
    style = (files("cctrack.report") / "templates" / "report.css").read_text()
    light, dark, *_ = style.split("prefers-color-scheme: dark")
    return {
        name: dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part))
        for name, part in (("light", light), ("dark", dark))
    }


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read_by_weak_eyes(scheme):
    colours = palettes()[scheme]
    weak = [pair for pair in TEXTS if contrast(colours[pair[0]], colours[pair[1]]) < 4.5]
    assert not weak


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_that_is_drawn_stands_out_from_its_ground(scheme):
    colours = palettes()[scheme]
    weak = [pair for pair in DRAWN if contrast(colours[pair[0]], colours[pair[1]]) < 3.0]
    assert not weak


def test_outcomes_by_treatment_carry_exact_intervals():
    (group,) = group_outcomes(
        [("Bisphosphonate", Outcome.REGRESSION)] * 2
        + [("Bisphosphonate", Outcome.PROGRESSION)] * 3
        + [("Bisphosphonate", Outcome.NOT_EVALUABLE)]
    )
    assert (group.evaluable, group.not_evaluable) == (5, 1)
    assert group.regression.interval == pytest.approx((0.0527, 0.8534), abs=1e-4)
    assert group.stable.interval == pytest.approx((0.0, 0.5218), abs=1e-4)
    table = GroupTable("Treatment class", Modality.PHOTO, (group,))
    text = words(render(study(groups=(table,))))
    assert "2 of 5 5 to 85 %" in text
    with pytest.raises(ValueError, match="no share"):
        exact_interval(3, 2)


def test_a_group_nobody_could_be_evaluated_in_claims_nothing():
    (group,) = group_outcomes([("X", Outcome.NOT_EVALUABLE)])
    assert group.regression.interval == (0.0, 1.0)
    text = words(render(study(groups=(GroupTable("Class", Modality.CT, (group,)),))))
    assert "0 to 100 %" not in text


@pytest.mark.parametrize(
    ("value", "months", "yearly"),
    [(44.0, 24.0, 20.0), (-100.0, 24.0, -100.0), (50.0, 3.0, None), (None, 24.0, None)],
)
def test_change_a_year_is_compounded_and_never_stretched_from_weeks(value, months, yearly):
    found = outcome(value=value, months=months).percent_per_year
    assert found == (yearly if yearly is None else pytest.approx(yearly))


def test_intervals_and_units_stay_on_one_line():
    assert interval((-4.46, 62.3)) == "−4.5 to +62 %"
    assert interval(None) == ""
    assert tied("12 mm² are 5 %") == "12\u00a0mm² are 5\u00a0%"


def test_the_colours_of_the_tables_are_those_of_the_pictures():
    style = (files("cctrack.report") / "templates" / "report.css").read_text()
    for lesion in range(1, 10):
        assert f".lesion-{colour_number(lesion)} {{ background: {lesion_hex(lesion)}; }}" in style
