"""All cases of bar E1, and the table of the guide that is made of them.

Run this file to write the table into ``docs/reading.md`` again.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from cctrack.model import Because, Flag

HERE = Path(__file__).parent
GUIDE = HERE.parents[2] / "docs" / "reading.md"
MARK = "<!-- cases: {} -->"

TITLES = {
    "ct_geometry": "CT: where slices lie",
    "ct_values": "CT: what values mean",
    "films": "Radiographs",
    "multiframe": "MR and multi-frame files",
}


@dataclass(frozen=True)
class Case:
    """One way in which an image can be written.

    ``result`` is a refusal code, or ``mm3``, ``MR mm3``, ``mm2``, ``px`` with the scale source and
    the flags that must be there, after the number of images when there are several.
    """

    group: str
    name: str
    result: str
    change: Callable[..., object] | None
    options: dict[str, object]

    def __str__(self) -> str:
        return self.name


def load(name: str) -> ModuleType:
    spec = spec_from_file_location(f"reading_{name}", HERE / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def all_cases() -> list[Case]:
    return [Case(group, *parts) for group in TITLES for parts in load(group).CASES]


def in_words(result: str) -> str:
    if result in set(Because):
        return f"refused: `{result}`"
    words = result.split()
    images = f"{words.pop(0)} images, " if words[0].isdigit() else ""
    if words == ["parts"]:
        return f"{images}each with its own part"
    flags = [f"flag `{word}`" for word in words if word in set(Flag) - {"unknown_calibration"}]
    scales = [f"scale `{word}`" for word in words[1:] if f"flag `{word}`" not in flags]
    if words[0] == "MR":
        scales = []
    measured = {
        "mm3": "measured",
        "MR": "read; a reader's mask is measured",
        "mm2": "measured",
        "px": "in px only",
    }[words[0]]
    each = "each " if images else ""
    return ", ".join([f"{images}{each}{measured}", *scales, *flags])


def table_of(group: str) -> str:
    rows = [
        f"| {case.name} | {in_words(case.result)} |" for case in all_cases() if case.group == group
    ]
    return "\n".join(["| what the files hold | result |", "|---|---|", *rows])


def with_tables(text: str) -> str:
    """The guide with its tables written anew, each below its mark."""
    for group in TITLES:
        mark = re.escape(MARK.format(group))
        fresh = f"{MARK.format(group)}\n{table_of(group)}\n"
        text = re.sub(rf"{mark}\n(\|.*\n)*", lambda _, fresh=fresh: fresh, text)
    return text


if __name__ == "__main__":
    GUIDE.write_text(with_tables(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
