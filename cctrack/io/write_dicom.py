"""Write radiographs and CT as DICOM that conforms to the standard, under a pseudonym.

Everything in a file follows from values and options, UIDs too: the same call gives the same bytes.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    CTImageStorage,
    DigitalXRayImageStorageForPresentation,
    DigitalXRayImageStorageForProcessing,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    RLELossless,
)

from cctrack.io.dicom_options import REGION_CODES, Compression, DicomOptions, RadiographKind
from cctrack.model import Ct, Radiograph, SliceExtents, SpacingTags

__all__ = ["Compression", "DicomOptions", "RadiographKind", "write_ct", "write_radiograph"]

HIGHEST_STORED = 4095
"""Largest value of the 12 bits that radiographs are stored in."""

CT_INTERCEPT_HU = -1024
"""Rescale intercept of the CT files: air is stored near 0, as scanners do."""

HIGHEST_HU = 32767 + CT_INTERCEPT_HU
"""Largest HU that a signed 16-bit value holds with this intercept."""

PADDING_STORED = -2000
"""Stored value outside the reconstruction circle, as on GE scanners."""

LEAST_JPEG2000 = 32
"""Fewer rows or columns don't hold the six resolutions that the encoder makes."""

SIMULATED = "SIMULATED"
"""Manufacturer in files that no device made."""

USUAL_OPTIONS = DicomOptions()


def write_radiograph(
    path: Path, radiograph: Radiograph, options: DicomOptions = USUAL_OPTIONS
) -> None:
    """Write a radiograph as CR or DX, 12 bits stored in 16.

    Pixels are stretched from ``full_range`` to 0–4095 (unchanged where that is the range).

    Parameters
    ----------
    path : Path
        Replaced when it exists.
    radiograph : Radiograph
    options : DicomOptions

    Raises
    ------
    ValueError
        If the spacing tags are those of a secondary capture, which is neither CR nor DX, or
        a DX is asked for of a body part without a code in `REGION_CODES`.
    """
    if radiograph.spacing.secondary_capture:
        raise ValueError("a secondary capture cannot be written as CR or DX")
    options = replace(options, acquired=options.acquired or radiograph.acquired)
    content = hashlib.sha256(radiograph.pixels.tobytes()).hexdigest()
    dataset = _shared(options, str(options.kind), content)
    _describe_radiograph(dataset, options)
    if options.kind is RadiographKind.DX:
        _describe_dx(dataset, options, presentation=radiograph.presentation)
    _put_spacing(dataset, radiograph.spacing)
    low, high = radiograph.full_range
    share = np.clip((radiograph.pixels - low) / (high - low), 0.0, 1.0)
    shown = 1.0 - share if options.monochrome1 else share
    _put_pixels(dataset, np.rint(shown * HIGHEST_STORED).astype(np.uint16), bits=12)
    _save(dataset, path, options.compression)


