"""A work item that kills its process costs that item and nothing else."""

import os
import signal

import pytest

from cctrack.study.executor import Lost, run_items


def square_or_die(value: int) -> int:
    if value == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return value * value


@pytest.mark.slow
def test_only_the_item_that_died_is_lost():
    results = list(run_items(square_or_die, [1, 2, 3, 4], jobs=2))
    assert [isinstance(result, Lost) for result in results] == [False, False, True, False]
    assert [result for result in results if not isinstance(result, Lost)] == [1, 4, 16]


def test_results_come_in_the_order_of_the_items():
    assert list(run_items(abs, [-3, -1, -2], jobs=1)) == [3, 1, 2]
