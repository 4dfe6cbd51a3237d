"""Write label images as PNG and NIfTI, and read them back; read SEG and RTSTRUCT too."""

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cctrack.errors import UnreadableImage
from cctrack.io.shield import quiet, shielded
from cctrack.io.tables import png_bytes, write_bytes
from cctrack.model import (
    Because,
    Ct,
    Flag,
    FloatArray,
    Image,
    LabelArray,
    Mr,
    SliceExtents,
)
from cctrack.model.notice import RESEARCH_ONLY

if TYPE_CHECKING:
    import nibabel

GRID_TOLERANCE_MM = 0.05
"""NIfTI keeps affines in single precision: 0.05 mm is rounding, more is another grid."""

UNEVEN_WARNING = "uneven slices: volumes from this grid are wrong, use the SEG"
"""Stands in the description of a NIfTI whose grid cannot say that its slices are uneven."""

TILTED_WARNING = "tilted gantry: volumes from this grid are wrong, use the SEG"
"""Stands in the description of a NIfTI whose slices programs lay straight over each other."""

MAX_MASK_BYTES = 1 << 30
"""1 GiB once unpacked, as for any file."""

_DICM_END = 132
"""A DICOM file is marked behind its preamble."""

_SCANNER = 1
"""NIfTI's code of coordinates in the patient as scanned."""

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def write_mask(path: Path, labels: NDArray[np.integer], image: Image) -> None:
    """Write labels on the grid of their image, at once.

    Parameters
    ----------
    path : Path
        ``*.mask.png`` for a photo or radiograph, ``*.mask.nii.gz`` or ``.nii`` for a volume.
    labels : integer array, shape of the image
        0 is background.
    image : Image
        Gives the grid.

    Raises
    ------
    ValueError
        If the labels do not have the image's shape, or a value does not fit 16 bits.
    OSError
        If it cannot be written.
    """
    if labels.shape != image.shape:
        raise ValueError(f"labels {labels.shape} for an image of {image.shape}")
    if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < 1 << 16:
        raise ValueError("labels must fit 16 bits")
    if isinstance(image, (Ct, Mr)):
        write_bytes(path, _nifti_bytes(labels, image, packed=path.suffix == ".gz"))
        return
    write_bytes(path, png_bytes(_smallest(labels)))


def read_mask(path: Path, image: Image) -> LabelArray:
    """Read labels drawn on an image, and make sure they are on its grid.

    Parameters
    ----------
    path : Path
        PNG for a photo or radiograph, NIfTI for a volume, DICOM SEG for both, RTSTRUCT for a
        volume. An RGB(A) PNG whose channels agree, and a black-and-white one (0 and 255 become 0
        and 1), are taken too.
    image : Image

    Returns
    -------
    uint16 array, shape of the image

    Raises
    ------
    UnreadableImage
        If it is no label image, or its grid is another one.
    """
    if not path.is_file():
        raise UnreadableImage(Because.NOT_FOUND, "no such mask")
    if path.stat().st_size > MAX_MASK_BYTES:
        raise UnreadableImage(Because.TOO_LARGE, "a mask of more than 1 GiB")
    if _is_dicom(path):
        from cctrack.io.exchange.outlines import read_dicom_outline

        return read_dicom_outline(path.read_bytes(), image)
    read = _read_nifti if isinstance(image, (Ct, Mr)) else _read_png
    return shielded(lambda: read(path, image), Because.UNREADABLE_PIXELS, "the mask cannot be read")


def _is_dicom(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_DICM_END)[-4:] == b"DICM"


def ras_affine(affine: FloatArray) -> FloatArray:
    """Turn (slice, row, column) to LPS into NIfTI's (column, row, slice) to RAS."""
    swapped = affine[:, [2, 1, 0, 3]]
    turned: FloatArray = _LPS_TO_RAS @ swapped
    return turned


def _smallest(labels: NDArray[np.integer]) -> NDArray[np.uint8 | np.uint16]:
    """Use 8 bits where they do: half the file, and every viewer reads it."""
    return labels.astype(np.uint8 if int(labels.max(initial=0)) < 1 << 8 else np.uint16)


def _nifti_bytes(labels: NDArray[np.integer], image: Ct | Mr, *, packed: bool) -> bytes:
    import nibabel

    with quiet():
        exact = ras_affine(image.affine)
        volume = nibabel.Nifti1Image(_smallest(labels).transpose(2, 1, 0), exact)
        volume.header.set_xyzt_units("mm")
        volume.set_sform(exact, code=_SCANNER)
        volume.set_qform(_upright(exact), code=_SCANNER)
        volume.header["descrip"] = _description(image).encode("ascii")
        data = bytes(volume.to_bytes())
    # A fixed time stamp: the same labels always give the same bytes.
    return gzip.compress(data, compresslevel=6, mtime=0) if packed else data


