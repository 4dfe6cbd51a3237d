"""The listing that the guide shows is the one that the program prints."""

from pathlib import Path

import pytest

from cctrack.cli.main import main

ROOT = Path(__file__).parents[2]


def test_the_guide_shows_the_listing_of_a_sample_patient(capsys):
    folder = ROOT / "sample_images" / "P2"
    if not folder.exists():
        pytest.skip("the sample images are not in an installed package")
    assert main(["inspect", str(folder)]) == 0
    page = (ROOT / "docs" / "inspect.md").read_text(encoding="utf-8")
    command = "$ cctrack inspect sample_images/P2\n"
    assert f"{command}{capsys.readouterr().out}" in page
