"""A measured image without its pixels: what the record keeps, and the image made whole again."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cctrack.calibrate.options import PhotoScaleOptions
from cctrack.errors import StudyError, UnreadableImage
from cctrack.model import Because, Finding, Flag, Image, Outline, Scale
from cctrack.model.codes import Method
from cctrack.study.coded import decode, encode
from cctrack.study.pipeline import Measured
from cctrack.study.reader import Said

LEVEL = 6
"""Of zlib, its own default: labels are mostly long runs, which any level packs."""

CHANGED = "its files were changed while they were measured; run again"

DAMAGED = "what the record keeps of a measurement cannot be read; put a copy of the record back"


@dataclass(frozen=True, slots=True)
class Packed:
    """A measured image without its pixels.

    Attributes
    ----------
    state : bytes
        JSON: scale, flags, findings, what was said, and the outline without its arrays.
    labels : bytes
        Packed uint16 array, shape of the image.
    tissue : bytes
        Packed bool array of the same shape; empty where the site's tissue was not found.
    """

    state: bytes
    labels: bytes
    tissue: bytes = b""


@dataclass(frozen=True, slots=True)
class _State:
    """The part of a measurement that is JSON."""

    sha256: str
    scale: Scale | None
    flags: frozenset[Flag]
    sizes: PhotoScaleOptions
    findings: tuple[Finding, ...]
    parameters: str
    method: Method
    border_sd_px: float
    outline_flags: frozenset[Flag]
    detection_limit_px: float
    selection_log_sd: float
    doubt: float
    lesion_flags: Mapping[int, frozenset[Flag]] = field(default_factory=dict)
    lesion_depth_mm: Mapping[int, float] = field(default_factory=dict)
    lesion_border_sd_px: Mapping[int, float] = field(default_factory=dict)


OF_OUTLINE = tuple(item.name for item in fields(Outline) if item.name in _State.__slots__)
"""Fields that an outline and its state share."""


def pack(measured: Measured) -> Packed:
    """Take from a measurement what cannot be had by reading its image again."""
    outline = measured.outline
    state = _State(
        sha256=measured.image.provenance.sha256,
        sizes=measured.sizes,
        scale=measured.image.scale,
        flags=measured.image.flags,
        findings=measured.findings,
        parameters=measured.parameters,
        outline_flags=outline.flags,
        **{name: getattr(outline, name) for name in OF_OUTLINE if name != "flags"},
    )
    tissue = outline.soft_tissue
    said = {"said": dict(measured.said), **encode(state)}
    return Packed(
        json.dumps(said, sort_keys=True, ensure_ascii=True).encode("ascii"),
        zlib.compress(outline.labels.astype("<u2").tobytes(), LEVEL),
        zlib.compress(np.packbits(tissue).tobytes(), LEVEL) if tissue is not None else b"",
    )


def unpack(image: Image, packed: Packed) -> Measured:
    """Put a measurement back on its image.

    Parameters
    ----------
    image : Image
        As read: without what measuring found out.
    packed : Packed

    Raises
    ------
    UnreadableImage
        If the measurement is of another image.
    StudyError
        If it cannot be read.
    """
    try:
        said: dict[str, Any] = json.loads(packed.state)
        state = decode(_State, said)
        if state.sha256 != image.provenance.sha256:
            raise UnreadableImage(Because.CHANGED, CHANGED)
        outline = _outline(image.shape, state, packed)
    except (ValueError, KeyError, zlib.error):
        raise StudyError(DAMAGED) from None
    scaled: Image = replace(image, scale=state.scale, flags=state.flags)  # type: ignore[arg-type]
    return Measured(
        image=scaled,
        outline=outline,
        findings=state.findings,
        sizes=state.sizes,
        parameters=state.parameters,
        said=_said_of(said),
    )


def _said_of(state: Mapping[str, Any]) -> Mapping[str, Said]:
    said: Mapping[str, Said] = state["said"]
    return said


def _outline(shape: tuple[int, ...], state: _State, packed: Packed) -> Outline:
    labels = np.frombuffer(zlib.decompress(packed.labels), dtype="<u2").astype(np.uint16)
    shared = {name: getattr(state, name) for name in OF_OUTLINE if name != "flags"}
    return Outline(
        labels=labels.reshape(shape),
        flags=state.outline_flags,
        soft_tissue=_tissue(shape, packed.tissue),
        **shared,
    )


def _tissue(shape: tuple[int, ...], packed: bytes) -> NDArray[np.bool_] | None:
    if not packed:
        return None
    bits = np.frombuffer(zlib.decompress(packed), dtype=np.uint8)
    count = int(np.prod(shape))
    return np.unpackbits(bits, count=count).astype(bool).reshape(shape)
