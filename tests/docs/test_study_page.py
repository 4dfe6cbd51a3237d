"""The commands of the page on studies can be typed, and its columns and tables are real ones."""

import re
import shlex
from pathlib import Path

import pytest

from cctrack.cli.main import build_parser
from cctrack.study.cohort.tables import NAMES
from cctrack.study.visit_table import COLUMNS

PAGE = (Path(__file__).parents[2] / "docs" / "study.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\n(.*?)```", PAGE, flags=re.DOTALL)
LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines()]


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("cctrack ")])
def test_every_command_is_understood(line):
    assert callable(build_parser().parse_args(shlex.split(line)[1:]).run)


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "status"])
def test_every_column_that_is_filled_is_explained(name):
    assert f"`{name}`" in PAGE


@pytest.mark.parametrize("name", NAMES)
def test_every_table_of_the_cohort_is_explained(name):
    assert f"**{name}**" in PAGE
