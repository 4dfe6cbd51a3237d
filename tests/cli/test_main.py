"""Every command ends with the exit status it promises and never with a traceback."""

import subprocess
import sys
import time

import pytest

from cctrack.cli import inspect
from cctrack.cli.main import COMMANDS, EXIT_BUG, EXIT_USAGE, main

HELP_WITHIN_S = 0.3


@pytest.mark.parametrize("command", [module.__name__.rsplit(".", 1)[-1] for module in COMMANDS])
def test_every_command_explains_itself_with_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert "example: cctrack" in capsys.readouterr().out


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from cctrack.cli.main import build_parser; build_parser();"
        "heavy = {'numpy', 'cv2', 'skimage', 'scipy', 'pydicom', 'napari', 'matplotlib'};"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    # Twice the promise, because a test machine is noisy; the list above is the real guard.
    assert time.perf_counter() - started < 2 * HELP_WITHIN_S + 1.0


def test_wrong_usage_is_status_2():
    with pytest.raises(SystemExit) as stop:
        main(["measure", "photo.jpg"])
    assert stop.value.code == EXIT_USAGE


@pytest.mark.parametrize("value", ["0", "-3", "nan", "inf"])
def test_a_scale_that_cannot_be_is_wrong_usage(value):
    with pytest.raises(SystemExit) as stop:
        main(["measure", "photo.jpg", "--out", "x", f"--scale={value}"])
    assert stop.value.code == EXIT_USAGE


def test_a_missing_path_is_one_refused_line(tmp_path, capsys):
    assert main(["inspect", str(tmp_path / "nobody.jpg")]) == 1
    captured = capsys.readouterr()
    assert "not_found" in captured.err
    assert len(captured.err.strip().splitlines()) == 1


def test_an_unforeseen_error_is_a_short_report_without_what_the_data_held(monkeypatch, capsys):
    def fail(_arguments):
        raise RuntimeError("PatientName was Somebody")

    monkeypatch.setattr(inspect, "run", fail)
    assert main(["inspect", "x"]) == EXIT_BUG
    message = capsys.readouterr().err
    assert "RuntimeError in fail" in message
    assert "Somebody" not in message
    assert "Traceback" not in message


def test_a_folder_that_cannot_be_written_is_one_line_and_no_bug(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    status = main(["measure", str(tmp_path / "file"), "--out", str(tmp_path / "file" / "out")])
    message = capsys.readouterr().err
    assert status == 1
    assert "bug" not in message
    assert str(tmp_path / "file") in message


def test_compare_says_which_image_it_could_not_read(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--out", out]) == 1
    assert "baseline: no such file" in capsys.readouterr().err
