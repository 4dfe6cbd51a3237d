"""Images with known deposits, and the programs of others that read what is written of them."""

import json
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from scipy import ndimage

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.io import Found, load, scan, write_mask
from cctrack.io.exchange.person import ANONYMOUS, Person
from cctrack.io.write_dicom import DicomOptions, RadiographKind, write_ct, write_radiograph
from cctrack.io.write_photo import write_photo
from cctrack.model import (
    Acquisition,
    AxisScale,
    Ct,
    Modality,
    PlaneHomography,
    Radiograph,
    ScaleSource,
    SliceExtents,
    SpacingTags,
)
from cctrack.study.exchange import Written, write_exchange
from cctrack.study.pipeline import Measured, MeasureOptions, measure_image

SCRIPTS = Path(sysconfig.get_path("scripts"))
SHAPE = (9, 29, 41)
"""Odd, so that most frames of a segmentation begin within a byte."""

DEPOSIT_HU, TISSUE_HU = 700, 40
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"

AXIAL = ((0, 0, 1), (0, 1, 0), (1, 0, 0))
CORONAL = ((0, 1, 0), (0, 0, -1), (1, 0, 0))
SAGITTAL = ((-1, 0, 0), (0, 0, -1), (0, 1, 0))
OBLIQUE = ((0.0, -0.6, 0.8), (0.6, 0.64, 0.48), (0.8, -0.48, -0.36))
"""Directions of slices, rows and columns."""


def tilted(degrees):
    """Axial slices whose line leaves their normal, as with a tilted gantry."""
    return ((0, float(np.tan(np.radians(degrees))), 1), *AXIAL[1:])


def spheres(shape, centres, radius):
    """Deposits on a grid, numbered from 1."""
    index = np.indices(shape)
    labels = np.zeros(shape, dtype=np.uint16)
    for number, centre in enumerate(centres, start=1):
        away = sum(
            ((axis - at) / r) ** 2 for axis, at, r in zip(index, centre, radius, strict=True)
        )
        labels[away <= 1] = number
    return labels


TWO = [(3, 9, 10), (5, 18, 28)]
BLOBS = spheres(SHAPE, TWO, (2, 5, 6))


def drawn_ct(directions=AXIAL, spacing=(2.5, 0.8, 0.7), labels=BLOBS, extents=()):
    affine = np.eye(4)
    for axis, (direction, mm) in enumerate(zip(directions, spacing, strict=True)):
        affine[:3, axis] = np.array(direction) * mm
    affine[:3, 3] = (-100.25, -120.5, 30.125)
    scale = AxisScale(spacing, ScaleSource.SLICE_POSITIONS)
    if extents:
        scale = SliceExtents(spacing[1], spacing[2], extents)
    noise = np.random.default_rng(1).normal(0, 12, labels.shape)
    hu = np.where(labels > 0, DEPOSIT_HU, TISSUE_HU) + noise
    return Ct(hu.astype(np.int16), affine, scale, Acquisition(120.0, "STANDARD", spacing[0]))


@dataclass(frozen=True)
class Case:
    """One image on disk with its reader's outline."""

    path: Path
    labels: np.ndarray
    modality: Modality | None = None
    options: MeasureOptions = field(default_factory=MeasureOptions)


def ct_case(folder, *, order=None, positions=(), labels=BLOBS, **drawing):
    """Write a CT slice by slice; ``order`` names the files in another one."""
    extents = tuple(np.ones(len(labels))) if positions else ()
    ct = drawn_ct(labels=labels, extents=extents, **drawing)
    paths = write_ct(folder / "ct", ct, DicomOptions(positions_mm=positions))
    for number, path in enumerate(paths if order is None else [paths[i] for i in order]):
        path.rename(path.with_name(f"slice{number:03d}"))
    return Case(folder / "ct", labels)


def item(**tags):
    dataset = Dataset()
    for name, value in tags.items():
        setattr(dataset, name, value)
    return dataset


