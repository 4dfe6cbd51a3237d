"""A pinhole camera over a flat sheet with tags: exact truth for the tests of scale."""

import numpy as np

from cctrack._cv2 import cv2
from cctrack.calibrate.marker import MODULES, draw_tag
from cctrack.model import CCTRACK_CARD

SHEET_PX_PER_MM = 16
SKIN, PAPER, INK = 0.35, 0.85, 0.04


def sheet_with_tags(tags, *, size_mm=(160, 200), margin_mm=3.0):
    """Linear light of a skin-toned sheet; tags: (dictionary, number, side_mm, (row, col) mm)."""
    scale = SHEET_PX_PER_MM
    sheet = np.full((size_mm[0] * scale, size_mm[1] * scale), SKIN, np.float32)
    for dictionary, number, side_mm, (row, column) in tags:
        low = [round((value - margin_mm) * scale) for value in (row, column)]
        wide = round((side_mm + 2 * margin_mm) * scale)
        sheet[low[0] : low[0] + wide, low[1] : low[1] + wide] = PAPER
        side = round(side_mm * scale)
        r, c = round(row * scale), round(column * scale)
        tag = cv2.resize(
            draw_tag(dictionary, number, MODULES[dictionary]),
            (side, side),
            interpolation=cv2.INTER_NEAREST,
        )
        sheet[r : r + side, c : c + side] = np.where(tag > 0, PAPER, INK)
    return sheet


def card_on_sheet(at=(55.0, 70.0)):
    return [
        (CCTRACK_CARD.dictionary, number, CCTRACK_CARD.side_mm, (at[0] + row, at[1] + column))
        for number, (row, column) in CCTRACK_CARD.places_mm
    ]


def camera(tilt_deg, *, shape=(900, 1200), px_per_mm=6.0, azimuth_deg=30.0, focal=1.2):
    """Homography from sheet mm (row, column) to image px (row, column)."""
    focal_px = focal * max(shape)
    distance = focal_px / px_per_mm
    tilt, azimuth = np.deg2rad(tilt_deg), np.deg2rad(azimuth_deg)
    axis = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
    rotation = cv2.Rodrigues(axis * tilt)[0]
    middle = np.array([[1, 0, -80.0], [0, 1, -100.0], [0, 0, 1]])
    pose = np.column_stack([rotation[:, 0], rotation[:, 1], [0, 0, distance]])
    intrinsic = np.array(
        [[focal_px, 0, (shape[0] - 1) / 2], [0, focal_px, (shape[1] - 1) / 2], [0, 0, 1]]
    )
    return intrinsic @ pose @ middle


def photograph(
    sheet, homography, *, shape=(900, 1200), blur_px=0.8, noise=0.004, rng=None, **drawing
):
    """SRGB photo of a grey or coloured sheet: supersampled, blurred in light, noisy, JPEG-free."""
    fold, fineness = drawing.get("fold", 4), drawing.get("px_per_mm", SHEET_PX_PER_MM)
    up = np.diag([fold, fold, 1.0])
    up[:2, 2] = (fold - 1) / 2
    sheet_mm = np.diag([1 / fineness, 1 / fineness, 1.0])
    sheet_mm[:2, 2] = 0.5 / fineness
    matrix = up @ homography @ sheet_mm
    swap = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])
    large = cv2.warpPerspective(
        cv2.GaussianBlur(sheet, (0, 0), 0.5),
        swap @ matrix @ swap,
        (shape[1] * fold, shape[0] * fold),
        flags=cv2.INTER_LINEAR,
        borderValue=(SKIN,) * 4,
    )
    light = cv2.resize(large, shape[::-1], interpolation=cv2.INTER_AREA)
    if blur_px:
        light = cv2.GaussianBlur(light, (0, 0), blur_px)
    if rng is not None:
        light = light + rng.normal(0, noise, light.shape)
    light = np.clip(light, 0, 1)
    srgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    pixels = np.rint(255 * srgb).astype(np.uint8)
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=2)


def to_photo(homography, points_mm):
    """Where points (n, 2) of the sheet are seen."""
    seen = np.column_stack([points_mm, np.ones(len(points_mm))]) @ homography.T
    return seen[:, :2] / seen[:, 2:]


def polygon_area(points):
    row, column = points.T
    return 0.5 * abs(row @ np.roll(column, 1) - column @ np.roll(row, 1))


def area_error(scale, homography, middle_mm, half_mm=5.0):
    """Relative error of the area of a square lesion of the sheet, measured through a scale."""
    square = half_mm * np.array([[-1, -1], [-1, 1], [1, 1], [1, -1.0]]) + middle_mm
    seen = to_photo(homography, square)
    return polygon_area(scale.to_mm(seen)) / polygon_area(square) - 1
