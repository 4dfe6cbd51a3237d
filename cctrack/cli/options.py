"""Turn parsed arguments into the options of the use cases."""

import argparse
import json
import os
from pathlib import Path

from cctrack.align.landmarks import LandmarkPairs
from cctrack.errors import CctrackError
from cctrack.model import Modality
from cctrack.study.batch import BatchOptions
from cctrack.study.compare import CompareOptions
from cctrack.study.pipeline import MeasureOptions


def batch_options(arguments: argparse.Namespace) -> BatchOptions:
    """Return the batch options of ``measure``."""
    return BatchOptions(
        measure=measure_options(arguments),
        modality=Modality(arguments.modality) if arguments.modality else None,
        masks=arguments.masks,
        overlays=arguments.overlays,
        jobs=arguments.jobs or os.cpu_count() or 1,
    )


def measure_options(arguments: argparse.Namespace) -> MeasureOptions:
    """Return how each image is measured."""
    return MeasureOptions(
        mm_per_px=arguments.scale,
        marker_mm=arguments.marker,
        ruler_mm=arguments.ruler,
        mask=arguments.mask,
        polygon_px=_polygon(arguments),
    )


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
        landmarks=_landmarks(arguments.landmarks),
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
