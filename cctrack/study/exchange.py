"""Write one measured image as DICOM: its outline as SEG, its numbers as SR, a photo as VL image."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cctrack.compare.naming import tracking_uids
from cctrack.io import Found
from cctrack.io.exchange.content import Compared, Report
from cctrack.io.exchange.derived import make_instance
from cctrack.io.exchange.finish import write_instance
from cctrack.io.exchange.person import ANONYMOUS, Person
from cctrack.io.exchange.seg import MadeSeg, make_seg
from cctrack.io.exchange.sources import Source, read_source
from cctrack.io.exchange.sr import make_sr
from cctrack.io.exchange.uids import Tracking
from cctrack.io.found import Kind
from cctrack.model import Flag, Node, Photo, Radiograph
from cctrack.study.pipeline import Measured
from cctrack.study.rows import flag_text, source_of


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """The instances of one image, as far as reports refer to them."""

    measured: Measured
    source: Source
    seg: MadeSeg | None
    tracking: Tracking
    name: str


def write_exchange(
    out: Path, found: Found, measured: Measured, person: Person = ANONYMOUS
) -> Written:
    """Write what `write_outline` and `write_report` write, of a loose image.

    Raises
    ------
    UnreadableImage
        If the image's instances cannot be referred to.
    OSError
        If a file cannot be written.
    """
    written = write_outline(out, found, measured, (person, tracking_of(measured)))
    write_report(out, written)
    return written


def tracking_of(measured: Measured) -> Tracking:
    """Tracking UIDs of an image's lesions: those of a study that begins with this image."""
    image = measured.image.provenance.sha256
    ids = {Node(0, lesion): lesion for lesion in measured.outline.lesions}
    return Tracking(tracking_uids([dict.fromkeys(ids, 1)], ids, [image]), image)


def write_outline(
    out: Path,
    found: Found,
    measured: Measured,
    whose: tuple[Person, Tracking],
    *,
    name: str = "",
) -> Written:
    """Write ``seg/<name>.seg.dcm``, and ``vl/<image_id>.dcm`` of a picture that was no DICOM.

    Parameters
    ----------
    out : Path
    found : Found
        What the image was read from.
    measured : Measured
    whose : (Person, Tracking)
        Under which name it leaves, and under which UIDs its lesions are followed.
    name : str
        Of SEG and SR; empty for the image's id.

    Raises
    ------
    UnreadableImage
        If the image's instances cannot be referred to.
    OSError
        If a file cannot be written.
    """
    person, tracking = whose
    name = name or measured.image_id
    image = measured.image
    if isinstance(image, (Photo, Radiograph)) and found.kind is Kind.PICTURE:
        instance, source = make_instance(image, person)
        write_instance(out / "vl" / f"{measured.image_id}.dcm", instance)
    else:
        source = read_source(found, image, person)
    seg = make_seg(measured.outline, source, tracking)
    if seg is not None:
        write_instance(out / "seg" / f"{name}.seg.dcm", seg.dataset)
    return Written(measured, source, seg, tracking, name)


def write_report(
    out: Path, written: Written, compared: Sequence[Compared] = (), criteria: str = ""
) -> None:
    """Write ``sr/<name>.sr.dcm``: each lesion's numbers, what changed, and the total.

    Parameters
    ----------
    out : Path
    written : Written
    compared : sequence of Compared
        Changes since earlier visits.
    criteria : str
        Name of the rule behind the verdicts.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    report = Report(
        findings=written.measured.findings,
        source=written.source,
        tracking=written.tracking,
        seg=written.seg,
        compared=tuple(compared),
        criteria=criteria,
        notes=_notes(written.measured),
    )
    write_instance(out / "sr" / f"{written.name}.sr.dcm", make_sr(report))


def _notes(measured: Measured) -> dict[int, tuple[str, ...]]:
    """Say of the image and of single lesions what stands in the tables beside their numbers."""
    source = source_of(measured.image.scale)
    scale = f"Scale: {source}." if source else "No scale: sizes are in pixels."
    notes = {0: (scale, *_caution(measured.flags))}
    own = {item.lesion: item.flags for item in measured.findings if item.lesion}
    for lesion in measured.outline.lesions:
        flags = own.get(lesion, frozenset()) | measured.outline.flags_of(lesion)
        notes[lesion] = _caution(flags)
    return notes


def _caution(flags: frozenset[Flag]) -> tuple[str, ...]:
    return (f"Cautions: {flag_text(flags)}.",) if flags else ()
