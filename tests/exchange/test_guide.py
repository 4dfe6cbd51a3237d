"""What the page for radiology shows can be typed as it stands, and its codes are those written."""

import re
import shlex
from pathlib import Path

import pytest

from cctrack.cli.main import build_parser
from cctrack.io.exchange import codes
from cctrack.io.exchange.grid import BESIDE_SLICE, OFF_GRID_PX
from cctrack.io.exchange.seg import NO_THICKNESS
from cctrack.io.mask import GRID_TOLERANCE_MM
from cctrack.io.pacs.push import WAITS_S
from cctrack.model import Outcome, Quantity

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "exchange.md").read_text(encoding="utf-8")
DECISION = (DOCS / "decisions" / "0024-exchange.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", re.findall(r"^cctrack .*", GUIDE, flags=re.MULTILINE))
def test_every_command_of_the_guide_is_understood(line):
    arguments = build_parser().parse_args(shlex.split(line)[1:])
    assert callable(arguments.run)


def test_the_codes_of_the_guide_are_those_that_are_written():
    said = set(re.findall(r"\b\d{6,9}\b", GUIDE))
    terms = [
        codes.CALCIFICATION,
        codes.ABNORMAL_STRUCTURE,
        *(codes.MEASURES[item].concept for item in (Quantity.AREA, Quantity.VOLUME)),
        *(codes.MEASURES[item].concept for item in (Quantity.MAX_DIAMETER, Quantity.MEAN_HU)),
        codes.MEASURES[Quantity.AGATSTON].concept,
        *(codes.OUTCOMES[item] for item in list(Outcome)[:3]),
        codes.RECIST_COMPLETE,
        codes.RECIST_OUTCOMES[Outcome.STABLE],
    ]
    assert {term.value for term in terms} == said


def test_every_quantity_unit_and_outcome_has_a_code():
    assert set(codes.MEASURES) == set(Quantity)
    assert set(codes.OUTCOMES) == set(codes.RECIST_OUTCOMES) == set(Outcome)


def test_the_codes_are_those_of_the_standard():
    from pydicom.sr.codedict import codes as standard

    for name, term in {
        "Area": codes.MEASURES[Quantity.AREA].concept,
        "Diameter": codes.MEASURES[Quantity.MAX_DIAMETER].concept,
        "MorphologicallyAbnormalStructure": codes.ABNORMAL_STRUCTURE,
        "RangeOfUpperMeasurementUncertainty": codes.UPWARDS,
        "RangeOfLowerMeasurementUncertainty": codes.DOWNWARDS,
    }.items():
        assert getattr(standard.SCT, name).value == term.value


def test_the_limits_of_the_guide_are_those_of_the_code():
    assert f"to {GRID_TOLERANCE_MM} mm" in GUIDE
    assert f"{OFF_GRID_PX} px beside" in DECISION
    assert BESIDE_SLICE == 0.25
    assert "a quarter of a slice" in DECISION
    assert f"{NO_THICKNESS} mm" in DECISION
    assert "{} and {} s".format(*WAITS_S) in DECISION
