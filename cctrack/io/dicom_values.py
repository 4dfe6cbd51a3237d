"""Values of DICOM elements as plain text and numbers, whatever is in the file."""

import math
from collections.abc import Sequence

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

from cctrack.io.dicom_elements import tag_of, undecoded_texts

Vector = tuple[float, ...]


def texts(dataset: Dataset, tag: str) -> tuple[str, ...]:
    """Values of an element as stripped text; empty when absent or unreadable."""
    element: object = dataset.get_item(tag_of(tag), keep_deferred=True)
    if element is None:
        return ()
    if isinstance(element, RawDataElement):
        undecoded = undecoded_texts(element)
        if undecoded is not None:
            return undecoded if undecoded != ("",) else ()
    value = raw(dataset, tag)
    if value is None:
        return ()
    many = value if isinstance(value, (MultiValue, list, tuple)) else [value]
    return tuple(str(item).strip().strip("\0") for item in many)


def text(dataset: Dataset, tag: str) -> str:
    """First value of an element as text; empty when absent."""
    values = texts(dataset, tag)
    return values[0] if values else ""


def whole_text(dataset: Dataset, tag: str) -> str:
    r"""Whole text of an element that holds one value, also where a backslash seems to part it.

    Of an id in which somebody typed a backslash the first part alone may be another one's.
    """
    return "\\".join(texts(dataset, tag))


def number(dataset: Dataset, tag: str) -> float | None:
    """First value of an element as a finite number, else None."""
    try:
        value = float(text(dataset, tag))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def integer(dataset: Dataset, tag: str) -> int:
    """First value of an element as a whole number, 0 when absent or senseless."""
    value = number(dataset, tag)
    return int(value) if value is not None else 0


def vector(dataset: Dataset, tag: str, length: int) -> Vector | None:
    """Values of an element as exactly ``length`` numbers, else None."""
    values = numbers(texts(dataset, tag))
    return values if values is not None and len(values) == length else None


def finite(values: Vector | None) -> Vector | None:
    """Return the values if all are finite, else None."""
    if values is None or not all(math.isfinite(value) for value in values):
        return None
    return values


def numbers(values: Sequence[str]) -> Vector | None:
    """Parse numbers; None when there are none or one of them is none."""
    try:
        return tuple(float(value) for value in values) or None
    except ValueError:
        return None


def raw(dataset: Dataset, tag: str) -> object:
    """Value of an element, None when it is absent or its bytes make no sense."""
    try:
        value: object = dataset.get(tag)
    except Exception:
        # pydicom parses a value when it is first asked for, and raises a dozen kinds of errors.
        return None
    return value
