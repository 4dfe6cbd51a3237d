"""What can be checked on real images, though none of them shows calcinosis.

    python -m benchmarks.real_images FOLDER [SHEET.png]

FOLDER holds ``photo-square-1cm2``, ``photo-ruler``, ``xray-hand``, ``xray-hip-cr`` and ``ct-limb``.

- *dish*: the side of one dish on five photos, with a square of 10 mm in each.
- *rulers*: the spacing of 1 mm ticks, against two ticks noted by eye and those counted between.
- *films*, *limbs*: whatever is outlined is a false find. That counts only where deposits would be
  found, so simulated ones are put into the same images: stones of 10-60 mm² into soft tissue of
  hands, of 15-2000 mm³ off bone into CT, and how many of them are found is said beside it.

The sheet shows the films with what was put in (yellow) and what was outlined (blue). Wounds have
their own checks, by strokes in ``photo_outline`` and aligned in ``align_photo``.
"""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

from cctrack._cv2 import cv2
from cctrack.calibrate.photo import PhotoScaleOptions, calibrate_photo
from cctrack.calibrate.ruler import read_ruler
from cctrack.errors import NotCalibrated
from cctrack.io import read_one
from cctrack.model import Ct, Morphology, Photo, Radiograph
from cctrack.phantom.deposit.attenuation import excess_hu
from cctrack.phantom.deposit.raster import projected_thickness, rasterise
from cctrack.phantom.deposit.value import Deposit, DepositLook, make_deposit
from cctrack.segment.ct import outline_ct
from cctrack.segment.ct.body import Body, find_body
from cctrack.segment.radiograph.grid import film_spacing_mm, grid_of
from cctrack.segment.radiograph.outline import outline_radiograph
from cctrack.study.pipeline import AUTOMATIC, calibrate_image

NOTED = tomllib.loads((Path(__file__).parent / "real_photos.toml").read_text("utf-8"))
DISH: dict[str, list[int]] = NOTED["dish"]
TICKS_PX = {name: length / count for name, (length, count) in NOTED["ticks_px"].items()}
HIP = "RG2_UNC.dcm"
STONES_A_FILM, STONES_A_LIMB = 4, 12
AROUND_MM = 8.0
"""What is darker than the tissue within this distance, on average, is beside bone, not on it."""
FILM_GREY_MM = 8.0
"""mm of dense calcium that look as bright beside soft tissue as a film's bright bone does."""
CLEAR_MM = 3.0
BONE_HU = 130
MOST_HU = 3071
Masks = list[np.ndarray]
Box = tuple[slice, ...]


def dish(folder: Path) -> str:
    sides_mm = []
    for name, (row, left, right) in DISH.items():
        pixels = picture(folder / "photo-square-1cm2" / f"{name}.jpg")
        scale, _ = calibrate_photo(Photo(pixels), PhotoScaleOptions(square_mm=10.0))
        ends = np.array([[row, edge(pixels, row, column)] for column in (left, right)], float)
        sides_mm.append(float(np.linalg.norm(np.diff(scale.to_mm(ends), axis=0))))
    off = 100 * np.abs(np.array(sides_mm) / np.median(sides_mm) - 1).max()
    return f"{len(sides_mm)} photos, side {np.median(sides_mm):.1f} mm, farthest off {off:.1f} %"


def rulers(folder: Path) -> str:
    said = []
    for path in sorted((folder / "photo-ruler").glob("*.jpg")):
        try:
            step = read_ruler(picture(path), PhotoScaleOptions(ruler_mm_per_tick=1.0))[0].step_px
        except NotCalibrated:
            said.append("refused")
            continue
        known = TICKS_PX.get(path.stem)
        said.append("read" if known is None else f"{100 * (step / known - 1):+.1f} %")
    return ", ".join(said)


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def edge(pixels: np.ndarray, row: int, column: int) -> int:
    """Column of the steepest edge near a column, over 40 rows."""
    band = pixels[row - 20 : row + 20, column - 12 : column + 13].mean(axis=(0, 2))
    slope = np.abs(np.gradient(np.convolve(band, np.ones(3) / 3, mode="valid")))
    return column - 11 + int(np.argmax(slope))


def films(folder: Path) -> Iterator[tuple[str, Radiograph]]:
    for path in sorted((folder / "xray-hand").glob("*.png")):
        with Image.open(path) as image:
            yield path.stem, Radiograph(np.asarray(image.convert("L"), np.float32), (0.0, 255.0))
    hip, _ = calibrate_image(read_one(folder / "xray-hip-cr" / HIP), AUTOMATIC)
    assert isinstance(hip, Radiograph)
    yield "hip", hip


