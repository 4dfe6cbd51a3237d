"""Read images for a program that must go on whatever is in a file, such as a viewer."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from cctrack.io import Found, Lost, load, scan
from cctrack.model import Modality, Read, Refused
from cctrack.study.batch import measure_limit_s
from cctrack.study.workers import Workers


def read_images(
    paths: Sequence[Path], *, modality: Modality | None = None
) -> tuple[Read | Refused, ...]:
    """Read everything under some paths in a process of its own.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and archives.
    modality : Modality or None
        What ambiguous images are.

    Returns
    -------
    tuple of Read or Refused
        One for each image and each refused file; an image that its reader did not survive is
        refused.
    """
    with Workers(1) as workers:
        outcomes = tuple(scan(paths, workers.run, modality=modality))
        found = [outcome for outcome in outcomes if isinstance(outcome, Found)]
        reader = partial(load, modality=modality)
        results = workers.run(reader, found, measure_limit_s)
        read = [
            _refused(item, result) if isinstance(result, Lost) else result
            for item, result in zip(found, results, strict=True)
        ]
    return (*read, *(outcome for outcome in outcomes if isinstance(outcome, Refused)))


def _refused(found: Found, lost: Lost) -> Refused:
    members = found.member_names
    return Refused(found.source, lost.because, lost.detail, members if len(members) > 1 else ())
