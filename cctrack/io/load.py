"""Decode what a scan found: one image, or one refusal that says why."""

from collections.abc import Sequence
from pathlib import Path

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.ct import read_ct
from cctrack.io.dicom_file import parse
from cctrack.io.found import Found, Kind
from cctrack.io.mr import read_mr
from cctrack.io.photo import has_colour, read_film, read_photo
from cctrack.io.radiograph import read_radiograph
from cctrack.io.scan import scan
from cctrack.io.shield import shielded
from cctrack.io.sources import hash_bytes
from cctrack.model import Because, Image, Modality, Provenance, Read, Refused

_PICTURE_MODALITIES = (Modality.PHOTO, Modality.XRAY)


def load(found: Found, *, modality: Modality | None = None) -> Read | Refused:
    """Decode an image; bad input never raises but becomes a `Refused`.

    Parameters
    ----------
    found : Found
        From `scan`.
    modality : Modality or None
        What the caller knows it to be. A grey picture needs it; a DICOM file that is something
        else is refused.

    Returns
    -------
    Read or Refused
    """
    try:
        return Read(shielded(lambda: _decode(found, modality), Because.CRASHED, "reading failed"))
    except UnreadableImage as error:
        members = found.member_names if len(found.members) > 1 else ()
        return Refused(found.source, Because(error.because), error.detail, members)


def read_one(path: Path, *, modality: Modality | None = None) -> Image:
    """Read a file, folder or archive that must hold exactly one image.

    What cannot be an image (a text file, a mask) may lie beside it.

    Raises
    ------
    UnreadableImage
        If there is no image, more than one, or it cannot be read.
    """
    results = list(scan([path]))
    images = [result for result in results if isinstance(result, Found)]
    if len(images) > 1:
        raise UnreadableImage(
            Because.INCONSISTENT_SERIES, f"{len(images)} images found, one is needed"
        )
    if not images:
        raise _why_none([result for result in results if isinstance(result, Refused)])
    outcome = load(images[0], modality=modality)
    if isinstance(outcome, Refused):
        raise UnreadableImage(outcome.because, outcome.detail)
    return outcome.image


_BESIDE_THE_POINT = (Because.NOT_AN_IMAGE, Because.EMPTY, Because.MASK)


def _why_none(refused: Sequence[Refused]) -> UnreadableImage:
    telling = [item for item in refused if item.because not in _BESIDE_THE_POINT] or list(refused)
    if not telling:
        return UnreadableImage(Because.EMPTY, "an empty folder or archive")
    return UnreadableImage(telling[0].because, telling[0].detail)


def _decode(found: Found, modality: Modality | None) -> Image:
    if found.kind is Kind.PICTURE:
        return _picture(found, modality)
    if modality is not None and modality is not found.modality:
        raise UnreadableImage(
            Because.AMBIGUOUS_MODALITY, f"the file says {found.modality}, {modality} was asked for"
        )
    if found.kind is Kind.PROJECTION:
        data = _bytes(found)
        return read_radiograph(parse(data), _provenance(found, data))
    return read_ct(found) if found.modality is Modality.CT else read_mr(found)


def _picture(found: Found, modality: Modality | None) -> Image:
    wanted = modality or found.modality
    if wanted is None:
        raise UnreadableImage(Because.AMBIGUOUS_MODALITY, _GREY_DETAIL)
    if wanted not in _PICTURE_MODALITIES:
        raise UnreadableImage(
            Because.AMBIGUOUS_MODALITY, f"a picture file cannot be read as {wanted}"
        )
    data = _bytes(found)
    if wanted is Modality.XRAY:
        return read_film(data, _provenance(found, data))
    photo = read_photo(data, _provenance(found, data))
    if modality is None and not has_colour(photo.pixels):
        raise UnreadableImage(Because.AMBIGUOUS_MODALITY, _GREY_DETAIL)
    return photo


_GREY_DETAIL = "a grey picture may be a photo or a film; say which with the modality"


def _bytes(found: Found) -> bytes:
    with MemberReader() as reader:
        return reader.read(found.members[0])


def _provenance(found: Found, data: bytes) -> Provenance:
    return Provenance(
        sha256=hash_bytes(data),
        source=found.source,
        series_uid=found.series_uid,
        study_uid=found.study_uid,
        patient_key=found.patient_key,
    )
