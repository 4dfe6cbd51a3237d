"""A work item that kills its process, hangs or eats memory costs that item and nothing else."""

import os
import signal
import time

import numpy as np
import pytest

from cctrack.io import Lost
from cctrack.model import Because
from cctrack.study.workers import Workers, memory_limit_bytes, processor_limit


def work_or(value: int | str) -> int:
    """Square a number; a word says how to come to grief."""
    match value:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(60)
        case "spin":
            with processor_limit(0.3):
                while True:
                    pass
        case "outgrow":
            np.ones(1 << 45, dtype=np.uint8)
        case "err":
            raise TypeError("Doe^Jane")
    return int(value) ** 2


def test_what_a_worker_does_not_survive_costs_one_item():
    items = [1, "die", 2, "hang", 3, "spin", 4, "outgrow", 5]
    with Workers(2) as workers:
        results = list(
            workers.run(work_or, items, limit_s=lambda item: 1.0 if item == "hang" else 30.0)
        )
    lost = {
        item: result.because
        for item, result in zip(items, results, strict=True)
        if isinstance(result, Lost)
    }
    assert lost == {
        "die": Because.CRASHED,
        "hang": Because.TOO_SLOW,
        "spin": Because.TOO_SLOW,
        "outgrow": Because.TOO_LARGE,
    }
    assert [result for result in results if not isinstance(result, Lost)] == [1, 4, 9, 16, 25]


def test_a_mistake_of_ours_costs_one_image_of_the_batch_and_repeats_no_text():
    with Workers(1) as workers:
        before, mistake, after = workers.run(work_or, [1, "err", 2])
    assert (before, after) == (1, 4)
    assert isinstance(mistake, Lost)
    assert mistake.because is Because.CRASHED
    assert "TypeError" in mistake.detail
    assert "Doe" not in mistake.detail


def test_without_workers_everything_runs_here_in_order():
    with Workers(0) as workers:
        assert list(workers.run(abs, [-3, -1, -2])) == [3, 1, 2]


def test_outside_a_worker_nothing_is_limited():
    with processor_limit(0.001):
        total = sum(range(1_000_000))
    assert total > 0
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)


@pytest.mark.parametrize("jobs", [1, 2, 64])
def test_every_worker_may_have_what_a_large_photo_needs(jobs):
    assert memory_limit_bytes(jobs) >= 3 << 30


def test_results_come_as_they_are_ready_and_items_are_taken_as_they_are_needed():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield "die" if number == 1 else number

    with Workers(2) as workers:
        results = workers.run_each(work_or, items())
        first = next(results)
        assert len(taken) <= 5
        found = dict([first, *results])
    assert isinstance(found.pop("die"), Lost)
    assert found == {number: number**2 for number in range(100) if number != 1}
