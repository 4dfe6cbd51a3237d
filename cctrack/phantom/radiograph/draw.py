"""Draw a film of a subject, together with its exact truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import LabelArray, Radiograph
from cctrack.model.image import Float32Array
from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.attenuation import (
    Material,
    deposit_excess_per_mm,
    effective_energy_kev,
    mu_per_mm,
)
from cctrack.phantom.radiograph.detector import expose
from cctrack.phantom.radiograph.fields import build_field
from cctrack.phantom.radiograph.flesh import Flesh, FleshMaps, Layer, draw_flesh
from cctrack.phantom.radiograph.objects import add_dust, draw_objects, open_field
from cctrack.phantom.radiograph.pose import FilmGrid, Place, film_grid, place_bones
from cctrack.phantom.radiograph.session import FilmSession, Processing
from cctrack.phantom.radiograph.shadow import BoneMaps, Shadow, cast_shadow, draw_bones, draw_organs
from cctrack.phantom.radiograph.storage import (
    UInt16Array,
    bone_bright,
    full_range,
    spacing_tags,
    store,
)
from cctrack.phantom.radiograph.subject import RadiographSubject

OVER_BONE_SHARE = 0.5
"""A deposit lies over bone when more than this share of its projection does."""

NODULE_SHARE = 0.62
"""A stone reaches about this share of the sphere that is sure to hold it."""

MOST_DISPLACED = 0.78
"""Largest share of the lean tissue along a ray that a lung or gas takes the place of."""

SKIN_MM = 2.0
"""Skin over a deposit, at its thinnest."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedRadiograph:
    """A film and everything that is true about it.

    Attributes
    ----------
    radiograph : Radiograph
        As a reader would return it, without scale.
    stored : uint16 array (rows, columns)
        As in the file, under the session's photometric interpretation.
    session : FilmSession
    labels : uint16 array (rows, columns)
        Deposit ids where at least half of a pixel lies within a deposit's border; where two
        overlap, the one with the longer path.
    areas_mm2 : mapping of int to float
        True area of each deposit's projection in the plane of the anatomy, whole even where
        another overlaps it; a deposit outside the film has none.
    over_bone : frozenset of int
        Ids with more than half of the projection over bone.
    bone, soft_tissue, objects : bool array (rows, columns)
        ``objects`` are the side marker, a ring and a wedge.
    attenuation : float32 array (rows, columns)
        Noise-free line integrals of μ, of the patient alone.
    places : mapping of str to Place
        Where each bone's frame lies: `points_px` maps points of the anatomy through it.
    centres_px : mapping of int to (row, column)
    grid : FilmGrid
    """

    radiograph: Radiograph
    stored: UInt16Array
    session: FilmSession
    labels: LabelArray
    areas_mm2: Mapping[int, float]
    over_bone: frozenset[int]
    bone: NDArray[np.bool_]
    soft_tissue: NDArray[np.bool_]
    objects: NDArray[np.bool_]
    attenuation: Float32Array
    places: Mapping[str, Place]
    centres_px: Mapping[int, tuple[float, float]]
    grid: FilmGrid

    def points_px(self, part: str, points_mm: FloatArray) -> FloatArray:
        """Map points (n, 3) of a part's frame, (depth, along, across) mm, to (row, column) px."""
        return self.grid.to_px(self.places[part].to_film_mm(points_mm))


def draw_radiograph(subject: RadiographSubject, session: FilmSession) -> SimulatedRadiograph:
    """Draw a film; the same subject and session give the same bytes.

    Parameters
    ----------
    subject : RadiographSubject
    session : FilmSession
    """
    model = build_field(subject)
    grid = film_grid(session)
    places = place_bones(model.bones, session)
    bones = draw_bones(model.bones, places, grid, subject.anatomy.seed)
    layer = Layer(model.fat_mm, model.smooth_mm)
    flesh = draw_flesh((*model.flesh, *_nodules(subject)), places, grid, layer)
    shadows = _cast_all(subject, places, grid)
    attenuation = _attenuate(bones, flesh, (subject, shadows), session)
    _displace((attenuation, flesh), draw_organs(model.organs, places, grid), session)
    metal, objects = draw_objects(session, places, grid)
    opening = open_field(session)
    signal = expose(attenuation + metal, opening, session)
    stored = store(add_dust(signal, session), (opening > 0.5) & ~objects, session)
    return SimulatedRadiograph(
        radiograph=_radiograph(stored, session),
        stored=stored,
        session=session,
        labels=_labels(shadows, grid),
        areas_mm2={key: float(s.inside.sum()) * grid.pixel_mm**2 for key, s in shadows.items()},
        over_bone=_over_bone(shadows, bones.mask),
        bone=bones.mask,
        soft_tissue=flesh.total_mm > 0,
        objects=objects,
        attenuation=attenuation,
        places=places,
        centres_px={key: shadow.centre_px for key, shadow in shadows.items()},
        grid=grid,
    )


