"""Print a page to PDF by whatever browser the machine has; nothing leaves the machine."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cctrack.errors import StudyError
from cctrack.io.tables import write_bytes

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
"""Commands of browsers that print without a window; they share one engine."""

APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
"""Where macOS and Windows keep them."""

LIMIT_S = 600.0
"""A report of 200 patients takes about a minute."""

SWITCHES = (
    "--headless",
    "--disable-gpu",
    "--disable-extensions",
    "--disable-background-networking",
    "--no-first-run",
    "--no-pdf-header-footer",
)
"""No window, no extensions, nothing fetched; page numbers come from the page's own style."""


def find_browser() -> str:
    """Return the path of a browser that prints.

    Raises
    ------
    StudyError
        If there is none.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    found = found or next((path for path in APPLICATIONS if Path(path).exists()), None)
    if found is None:
        raise StudyError(
            f"no browser that prints was found (looked for {', '.join(BROWSERS)}): install "
            "Chromium, Chrome or Edge, or open report.html and print it from there"
        )
    return found


def print_page(page: Path, pdf: Path) -> None:
    """Print a page to PDF at once: there is the whole file or none.

    Raises
    ------
    StudyError
        If there is no browser, it takes too long, or it makes no PDF.
    OSError
        If ``pdf`` cannot be written.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="cctrack-print-") as folder:
        made = Path(folder) / "page.pdf"
        _run([browser, *_switches(folder), f"--print-to-pdf={made}", page.resolve().as_uri()])
        data = made.read_bytes() if made.exists() else b""
    if not data.startswith(b"%PDF-"):
        raise StudyError("the browser made no PDF: open report.html and print it from there")
    write_bytes(pdf, data)


def _switches(folder: str) -> list[str]:
    own = [*SWITCHES, f"--user-data-dir={Path(folder) / 'profile'}"]
    # As root Chromium starts only without its sandbox; the page is our own and runs one script.
    root = sys.platform == "linux" and os.geteuid() == 0
    return [*own, "--no-sandbox"] if root else own


def _run(command: Sequence[str]) -> None:
    try:
        subprocess.run(command, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise StudyError(f"the browser did not print the report within {LIMIT_S:.0f} s") from None
