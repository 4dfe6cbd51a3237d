"""Read a hydroxyapatite calibration from a file, and say whether it holds for a scan.

The file is TOML::

    mg_per_mm3_hu = 0.00077    # c = ρ / (HU of hydroxyapatite − HU of water), mg/mm³ per HU
    kvp = 120                  # tube voltage of the calibration scan
    kernel = "B35f"            # its reconstruction kernel; may be left out
    source = "calcium phantom, 200 mg/cm³ insert, May 2024"

There is no default: calibrations differ between scanners, voltages and kernels.
"""

import tomllib
from pathlib import Path
from typing import Any

from cctrack.errors import NotCalibrated
from cctrack.model import Acquisition, Flag
from cctrack.model.calibration import Calibration

REQUIRED = frozenset({"mg_per_mm3_hu", "kvp", "source"})
OPTIONAL = frozenset({"kernel"})

PLAUSIBLE_MG_PER_MM3_HU = (0.0002, 0.003)
"""Published factors lie near 0.0007 to 0.0010 between 80 and 140 kVp; a slip of the unit (mg/cm³
for mg/mm³, or HU per mg) lies far outside a factor of three around them."""

SAME_KVP = 1.0
"""Tube voltages nearer than this, in kV, are the same."""


def load_calibration(path: Path) -> Calibration:
    """Read a calibration file.

    Parameters
    ----------
    path : Path
        TOML with ``mg_per_mm3_hu``, ``kvp``, ``source`` (where the factor comes from) and, where
        it is known, ``kernel``.

    Raises
    ------
    NotCalibrated
        If the file cannot be read, or does not hold exactly these, or the factor is absurd.
    """
    table = _read(path)
    if missing := REQUIRED - table.keys():
        raise NotCalibrated(f"the calibration file lacks {', '.join(sorted(missing))}")
    if table.keys() - REQUIRED - OPTIONAL:
        raise NotCalibrated(
            f"the calibration file holds more than {', '.join(sorted(REQUIRED | OPTIONAL))}"
        )
    if not (isinstance(table["source"], str) and table["source"].strip()):
        raise NotCalibrated("the calibration file must say where the factor comes from (source)")
    factor, kvp = (_positive(table[name], name) for name in ("mg_per_mm3_hu", "kvp"))
    low, high = PLAUSIBLE_MG_PER_MM3_HU
    if not low <= factor <= high:
        raise NotCalibrated(
            f"mg_per_mm3_hu is {factor:g}, needed a factor between {low:g} and {high:g}"
        )
    return Calibration(factor, kvp, _kernel(table.get("kernel", "")))


def calibration_flags(calibration: Calibration, acquisition: Acquisition) -> frozenset[Flag]:
    """Say whether a calibration holds for a scan.

    Returns
    -------
    frozenset of Flag
        ``calibration_mismatch`` where no mass may be given, ``calibration_kernel`` where its error
        is wider, nothing where it holds.
    """
    kvp = acquisition.kvp
    if kvp is None or not abs(kvp - calibration.kvp) < SAME_KVP:
        return frozenset({Flag.CALIBRATION_MISMATCH})
    if not calibration.kernel or _plain(calibration.kernel) != _plain(acquisition.kernel):
        return frozenset({Flag.CALIBRATION_KERNEL})
    return frozenset()


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise NotCalibrated("the calibration file could not be read as TOML") from None


def _positive(value: object, name: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and 0 < value < float("inf"):  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    raise NotCalibrated(f"{name} in the calibration file must be a positive number")


def _kernel(value: object) -> str:
    if isinstance(value, str):
        return value
    raise NotCalibrated("kernel in the calibration file must be a text in quotes")


def _plain(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
