"""Our own ids: stable over re-runs, made of content and parameters, never of names."""

import hashlib
import json

from cctrack.model import LabelArray

ID_LENGTH = 12
"""Hex digits of an id: 48 bits, so that a million images collide with probability 2e-3 %."""


def image_id(sha256: str) -> str:
    """Id of an image from the hash of its content, so that a reader's mask finds it again."""
    return sha256[:ID_LENGTH]


def row_id(*parts: object) -> str:
    """Id of a table row from everything that determined it."""
    text = json.dumps([str(part) for part in parts], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:ID_LENGTH]


def labels_hash(labels: LabelArray) -> str:
    """Short hash of a label image, which tells one outline from another."""
    digest = hashlib.sha256(repr(labels.shape).encode())
    for plane in labels:
        digest.update(plane.astype("<u2").tobytes())
    return digest.hexdigest()[:ID_LENGTH]
