"""What + - * / ** and the comparisons do. Each takes the run, so that a null has a reason."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from .notes import Run
from .temporal import (
    DAY,
    NANO,
    Date,
    DateTime,
    Months,
    Span,
    Time,
    add_days,
    add_months,
    at_midnight,
    from_local,
)
from .values import MATH, equal, kind, order

Binary = Callable[[Run, Any, Any], Any]


def add(run: Run, a: Any, b: Any) -> Any:
    """Add numbers, join texts, move a point in time, add durations."""
    if type(a) is Decimal and type(b) is Decimal:
        return _math(run, MATH.add, a, b)
    if isinstance(a, str) and isinstance(b, str):
        run.lettered(len(a) + len(b))
        return a + b
    if isinstance(a, Months | Span) and isinstance(b, Date | DateTime | Time):
        a, b = b, a
    if isinstance(b, Months):
        if isinstance(a, Months):
            return Months(a.months + b.months)
        if isinstance(a, Date | DateTime):
            return _bounded(run, _months_later(a, b.months))
    if isinstance(b, Span):
        if isinstance(a, Span):
            return Span(a.nanos + b.nanos)
        if isinstance(a, Date | DateTime | Time):
            return _bounded(run, _later(a, b.nanos))
    return _cannot(run, "+", a, b)


def subtract(run: Run, a: Any, b: Any) -> Any:
    """Subtract numbers, durations, and points in time."""
    if type(a) is Decimal and type(b) is Decimal:
        return _math(run, MATH.subtract, a, b)
    if isinstance(b, Months):
        if isinstance(a, Months):
            return Months(a.months - b.months)
        if isinstance(a, Date | DateTime):
            return _bounded(run, _months_later(a, -b.months))
    elif isinstance(b, Span):
        if isinstance(a, Span):
            return Span(a.nanos - b.nanos)
        if isinstance(a, Date | DateTime | Time):
            return _bounded(run, _later(a, -b.nanos))
    elif isinstance(a, Time) and isinstance(b, Time):
        if (a.zone is None) is (b.zone is None):
            return Span(a.instant() - b.instant())
    elif isinstance(a, Date | DateTime) and isinstance(b, Date | DateTime):
        x = at_midnight(a) if isinstance(a, Date) else a
        y = at_midnight(b) if isinstance(b, Date) else b
        if (x.zone is None) is (y.zone is None):
            return Span(x.instant() - y.instant())
    return _cannot(run, "-", a, b)


def multiply(run: Run, a: Any, b: Any) -> Any:
    """Multiply numbers, or a duration by a number."""
    if type(a) is Decimal:
        if type(b) is Decimal:
            return _math(run, MATH.multiply, a, b)
        a, b = b, a
    if type(b) is Decimal:
        if isinstance(a, Months):
            return _bounded(run, _scaled(a, b))
        if isinstance(a, Span):
            return _bounded(run, _scaled(a, b))
    return _cannot(run, "*", a, b)


def divide(run: Run, a: Any, b: Any) -> Any:
    """Divide numbers, a duration by a number, or one duration by another of its kind."""
    if type(b) is Decimal:
        if b == 0:
            return run.null("除数为零", "division by zero")
        if type(a) is Decimal:
            return _math(run, MATH.divide, a, b)
        if isinstance(a, Months | Span):
            return _bounded(run, _scaled(a, b, over=True))
    if isinstance(a, Months) and isinstance(b, Months) and b.months:
        return MATH.divide(Decimal(a.months), Decimal(b.months))
    if isinstance(a, Span) and isinstance(b, Span) and b.nanos:
        return MATH.divide(Decimal(a.nanos), Decimal(b.nanos))
    return _cannot(run, "/", a, b)


def power(run: Run, a: Any, b: Any) -> Any:
    """Raise a number to a power."""
    if type(a) is Decimal and type(b) is Decimal:
        if a == 0 and b == 0:
            return Decimal(1)
        return _math(run, MATH.power, a, b)
    return _cannot(run, "**", a, b)


def negate(run: Run, a: Any) -> Any:
    """Return a number or duration with the other sign."""
    if type(a) is Decimal:
        return MATH.minus(a)
    if isinstance(a, Months):
        return Months(-a.months)
    if isinstance(a, Span):
        return Span(-a.nanos)
    return run.null(f"不能取{kind(a)}的负", f"a {kind(a)} has no negative")


ARITHMETIC: dict[str, Binary] = {"+": add, "-": subtract, "*": multiply, "/": divide, "**": power}


def same(run: Run, a: Any, b: Any) -> Any:
    """Answer `=`; null when the two are of different kinds."""
    found = equal(a, b)
    return run.null(*_uncomparable(a, b)) if found is None else found


def differ(run: Run, a: Any, b: Any) -> Any:
    """Answer `!=`."""
    found = equal(a, b)
    return run.null(*_uncomparable(a, b)) if found is None else not found


def less(run: Run, a: Any, b: Any) -> Any:
    """Answer `<`."""
    found = order(a, b)
    return run.null(*_uncomparable(a, b)) if found is None else found < 0


def at_most(run: Run, a: Any, b: Any) -> Any:
    """Answer `<=`."""
    found = order(a, b)
    return run.null(*_uncomparable(a, b)) if found is None else found <= 0


def more(run: Run, a: Any, b: Any) -> Any:
    """Answer `>`."""
    found = order(a, b)
    return run.null(*_uncomparable(a, b)) if found is None else found > 0


def at_least(run: Run, a: Any, b: Any) -> Any:
    """Answer `>=`."""
    found = order(a, b)
    return run.null(*_uncomparable(a, b)) if found is None else found >= 0


COMPARE: dict[str, Binary] = {"=": same, "!=": differ, "<": less, "<=": at_most, ">": more, ">=": at_least}


def _math(run: Run, how: Callable[[Decimal, Decimal], Decimal], a: Decimal, b: Decimal) -> Any:
    try:
        return how(a, b)
    except decimal.DecimalException:
        return run.null("结果不是数或超出范围", "the result is not a number, or out of range")


def _months_later(point: Date | DateTime, months: int) -> Date | DateTime | None:
    if isinstance(point, Date):
        return add_months(point, months)
    date = add_months(point.date, months)
    return DateTime(date, point.time) if date else None


def _later(point: Date | DateTime | Time, nanos: int) -> Date | DateTime | Time | None:
    if isinstance(point, Date):
        return add_days(point, nanos // (DAY * NANO))
    if isinstance(point, DateTime):
        return from_local(point.local() + nanos, point.zone)
    total = (point.seconds * NANO + point.nano + nanos) % (DAY * NANO)
    seconds, nano = divmod(total, NANO)
    return Time(seconds // 3600, seconds // 60 % 60, seconds % 60, nano, point.zone)


def _scaled(length: Months | Span, by: Decimal, *, over: bool = False) -> Months | Span | None:
    size = length.months if isinstance(length, Months) else length.nanos
    try:
        exact = MATH.divide(Decimal(size), by) if over else MATH.multiply(Decimal(size), by)
    except decimal.DecimalException:
        return None
    if exact.adjusted() > 30:
        return None
    return Months(int(exact)) if isinstance(length, Months) else Span(int(exact))


def _bounded(run: Run, found: Any) -> Any:
    return (
        run.null("结果超出日期或期间的范围", "the result is beyond the calendar") if found is None else found
    )


def _cannot(run: Run, sign: str, a: Any, b: Any) -> Any:
    return run.null(f"{kind(a)} {sign} {kind(b)} 没有意义", f"{kind(a)} {sign} {kind(b)} has no meaning")


def _uncomparable(a: Any, b: Any) -> tuple[str, str]:
    return f"{kind(a)}与{kind(b)}不能比较", f"a {kind(a)} cannot be compared with a {kind(b)}"
