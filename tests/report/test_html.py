"""The report: everything that must be said is said, and nothing in it runs."""

import re
from dataclasses import fields, replace
from datetime import date
from html.parser import HTMLParser

import numpy as np
import pytest

from cctrack.model import (
    Because,
    Change,
    Confidence,
    Criteria,
    Event,
    Flag,
    Measurement,
    Method,
    Modality,
    Outcome,
    Quantity,
    Refused,
    Thresholds,
    Unit,
)
from cctrack.report import (
    GroupTable,
    LesionRow,
    ModalityOutcome,
    PairContent,
    PatientContent,
    Picture,
    StudyContent,
    exact_interval,
    group_outcomes,
    render_report,
)
from cctrack.report.summary import agreement, answers, cautions, count_outcomes
from cctrack.report.waterfall import CEILING, lay_out
from cctrack.report.words import EVENTS, FLAGS, ICONS, OUTCOMES, UNITS, interval, percent, tied

EVIL = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'`{{7*7}}"
CRITERIA = Criteria(
    "ours", "Someone 2020", "Not validated.", (Thresholds(Quantity.AREA, 0.75, 1.25),)
)


def row(name="total", outcome=Outcome.REGRESSION, **more):
    known = {
        "event": None,
        "before": 100.0,
        "after": 52.0,
        "unit": Unit.MM2,
        "percent": -48.0,
        "interval": (-57.0, -37.0),
        "confidence": Confidence.DEFINITE,
        "reason": "The total area shrank by 48 %.",
        **more,
    }
    return LesionRow(name=name, outcome=outcome, **known)


def outcome(verdict=Outcome.REGRESSION, value=-48.0, *, modality=Modality.PHOTO, **more):
    known = {
        "first": date(2019, 3, 4),
        "last": date(2022, 8, 17),
        "months": 41.5,
        "interval": None if value is None else (value - 10, value + 10),
        "confidence": Confidence.DEFINITE,
        "reason": "All sites together.",
        "subjective": "better",
        "sites_evaluable": "1 of 2",
        **more,
    }
    return ModalityOutcome(modality=modality, percent=value, outcome=verdict, **known)


def pair(**more):
    known = {
        "site": "left forearm",
        "modality": Modality.PHOTO,
        "baseline_date": date(2019, 3, 4),
        "followup_date": None,
        "total": row(),
        "lesions": (row("L1", lesion=1, event=Event.PERSISTED),),
        "pictures": (Picture(np.full((20, 30, 3), 99, np.uint8), "4 March 2019"),),
        "flags": frozenset({Flag.BLUR}),
        "comparability": "Different kernels.",
        "scale": "marker",
        **more,
    }
    return PairContent(**known)


def patient(name="P01", *outcomes, pairs=None):
    return PatientContent(name, outcomes or (outcome(),), (pair(),) if pairs is None else pairs)


def study(*patients, **more):
    return StudyContent("Our study", CRITERIA, patients or (patient(),), **more)


