"""What the menus of napari open."""

from typing import Any


def open_dock(viewer: "napari.viewer.Viewer") -> Any:  # type: ignore[name-defined]  # noqa: F821
    """Open the dock, or bring it to the front."""
    dock, _ = viewer.window.add_plugin_dock_widget("cctrack-imaging", "cctrack")
    return dock
