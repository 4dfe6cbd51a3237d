"""No damaged file ends the program, takes long or much memory, or shows a traceback."""

import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from cctrack.io import Found, Lost, load, scan
from cctrack.model import Because, Modality, Read, Refused
from cctrack.study.workers import Workers

sys.path.insert(0, str(Path(__file__).parent))
from seeds import damaged, dicoms, photos

LONGEST_S = 10.0
MOST_MEMORY_KIB = 2 << 20
FILES_A_FOLDER = 50


def look(folder):
    """Read a folder's files in this worker: what became, longest processor time, memory."""
    outcomes, longest = [], 0.0
    for path in sorted(folder.iterdir()):
        started = time.process_time()
        for item in scan([path], modality=Modality.PHOTO if path.suffix != ".dcm" else None):
            outcomes.append(load(item) if isinstance(item, Found) else item)
        longest = max(longest, time.process_time() - started)
    kinds = [type(item).__name__ for item in outcomes]
    because = [str(item.because) for item in outcomes if isinstance(item, Refused)]
    return kinds, because, longest, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _run(tmp_path, wholes, count):
    """Damage files by a fixed seed and read them in worker processes, folder by folder."""
    folders = []
    for number in range(count):
        folder = tmp_path / f"{number // FILES_A_FOLDER:04d}"
        if not folder.exists():
            folder.mkdir()
            folders.append(folder)
        suffix, whole = wholes[number % len(wholes)]
        rng = np.random.default_rng([17, number])
        (folder / f"{number:06d}.{suffix}").write_bytes(damaged(whole, rng))
    with Workers(2) as workers:
        results = list(workers.run(look, folders, lambda _folder: LONGEST_S * FILES_A_FOLDER))
    lost = [str(item.detail) for item in results if isinstance(item, Lost)]
    assert not lost
    for kinds, because, longest, memory in results:
        assert set(kinds) <= {Read.__name__, Refused.__name__}
        assert set(because) <= {str(item) for item in Because}
        assert str(Because.CRASHED) not in because
        assert longest < LONGEST_S
        assert memory < MOST_MEMORY_KIB
    assert sum(len(kinds) for kinds, *_ in results) >= count
    print(f"{count} files: longest {max(item[2] for item in results):.2f} s")
    print(f"most memory {max(item[3] for item in results) >> 10} MiB")


FULL = pytest.mark.bars


@pytest.mark.parametrize("count", [100, pytest.param(20_000, marks=FULL)])
def test_damaged_dicom_is_read_or_refused(tmp_path, count):
    _run(tmp_path, [("dcm", whole) for whole in dicoms()], count)


@pytest.mark.parametrize("count", [100, pytest.param(10_000, marks=FULL)])
def test_damaged_photos_are_read_or_refused(tmp_path, count):
    _run(tmp_path, list(photos().items()), count)
