"""How well photos of one site are laid on each other, and whether what is wrong is noticed.

    python -m benchmarks.align_photo simulated FIRST COUNT [CACHE]
    python -m benchmarks.align_photo wounds FOLDER SHEET
    python -m benchmarks.align_photo speed SEED [KIND [CACHE]]

*simulated*: for each seed one pair of photos with the card of each kind: easy, standard, hard (the
same skin, all else new), months (standard, with the skin shifted smoothly by 1 mm (SD) at each
visit) and bent (by 2 mm). Lesions follow a random plan. Scales and masks are those that cctrack
finds itself. The error is that of landmarks all over the skin, in mm on the follow-up's plane.
*plain* are the same pairs without their scales. *Strangers* are the baseline of one pair with the
follow-up of the next, *mirrored* has the follow-up of the other side of the body; none of them may
be called good. Seeds below 10000 are for tuning.

*wounds*: all pairs within series of real wound photos, and as many of strangers and of mirrored
photos; the sheet shows each as baseline, follow-up laid on it, both as a checker, and the
specialists' outlines, to be judged by eye.

*speed*: processor time and error on two 12 MP photos against full-resolution SIFT and MAGSAC; of
the kind standard unless another is named. On easy ones SIFT finds the skin too, so that times can
be compared at the same error.
"""

import sys
import time
from pathlib import Path

import numpy as np

from cctrack._cv2 import cv2
from cctrack.align.landmarks import apply_matrix
from cctrack.align.photo import PhotoAlignOptions, align_photos
from cctrack.errors import AlignmentFailed
from cctrack.model import Photo, PlaneHomography, Quality, ScaleSource
from cctrack.phantom.photo import (
    BodySite,
    draw_photo,
    progress,
    random_plan,
    random_session,
    random_subject,
)
from cctrack.study.align_photo import unsteady
from cctrack.study.pipeline import AUTOMATIC, measure_image

KINDS = {
    "easy": ("easy", 0.0),
    "standard": ("standard", 0.0),
    "months": ("standard", 1.0),
    "hard": ("hard", 0.0),
    "bent": ("standard", 2.0),
}

SHAPE = (900, 1200)
"""Smaller photos than clinics take, because drawing them takes the most time."""

LARGE_SHAPE = (3000, 4000)
"""The 12 MP that times are compared on."""

WRONG_MM = 2.0
"""A pair whose landmarks lie further off on the median must not be called good."""


def visits(kind, seed, shape=SHAPE):
    """Draw two visits of a simulated patient."""
    difficulty, stretch_mm = KINDS[kind]
    rng = np.random.default_rng((seed, list(KINDS).index(kind)))
    site = list(BodySite)[seed % len(BodySite)]
    subject = random_subject(rng, skin_type=seed % 6 + 1, site=site)
    later = progress(subject, random_plan(subject, rng), rng)
    return [
        draw_photo(one, random_session(rng, difficulty, shape=shape, stretch_mm=stretch_mm))
        for one in (subject, later)
    ]


def simulated(kind, seed, cache=None):
    """Two visits: what cctrack sees of them, and the truth."""
    kept = None if cache is None else Path(cache) / f"{kind}-{seed}.npz"
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as stored:
            return dict(stored)
    drawn = visits(kind, seed)
    case = {}
    common = sorted(set(drawn[0].landmarks_px) & set(drawn[1].landmarks_px))
    for name, visit in zip(("before", "after"), drawn, strict=True):
        measured = measure_image(visit.photo, AUTOMATIC)
        scale = measured.image.scale
        case[f"{name}_pixels"] = visit.photo.pixels
        case[f"{name}_ignore"] = unsteady(measured)
        case[f"{name}_scale"] = np.zeros((0, 3)) if scale is None else scale.matrix
        case[f"{name}_truth"] = visit.homography
        case[f"{name}_landmarks"] = np.array([visit.landmarks_px[key] for key in common])
    if kept is not None:
        np.savez_compressed(kept, **case)
    return case


