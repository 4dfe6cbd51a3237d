"""Keep the noise and the crashes of decoding libraries away from the caller."""

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from cctrack.errors import UnreadableImage
from cctrack.model import Because

T = TypeVar("T")

_NOISY_LOGGERS = ("pydicom", "PIL", "nibabel", "pylibjpeg")


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and log lines of the format libraries while a file is read.

    A hostile or merely old file makes them talk, and their lines can hold header values.
    """
    loggers = [logging.getLogger(name) for name in _NOISY_LOGGERS]
    before = [logger.disabled for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.disabled = True
        try:
            yield
        finally:
            for logger, state in zip(loggers, before, strict=True):
                logger.disabled = state


def shielded(read: Callable[[], T], because: Because, detail: str) -> T:
    """Call ``read`` and turn whatever it raises into one named refusal.

    Native codecs raise ``PanicException``, which is a BaseException: only a wish to stop the
    program passes through. The library's own text is dropped, since it can quote header values.

    Raises
    ------
    UnreadableImage
        For every failure of ``read``.
    """
    try:
        with quiet():
            return read()
    except (UnreadableImage, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except MemoryError:
        raise UnreadableImage(Because.TOO_LARGE, f"{detail}: not enough memory") from None
    except BaseException as error:
        name = type(error).__name__
        raise UnreadableImage(because, f"{detail} ({name})") from None
