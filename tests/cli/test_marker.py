import json

import pytest

from cctrack.cli.main import main


def test_the_page_of_markers_is_written_where_it_is_wanted(tmp_path, capsys):
    assert main(["marker", "--out", str(tmp_path / "m.pdf")]) == 0
    assert (tmp_path / "m.pdf").read_bytes().startswith(b"%PDF")
    assert "50.0 mm" in capsys.readouterr().out


def test_the_same_page_has_the_same_bytes(tmp_path):
    for name in ("a.pdf", "b.pdf"):
        main(["marker", "--quiet", "--out", str(tmp_path / name)])
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_scripts_are_told_what_was_written(tmp_path, capsys):
    assert main(["marker", "--json", "--paper", "letter", "--out", str(tmp_path / "m.pdf")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"marker": str(tmp_path / "m.pdf"), "paper": "letter"}


def test_a_folder_that_is_not_there_is_one_line(tmp_path, capsys):
    assert main(["marker", "--out", str(tmp_path / "none" / "m.pdf")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("cctrack: ")
    assert error.count("\n") == 1


def test_an_unknown_paper_is_wrong_usage(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        main(["marker", "--paper", "a5", "--out", str(tmp_path / "m.pdf")])
    assert stopped.value.code == 2
