"""Keep the noise and the crashes of decoding libraries away from the caller."""

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

from cctrack.errors import UnreadableImage
from cctrack.model import Because

T = TypeVar("T")

_NOISY_LOGGERS = ("pydicom", "PIL", "nibabel", "pylibjpeg")


class _Silence:
    """Warnings and log lines of the format libraries, off while anybody reads.

    Both are switches of the whole process, so threads that read at once share one count.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers = 0
        self._undo = ExitStack()

    def enter(self) -> None:
        """Count one reader more; the first one switches off."""
        with self._lock:
            self._readers += 1
            if self._readers == 1:
                self._undo.enter_context(warnings.catch_warnings())
                warnings.simplefilter("ignore")
                for name in _NOISY_LOGGERS:
                    logger = logging.getLogger(name)
                    self._undo.callback(setattr, logger, "disabled", logger.disabled)
                    logger.disabled = True

    def leave(self) -> None:
        """Count one reader less; the last one switches on again."""
        with self._lock:
            self._readers -= 1
            if self._readers == 0:
                self._undo.close()


_SILENCE = _Silence()


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and log lines of the format libraries while a file is read.

    A hostile or merely old file makes them talk, and their lines can hold header values.
    """
    _SILENCE.enter()
    try:
        yield
    finally:
        _SILENCE.leave()


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
