"""What every command prints: a progress bar on a terminal, JSON lines, aligned tables."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cctrack.model import Refused

BAR_WIDTH = 30
BAR_AFTER_S = 2.0
"""Work that ends sooner shows no bar."""


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has."""
    parser.add_argument("--quiet", action="store_true", help="print only errors")
    parser.add_argument(
        "--json", action="store_true", help="print the result on stdout as JSON lines"
    )


def progress_bar(*, quiet: bool) -> Callable[[int, int], None]:
    """Return a callback that draws a bar with the time left; silent when piped or quiet."""
    if quiet or not sys.stderr.isatty():
        return lambda _done, _total: None
    started = time.monotonic()

    def show(done: int, total: int) -> None:
        elapsed = time.monotonic() - started
        if elapsed < BAR_AFTER_S:
            return
        filled = BAR_WIDTH * done // max(total, 1)
        left_s = elapsed / max(done, 1) * (total - done)
        bar = "█" * filled + "·" * (BAR_WIDTH - filled)
        end = "\n" if done == total else ""
        print(f"\r{bar} {done}/{total}, {left_s:.0f} s left ", end=end, file=sys.stderr, flush=True)

    return show


def print_json(rows: Iterable[Mapping[str, object]]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False, default=str))


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print an aligned table; columns of numbers are aligned to the right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [
        max(len(name), *(len(row[i]) for row in cells)) if cells else len(name)
        for i, name in enumerate(header)
    ]
    numeric = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(header))]
    for line in (list(header), *cells):
        padded = (
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        )
        print("  ".join(padded).rstrip())


def print_refused(refused: "Iterable[Refused]") -> None:
    """Print one line for every refused file or series, on stderr."""
    for item in refused:
        count = f" ({len(item.members)} files)" if len(item.members) > 1 else ""
        print(f"refused  {item.source}{count}: {item.because}: {item.detail}", file=sys.stderr)


def _is_number(text: str) -> bool:
    return not text or text.replace(".", "", 1).replace("-", "", 1).replace("+", "", 1).isdigit()
