"""Each thing that gives a photo its scale, on its own: sheets, tags, a square, stickers, clicks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cctrack.calibrate.marker import Tag, tags_of
from cctrack.calibrate.options import Clicks, PhotoScaleOptions
from cctrack.calibrate.plane import PlaneFit, fit_plane
from cctrack.calibrate.quality import disc_flags, square_flags, tag_flags
from cctrack.calibrate.seen import Seen
from cctrack.calibrate.targets import DiscTarget, PointTarget
from cctrack.calibrate.ticks import TickRow
from cctrack.model import (
    KNOWN_SHEETS,
    AxisScale,
    Flag,
    FloatArray,
    MarkerSheet,
    Scale,
    ScaleSource,
)

GIVEN_SD = 0.02
"""A spacing typed in was measured with something: two marks on a ruler 50 px apart, each read
to within a pixel."""

CLICK_SD_PX = 2.0
"""How far a click lies from what was meant, per coordinate, on a screen that shows the photo
reduced."""

CORNER_FLOOR_PX = 0.15
"""Corner error left when the sides look perfect: found by simulation (sides of 35 to 150 px,
blur 0.8 px), 0.02–0.1 px."""

PRINTED_SHARE = 0.001
"""SD of a corner's place on a printed tag, as a share of its side: a printer's two directions
differ by a tenth of a percent or two."""

CUT_MM = 0.15
"""SD of a corner of a square that someone cut by hand: in five photos of one square centimetre its
sides differ by 1 to 2 %, which taken for a tilt would be 10 degrees."""

PUNCHED_SHARE = 0.005
"""The same for a round sticker, punched by a machine and a little stretched by the skin."""

PRINT_SD = 0.0025
"""Relative SD of a print's size: the 50 mm bar checked to 0.1 mm, or a tag measured by caliper."""

BLEED_PX = 0.4
"""SD of the shift of a one-coloured thing's whole rim by over-exposure or sharpening: unlike a
tag it has no pattern to tell (simulated photos)."""

LEAST_TAGS = 2
"""Two tags of a sheet show that they lie as on the sheet; one may be anybody's."""

OTHER_SHEET = 0.2
"""Misfit, as a share of a tag's side, above which the tags lie quite otherwise than on the sheet;
a curled sheet comes to less."""

STEEP_DEG = (40.0, 60.0)
"""Tilt that is flagged, and refused, where the target shows the plane. Up to 55 degrees the card's
area error stays below 0.4 % (simulated), but above 40 the near and far half of a lesion differ in
focus, and above 60 a pixel is twice as long one way as the other."""

STEEP_ALONG_DEG = (20.0, 40.0)
"""The same where it hardly does, as with one ruler, one sticker or two clicks: a tilt of 20 degrees
costs 6 % of area at the target itself and more beside it."""

LARGEST_SD = 0.10
"""A length known worse than this (20 % of area), even at the marker itself, is no scale."""


class Reading(NamedTuple):
    """What one source says: a scale or None, and cautions."""

    scale: Scale | None
    flags: frozenset[Flag]


NOTHING = Reading(None, frozenset())

Shape = tuple[int, int]


def read_sources(seen: Seen, options: PhotoScaleOptions) -> list[Reading]:
    """Read every source that is there or was stated."""
    shape, tags = seen.shape, seen.tags
    sheets = [_from_sheet(sheet, tags, shape) for sheet in KNOWN_SHEETS]
    read = [sheet for sheet, reading in zip(KNOWN_SHEETS, sheets, strict=True) if reading.scale]
    readings = [*sheets, _from_tags(_unread(tags, read, options), shape, options)]
    if options.square_mm is not None:
        readings.append(_from_square(seen.squares, options.square_mm, shape))
    if options.sticker_mm is not None:
        readings.append(_from_discs(seen.discs, options.sticker_mm, shape))
    if options.ruler_mm_per_tick is not None:
        readings.append(_from_ruler(seen.rows, options.ruler_mm_per_tick, shape))
    if options.clicks is not None:
        readings.append(_from_clicks(options.clicks, shape))
    if options.mm_per_px is not None:
        given = AxisScale((options.mm_per_px,) * 2, ScaleSource.GIVEN, GIVEN_SD)
        readings.append(Reading(given, frozenset()))
    return readings


def _unread(
    tags: Sequence[Tag], read: Sequence[MarkerSheet], options: PhotoScaleOptions
) -> Sequence[Tag]:
    """Tags that belong to no sheet that was read; all of them when a stated side is about them."""
    known = {id(tag) for sheet in read for tag in tags_of(sheet, tags)}
    others = tuple(tag for tag in tags if id(tag) not in known)
    # With a sheet alone a stated side is about the sheet, and may contradict it.
    return tags if options.marker_mm is not None and not others else others