def photo_of(case, name, *, scaled=True, mirrored=False):
    """A visit's photo and what to ignore on it."""
    pixels, ignore = case[f"{name}_pixels"], case[f"{name}_ignore"].astype(bool)
    matrix = case[f"{name}_scale"]
    if mirrored:
        pixels, ignore = (np.ascontiguousarray(item[:, ::-1]) for item in (pixels, ignore))
        if len(matrix):
            flip = np.array([[1, 0, 0], [0, -1, pixels.shape[1] - 1], [0, 0, 1.0]])
            matrix = np.diag([1, -1, 1.0]) @ matrix @ flip
            matrix = matrix / matrix[2, 2]
    if not scaled or not len(matrix):
        return Photo(pixels), ignore
    shape = pixels.shape[:2]
    return Photo(pixels, scale=PlaneHomography(matrix, shape, ScaleSource.MARKER, 0.01)), ignore


def tried(first, second):
    """Alignment of two photos, also a rejected one, and the processor time it took."""
    start = time.process_time()
    try:
        found = align_photos(first[0], second[0], PhotoAlignOptions((first[1], second[1])))
    except AlignmentFailed as error:
        found = error.alignment
    return found, time.process_time() - start


def errors_mm(case, alignment):
    """How far each landmark is put from where it lies, in mm on the follow-up's plane."""
    placed = (alignment.transform(case["before_landmarks"]), case["after_landmarks"])
    put, true = (apply_matrix(case["after_truth"], points) for points in placed)
    return np.linalg.norm(put - true, axis=1)


def print_simulated(first, count, cache=None):
    print("pairs          n  good check failed   median mm  p90 of photos  worst  wrongly good   s")
    for kind in KINDS:
        cases = [simulated(kind, seed, cache) for seed in range(first, first + count)]
        for name, scaled in ((kind, True), (f"{kind} plain", False)):
            rows = []
            for case in cases:
                pair = [photo_of(case, visit, scaled=scaled) for visit in ("before", "after")]
                found, seconds = tried(*pair)
                error = np.inf if found is None else float(np.median(errors_mm(case, found)))
                rows.append((_quality(found), error, seconds))
            _print_row(name, rows)
        for name, mirrored in (("strangers", False), ("mirrored", True)):
            others = cases if mirrored else [*cases[1:], cases[0]]
            rows = []
            for case, other in zip(cases, others, strict=True):
                pair = photo_of(case, "before"), photo_of(other, "after", mirrored=mirrored)
                found, seconds = tried(*pair)
                rows.append((_quality(found), np.inf, seconds))
            _print_row(f"  {name}", rows)


def _quality(alignment):
    return Quality.FAILED if alignment is None else alignment.quality


def _print_row(name, rows):
    counts = [sum(row[0] is quality for row in rows) for quality in Quality]
    given = [row[1] for row in rows if row[0] is not Quality.FAILED]
    wrong = sum(row[0] is Quality.GOOD and row[1] > WRONG_MM for row in rows)
    middle, high, worst = np.percentile(given, (50, 90, 100)) if given else (np.nan,) * 3
    seconds = np.median([row[2] for row in rows])
    print(
        f"{name:14s} {len(rows):3d} {counts[0]:5d} {counts[1]:5d} {counts[2]:6d} {middle:11.2f} "
        f"{high:14.2f} {worst:6.2f} {wrong:13d} {seconds:4.1f}",
        flush=True,
    )


def show_wounds(folder, sheet):
    """Align real wound photos and draw what came out."""
    series = [_wounds(path) for path in sorted(Path(folder).iterdir()) if path.is_dir()]
    drawn = []
    for number, photos in enumerate(series):
        for place, first in enumerate(photos):
            for second in photos[place + 1 :]:
                found, _ = tried(first, second)
                print(f"series {number}: {_quality(found)}", found and found.reason, flush=True)
                if found is not None:
                    drawn.append(_overlay(first, second, found))
        stranger, own = series[(number + 1) % len(series)][0], photos[1]
        mirror = Photo(np.ascontiguousarray(own[0].pixels[:, ::-1])), own[1][:, ::-1]
        for name, other in (("a stranger", stranger), ("mirrored", mirror)):
            print(f"series {number}, {name}: {_quality(tried(photos[0], other)[0])}", flush=True)
    for start in range(0, len(drawn), 5):
        page = np.vstack(drawn[start : start + 5])
        cv2.imwrite(f"{sheet}-{start // 5}.png", page[..., ::-1])


def _wounds(folder):
    names = [path for path in sorted(folder.glob("*.png")) if ".mask" not in path.name]
    return [
        (
            Photo(np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])),
            cv2.imread(str(path.with_suffix(".mask.png")), cv2.IMREAD_GRAYSCALE) > 127,
        )
        for path in names
    ]


