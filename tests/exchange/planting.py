"""Secrets planted wherever an image can carry a text, and the search for them."""

import io
import zipfile
import zlib
from pathlib import Path

import pydicom
from PIL import ExifTags, Image
from pydicom.datadict import dictionary_VR
from pydicom.dataset import Dataset

SECRET = "Zs{number:03d}Q"
"""Short enough for every kind of text, and in no file by chance."""

TEXTS = [
    "AccessionNumber",
    "AdmissionID",
    "AdditionalPatientHistory",
    "BranchOfService",
    "ContrastBolusAgent",
    "CountryOfResidence",
    "CurrentPatientLocation",
    "DerivationDescription",
    "DetectorID",
    "DeviceDescription",
    "EthnicGroup",
    "FilterType",
    "ImageComments",
    "InstitutionAddress",
    "InstitutionName",
    "InstitutionalDepartmentName",
    "InsurancePlanIdentification",
    "IssuerOfPatientID",
    "MedicalAlerts",
    "MedicalRecordLocator",
    "MilitaryRank",
    "NameOfPhysiciansReadingStudy",
    "Occupation",
    "OperatorsName",
    "OtherPatientNames",
    "PatientAddress",
    "PatientBirthName",
    "PatientComments",
    "PatientID",
    "PatientMotherBirthName",
    "PatientName",
    "PatientReligiousPreference",
    "PatientTelephoneNumbers",
    "PerformedLocation",
    "PerformedProcedureStepDescription",
    "PerformedProcedureStepID",
    "PerformedStationName",
    "PerformingPhysicianName",
    "PhysiciansOfRecord",
    "PreMedication",
    "ProtocolName",
    "ReferringPhysicianAddress",
    "ReferringPhysicianName",
    "RegionOfResidence",
    "RequestedProcedureComments",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
    "RequestingPhysician",
    "RequestingService",
    "ScheduledProcedureStepDescription",
    "SeriesDescription",
    "ServiceEpisodeDescription",
    "SmokingStatus",
    "SpecialNeeds",
    "StationName",
    "StudyComments",
    "StudyDescription",
    "StudyID",
    "TimezoneOffsetFromUTC",
    "DeviceSerialNumber",
    "VisitComments",
    "AdmittingDiagnosesDescription",
    "CassetteID",
    "ConsultingPhysicianName",
    "IdentifyingComments",
    "InterpretationAuthor",
    "InterpretationText",
    "PatientState",
    "PlateID",
    "ReasonForTheRequestedProcedure",
]

CODED = ("CS", "IS", "DS", "DA", "TM", "AS")
"""Kinds of values that hold no free text."""

BIRTH_DATE = "19370421"

EXIF_TEXTS = [
    ExifTags.Base.Artist,
    ExifTags.Base.BodySerialNumber,
    ExifTags.Base.CameraOwnerName,
    ExifTags.Base.Copyright,
    ExifTags.Base.DocumentName,
    ExifTags.Base.HostComputer,
    ExifTags.Base.ImageDescription,
    ExifTags.Base.ImageHistory,
    ExifTags.Base.ImageUniqueID,
    ExifTags.Base.LensModel,
    ExifTags.Base.LensSerialNumber,
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.PageName,
    ExifTags.Base.Software,
    ExifTags.Base.TargetPrinter,
]

XMP_TEXTS = 45
"""Planted in a photo's XMP packet, to make sixty with EXIF, place and comment."""


def plant_in_header(dataset: Dataset) -> dict[str, str]:
    """Put a secret of its own into every text of a header, into private tags and the preamble."""
    secrets = {}
    for number, name in enumerate(TEXTS):
        if dictionary_VR(name) in CODED:
            continue
        secrets[name] = SECRET.format(number=number)
        setattr(dataset, name, secrets[name])
    block = dataset.private_block(0x0099, "Zs900Q maker", create=True)
    block.add_new(0x01, "LT", "Zs901Q")
    item = Dataset()
    item.PatientName = "Zs902Q"
    dataset.RequestAttributesSequence = [item]
    dataset.PatientBirthDate = BIRTH_DATE
    dataset.preamble = b"Zs903Q".ljust(128, b"\0")
    return {**secrets, "private": "Zs90", "birth": BIRTH_DATE}


def plant_in_dicom(path: Path) -> dict[str, str]:
    """Plant in a file, or alike in all files of a folder; return the secrets by their place."""
    for file in [path] if path.is_file() else sorted(path.iterdir()):
        dataset = pydicom.dcmread(file)
        secrets = plant_in_header(dataset)
        dataset.save_as(file)
    return secrets


def plant_in_photo(path: Path) -> dict[str, str]:
    """Write a photo again with camera's notes full of secrets; return them by their place."""
    secrets = {tag.name: SECRET.format(number=number) for number, tag in enumerate(EXIF_TEXTS)}
    exif = Image.Exif()
    for tag in EXIF_TEXTS:
        exif[tag] = secrets[tag.name]
    secrets |= {"place": "Zs101Q", "note": "Zs102Q", "comment": "Zs103Q"}
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSProcessingMethod] = b"Zs101Q"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0Zs102Q"
    xmp = {f"xmp {number}": SECRET.format(number=200 + number) for number in range(XMP_TEXTS)}
    packet = "".join(f"<x{n}>{text}</x{n}>" for n, text in enumerate(xmp.values()))
    with Image.open(path) as picture:
        picture.load()
    picture.save(path, "JPEG", quality=95, exif=exif, comment=b"Zs103Q", xmp=packet.encode())
    return secrets | xmp


def found_in(paths: list[Path], secrets: dict[str, str]) -> set[str]:
    """Places whose secret is in any of the files, also as UTF-16 and within archives and PDF."""
    content = b"".join(_unpacked(path.read_bytes()) for path in paths)
    return {
        name
        for name, secret in secrets.items()
        for coding in ("ascii", "utf-16-le", "utf-16-be")
        if secret.encode(coding) in content
    }


def _unpacked(content: bytes) -> bytes:
    """Return a file's bytes, and what lies packed in them."""
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return content + b"".join(packed.read(name) for name in packed.namelist())
    if content.startswith(b"%PDF"):
        return content + b"".join(_streams(content))
    return content


def _streams(content: bytes) -> list[bytes]:
    """Inflate the streams of a PDF."""
    found = []
    for piece in content.split(b"stream")[1:]:
        try:
            found.append(zlib.decompressobj().decompress(piece.lstrip(b"\r\n")))
        except zlib.error:
            continue
    return found
