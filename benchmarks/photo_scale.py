"""How well a photo's scale is known, by what gives it: errors of area against exact truth.

Usage: ``python benchmarks/photo_scale.py FIRST_SEED COUNT [KIND ...]``

A circle of 100 to 400 mm² near the marker stands for a lesion; its area is read through the scale
that was found. *plain*: a pinhole camera, the lesion in the marker's plane. *clinic*: what the
program assumes to happen, drawn by lot: a lens that shifts the corners by 1 % (SD), a lesion 1 mm
(SD) above or below the marker, a print 0.25 % (SD) off. *barrel 3 %*: a lens nobody corrected.
"""

import json
import sys
from dataclasses import replace

import numpy as np

from cctrack._cv2 import cv2
from cctrack.calibrate.photo import PhotoScaleOptions, calibrate_photo
from cctrack.model import Photo, PlaneHomography
from cctrack.phantom.photo import ScaleObjectKind, draw_photo, random_session, random_subject

KINDS = ("card", "frame", "tag", "ruler", "square", "sticker")
MOST_TILT_DEG = 40.0


def options_of(item):
    """What a user would say about the object."""
    match item.kind:
        case ScaleObjectKind.TAG:
            return PhotoScaleOptions(marker_mm=item.size_mm)
        case ScaleObjectKind.RULER:
            return PhotoScaleOptions(ruler_mm_per_tick=1.0)
        case ScaleObjectKind.SQUARE:
            return PhotoScaleOptions(square_mm=item.size_mm)
        case ScaleObjectKind.STICKER:
            return PhotoScaleOptions(sticker_mm=item.size_mm)
    return PhotoScaleOptions()


def mapped(matrix, points):
    """Points (n, 2) through a homography."""
    homogeneous = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return homogeneous[:, :2] / homogeneous[:, 2:]


def polygon_area(points):
    """Area of a polygon (n, 2)."""
    row, column = points.T
    return 0.5 * abs(row @ np.roll(column, 1) - column @ np.roll(row, 1))


def place_of(drawn, session, rng):
    """Outline in px of a lesion beside the marker, wholly in the photo; None without room."""
    corners = mapped(drawn.homography, drawn.object_px)
    middle, half = corners.mean(axis=0), np.ptp(corners, axis=0).max() / 2
    for _ in range(400):
        radius = float(np.sqrt(rng.uniform(100, 400) / np.pi))
        if session.scale_object.kind is ScaleObjectKind.FRAME:
            offset = rng.uniform(-10, 10, 2)
        else:
            angle = rng.uniform(0, 2 * np.pi)
            away = rng.uniform(5, 30) + radius
            across = min(half, np.ptp(corners, axis=0).min() / 2)
            offset = (across + away) * np.array([np.cos(angle), np.sin(angle)])
        at = middle + offset
        turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
        circle = at + radius * np.column_stack([np.cos(turn), np.sin(turn)])
        seen = mapped(np.linalg.inv(drawn.homography), circle)
        inside = (seen > 5).all() and (seen < np.array(session.shape) - 6).all()
        clear = cv2.pointPolygonTest(
            drawn.object_px.astype(np.float32), tuple(map(float, seen.mean(axis=0))), True
        )
        if inside and (clear < 0 or session.scale_object.kind is ScaleObjectKind.FRAME):
            return seen
    return None


def distorted(points, shape, k):
    """Where a lens with a shift of ``k`` in the corners puts points (n, 2)."""
    seen = points.copy()
    for _ in range(12):
        seen += points - straightened(seen, shape, k)
    return seen


def straightened(points, shape, k):
    """Where a pinhole camera would have put them."""
    centre = (np.array(shape) - 1) / 2
    away = points - centre
    return centre + away * (1 - k * np.sum(away**2, axis=1) / np.sum(centre**2))[:, None]


def bend(pixels, k):
    """A photo as that lens shows it."""
    shape = pixels.shape[:2]
    away = [np.arange(size, dtype=np.float32) - (size - 1) / 2 for size in shape]
    row, column = away[0][:, None], away[1][None, :]
    shrink = 1 - np.float32(4 * k / (shape[0] ** 2 + shape[1] ** 2)) * (row**2 + column**2)
    rows, columns = row * shrink + (shape[0] - 1) / 2, column * shrink + (shape[1] - 1) / 2
    return cv2.remap(pixels, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_CUBIC)


