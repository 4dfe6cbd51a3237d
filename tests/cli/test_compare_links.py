"""``cctrack compare --links``: what a reader wrote reaches the comparison, or stops it."""

import json

from cctrack.cli.main import build_parser, main
from cctrack.cli.options import compare_options

ENTRY = {"action": "reject", "earlier": {"lesions": ["L1"]}, "later": {"lesions": ["L1"]}}


def test_links_reach_the_comparison(tmp_path):
    path = tmp_path / "links.json"
    path.write_text(json.dumps({"links": [ENTRY]}), encoding="utf-8")
    typed = ["compare", "a.jpg", "b.jpg", "--out", "out", "--links", str(path)]
    (entry,) = compare_options(build_parser().parse_args(typed)).links
    assert entry.later == (1,)


def test_links_that_cannot_be_understood_are_one_line_and_nothing_is_compared(tmp_path, capsys):
    path = tmp_path / "links.json"
    path.write_text(json.dumps({"links": [{**ENTRY, "action": "join"}]}), encoding="utf-8")
    out = tmp_path / "out"
    assert main(["compare", "a.jpg", "b.jpg", "--out", str(out), "--links", str(path)]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "links.json entry 1: action must be one of confirm, reject, redraw" in line
    assert not out.exists()