def enhanced_case(folder, *, order=None, **drawing):
    """Write all slices into one file, frames in any order."""
    case = ct_case(folder, **drawing)
    slices = [pydicom.dcmread(path) for path in sorted(case.path.iterdir())]
    slices = slices if order is None else [slices[index] for index in order]
    joined = slices[0]
    joined.SOPClassUID = joined.file_meta.MediaStorageSOPClassUID = ENHANCED_CT
    joined.NumberOfFrames = len(slices)
    joined.PixelData = b"".join(slice_.PixelData for slice_ in slices)
    shared = Dataset()
    shared.PixelMeasuresSequence = Sequence(
        [item(PixelSpacing=joined.PixelSpacing, SliceThickness=joined.SliceThickness)]
    )
    shared.PlaneOrientationSequence = Sequence(
        [item(ImageOrientationPatient=joined.ImageOrientationPatient)]
    )
    shared.PixelValueTransformationSequence = Sequence(
        [item(RescaleSlope=1, RescaleIntercept=joined.RescaleIntercept, RescaleType="HU")]
    )
    joined.SharedFunctionalGroupsSequence = Sequence([shared])
    joined.PerFrameFunctionalGroupsSequence = Sequence(
        [
            item(
                PlanePositionSequence=Sequence(
                    [item(ImagePositionPatient=slice_.ImagePositionPatient)]
                )
            )
            for slice_ in slices
        ]
    )
    for tag in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"):
        delattr(joined, tag)
    shutil.rmtree(case.path)
    joined.save_as(folder / "enhanced.dcm")
    return Case(folder / "enhanced.dcm", case.labels)


FLAT = spheres((60, 81), [(15, 20), (40, 55)], (8, 11))
RING = FLAT.copy()
RING[38:43, 53:58] = 0
"""A deposit with a hole in it."""


def film_case(folder, *, kind=RadiographKind.CR, labels=FLAT, **spacing):
    rng = np.random.default_rng(2)
    grey = ndimage.gaussian_filter(rng.normal(2000, 60, labels.shape), 1) + 900 * (labels > 0)
    film = Radiograph(grey.astype(np.float32), (0.0, 4095.0), SpacingTags(**spacing))
    write_radiograph(folder / "film.dcm", film, DicomOptions(kind=kind))
    return Case(folder / "film.dcm", labels)


def picture_case(folder, *, labels=FLAT, modality=Modality.PHOTO, mm=None):
    rng = np.random.default_rng(3)
    grey = rng.integers(120, 160, labels.shape) + 60 * (labels > 0)
    tint = (30, 0, -25) if modality is Modality.PHOTO else (0, 0, 0)
    pixels = np.stack([grey + shift for shift in tint], axis=-1).clip(0, 255).astype(np.uint8)
    write_photo(folder / "photo.jpg", pixels, acquired=None)
    return Case(
        folder / "photo.jpg", labels, modality, MeasureOptions(PhotoScaleOptions(mm_per_px=mm))
    )


ONE_SLICE = np.where(np.arange(9)[:, None, None] == 4, BLOBS, 0).astype(np.uint16)
GAP = np.where(BLOBS == 2, 3, BLOBS).astype(np.uint16)
AT_THE_ENDS = spheres(SHAPE, [(0, 2, 2), (8, 27, 38)], (2, 5, 6))
SHUFFLED = (4, 0, 7, 2, 8, 1, 6, 3, 5)
UNEVEN = (0.0, 1.08, 2.16, 3.24, 7.24, 11.24, 18.24, 25.24, 32.24)

CASES = {
    "ct axial": ct_case,
    "ct thin slices": partial(ct_case, spacing=(0.6, 0.4, 0.4)),
    "ct coronal": partial(ct_case, directions=CORONAL),
    "ct sagittal": partial(ct_case, directions=SAGITTAL),
    "ct oblique": partial(ct_case, directions=OBLIQUE),
    "ct gantry tilted by 20 degrees": partial(ct_case, directions=tilted(20)),
    "ct gantry tilted the other way": partial(ct_case, directions=tilted(-12)),
    "ct files in any order": partial(ct_case, order=SHUFFLED),
    "ct uneven slices": partial(ct_case, positions=UNEVEN),
    "ct deposit on one slice": partial(ct_case, labels=ONE_SLICE),
    "ct numbers with a gap": partial(ct_case, labels=GAP),
    "ct deposits at the ends": partial(ct_case, labels=AT_THE_ENDS),
    "ct enhanced": enhanced_case,
    "ct enhanced, frames in any order": partial(enhanced_case, order=SHUFFLED),
    "xray CR at the detector": partial(film_case, imager_pixel_spacing=(0.15, 0.15)),
    "xray DX calibrated": partial(
        film_case,
        kind=RadiographKind.DX,
        pixel_spacing=(0.143, 0.143),
        calibration_type="FIDUCIAL",
    ),
    "xray without a spacing": partial(film_case, labels=RING),
    "xray as a picture": partial(picture_case, modality=Modality.XRAY, mm=0.2),
    "photo with a scale": partial(picture_case, labels=RING, mm=0.13),
    "photo without a scale": picture_case,
}

