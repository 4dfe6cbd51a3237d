"""How far a file may be packed before it counts as a bomb."""

from cctrack.errors import UnreadableImage
from cctrack.model import Because

MOST_PX_PER_BYTE = 500
"""Photos and films hold 1 to 20 px a byte, an all black JPEG 64, an all black JPEG 2000 50,000."""

APPLIES_FROM_PX = 16_000_000
"""A smaller picture may pack as well as it likes: it can do no harm."""


def require_no_bomb(pixels: int, packed_bytes: int) -> None:
    """Refuse a small file that unpacks to a picture which takes all the memory there is.

    Raises
    ------
    UnreadableImage
        If it is large and holds more than `MOST_PX_PER_BYTE`.
    """
    if pixels > max(APPLIES_FROM_PX, MOST_PX_PER_BYTE * packed_bytes):
        raise UnreadableImage(Because.TOO_LARGE, f"{pixels} px out of {packed_bytes} bytes")
