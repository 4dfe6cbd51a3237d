"""Scan a subject: a CT and the exact truth that belongs to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cctrack.model import (
    Acquisition,
    AxisScale,
    Ct,
    LabelArray,
    ScaleSource,
)
from cctrack.phantom.ct.grid import FloatArray, Grid, grid_of
from cctrack.phantom.ct.implant import add_implant, add_rails
from cctrack.phantom.ct.paint import (
    BLOOD_HU,
    CONTRAST_BLOOD_HU,
    MUSCLE_HU,
    Canvas,
    build_anatomy,
    paint,
)
from cctrack.phantom.ct.scanner import (
    HIGHEST_HU,
    LOWEST_HU,
    add_metal,
    add_table,
    blur,
    noise,
    outside_circle,
)
from cctrack.phantom.ct.session import CtSession
from cctrack.phantom.ct.subject import CtSubject, Region
from cctrack.phantom.ct.voxels import DepositVoxels, deposit_voxels
from cctrack.phantom.deposit import Deposit, density_ratio, excess_hu

MANUFACTURER = "cctrack phantom"
USUAL_SAMPLE_MM = 1.25
"""Tissue is sampled at least this finely along the slice normal."""

THICK_SAMPLE_MM = {Region.PELVIS: 2.0}
"""Regions with larger organs, and larger grids, are sampled less finely."""

RAILS_AT = 0.9
"""Where the rails lie, as a part of the body's half width: under its sides."""

WHOLE = 0.999
"""Share of a deposit's volume in the field from which it counts as whole."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedCt:
    """A CT and its truth.

    Attributes
    ----------
    ct : Ct
    labels : uint16 array, shape of the CT
        Deposit that fills most of the voxel, where it is half full or more; a deposit without
        such a voxel marks its fullest one.
    volumes_mm3 : mapping of int to float
        Exact volume in the field of every deposit that is in it at all.
    hu : mapping of int to float
        Mean HU of fully calcified voxels without blur and noise.
    centres_px : mapping of int to array (3,)
        Index (slice, row, column) of each deposit's centre, also outside the field.
    cut : frozenset of int
        Deposits that reach beyond the field.
    bone : bool array
        Voxels that are half bone or more (deposits are not bone).
    subject_to_index : array (4, 4)
        Maps homogeneous subject mm (slice, row, column, 1) to indices, without posture's twist.
    """

    ct: Ct
    labels: LabelArray
    volumes_mm3: Mapping[int, float]
    hu: Mapping[int, float]
    centres_px: Mapping[int, FloatArray]
    cut: frozenset[int]
    bone: NDArray[np.bool_]
    subject_to_index: FloatArray

    @property
    def total_mm3(self) -> float:
        """Volume of all deposits in the field."""
        return float(sum(self.volumes_mm3.values()))


def draw_ct(subject: CtSubject, session: CtSession) -> SimulatedCt:
    """Scan a subject.

    Parameters
    ----------
    subject : CtSubject
    session : CtSession

    Returns
    -------
    SimulatedCt
        The same subject and session give the same bytes.
    """
    grid = grid_of(session)
    canvas = _tissue(subject, grid, session)
    posed = [grid.carried(deposit) for deposit in subject.deposits]
    voxels = {d.id: deposit_voxels(d, grid, session) for d in posed}
    found = {label: item for label, item in voxels.items() if item is not None and item.share.any()}
    for deposit in posed:
        if deposit.id in found:
            _add_deposit(canvas, deposit, found[deposit.id], session)
    labels = _labels(found, grid.shape)
    volumes = _volumes(posed, found, grid)
    return SimulatedCt(
        ct=_finish(canvas, subject, session),
        labels=labels,
        volumes_mm3=volumes,
        hu={d.id: MUSCLE_HU + excess_hu(d.density_g_cm3, session.kvp) for d in posed},
        centres_px={d.id: (np.array(d.centre_mm) - grid.first_mm) / grid.spacing_mm for d in posed},
        cut=frozenset(d.id for d in posed if volumes.get(d.id, 0.0) < WHOLE * d.volume_mm3),
        bone=(canvas.bone >= 0.5) & (labels == 0),
        subject_to_index=_subject_to_index(grid),
    )


def index_transform(baseline: SimulatedCt, followup: SimulatedCt) -> FloatArray:
    """Matrix (4, 4) that maps baseline indices to follow-up indices, without posture's twist."""
    matrix: FloatArray = followup.subject_to_index @ np.linalg.inv(baseline.subject_to_index)
    return matrix


def _tissue(subject: CtSubject, grid: Grid, session: CtSession) -> Canvas:
    """Paint the tissue, averaged over thick slices."""
    blood = CONTRAST_BLOOD_HU if session.contrast else BLOOD_HU
    tissue = {"kvp": session.kvp, "blood": blood}
    step_mm = THICK_SAMPLE_MM.get(subject.region, USUAL_SAMPLE_MM)
    count = int(np.ceil(session.thickness_mm / step_mm))
    shifts = ((np.arange(count) + 0.5) / count - 0.5) * session.thickness_mm
    first, *others = (paint(subject, grid, tissue, slice_shift_mm=float(s)) for s in shifts)
    for other in others:
        first.hu[:] += other.hu
        first.bone[:] += other.bone
    first.hu[:] /= count
    first.bone[:] /= count
    return first


