"""A sphere of 583.0 mm³ and 1000 HU in tissue of 0 HU with air around it, cut into slices."""

from functools import cache

import numpy as np

RADIUS_MM = 5.1822
TRUTH_MM3 = 583.0
HEIGHTS = np.arange(-8.0, 9.0)
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
CORONAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
SAGITTAL = ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
SIDE_PX = 32
_FINE = 6


def tilted(degrees):
    """Slices leaning about the x axis, as under a tilted gantry."""
    angle = np.radians(degrees)
    return (1.0, 0.0, 0.0), (0.0, float(np.cos(angle)), float(-np.sin(angle)))


@cache
def cut(corner, directions, spacing=(1.0, 1.0)):
    """One slice through the sphere at the origin, HU; borders averaged over the pixel."""
    along_columns, along_rows = (np.array(direction) for direction in directions)
    steps = (np.arange(SIDE_PX * _FINE) + 0.5) / _FINE - 0.5
    row_mm, column_mm = steps * spacing[0], steps * spacing[1]
    points = (
        np.asarray(corner, dtype=float)
        + row_mm[:, None, None] * along_rows
        + column_mm[None, :, None] * along_columns
    )
    inside = (points**2).sum(axis=-1) < RADIUS_MM**2
    share = inside.reshape(SIDE_PX, _FINE, SIDE_PX, _FINE).mean(axis=(1, 3))
    hu = np.rint(1000 * share).astype(np.int32)
    hu[:3] = hu[-3:] = -1000
    hu[:, :3] = hu[:, -3:] = -1000
    return hu


def slices(make, heights=HEIGHTS, directions=AXIAL, spacing=(1.0, 1.0), line=None, **tags):
    """Classic slices along their normal, or along ``line``; ``tags`` override attributes."""
    along_columns, along_rows = (np.array(direction) for direction in directions)
    line = np.cross(along_columns, along_rows) if line is None else np.array(line)
    middle = (SIDE_PX - 1) / 2
    result = []
    for number, height in enumerate(heights, start=1):
        corner = height * line - middle * (along_columns * spacing[1] + along_rows * spacing[0])
        stored = (cut(tuple(corner), directions, spacing) + 1024).astype(np.int16)
        attributes = {
            "RescaleSlope": "1",
            "RescaleIntercept": "-1024",
            "RescaleType": "HU",
            "PixelSpacing": [f"{value:g}" for value in spacing],
            "SliceThickness": "1",
            "KVP": "120",
            "ConvolutionKernel": "B30f",
            "InstanceNumber": str(number),
            "ImageOrientationPatient": [f"{v:.6f}" for v in (*along_columns, *along_rows)],
            "ImagePositionPatient": [f"{value:.5f}" for value in corner],
        }
        result.append(make.blank_dicom("CT", stored, **{**attributes, **tags}))
    return result


def stored(dataset):
    """Pixels of one of these slices."""
    return np.frombuffer(dataset.PixelData, np.int16).reshape(SIDE_PX, SIDE_PX).copy()


def store(dataset, values, dtype=np.int16, **tags):
    """Put other pixels into a slice."""
    dataset.PixelData = np.asarray(values).astype(dtype).tobytes()
    bits = np.dtype(dtype).itemsize * 8
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit, dataset.PixelRepresentation = bits - 1, int(np.dtype(dtype).kind == "i")
    for name, value in tags.items():
        setattr(dataset, name, value)


def volume_mm3(values, scale):
    """Volume as share of 1000 per voxel; air and padding count nothing."""
    share = np.clip(values, 0, None) / 1000.0
    return float((share * scale.pixel_sizes(values.shape)).sum())


def set_all(slices, tags):
    """Set the same attributes in every slice."""
    for dataset in slices:
        for name, value in tags.items():
            setattr(dataset, name, value)
