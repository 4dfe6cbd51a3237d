"""How a transfer that has not ended is told from images that are all there."""

from cctrack.io.found import Member

INCOMPLETE_SUFFIX = ".incomplete"
"""Ends the name of a folder that is still being filled; it is renamed when all has come."""


def is_incomplete(member: Member) -> bool:
    """Whether a file lies in the folder of an unfinished transfer, on disk or in an archive."""
    folders = [*member.path.parts[:-1], *member.name.replace("!", "/").split("/")[:-1]]
    return any(folder.endswith(INCOMPLETE_SUFFIX) for folder in folders)