def judge_film(film: Radiograph, seed: int) -> tuple[int, int, int, np.ndarray]:
    """False finds as it is; stones put in and found; a picture of it."""
    false = len(outline_radiograph(film).counted())
    # The hip has a scale and no room: its shutters and shadows look like tissue.
    hand = film.scale is None
    pixels, stones = with_stones(film, np.random.default_rng(seed)) if hand else (film.pixels, [])
    filled = replace(film, pixels=pixels)
    labels = outline_radiograph(filled).labels
    found = sum(mostly(labels, stone) for stone in stones)
    return false, len(stones), found, drawn(filled, stones, labels)


def mostly(labels: np.ndarray, stone: np.ndarray) -> bool:
    """Whether at least half of a stone is outlined."""
    return bool((labels[stone] > 0).mean() >= 0.5)


def with_stones(film: Radiograph, rng: np.random.Generator) -> tuple[np.ndarray, Masks]:
    """Put stones into the soft tissue of a film, as bright as its own bone allows."""
    grid, mm = grid_of(film), film_spacing_mm(film)
    tissue = cv2.resize(grid.tissue.astype(np.uint8), film.shape[::-1], interpolation=0) > 0
    grey_per_mm = float(np.diff(np.percentile(film.pixels[tissue], (30, 95)))[0]) / FILM_GREY_MM
    room = soft_room(grid.grey, grid.tissue, grid.mm)
    pixels, masks = film.pixels.copy(), []
    for _ in range(STONES_A_FILM):
        radius_mm = float(np.exp(rng.uniform(np.log(10), np.log(60))) / np.pi) ** 0.5
        place = anywhere(room > radius_mm, rng)
        if place is None:
            continue
        thickness, _ = projected_thickness(stone(rng, radius_mm, 0.6), mm)
        thickness = ndimage.gaussian_filter(np.pad(thickness, 4), 0.15 / mm)
        box = box_around(place / grid.step, thickness.shape)
        if any(side.start < 0 for side in box) or pixels[box].shape != thickness.shape:
            continue
        pixels[box] += thickness * grey_per_mm
        masks.append(np.zeros(film.shape, bool))
        masks[-1][box] = thickness > 0.25 * thickness.max()
        room = np.minimum(room, away_from(place, room.shape, grid.mm) - radius_mm - CLEAR_MM)
    return np.clip(pixels, *film.full_range).astype(np.float32), masks


def stone(rng: np.random.Generator, radius_mm: float, density_g_cm3: float) -> Deposit:
    """A simulated stone with the volume of a ball."""
    volume_mm3 = 4 / 3 * np.pi * radius_mm**3
    look = DepositLook(density_g_cm3=density_g_cm3)
    nowhere = (1, (0.0, 0.0, 0.0))
    return make_deposit(nowhere, Morphology.STONE, volume_mm3, int(rng.integers(1 << 30)), look)