def _upright(affine: FloatArray) -> FloatArray:
    """Let slices lie straight over each other: so ITK reads the DICOM of a tilted gantry.

    3D Slicer and ITK-SNAP refuse a sheared grid, and then take this one, which lies on the image
    as they show it, voxel by voxel.
    """
    upright = affine.copy()
    normal = np.cross(affine[:3, 0], affine[:3, 1])
    normal /= np.linalg.norm(normal)
    step = affine[:3, 2]
    upright[:3, 2] = normal * np.copysign(np.linalg.norm(step), step @ normal)
    return upright


def _description(image: Ct | Mr) -> str:
    """Say in the 79 characters that NIfTI has what the file is not for."""
    if isinstance(image.scale, SliceExtents):
        return f"Research use only. {UNEVEN_WARNING}"
    return f"Research use only. {TILTED_WARNING}" if _tilted(image) else RESEARCH_ONLY


def _tilted(image: Ct | Mr) -> bool:
    return Flag.GANTRY_TILT in image.flags


def _read_nifti(path: Path, image: Image) -> LabelArray:
    import nibabel

    assert isinstance(image, (Ct, Mr))
    data = path.read_bytes()
    if data[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            data = stream.read(MAX_MASK_BYTES + 1)
    if len(data) > MAX_MASK_BYTES:
        raise UnreadableImage(Because.TOO_LARGE, "a mask of more than 1 GiB")
    volume = _turned(nibabel.Nifti1Image.from_bytes(data), ras_affine(image.affine))
    _require_shape(tuple(reversed(volume.shape)), image.shape)
    _require_affine(np.asarray(volume.affine), ras_affine(image.affine), image.shape)
    return _as_labels(np.asarray(volume.dataobj).transpose(2, 1, 0))


def _turned(volume: "nibabel.Nifti1Image", needed: FloatArray) -> "nibabel.Nifti1Image":
    """Flip and swap axes as the image has them: annotation programs save their own order."""
    from nibabel.funcs import squeeze_image
    from nibabel.orientations import io_orientation, ornt_transform

    flat = squeeze_image(volume)
    if len(flat.shape) != 3:
        raise UnreadableImage(Because.MASK, f"a mask of {len(flat.shape)} axes, 3 are needed")
    turn = ornt_transform(io_orientation(flat.affine), io_orientation(needed))
    turned: nibabel.Nifti1Image = flat.as_reoriented(turn)
    return turned


def _read_png(path: Path, image: Image) -> LabelArray:
    from PIL import Image as Picture

    with Picture.open(path, formats=("PNG", "TIFF")) as picture:
        _require_shape((picture.height, picture.width), image.shape)
        values = np.array(picture)
    if values.ndim == 3:
        colours = values[..., : values.shape[2] - (values.shape[2] in (2, 4))]
        if (colours != colours[..., :1]).any():
            raise UnreadableImage(Because.MASK, "a coloured picture is no label image")
        values = colours[..., 0]
    labels = _as_labels(values)
    if set(np.unique(labels).tolist()) <= {0, 255} and values.dtype == np.uint8:
        labels = (labels > 0).astype(np.uint16)
    return labels


def _as_labels(values: NDArray[np.generic]) -> LabelArray:
    if values.dtype.kind not in "buif":
        raise UnreadableImage(Because.MASK, "labels must be numbers")
    if values.size and not 0 <= float(values.min()) <= float(values.max()) < 1 << 16:
        raise UnreadableImage(Because.MASK, "labels must lie between 0 and 65535")
    labels: LabelArray = values.astype(np.uint16)
    if values.dtype.kind == "f" and not np.array_equal(labels, values):
        raise UnreadableImage(Because.MASK, "labels must be whole numbers")
    return labels


def _require_shape(found: tuple[int, ...], needed: tuple[int, ...]) -> None:
    if found != needed:
        raise UnreadableImage(Because.MASK, f"a mask of {found} px for an image of {needed} px")


def _require_affine(found: FloatArray, needed: FloatArray, shape: tuple[int, ...]) -> None:
    """Compare where both grids put the corners of the volume."""
    ends = np.array([0, *(length - 1 for length in reversed(shape))])
    corners = np.array(
        [[x, y, z, 1] for x in ends[[0, 1]] for y in ends[[0, 2]] for z in ends[[0, 3]]],
        dtype=float,
    )
    apart_mm = float(np.abs(corners @ (found - needed).T).max())
    if not apart_mm <= GRID_TOLERANCE_MM:
        raise UnreadableImage(Because.MASK, f"the mask lies {apart_mm:.2f} mm beside the image")
