"""Keys of the window: bound while it is open, and given back when it closes."""

from collections.abc import Callable, Iterator
from typing import Any

KEYS = (
    ("N", "blink", "hold to see the earlier visit, let go for the later one"),
    ("G", "toggle_view", "side by side or laid on each other"),
    ("Q", "fade_to_later", "fade towards the later visit"),
    ("W", "fade_to_earlier", "fade towards the earlier visit"),
    ("H", "hide_outlines", "hide the outlines, or show them again"),
    ("J", "previous_lesion", "go to the lesion before"),
    ("K", "next_lesion", "go to the next lesion"),
    ("U", "undo", "undo what was done last, at every step"),
    ("F2", "redo", "do again what was undone"),
    (",", "previous_entry", "go to the pair before in the worklist"),
    (".", "next_entry", "go to the next pair in the worklist"),
    ("`", "swap_visit", "go on working at the other visit"),
)
"""Key, name of what it does, and that in words. None of them is used by napari's own layers."""

HELD = ("N",)
"""Keys that do something while they are held."""


class Keys:
    """The keys of one viewer.

    Parameters
    ----------
    viewer : napari viewer
    actions : mapping of name to callable
        What `KEYS` names; a held key's callable takes whether it is down.
    """

    def __init__(self, viewer: Any, actions: dict[str, Callable[..., None]]) -> None:
        self._viewer = viewer
        self._actions = actions
        self._former: dict[str, Any] = {}

    def bind(self) -> None:
        """Take the keys."""
        for key, name, _ in KEYS:
            bound = _held(self._actions[name]) if key in HELD else _pressed(self._actions[name])
            self._viewer.bind_key(key, bound, overwrite=True)

    def unbind(self) -> None:
        """Give the keys back."""
        for key, _, _ in KEYS:
            self._viewer.bind_key(key, None)


def _pressed(action: Callable[[], None]) -> Callable[[Any], None]:
    def press(_viewer: Any) -> None:
        action()

    return press


def _held(action: Callable[[bool], None]) -> Callable[[Any], Iterator[None]]:
    def hold(_viewer: Any) -> Iterator[None]:
        action(True)
        yield
        action(False)

    return hold
