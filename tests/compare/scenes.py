"""Simulated scenes of deposits at two visits, with the true lineage."""

import numpy as np

from cctrack.model import Event, LesionGroup

MM_PER_PX = 0.25
SHAPE = (360, 300)
EVENTS = (Event.PERSISTED, Event.NEW, Event.RESOLVED, Event.MERGED, Event.SPLIT)
SHARES = (0.5, 0.12, 0.12, 0.13, 0.13)


def disc(shape, centre, radii, angle):
    rows, columns = np.indices(shape)
    down, right = rows - centre[0], columns - centre[1]
    along = down * np.cos(angle) + right * np.sin(angle)
    across = -down * np.sin(angle) + right * np.cos(angle)
    return (along / radii[0]) ** 2 + (across / radii[1]) ** 2 <= 1


def places(rng, count, apart):
    """Draw well separated places; ``apart`` is the least distance of centres in px."""
    found = []
    for _ in range(4000):
        place = rng.uniform([40, 40], [SHAPE[0] - 40, SHAPE[1] - 40])
        if all(np.hypot(*(place - other)) > apart for other in found):
            found.append(place)
        if len(found) == count:
            break
    return found


def scene(rng, off_mm, apart_mm=13.0):
    """Return labels of two visits and the true groups; the second is off by ``off_mm``."""
    before, after = np.zeros(SHAPE, np.uint16), np.zeros(SHAPE, np.uint16)
    angle = rng.uniform(0, 2 * np.pi)
    shift = off_mm / MM_PER_PX * np.array([np.cos(angle), np.sin(angle)])
    groups = []
    for place in places(rng, int(rng.integers(5, 10)), apart_mm / MM_PER_PX):
        event = EVENTS[rng.choice(len(EVENTS), p=SHARES)]
        groups.append(draw(rng, (before, after), (place, shift), event))
    return before, after, set(groups)


def draw(rng, visits, where, event):
    before, after = visits
    place, shift = where
    radius, angle = rng.uniform(6, 14), rng.uniform(0, np.pi)
    radii = (radius, radius * rng.uniform(0.6, 1.0))
    growth = np.sqrt(np.exp(rng.normal(0.1, 0.35)))
    grown = tuple(growth * side for side in radii)
    if event in (Event.PERSISTED, Event.RESOLVED):
        ones = paint(before, [disc(SHAPE, place, radii, angle)])
    if event in (Event.PERSISTED, Event.NEW):
        others = paint(after, [disc(SHAPE, place + shift, grown, angle)])
    if event is Event.PERSISTED:
        return LesionGroup(ones, others, event)
    if event is Event.RESOLVED:
        return LesionGroup(ones, (), event)
    if event is Event.NEW:
        return LesionGroup((), others, event)
    return divide(rng, visits, where, event)


def divide(rng, visits, where, event):
    """Draw two neighbours at one visit and the one thing they are at the other."""
    place, shift = where
    angle = rng.uniform(0, np.pi)
    first, second = rng.uniform(5, 10, 2)
    apart = first + second + rng.uniform(2, 5)
    step = apart / 2 * np.array([np.cos(angle), np.sin(angle)])
    off = (0, shift) if event is Event.MERGED else (shift, 0)
    parts = [
        disc(SHAPE, place - step + off[0], (first, first), 0),
        disc(SHAPE, place + step + off[0], (second, second), 0),
    ]
    grow = 1.15
    whole = (
        disc(SHAPE, place - step + off[1], (first * grow, first * grow), 0)
        | disc(SHAPE, place + step + off[1], (second * grow, second * grow), 0)
        | disc(SHAPE, place + off[1], (apart / 2, min(first, second) * 0.8), angle)
    )
    merged = event is Event.MERGED
    several = paint(visits[0 if merged else 1], parts)
    single = paint(visits[1 if merged else 0], [whole])
    return LesionGroup(*((several, single) if merged else (single, several)), event)


def paint(labels, masks):
    numbers = []
    for mask in masks:
        number = int(labels.max()) + 1
        labels[mask] = number
        numbers.append(number)
    return tuple(numbers)
