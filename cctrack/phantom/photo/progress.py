"""From one visit to the next: the plan carried out exactly."""

from dataclasses import replace

import numpy as np

from cctrack.phantom.change import ChangePlan
from cctrack.phantom.photo.subject import (
    HealedMark,
    LesionKind,
    PhotoSubject,
    SkinLesion,
    add_lesions,
)

TOUCHING = 0.85
"""Merged lobes lie this share of the sum of their radii apart, so that they surely join."""

PARTING = 1.35
"""Split halves lie this share of the sum of their radii apart, so that skin shows between."""

SCAR_SHARE = 0.35
"""Share of vanished deposits that leave a pale scar, mostly former ulcers; others leave pigment."""


def progress(subject: PhotoSubject, plan: ChangePlan, rng: np.random.Generator) -> PhotoSubject:
    """Carry out a plan of change.

    A lesion that persists keeps its id and its shape, and its area is multiplied by exactly its
    factor. Merged lesions become one with the first one's id and the sum of both areas (each
    times its factor). A split lesion keeps its id for one half, the other gets a new id; the
    areas add up to the area times its factor.

    Raises
    ------
    ValueError
        If the plan names a lesion the subject does not have, or a factor below 0.
    """
    _check(subject, plan)
    grown = {
        lesion.id: _scaled(lesion, plan.factors.get(lesion.id, 1.0))
        for lesion in subject.lesions
        if plan.factors.get(lesion.id, 1.0) > 0
    }
    for first, second in plan.merge:
        grown[first] = _merged(grown[first], grown.pop(second))
    highest = max([subject.highest_id, *(lesion.id for lesion in subject.lesions)])
    for id_ in plan.split:
        highest += 1
        grown[id_], grown[highest] = _halves(grown[id_], highest, rng)
    kept = tuple(grown.values())
    new = add_lesions(kept, plan.new, subject.site, rng, highest_id=highest)
    vanished = [item for item in subject.lesions if plan.factors.get(item.id, 1.0) == 0]
    return replace(
        subject,
        lesions=(*kept, *new),
        marks=(*subject.marks, *(_mark(lesion, rng) for lesion in vanished)),
        highest_id=highest + len(new),
    )


def _check(subject: PhotoSubject, plan: ChangePlan) -> None:
    present = {lesion.id for lesion in subject.lesions}
    joined = [id_ for pair in plan.merge for id_ in pair]
    unknown = {*plan.factors, *plan.split, *joined} - present
    if unknown:
        raise ValueError(f"the subject has no lesions {sorted(unknown)}")
    if any(factor < 0 for factor in plan.factors.values()):
        raise ValueError("a factor on an area cannot be below 0")
    if any(plan.factors.get(id_, 1.0) == 0 for id_ in (*joined, *plan.split)):
        raise ValueError("a lesion that vanishes can neither merge nor split")
    if len({*joined, *plan.split}) < len(joined) + len(plan.split):
        raise ValueError("a lesion can merge or split only once in a plan")


def _scaled(lesion: SkinLesion, factor: float) -> SkinLesion:
    relief_mm = lesion.relief_mm * min(factor, 1.0) ** 0.5
    return replace(lesion, area_mm2=lesion.area_mm2 * factor, relief_mm=relief_mm)


def _merged(first: SkinLesion, second: SkinLesion) -> SkinLesion:
    area_mm2 = first.area_mm2 + second.area_mm2
    share = first.area_mm2 / area_mm2
    apart = np.subtract(second.centre_mm, first.centre_mm)
    distance = float(np.hypot(*apart))
    apart = apart * min(1.0, TOUCHING * (first.radius_mm + second.radius_mm) / max(distance, 1e-9))
    centre = np.asarray(first.centre_mm) * share + np.asarray(second.centre_mm) * (1 - share)
    root = np.sqrt(area_mm2)
    parts = ((-(1 - share) * apart / root, share), (share * apart / root, 1 - share))
    larger = first if share >= 0.5 else second
    return replace(
        larger,
        id=first.id,
        centre_mm=(float(centre[0]), float(centre[1])),
        area_mm2=area_mm2,
        parts=tuple(((float(at[0]), float(at[1])), float(part)) for at, part in parts),
    )


def _halves(
    lesion: SkinLesion, new_id: int, rng: np.random.Generator
) -> tuple[SkinLesion, SkinLesion]:
    share, angle = rng.uniform(0.35, 0.65), rng.uniform(0, np.pi)
    distance = PARTING * lesion.radius_mm * (np.sqrt(share) + np.sqrt(1 - share))
    along = distance * np.array([np.sin(angle), np.cos(angle)])
    halves = []
    for id_, part, shift in ((lesion.id, share, share - 1), (new_id, 1 - share, share)):
        centre = np.asarray(lesion.centre_mm) + shift * along
        halves.append(
            replace(
                lesion,
                id=id_,
                centre_mm=(float(centre[0]), float(centre[1])),
                area_mm2=float(lesion.area_mm2 * part),
                shape_seed=int(rng.integers(2**31)),
                parts=(),
            )
        )
    return halves[0], halves[1]


def _mark(lesion: SkinLesion, rng: np.random.Generator) -> HealedMark:
    ulcer = lesion.kind is LesionKind.ULCERATION
    scar = bool(rng.uniform() < (0.8 if ulcer else SCAR_SHARE))
    return HealedMark(lesion.centre_mm, lesion.area_mm2 * 0.7, lesion.shape_seed, scar)
