"""From files on a disk to a line of measurements.csv, inside a reader's mask."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from cctrack.io import read_one, write_mask
from cctrack.model import Mr, Quantity, Radiograph
from cctrack.study.batch import BatchOptions, measure_paths
from cctrack.study.pipeline import MeasureOptions


def _cases(name):
    path = Path(__file__).parent / "cases" / f"{name}.py"
    spec = spec_from_file_location(f"ends_{name}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SPHERE, FILMS, MULTIFRAME = (_cases(name) for name in ("sphere", "films", "multiframe"))
FINE = {"heights": np.arange(-8.0, 8.01, 0.5), "spacing": (0.5, 0.5)}
GAPPED = {**FINE, "SliceThickness": "0.3", "SpacingBetweenSlices": "0.5", **MULTIFRAME.MR}


def total_in_mask(folder, tmp_path, quantity):
    """The total that is written for a reader's mask of all that is bright."""
    image = read_one(folder)
    values = image.values - 1024 if isinstance(image, Mr) else getattr(image, "hu", None)
    if isinstance(image, Radiograph):
        values = image.pixels - 1250
    mask = tmp_path / ("mask.png" if isinstance(image, Radiograph) else "mask.nii.gz")
    write_mask(mask, (values > 500).astype(np.uint16), image)
    options = BatchOptions(MeasureOptions(mask=mask))
    result = measure_paths([folder], tmp_path / "out", options, lambda _done, _of: None)
    rows = [row for row in result.rows if row["lesion"] == "total"]
    return [row for row in rows if row["quantity"] == quantity]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("CT", FINE),
        ("CT, uneven", {**FINE, "heights": np.cumsum([-8.0, *([0.5, 0.4, 0.55] * 11)])}),
        ("MR with gaps between slices", GAPPED),
        ("coronal MR", {**GAPPED, "directions": SPHERE.CORONAL}),
        ("tilted CT", {**FINE, "directions": SPHERE.tilted(20), "line": (0, 0, 1)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_readers_mask_gives_the_volume_of_the_sphere(make, tmp_path, name, options):
    folder = make.save_series(SPHERE.slices(make, **options), tmp_path / "series")
    rows = total_in_mask(folder, tmp_path, Quantity.VOLUME)
    assert rows, name
    assert rows[0]["unit"] == "mm3"
    assert float(rows[0]["value"]) == pytest.approx(SPHERE.TRUTH_MM3, rel=0.01)


@pytest.mark.parametrize(
    ("tags", "value", "unit"),
    [
        ({}, FILMS.RECTANGLE_MM2, "mm2"),
        ({"ImagerPixelSpacing": None}, FILMS.RECTANGLE_PX, "px"),
        ({"modality": "SC", "Modality": "OT", "ConversionType": "DF"}, FILMS.RECTANGLE_PX, "px"),
    ],
)
def test_a_readers_mask_gives_the_area_of_the_rectangle(make, tmp_path, tags, value, unit):
    folder = make.save_series([FILMS.film(make, **tags)], tmp_path / "film")
    (row,) = total_in_mask(folder, tmp_path, Quantity.AREA)
    assert row["unit"] == unit
    assert float(row["value"]) == pytest.approx(value, rel=0.01)
