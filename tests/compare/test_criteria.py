"""Rules of change as files: what ships, and what a bad file says."""

import pytest

from cctrack.compare import criteria_names, load_criteria
from cctrack.compare.criteria import MAX_FILE_BYTES, parse_criteria
from cctrack.errors import StudyError
from cctrack.model import Quantity, Reference

GOOD = """
name = "ours"
version = 2
citation = "Someone 2020"
caution = "Not validated."

[[thresholds]]
quantity = "area"
regression_percent = -30
progression_percent = 30.0
"""


def test_the_default_comes_first_and_five_rules_ship():
    assert criteria_names() == ("calcinosis-25", "recist-1.1", "volume-25", "volumetric", "who")
    assert load_criteria().name == "calcinosis-25"


@pytest.mark.parametrize("name", criteria_names())
def test_every_rule_is_named_as_its_file_and_says_where_it_comes_from(name):
    criteria = load_criteria(name)
    assert criteria.name == name
    assert len(criteria.citation) > 30
    assert criteria.caution


@pytest.mark.parametrize(
    ("name", "quantity", "down", "up"),
    [
        ("calcinosis-25", Quantity.AREA, 0.75, 1.25),
        ("calcinosis-25", Quantity.VOLUME, 0.65, 1.398),
        ("volumetric", Quantity.VOLUME, 0.65, 1.55),
        ("who", Quantity.AREA, 0.5, 1.25),
        ("recist-1.1", Quantity.MAX_DIAMETER, 0.7, 1.2),
        ("volume-25", Quantity.VOLUME, 0.75, 1.25),
    ],
)
def test_cuts_are_those_of_the_guide(name, quantity, down, up):
    thresholds = load_criteria(name).of(quantity)
    assert (thresholds.regression, thresholds.progression) == pytest.approx((down, up))


def test_volume_cuts_of_calcinosis_25_are_those_of_area_grown_in_all_directions():
    thresholds = load_criteria("calcinosis-25").of(Quantity.VOLUME)
    assert thresholds.regression == pytest.approx(0.75**1.5, abs=0.001)
    assert thresholds.progression == pytest.approx(1.25**1.5, abs=0.001)


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(GOOD, "utf-8")
    criteria = load_criteria(path)
    assert (criteria.name, criteria.version) == ("ours", 2)
    assert criteria.of(Quantity.AREA).progression == pytest.approx(1.3)
    assert criteria.of(Quantity.AREA).progression_reference is Reference.BASELINE
    assert criteria.of(Quantity.VOLUME) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name =", "nam =", "unknown key 'nam'"),
        ('name = "ours"', "", "name is missing"),
        ('name = "ours"', 'name = " "', "name is empty"),
        ('name = "ours"', "name = 3", "name must be str"),
        ("version = 2", "version = 0", "version must be a whole number"),
        ("version = 2", "version = true", "version must be a whole number"),
        ('"area"', '"aera"', "quantity must be one of"),
        ('"area"', '"count"', "quantity must be one of"),
        ('"area"', '"mean_hu"', "quantity must be one of"),
        ("-30", "30", "regression_percent must lie between -100 and 0"),
        ("-30", "-100", "regression_percent must lie between -100 and 0"),
        ("-30", '"-30"', "regression_percent must be a finite number"),
        ("-30", "nan", "regression_percent must be a finite number"),
        ("-30", "true", "regression_percent must be a finite number"),
        ("30.0", "-5", "progression_percent must be above 0"),
        ("30.0", "30.0\nfloor_absolute = -1", "floor_absolute must not be negative"),
        ("30.0", "30.0\nfloor = 1", "unknown key 'floor'"),
        ("30.0", "30.0\nregression_inclusive = 1", "regression_inclusive must be bool"),
        ("30.0", '30.0\nprogression_reference = "first"', "progression_reference must be one of"),
        ("30.0", '30.0\nmethod = "magic"', "method must be one of"),
        ("progression_percent = 30.0", "", "progression_percent is missing"),
        ("[[thresholds]]", "[thresholds]", "at least one"),
        ("name", "= name", "not valid TOML"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(old, new, words):
    with pytest.raises(StudyError, match=words) as caught:
        parse_criteria(GOOD.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_two_thresholds_for_one_quantity_are_refused():
    table = GOOD[GOOD.index("[[") :]
    with pytest.raises(StudyError, match="two thresholds for one quantity"):
        parse_criteria(GOOD + table)


def test_thresholds_that_are_no_tables_are_refused():
    head = GOOD[: GOOD.index("[[")]
    with pytest.raises(StudyError, match="must be tables"):
        parse_criteria(head + "thresholds = [1]")
    with pytest.raises(StudyError, match="at least one"):
        parse_criteria(head + "thresholds = []")


def test_an_unknown_rule_names_those_there_are(tmp_path):
    with pytest.raises(StudyError, match="there are calcinosis-25"):
        load_criteria("nonsense")
    with pytest.raises(StudyError, match="there are calcinosis-25"):
        load_criteria(tmp_path)


def test_a_file_that_is_no_text_or_far_too_large_is_refused(tmp_path):
    binary = tmp_path / "a.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match="cannot be read as text"):
        load_criteria(binary)
    huge = tmp_path / "b.toml"
    huge.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(StudyError, match="too large"):
        load_criteria(huge)


def test_the_message_names_the_file_but_not_its_folder(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("x = 1", "utf-8")
    with pytest.raises(StudyError) as caught:
        load_criteria(path)
    assert "mine.toml" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