SAMPLE = (
    "ct gantry tilted by 20 degrees",
    "ct uneven slices",
    "ct enhanced, frames in any order",
    "ct numbers with a gap",
    "xray CR at the detector",
    "photo with a scale",
)
"""The cases of every run; the others come with `make bars`."""

PARAMS = [
    pytest.param(name, id=name, marks=() if name in SAMPLE else pytest.mark.bars) for name in CASES
]


@dataclass(frozen=True)
class Exchanged:
    """What was measured and written of a case."""

    measured: Measured
    written: Written
    out: Path
    found: Found

    def file(self, kind: str) -> Path:
        """Path of the ``seg``, ``sr`` or ``vl`` file."""
        suffix = {"seg": ".seg.dcm", "sr": ".sr.dcm", "vl": ".dcm"}[kind]
        return self.out / kind / f"{self.measured.image_id}{suffix}"

    @property
    def files(self) -> list[Path]:
        return [path for kind in ("vl", "seg", "sr") if (path := self.file(kind)).exists()]

    def value(self, lesion: int) -> float:
        """Area or volume of a lesion as measurements.csv gives it; 0 is the total."""
        values = [
            item.measurement.value
            for item in self.measured.findings
            if item.lesion == lesion
            and (item.measurement.quantity, str(item.measurement.method))
            in (("area", "reader"), ("volume", "partial_volume"))
        ]
        (value,) = values
        return value


def found_at(case):
    """What a scan finds at a case's path, and its image."""
    (found,) = [
        item for item in scan([case.path], modality=case.modality) if isinstance(item, Found)
    ]
    return found, load(found, modality=case.modality).image


def exchange(case: Case, folder: Path, person: Person = ANONYMOUS) -> Exchanged:
    """Measure a case by its reader's outline and write it as DICOM."""
    found, image = found_at(case)
    mask = folder / ("outline.nii.gz" if case.labels.ndim == 3 else "outline.png")
    write_mask(mask, case.labels, image)
    options = MeasureOptions(sizes=case.options.sizes, mask=mask)
    measured = measure_image(image, options)
    return Exchanged(
        measured, write_exchange(folder / "out", found, measured, person), folder / "out", found
    )


def require_validators():
    for program in ("dciodvfy", "dsrdump"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing (dicom3tools, dcmtk)")
    if not (SCRIPTS / "tid1500reader").exists():
        pytest.skip("dcmqi is missing")


def run(*words):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)


def dciodvfy_errors(path):
    """Errors that dicom3tools' validator finds in a file."""
    done = run("dciodvfy", path)
    return [line for line in (done.stdout + done.stderr).splitlines() if "Error" in line]


def dcmqi_volumes(path, folder):
    """Segment number to (voxels, mm³) as dcmqi reads a SEG; None when it refuses."""
    import nibabel

    folder.mkdir()
    words = ("--inputDICOM", path, "--outputDirectory", folder, "-t", "nii")
    if run(SCRIPTS / "segimage2itkimage", *words).returncode:
        return None
    volumes = {}
    for file in folder.glob("*.nii.gz"):
        image = nibabel.load(file)
        count = int((np.asarray(image.dataobj) > 0).sum())
        mm3 = count * abs(float(np.linalg.det(image.affine[:3, :3])))
        volumes[int(file.name.split(".")[0])] = (count, mm3)
    return volumes


def dcmqi_report(path, folder):
    """Tracking id to {quantity: value} and tracking UID as dcmqi reads an SR."""
    target = folder / "report.json"
    done = run(SCRIPTS / "tid1500reader", "--inputDICOM", path, "--outputMetadata", target)
    assert done.returncode == 0, done.stderr
    return {
        group["TrackingIdentifier"]: {
            "uid": group["TrackingUniqueIdentifier"],
            **{
                entry["quantity"]["CodeMeaning"]: float(entry["value"])
                for entry in reversed(group["measurementItems"])
            },
        }
        for group in json.loads(target.read_text(encoding="utf-8"))["Measurements"]
    }


def homography_scale(shape):
    """A photo's plane seen aslant: every pixel has its own size."""
    matrix = np.array([[0.1, 0, 0], [0, 0.1, 0], [0.0005, 0.0002, 1.0]])
    return PlaneHomography(matrix, shape, ScaleSource.MARKER, 0.01)
