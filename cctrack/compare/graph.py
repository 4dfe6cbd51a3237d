"""What hangs together in a graph."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from typing import TypeVar

Vertex = TypeVar("Vertex", bound=Hashable)


def connected(
    vertices: Iterable[Vertex], edges: Iterable[tuple[Vertex, Vertex]]
) -> list[frozenset[Vertex]]:
    """Return the groups of vertices that edges connect, in the order of their first vertices.

    Vertices that only edges name are part of the groups too.
    """
    neighbours: dict[Vertex, list[Vertex]] = defaultdict(list)
    for vertex in vertices:
        neighbours[vertex] = []
    for one, other in edges:
        neighbours[one].append(other)
        neighbours[other].append(one)
    groups: list[frozenset[Vertex]] = []
    seen: set[Vertex] = set()
    for start in neighbours:
        if start not in seen:
            groups.append(_reached(start, neighbours))
            seen |= groups[-1]
    return groups


def _reached(start: Vertex, neighbours: dict[Vertex, list[Vertex]]) -> frozenset[Vertex]:
    reached, waiting = {start}, [start]
    while waiting:
        for other in neighbours[waiting.pop()]:
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return frozenset(reached)
