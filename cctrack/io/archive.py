"""Read members of zip archives, nested ones too, without writing anything to disk."""

import io
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import PurePosixPath
from types import TracebackType
from typing import BinaryIO

from cctrack.errors import UnreadableImage
from cctrack.io.found import Member
from cctrack.io.sniff import HEAD_BYTES
from cctrack.io.sources import printable_name
from cctrack.model import Because

MAX_MEMBERS = 50_000
"""Files in one archive; a whole body CT with its reformats has some thousands."""

MAX_MEMBER_BYTES = 1 << 30
"""1 GiB per file: a 2,000 slice multi-frame CT of 512 x 512 px."""

MAX_TOTAL_BYTES = 32 << 30
"""32 GiB per archive once unpacked."""

MAX_RATIO = 250
"""A CT slice packs 2 to 4 times, one that is all air about 100 times; a bomb 1,000 times."""

RATIO_APPLIES_FROM_BYTES = 4 << 20
"""Small files may pack as well as they like: they can do no harm."""

MAX_RATIO_LARGE = 25
"""From `LARGE_BYTES` on; films and multi-frame CTs of that size pack 2 to 5 times."""

LARGE_BYTES = 64 << 20

MAX_NESTED_BYTES = 512 << 20
"""An archive inside an archive is held in memory: 512 MiB."""

MAX_DEPTH = 3
"""Archives in archives in archives; clinics nest once."""


class MemberReader:
    """Opens members and keeps the archive of the last one open, so that a series reads fast.

    Use it as a context manager.
    """

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._archive: zipfile.ZipFile | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "MemberReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def read(self, member: Member, limit: int = MAX_MEMBER_BYTES) -> bytes:
        """All bytes of a member.

        Raises
        ------
        UnreadableImage
            If it is gone, larger than ``limit``, encrypted or damaged.
        """
        if member.size > limit:
            raise UnreadableImage(Because.TOO_LARGE, f"{member.size} bytes, at most {limit}")
        return self._read(member, limit)

    def head(self, member: Member, length: int = HEAD_BYTES) -> bytes:
        """First bytes of a member, fewer when it is shorter; raises as `read`."""
        return self._read(member, length)

    @contextmanager
    def open(self, member: Member) -> Iterator[BinaryIO]:
        """Open a member for reading, without loading it when it is a file on disk; as `read`."""
        if member.entries:
            yield io.BytesIO(self.read(member))
            return
        try:
            file = member.path.open("rb")
        except OSError as error:
            raise UnreadableImage(Because.UNREADABLE_PIXELS, _os_detail(error)) from None
        with file:
            yield file

    def listing(self, member: Member) -> list[zipfile.ZipInfo]:
        """Directory of a member that is itself an archive; raises as `read`."""
        return self._open((member.path, *member.entries)).infolist()

    def _read(self, member: Member, length: int) -> bytes:
        try:
            if not member.entries:
                with member.path.open("rb") as file:
                    # Asked for a GiB, Python would set one aside before it looks at the file.
                    return file.read(min(length, os.fstat(file.fileno()).st_size + 1))
            archive = self._open((member.path, *member.entries[:-1]))
            info = archive.infolist()[member.entries[-1]]
            with archive.open(info) as packed:
                return packed.read(length)
        except OSError as error:
            raise UnreadableImage(Because.UNREADABLE_PIXELS, _os_detail(error)) from None
        except _DAMAGE as error:
            raise _refusal(error) from None

    def _open(self, key: tuple[object, ...]) -> zipfile.ZipFile:
        """Open the archive at ``key``: a path, then positions on the way in."""
        if self._archive is not None and key == self._key:
            return self._archive
        path, *entries = key
        self._stack.close()
        self._archive = None
        try:
            archive = self._stack.enter_context(zipfile.ZipFile(str(path)))
            for entry in entries:
                info = archive.infolist()[int(str(entry))]
                if info.file_size > MAX_NESTED_BYTES:
                    raise UnreadableImage(Because.TOO_LARGE, "a nested archive is too large")
                inner = io.BytesIO(archive.read(info))
                archive = self._stack.enter_context(zipfile.ZipFile(inner))
        except OSError as error:
            raise UnreadableImage(Because.UNREADABLE_PIXELS, _os_detail(error)) from None
        except _DAMAGE as error:
            raise _refusal(error) from None
        self._key, self._archive = key, archive
        return archive


