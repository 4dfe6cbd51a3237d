"""Where every bone lies on the film in one session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cctrack.model.scale import FloatArray
from cctrack.phantom.radiograph.bone import Bone
from cctrack.phantom.radiograph.session import FilmSession


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A bone's frame on the film.

    Attributes
    ----------
    origin_mm : array (2,)
        (row, column) of its origin in the plane of the anatomy, from the film's middle.
    turn : array (3, 3)
        Columns are the frame's (depth, along, across) in the film's (depth, row, column).
    """

    origin_mm: FloatArray
    turn: FloatArray

    def to_film_mm(self, points_mm: FloatArray) -> FloatArray:
        """Map (depth, along, across) points (n, 3) to (row, column) mm of the anatomy's plane."""
        mapped: FloatArray = points_mm @ self.turn.T[:, 1:] + self.origin_mm
        return mapped


@dataclass(frozen=True, slots=True)
class FilmGrid:
    """The detector's pixels in the plane of the anatomy.

    Attributes
    ----------
    shape : tuple of int
    pixel_mm : float
        Pixel divided by the magnification.
    """

    shape: tuple[int, int]
    pixel_mm: float

    def to_px(self, points_mm: FloatArray) -> FloatArray:
        """Map (row, column) mm from the film's middle to pixel indices."""
        centre = (np.array(self.shape) - 1.0) / 2.0
        indices: FloatArray = points_mm / self.pixel_mm + centre
        return indices


def film_grid(session: FilmSession) -> FilmGrid:
    """Grid of a session in the plane of the anatomy."""
    return FilmGrid(session.shape, session.spacing_mm / session.pose.magnification)


def place_bones(bones: Sequence[Bone], session: FilmSession) -> Mapping[str, Place]:
    """Lay every bone, parents first, with the joints as this session happened to find them."""
    rng = np.random.default_rng((session.seed, 11))
    pose = session.pose
    places: dict[str, Place] = {}
    root = Place(np.array(pose.shift_mm, dtype=np.float64), _root_turn(session))
    for bone in bones:
        swing, flex = pose.joints * rng.standard_normal(2)
        joint = bone.joint
        parent = places[joint.parent] if joint.parent else root
        at = np.array([[0.0, *joint.at_mm]])
        turn = _turn(joint.angle_deg + swing * joint.swing_deg, flex * joint.flex_deg)
        places[bone.name] = Place(parent.to_film_mm(at)[0], parent.turn @ turn)
    return places


def _root_turn(session: FilmSession) -> FloatArray:
    # Along points up the film (smaller rows), across to the right.
    base = np.diag([1.0, -1.0, -1.0 if session.pose.mirrored else 1.0])
    angle = session.pose.rotation_deg
    turned: FloatArray = base @ _turn(-angle if session.pose.mirrored else angle, 0.0)
    return turned


def _turn(angle_deg: float, tilt_deg: float) -> FloatArray:
    # Clockwise in the plane (along towards across), then out of it (along towards depth).
    angle, tilt = np.deg2rad([angle_deg, tilt_deg])
    plane = np.array(
        [
            [1.0, 0.0, 0.0],
            [0.0, np.cos(angle), -np.sin(angle)],
            [0.0, np.sin(angle), np.cos(angle)],
        ]
    )
    lift = np.array(
        [
            [np.cos(tilt), np.sin(tilt), 0.0],
            [-np.sin(tilt), np.cos(tilt), 0.0],
            [0.0, 0.0, 1.0],
        ]
    )
    turned: FloatArray = plane @ lift
    return turned
