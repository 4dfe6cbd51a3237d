"""Images as values: pixels, what they mean, when they were taken and where they come from."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from cctrack.model.codes import Because, Flag, Modality
from cctrack.model.colours import ColourCorrection
from cctrack.model.scale import NO_SPACING_TAGS, FloatArray, Scale, SpacingTags

UInt8Array = NDArray[np.uint8]
Int16Array = NDArray[np.int16]
Float32Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which bytes an image was read from.

    Attributes
    ----------
    sha256 : str
        Hash of the file, or of the sorted hashes of a series' files.
    source : str
        Path relative to the argument it was found under; ``export.zip!DICOM/IM1`` in an archive.
    members : tuple of str
        The files of a series, named like ``source``; empty for a single file.
    series_uid, study_uid, patient_key : str
        DICOM identity, empty for photos. ``patient_key`` is a hash, never a name or an id.
    instance_uid : str
        SOPInstanceUID of a film or photo: which image of its series it is.
    frame_uid : str
        FrameOfReferenceUID of a volume: what is drawn elsewhere in it lies on this one too.
    """

    sha256: str = ""
    source: str = ""
    members: tuple[str, ...] = ()
    series_uid: str = ""
    study_uid: str = ""
    patient_key: str = ""
    instance_uid: str = ""
    frame_uid: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A clinical photo, upright.

    Attributes
    ----------
    pixels : uint8 array (rows, columns, 3)
        sRGB, EXIF orientation applied.
    acquired : date or None
    scale : Scale or None
        `AxisScale` or `PlaneHomography`.
    flags : frozenset of Flag
    provenance : Provenance
    colours : ColourCorrection or None
        What a sheet in the photo says of its light; None without one. For viewing only.
    """

    pixels: UInt8Array
    acquired: date | None = None
    scale: Scale | None = None
    flags: frozenset[Flag] = frozenset()
    provenance: Provenance = Provenance()
    colours: ColourCorrection | None = None
    modality = Modality.PHOTO

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.pixels.shape[:2]

    def shown(self, part: tuple[slice, slice]) -> UInt8Array:
        """Copy a part of the photo for the eye: in neutral light where the sheet tells the light.

        Never to be measured.
        """
        seen = np.ascontiguousarray(self.pixels[part])
        return seen if self.colours is None else self.colours.applied(seen)


@dataclass(frozen=True, slots=True, eq=False)
class Radiograph:
    """A projection radiograph with bone bright.

    Attributes
    ----------
    pixels : float32 array (rows, columns)
        After the modality LUT, before any VOI window; larger means more attenuation, whatever
        the photometric interpretation was (MONOCHROME1 is inverted once, on reading).
    full_range : tuple of float
        Smallest and largest value the format can hold, after the same steps.
    window : tuple of float or None
        Lowest and highest value to show, as the file asks for; in units of ``pixels``, for display
        only. None when the file does not ask for any.
    spacing : SpacingTags
        What the file says about size; `cctrack.calibrate` turns it into ``scale``.
    presentation : bool
        True for FOR PRESENTATION pixels: processed, not linear in attenuation.
    view, laterality : str
        Codes of ViewPosition (``PA``) and ImageLaterality (``L``); empty where the file has none.
    """

    pixels: Float32Array
    full_range: tuple[float, float]
    spacing: SpacingTags = NO_SPACING_TAGS
    presentation: bool = True
    acquired: date | None = None
    scale: Scale | None = None
    flags: frozenset[Flag] = frozenset()
    provenance: Provenance = Provenance()
    window: tuple[float, float] | None = None
    view: str = ""
    laterality: str = ""
    modality = Modality.XRAY

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns."""
        return self.pixels.shape


@dataclass(frozen=True, slots=True)
class Acquisition:
    """How a CT was made: what must agree before two of them are compared.

    ``None`` or an empty string means the file does not say.
    """

    kvp: float | None = None
    kernel: str = ""
    slice_thickness_mm: float | None = None
    contrast: bool = False
    manufacturer: str = ""
    field_of_view_mm: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Ct:
    """A CT series, slices sorted along their normal.

    Attributes
    ----------
    hu : int16 array (slices, rows, columns)
        Hounsfield units; padding is set to -1024 and marked in ``padding``.
    affine : array (4, 4)
        Maps homogeneous (slice, row, column, 1) to patient coordinates (x, y, z, 1) in mm, DICOM
        LPS. With uneven slices it holds the mean extent and ``scale`` the exact ones.
    scale : Scale
        `AxisScale` or `SliceExtents`; always known for a CT that was read.
    padding : bool array or None
        True where the file holds no data.
    """

    hu: Int16Array
    affine: FloatArray
    scale: Scale
    acquisition: Acquisition = Acquisition()
    padding: NDArray[np.bool_] | None = None
    acquired: date | None = None
    flags: frozenset[Flag] = frozenset()
    provenance: Provenance = Provenance()
    modality = Modality.CT

    @property
    def shape(self) -> tuple[int, ...]:
        """Slices, rows and columns."""
        return self.hu.shape


@dataclass(frozen=True, slots=True, eq=False)
class Mr:
    """An MR series: geometry as in `Ct`, but its grey values have no unit.

    Only a reader's mask can be measured on it.
    """

    values: Float32Array
    affine: FloatArray
    scale: Scale
    acquired: date | None = None
    flags: frozenset[Flag] = frozenset()
    provenance: Provenance = Provenance()
    modality = Modality.MR

    @property
    def shape(self) -> tuple[int, ...]:
        """Slices, rows and columns."""
        return self.values.shape


Image = Photo | Radiograph | Ct | Mr


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """An input that became an image."""

    image: Image


@dataclass(frozen=True, slots=True)
class Refused:
    """An input that did not become an image, and why.

    Attributes
    ----------
    source : str
        Named as in `Provenance.source`.
    because : Because
    detail : str
        What was found and what was needed, in one line.
    members : tuple of str
        The files of a refused series.
    """

    source: str
    because: Because
    detail: str
    members: tuple[str, ...] = ()