def _add_deposit(
    canvas: Canvas, deposit: Deposit, voxels: DepositVoxels, session: CtSession
) -> None:
    """Mix the deposit into its voxels; its mean HU is exact whatever its texture."""
    axes = canvas.grid.axes_mm()
    near = (axis[part] for axis, part in zip(axes, voxels.window, strict=True))
    ratio = density_ratio(deposit, np.stack(np.meshgrid(*near, indexing="ij"), axis=-1))
    ratio /= np.average(ratio, weights=voxels.share)
    calcified = MUSCLE_HU + np.float32(excess_hu(deposit.density_g_cm3, session.kvp)) * ratio
    canvas.lay(voxels.window, voxels.seen, calcified)


def _labels(found: Mapping[int, DepositVoxels], shape: tuple[int, int, int]) -> LabelArray:
    labels = np.zeros(shape, np.uint16)
    fullest = np.zeros(shape, np.float32)
    for label, voxels in found.items():
        least = min(0.5, float(voxels.share.max()))
        mine = (voxels.share >= least) & (voxels.share > fullest[voxels.window])
        labels[voxels.window][mine] = label
        fullest[voxels.window][mine] = voxels.share[mine]
    return labels


def _volumes(
    posed: list[Deposit], found: Mapping[int, DepositVoxels], grid: Grid
) -> dict[int, float]:
    volumes = {}
    for deposit in posed:
        if deposit.id not in found:
            continue
        share = found[deposit.id].share
        inside = float(share.sum(dtype=np.float64) * grid.spacing_mm.prod())
        whole = inside >= WHOLE * deposit.volume_mm3 or not _reaches_edge(found[deposit.id], grid)
        volumes[deposit.id] = deposit.volume_mm3 if whole else inside
    return volumes


def _reaches_edge(voxels: DepositVoxels, grid: Grid) -> bool:
    filled = np.argwhere(voxels.share > 0) + [part.start for part in voxels.window]
    return bool(np.any(filled == 0) or np.any(filled == np.array(grid.shape) - 1))


def _finish(canvas: Canvas, subject: CtSubject, session: CtSession) -> Ct:
    rng = np.random.default_rng((session.seed, 3))
    hu, grid = canvas.hu, canvas.grid
    if session.table:
        _lay_table(canvas, session)
    if session.metal:
        _put_metal(canvas, subject, session)
    hu = blur(hu, session)
    hu += noise(hu, session, rng)
    stored = np.clip(np.rint(hu), LOWEST_HU, HIGHEST_HU).astype(np.int16)
    padding = None
    if session.padding_circle:
        padding = np.broadcast_to(outside_circle(session), stored.shape).copy()
        stored[padding] = LOWEST_HU
    return _as_ct(stored, padding, grid, session)


def _lay_table(canvas: Canvas, session: CtSession) -> None:
    body = canvas.hu > -300
    rows, columns = (np.flatnonzero(body.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    _, y, x = canvas.grid.axes_mm()
    lowest = float(y[rows.max()]) if len(rows) else 0.0
    add_table(canvas.hu, canvas.grid, lowest)
    if session.rails and len(columns):
        half_mm = float(np.abs(x[columns[[0, -1]]]).max())
        add_rails(canvas.hu, canvas.grid, lowest, RAILS_AT * half_mm)


def _put_metal(canvas: Canvas, subject: CtSubject, session: CtSession) -> None:
    """Put the metal into the first bone of the anatomy."""
    hu, grid = canvas.hu, canvas.grid
    row, column, _ = build_anatomy(subject).bones[0].column.at(0.0)
    centre_mm = grid.to_scanner(np.array([[0.0, row, column]]))[0]
    if subject.region is Region.PELVIS:
        add_implant(hu, grid, centre_mm, np.random.default_rng((session.seed, 8)))
    else:
        add_metal(hu, grid, centre_mm, session.seed)


def _as_ct(
    hu: NDArray[np.int16], padding: NDArray[np.bool_] | None, grid: Grid, session: CtSession
) -> Ct:
    z, y, x = grid.first_mm
    dz, dy, dx = grid.spacing_mm
    affine = np.array([[0, 0, dx, x], [0, dy, 0, y], [dz, 0, 0, z], [0, 0, 0, 1.0]])
    return Ct(
        hu=hu,
        affine=affine,
        scale=AxisScale((dz, dy, dx), ScaleSource.SLICE_POSITIONS),
        acquisition=Acquisition(
            kvp=session.kvp,
            kernel=str(session.kernel),
            slice_thickness_mm=session.thickness_mm,
            contrast=session.contrast,
            manufacturer=MANUFACTURER,
            field_of_view_mm=session.spacing_mm * session.shape[1],
        ),
        padding=padding,
        acquired=session.acquired,
    )


def _subject_to_index(grid: Grid) -> FloatArray:
    matrix = np.eye(4)
    matrix[:3, :3] = grid.rotation / grid.spacing_mm[:, None]
    matrix[:3, 3] = (grid.translation_mm - grid.first_mm) / grid.spacing_mm
    return matrix
