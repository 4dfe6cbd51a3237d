"""The guide is built without a warning, and every command that it shows is one."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cctrack.cli.main import build_parser

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"]
BLOCK = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands(page):
    """Yield the cctrack commands of a page's code blocks, without prompts and comments."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            shown = line.strip().removeprefix("$ ")
            if shown.startswith("cctrack "):
                yield shlex.split(shown, comments=True)[1:]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_that_is_shown_is_understood(page):
    parser = build_parser()
    for words in commands(page):
        if "…" in words or "..." in words:
            continue
        assert parser.parse_args(words).run, shlex.join(words)


def test_the_first_hours_show_commands():
    for name in ("dermatologist", "researcher", "radiology"):
        assert len(list(commands(ROOT / "docs" / f"{name}.md"))) >= 3


@pytest.mark.skipif(not (ROOT / "mkdocs.yml").exists(), reason="an installed package has no guide")
def test_the_guide_is_built_without_a_warning(tmp_path):
    if shutil.which("mkdocs", path=Path(sys.executable).parent) is None:
        pytest.skip("mkdocs is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "dermatologist" / "index.html").exists()
