"""What the guide to PACS shows can be typed as it stands, and its figures are those of the code."""

import re
import shlex
from pathlib import Path

import pytest

from cctrack.cli.main import build_parser
from cctrack.io.pacs import inbox, instance, listen, query, web

GUIDE = (Path(__file__).parents[2] / "docs" / "pacs.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", re.findall(r"^cctrack .*", GUIDE, flags=re.MULTILINE))
def test_every_command_of_the_guide_is_understood(line):
    arguments = build_parser().parse_args(shlex.split(line)[1:])
    assert callable(arguments.run)


@pytest.mark.parametrize("command", ["pull", "receive"])
def test_every_option_of_the_guide_exists(command, capsys):
    with pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"])
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    section = re.search(rf"^## [^\n]*cctrack {command}.*?(?=^## )", GUIDE, re.DOTALL | re.MULTILINE)
    assert section is not None
    assert set(re.findall(r"^\| `(--[a-z-]+)", section[0], re.MULTILINE)) <= known


def test_the_limits_of_the_guide_are_those_of_the_code():
    said = GUIDE.partition("## Limits")[2]
    assert f"{instance.MAX_INSTANCE_BYTES >> 30} GiB" in said
    assert f"{query.MAX_LIST_BYTES >> 20} MiB" in said
    assert f"{query.MAX_INSTANCES:,} instances" in said
    assert f"less than {inbox.KEEP_FREE_BYTES >> 20} MiB free" in GUIDE
    assert f"less than {web.SLOWEST_BYTES_PER_S >> 10} KiB/s" in GUIDE
    assert listen.MAX_ASSOCIATIONS == 4
