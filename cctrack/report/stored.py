"""Report content as JSON and back, so that a report can be written again without measuring."""

import base64
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Content = TypeVar("Content")


def to_json(value: object) -> object:
    """Turn frozen report content into what JSON can hold; fields that are None are left out.

    Raises
    ------
    TypeError
        If it holds anything but dataclasses, tuples, sets, dates, bytes, text and numbers.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(to_json(item) for item in value)  # type: ignore[type-var]
    if is_dataclass(value) and not isinstance(value, type):
        known = {item.name: getattr(value, item.name) for item in fields(value)}
        return {name: to_json(item) for name, item in known.items() if item is not None}
    raise TypeError(f"{type(value).__name__} cannot be stored")


def from_json(kind: type[Content], value: object) -> Content:
    """Read what `to_json` wrote.

    Raises
    ------
    ValueError
        If it is not what ``kind`` needs: another version wrote it, or it is damaged.
    """
    try:
        read: Content = _read(kind, value)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"no stored {kind.__name__}: {type(error).__name__}") from None
    return read


def _read(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        return _read_fields(kind, value)
    origin = get_origin(kind)
    if origin in (types.UnionType, Union):
        (wanted,) = (item for item in get_args(kind) if item is not type(None))
        return None if value is None else _read(wanted, value)
    if origin is tuple:
        return _read_tuple(get_args(kind), value)
    if origin is frozenset:
        return frozenset(_read(get_args(kind)[0], item) for item in value)
    return _read_plain(kind, value)


def _read_fields(kind: Any, value: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    return kind(
        **{item.name: _read(hints[item.name], value.get(item.name)) for item in fields(kind)}
    )


def _read_tuple(kinds: tuple[Any, ...], value: list[Any]) -> tuple[Any, ...]:
    if kinds[-1] is Ellipsis:
        return tuple(_read(kinds[0], item) for item in value)
    return tuple(_read(kind, item) for kind, item in zip(kinds, value, strict=True))


def _read_plain(kind: Any, value: Any) -> Any:
    if kind is date:
        return date.fromisoformat(value)
    if kind is bytes:
        return base64.b64decode(value, validate=True)
    if issubclass(kind, StrEnum):
        return kind(value)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} needed")
    return value
