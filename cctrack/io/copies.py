"""Files that claim to be the same image: which one counts, and which are refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cctrack.errors import UnreadableImage
from cctrack.io.found import Member
from cctrack.io.same import Fingerprint, bytes_of, image_of
from cctrack.model import Because

_REPEATED = "the same image was found before in this batch"


@dataclass(frozen=True, slots=True)
class Copies:
    """Verdict on the files of one SOP Instance UID.

    Attributes
    ----------
    kept : tuple of int
        Positions of the files that may stand for the image: one, or several whose pixels differ.
    refused : mapping of int to (Because, str)
        The others, each with its reason.
    """

    kept: tuple[int, ...]
    refused: dict[int, tuple[Because, str]]


def judge_copies(members: Sequence[Member]) -> Copies:
    """Compare files of one SOP Instance UID; importable by name, for a worker process.

    Of equal files the first is kept; one whose pixels are cut short gives way to a whole one.
    Each file is decoded once: a broken anonymiser may give one UID to hundreds of slices.
    """
    refused: dict[int, tuple[Because, str]] = {}
    kept = _first_of_each({at: bytes_of(member) for at, member in enumerate(members)}, refused)
    if len(kept) > 1:
        images: dict[int, Fingerprint] = {}
        for at in kept:
            try:
                images[at] = image_of(members[at])
            except UnreadableImage as error:
                refused[at] = (Because(error.because), error.detail)
        kept = _first_of_each(images, refused)
    return Copies(tuple(kept), refused)


def _first_of_each(
    fingerprints: Mapping[int, Fingerprint], refused: dict[int, tuple[Because, str]]
) -> list[int]:
    """Positions of the first of each kind; the repeats go to ``refused``."""
    first: dict[Fingerprint, int] = {}
    for at, fingerprint in fingerprints.items():
        if fingerprint in first:
            refused[at] = (Because.DUPLICATE, _REPEATED)
        else:
            first[fingerprint] = at
    return list(first.values())
