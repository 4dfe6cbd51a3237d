"""Which TIFFs are photos, and which are camera raw, stacks, or stored in a way read wrongly."""

from PIL import Image, TiffImagePlugin

from cctrack.errors import UnreadableImage
from cctrack.model import Because

_NEW_SUBFILE_TYPE = 254
_BITS_PER_SAMPLE = 258
_PHOTOMETRIC = 262
_PLANAR = 284
_DNG_VERSION = 50706

_REDUCED, _MASK = 1, 4
"""Bits of NewSubfileType (TIFF 6.0, page 36): a smaller copy, a transparency mask."""

_RAW_PHOTOMETRIC = (32803, 34892)
"""Colour filter array and linear raw (TIFF/EP, DNG)."""

_APART = 2
"""PlanarConfiguration: each colour for itself."""

MAX_PAGES = 100
"""More pages than any camera or scanner puts beside a photo."""


def require_readable_tiff(picture: TiffImagePlugin.TiffImageFile) -> None:
    """Refuse a TIFF whose first picture is not the photo, or which Pillow decodes wrongly.

    Raises
    ------
    UnreadableImage
        For camera raw (its first picture is only a preview), several pages, and colours of 16
        bits that are stored apart.
    """
    tags = picture.tag_v2
    preview = tags.get(_NEW_SUBFILE_TYPE, 0) & _REDUCED
    if _DNG_VERSION in tags or preview or tags.get(_PHOTOMETRIC) in _RAW_PHOTOMETRIC:
        raise UnreadableImage(
            Because.UNSUPPORTED_FORMAT,
            "camera raw is not read; export it as JPEG, PNG, TIFF or HEIC",
        )
    pages = _pages(picture)
    if pages > 1:
        raise UnreadableImage(Because.INCONSISTENT_SERIES, f"{pages} pages; save the one meant")
    if tags.get(_PLANAR) == _APART and sample_top(picture) > 255:
        # Pillow 13 returns wrong pixels for these, without an error.
        raise UnreadableImage(
            Because.UNSUPPORTED_FORMAT,
            "colours of 16 bits stored apart are not read; save it interleaved or with 8 bits",
        )


def sample_top(picture: Image.Image) -> int:
    """Largest value a sample can hold: TIFF also stores 12 bits, which Pillow does not widen."""
    tags = getattr(picture, "tag_v2", {})
    bits = tags.get(_BITS_PER_SAMPLE, 16)
    widest = max(bits) if isinstance(bits, tuple) else int(bits)
    return (1 << min(max(widest, 1), 16)) - 1


def _pages(picture: TiffImagePlugin.TiffImageFile) -> int:
    """Pages that are pictures of their own: thumbnails and masks do not count."""
    count = min(picture.n_frames, MAX_PAGES)
    kinds = []
    for page in range(count):
        picture.seek(page)
        kinds.append(int(picture.tag_v2.get(_NEW_SUBFILE_TYPE, 0)))
    picture.seek(0)
    return sum(1 for kind in kinds if not kind & (_REDUCED | _MASK))
