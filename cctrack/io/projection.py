"""Which side of the body a projection shows, and from where, in words of the standard.

What a person could have typed in besides becomes empty.
"""

from pydicom import Dataset

from cctrack.io.dicom_values import text

VIEWS = frozenset(["AP", "PA", "LL", "RL", "RLD", "LLD", "RLO", "LLO"])
"""Defined terms of ViewPosition (PS3.3 C.8.1.1)."""

LATERALITIES = frozenset("RLBU")
"""Right, left, both, unpaired: enumerated values of ImageLaterality (PS3.3 C.8.11.1)."""


def view_of(dataset: Dataset) -> str:
    """Return ViewPosition; empty where it is missing or none of `VIEWS`."""
    return listed(text(dataset, "ViewPosition"), VIEWS)


def laterality_of(dataset: Dataset) -> str:
    """Return ImageLaterality, else Laterality; empty where neither is one of `LATERALITIES`."""
    side = text(dataset, "ImageLaterality") or text(dataset, "Laterality")
    return listed(side, LATERALITIES)


def listed(value: str, terms: frozenset[str]) -> str:
    """Return a value in capitals if it is one of the terms, else nothing."""
    return value.upper() if value.upper() in terms else ""
