"""A cluster gives the same bytes as one process; what it loses is one item, never the batch."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.errors import StudyError
from cctrack.io import Lost
from cctrack.model import Because
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.workers import Workers

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    """Start a scheduler and two workers, each a process of its own, on this machine."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit="4GiB",
    ) as started:
        yield started


def work_or(value: int | str) -> int:
    """Square a number; a word says how to come to grief."""
    match value:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(60)
        case "outgrow":
            np.ones(1 << 45, dtype=np.uint8)
        case "err":
            raise TypeError("Doe^Jane")
    return int(value) ** 2


def lose_the_machine(value: int | str) -> int:
    """Kill the Dask worker itself the first time that a path is seen."""
    if isinstance(value, str) and not Path(value).exists():
        Path(value).write_text(str(os.getpid()), encoding="ascii")
        os.kill(os.getppid(), signal.SIGKILL)
    return -1 if isinstance(value, str) else value


def test_what_a_worker_does_not_survive_costs_one_item_there_too(cluster):
    items = [1, "die", 2, "hang", 3, "outgrow", 4, "err", 5]
    with Workers(0, cluster.scheduler_address) as workers:
        results = list(
            workers.run(work_or, items, limit_s=lambda item: 1.0 if item == "hang" else 30.0)
        )
    lost = [result.because for result in results if isinstance(result, Lost)]
    assert lost == [Because.CRASHED, Because.TOO_SLOW, Because.TOO_LARGE, Because.CRASHED]
    assert [result for result in results if not isinstance(result, Lost)] == [1, 4, 9, 16, 25]
    assert "Doe" not in str(results)


def test_the_items_of_a_lost_machine_are_done_by_another(cluster, tmp_path):
    items = [1, 2, str(tmp_path / "lost"), 3, 4, 5]
    with Workers(0, cluster.scheduler_address) as workers:
        results = list(workers.run(lose_the_machine, items))
    assert results == [1, 2, -1, 3, 4, 5]
    left = Path("/proc") / (tmp_path / "lost").read_text(encoding="ascii")
    for _ in range(100):
        if not left.exists() or "Z" in (left / "stat").read_text(encoding="ascii").split():
            return
        time.sleep(0.1)
    pytest.fail("a process outlived its machine's worker")


def test_results_come_as_they_are_ready_and_few_items_are_out(cluster):
    taken = []

    def items():
        for number in range(40):
            taken.append(number)
            yield number

    with Workers(0, cluster.scheduler_address) as workers:
        results = workers.run_each(work_or, items())
        first = next(results)
        assert len(taken) <= 5
        assert dict([first, *results]) == {number: number**2 for number in range(40)}


def photos(folder: Path) -> Path:
    """Give some pictures of skin-coloured noise with a light spot, and one broken file."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in range(4):
        pixels = rng.integers(0, 12, (160, 200, 3)) + np.array([200, 150, 125])
        pixels[60:80, 80 : 100 + number] = (245, 240, 225)
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{number}.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    return folder


def results_of(out: Path) -> dict[str, bytes]:
    files = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def test_one_process_two_and_a_cluster_give_the_same_bytes(cluster, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    images = photos(Path("images")).relative_to(".")
    before = results_of(tmp_path / "images")
    written = {}
    for name, jobs, address in (
        ("here", 0, ""),
        ("one", 1, ""),
        ("two", 2, ""),
        ("cluster", 0, cluster.scheduler_address),
    ):
        options = BatchOptions(masks=True, overlays=True, jobs=jobs, scheduler=address)
        measure_paths([images], Path(name), options, lambda _done, _all: None)
        written[name] = results_of(tmp_path / name)
    assert len(written["one"]) >= 10
    assert written["one"] == written["two"] == written["cluster"] == written["here"]
    assert results_of(tmp_path / "images") == before


def test_an_address_where_no_scheduler_answers_is_one_line(monkeypatch):
    monkeypatch.setattr("cctrack.study.cluster.CONNECT_S", 1.0)
    with (
        pytest.raises(StudyError, match="no Dask scheduler answers"),
        Workers(0, "tcp://127.0.0.1:9"),
    ):
        pass


def test_workers_that_would_give_other_numbers_are_refused(cluster, monkeypatch):
    monkeypatch.setattr("cctrack.study.cluster.__version__", "0.0.1")
    with (
        pytest.raises(StudyError, match=r"a worker of the cluster has cctrack .*, this is 0\.0\.1"),
        Workers(0, cluster.scheduler_address),
    ):
        pass
