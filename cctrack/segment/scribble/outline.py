"""Outline what a reader points at, on a photo or a film: by a click, a box or a few strokes."""

from cctrack.model import Outline, Photo, Radiograph
from cctrack.segment.photo.skin import BoolArray
from cctrack.segment.scribble.film import outline_on_film
from cctrack.segment.scribble.photo import outline_on_photo
from cctrack.segment.scribble.strokes import Strokes


def outline_from_strokes(
    image: Photo | Radiograph, strokes: Strokes, *, ignore: BoolArray | None = None
) -> Outline:
    """Outline the lesion, or lesions, that a reader points at.

    Parameters
    ----------
    image : Photo or Radiograph
    strokes : Strokes
        The same strokes give the same outline.
    ignore : bool array (rows, columns), optional
        What can be no lesion, as scale objects on a photo.

    Returns
    -------
    Outline
        See `outline_on_photo` and `outline_on_film`. It may be empty, where nothing differs from
        what lies around.

    Raises
    ------
    ValueError
        If the px of a film are too coarse.
    """
    if isinstance(image, Photo):
        return outline_on_photo(image, strokes, ignore=ignore)
    return outline_on_film(image, strokes, ignore=ignore)