def write_ct(folder: Path, ct: Ct, options: DicomOptions = USUAL_OPTIONS) -> tuple[Path, ...]:
    """Write a CT as one file a slice, geometry from its affine.

    Parameters
    ----------
    folder : Path
        Made when missing.
    ct : Ct
    options : DicomOptions

    Returns
    -------
    tuple of Path
        ``IM0001.dcm`` onwards, in slice order.

    Raises
    ------
    ValueError
        If slices are uneven and ``options.positions_mm`` does not hold one position each, or
        the HU do not fit the stored range.
    """
    if ct.hu.max(initial=0) > HIGHEST_HU:
        raise ValueError(f"{ct.hu.max()} HU do not fit 16 bits with an intercept of -1024 HU")
    positions = _slice_positions(ct, options)
    content = hashlib.sha256(ct.hu.tobytes() + positions.tobytes()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    options = replace(options, acquired=options.acquired or ct.acquired)
    paths = tuple(folder / f"IM{index + 1:04d}.dcm" for index in range(ct.shape[0]))
    for index, path in enumerate(paths):
        dataset = _shared(options, "CT", content, index)
        _describe_ct(dataset, ct, options)
        _put_plane(dataset, ct, positions[index])
        stored = (ct.hu[index] - CT_INTERCEPT_HU).astype(np.int16)
        if ct.padding is not None:
            stored[ct.padding[index]] = PADDING_STORED
            dataset.PixelPaddingValue = PADDING_STORED
        _put_pixels(dataset, stored, bits=16)
        _save(dataset, path, options.compression)
    return paths


def _shared(options: DicomOptions, modality: str, content: str, index: int = 0) -> Dataset:
    """Patient, study, series, equipment and identity of one image of a series with a content."""
    day = options.acquired.strftime("%Y%m%d") if options.acquired else ""
    study = (options.seed, options.patient, day, options.study_description)
    series = (*study, modality, options.series_description, content)
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPInstanceUID = _uid(*series, "image", index)
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = day
    dataset.StudyTime = dataset.ContentTime = "120000" if day else ""
    dataset.AccessionNumber = dataset.ReferringPhysicianName = ""
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", 1, index + 1
    dataset.Modality, dataset.Manufacturer = modality, SIMULATED
    dataset.StudyDescription = options.study_description
    dataset.SeriesDescription = options.series_description
    dataset.PatientName = dataset.PatientID = options.patient
    dataset.PatientBirthDate = dataset.PatientSex = ""
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "pseudonym"
    dataset.BodyPartExamined = options.body_part
    dataset.StudyInstanceUID = _uid(*study, "study")
    dataset.SeriesInstanceUID = _uid(*series, "series")
    if options.comment:
        dataset.ImageComments = options.comment
    return dataset


def _uid(*parts: object) -> str:
    """UID derived from a hash (ISO/IEC 9834-8 form, 2.25 and a 128-bit number)."""
    digest = hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def _describe_radiograph(dataset: Dataset, options: DicomOptions) -> None:
    dataset.SOPClassUID = ComputedRadiographyImageStorage
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]
    dataset.PhotometricInterpretation = "MONOCHROME1" if options.monochrome1 else "MONOCHROME2"
    dataset.PatientOrientation = list(options.orientation)
    dataset.ViewPosition = options.view
    dataset.BurnedInAnnotation = "NO"
    if options.kind is RadiographKind.CR and options.laterality:
        dataset.Laterality = options.laterality


def _describe_dx(dataset: Dataset, options: DicomOptions, *, presentation: bool) -> None:
    """Add what a DX has on top of a CR (PS3.3 A.26)."""
    dataset.SOPClassUID = DigitalXRayImageStorageForProcessing
    dataset.PresentationIntentType = "FOR PROCESSING"
    if presentation:
        dataset.SOPClassUID = DigitalXRayImageStorageForPresentation
        dataset.PresentationIntentType = "FOR PRESENTATION"
        dataset.WindowCenter, dataset.WindowWidth = (HIGHEST_STORED + 1) // 2, HIGHEST_STORED + 1
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]
    dataset.ImageLaterality = options.laterality or "U"
    dataset.AnatomicRegionSequence = [_region(options.body_part)]
    dataset.PixelIntensityRelationship = "LOG"
    # +1 where larger stored values mean fewer X-rays at the detector: bone bright as stored.
    dataset.PixelIntensityRelationshipSign = -1 if options.monochrome1 else 1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    dataset.PresentationLUTShape = "INVERSE" if options.monochrome1 else "IDENTITY"
    dataset.LossyImageCompression = "00"
    dataset.DetectorType = "DIRECT"
    dataset.PositionerType = ""
    dataset.AcquisitionContextSequence = []


def _region(body_part: str) -> Dataset:
    if body_part not in REGION_CODES:
        raise ValueError(f"no region code for {body_part!r}; known: {', '.join(REGION_CODES)}")
    item = Dataset()
    item.CodeValue, item.CodeMeaning = REGION_CODES[body_part]
    item.CodingSchemeDesignator = "SCT"
    return item


def _put_spacing(dataset: Dataset, spacing: SpacingTags) -> None:
    """Write the spacing tags exactly as they are, absurd ones too."""
    if spacing.pixel_spacing is not None:
        dataset.PixelSpacing = list(spacing.pixel_spacing)
    if spacing.imager_pixel_spacing is not None:
        dataset.ImagerPixelSpacing = list(spacing.imager_pixel_spacing)
    if spacing.magnification is not None:
        dataset.EstimatedRadiographicMagnificationFactor = spacing.magnification
    if spacing.calibration_type:
        dataset.PixelSpacingCalibrationType = spacing.calibration_type
    if spacing.calibration_described:
        dataset.PixelSpacingCalibrationDescription = "object of known size"


