"""Where the name of a lesion is written: beside it, covering as little as possible."""

from collections.abc import Iterable, Mapping, Sequence

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""

MAX_IDS = 60
"""More ids than this cover the picture; only the largest lesions are named then."""


def place_names(
    boxes: Mapping[int, Box],
    sizes: Mapping[int, tuple[int, int]],
    shape: tuple[int, int],
    reserved: Sequence[Box] = (),
) -> dict[int, Box]:
    """Find a place for the name of each lesion, the largest first.

    Parameters
    ----------
    boxes : mapping of lesion to Box
        Where the lesions lie.
    sizes : mapping of lesion to (width, height)
        Of the written names.
    shape : (rows, columns)
        Of the picture.
    reserved : sequence of Box
        Where something else stands, such as the scale bar.
    """
    largest = sorted(boxes, key=lambda lesion: -_area(boxes[lesion]))[:MAX_IDS]
    taken = [*reserved, *boxes.values()]
    places: dict[int, Box] = {}
    for lesion in largest:
        places[lesion] = _free_place(boxes[lesion], sizes[lesion], shape, taken)
        taken.append(places[lesion])
    return places


def _free_place(
    lesion: Box, size: tuple[int, int], shape: tuple[int, int], taken: Iterable[Box]
) -> Box:
    left, top, right, bottom = lesion
    width, height = size[0], size[1] + 4
    rows, columns = shape
    corners = [
        (right + 5, top - height // 2),
        (left - width - 5, top - height // 2),
        (right + 5, bottom - height // 2),
        (left - width - 5, bottom - height // 2),
        ((left + right - width) // 2, top - height - 5),
        ((left + right - width) // 2, bottom + 5),
    ]
    places = [
        (x, y, x + width, y + height)
        for x, y in (
            (min(max(x, 2), columns - width - 2), min(max(y, 2), rows - height - 2))
            for x, y in corners
        )
    ]
    listed = list(taken)
    return min(places, key=lambda place: sum(_common(place, other) for other in listed))


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _common(one: Box, other: Box) -> int:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0, width) * max(0, height)