def _nodules(subject: RadiographSubject) -> tuple[Flesh, ...]:
    # A deposit lifts the skin over it: it never lies in air.
    nodules = []
    for placed in subject.deposits:
        _, along, across = placed.deposit.centre_mm
        radius = NODULE_SHARE * placed.deposit.radius_mm + SKIN_MM
        at = (along, across)
        nodules.append(Flesh(placed.part, at, at, radius, radius, 0.8))
    return tuple(nodules)


def _cast_all(
    subject: RadiographSubject, places: Mapping[str, Place], grid: FilmGrid
) -> dict[int, Shadow]:
    cast = {
        placed.deposit.id: cast_shadow(placed, places[placed.part], grid)
        for placed in subject.deposits
    }
    return {key: shadow for key, shadow in cast.items() if shadow is not None}


def _attenuate(
    bones: BoneMaps,
    flesh: FleshMaps,
    deposits: tuple[RadiographSubject, Mapping[int, Shadow]],
    session: FilmSession,
) -> Float32Array:
    # Bone, marrow and fat displace soft tissue; a deposit's mineral lies within it.
    kev = effective_energy_kev(session.exposure.kvp)
    soft, fat, cortex = (
        mu_per_mm(material, kev) for material in (Material.SOFT, Material.FAT, Material.CORTEX)
    )
    total = soft * flesh.total_mm + (fat - soft) * (flesh.fat_mm + bones.marrow_mm)
    total += (cortex - soft) * bones.mineral_mm
    subject, shadows = deposits
    for placed in subject.deposits:
        shadow = shadows.get(placed.deposit.id)
        if shadow is not None:
            excess = deposit_excess_per_mm(placed.deposit.density_g_cm3, kev)
            total[shadow.window] += excess * shadow.mineral_mm
    return np.maximum(total, 0.0).astype(np.float32)


def _displace(
    body: tuple[Float32Array, FleshMaps],
    organs: Mapping[Material, Float32Array],
    session: FilmSession,
) -> None:
    # Lung and gas take the place of soft tissue, of which some always stays in front and behind.
    total, flesh = body
    kev = effective_energy_kev(session.exposure.kvp)
    soft = mu_per_mm(Material.SOFT, kev)
    for material, path_mm in organs.items():
        room_mm = MOST_DISPLACED * (flesh.total_mm - flesh.fat_mm)
        total += np.float32(mu_per_mm(material, kev) - soft) * np.minimum(path_mm, room_mm)


def _labels(shadows: Mapping[int, Shadow], grid: FilmGrid) -> LabelArray:
    labels = np.zeros(grid.shape, np.uint16)
    longest = np.zeros(grid.shape, np.float32)
    for key, shadow in shadows.items():
        window = shadow.window
        wins = (shadow.inside >= 0.5) & (shadow.path_mm > longest[window])
        labels[window][wins] = key
        longest[window][wins] = shadow.path_mm[wins]
    return labels


def _over_bone(shadows: Mapping[int, Shadow], bone: NDArray[np.bool_]) -> frozenset[int]:
    return frozenset(
        key
        for key, shadow in shadows.items()
        if float(shadow.inside[bone[shadow.window]].sum())
        > OVER_BONE_SHARE * float(shadow.inside.sum())
    )


def _radiograph(stored: UInt16Array, session: FilmSession) -> Radiograph:
    return Radiograph(
        pixels=bone_bright(stored, session.storage),
        full_range=full_range(session.storage),
        spacing=spacing_tags(session),
        presentation=session.storage.processing is Processing.PRESENTATION,
    )
