"""Every mm says how its scale is known, and two visits that know it differently say so."""

import csv
from datetime import date

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from cctrack.io import Found, scan
from cctrack.io.dicom_options import DicomOptions
from cctrack.io.write_dicom import write_radiograph
from cctrack.model import Radiograph, SpacingTags
from cctrack.study.compare import CompareOptions, compare_paths
from cctrack.study.listing import group_images, image_row

SHAPE = (320, 400)
DETECTOR = SpacingTags(imager_pixel_spacing=(0.2, 0.2))
UNKNOWN = SpacingTags(pixel_spacing=(0.2, 0.2))
CALIBRATED = SpacingTags((0.2, 0.2), (0.21, 0.21), calibration_type="FIDUCIAL")


def write_visit(folder, day, tags):
    """A film with bone-like structure and one deposit that a reader outlined."""
    rng = np.random.default_rng(3)
    field = sum(ndimage.gaussian_filter(rng.normal(size=SHAPE), s) * s for s in (2, 4, 9, 20))
    pixels = 0.45 + 0.25 * field / np.abs(field).max()
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    deposit = (rows - 160) ** 2 + (columns - 200) ** 2 < 30**2
    pixels = np.where(deposit, 0.95, pixels) + rng.normal(0, 0.004, SHAPE)
    film = Radiograph(pixels.astype(np.float32).clip(0, 1), (0.0, 1.0), tags)
    write_radiograph(folder / f"{day}.dcm", film, DicomOptions(patient="P1", acquired=day))
    Image.fromarray(deposit.astype(np.uint8)).save(folder / f"{day}.mask.png")
    return folder / f"{day}.dcm", folder / f"{day}.mask.png"


def compare(folder, before_tags, after_tags):
    before, before_mask = write_visit(folder, date(2020, 1, 1), before_tags)
    after, after_mask = write_visit(folder, date(2021, 1, 1), after_tags)
    options = CompareOptions(baseline_mask=before_mask, followup_mask=after_mask)
    compare_paths(before, after, folder / "out", options)
    tables = []
    for name in ("measurements.csv", "changes.csv"):
        with (folder / "out" / name).open(newline="", encoding="utf-8") as file:
            tables.append(list(csv.DictReader(file)))
    return tables


@pytest.mark.parametrize(
    ("before", "after", "sources", "warned"),
    [
        (DETECTOR, DETECTOR, ("detector", "detector"), False),
        (DETECTOR, UNKNOWN, ("detector", "unknown_calibration"), True),
        (CALIBRATED, DETECTOR, ("calibrated", "detector"), True),
    ],
)
def test_two_visits_whose_scale_is_known_differently_are_warned_about(
    tmp_path, before, after, sources, warned
):
    _, changes = compare(tmp_path, before, after)
    for row in changes:
        assert (row["baseline_scale_source"], row["followup_scale_source"]) == sources
        assert ("known in different ways" in row["comparability"]) == warned


def test_every_number_in_mm_says_how_its_scale_is_known(tmp_path):
    measured, changes = compare(tmp_path, DETECTOR, UNKNOWN)
    in_mm = [row for row in measured if row["unit"].startswith("mm")]
    assert in_mm
    assert all(row["scale_source"] and row["scale_mm"] for row in in_mm)
    in_mm = [row for row in changes if row["unit"].startswith("mm")]
    assert in_mm
    assert all(row["baseline_scale_source"] and row["followup_scale_source"] for row in in_mm)
    found = [item for item in scan([tmp_path]) if isinstance(item, Found) and item.series_uid]
    rows = [image_row(image) for group in group_images(found) for image in group.images]
    listed = {scale_of(row) for row in rows}
    assert {source for _, _, source in listed} == {"detector", "unknown_calibration"}
    assert listed == {scale_of(row) for row in measured}


def scale_of(row):
    return row["acquired"], row["scale_mm"], row["scale_source"]


def test_without_a_scale_nothing_claims_one(tmp_path):
    measured, changes = compare(tmp_path, SpacingTags(), SpacingTags())
    assert {row["scale_source"] for row in measured} == {""}
    assert not any(row["unit"].startswith("mm") for row in [*measured, *changes])
    assert {row["baseline_scale_source"] for row in changes} == {""}
