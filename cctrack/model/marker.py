"""The geometry of scale markers in photos, shared by those who draw and those who find them."""

from dataclasses import dataclass

MarkerPoint = tuple[float, float]

GREYS = (0.0, 0.2, 0.4, 0.6, 0.8, 0.95)
COLOURS = (
    *((0.80, 0.15, 0.15), (0.90, 0.60, 0.45), (0.95, 0.85, 0.20)),
    *((0.20, 0.60, 0.25), (0.15, 0.35, 0.75), (0.55, 0.20, 0.55)),
)
"""Patches of a frame in sRGB (0-1): grey ones left, coloured ones right of the middle tag above the
window. Printed as the printer likes: they take a photo's light away, they measure no colour."""

PATCH_GAP_MM = 2.8
"""White between a tag and the patches: more than two modules."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A printed square of one colour.

    Attributes
    ----------
    place_mm : (float, float)
        Row and column of its upper left corner on the sheet.
    side_mm : float
    srgb : (float, float, float)
        What the printer was asked for, 0-1.
    """

    place_mm: MarkerPoint
    side_mm: float
    srgb: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class MarkerSheet:
    """ArUco or AprilTag squares at known places on one flat card.

    Attributes
    ----------
    dictionary : str
        OpenCV's name without the prefix, such as ``APRILTAG_36h11``.
    side_mm : float
        Side of a tag's black square.
    places_mm : tuple of (id, (row, column))
        Upper left corner of each tag on the card.
    window_mm : float
        Side of the square window in its middle; 0 without.
    """

    dictionary: str
    side_mm: float
    places_mm: tuple[tuple[int, MarkerPoint], ...]
    window_mm: float = 0.0

    @property
    def extent_mm(self) -> float:
        """Side of the square round all tags."""
        return max(max(place) for _, place in self.places_mm) + self.side_mm

    def corners_mm(self, tag: int) -> tuple[MarkerPoint, ...]:
        """Corners of one tag as (row, column) in mm, clockwise from the upper left.

        Raises
        ------
        KeyError
            If the sheet has no such tag.
        """
        row, column = dict(self.places_mm)[tag]
        side = self.side_mm
        return (
            (row, column),
            (row, column + side),
            (row + side, column + side),
            (row + side, column),
        )

    @property
    def patches(self) -> tuple[Patch, ...]:
        """Grey and coloured patches of a frame; none on a sheet without a window."""
        if not self.window_mm:
            return ()
        gap = (self.extent_mm - 3 * self.side_mm) / 2 - 2 * PATCH_GAP_MM
        side = gap / len(GREYS)
        top, left = (self.side_mm - side) / 2, self.side_mm + PATCH_GAP_MM
        right = left + gap + 2 * PATCH_GAP_MM + self.side_mm
        greys = ((left + index * side, (grey,) * 3) for index, grey in enumerate(GREYS))
        colours = ((right + index * side, colour) for index, colour in enumerate(COLOURS))
        return tuple(Patch((top, at), side, colour) for at, colour in (*greys, *colours))


CCTRACK_CARD = MarkerSheet(
    dictionary="APRILTAG_36h11",
    side_mm=12.0,
    places_mm=((500, (0.0, 0.0)), (501, (0.0, 30.0)), (502, (30.0, 0.0))),
)
"""The L-shaped card of cctrack: three tags, 12 mm each, 30 mm apart from edge to edge.

The ratio of the tags' distance to their side tells the card from a lone tag with the same number.
"""


def _frame(first: int, side_mm: float, window_mm: float, extent_mm: float) -> MarkerSheet:
    """Tags round a square window: one at each corner, and one in the middle of each side."""
    far = extent_mm - side_mm
    corners = ((0.0, 0.0), (0.0, far), (far, far), (far, 0.0))
    middles = ((0.0, far / 2), (far / 2, far), (far, far / 2), (far / 2, 0.0))
    numbered = tuple((first + index, place) for index, place in enumerate(corners + middles))
    return MarkerSheet("APRILTAG_36h11", side_mm, numbered, window_mm)


SMALL_FRAME = _frame(520, 10.0, window_mm=38.0, extent_mm=70.0)
"""Round a window of 38 mm, for fingers and hands: eight tags of 10 mm."""

LARGE_FRAME = _frame(510, 13.0, window_mm=80.0, extent_mm=118.0)
"""Round a window of 80 mm, for elbows and knees: eight tags of 13 mm."""

QUIET_MM = 4.0
"""White paper left round the tags of a sheet when it is cut out: two modules and more."""

KNOWN_SHEETS = (CCTRACK_CARD, LARGE_FRAME, SMALL_FRAME)
"""Sheets that are recognised by their numbers and places, without any option."""
