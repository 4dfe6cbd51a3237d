"""The work on one pair over time: where it stands, what can be undone, what is saved."""

from collections.abc import Callable
from typing import Protocol

from napari_cctrack.session.state import PairState


class Keeps(Protocol):
    """Writes states so that a crash loses nothing."""

    @property
    def reader(self) -> str:
        """Who works."""

    def save(self, pair: PairState, why: str = "") -> int:
        """Write what is not written yet; return how many statements that were."""

    def agrees(self, pair: PairState) -> bool:
        """Whether the record says the same: nobody has changed it elsewhere since."""


Action = Callable[[PairState], PairState]

KEPT_STEPS = 100
"""Steps that can be undone. Outlines are kept sparsely, so that a hundred of them are no burden."""


class Session:
    """One pair being worked on: the only part of the plugin's logic that changes.

    Parameters
    ----------
    pair : PairState
    keeper : Keeps
        Writes every state into the study's record before it counts.
    """

    def __init__(self, pair: PairState, keeper: Keeps) -> None:
        self._keeper = keeper
        self._done: list[tuple[str, PairState]] = []
        self._undone: list[tuple[str, PairState]] = []
        self._pair = pair

    @property
    def pair(self) -> PairState:
        """Where the work stands."""
        return self._pair

    @property
    def reader(self) -> str:
        """Who works."""
        return self._keeper.reader

    @property
    def undo_name(self) -> str:
        """What would be undone; empty when nothing can be."""
        return self._done[-1][0] if self._done else ""

    @property
    def redo_name(self) -> str:
        """What would be done again; empty when nothing can be."""
        return self._undone[-1][0] if self._undone else ""

    @property
    def is_current(self) -> bool:
        """Whether the record still says what this session does.

        An image may belong to two pairs: what was done to it at the other must not be undone by
        going on from an older state.
        """
        return self._keeper.agrees(self._pair)

    def do(self, name: str, action: Action) -> PairState:
        """Do something and save it; on an error nothing has happened."""
        pair = action(self._pair)
        self.keep(pair)
        return self.commit(name, pair)

    def keep(self, pair: PairState) -> None:
        """Write a state into the record, from any thread."""
        self._keeper.save(pair)

    def commit(self, name: str, pair: PairState) -> PairState:
        """Go on to a state that was made from the present one and is kept already."""
        self._done.append((name, self._pair))
        del self._done[:-KEPT_STEPS]
        self._undone.clear()
        self._pair = pair
        return pair

    def settle(self, pair: PairState) -> None:
        """Go on to a state that says nothing new, such as a verdict that was computed."""
        self._pair = pair

    def undo(self) -> str:
        """Go one step back and save that; return what was undone, empty when nothing was."""
        return self._step(self._done, self._undone)

    def redo(self) -> str:
        """Go one step forward again; return what was done again, empty when nothing was."""
        return self._step(self._undone, self._done)

    def save(self) -> int:
        """Write whatever is not written yet; return how many statements that were."""
        return self._keeper.save(self._pair)

    def _step(
        self, source: list[tuple[str, PairState]], target: list[tuple[str, PairState]]
    ) -> str:
        if not source:
            return ""
        name, pair = source[-1]
        self._keeper.save(pair)
        source.pop()
        target.append((name, self._pair))
        self._pair = pair
        return name
