"""Every requirement is shown by tests that are there, and the guide's promises are these."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REQUIREMENTS = tomllib.loads((ROOT / "docs" / "requirements.toml").read_text("utf-8"))[
    "requirement"
]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda item: item["id"])
def test_no_requirement_is_an_orphan(requirement):
    assert requirement["tests"]
    for name in requirement["tests"]:
        path, _, function = name.partition("::")
        text = (ROOT / "tests" / path).read_text("utf-8")
        assert re.search(rf"^def {function or 'test_'}", text, re.MULTILINE), name


def test_ids_are_counted_through_and_every_promise_is_a_requirement():
    ids = [item["id"] for item in REQUIREMENTS]
    assert ids == [f"R-{number:02d}" for number in range(1, len(ids) + 1)]
    page = (ROOT / "docs" / "promises.md").read_text("utf-8")
    assert re.findall(r"R-\d\d", page) == ids


def test_the_guide_says_each_requirement_in_the_same_words():
    page = (ROOT / "docs" / "promises.md").read_text("utf-8")
    for item in REQUIREMENTS:
        assert f"| {item['id']} | {item['says']} |" in page


def test_every_package_is_told_with_version_licence_and_purpose():
    spec = importlib.util.spec_from_file_location("soup", ROOT / "packaging" / "soup.py")
    soup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(soup)
    told = tomllib.loads((ROOT / "packaging" / "soup.toml").read_text("utf-8"))
    assert set(told) == set(soup.packages())
    page = (ROOT / "docs" / "soup.md").read_text("utf-8")
    listed = re.findall(r"^\| ([\w.-]+) \| ([\w.]+) \| ([^|]+) \| ([^|]+) \|", page, re.MULTILINE)
    assert [name for name, *_ in listed][1:] == soup.packages()
