"""Decode the pixels of one DICOM frame, or say by name why they cannot be."""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, AllTransferSyntaxes, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from cctrack.errors import UnreadableImage
from cctrack.io.dicom_values import integer, text
from cctrack.io.jpeg import decode_jpeg_colour, frame_header
from cctrack.io.packing import require_no_bomb
from cctrack.io.shield import shielded
from cctrack.model import Because

MAX_FRAME_PIXELS = 80_000_000
"""80 megapixels: a 43 x 43 cm film scanned at 50 µm has 74."""

MIN_SIDE_PX = 8
"""Smaller is no medical image but a probe or a placeholder."""

_JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
_JPEG_8_BIT = ("1.2.840.10008.1.2.4.50", _JPEG_EXTENDED)
_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_LOSSY = frozenset(
    f"1.2.840.10008.1.2.4.{number}" for number in ("50", "51", "81", "91", "93", "203")
)
_COLOUR = ("PALETTE", "RGB", "YBR", "HSV", "ARGB", "CMYK")
_END_OF_IMAGE = b"\xff\xd9"
_ITEM = b"\xfe\xff\x00\xe0"


def decode_frame(dataset: Dataset, frame: int = 0) -> NDArray[np.generic]:
    """Decode the stored values of one frame, array (rows, columns), no LUT applied.

    Raises
    ------
    UnreadableImage
        If pixel data are cut short, too large, or in a syntax without a decoder.
    """
    _require_sane_size(dataset)
    _require_measured_values(dataset)
    return decode_any(dataset, frame)


def decode_any(dataset: Dataset, frame: int = 0) -> NDArray[np.generic]:
    """Decode one frame, grey or colour.

    Returns
    -------
    array (rows, columns) or (rows, columns, 3)
        Stored grey values or palette entries; RGB for colour, whatever it was stored as.

    Raises
    ------
    UnreadableImage
        As `decode_frame`.
    """
    _require_sane_size(dataset)
    _require_sound_values(dataset)
    syntax = transfer_syntax(dataset)
    if syntax.is_compressed and not syntax.is_deflated:
        _require_decoder(syntax)
        _require_whole_codestream(dataset, syntax, frame)
    else:
        _require_length(dataset)
    detail = f"{syntax.name if syntax.is_compressed else 'uncompressed'} pixels do not decode"
    values: NDArray[np.generic] = shielded(
        lambda: _decoded(dataset, syntax, frame), Because.UNREADABLE_PIXELS, detail
    )
    shape: tuple[int, ...] = (integer(dataset, "Rows"), integer(dataset, "Columns"))
    if _samples(dataset) > 1:
        shape = (*shape, 3)
    if values.shape != shape:
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, f"decoded to {values.shape}, the header says {shape}"
        )
    return values


def _decoded(dataset: Dataset, syntax: UID, frame: int) -> NDArray[np.generic]:
    if syntax in _JPEG_8_BIT and _samples(dataset) == 3:
        claims_rgb = text(dataset, "PhotometricInterpretation").upper() == "RGB"
        return decode_jpeg_colour(_codestream(dataset, frame), claims_rgb=claims_rgb)
    if syntax in _PLAIN and _in_words(dataset):
        return _plain_words(dataset, frame)
    return pixel_array(dataset, index=frame)


def _in_words(dataset: Dataset) -> bool:
    stated = text(dataset, "PixelRepresentation") in ("0", "1")
    sixteen = integer(dataset, "BitsAllocated") == 16 and 1 <= integer(dataset, "BitsStored") <= 16
    return stated and sixteen and _samples(dataset) == 1


def _plain_words(dataset: Dataset, frame: int) -> NDArray[np.int16 | np.uint16]:
    """Uncompressed 16-bit pixels, as pydicom would give them, in a third of the time."""
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    signed = integer(dataset, "PixelRepresentation") == 1
    words = np.frombuffer(
        dataset.PixelData,
        dtype="<i2" if signed else "<u2",
        count=rows * columns,
        offset=frame * rows * columns * 2,
    ).reshape(rows, columns)
    unused = 16 - integer(dataset, "BitsStored")
    # Bits above the stored ones may hold an overlay; shifted back, the sign fills them again.
    return (words << unused) >> unused if unused else words


def _samples(dataset: Dataset) -> int:
    return max(1, integer(dataset, "SamplesPerPixel"))


def transfer_syntax(dataset: Dataset) -> UID:
    """How the pixels are encoded; raises `UnreadableImage` for a syntax nobody knows."""
    uid = UID(text(dataset.file_meta, "TransferSyntaxUID"))
    if uid not in AllTransferSyntaxes:
        raise UnreadableImage(Because.MISSING_DECODER, "an unknown transfer syntax")
    return uid


def is_lossy(dataset: Dataset) -> bool:
    """Whether the pixels went through lossy compression, now or earlier."""
    meta = getattr(dataset, "file_meta", None)
    now = meta is not None and text(meta, "TransferSyntaxUID") in _LOSSY
    return now or text(dataset, "LossyImageCompression") == "01"


