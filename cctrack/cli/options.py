"""Turn parsed arguments into the options of the use cases."""

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path

from cctrack.align.landmarks import LandmarkPairs
from cctrack.calibrate.options import Clicks, PhotoScaleOptions, PointPx
from cctrack.errors import CctrackError
from cctrack.io.exchange.person import Person
from cctrack.measure.calibration import load_calibration
from cctrack.measure.hand import load_weights
from cctrack.model import Modality
from cctrack.study.batch import BatchOptions
from cctrack.study.compare import CompareOptions
from cctrack.study.fingers import AUTO
from cctrack.study.links import read_links
from cctrack.study.pipeline import MeasureOptions
from cctrack.study.reader import ReaderFile, ReaderFiles, read_reader_file


def batch_options(arguments: argparse.Namespace) -> BatchOptions:
    """Return the batch options of ``measure``."""
    return BatchOptions(
        measure=measure_options(arguments),
        modality=Modality(arguments.modality) if arguments.modality else None,
        masks=arguments.masks,
        overlays=arguments.overlays,
        person=Person(keep_identity=arguments.keep_identity) if arguments.seg else None,
        jobs=arguments.jobs or os.cpu_count() or 1,
        scheduler=arguments.scheduler,
        pseudonymous=arguments.pseudonymous,
    )


def measure_options(arguments: argparse.Namespace) -> MeasureOptions:
    """Return how each image is measured."""
    return MeasureOptions(
        sizes=PhotoScaleOptions(
            mm_per_px=arguments.scale,
            marker_mm=arguments.marker,
            ruler_mm_per_tick=arguments.ruler,
            square_mm=arguments.square,
            sticker_mm=arguments.sticker,
            clicks=_clicks(arguments.clicks),
            ruler_line_px=_ruler_line(arguments.ruler_line),
        ),
        mask=arguments.mask,
        polygon_px=_polygon(arguments),
        calibration=load_calibration(arguments.calibration) if arguments.calibration else None,
        hand_weights=load_weights(arguments.hand_weights) if arguments.hand_weights else None,
        reader=ReaderFiles(
            strokes=_said(arguments.strokes, "strokes"),
            finger=_finger(arguments.finger),
            review=_said(arguments.review, "review"),
            hand=_said(arguments.hand, "hand"),
        ),
    )


def _said(path: Path | None, option: str) -> ReaderFile | None:
    return None if path is None else read_reader_file(path, option)


def _finger(word: str | None) -> ReaderFile | None:
    if word == "auto":
        return ReaderFile(others=AUTO)
    return None if word is None else read_reader_file(Path(word), "finger")


def _clicks(path: Path | None) -> Clicks | None:
    if path is None:
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        first, second = (_point(point) for point in said["points_px"])
        return Clicks(first, second, float(said["mm"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise CctrackError(
            'the clicks file must be JSON like {"points_px": [[row, column], [row, column]], '
            '"mm": 40}, with two points that differ'
        ) from None


def _ruler_line(path: Path | None) -> tuple[PointPx, PointPx] | None:
    if path is None:
        return None
    try:
        start, end = json.loads(path.read_text(encoding="utf-8"))["line_px"]
        return _point(start), _point(end)
    except (OSError, ValueError, KeyError, TypeError):
        raise CctrackError(
            'the ruler line must be JSON like {"line_px": [[row, column], [row, column]]}'
        ) from None


def _point(values: Sequence[float]) -> PointPx:
    row, column = values
    return float(row), float(column)


def _polygon(arguments: argparse.Namespace) -> tuple[tuple[float, float], ...]:
    if arguments.roi is None:
        return ()
    try:
        points = json.loads(arguments.roi.read_text(encoding="utf-8"))["polygon_px"]
        polygon = tuple((float(row), float(column)) for row, column in points)
    except (OSError, ValueError, KeyError, TypeError):
        raise CctrackError(
            'the region file must be JSON like {"polygon_px": [[row, column], ...]}'
        ) from None
    if len(polygon) < 3:
        raise CctrackError(f"a region needs 3 corners or more, found {len(polygon)}")
    return polygon


def compare_options(arguments: argparse.Namespace) -> CompareOptions:
    """Return the options of ``compare``."""
    return CompareOptions(
        measure=measure_options(arguments),
        modality=Modality(arguments.modality) if arguments.modality else None,
        criteria=arguments.criteria,
        baseline_mask=arguments.baseline_mask,
        followup_mask=arguments.followup_mask,
        baseline_strokes=_said(arguments.baseline_strokes, "strokes"),
        followup_strokes=_said(arguments.followup_strokes, "strokes"),
        landmarks=_landmarks(arguments.landmarks),
        links=read_links(arguments.links) if arguments.links else (),
        jobs=os.cpu_count() or 1,
    )


def _landmarks(path: Path | None) -> LandmarkPairs | None:
    if path is None:
        return None
    try:
        pairs = json.loads(path.read_text(encoding="utf-8"))["pairs"]
        return tuple(
            (tuple(map(float, pair["baseline"])), tuple(map(float, pair["followup"])))
            for pair in pairs
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise CctrackError(
            'the landmark file must be JSON like {"pairs": [{"baseline": [row, column], '
            '"followup": [row, column]}, ...], "units": "px"}'
        ) from None
