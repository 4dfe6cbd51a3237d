"""A run that is killed loses nothing, and the next one goes on where it was."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cohorts import bytes_of, draw_photo, rows_of, write_photo_study

from cctrack.cli.main import main
from cctrack.errors import StudyError
from cctrack.model import Because
from cctrack.study.inputs import Inputs
from cctrack.study.record import Kind, open_record
from cctrack.study.run import RunOptions, run_study

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes to kill")

MAIN = "import sys; from cctrack.cli.main import main; sys.exit(main(sys.argv[1:]))"
KILLING = Path(__file__).with_name("killing.py")


def results_of_killed_runs(tmp_path: Path, visits: int, kills: int) -> None:
    killed = write_photo_study(tmp_path / "killed", visits, visits=1)
    command = [sys.executable, str(KILLING), str(killed), "1", str(kills)]
    subprocess.run(command, check=True, timeout=4 * 3600)
    whole, *others = sorted((killed / "finished").iterdir(), key=lambda path: int(path.name))
    assert others
    for folder in others:
        assert bytes_of(folder) == bytes_of(whole)
    with open_record(killed) as record:
        assert record.verify().ok
        assert len(record.history(Kind.MEASURED)) == visits


def test_a_run_killed_at_random_moments_ends_with_the_same_bytes(tmp_path):
    results_of_killed_runs(tmp_path, visits=3, kills=4)


@pytest.mark.bars
def test_200_kills_change_no_byte(tmp_path):
    results_of_killed_runs(tmp_path, visits=6, kills=200)


def test_what_was_measured_before_a_kill_is_not_measured_again(tmp_path):
    root = write_photo_study(tmp_path, 4, visits=1)
    command = [sys.executable, "-c", "from cctrack.cli.main import main; main()"]
    process = subprocess.Popen([*command, "study", "run", str(root), "--jobs", "1", "--quiet"])
    while process.poll() is None and measured_in(root) < 2:
        pass
    process.kill()
    process.wait()
    before = measured_in(root)
    result = run_study(root, root / "results", RunOptions())
    assert (result.taken, result.measured) == (before, 4 - before)


def measured_in(root: Path) -> int:
    if not (root / "record" / "anchor").exists():
        return 0
    with open_record(root) as record:
        return len(record.history(Kind.MEASURED))


RUN = """
import sys
from pathlib import Path
from cctrack.study.run import RunOptions, run_study
root = Path(sys.argv[1])
waited = []
result = run_study(root, root / "results", RunOptions(waiting=waited.append))
print(result.measured, len(waited))
"""


def runs_at_once(root: Path, count: int) -> list[tuple[int, int]]:
    command = [sys.executable, "-c", RUN, str(root)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(count)]
    outputs = [run.communicate(timeout=600)[0] for run in runs]
    return [(int(first), int(second)) for first, second in (text.split() for text in outputs)]


@pytest.mark.parametrize(
    "count", [3, pytest.param(8, marks=pytest.mark.bars, id="8, all the bars ask for")]
)
def test_runs_at_once_measure_every_visit_once(tmp_path, count):
    root = write_photo_study(tmp_path, 3, visits=1)
    found = runs_at_once(root, count)
    assert sum(measured for measured, _ in found) == 3
    ids = [row["row_id"] for row in rows_of(root / "results" / "measurements.csv")]
    assert len(ids) == len(set(ids))
    with open_record(root) as record:
        assert len(record.history(Kind.MEASURED)) == 3
        assert record.verify().ok


def test_one_and_two_processes_write_the_same_bytes_and_leave_the_images_alone(tmp_path):
    root = write_photo_study(tmp_path / "study", 2, visits=2)
    before = bytes_of(root)
    for jobs in (1, 2):
        out = tmp_path / str(jobs)
        run_study(root, out, RunOptions(jobs=jobs))
    assert bytes_of(tmp_path / "1") == bytes_of(tmp_path / "2")
    assert bytes_of(root) == before


@pytest.fixture
def study(tmp_path) -> Path:
    return write_photo_study(tmp_path / "study", 2, visits=1)


def test_a_full_disk_is_named_and_the_next_run_goes_on(study, monkeypatch, capsys):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("cctrack.study.results.write_pieces", full)
        assert main(["study", "run", str(study), "--jobs", "1"]) == 1
        assert "No space left on device" in capsys.readouterr().err
    result = run_study(study, study / "results", RunOptions())
    assert (result.measured, result.taken) == (0, 2)


def test_a_record_that_cannot_grow_is_named_and_the_next_run_goes_on(study):
    with open_record(study):
        pass
    database = study / "record" / "cctrack.db"
    code = (
        "import resource, sys; from cctrack.cli.main import main; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({database.stat().st_size + 8000}, -1)); "
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "study", "run", str(study), "--jobs", "1", "--quiet"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    result = run_study(study, study / "results", RunOptions())
    assert result.measured + result.taken == 2
    with open_record(study) as record:
        assert record.verify().ok


MIGHTY = "dac_override,dac_read_search"
"""What lets root write where nobody may."""


def test_a_folder_that_may_not_be_written_to_is_named(study):
    command = [sys.executable, "-c", MAIN, "study", "run", str(study), "--jobs", "1", "--quiet"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may write everywhere, and setpriv (util-linux) is missing")
        command = ["setpriv", f"--bounding-set=-{MIGHTY.replace(',', ',-')}", *command]
    study.chmod(0o500)
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    finally:
        study.chmod(0o700)
    assert ended.returncode == 1
    assert "Permission denied" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def mounted(place: Path, size_kib: int, *more: str) -> bool:
    """Whether a small disk could be put there."""
    options = ",".join((f"size={size_kib}k", *more))
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path):
    """A disk of 320 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if shutil.which("mount") is None or not mounted(place, 320):
        pytest.skip("only who may mount can make a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_run_on_a_disk_that_fills_is_named_each_time_and_ends_with_the_same_bytes(disk, tmp_path):
    whole = write_photo_study(tmp_path / "whole", 6, visits=1)
    run_study(whole, whole / "results", RunOptions())
    root = write_photo_study(disk / "study", 6, visits=1)
    command = [sys.executable, "-c", MAIN, "study", "run", str(root), "--jobs", "1", "--quiet"]
    full = 0
    for size_kib in (320, 640, 960, 1280, 65536):
        assert mounted(disk, size_kib, "remount")
        ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if not ended.stderr:
            break
        full += 1
        assert ended.returncode == 1
        assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
        assert "No space left" in ended.stderr or "room left" in ended.stderr
    assert full >= 2
    assert bytes_of(root / "results") == bytes_of(whole / "results")
    with open_record(root) as record:
        assert record.verify().ok
        assert len(record.history(Kind.MEASURED)) == 6


def test_images_on_a_disk_that_is_read_only_are_measured_all_the_same(disk, tmp_path):
    root = write_photo_study(tmp_path / "study", 1, visits=2)
    subprocess.run(["cp", "-r", str(root / "images"), str(disk)], check=True)
    assert mounted(disk, 320, "remount", "ro")
    assert main(["measure", str(disk / "images"), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert len(rows_of(tmp_path / "out" / "measurements.csv")) > 0


def test_an_image_that_vanishes_while_the_others_are_measured_is_refused(study, monkeypatch):
    unchanged = Inputs.unchanged

    def vanished(self: Inputs, root: Path, path: str) -> bool:
        (root / path).unlink(missing_ok=True)
        return unchanged(self, root, path)

    with monkeypatch.context() as patch:
        patch.setattr(Inputs, "unchanged", vanished)
        result = run_study(study, study / "results", RunOptions())
    assert len(result.refused) == 2
    assert {item.because for item in result.refused} <= {Because.CHANGED, Because.NOT_FOUND}


def test_an_image_that_is_changed_while_it_is_measured_is_refused(study, monkeypatch):
    unchanged = Inputs.unchanged

    def changed(self: Inputs, root: Path, path: str) -> bool:
        draw_photo(root / path, 4711)
        return unchanged(self, root, path)

    with monkeypatch.context() as patch:
        patch.setattr(Inputs, "unchanged", changed)
        result = run_study(study, study / "results", RunOptions())
    assert result.reasons == {Because.CHANGED: 2}
    result = run_study(study, study / "results", RunOptions())
    assert (result.measured, result.refused) == (2, ())


def test_a_key_from_another_study_stops_the_run(study):
    run_study(study, study / "results", RunOptions())
    other = write_photo_study(study.parent / "other", 1, visits=1)
    run_study(other, other / "results", RunOptions())
    shutil.copy(other / "record" / "key", study / "record" / "key")
    with pytest.raises(StudyError, match="not the key"):
        run_study(study, study / "results", RunOptions())
