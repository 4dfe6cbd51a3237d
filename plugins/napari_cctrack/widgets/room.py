"""Give the images the room of napari's own panels."""

from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

PANELS = ("layer controls", "layer list")
"""What napari calls its panels on the left: a reader needs neither of them."""

NARROW_PX = 1500
"""On a window narrower than this two images beside each other are too small to read."""


def show_panels(inside: QWidget, shown: bool) -> None:
    """Show or hide napari's panels in the window that a widget is in; its View menu does the same.

    Parameters
    ----------
    inside : QWidget
    shown : bool
    """
    window = inside.window()
    while window is not None and not isinstance(window, QMainWindow):
        parent = window.parentWidget()
        window = parent.window() if parent is not None else None
    if window is None:
        return
    for panel in window.findChildren(QDockWidget):
        if panel.objectName() in PANELS:
            panel.setVisible(shown)
