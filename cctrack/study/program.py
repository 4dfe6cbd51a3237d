"""Which program measured: a number is measured again when the program has changed."""

import hashlib
from functools import cache
from importlib import metadata
from pathlib import Path

import cctrack

LIBRARIES = ("numpy", "scipy", "scikit-image", "opencv-python", "pydicom", "pillow")
"""Libraries that numbers depend on; a change of one alone measures nothing again."""

BESIDE_THE_POINT = frozenset({"__pycache__", "cli", "phantom", "validate"})
"""Folders of the package that measure and compare nothing."""

DIGITS = 12


@cache
def program_id() -> str:
    """Version of cctrack and a hash of its files: a checkout can change without its version.

    Examples
    --------
    >>> program_id().startswith(cctrack.__version__ + "+")
    True
    """
    folder = Path(cctrack.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if path.is_file() and BESIDE_THE_POINT.isdisjoint(place.parts):
            digest.update(place.as_posix().encode() + b"\0" + path.read_bytes())
    return f"{cctrack.__version__}+{digest.hexdigest()[:DIGITS]}"


def library_versions() -> dict[str, str]:
    """Versions of the libraries that numbers depend on, by name."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return found