class Reader(HTMLParser):
    """Collect tags, attributes and visible text."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_data(self, data):
        self.text.append(data)


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


def words(html):
    return " ".join(" ".join(read(html).text).replace("\u00a0", " ").split())


def poisoned(value):
    """Replace every text in nested content by something hostile."""
    if type(value) is str:
        return EVIL
    if isinstance(value, tuple):
        return tuple(poisoned(item) for item in value)
    if hasattr(value, "__dataclass_fields__"):
        changed = {item.name: poisoned(getattr(value, item.name)) for item in fields(value)}
        return replace(value, **changed)
    return value


def test_a_script_in_any_text_stays_text():
    content = study(
        refused=(Refused("a", Because.TRUNCATED, "b", ("c",)),),
        methods=(("a", "b"),),
        notice="a",
        version="1",
        created=date(2026, 1, 1),
    )
    html = render_report(poisoned(content))
    reader = read(html)
    assert "script" not in reader.tags
    assert reader.tags.count("img") == 1
    assert not [item for item in reader.attributes if item[1].startswith("on")]
    assert not [item for item in reader.attributes if item[1] == "style"]
    assert "alert(1)" in "".join(reader.text)
    assert "{{7*7}}" in html.replace("&#39;", "'")
    assert "49" not in "".join(reader.text)


def test_the_page_fetches_nothing_and_runs_nothing():
    html = render_report(study())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html).group(1)
    assert "default-src &#39;none&#39;" in policy
    assert "unsafe" not in policy
    sources = [value for tag, name, value in read(html).attributes if name in ("src", "href")]
    assert sources
    assert all(value.startswith("data:image/") for value in sources)
    assert "url(" not in html
    assert "@import" not in html


def test_the_policy_allows_exactly_the_pages_own_style():
    import base64
    import hashlib

    html = render_report(study())
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL).group(1)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"sha256-{digest}" in html.replace("&#43;", "+").replace("&#61;", "=")


def test_every_verdict_is_told_in_words_beside_its_sign():
    people = [
        patient(f"P0{number}", outcome(verdict, value), pairs=())
        for number, (verdict, value) in enumerate(
            zip(Outcome, (-48.0, 3.0, 60.0, None), strict=True)
        )
    ]
    text = words(render_report(study(*people)))
    for verdict in Outcome:
        assert OUTCOMES[verdict] in text
        assert ICONS[verdict] in text


def test_outcomes_are_counted_by_modality():
    people = (
        patient("A", outcome(), outcome(Outcome.STABLE, 2.0, modality=Modality.CT)),
        patient("B", outcome(Outcome.PROGRESSION, 70.0)),
    )
    counts = count_outcomes(people)
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
    assert "≠ Photo" in words(render_report(study(person)))


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
    assert "skin surface, not the calcium" in cautions(pair(flags=frozenset()))[0]
    assert not cautions(pair(modality=Modality.CT, flags=frozenset(), comparability=""))


def test_every_overview_of_photo_verdicts_says_it_too():
    text = words(render_report(study(patient("P01", outcome(), pairs=()))))
    assert text.count(FLAGS[Flag.SKIN_SURFACE]) == 3
    scan = patient("P01", outcome(modality=Modality.CT), pairs=())
    assert FLAGS[Flag.SKIN_SURFACE] not in words(render_report(study(scan)))


def test_flags_and_comparability_are_spelled_out_once():
    listed = cautions(pair(lesions=(row("L1", flags=frozenset({Flag.BLUR, Flag.OVER_BONE})),)))
    assert listed.count("The image is blurred.") == 1
    assert FLAGS[Flag.OVER_BONE] in listed
    assert "Different kernels." in listed


def test_every_code_has_words():
    assert set(FLAGS) == set(Flag)
    assert set(EVENTS) == set(Event)
    assert set(UNITS) == set(Unit)
    assert set(OUTCOMES) == set(ICONS) == set(Outcome)


def test_numbers_carry_their_unit_and_interval():
    text = words(render_report(study()))
    assert "Earlier (mm²)" in text
    assert "−48 %" in text
    assert "−57 to −37 %" in text


def test_sizes_without_a_scale_are_never_called_mm():
    relative = pair(total=row(unit=Unit.RELATIVE), lesions=(), scale="")
    text = words(render_report(study(patient(pairs=(relative,)))))
    assert "Earlier (relative)" in text
    assert not re.search(r"\bmm", text[text.index("Outcomes") :])


def test_what_is_not_evaluable_shows_why_and_no_percentage():
    refused = outcome(Outcome.NOT_EVALUABLE, None, reason="They could not be aligned.")
    text = words(render_report(study(patient("P01", refused, pairs=()))))
    assert "They could not be aligned." in text
    assert not re.search(r"[+−]\d+ %\s*\(", text)


def test_an_imprecise_patient_shows_no_percentage_in_the_overview():
    vague = outcome(Outcome.NOT_EVALUABLE, 12.0)
    text = words(render_report(study(patient("P01", vague, pairs=()))))
    assert "+12 %" not in text


def test_refused_inputs_are_listed_with_their_reason():
    refused = (Refused("IMG_1", Because.UNREADABLE_PIXELS, "found half a file"),)
    text = words(render_report(study(refused=refused)))
    assert "unreadable pixels" in text
    assert "found half a file" in text


def test_the_rule_its_source_and_its_caution_are_printed():
    text = words(render_report(study(version="0.1.0")))
    assert "Someone 2020" in text
    assert "Not validated." in text
    assert "cctrack 0.1.0" in text


def test_a_study_without_patients_is_still_a_report():
    text = words(render_report(StudyContent("Empty", CRITERIA, ())))
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
    taken = LesionRow.of(change, lesion=1, flags=[Flag.BLUR])
    assert (taken.before, taken.after, taken.unit) == (50.0, 100.0, Unit.MM2)
    assert taken.percent == pytest.approx(100)
    assert taken.interval == pytest.approx(change.interval_percent)


def plot(*values, cuts=CRITERIA):
    people = [
        patient(f"P{number}", outcome(value=value), pairs=()) for number, value in enumerate(values)
    ]
    return lay_out(people, Modality.PHOTO, cuts)


def test_the_waterfall_falls_from_growth_to_shrinkage():
    bars = plot(-50.0, 120.0, 5.0).bars
    assert [bar.value for bar in bars] == ["+120 %", "+5.0 %", "−50 %"]
    assert bars[0].y < plot(1.0).zero_y


def test_bars_are_drawn_to_scale_with_the_cuts():
    drawing = plot(50.0, 25.0)
    tall, short = drawing.bars
    assert tall.height == pytest.approx(2 * short.height, abs=0.05)
    assert drawing.cuts[0].y == pytest.approx(short.y, abs=0.05)


def test_a_bar_beyond_the_ceiling_is_cut_off_with_an_arrow_and_its_true_value():
    (bar,) = plot(900.0).bars
    assert bar.value == "+900 %"
    assert bar.whisker.endswith("m-4 7l4 -7l4 7")
    assert max(float(tick.text.rstrip(" %").replace("−", "-")) for tick in plot(900.0).ticks) == (
        CEILING
    )


def test_who_cannot_be_evaluated_has_a_place_but_no_bar():
    people = [patient("P1", outcome(Outcome.NOT_EVALUABLE, 12.0), pairs=())]
    (bar,) = lay_out(people, Modality.PHOTO, CRITERIA).bars
    assert (bar.height, bar.whisker, bar.value) == (0, "", "n. e.")


def test_a_modality_nobody_has_has_no_waterfall():
    assert lay_out([patient()], Modality.CT, CRITERIA) is None


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
    assert plot(5.0, cuts=rule).cuts == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0, "0 %"), (0.04, "0 %"), (-4.46, "−4.5 %"), (62.3, "+62 %")],
)
def test_percentages_have_a_sign_and_few_digits(value, text):
    assert percent(value) == text


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("soft", "paper"),
        ("soft", "wash"),
        ("accent", "paper"),
        ("accent", "wash"),
        ("down", "down-wash"),
        ("flat", "flat-wash"),
        ("up", "up-wash"),
        ("none", "paper"),
    ],
)
def test_all_text_can_be_read_by_weak_eyes(text, ground):
    html = render_report(study())
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", html))
    assert contrast(colours[text], colours[ground]) >= 4.5
    assert contrast("#d5e3ee", colours["accent"]) >= 4.5


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
    text = words(render_report(study(groups=(table,))))
    assert "2 of 5 5 to 85 %" in text
    with pytest.raises(ValueError, match="no share"):
        exact_interval(3, 2)


def test_a_group_nobody_could_be_evaluated_in_claims_nothing():
    (group,) = group_outcomes([("X", Outcome.NOT_EVALUABLE)])
    assert group.regression.interval == (0.0, 1.0)
    text = words(render_report(study(groups=(GroupTable("Class", Modality.CT, (group,)),))))
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
