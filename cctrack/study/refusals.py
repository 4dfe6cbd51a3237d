"""What was refused, as rows of refused.csv."""

from collections.abc import Iterable, Iterator, Mapping

from cctrack.model import Refused

REFUSED_COLUMNS = ("source", "because", "detail")
"""Columns of refused.csv: one row for every file that became no measurement."""


def refused_rows(refused: Iterable[Refused]) -> Iterator[Mapping[str, object]]:
    """Yield one row for every file that was refused; a series' files share their reason."""
    for item in refused:
        for source in item.members or (item.source,):
            yield {"source": source, "because": item.because, "detail": item.detail}
