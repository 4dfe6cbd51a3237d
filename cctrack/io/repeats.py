"""Find pictures that were given twice under different names, by their content."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.found import Found, Member
from cctrack.io.runner import Lost, Run
from cctrack.io.sources import hash_bytes
from cctrack.model import Because, Refused

CHUNK = 32
"""Pictures hashed together; of an archive in an archive they are then unpacked once."""


def without_repeats(pictures: Sequence[Found], run: Run) -> Iterator[Found | Refused]:
    """Pass on each picture once, and refuse the same bytes under another name.

    Only pictures of the same number of bytes are read, so that a scan stays fast.
    """
    by_size: dict[int, list[Member]] = defaultdict(list)
    for picture in pictures:
        by_size[picture.members[0].size].append(picture.members[0])
    rivals = [member for alike in by_size.values() if len(alike) > 1 for member in alike]
    digests = _digests(rivals, run)
    first: dict[str, str] = {}
    for picture in pictures:
        digest = digests.get(picture.members[0], "")
        if digest and digest in first:
            yield Refused(picture.source, Because.DUPLICATE, f"the same content as {first[digest]}")
            continue
        first[digest] = picture.source
        yield picture


def _digests(members: Sequence[Member], run: Run) -> dict[Member, str]:
    """Hash each file; one that cannot be read has no hash, and is refused when it is measured."""
    chunks = [tuple(members[at : at + CHUNK]) for at in range(0, len(members), CHUNK)]
    digests: dict[Member, str] = {}
    for chunk, result in zip(chunks, run(hash_members, chunks), strict=True):
        if not isinstance(result, Lost):
            digests.update(zip(chunk, result, strict=True))
    return digests


def hash_members(members: Sequence[Member]) -> tuple[str, ...]:
    """SHA-256 of some files, empty where one cannot be read; importable by name, for a worker."""
    with MemberReader() as reader:
        return tuple(_hash(member, reader) for member in members)


def _hash(member: Member, reader: MemberReader) -> str:
    try:
        return hash_bytes(reader.read(member))
    except UnreadableImage:
        return ""
