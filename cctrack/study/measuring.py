"""Measure one visit of a study in a worker process, as its readers told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.errors import CctrackError, UnreadableImage
from cctrack.model import Because, Image, Modality, Refused, Visit
from cctrack.study.identity import image_id
from cctrack.study.packed import Packed, pack
from cctrack.study.pipeline import measure_image
from cctrack.study.reader import file_name
from cctrack.study.rows import source_of
from cctrack.study.sources import read_visit_image
from cctrack.study.told import MASK, NOTHING_TOLD, Told, options_for
from cctrack.study.workers import processor_limit

READ_LIMIT_S = 300.0
"""Processor time in s that reading a visit may take; a CT of 1,500 slices takes a tenth of it."""


@dataclass(frozen=True, slots=True)
class VisitTask:
    """What a worker needs to measure one visit.

    Attributes
    ----------
    root : Path
        The study folder.
    visit : Visit
    sizes : PhotoScaleOptions
        What the study says about all of its photos.
    told : Told
    masks : mapping of str to bytes
        Readers' label images by the hashes that `told` names.
    """

    root: Path
    visit: Visit
    sizes: PhotoScaleOptions
    told: Told = NOTHING_TOLD
    masks: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class VisitFound:
    """What came of a visit: a measurement, or a refusal.

    Attributes
    ----------
    names : tuple of str
        As from `names_of`; empty when the image could not be read.
    sha256 : str
        Of the image; empty when it could not be read.
    packed : Packed or None
    refused : Refused or None
    parameters : str
        Everything stated that changed a number, as JSON.
    scale_source : str
        How its scale is known; empty without one.
    """

    names: tuple[str, ...] = ()
    sha256: str = ""
    packed: Packed | None = None
    refused: Refused | None = None
    parameters: str = "{}"
    scale_source: str = ""


def measure_visit(task: VisitTask) -> VisitFound:
    """Read and measure a visit; whatever is wrong with it becomes a refusal."""
    image: Image | None = None
    try:
        image = read_visit(task.root, task.visit)
        return _measure(task, image)
    except UnreadableImage as error:
        because, detail = Because(error.because), error.detail
    except CctrackError as error:
        because, detail = Because.NOT_OUTLINED, str(error)
    refused = Refused(task.visit.path, because, detail)
    if image is None:
        return VisitFound(refused=refused)
    return VisitFound(names_of(image), image.provenance.sha256, refused=refused)


def names_of(image: Image) -> tuple[str, ...]:
    """List our id of an image and its SeriesInstanceUID, if any: readers may speak of it by them.

    They may also use the name of its file, which is not written down.
    """
    origin = image.provenance
    return tuple(name for name in (image_id(origin.sha256), origin.series_uid) if name)


def read_visit(root: Path, visit: Visit) -> Image:
    """Read the image of a visit.

    Raises
    ------
    UnreadableImage
        If it cannot be read, or is of another modality than visits.csv says.
    """
    with processor_limit(READ_LIMIT_S):
        image = read_visit_image(root, visit.path, Modality(visit.modality))
    if image.modality is not visit.modality:
        found = f"visits.csv says {visit.modality}, the file is a {image.modality}"
        raise UnreadableImage(Because.AMBIGUOUS_MODALITY, found)
    return image


def _measure(task: VisitTask, image: Image) -> VisitFound:
    names = names_of(image)
    told = task.told.about((*names, file_name(task.visit.path)))
    key = image_id(image.provenance.sha256)
    with _written(task.masks, told.get("outline", {}), key) as mask:
        measured = measure_image(image, options_for(told, task.sizes, key, mask))
    return VisitFound(
        names,
        image.provenance.sha256,
        pack(measured),
        parameters=measured.parameters,
        scale_source=source_of(measured.image.scale),
    )


@contextmanager
def _written(
    masks: Mapping[str, bytes], outline: Mapping[str, Mapping[str, str]], image: str
) -> Iterator[Path | None]:
    """Write a reader's label image where the reader of masks finds it."""
    if not outline:
        yield None
        return
    try:
        data = masks[outline["blobs"][MASK]]
    except (KeyError, TypeError):
        detail = "the record does not hold the reader's outline that it names"
        raise UnreadableImage(Because.MASK, detail) from None
    suffix = ".mask.png" if data.startswith(b"\x89PNG") else ".mask.nii.gz"
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{image}{suffix}"
        path.write_bytes(data)
        yield path