def _overlay(first, second, alignment):
    rows, columns = np.indices(first[0].shape)
    points = np.column_stack([rows.ravel(), columns.ravel()]).astype(float)
    down, across = alignment.transform(points).T.reshape(2, *rows.shape).astype(np.float32)
    laid = cv2.remap(second[0].pixels, across, down, cv2.INTER_LINEAR)
    wound = cv2.remap(second[1].astype(np.uint8), across, down, cv2.INTER_NEAREST)
    checker = np.where(((rows // 48 + columns // 48) % 2 == 0)[..., None], first[0].pixels, laid)
    outlined = first[0].pixels.copy()
    for mask, colour in ((first[1], (0, 255, 0)), (wound, (255, 0, 0))):
        lines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(outlined, lines, -1, colour, 2)
    row = np.hstack([first[0].pixels, laid, checker, outlined])
    said = f"{alignment.quality} {alignment.inliers}"
    cv2.putText(row, said, (8, 24), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 0), 2)
    return cv2.resize(row, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)


def compare_speed(seed, kind="standard", cache=None):
    """Time and error on 12 MP, in turns with full-resolution SIFT."""
    case = _large(seed, kind, cache)
    pair = [photo_of(case, visit) for visit in ("before", "after")]
    times = []
    for _ in range(3):
        found, ours = tried(*pair)
        matrix, theirs = _full_sift(*pair)
        placed = apply_matrix(matrix, case["before_landmarks"]), case["after_landmarks"]
        put, true = (apply_matrix(case["after_truth"], points) for points in placed)
        error = float(np.median(np.linalg.norm(put - true, axis=1)))
        mine = float(np.median(errors_mm(case, found)))
        times.append((ours, theirs))
        print(
            f"cctrack {ours:.2f} s, {mine:.3f} mm; SIFT {theirs:.1f} s, {error:.3f} mm", flush=True
        )
    print(f"ratio {np.median([theirs / ours for ours, theirs in times]):.1f}")


def _large(seed, kind, cache):
    kept = None if cache is None else Path(cache) / f"large-{kind}-{seed}.npz"
    if kept is not None and kept.exists():
        with np.load(kept, allow_pickle=False) as stored:
            return dict(stored)
    drawn = visits(kind, seed, LARGE_SHAPE)
    common = sorted(set(drawn[0].landmarks_px) & set(drawn[1].landmarks_px))
    case = {}
    for name, visit in zip(("before", "after"), drawn, strict=True):
        card = np.zeros(LARGE_SHAPE, np.uint8)
        cv2.fillPoly(card, [np.round(visit.object_px[:, ::-1]).astype(np.int32)], 1)
        case[f"{name}_pixels"] = visit.photo.pixels
        case[f"{name}_ignore"] = (card > 0) | (visit.labels > 0)
        case[f"{name}_scale"] = case[f"{name}_truth"] = visit.homography
        case[f"{name}_landmarks"] = np.array([visit.landmarks_px[key] for key in common])
    if kept is not None:
        np.savez_compressed(kept, **case)
    return case


def _full_sift(first, second):
    """Homography between (row, column) by SIFT at full resolution, and the time it took."""
    start = time.process_time()
    detector, found = cv2.SIFT.create(), []
    for photo, ignore in (first, second):
        grey = cv2.cvtColor(photo.pixels, cv2.COLOR_RGB2GRAY)
        found.append(detector.detectAndCompute(grey, (~ignore).astype(np.uint8) * 255))
    matcher = cv2.FlannBasedMatcher({"algorithm": 1, "trees": 4}, {"checks": 32})
    pairs = matcher.knnMatch(found[0][1], found[1][1], k=2)
    kept = [one for one, other in pairs if one.distance < 0.8 * other.distance]
    source = np.array([found[0][0][match.queryIdx].pt for match in kept], np.float32)
    target = np.array([found[1][0][match.trainIdx].pt for match in kept], np.float32)
    matrix, _ = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 4.0, maxIters=5000)
    order = np.ix_([1, 0, 2], [1, 0, 2])
    matrix = np.eye(3) if matrix is None else matrix
    return matrix[order], time.process_time() - start


if __name__ == "__main__":
    cv2.setNumThreads(1)
    if sys.argv[1] == "simulated":
        print_simulated(int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:5])
    elif sys.argv[1] == "wounds":
        show_wounds(sys.argv[2], sys.argv[3])
    else:
        compare_speed(int(sys.argv[2]), *sys.argv[3:5])
