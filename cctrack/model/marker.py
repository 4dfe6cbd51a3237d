"""The geometry of scale markers in photos, shared by those who draw and those who find them."""

from dataclasses import dataclass

MarkerPoint = tuple[float, float]


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
    """

    dictionary: str
    side_mm: float
    places_mm: tuple[tuple[int, MarkerPoint], ...]

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


CCTRACK_CARD = MarkerSheet(
    dictionary="APRILTAG_36h11",
    side_mm=12.0,
    places_mm=((500, (0.0, 0.0)), (501, (0.0, 30.0)), (502, (30.0, 0.0))),
)
"""The L-shaped card of cctrack: three tags, 12 mm each, 30 mm apart from edge to edge.

The ratio of the tags' distance to their side tells the card from a lone tag with the same number.
"""


def _frame(first: int, side_mm: float, outer_mm: float, *, middle: bool) -> MarkerSheet:
    """Tags round a square window, their outer edges on a square of ``outer_mm``."""
    far = outer_mm - side_mm
    corners = ((0.0, 0.0), (0.0, far), (far, far), (far, 0.0))
    half = far / 2
    middles = ((0.0, half), (half, far), (far, half), (half, 0.0)) if middle else ()
    numbered = tuple((first + index, place) for index, place in enumerate(corners + middles))
    return MarkerSheet("APRILTAG_36h11", side_mm, numbered)


SMALL_FRAME = _frame(520, 10.0, 70.0, middle=False)
"""Round a window of 38 mm, for fingers and hands: four tags of 10 mm."""

LARGE_FRAME = _frame(510, 13.0, 118.0, middle=True)
"""Round a window of 80 mm, for elbows and knees: eight tags of 13 mm."""

KNOWN_SHEETS = (CCTRACK_CARD, LARGE_FRAME, SMALL_FRAME)
"""Sheets that are recognised by their numbers and places, without any option."""
