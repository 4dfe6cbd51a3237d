"""The day a photo was taken, or none where the camera's clock was plainly wrong."""

from datetime import date, datetime, timedelta

from PIL import ExifTags, Image

FIRST_DAY = date(1995, 10, 1)
"""Exif 1.0 is of October 1995: an earlier day was written by a clock that had lost its time."""

RESET_DAYS = frozenset({date(2000, 1, 1)})
"""Where many cameras start counting after their battery was empty; later than `FIRST_DAY`."""

AHEAD = timedelta(days=1)
"""A camera that was set in another time zone may be a day ahead."""


def capture_day(picture: Image.Image, today: date) -> date | None:
    """Day of EXIF DateTimeOriginal; the other EXIF dates tell when a file was changed or copied.

    Parameters
    ----------
    picture : Image
        Open; a TIFF must not be decoded yet, a PNG may hold its EXIF behind the pixels.
    today : date
        A later day is none.
    """
    try:
        details = picture.getexif().get_ifd(ExifTags.IFD.Exif)
        written = str(details.get(ExifTags.Base.DateTimeOriginal, ""))
        day = datetime.strptime(written[:10].replace("-", ":"), "%Y:%m:%d").date()
    except Exception:
        # Broken EXIF raises a dozen kinds of errors and is no reason to lose the photo.
        return None
    return plausible_day(day, today)


def plausible_day(day: date | None, today: date) -> date | None:
    """Return the day, or None where only a clock that was not set can have written it."""
    if day is None or day in RESET_DAYS or not FIRST_DAY <= day <= today + AHEAD:
        return None
    return day
