"""Filters, loops and quantifiers, for expressions and boxed expressions alike."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from .scope import Code, Env
from .temporal import Date, add_days, date_of, days
from .values import Range, kind, order


def filtered(env: Env, value: Any, match: Code) -> Any:
    """Return the item at a place, or the items for which the condition holds."""
    run = env.run
    if value is None:
        return run.null("null 没有可筛选的项", "null has no items to filter")
    items = value if isinstance(value, list) else [value]
    kept: list[Any] = []
    for number, item in enumerate(items):
        run.tick()
        inner = Env({"item": item}, run, env)
        if isinstance(item, dict):
            inner = Env(item, run, inner)
        verdict = match(inner)
        if verdict is True:
            kept.append(item)
        elif type(verdict) is Decimal and number == 0:
            return _at_place(env, items, verdict)
        elif verdict is not None and verdict is not False:
            return run.null("筛选条件须是布尔值或位置", "a filter is a condition or a position")
    if not items:
        notes = len(run.notes)
        verdict = match(Env({"item": None}, run, env))
        del run.notes[notes:]
        if type(verdict) is Decimal:
            return _at_place(env, items, verdict)
    return kept


def _at_place(env: Env, items: list[Any], number: Decimal) -> Any:
    place = int(number)
    if place == 0 or abs(place) > len(items) or place != number:
        return env.run.null("位置超出列表", "the position is outside the list")
    return items[place - 1 if place > 0 else place]


def domain(env: Env, value: Any) -> Any:
    """Return what a loop runs over: a list, the whole numbers or days of a range, or one value."""
    if isinstance(value, list):
        return iter(value)
    if isinstance(value, Range):
        if not (value.start_included and value.end_included):
            low, high = _closed(value)
            return counted(env, low, high) if low is not None and order(low, high) in (-1, 0) else iter(())
        return counted(env, value.start, value.end)
    if value is None:
        return env.run.null("null 不能遍历", "null cannot be looped over")
    return iter([value])


def _closed(span: Range) -> tuple[Any, Any]:
    """Return the first and last whole value inside a range that leaves out an end."""
    low, high = span.start, span.end
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        return low + (not span.start_included), high - (not span.end_included)
    if isinstance(low, Date) and isinstance(high, Date):
        return add_days(low, int(not span.start_included)), add_days(high, -int(not span.end_included))
    return low, high


def counted(env: Env, start: Any, end: Any) -> Any:
    """Return the whole numbers or days from one end to the other, upwards or downwards."""
    if isinstance(start, Decimal) and isinstance(end, Decimal):
        if (
            start == start.to_integral_value()
            and end == end.to_integral_value()
            and start.adjusted() < 30 > end.adjusted()
        ):
            return (Decimal(number) for number in _span(int(start), int(end)))
    elif isinstance(start, Date) and isinstance(end, Date):
        return (date_of(number) for number in _span(days(start), days(end)))
    return env.run.null(
        "只能遍历整数或日期的范围", "only ranges of whole numbers or dates can be looped over"
    )


def _span(start: int, end: int) -> range:
    return range(start, end + 1) if start <= end else range(start, end - 1, -1)


class _Stop(Exception):
    """A domain is null, so the whole loop is."""


def _rounds(env: Env, pairs: list[tuple[str, Code]]) -> Iterator[Env]:
    name, code = pairs[0]
    values = code(env)
    if values is None:
        raise _Stop
    for value in values:
        env.run.tick()
        inner = Env({name: value}, env.run, env)
        if len(pairs) == 1:
            yield inner
        else:
            yield from _rounds(inner, pairs[1:])


def looped(env: Env, pairs: list[tuple[str, Code]], body: Code, *, partial: bool = False) -> Any:
    """Run a `for`: the body for every combination, in order; `partial` is what came so far."""
    found: list[Any] = []
    limit = env.run.limits.items
    try:
        for inner in _rounds(env, pairs):
            if partial:
                env.run.tick(1 + len(found) // 8)
                inner.vars["partial"] = list(found)
            found.append(body(inner))
            if len(found) > limit:
                env.run.sized(len(found))
    except _Stop:
        return None
    return found


def quantified(env: Env, pairs: list[tuple[str, Code]], body: Code, wanted: bool) -> Any:
    """Run `some` (wanted True) or `every` (wanted False)."""
    unknown = met = False
    try:
        for inner in _rounds(env, pairs):
            verdict = body(inner)
            if verdict is wanted:
                met = True
            elif verdict is None:
                unknown = True
            elif not isinstance(verdict, bool):
                return env.run.null(
                    f"条件须是布尔值，得到{kind(verdict)}", f"the condition is a {kind(verdict)}"
                )
    except _Stop:
        return None
    return wanted if met else (None if unknown else not wanted)
