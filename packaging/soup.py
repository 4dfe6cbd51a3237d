"""Write docs/soup.md: every package cctrack stands on, as installed here.

    python packaging/soup.py

Names come from pyproject.toml, versions from constraints.txt, licences from the installed packages,
purposes and anomalies from packaging/soup.toml.
"""

import re
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOT_SHIPPED = ("dev", "bench", "docs")
"""Extras that nobody who uses cctrack installs."""

HEAD = """# What it is built on

Packages that cctrack imports or can import, with the versions it was tested with. Written by
`python packaging/soup.py`.

| package | version | licence | used for | known to go wrong |
|---|---|---|---|---|
"""


def main() -> None:
    """Write the page."""
    (ROOT / "docs" / "soup.md").write_text(page(), encoding="utf-8")


def page() -> str:
    """Return the page's text."""
    told = tomllib.loads((ROOT / "packaging" / "soup.toml").read_text("utf-8"))
    rows = [row(name, told[name]) for name in packages()]
    return HEAD + "\n".join(rows) + "\n"


def packages() -> list[str]:
    """Names of the packages in pyproject.toml, those of the extras last."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    listed = list(project["dependencies"])
    for name, needed in extras.items():
        listed += [] if name in NOT_SHIPPED else needed
    names = [re.match(r"[\w.-]+", item).group() for item in listed]  # type: ignore[union-attr]
    return [name for name in dict.fromkeys(names) if name != "cctrack-imaging"]


def row(name: str, told: dict[str, str]) -> str:
    """One line of the table."""
    spelt = re.sub(r"[-_.]", "[-_.]", name)
    pinned = re.search(
        rf"^{spelt}==(\S+)$",
        (ROOT / "constraints.txt").read_text("utf-8"),
        re.MULTILINE | re.IGNORECASE,
    )
    version = pinned.group(1) if pinned else ""
    cells = (name, version, licence(name), told["purpose"], told.get("anomaly", ""))
    return f"| {' | '.join(cells)} |"


def licence(name: str) -> str:
    """Licence of an installed package, from whichever field tells it."""
    about = metadata.metadata(name)
    stated = about.get("License-Expression") or ""
    if stated:
        return stated
    classes = [item for item in about.get_all("Classifier") or [] if item.startswith("License ::")]
    if classes:
        return ", ".join(item.rsplit("::", 1)[1].strip() for item in classes)
    return (about.get("License") or "not stated").splitlines()[0][:40]


if __name__ == "__main__":
    main()
