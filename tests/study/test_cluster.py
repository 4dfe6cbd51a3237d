"""A cluster gives the same bytes as one process; what it loses is one item, never the batch."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cctrack.errors import StudyError
from cctrack.io import Lost
from cctrack.model import Because
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.run import RunOptions, run_study
from cctrack.study.workers import Workers
from tests.study.grief import lose_the_machine, work_or

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


@pytest.fixture(scope="module")
def workers(cluster):
    """Give the workers of the cluster to several tests: their processes take seconds to start."""
    with Workers(0, cluster.scheduler_address) as started:
        yield started


def test_what_a_worker_does_not_survive_costs_one_item_there_too(workers):
    items = [1, "die", 2, "hang", 3, "outgrow", 4, "err", 5]
    results = list(
        workers.run(work_or, items, limit_s=lambda item: 1.0 if item == "hang" else 30.0)
    )
    lost = [result.because for result in results if isinstance(result, Lost)]
    assert lost == [Because.CRASHED, Because.TOO_SLOW, Because.TOO_LARGE, Because.CRASHED]
    assert [result for result in results if not isinstance(result, Lost)] == [1, 4, 9, 16, 25]
    assert "Doe" not in str(results)


def test_the_items_of_a_lost_machine_are_done_by_another(workers, tmp_path):
    items = [1, 2, str(tmp_path / "lost"), 3, 4, 5]
    results = list(workers.run(lose_the_machine, items))
    assert results == [1, 2, -1, 3, 4, 5]
    left = Path("/proc") / (tmp_path / "lost").read_text(encoding="ascii")
    for _ in range(100):
        if not left.exists() or "Z" in (left / "stat").read_text(encoding="ascii").split():
            return
        time.sleep(0.1)
    pytest.fail("a process outlived its machine's worker")


def test_results_come_as_they_are_ready_and_few_items_are_out(workers):
    taken = []

    def items():
        for number in range(40):
            taken.append(number)
            yield number

    results = workers.run_each(work_or, items())
    first = next(results)
    assert len(taken) <= 5
    assert dict([first, *results]) == {number: number**2 for number in range(40)}


def photos(folder: Path) -> Path:
    """Give some pictures of skin-coloured noise with a light spot, and one broken file."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in range(2):
        pixels = rng.integers(0, 12, (96, 128, 3)) + np.array([200, 150, 125])
        pixels[40:60, 60 : 80 + number] = (245, 240, 225)
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
        ("one", 1, ""),
        ("two", 2, ""),
        ("cluster", 0, cluster.scheduler_address),
    ):
        options = BatchOptions(masks=True, overlays=True, jobs=jobs, scheduler=address)
        measure_paths([images], Path(name), options, lambda _done, _all: None)
        written[name] = results_of(tmp_path / name)
    assert len(written["one"]) >= 6
    assert written["one"] == written["two"] == written["cluster"]
    assert results_of(tmp_path / "images") == before


@pytest.mark.slow
def test_a_study_gives_the_same_results_on_a_cluster(cluster, tmp_path):
    root = tmp_path / "study"
    root.mkdir()
    photos(root / "images")
    lines = ["patient,site,acquired,modality,path"]
    lines += [f"P1,hand,201{number}-03-03,photo,images/{number}.png" for number in range(2)]
    lines += ["P2,hand,2014-03-03,photo,images/broken.jpg"]
    (root / "visits.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for name, options in (
        ("here", RunOptions()),
        ("cluster", RunOptions(scheduler=cluster.scheduler_address)),
    ):
        assert len(run_study(root, tmp_path / name, options).refused) == 1
    here, other = (results_of(tmp_path / name) for name in ("here", "cluster"))
    assert here.keys() == other.keys()
    own = {path for path in here if path.startswith("record/")}
    assert {path for path in here if here[path] != other[path]} <= own
    assert "cohort/responses.csv" in here


def test_a_cluster_that_lost_all_its_workers_ends_the_run(monkeypatch):
    monkeypatch.setattr("cctrack.study.cluster.WORKERLESS_S", 0.5)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as lonely,
        Workers(0, lonely.scheduler_address) as started,
    ):
        results = started.run_each(work_or, iter([1, "hang", 2]), limit_s=lambda _item: 600.0)
        assert next(results) == (1, 1)
        lonely.scale(0)
        with pytest.raises(StudyError, match="workers of the cluster are gone"):
            list(results)


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
