"""Decode what a scan found: one image, or one refusal that says why."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cctrack.errors import UnreadableImage
from cctrack.io.archive import MemberReader
from cctrack.io.ct import read_ct
from cctrack.io.dicom_file import parse
from cctrack.io.dicom_photo import read_dicom_photo
from cctrack.io.dicom_values import text
from cctrack.io.found import Found, Kind, Member
from cctrack.io.mr import read_mr
from cctrack.io.photo import has_colour, read_film, read_photo
from cctrack.io.radiograph import read_radiograph
from cctrack.io.scan import scan
from cctrack.io.shield import shielded
from cctrack.io.sources import hash_bytes
from cctrack.model import Because, Image, Modality, Provenance, Read, Refused


def load(found: Found, *, modality: Modality | None = None) -> Read | Refused:
    """Decode an image; bad input never raises but becomes a `Refused`.

    Parameters
    ----------
    found : Found
        From `scan`.
    modality : Modality or None
        What an ambiguous image is: a grey picture may be a photo or a film. DICOM files and
        colour photos say themselves what they are.

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

    Parameters
    ----------
    path : Path
    modality : Modality or None
        What it must be; also decides what a grey picture is.

    Raises
    ------
    UnreadableImage
        If there is no image, more than one, it cannot be read, or it is something else than
        ``modality``.
    """
    return _only_one(list(scan([path], modality=modality)), modality)


def read_members(members: Sequence[Member], *, modality: Modality | None = None) -> Image:
    """Read the one image that some files of an earlier scan make up; raises as `read_one`."""
    return _only_one(list(scan(members, modality=modality)), modality)


def _only_one(results: Sequence[Found | Refused], modality: Modality | None) -> Image:
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
    image = outcome.image
    if modality is not None and image.modality is not modality:
        raise UnreadableImage(
            Because.AMBIGUOUS_MODALITY, f"it is {image.modality}, {modality} was asked for"
        )
    return image


_BESIDE_THE_POINT = (Because.NOT_AN_IMAGE, Because.NOT_FOUND, Because.EMPTY, Because.MASK)


def _why_none(refused: Sequence[Refused]) -> UnreadableImage:
    telling = [item for item in refused if item.because not in _BESIDE_THE_POINT] or list(refused)
    if not telling:
        return UnreadableImage(Because.EMPTY, "an empty folder or archive")
    return UnreadableImage(telling[0].because, telling[0].detail)


def _decode(found: Found, modality: Modality | None) -> Image:
    if found.kind is Kind.PICTURE:
        return _picture(found, modality)
    if found.kind in (Kind.PROJECTION, Kind.PHOTO):
        data = _bytes(found)
        read = read_radiograph if found.kind is Kind.PROJECTION else read_dicom_photo
        dataset = parse(data)
        uid = text(dataset, "SOPInstanceUID")
        return read(dataset, replace(_provenance(found, data), instance_uid=uid))
    return read_ct(found) if found.modality is Modality.CT else read_mr(found)


def _picture(found: Found, modality: Modality | None) -> Image:
    data = _bytes(found)
    if found.modality is Modality.PHOTO:
        photo = read_photo(data, _provenance(found, data))
        if modality is Modality.PHOTO or has_colour(photo.pixels):
            return photo
    if modality is Modality.PHOTO:
        return read_photo(data, _provenance(found, data))
    if modality is Modality.XRAY:
        return read_film(data, _provenance(found, data))
    if modality is None:
        raise UnreadableImage(Because.AMBIGUOUS_MODALITY, _GREY_DETAIL)
    raise UnreadableImage(
        Because.AMBIGUOUS_MODALITY, f"a picture file cannot be read as {modality}"
    )


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
