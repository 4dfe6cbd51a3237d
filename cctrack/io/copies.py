"""Files that claim to be the same image: which one counts, and which are refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cctrack.errors import UnreadableImage
from cctrack.io.found import Member
from cctrack.io.same import require_decodable, same_bytes, same_pixels
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
    """
    refused: dict[int, tuple[Because, str]] = {}
    kept = _distinct(members, range(len(members)), same_bytes, refused)
    if len(kept) > 1:
        kept = [index for index in kept if _decodes(members[index], index, refused)]
        kept = _distinct(members, kept, same_pixels, refused)
    return Copies(tuple(kept), refused)


def _distinct(
    members: Sequence[Member],
    indices: Sequence[int],
    same: Callable[[Member, Member], bool],
    refused: dict[int, tuple[Because, str]],
) -> list[int]:
    """Positions of the first of each kind; the repeats go to ``refused``."""
    kept: list[int] = []
    for index in indices:
        if any(same(members[earlier], members[index]) for earlier in kept):
            refused[index] = (Because.DUPLICATE, _REPEATED)
        else:
            kept.append(index)
    return kept


def _decodes(member: Member, index: int, refused: dict[int, tuple[Because, str]]) -> bool:
    try:
        require_decodable(member)
    except UnreadableImage as error:
        refused[index] = (Because(error.because), error.detail)
        return False
    return True
