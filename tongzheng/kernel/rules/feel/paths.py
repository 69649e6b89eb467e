"""What stands after a dot: entries of contexts, and the properties of dates, times, durations and ranges."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .notes import Run
from .temporal import NANO, Date, DateTime, Months, Span, Time, offset_of, weekday
from .values import MATH, Range, kind

Property = Callable[[Any], Any]


def _number(value: int) -> Decimal:
    return Decimal(value)


def _offset(value: DateTime | Time) -> Span | None:
    zone = value.zone
    if zone is None:
        return None
    date, clock = (value.date, value.time) if isinstance(value, DateTime) else (Date(1970, 1, 1), value)
    return Span(offset_of(zone, date, clock.seconds) * NANO)


def _zone(value: DateTime | Time) -> str | None:
    return value.zone if isinstance(value.zone, str) else None


def _seconds(second: int, nano: int) -> Decimal:
    return MATH.add(Decimal(second), MATH.scaleb(Decimal(nano), -9)) if nano else Decimal(second)


def _sized(months: int) -> tuple[int, int]:
    years, rest = divmod(abs(months), 12)
    return (-years, -rest) if months < 0 else (years, rest)


PROPERTIES: dict[type, dict[str, Property]] = {
    Date: {
        "year": lambda v: _number(v.year),
        "month": lambda v: _number(v.month),
        "day": lambda v: _number(v.day),
        "weekday": lambda v: _number(weekday(v)),
    },
    Time: {
        "hour": lambda v: _number(v.hour),
        "minute": lambda v: _number(v.minute),
        "second": lambda v: _seconds(v.second, v.nano),
        "time offset": _offset,
        "timezone": _zone,
    },
    DateTime: {
        "year": lambda v: _number(v.date.year),
        "month": lambda v: _number(v.date.month),
        "day": lambda v: _number(v.date.day),
        "weekday": lambda v: _number(weekday(v.date)),
        "hour": lambda v: _number(v.time.hour),
        "minute": lambda v: _number(v.time.minute),
        "second": lambda v: _seconds(v.time.second, v.time.nano),
        "time offset": _offset,
        "timezone": _zone,
    },
    Months: {
        "years": lambda v: _number(_sized(v.months)[0]),
        "months": lambda v: _number(_sized(v.months)[1]),
    },
    Span: {
        "days": lambda v: _number(v.parts()[0]),
        "hours": lambda v: _number(v.parts()[1]),
        "minutes": lambda v: _number(v.parts()[2]),
        "seconds": lambda v: _seconds(v.parts()[3], v.parts()[4]),
    },
    Range: {
        "start": lambda v: v.start,
        "end": lambda v: v.end,
        "start included": lambda v: v.start_included,
        "end included": lambda v: v.end_included,
    },
}


def follow(run: Run, value: Any, name: str) -> Any:
    """Return what a value has under the name; a list gives a list."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        return run.null(f"没有条目“{name}”", f"there is no entry {name!r}")
    if isinstance(value, list):
        run.sized(len(value))
        return [follow(run, item, name) for item in value]
    known = PROPERTIES.get(type(value))
    if known and name in known:
        return known[name](value)
    return run.null(f"{kind(value)}没有“{name}”", f"a {kind(value)} has no {name!r}")
