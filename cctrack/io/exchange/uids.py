"""UIDs that follow from what they name: the same result gets the same UID at every run."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass


def derived_uid(*parts: object) -> str:
    """Make a UID of a hash: 2.25 and a UUID as a number (PS3.5 B.2, ISO/IEC 9834-8).

    Parameters
    ----------
    parts : object
        What is named, written as text: UIDs and hashes, nothing that could be guessed back.

    Examples
    --------
    >>> derived_uid("study", 1) == derived_uid("study", 1) != derived_uid("study", 2)
    True
    """
    text = "\x1f".join(str(part) for part in parts)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    # A UUID made of a name and a hash is of version 5 (RFC 9562).
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


@dataclass(frozen=True, slots=True)
class Tracking:
    """Tracking UIDs of a site's lesions: the same at every visit and at every run.

    Attributes
    ----------
    lesions : mapping of int to str
    site : str
        Names the site over all visits, for its total and for groups of lesions.
    """

    lesions: Mapping[int, str]
    site: str

    def uid_of(self, lesion: int | str) -> str:
        """Tracking UID of a lesion, or by its name of a group of lesions or the total."""
        if isinstance(lesion, int):
            return self.lesions[lesion]
        return derived_uid("followed", self.site, lesion)