_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    RuntimeError,
    NotImplementedError,
    EOFError,
    ValueError,
    IndexError,
)


def unpack(member: Member, reader: MemberReader) -> Iterator[Member | tuple[str, Because, str]]:
    """List what is in an archive: members that may be opened, or (name, because, detail).

    Folders are passed over, as they hold no bytes.

    Raises
    ------
    UnreadableImage
        If the archive as a whole is damaged or larger than the caps.
    """
    if len(member.entries) >= MAX_DEPTH:
        raise UnreadableImage(Because.UNSAFE_ARCHIVE, f"nested deeper than {MAX_DEPTH} archives")
    infos = reader.listing(member)
    if is_office_document(infos):
        raise UnreadableImage(Because.NOT_AN_IMAGE, "an office document")
    _check_caps(infos)
    if min((info.header_offset for info in infos), default=0) > 0:
        # Cut short, it ends in the directory of an archive that it holds, and hides the rest.
        raise UnreadableImage(Because.TRUNCATED, "its directory does not name all it holds")
    for entry, info in enumerate(infos):
        if info.is_dir():
            continue
        name = f"{member.name}!{printable_name(info.filename)}"
        reason = _unsafe(info)
        if reason is not None:
            yield (name, *reason)
            continue
        yield Member(name, member.path, (*member.entries, entry), info.file_size)


def is_office_document(infos: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether an archive is really a text document or spreadsheet, which are zips too."""
    names = {info.filename for info in infos}
    return "[Content_Types].xml" in names or {"mimetype", "META-INF/manifest.xml"} <= names


def _check_caps(infos: Sequence[zipfile.ZipInfo]) -> None:
    total = sum(info.file_size for info in infos)
    if len(infos) > MAX_MEMBERS:
        raise UnreadableImage(Because.TOO_LARGE, f"{len(infos)} files, at most {MAX_MEMBERS}")
    if total > MAX_TOTAL_BYTES:
        raise UnreadableImage(Because.TOO_LARGE, f"unpacks to {total} bytes")


def _unsafe(info: zipfile.ZipInfo) -> tuple[Because, str] | None:
    name = info.filename.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or (path.parts and ":" in path.parts[0]):
        return Because.UNSAFE_ARCHIVE, "its name points outside the archive"
    if any(ord(letter) < 32 for letter in name):
        return Because.UNSAFE_ARCHIVE, "its name holds control characters"
    if stat.S_ISLNK(info.external_attr >> 16):
        return Because.UNSAFE_ARCHIVE, "it is a symbolic link"
    if info.flag_bits & 0x1:
        return Because.ENCRYPTED, "the archive needs a password"
    if info.file_size > MAX_MEMBER_BYTES:
        return Because.TOO_LARGE, f"{info.file_size} bytes, at most {MAX_MEMBER_BYTES}"
    ratio = info.file_size // max(info.compress_size, 1)
    most = MAX_RATIO_LARGE if info.file_size > LARGE_BYTES else MAX_RATIO
    if info.file_size > RATIO_APPLIES_FROM_BYTES and ratio > most:
        return Because.TOO_LARGE, f"packed {ratio} times, at most {most}"
    return None


def _os_detail(error: OSError) -> str:
    # strerror says what happened without the path, which may hold a patient's name.
    return f"could not be opened: {error.strerror or type(error).__name__}"


def _refusal(error: Exception) -> UnreadableImage:
    if isinstance(error, RuntimeError) and "password" in str(error):
        return UnreadableImage(Because.ENCRYPTED, "the archive needs a password")
    if isinstance(error, NotImplementedError):
        return UnreadableImage(Because.MISSING_DECODER, "packed by a method that is not known")
    return UnreadableImage(Because.UNREADABLE_PIXELS, "the archive is damaged")
