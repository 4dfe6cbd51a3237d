"""Colours of lesions: the same id has the same colour at every visit and in every table."""

LESION_COLOURS = (
    (86, 180, 233),
    (240, 228, 66),
    (230, 159, 0),
    (0, 200, 145),
    (231, 138, 195),
    (255, 255, 255),
    (120, 140, 255),
    (255, 120, 70),
)
"""Told apart by the colour-blind too (after Okabe and Ito), light enough for a dark halo.

Ids beyond the eighth start again; the id is always written beside the outline as well.
"""

Colour = tuple[int, int, int]


def lesion_colour(lesion: int) -> Colour:
    """Red, green and blue, 0–255, of the lesion with this id (from 1)."""
    return LESION_COLOURS[colour_number(lesion)]


def colour_number(lesion: int) -> int:
    """Return which of the colours a lesion has, from 0; names its class in the page's style."""
    return (lesion - 1) % len(LESION_COLOURS)


def lesion_hex(lesion: int) -> str:
    """Write the colour of a lesion as ``#rrggbb``."""
    return "#{:02x}{:02x}{:02x}".format(*lesion_colour(lesion))
