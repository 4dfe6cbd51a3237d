"""Every exception cctrack raises on purpose.

::

    CctrackError
    ├── UnreadableImage      the file could not be read as an image
    ├── NotCalibrated        a physical size was asked for without a scale
    ├── NotComparable        two measurements cannot be compared (units, geometry, coverage)
    ├── AlignmentFailed      no transform passed its quality gate
    ├── StudyError           the study folder or its record is inconsistent
    └── TransferFailed       images could not be fetched from a server or taken from a sender
        └── NotGiven         the server does not give one object; others may still come

``ValueError`` and ``TypeError`` stay for programmer mistakes. A message says what was found and
what was needed; it never holds a person's name or a header value that could be one.
"""


class CctrackError(Exception):
    """Base of all errors that a command reports in one line."""


class UnreadableImage(CctrackError):
    """The file could not be read as an image.

    Parameters
    ----------
    because : str
        One of the codes of `cctrack.model.Because`.
    detail : str
        What was found and what was needed, in one line.
    """

    def __init__(self, because: str, detail: str) -> None:
        super().__init__(detail)
        self.because = because
        self.detail = detail


class NotCalibrated(CctrackError):
    """A physical size was asked for without a trustworthy scale."""


class NotComparable(CctrackError):
    """Two measurements cannot be compared: units, geometry or coverage differ."""


class AlignmentFailed(CctrackError):
    """No transform between two visits passed its quality gate.

    Parameters
    ----------
    detail : str
        What was found and what was needed, in one line.
    alignment : cctrack.model.Alignment or None
        The rejected transform, so that it can still be shown; None when there is none at all.
    """

    def __init__(self, detail: str, alignment: object | None = None) -> None:
        super().__init__(detail)
        self.alignment = alignment


class StudyError(CctrackError):
    """The study folder or its record is inconsistent."""


class TransferFailed(CctrackError):
    """Images could not be fetched from a server or taken from a sender.

    The message never holds what the other side wrote.
    """


class NotGiven(TransferFailed):
    """The server does not give one object as it was asked for; others may still come."""