def _require_sane_size(dataset: Dataset) -> None:
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    if rows == columns == 0:
        # A compressed file that is cut loses all its elements, not only the last one.
        raise UnreadableImage(Because.TRUNCATED, "the file ends before its pixels")
    if min(rows, columns) < MIN_SIDE_PX:
        raise UnreadableImage(Because.NOT_AN_IMAGE, f"{rows} x {columns} px is no image")
    if rows * columns > MAX_FRAME_PIXELS:
        raise UnreadableImage(Because.TOO_LARGE, f"{rows} x {columns} px")
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "floating point pixels")
    if "PixelData" not in dataset:
        raise UnreadableImage(Because.TRUNCATED, "the file ends before its pixels")


def _require_measured_values(dataset: Dataset) -> None:
    photometric = text(dataset, "PhotometricInterpretation").upper()
    if _samples(dataset) > 1 or photometric.startswith(_COLOUR):
        raise UnreadableImage(Because.SECONDARY_CAPTURE, "a colour picture, not measured values")


def _require_sound_values(dataset: Dataset) -> None:
    if integer(dataset, "BitsAllocated") == 1:
        raise UnreadableImage(Because.UNREADABLE_PIXELS, "one bit a pixel is a mask, no image")
    bits, high = integer(dataset, "BitsStored"), integer(dataset, "HighBit")
    if text(dataset, "HighBit") and high != bits - 1:
        # Decoders ignore it, which would multiply every value by a power of two.
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, f"{bits} bits that end at bit {high}, not at {bits - 1}"
        )


def _require_length(dataset: Dataset) -> None:
    frames = max(1, integer(dataset, "NumberOfFrames"))
    bits = integer(dataset, "BitsAllocated") * _samples(dataset)
    if text(dataset, "PhotometricInterpretation").upper() == "YBR_FULL_422":
        bits = bits * 2 // 3  # Two pixels share their colour.
    needed = integer(dataset, "Rows") * integer(dataset, "Columns") * frames * bits // 8
    data = dataset.PixelData or b""
    held = len(data)
    if dataset["PixelData"].is_undefined_length or data.startswith(_ITEM):
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, "compressed pixels in a file that says they are not"
        )
    if held < needed:
        raise UnreadableImage(Because.TRUNCATED, f"{held} of {needed} bytes of pixels are there")
    if needed and held >= 2 * needed:
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, f"{held} bytes of pixels, the header explains {needed}"
        )


def _require_decoder(syntax: UID) -> None:
    try:
        missing = not get_decoder(syntax).is_available
    except NotImplementedError:
        raise UnreadableImage(Because.MISSING_DECODER, f"no decoder for {syntax.name}") from None
    if missing:
        raise UnreadableImage(
            Because.MISSING_DECODER,
            f"{syntax.name} needs a decoder; install the extra jpeg-lossless",
        )


def _require_whole_codestream(dataset: Dataset, syntax: UID, frame: int) -> None:
    """Refuse a compressed frame that is cut, or whose own size differs from the header's."""
    if not dataset.PixelData.startswith(_ITEM):
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, "uncompressed pixels in a file that says they are compressed"
        )
    data = shielded(
        lambda: _codestream(dataset, frame), Because.TRUNCATED, "compressed pixels are cut short"
    )
    family = data[:2]
    if family in (b"\xff\xd8", b"\xff\x4f") and _END_OF_IMAGE not in data[-16:]:
        raise UnreadableImage(Because.TRUNCATED, "the compressed image has no end")
    if syntax == _JPEG_EXTENDED and sample_bits(data) > 8:
        raise UnreadableImage(
            Because.MISSING_DECODER, "12-bit JPEG Extended has no decoder; export it uncompressed"
        )
    size = codestream_size(data)
    header = (integer(dataset, "Rows"), integer(dataset, "Columns"))
    if size is not None and size != header:
        raise UnreadableImage(
            Because.UNREADABLE_PIXELS, f"compressed as {size} px, the header says {header}"
        )
    require_no_bomb(header[0] * header[1], len(data))


def _codestream(dataset: Dataset, frame: int) -> bytes:
    frames = max(1, integer(dataset, "NumberOfFrames"))
    return get_frame(dataset.PixelData, frame, number_of_frames=frames)


def codestream_size(data: bytes) -> tuple[int, int] | None:
    """Rows and columns that a JPEG, JPEG-LS or JPEG 2000 codestream declares; None if unknown.

    Checked before decoding: a tiny file can declare 60,000 x 60,000 px.
    """
    if data[:4] == b"\xff\x4f\xff\x51":  # JPEG 2000: SIZ marker with extents and offsets
        x_end, y_end, x_start, y_start = (
            int.from_bytes(data[at : at + 4], "big") for at in (8, 12, 16, 20)
        )
        return y_end - y_start, x_end - x_start
    at = frame_header(data)
    if at is None:
        return None
    rows, columns = data[at + 5 : at + 7], data[at + 7 : at + 9]
    return int.from_bytes(rows, "big"), int.from_bytes(columns, "big")


def sample_bits(data: bytes) -> int:
    """Bits per sample that a JPEG codestream declares; 0 if it is none."""
    at = frame_header(data)
    return 0 if at is None else data[at + 4]