def raised(session, seen, height_mm):
    """The same lesion on skin above the marker's plane, seen by the pinhole camera."""
    distance = session.pose.focal_px * session.pose.mm_per_px
    middle = seen.mean(axis=0)
    return middle + (seen - middle) * distance / (distance - height_mm)


def judge(photo, options, seen, true_mm2):
    """Error of the logarithm of area and its stated SD; None when refused."""
    scale, flags = calibrate_photo(Photo(photo), options)
    if scale is None:
        return {"flags": sorted(map(str, flags))}
    if isinstance(scale, PlaneHomography):
        area, sd = polygon_area(scale.to_mm(seen)), scale.relative_sd_at(seen.mean(axis=0)[None])[0]
    else:
        area, sd = polygon_area(seen) * np.prod(scale.mm), scale.relative_sd
    return {
        "error": float(np.log(area / true_mm2)),
        "sd": float(2 * sd),
        "global_sd": float(2 * scale.relative_sd),
        "flags": sorted(map(str, flags)),
    }


def one(seed, kind):
    """Draw one photo and judge it plain, through a lens, and with a raised lesion."""
    rng = np.random.default_rng((seed, KINDS.index(kind)))
    subject = random_subject(rng, lesions=1)
    session = random_session(rng, "standard", scale_object=kind)
    tilt_deg = float(rng.uniform(0, MOST_TILT_DEG))
    session = replace(session, pose=replace(session.pose, tilt_deg=tilt_deg))
    drawn = draw_photo(subject, session)
    seen = place_of(drawn, session, rng)
    if seen is None:
        return None
    options, true_mm2 = (
        options_of(session.scale_object),
        polygon_area(mapped(drawn.homography, seen)),
    )
    result = {"seed": seed, "kind": kind, "tilt": tilt_deg, "size": session.scale_object.size_mm}
    pixels = drawn.photo.pixels
    result["plain"] = judge(pixels, options, seen, true_mm2)
    k = float(rng.normal(0, 0.01))
    bent = distorted(raised(session, seen, float(rng.normal(0, 1.0))), session.shape, k)
    printed = true_mm2 * (1 + rng.normal(0, 0.0025)) ** -2
    result["clinic"] = judge(bend(pixels, k), options, bent, printed)
    if seed % 3:
        return result
    barrel = distorted(seen, session.shape, -0.03)
    result["barrel 3 %"] = judge(bend(pixels, -0.03), options, barrel, true_mm2)
    return result


def report(results):
    """Print a table: one row for each kind and disturbance."""
    print("kind     disturbance   n  read  median %   p95 %   95 % covers   median half-width %")
    for kind in KINDS:
        rows = [row for row in results if row["kind"] == kind]
        for case in ("plain", "clinic", "barrel 3 %"):
            tried = [row[case] for row in rows if case in row]
            told = [item for item in tried if "error" in item]
            if not told:
                continue
            error = np.array([item["error"] for item in told])
            sd = np.array([item["sd"] for item in told])
            size = 100 * np.abs(np.expm1(error))
            print(
                f"{kind:8} {case:12} {len(tried):3d} {len(told) / len(tried):5.0%} "
                f"{np.median(size):8.2f} {np.quantile(size, 0.95):8.1f} "
                f"{np.mean(np.abs(error) < 1.96 * sd):10.0%} {196 * np.median(sd):15.1f}"
                f"   bias {100 * np.median(error):+.2f}"
            )


def main():
    """Judge the photos that were asked for."""
    first, count, *kinds = sys.argv[1:]
    results = []
    for kind in kinds or KINDS:
        for seed in range(int(first), int(first) + int(count)):
            result = one(seed, kind)
            if result is not None:
                results.append(result)
                print(json.dumps(result), file=sys.stderr, flush=True)
    report(results)


if __name__ == "__main__":
    main()
