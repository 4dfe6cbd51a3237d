"""The guide explains every code that a table can hold."""

import re
from pathlib import Path

import pytest

from cctrack.model import Because, Flag, ScaleSource

GUIDE = Path(__file__).parents[2] / "docs" / "codes.md"


@pytest.mark.parametrize("codes", [Because, Flag, ScaleSource], ids=lambda item: item.__name__)
def test_every_code_is_explained_and_none_is_invented(codes):
    sections = re.split(r"^## ", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    explained = [set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) for text in sections]
    assert set(codes) in explained
