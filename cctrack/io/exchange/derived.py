"""Make a DICOM instance of a photo or a picture of a film: pixels, a pseudonym and a day.

A JPEG or HEIC is never wrapped as it is: it can hold a place, a comment or a thumbnail of a face.
"""

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.uid import SecondaryCaptureImageStorage, VLPhotographicImageStorage
from pydicom.valuerep import format_number_as_ds

from cctrack.io.exchange.finish import MAKER, finish
from cctrack.io.exchange.person import Person, plain_name, put_person
from cctrack.io.exchange.sources import UNDATED, Source, SourceSlice, day_of
from cctrack.io.exchange.uids import derived_uid
from cctrack.io.write_photo import srgb_profile
from cctrack.model import AxisScale, Photo, Radiograph
from cctrack.model.notice import RESEARCH_ONLY

HIGHEST_GREY = 65535
"""A film's grey values are stretched to 16 bits: more than any picture of one holds."""


def make_instance(image: Photo | Radiograph, person: Person) -> tuple[Dataset, Source]:
    """Make an instance of an image that was no DICOM, and what its outline refers to.

    A photo becomes a VL Photographic Image, a picture of a film a Secondary Capture. Uncompressed:
    every viewer shows it, and its pixels are those that were measured. Without a scale, which can
    be stated anew: its UID names the picture.

    Parameters
    ----------
    image : Photo or Radiograph
    person : Person
        Without a pseudonym the image's own hash names the patient.

    Returns
    -------
    instance : Dataset
        Ready to be saved.
    source : Source
    """
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    _put_identity(dataset, image, person)
    _put_equipment(dataset)
    _put_description(dataset)
    if isinstance(image, Photo):
        _put_colour(dataset, image.pixels)
    else:
        _put_grey(dataset, image)
    finish(dataset, keep_series=True)
    return dataset, Source((SourceSlice(_as_source(dataset, image)),))


def _put_identity(dataset: Dataset, image: Photo | Radiograph, person: Person) -> None:
    content = image.provenance.sha256
    day = day_of(image)
    name = plain_name(person.pseudonym)
    # The photos of one patient and day are one study; those of nobody known are each their own.
    study = (name, day) if name else (content,)
    dataset.StudyInstanceUID = derived_uid("study", *study)
    dataset.SeriesInstanceUID = derived_uid("series", *study, content)
    dataset.StudyDate = day
    dataset.ContentDate = day or UNDATED
    dataset.ContentTime = "000000"
    # There is no identity in a picture that could be kept.
    put_person(dataset, Dataset(), Person(person.pseudonym))
    dataset.SeriesNumber = dataset.InstanceNumber = 1


def _put_equipment(dataset: Dataset) -> None:
    dataset.Manufacturer = MAKER
    dataset.SeriesDescription = RESEARCH_ONLY


def _put_description(dataset: Dataset) -> None:
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.PatientOrientation, dataset.Laterality = [], ""
    dataset.BurnedInAnnotation = "NO"
    dataset.AcquisitionContextSequence = []


def _put_colour(dataset: Dataset, pixels: NDArray[np.uint8]) -> None:
    dataset.SOPClassUID = VLPhotographicImageStorage
    dataset.Modality = "XC"
    # Whether the camera's file was compressed with loss is not known once it is decoded.
    dataset.LossyImageCompression = ""
    dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
    dataset.PhotometricInterpretation = "RGB"
    dataset.ICCProfile = srgb_profile()
    dataset.ColorSpace = "SRGB"
    _put_pixels(dataset, pixels, bits=8)


def _put_grey(dataset: Dataset, film: Radiograph) -> None:
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    dataset.Modality = "OT"
    dataset.ConversionType = "DF"  # Digitized film.
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    low, high = film.full_range
    share = np.clip((film.pixels - low) / max(high - low, 1e-9), 0.0, 1.0)
    _put_pixels(dataset, np.rint(share * HIGHEST_GREY).astype(np.uint16), bits=16)


def _put_pixels(dataset: Dataset, stored: NDArray[np.unsignedinteger], *, bits: int) -> None:
    dataset.Rows, dataset.Columns = stored.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, 0
    data = np.ascontiguousarray(stored, dtype=stored.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"


def _as_source(dataset: Dataset, image: Photo | Radiograph) -> Dataset:
    """Copy what an outline refers to, and how large a pixel is where that is the same all over."""
    header = Dataset()
    for element in dataset:
        if element.keyword not in ("PixelData", "ICCProfile", "LossyImageCompression"):
            header.add(element)
    if isinstance(image.scale, AxisScale):
        header.PixelSpacing = [format_number_as_ds(value) for value in image.scale.mm]
    return header
