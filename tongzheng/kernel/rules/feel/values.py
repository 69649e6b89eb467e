"""What a FEEL value is in Python, and how two of them are compared.

null None · number Decimal · string str · boolean bool · list list · context dict · and the classes below and in
`temporal`. Decimal arithmetic is IEEE 754 decimal128: 34 digits, half even.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date as py_date
from datetime import datetime as py_datetime
from datetime import time as py_time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from .temporal import NANO, Date, DateTime, Months, Span, Time

MATH = decimal.Context(
    prec=34,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)


@dataclass(frozen=True, slots=True)
class Range:
    """An interval; an end that is None and open is without bound."""

    start: Any
    end: Any
    start_included: bool
    end_included: bool


@dataclass(slots=True, eq=False)
class Function:
    """Something that can be called: what its parameters are called, their types, and how."""

    names: tuple[str, ...]
    call: Callable[..., Any]
    types: tuple[Any, ...] = ()
    result: Any = None
    variadic: bool = False
    label: str = ""


def kind(value: Any) -> str:
    """Return the name of the value's type as FEEL calls it."""
    if value is None:
        return "Null"
    return KINDS.get(type(value), "Any")


KINDS: dict[type, str] = {
    bool: "boolean",
    Decimal: "number",
    str: "string",
    list: "list",
    dict: "context",
    Date: "date",
    Time: "time",
    DateTime: "date and time",
    Months: "years and months duration",
    Span: "days and time duration",
    Range: "range",
    Function: "function",
}


def equal(a: Any, b: Any) -> bool | None:
    """Tell whether two values are equal; None when they are of different kinds."""
    if a is None or b is None:
        return a is b
    if type(a) is not type(b):
        return None
    if isinstance(a, list):
        if len(a) != len(b):
            return False
        return all(equal(x, y) is True for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) is True for key in a)
    if isinstance(a, DateTime):
        return _moment(a) == _moment(b)
    if isinstance(a, Time):
        return _clock(a) == _clock(b)
    if isinstance(a, Range):
        return (
            a.start_included == b.start_included
            and a.end_included == b.end_included
            and equal(a.start, b.start) is True
            and equal(a.end, b.end) is True
        )
    return bool(a == b)


def _moment(value: DateTime) -> tuple[bool, int]:
    return value.zone is None, value.instant()


def _clock(value: Time) -> tuple[bool, int]:
    return value.zone is None, value.instant()


def order(a: Any, b: Any) -> int | None:
    """Return -1, 0 or 1, or None when the two cannot be ordered."""
    if type(a) is not type(b):
        return None
    if isinstance(a, Decimal | str | Date | Months | Span):
        return -1 if a < b else (1 if b < a else 0)
    if isinstance(a, DateTime | Time):
        x, y = a.instant(), b.instant()
        return -1 if x < y else (1 if y < x else 0)
    return None


def inside(value: Any, span: Range) -> bool | None:
    """Tell whether a value lies in a range; None when they cannot be compared."""
    if value is None:
        return None
    if span.start is not None:
        low = order(span.start, value)
        if low is None:
            return None
        if low > 0 or (low == 0 and not span.start_included):
            return False
    if span.end is not None:
        high = order(value, span.end)
        if high is None:
            return None
        if high > 0 or (high == 0 and not span.end_included):
            return False
    if span.start is None and span.end is None:
        return None
    return True


def _number(value: float | Decimal) -> Decimal:
    try:
        found = MATH.create_decimal(repr(value) if isinstance(value, float) else value)
    except decimal.DecimalException:
        raise TypeError("a number is out of range") from None
    if not found.is_finite():
        raise TypeError("a number must be finite")
    return found


def from_python(value: Any) -> Any:
    """Return the FEEL value of a plain Python one (JSON, dates, times); FEEL values stay as they are.

    Raises TypeError when there is none.
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(value)
    if value is None or (type(value) in KINDS and not isinstance(value, list | dict)):
        return value
    if isinstance(value, bool | str):
        return value
    if isinstance(value, list | tuple):
        return [from_python(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): from_python(item) for key, item in value.items()}
    if isinstance(value, py_datetime):
        offset = value.utcoffset()
        zone = None if offset is None else int(offset.total_seconds())
        clock = Time(value.hour, value.minute, value.second, value.microsecond * 1000, zone)
        return DateTime(Date(value.year, value.month, value.day), clock)
    if isinstance(value, py_date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, py_time):
        return Time(value.hour, value.minute, value.second, value.microsecond * 1000)
    if isinstance(value, timedelta):
        return Span((value.days * 86_400 + value.seconds) * NANO + value.microseconds * 1000)
    raise TypeError(f"{type(value).__name__} is no FEEL value")


def _fraction(value: Decimal) -> float | str:
    """Return the float that reads back as the same number, or its digits."""
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)


def to_plain(value: Any) -> Any:
    """Return a value as JSON can keep it: numbers as int or text of digits, times as ISO text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        whole = value == value.to_integral_value() and abs(value) < 10**15
        return int(value) if whole else _fraction(value)
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: to_plain(item) for key, item in value.items()}
    if isinstance(value, Range):
        left, right = "[" if value.start_included else "(", "]" if value.end_included else ")"
        return f"{left}{to_plain(value.start)}..{to_plain(value.end)}{right}"
    return str(value) if not isinstance(value, Function) else f"function({', '.join(value.names)})"
