"""Find out from a sheet's patches what the light and the camera did to a photo's colours.

Only for looking at photos: a cast hides redness from the eye, and two visits in different light
look different. Sizes and outlines never use it; outlines compare each lesion with its own skin.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cctrack._cv2 import cv2
from cctrack.calibrate.marker import Tag, tags_of
from cctrack.model import KNOWN_SHEETS, ColourCorrection, FloatArray, MarkerSheet, Patch
from cctrack.model.colours import from_light, to_light

LEAST_TAGS = 2
"""As for the scale: two tags show where the sheet lies."""

INNER = 0.5
"""Share of a patch's side that is read: off its rim, which is blurred."""

PLACES = 7
"""Places read along each side of a patch; their median stands for it, dirt and all."""

BURNT, LOST = 249.0, 2.0
"""Grey values from which, and up to which, a channel says nothing."""

LEAST_PATCHES = 6
"""A matrix has nine numbers, three of them a white balance: six patches are eighteen values."""

RIDGE = 0.02
"""Pull of the matrix towards a mere white balance, as a share of the patches' own weight."""

MOST_RESIDUAL = 15.0
"""Mean difference (CIE76) that printers and faded ink explain; with more those are no patches."""


def read_colours(pixels: NDArray[np.uint8], tags: Sequence[Tag]) -> ColourCorrection | None:
    """Fit a correction from the first sheet with patches; None where there is none to trust.

    Parameters
    ----------
    pixels : uint8 array (rows, columns, 3)
    tags : sequence of Tag
        All tags of the photo.
    """
    for sheet in KNOWN_SHEETS:
        seen = tags_of(sheet, tags)
        if sheet.patches and len(seen) >= LEAST_TAGS:
            found = [_read(pixels, patch, _to_photo(sheet, seen)) for patch in sheet.patches]
            return fit_colours(np.array(found), np.array([patch.srgb for patch in sheet.patches]))
    return None


def fit_colours(seen: FloatArray, printed: FloatArray) -> ColourCorrection | None:
    """Fit the matrix that turns colours as seen into colours as printed, in linear light.

    Least squares with a ridge towards the white balance that the grey patches ask for (Finlayson
    et al. 2015, IEEE TIP 24:1460, find that more terms gain little in even light).

    Parameters
    ----------
    seen : float array (patches, 3)
        Grey values 0-255, NaN for a patch that is not in view.
    printed : float array (patches, 3)
        sRGB, 0-1.

    Returns
    -------
    ColourCorrection or None
        None with fewer than `LEAST_PATCHES` readable ones, or where they do not fit.
    """
    good = (seen < BURNT).all(axis=1) & (seen > LOST).any(axis=1)
    if int(good.sum()) < LEAST_PATCHES:
        return None
    light, wanted = to_light(seen[good] / 255), to_light(printed[good])
    grey = np.ptp(printed[good], axis=1) == 0
    neutral = (light, wanted) if grey.sum() < 2 else (light[grey], wanted[grey])
    balance = np.diag((neutral[0] * neutral[1]).sum(axis=0) / (neutral[0] ** 2).sum(axis=0))
    pull = RIDGE * np.trace(light.T @ light) / 3 * np.eye(3)
    solved = np.linalg.solve(light.T @ light + pull, light.T @ wanted + pull @ balance)
    before, residual = (_apart(colours, wanted) for colours in (light, light @ solved))
    if residual > MOST_RESIDUAL:
        return None
    return ColourCorrection(solved.T, int(good.sum()), before, residual)


def _to_photo(sheet: MarkerSheet, seen: Sequence[Tag]) -> FloatArray:
    own = np.vstack([np.array(sheet.corners_mm(tag.number)) for tag in seen])
    there = np.vstack([tag.corners_px for tag in seen])
    matrix, _ = cv2.findHomography(own, there)
    return np.asarray(matrix, np.float64)


def _read(pixels: NDArray[np.uint8], patch: Patch, to_photo: FloatArray) -> FloatArray:
    """Median colour of a patch's middle; NaN where a part of it is out of view."""
    inner = patch.side_mm * ((1 - INNER) / 2 + INNER * (np.arange(PLACES) + 0.5) / PLACES)
    rows, columns = np.meshgrid(*(inner + at for at in patch.place_mm), indexing="ij")
    places = np.stack([rows.ravel(), columns.ravel(), np.ones(rows.size)])
    mapped = to_photo @ places
    at = np.rint(mapped[:2] / mapped[2]).astype(int)
    if (at < 0).any() or (at >= np.array(pixels.shape[:2])[:, None]).any():
        return np.full(3, np.nan)
    return np.asarray(np.median(pixels[at[0], at[1]], axis=0), np.float64)


def _apart(light: FloatArray, wanted: FloatArray) -> float:
    """Mean distance in CIE Lab of colours given in linear light."""
    shown = [from_light(np.clip(part, 0, 1)).astype(np.float32)[None] for part in (light, wanted)]
    lab = [np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2LAB)) for part in shown]
    return float(np.linalg.norm(lab[0] - lab[1], axis=2).mean())
