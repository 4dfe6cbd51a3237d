"""Give away a batch's results without the names of its files.

Names of files and folders are often those of patients. They are kept in a table of their own,
``sources.csv``, which only its owner can read and which can be put elsewhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cctrack.model import Refused
from cctrack.study.rows import Row

SOURCE_COLUMNS = ("image_id", "source")
"""Columns of sources.csv."""


@dataclass(frozen=True, slots=True)
class WithoutNames:
    """Rows and refusals that name no file.

    Attributes
    ----------
    rows : tuple of Row
        Of measurements.csv; their ``source`` is empty.
    refused : tuple of Refused
        A file that became no image is called ``file-1``, ``file-2``, …
    sources : tuple of Row
        What each image id and each such name stands for.
    """

    rows: tuple[Row, ...]
    refused: tuple[Refused, ...]
    sources: tuple[Row, ...]


def without_names(rows: Iterable[Row], refused: Iterable[Refused]) -> WithoutNames:
    """Take the names of files out of rows and refusals, in the order given."""
    rows, refused = tuple(rows), tuple(refused)
    names = {str(row["source"]): str(row["image_id"]) for row in rows}
    for item in refused:
        for source in (item.source, *item.members):
            names.setdefault(source, f"file-{len(names) + 1}")
    return WithoutNames(
        tuple({**row, "source": ""} for row in rows),
        tuple(_renamed(item, names) for item in refused),
        tuple({"image_id": name, "source": source} for source, name in names.items()),
    )


def _renamed(item: Refused, names: Mapping[str, str]) -> Refused:
    detail = item.detail
    for source in sorted(names, key=len, reverse=True):  # A name may begin with another one.
        detail = detail.replace(source, names[source]) if source else detail
    members = tuple(names[source] for source in item.members)
    return replace(item, source=names[item.source], detail=detail, members=members)