def _from_sheet(sheet: MarkerSheet, tags: Sequence[Tag], shape: Shape) -> Reading:
    """Scale from a sheet of cctrack: some of its numbers, in their places."""
    seen = tags_of(sheet, tags)
    if len(seen) < LEAST_TAGS:
        return NOTHING
    own = np.vstack([np.array(sheet.corners_mm(tag.number)) for tag in seen])
    fit = fit_plane([_points(seen, own)], shape, ScaleSource.MARKER, size_sd=PRINT_SD)
    if fit is None:
        return Reading(None, frozenset({Flag.MARKER_SIZE_UNKNOWN}))
    if fit.bent:
        other = fit.misfit_px > OTHER_SHEET * min(tag.side_px for tag in seen)
        return Reading(
            None, frozenset({Flag.MARKER_SIZE_UNKNOWN if other else Flag.MARKER_OFF_PLANE})
        )
    return _judged(fit, tag_flags(seen))


def _from_tags(tags: Sequence[Tag], shape: Shape, options: PhotoScaleOptions) -> Reading:
    """Scale from tags whose side the user states, wherever they lie on the plane."""
    if not tags:
        return NOTHING
    if options.marker_mm is None:
        return Reading(None, frozenset({Flag.MARKER_SIZE_UNKNOWN}))
    own = _square(options.marker_mm)
    targets = [_points([tag], own) for tag in tags]
    fit = fit_plane(targets, shape, ScaleSource.MARKER, size_sd=PRINT_SD)
    if fit is None or fit.bent:
        # Tags of one size on one plane cannot misfit: some are of another size or plane.
        return Reading(None, frozenset({Flag.SCALE_CONFLICT, Flag.MARKER_OFF_PLANE}))
    return _judged(fit, tag_flags(tags))


def _from_square(squares: Sequence[Tag], side_mm: float, shape: Shape) -> Reading:
    if len(squares) != 1:
        return NOTHING
    corners = _points(squares, _square(side_mm), CUT_MM / side_mm)
    size_sd = _made_sd(squares[0].side_px)
    fit = fit_plane([corners], shape, ScaleSource.SQUARE, size_sd=size_sd)
    if fit is None or fit.bent:
        return NOTHING
    return _judged(fit, square_flags(squares))


def _from_discs(discs: Sequence[DiscTarget], diameter_mm: float, shape: Shape) -> Reading:
    if not discs:
        return NOTHING
    sized = [_sized(disc, diameter_mm) for disc in discs]
    size_sd = _made_sd(min(disc.size_px for disc in sized))
    fit = fit_plane(sized, shape, ScaleSource.STICKER, size_sd=size_sd)
    if fit is None or fit.bent:
        return Reading(None, frozenset({Flag.SCALE_CONFLICT})) if len(discs) > 1 else NOTHING
    one = len(sized) == 1
    return _judged(fit, disc_flags(sized), STEEP_ALONG_DEG if one else STEEP_DEG)


def _from_ruler(rows: Sequence[TickRow], mm: float, shape: Shape) -> Reading:
    if not rows:
        return NOTHING
    targets = [row.target(mm) for row in rows]
    fit = fit_plane(targets, shape, ScaleSource.RULER, size_sd=PRINT_SD)
    one = len(rows) == 1
    if fit is None or fit.bent:
        return NOTHING
    return _judged(fit, frozenset(), STEEP_ALONG_DEG if one else STEEP_DEG)


def _from_clicks(clicks: Clicks, shape: Shape) -> Reading:
    points = np.array([clicks.first_px, clicks.second_px])
    own = np.array([[0.0, 0.0], [0.0, clicks.mm]])
    target = PointTarget(points, own, np.full(2, CLICK_SD_PX))
    fit = fit_plane([target], shape, ScaleSource.CLICKS, size_sd=0.0)
    return NOTHING if fit is None else _judged(fit, frozenset(), STEEP_ALONG_DEG)


def _judged(
    fit: PlaneFit, flags: frozenset[Flag], steep_deg: tuple[float, float] = STEEP_DEG
) -> Reading:
    """Refuse what was seen too obliquely or is known too badly."""
    tilt_deg = fit.scale.tilt_deg
    steep = frozenset({Flag.TILT}) if tilt_deg > steep_deg[0] else frozenset[Flag]()
    if tilt_deg > steep_deg[1] or fit.own_sd > LARGEST_SD:
        return Reading(None, flags | steep)
    return Reading(fit.scale, flags | steep)


def _made_sd(size_px: float) -> float:
    """Relative SD of the size of a thing of one colour: as it was made, and of its rim."""
    return float(np.hypot(PRINT_SD, 2 * BLEED_PX / size_px))


def _points(tags: Sequence[Tag], own_mm: FloatArray, made: float = PRINTED_SHARE) -> PointTarget:
    noise = [
        np.hypot(np.hypot(tag.corner_sd_px, CORNER_FLOOR_PX), made * tag.side_px) for tag in tags
    ]
    return PointTarget(np.vstack([tag.corners_px for tag in tags]), own_mm, np.repeat(noise, 4))


def _sized(disc: DiscTarget, diameter_mm: float) -> DiscTarget:
    noise = float(np.hypot(disc.rim_sd_px, PUNCHED_SHARE * disc.size_px))
    return DiscTarget(disc.ellipse, diameter_mm, noise)


def _square(side_mm: float) -> FloatArray:
    return side_mm * np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