def anywhere(free: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """One of the places that are free, if any."""
    places = np.argwhere(free)
    return places[rng.integers(len(places))] if len(places) else None


def box_around(place: np.ndarray, shape: tuple[int, ...]) -> Box:
    corner = np.round(place - np.array(shape) / 2).astype(int)
    return tuple(slice(first, first + size) for first, size in zip(corner, shape, strict=True))


def away_from(place: np.ndarray, shape: tuple[int, ...], mm: float | np.ndarray) -> np.ndarray:
    """Distance in mm of every place of a grid from one of them."""
    offset = np.stack(np.indices(shape), axis=-1) - place
    return np.asarray(np.linalg.norm(offset * mm, axis=-1))


def soft_room(grey: np.ndarray, tissue: np.ndarray, mm: float) -> np.ndarray:
    """How far in mm each place lies from bone and from the skin's line."""
    inside = tissue.astype(np.float32)
    sigma = AROUND_MM / 2 / mm
    weight = np.maximum(ndimage.gaussian_filter(inside, sigma), 1e-3)
    level = ndimage.gaussian_filter(grey * inside, sigma) / weight
    soft = tissue & (ndimage.gaussian_filter(grey, 0.3 / mm) < level)
    return np.asarray(ndimage.distance_transform_edt(np.pad(soft, 1))[1:-1, 1:-1] * mm)


def drawn(film: Radiograph, stones: Masks, labels: np.ndarray) -> np.ndarray:
    low, high = film.full_range
    grey = np.clip(255 * (film.pixels - low) / (high - low), 0, 255).astype(np.uint8)
    colour = np.stack([grey] * 3, axis=-1)
    for mask, ink in (
        (np.any([labels < 0, *stones], axis=0), (255, 210, 0)),
        (labels > 0, (60, 150, 255)),
    ):
        colour[ndimage.binary_dilation(mask, iterations=4) & ~mask] = ink
    return colour


def limbs(folder: Path) -> Iterator[tuple[str, Ct]]:
    for path in sorted((folder / "ct-limb").iterdir()):
        if path.is_dir():
            image = read_one(path)
            assert isinstance(image, Ct)
            yield path.name, image


def judge_limb(scan: Ct, seed: int) -> tuple[int, int, int]:
    """False finds as it is; stones put in and found."""
    false = len(outline_ct(scan).lesions)
    filled, stones = with_solid_stones(scan, np.random.default_rng(seed))
    labels = outline_ct(filled).labels
    found = sum(bool((labels[box][mask] > 0).mean() >= 0.5) for box, mask in stones)
    return false, len(stones), found


def with_solid_stones(
    scan: Ct, rng: np.random.Generator
) -> tuple[Ct, list[tuple[Box, np.ndarray]]]:
    """Put stones into soft tissue under the skin, off bone; noise and streaks stay as they are."""
    body, mm = find_body(scan), np.asarray(scan.scale.mean_mm)
    coarse_mm = mm * body.step
    off_bone = off_bone_mm(scan, body, coarse_mm)
    hu, stones = scan.hu.copy(), []
    for _ in range(STONES_A_LIMB):
        radius = float(3 * np.exp(rng.uniform(np.log(15), np.log(2000))) / 4 / np.pi) ** (1 / 3)
        under_skin = body.inside & (body.depth_mm > radius + 1) & (body.depth_mm < radius + 15)
        place = anywhere(under_skin & (off_bone > 1.5 * radius + CLEAR_MM), rng)
        if place is None:
            continue
        density = float(rng.uniform(0.4, 1.0))
        share, _ = rasterise(stone(rng, radius, density), tuple(float(size) for size in mm))
        share = ndimage.gaussian_filter(np.pad(share, 4), 0.5 / mm)
        box = box_around(place * np.array(body.step), share.shape)
        if any(side.start < 0 for side in box) or hu[box].shape != share.shape:
            continue
        excess = excess_hu(density, scan.acquisition.kvp or 120.0)
        hu[box] = np.minimum(hu[box] + share * excess, MOST_HU).astype(np.int16)
        stones.append((box, share > 0.5))
        off_bone = np.minimum(off_bone, away_from(place, off_bone.shape, coarse_mm) - radius)
    return replace(scan, hu=hu), stones


def off_bone_mm(scan: Ct, body: Body, coarse_mm: np.ndarray) -> np.ndarray:
    """Distance of every coarse voxel from what is as dense as bone."""
    every = tuple(slice(None, None, by) for by in body.step)
    dense = ndimage.maximum_filter(scan.hu, body.step)[every] > BONE_HU
    inside = tuple(slice(size) for size in body.inside.shape)
    return np.asarray(ndimage.distance_transform_edt(~dense[inside], coarse_mm))


def main() -> None:
    folder = Path(sys.argv[1])
    print("dish:", dish(folder))
    print("rulers:", rulers(folder))
    pictures = []
    print("image       false finds  stones put in  found")
    for seed, (name, film) in enumerate(films(folder)):
        false, put, found, shown = judge_film(film, seed)
        pictures.append(shown)
        print(f"film {name:6} {false:11d} {put:14d} {found:6d}", flush=True)
    if len(sys.argv) > 2:
        save_sheet(pictures, Path(sys.argv[2]))
    for seed, (name, scan) in enumerate(limbs(folder)):
        false, put, found = judge_limb(scan, seed)
        print(f"{name:11} {false:11d} {put:14d} {found:6d}", flush=True)


def save_sheet(pictures: list[np.ndarray], path: Path) -> None:
    tiles = [ImageOps.pad(Image.fromarray(shown), (600, 800)) for shown in pictures]
    sheet = Image.new("RGB", (1800, 800 * -(-len(tiles) // 3)))
    for number, tile in enumerate(tiles):
        sheet.paste(tile, (600 * (number % 3), 800 * (number // 3)))
    sheet.save(path)


if __name__ == "__main__":
    main()
