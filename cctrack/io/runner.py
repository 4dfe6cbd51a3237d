"""Where reading is done: in this process, or by workers that a caller brings along."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from cctrack.model import Because

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Lost:
    """Stands for the result of an item that its worker did not survive.

    Attributes
    ----------
    because : Because
        ``crashed``, ``too_slow`` or ``too_large``.
    detail : str
        What happened, in one line.
    """

    because: Because
    detail: str


class Run(Protocol):
    """Applies a function, importable by name, to items and yields the results in their order."""

    def __call__(
        self, function: Callable[[Item], Result], items: Sequence[Item], /
    ) -> Iterator[Result | Lost]:
        """Yield one result, or one `Lost`, for each item."""
        ...


def run_here(
    function: Callable[[Item], Result], items: Sequence[Item], /
) -> Iterator[Result | Lost]:
    """Run everything in this process, where a crash of a decoder is a crash of the program."""
    return map(function, items)
