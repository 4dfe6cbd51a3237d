"""Who is photographed: the skin, its own marks, and the deposits in it."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

SKIN_TYPES = (1, 2, 3, 4, 5, 6)
"""Fitzpatrick I–VI."""

LESION_GAP_MM = 3.0
"""Clear skin between two lesions that are placed at random, so that each is a lesion of its own."""

PLACING_TRIES = 200
"""More than enough to place a dozen lesions; a subject that is full keeps fewer."""


class BodySite(StrEnum):
    """What the photo shows: a flat field of skin, or a limb with a drape beside it."""

    FIELD = "field"
    FOREARM = "forearm"
    HAND = "hand"
    ELBOW = "elbow"
    THIGH = "thigh"


class LesionKind(StrEnum):
    """How a deposit looks on the skin.

    What counts as truth is the visible border of the deposit: for papules, nodules and plaques
    the line where the deposit's own profile falls to half, for an ulceration the rim of the
    opening, with all chalk, crust and wound bed inside it. Redness around it never counts.
    """

    PAPULE = "papule"
    NODULE = "nodule"
    PLAQUE = "plaque"
    ULCERATION = "ulceration"


@dataclass(frozen=True, slots=True)
class SkinLesion:
    """One deposit as it is seen on the skin.

    Attributes
    ----------
    id : int
        Kept over visits; the value in the truth mask.
    kind : LesionKind
    centre_mm : (float, float)
        (row, column) on the skin plane.
    area_mm2 : float
        Exact area of its outline on the skin plane.
    shape_seed : int
        Fixes outline, surface and what surrounds it.
    parts : tuple of ((float, float), float)
        Lobes as ((row, column) offset, share of the area); empty for one lobe. Offsets are in
        units of the square root of the area.
    opacity : float
        How far the chalk hides the skin, 0–1.
    softness_mm : float
        Width of the border: the profile goes from 12 % to 88 % over twice this.
    relief_mm : float
        Height over the skin.
    erythema : float
        Redness of the surrounding ring, 0–1.
    """

    id: int
    kind: LesionKind
    centre_mm: tuple[float, float]
    area_mm2: float
    shape_seed: int
    parts: tuple[tuple[tuple[float, float], float], ...] = ()
    opacity: float = 0.75
    softness_mm: float = 0.3
    relief_mm: float = 0.6
    erythema: float = 0.3

    @property
    def radius_mm(self) -> float:
        """Radius of the disc of the same area."""
        return float(np.sqrt(self.area_mm2 / np.pi))


@dataclass(frozen=True, slots=True)
class HealedMark:
    """What a vanished deposit leaves: pigment or a small pale scar, never a part of the truth."""

    centre_mm: tuple[float, float]
    area_mm2: float
    seed: int
    scar: bool


@dataclass(frozen=True, slots=True)
class PhotoSubject:
    """A patient's site: the same at every visit but for the lesions.

    Attributes
    ----------
    skin_type : int
        Fitzpatrick 1–6.
    site : BodySite
    lesions : tuple of SkinLesion
    skin_seed : int
        Fixes creases, mottling, veins, naevi and the places of the hair follicles.
    melanin : float
        Place within the skin type, -1 (lightest) to 1 (darkest).
    hairiness, veins, naevi, wrinkles, mottling : float
        How much of each, 0–1.
    depigmented, dryness : float
        Pale macules and white dry scales, which look a little like chalk; 0 is none, up to 1.
    marks : tuple of HealedMark
    highest_id : int
        Highest id ever given, so that no id is used twice.
    """

    skin_type: int
    site: BodySite
    lesions: tuple[SkinLesion, ...]
    skin_seed: int
    melanin: float = 0.0
    hairiness: float = 0.4
    veins: float = 0.3
    naevi: float = 0.4
    wrinkles: float = 0.4
    mottling: float = 0.4
    depigmented: float = 0.0
    dryness: float = 0.0
    marks: tuple[HealedMark, ...] = ()
    highest_id: int = 0

    def __post_init__(self) -> None:
        if self.skin_type not in SKIN_TYPES:
            raise ValueError(f"skin type must be 1 to 6, got {self.skin_type}")
        if any(lesion.area_mm2 <= 0 for lesion in self.lesions):
            raise ValueError("a lesion needs an area above 0")


PLACING_MM: dict[BodySite, tuple[float, float]] = {
    BodySite.FIELD: (24.0, 34.0),
    BodySite.FOREARM: (20.0, 34.0),
    BodySite.HAND: (24.0, 26.0),
    BodySite.ELBOW: (22.0, 26.0),
    BodySite.THIGH: (24.0, 34.0),
}
"""Half axes (row, column) of the ellipse that holds the lesions: leaves room for a scale object
beside them and stays off the rounding of the limb, where the flat skin plane would be untrue."""

_SIZES_MM2 = {
    LesionKind.PAPULE: (3.0, 30.0),
    LesionKind.NODULE: (25.0, 160.0),
    LesionKind.PLAQUE: (80.0, 500.0),
    LesionKind.ULCERATION: (15.0, 200.0),
}


def random_subject(
    rng: np.random.Generator,
    *,
    skin_type: int | None = None,
    site: BodySite | None = None,
    lesions: int | None = None,
) -> PhotoSubject:
    """Draw a subject; what is not given is drawn too.

    Parameters
    ----------
    rng : numpy.random.Generator
    skin_type : int, optional
        1–6.
    site : BodySite, optional
    lesions : int, optional
        Number of lesions wanted (1–7 when not given); fewer when they do not fit, 0 is allowed.
    """
    site = site or BodySite(rng.choice([str(item) for item in BodySite]))
    wanted = int(rng.integers(1, 8)) if lesions is None else lesions
    placed = add_lesions((), wanted, site, rng)
    return PhotoSubject(
        skin_type=int(skin_type or rng.integers(1, 7)),
        site=site,
        lesions=placed,
        skin_seed=int(rng.integers(2**31)),
        melanin=float(rng.uniform(-0.9, 0.9)),
        hairiness=float(rng.beta(1.2, 2.0)),
        veins=float(rng.beta(1.2, 2.5)),
        naevi=float(rng.beta(1.2, 2.0)),
        wrinkles=float(rng.uniform(0.1, 1.0)),
        mottling=float(rng.uniform(0.15, 0.9)),
        depigmented=float(rng.uniform(0.1, 0.8)) if rng.uniform() < 0.15 else 0.0,
        dryness=float(rng.uniform(0.1, 1.0)) if rng.uniform() < 0.2 else 0.0,
        highest_id=len(placed),
    )


def add_lesions(
    present: tuple[SkinLesion, ...],
    wanted: int,
    site: BodySite,
    rng: np.random.Generator,
    *,
    highest_id: int = 0,
) -> tuple[SkinLesion, ...]:
    """Draw ``wanted`` new lesions clear of those present; fewer when the site is full."""
    new: list[SkinLesion] = []
    for _ in range(PLACING_TRIES):
        if len(new) == wanted:
            break
        lesion = _random_lesion(highest_id + len(new) + 1, site, rng)
        if all(_clear(lesion, other) for other in (*present, *new)):
            new.append(lesion)
    return tuple(new)


def reach_mm(lesion: SkinLesion) -> float:
    """Radius of a disc about the centre that surely holds the outline."""
    if not lesion.parts:
        return 1.5 * lesion.radius_mm
    lobes = (float(np.hypot(*offset) + 0.85 * np.sqrt(share)) for offset, share in lesion.parts)
    return 1.15 * float(np.sqrt(lesion.area_mm2)) * max(lobes)


def _clear(one: SkinLesion, other: SkinLesion) -> bool:
    gap_mm = np.hypot(*np.subtract(one.centre_mm, other.centre_mm))
    return bool(gap_mm > reach_mm(one) + reach_mm(other) + LESION_GAP_MM)


def _random_lesion(id_: int, site: BodySite, rng: np.random.Generator) -> SkinLesion:
    kind = LesionKind(rng.choice([str(item) for item in LesionKind], p=(0.45, 0.25, 0.15, 0.15)))
    low, high = np.log(_SIZES_MM2[kind])
    area_mm2 = float(np.exp(rng.uniform(low, high)))
    softness = {LesionKind.ULCERATION: (0.08, 0.3), LesionKind.NODULE: (0.25, 0.7)}
    return SkinLesion(
        id=id_,
        kind=kind,
        centre_mm=_random_place(site, rng),
        area_mm2=area_mm2,
        shape_seed=int(rng.integers(2**31)),
        parts=_random_parts(kind, rng),
        opacity=float(rng.uniform(0.45, 0.85)),
        softness_mm=float(rng.uniform(*softness.get(kind, (0.12, 0.5)))),
        relief_mm=float(rng.uniform(0.15, 0.45) * np.sqrt(min(area_mm2, 60.0) / np.pi)),
        erythema=float(rng.beta(1.5, 2.0)),
    )


def _random_place(site: BodySite, rng: np.random.Generator) -> tuple[float, float]:
    radius, angle = np.sqrt(rng.uniform()), rng.uniform(0, 2 * np.pi)
    rows, columns = PLACING_MM[site]
    return float(rows * radius * np.sin(angle)), float(columns * radius * np.cos(angle))


def _random_parts(
    kind: LesionKind, rng: np.random.Generator
) -> tuple[tuple[tuple[float, float], float], ...]:
    count = int(rng.integers(3, 7)) if kind is LesionKind.PLAQUE else 1
    if count == 1:
        return ()
    shares = rng.dirichlet(np.full(count, 2.0))
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = rng.uniform(0.15, 0.38, count)
    return tuple(
        ((float(r * np.sin(a)), float(r * np.cos(a))), float(share))
        for r, a, share in zip(radius, angle, shares, strict=True)
    )
