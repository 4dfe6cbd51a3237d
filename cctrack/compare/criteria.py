"""Read a rule of change from its TOML file, and trust nothing in it."""

import math
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from cctrack.errors import StudyError
from cctrack.model import Criteria, Method, Quantity, Reference, Thresholds

DEFAULT_CRITERIA = "calcinosis-25"
"""The rule that is used when none is asked for."""

RULE_KEYS = frozenset({"name", "version", "citation", "caution", "thresholds"})
"""Keys a criteria file must have, and the only ones it may have."""

FLOORS = (
    "floor_absolute",
    "floor_per_root",
    "floor_from_zero",
    "floor_progression",
    "smallest_lesion",
)
"""Numbers that default to 0: no floor."""

FLAGS = ("regression_inclusive", "progression_inclusive")
"""Switches that default to false: a ratio exactly on the cut is no change."""

CUTS = ("regression_percent", "progression_percent")
"""The change in percent beyond which the verdict is no longer stable."""

THRESHOLD_KEYS = frozenset({"quantity", "progression_reference", "method", *CUTS, *FLAGS, *FLOORS})
"""The only keys a threshold may have."""

JUDGED = (
    Quantity.AREA,
    Quantity.VOLUME,
    Quantity.MAX_DIAMETER,
    Quantity.MASS,
    Quantity.AGATSTON,
    Quantity.COVERAGE,
    Quantity.HAND_SCORE,
)
"""What a rule may judge. Not the number of lesions: counting repeats badly (ICC 0.64 against
0.88 to 0.90 for volume and score); and not mean HU, which is no amount."""

MAX_FILE_BYTES = 65_536
"""Far more than any rule needs; larger files are something else."""

Value = TypeVar("Value", bool, str)


def criteria_names() -> tuple[str, ...]:
    """Names of the rules that come with cctrack, the default first."""
    folder = resources.files("cctrack.compare") / "criteria"
    names = sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )
    return tuple(sorted(names, key=lambda name: name != DEFAULT_CRITERIA))


def load_criteria(name_or_path: str | Path = DEFAULT_CRITERIA) -> Criteria:
    """Read a rule of change.

    Parameters
    ----------
    name_or_path : str or Path
        One of `criteria_names`, or a TOML file with the same keys.

    Raises
    ------
    StudyError
        In one line: if there is no such rule, or its file says something that is unknown,
        contradictory or missing.
    """
    name = str(name_or_path)
    if name in criteria_names():
        text = (resources.files("cctrack.compare") / "criteria" / f"{name}.toml").read_text("utf-8")
    else:
        text = _read_file(Path(name_or_path))
    try:
        return parse_criteria(text)
    except StudyError as error:
        raise StudyError(f"criteria {Path(name).name}: {error}") from error


def parse_criteria(text: str) -> Criteria:
    """Read a rule from TOML text.

    Raises
    ------
    StudyError
        If anything in it is unknown, contradictory or missing.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"not valid TOML: {str(error).splitlines()[0]}") from error
    _require_keys(table, RULE_KEYS, needed=RULE_KEYS - {"version"})
    entries = table["thresholds"]
    if not isinstance(entries, list) or not entries:
        raise StudyError("needs at least one [[thresholds]] table")
    thresholds = tuple(_threshold(entry) for entry in entries)
    if len({item.quantity for item in thresholds}) < len(thresholds):
        raise StudyError("has two thresholds for one quantity")
    return Criteria(
        name=_words(table, "name"),
        citation=_words(table, "citation"),
        caution=_words(table, "caution"),
        thresholds=thresholds,
        version=_version(table.get("version", 1)),
    )


def _read_file(path: Path) -> str:
    known = ", ".join(criteria_names())
    try:
        if not path.is_file():
            raise StudyError(f"no criteria named {path.name!r}; there are {known}, or give a file")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise StudyError(f"criteria {path.name}: too large to be a rule")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise StudyError(f"criteria {path.name!r} cannot be read as text") from error


def _threshold(entry: object) -> Thresholds:
    if not isinstance(entry, dict):
        raise StudyError("thresholds must be tables")
    _require_keys(entry, THRESHOLD_KEYS, needed={"quantity", *CUTS})
    regression, progression = (_number(entry, key) for key in CUTS)
    if not -100.0 < regression < 0.0:
        raise StudyError(f"regression_percent must lie between -100 and 0, found {regression:g}")
    if progression <= 0.0:
        raise StudyError(f"progression_percent must be above 0, found {progression:g}")
    return Thresholds(
        quantity=Quantity(_one_of(entry, "quantity", [str(item) for item in JUDGED])),
        regression=1.0 + regression / 100.0,
        progression=1.0 + progression / 100.0,
        regression_inclusive=_typed(entry, "regression_inclusive", default=False),
        progression_inclusive=_typed(entry, "progression_inclusive", default=False),
        floor_absolute=_floor(entry, "floor_absolute"),
        floor_per_root=_floor(entry, "floor_per_root"),
        floor_from_zero=_floor(entry, "floor_from_zero"),
        floor_progression=_floor(entry, "floor_progression"),
        smallest_lesion=_floor(entry, "smallest_lesion"),
        progression_reference=Reference(
            _one_of(entry, "progression_reference", [str(item) for item in Reference], "baseline")
        ),
        method=_one_of(entry, "method", ["", *(str(item) for item in Method)], ""),
    )


def _require_keys(
    table: Mapping[str, object], allowed: frozenset[str], *, needed: frozenset[str] | set[str]
) -> None:
    if unknown := sorted(set(table) - allowed):
        raise StudyError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(allowed))}")
    if missing := sorted(needed - set(table)):
        raise StudyError(f"{missing[0]} is missing")


def _words(table: Mapping[str, Any], key: str) -> str:
    text = " ".join(_typed(table, key, default="").split())
    if not text:
        raise StudyError(f"{key} is empty")
    return text


def _typed(table: Mapping[str, Any], key: str, *, default: Value) -> Value:
    value = table.get(key, default)
    if not isinstance(value, type(default)):
        raise StudyError(f"{key} must be {type(default).__name__}, found {value!r:.40}")
    return value


def _number(table: Mapping[str, Any], key: str) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise StudyError(f"{key} must be a finite number, found {value!r:.40}")
    return float(value)


def _floor(table: Mapping[str, Any], key: str) -> float:
    value = _number(table, key)
    if value < 0:
        raise StudyError(f"{key} must not be negative, found {value:g}")
    return value


def _one_of(
    table: Mapping[str, Any], key: str, choices: list[str], default: str | None = None
) -> str:
    value = table.get(key, default)
    if value not in choices:
        raise StudyError(f"{key} must be one of {', '.join(filter(None, choices))}")
    return str(value)


def _version(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise StudyError(f"version must be a whole number from 1, found {value!r:.40}")
    return value
