"""Simulated images of every modality, and what is true about them, in one form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cctrack.model import FloatArray, Image, LabelArray, Modality
from cctrack.phantom import ct, photo, radiograph
from cctrack.phantom.change import ChangePlan

OFF_BONE, ON_BONE = "off bone", "touching bone"
OVER_BONE, DEEP, UNLIKE = "over bone", "deep", "counted at one of two visits"
"""Where deposits lie; those of the second line are in no automatic total."""

REGIONS = (ct.Region.FOREARM, ct.Region.THIGH, ct.Region.HAND)
"""What CT is drawn of."""

DIFFICULTIES = (
    photo.Difficulty.STANDARD,
    photo.Difficulty.STANDARD,
    photo.Difficulty.HARD,
    photo.Difficulty.EASY,
)
"""Half of all photos are as clinics take them, a quarter each is worse and better."""

DEEPEST_MM = 40.0
"""Calcinosis cutis lies in skin, fat and the fascia below; deeper deposits are left to a reader."""

TOUCHING_MM = 1.0
"""A deposit this close to bone touches it for a scanner of 1 mm resolution."""

AIR_HU = -500.0
"""Between air and everything else."""

TILTED_DEG = 20.0
"""Photos are summed up apart from here on; they are drawn with up to 40°."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """One simulated image and what is true about it.

    Attributes
    ----------
    image : Image
        As its reader would return it.
    labels : uint16 array, shape of the image
        Deposit ids.
    sizes : mapping of int to float
        Exact area in mm² or volume in mm³ of every deposit.
    kinds : mapping of int to str
        Morphology, or kind of skin lesion.
    places : mapping of int to str
        ``off bone``, ``touching bone``, ``over bone``, ``deep`` or ``skin``; of two visits also
        ``counted at one of two visits``.
    cut : frozenset of int
        Deposits that the image shows in part only.
    points_px : mapping of str to array (axes,)
        Points that are the same at every visit; ``L3`` is the middle of deposit 3.
    about : mapping of str to str
        What the image is summed up by: skin type, field, tilt.
    to_mm : callable
        Maps indices (n, axes) to mm.
    covered : bool array, shape of the image, or None
        Where a scale lies on the skin; None where nothing can.
    """

    image: Image
    labels: LabelArray
    sizes: Mapping[int, float]
    kinds: Mapping[int, str]
    places: Mapping[int, str]
    cut: frozenset[int]
    points_px: Mapping[str, FloatArray]
    about: Mapping[str, str]
    to_mm: Callable[[FloatArray], FloatArray]
    covered: NDArray[np.bool_] | None = None

    @property
    def counted(self) -> frozenset[int]:
        """Deposits that an automatic total is to hold: not over bone, not deep."""
        return frozenset(k for k in self.sizes if self.places[k] not in (OVER_BONE, DEEP, UNLIKE))

    @property
    def total(self) -> float:
        """Sum of the counted deposits, in mm² or mm³."""
        return float(sum(self.sizes[key] for key in self.counted))


@dataclass(frozen=True, slots=True)
class Simulator:
    """How one modality is simulated.

    Attributes
    ----------
    subject : callable
        Draws who is imaged from a generator and a seed.
    session, again : callable
        Draw how the subject is imaged, and how at the next visit.
    draw : callable
        Makes the image.
    progress : callable
        Carries out a plan of change.
    """

    subject: Callable[[np.random.Generator, int], Any]
    session: Callable[[np.random.Generator, Any, int], Any]
    again: Callable[[np.random.Generator, Any, Any], Any]
    draw: Callable[[Any, Any], Truth]
    progress: Callable[[Any, ChangePlan, np.random.Generator], Any]


def _photo_subject(rng: np.random.Generator, seed: int) -> photo.PhotoSubject:
    return photo.random_subject(rng, skin_type=seed % 6 + 1)


def _photo_session(rng: np.random.Generator, _subject: object, seed: int) -> photo.PhotoSession:
    return photo.random_session(rng, DIFFICULTIES[seed // 6 % len(DIFFICULTIES)])


def _photo_again(
    rng: np.random.Generator, _subject: object, _first: photo.PhotoSession
) -> photo.PhotoSession:
    return photo.random_session(rng)


def _draw_photo(subject: photo.PhotoSubject, session: photo.PhotoSession) -> Truth:
    drawn = photo.draw_photo(subject, session)
    roman = ("I", "II", "III", "IV", "V", "VI")[subject.skin_type - 1]
    tilt = f"0–{TILTED_DEG:.0f}°" if session.pose.tilt_deg < TILTED_DEG else f"{TILTED_DEG:.0f}–40°"

    def to_mm(points_px: FloatArray) -> FloatArray:
        mapped = np.column_stack([points_px, np.ones(len(points_px))]) @ drawn.homography.T
        mm: FloatArray = mapped[:, :2] / mapped[:, 2:]
        return mm

    return Truth(
        image=drawn.photo,
        labels=drawn.labels,
        sizes=drawn.areas_mm2,
        kinds={lesion.id: str(lesion.kind) for lesion in subject.lesions},
        places={lesion.id: "skin" for lesion in subject.lesions},
        cut=drawn.cut,
        points_px={str(key): np.array(place) for key, place in drawn.landmarks_px.items()},
        about={"skin type": roman, "tilt": tilt, "site": str(subject.site)},
        to_mm=to_mm,
        covered=drawn.covered,
    )


def _film_subject(rng: np.random.Generator, _seed: int) -> radiograph.RadiographSubject:
    return radiograph.random_subject(rng, radiograph.Field.HAND)


def _film_session(
    rng: np.random.Generator, subject: radiograph.RadiographSubject, _seed: int
) -> radiograph.FilmSession:
    return radiograph.random_session(rng, radiograph.usual_range(subject.field))


def _film_again(
    rng: np.random.Generator, subject: radiograph.RadiographSubject, first: radiograph.FilmSession
) -> radiograph.FilmSession:
    return radiograph.random_session(rng, radiograph.usual_range(subject.field), like=first)


def _draw_film(subject: radiograph.RadiographSubject, session: radiograph.FilmSession) -> Truth:
    drawn = radiograph.draw_radiograph(subject, session)
    kinds = {item.deposit.id: str(item.deposit.morphology) for item in subject.deposits}
    shown = drawn.areas_mm2
    return Truth(
        image=drawn.radiograph,
        labels=drawn.labels,
        sizes=shown,
        kinds=kinds,
        places={key: OVER_BONE if key in drawn.over_bone else OFF_BONE for key in shown},
        cut=_at_border(drawn.labels),
        points_px=_middles({key: drawn.centres_px[key] for key in shown}),
        about={"field": str(subject.field), "processing": str(session.storage.processing)},
        to_mm=lambda points_px: points_px * session.spacing_mm / session.pose.magnification,
    )


def _at_border(labels: LabelArray) -> frozenset[int]:
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return frozenset(int(label) for label in np.unique(border) if label)


def _ct_subject(rng: np.random.Generator, _seed: int) -> ct.CtSubject:
    return ct.random_subject(rng, str(rng.choice([str(region) for region in REGIONS])))


def _ct_session(rng: np.random.Generator, subject: ct.CtSubject, _seed: int) -> ct.CtSession:
    return ct.random_session(rng, subject.region)


def _ct_again(
    rng: np.random.Generator, _subject: ct.CtSubject, first: ct.CtSession
) -> ct.CtSession:
    return ct.repeat_session(rng, first)


def _draw_ct(subject: ct.CtSubject, session: ct.CtSession) -> Truth:
    drawn = ct.draw_ct(subject, session)
    spacing_mm = np.array([session.increment_mm, session.spacing_mm, session.spacing_mm])
    slices = "≤ 1 mm" if session.thickness_mm <= 1.0 else "> 1 mm"
    return Truth(
        image=drawn.ct,
        labels=drawn.labels,
        sizes=drawn.volumes_mm3,
        kinds={item.id: str(item.morphology) for item in subject.deposits},
        places=_ct_places(drawn),
        cut=drawn.cut,
        points_px=_middles({key: drawn.centres_px[key] for key in drawn.volumes_mm3}),
        about={"field": str(subject.region), "slices": slices, "kernel": str(session.kernel)},
        to_mm=lambda points_px: points_px * spacing_mm,
    )


def _ct_places(scan: ct.SimulatedCt) -> dict[int, str]:
    """Say of each deposit how deep its shallowest voxel lies, and whether it touches bone."""
    spacing_mm = scan.ct.scale.mean_mm
    from_bone_mm = ndimage.distance_transform_edt(~scan.bone, sampling=spacing_mm)
    depth_mm = ndimage.distance_transform_edt(~_outside(scan.ct.hu), sampling=spacing_mm)
    places = {}
    for label in scan.volumes_mm3:
        own = scan.labels == label
        if not own.any() or float(depth_mm[own].min()) > DEEPEST_MM:
            places[label] = DEEP
        else:
            places[label] = ON_BONE if from_bone_mm[own].min() < TOUCHING_MM else OFF_BONE
    return places


def _outside(hu: NDArray[Any]) -> NDArray[np.bool_]:
    """Air that reaches the sides of the volume."""
    air = ndimage.label(hu < AIR_HU)[0]
    sides = np.concatenate([air[:, 0].ravel(), air[:, -1].ravel(), air[:, :, 0].ravel()])
    outside: NDArray[np.bool_] = np.isin(air, np.setdiff1d(np.unique(sides), [0]))
    return outside


def _middles(centres_px: Mapping[int, Any]) -> dict[str, FloatArray]:
    return {f"L{key}": np.asarray(place, np.float64) for key, place in centres_px.items()}


SIMULATORS: Mapping[Modality, Simulator] = {
    Modality.PHOTO: Simulator(
        _photo_subject, _photo_session, _photo_again, _draw_photo, photo.progress
    ),
    Modality.XRAY: Simulator(
        _film_subject, _film_session, _film_again, _draw_film, radiograph.progress
    ),
    Modality.CT: Simulator(_ct_subject, _ct_session, _ct_again, _draw_ct, ct.progress),
}
"""The modalities that are simulated."""
