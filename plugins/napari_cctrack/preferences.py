"""What a reader chose in napari's preferences."""

import getpass
from dataclasses import dataclass

PLUGIN = "cctrack-imaging"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The plugin's preferences.

    Attributes
    ----------
    reader : str
        The name, or better a code, under which decisions are recorded.
    jobs : int
        Processes that a report may use.
    """

    reader: str = "reader"
    jobs: int = 1


def preferences() -> Preferences:
    """Read the preferences; where the plugin is not registered the usual ones hold."""
    from napari.settings import get_plugin_settings

    try:
        reading = get_plugin_settings(PLUGIN).reading
    except (KeyError, AttributeError):
        return Preferences(_login())
    return Preferences(reading.reader.strip() or _login(), int(reading.jobs))


def _login() -> str:
    """Name of the user's account: better than none, and known to the clinic."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "reader"