def _slice_positions(ct: Ct, options: DicomOptions) -> NDArray[np.float64]:
    """Upper left pixel's centre of each slice, (slices, 3) in mm."""
    count = ct.shape[0]
    if not options.positions_mm and not isinstance(ct.scale, SliceExtents):
        index = np.column_stack([np.arange(count), np.zeros((count, 2)), np.ones(count)])
        return np.asarray((index @ ct.affine.T)[:, :3], dtype=np.float64)
    if len(options.positions_mm) != count:
        raise ValueError(f"got {len(options.positions_mm)} slice positions for {count} slices")
    step = ct.affine[:3, 0]
    normal = np.cross(ct.affine[:3, 2], ct.affine[:3, 1])
    along = step / abs(step @ normal / np.linalg.norm(normal))
    placed = ct.affine[:3, 3] + np.array(options.positions_mm)[:, None] * along
    return np.asarray(placed, dtype=np.float64)


def _describe_ct(dataset: Dataset, ct: Ct, options: DicomOptions) -> None:
    made = ct.acquisition
    dataset.SOPClassUID = CTImageStorage
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Manufacturer = made.manufacturer or SIMULATED
    dataset.KVP = made.kvp
    dataset.ConvolutionKernel = made.kernel
    dataset.SliceThickness = made.slice_thickness_mm
    if made.field_of_view_mm:
        dataset.ReconstructionDiameter = _decimal(made.field_of_view_mm)
    if made.contrast:
        dataset.ContrastBolusAgent = "IODINE"
    if options.laterality:
        dataset.Laterality = options.laterality
    dataset.AcquisitionNumber = 1
    dataset.PatientPosition = "HFS"
    dataset.FrameOfReferenceUID = _uid(dataset.SeriesInstanceUID, "frame")
    dataset.PositionReferenceIndicator = ""
    dataset.RescaleIntercept, dataset.RescaleSlope = CT_INTERCEPT_HU, 1
    dataset.RescaleType = "HU"
    dataset.WindowCenter, dataset.WindowWidth = 40, 400


def _put_plane(dataset: Dataset, ct: Ct, position_mm: NDArray[np.float64]) -> None:
    per_row, per_column = ct.affine[:3, 1], ct.affine[:3, 2]
    row_mm, column_mm = float(np.linalg.norm(per_row)), float(np.linalg.norm(per_column))
    cosines = (*(per_column / column_mm), *(per_row / row_mm))
    dataset.PixelSpacing = [_decimal(row_mm), _decimal(column_mm)]
    dataset.ImageOrientationPatient = [_decimal(value) for value in cosines]
    dataset.ImagePositionPatient = [_decimal(value) for value in position_mm]


def _decimal(value: float) -> str:
    """Format a decimal string of at most 16 characters, as DICOM's DS demands."""
    for digits in range(12, 0, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return "0" if float(text) == 0 else text
    raise ValueError(f"{value} does not fit a decimal string")


def _put_pixels(
    dataset: Dataset, stored: NDArray[np.uint16] | NDArray[np.int16], *, bits: int
) -> None:
    dataset.SamplesPerPixel = 1
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PixelRepresentation = int(np.issubdtype(stored.dtype, np.signedinteger))
    dataset.PixelData = (
        np.ascontiguousarray(stored).astype(stored.dtype.newbyteorder("<")).tobytes()
    )


def _save(dataset: Dataset, path: Path, compression: Compression) -> None:
    """Write the file beside its place and move it there, so that no half file is ever seen."""
    dataset.file_meta = meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if compression is not Compression.NONE:
        if (
            compression is Compression.JPEG2000
            and min(dataset.Rows, dataset.Columns) < LEAST_JPEG2000
        ):
            raise ValueError(f"JPEG 2000 needs {LEAST_JPEG2000} rows and columns or more")
        syntax = RLELossless if compression is Compression.RLE else JPEG2000Lossless
        dataset.compress(syntax, generate_instance_uid=False)
    unfinished = path.with_name(path.name + ".part")
    dataset.save_as(unfinished, enforce_file_format=True)
    unfinished.replace(path)
