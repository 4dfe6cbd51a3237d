"""Frozen values as JSON and back, to the last bit: what the record keeps of a measurement.

Numbers keep every digit (Python writes the shortest text that reads back as the same number).
"""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np

Value = TypeVar("Value")

TYPE = "type"
"""Key under which a dataclass says which one it is."""


def encode(value: object) -> Any:
    """Turn a value into what JSON can hold.

    Parameters
    ----------
    value : object
        Dataclasses, mappings, tuples, sets, float arrays, dates, enums, text, numbers and None.

    Raises
    ------
    TypeError
        If it holds anything else.
    """
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        cells = {item.name: encode(getattr(value, item.name)) for item in fields(value)}
        return {TYPE: type(value).__name__, **cells}
    return _encode_many(value)


def decode(kind: type[Value], value: object) -> Value:
    """Read what `encode` wrote.

    Raises
    ------
    ValueError
        If it is no such value: it is damaged, or another version wrote it.
    """
    try:
        read: Value = _decode(kind, value)
    except (TypeError, KeyError, AttributeError, StopIteration) as error:
        raise ValueError(f"no {kind.__name__}: {type(error).__name__}") from None
    return read


def _encode_many(value: object) -> Any:
    if isinstance(value, np.ndarray):
        return value.astype(np.float64).tolist()
    if isinstance(value, Mapping):
        return [[encode(key), encode(item)] for key, item in value.items()]
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(encode(item) for item in value)
    raise TypeError(f"a {type(value).__name__} cannot be kept")


def _decode(kind: Any, value: Any) -> Any:
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        return None if value is None else _decode(_chosen(inside, value), value)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(
            **{
                item.name: _decode(hints[item.name], value[item.name])
                for item in fields(kind)
                # What a newer version added has its default in what an older one wrote.
                if item.name in value or item.default is MISSING
            }
        )
    if origin is np.ndarray:
        return np.asarray(value, dtype=np.float64)
    if origin is tuple:
        kinds = inside[:1] * len(value) if inside[-1] is Ellipsis else inside
        return tuple(_decode(one, item) for one, item in zip(kinds, value, strict=True))
    if origin is frozenset:
        return frozenset(_decode(inside[0], item) for item in value)
    if origin is Mapping:
        return {_decode(inside[0], key): _decode(inside[1], item) for key, item in value}
    return _decode_plain(kind, value)


def _chosen(kinds: tuple[Any, ...], value: Any) -> Any:
    """Pick the member of a union that a value is of; None is none of them."""
    known = [kind for kind in kinds if kind is not type(None)]
    if len(known) == 1:
        return known[0]
    return next(kind for kind in known if kind.__name__ == value[TYPE])


def _decode_plain(kind: Any, value: Any) -> Any:
    if kind is date:
        return date.fromisoformat(value)
    if issubclass(kind, StrEnum):
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} needed")
    return value
