"""Views of trading as JSON: dollars and contracts as decimal strings, exactly, under the names of the view's fields."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from kalshi_tui.core.units import Money, Price, Size, format_money, format_price, format_size
from kalshi_tui.link.trading import LimitRow

_FORMATS: Final[dict[Any, Callable[[Any], str]]] = {Price: format_price, Size: format_size, Money: format_money}
_UNIONS: Final = (Union, types.UnionType)


def plain(view: Struct) -> dict[str, Any]:
    """Return a view, or a row of one, as programs read it."""
    if isinstance(view, LimitRow):
        return _limit(view)
    return {name: _value(getattr(view, name), kind) for name, kind in _hints(type(view)).items()}


def _limit(row: LimitRow) -> dict[str, Any]:
    """Write a limit by its unit: its numbers are money, sizes or counts."""
    kind: Any = {"dollars": Money, "contracts": Size}.get(row.unit, int)
    return {"name": row.name, "used": _value(row.used, kind), "limit": _value(row.limit, kind), "unit": row.unit}


def _value(value: Any, kind: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Struct):
        return plain(value)
    if get_origin(kind) in _UNIONS:
        kind = next(part for part in get_args(kind) if part is not type(None))
    if isinstance(value, tuple):
        return _tuple(value, get_args(kind))
    return _FORMATS[kind](value) if kind in _FORMATS else value


def _tuple(values: tuple[Any, ...], kinds: tuple[Any, ...]) -> list[Any]:
    if kinds[-1] is Ellipsis:
        return [_value(value, kinds[0]) for value in values]
    return [_value(value, kind) for value, kind in zip(values, kinds, strict=True)]


@cache
def _hints(kind: type[Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind.__struct_fields__}
