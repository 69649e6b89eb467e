"""Built-in functions on numbers, and those that make one number of many."""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Any

from .functions import feel
from .notes import Run
from .values import MATH, order

WIDE = decimal.Context(prec=12_500, Emin=-13_000, Emax=13_000, traps=[decimal.InvalidOperation])
"""Room for rounding at any scale that is allowed; the result is brought back to 34 digits."""
SCALES = range(-6111, 6177)


def _round(run: Run, n: Decimal, scale: Decimal, how: str) -> Any:
    if (places := int(scale)) not in SCALES:
        return run.null("小数位数超出范围", "the scale is out of range")
    exponent = n.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent <= places:
        return n
    if n.adjusted() + 1 < -places - 1:
        n = Decimal((n.as_tuple().sign, (1,) if n else (0,), -places - 2))
    found = n.quantize(Decimal((0, (1,), -places)), rounding=how, context=WIDE)
    return MATH.plus(found)


@feel("decimal", "n:n, scale:n", returns="n")
def feel_decimal(run: Run, n: Decimal, scale: Decimal) -> Any:
    return _round(run, n, scale, decimal.ROUND_HALF_EVEN)


@feel("round up", "n:n, scale:n", returns="n")
def round_up(run: Run, n: Decimal, scale: Decimal) -> Any:
    return _round(run, n, scale, decimal.ROUND_UP)


@feel("round down", "n:n, scale:n", returns="n")
def round_down(run: Run, n: Decimal, scale: Decimal) -> Any:
    return _round(run, n, scale, decimal.ROUND_DOWN)


@feel("round half up", "n:n, scale:n", returns="n")
def round_half_up(run: Run, n: Decimal, scale: Decimal) -> Any:
    return _round(run, n, scale, decimal.ROUND_HALF_UP)


@feel("round half down", "n:n, scale:n", returns="n")
def round_half_down(run: Run, n: Decimal, scale: Decimal) -> Any:
    return _round(run, n, scale, decimal.ROUND_HALF_DOWN)


@feel("floor", "n:n", "n:n, scale:n", returns="n")
def floor(run: Run, n: Decimal, scale: Decimal = Decimal(0)) -> Any:
    return _round(run, n, scale, decimal.ROUND_FLOOR)


@feel("ceiling", "n:n", "n:n, scale:n", returns="n")
def ceiling(run: Run, n: Decimal, scale: Decimal = Decimal(0)) -> Any:
    found = _round(run, n, scale, decimal.ROUND_CEILING)
    return abs(found) if found == 0 else found


@feel("abs", "n:n", returns="n")
def feel_abs(run: Run, n: Decimal) -> Any:
    return MATH.abs(n)


@feel("abs", "n:u")
def abs_duration(run: Run, n: Any) -> Any:
    size = n.months if hasattr(n, "months") else n.nanos
    return type(n)(abs(size))


@feel("modulo", "dividend:n, divisor:n", returns="n")
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> Any:
    if divisor == 0:
        return run.null("除数为零", "division by zero")
    try:
        rest = WIDE.remainder(dividend, divisor)
        if rest and (rest < 0) is not (divisor < 0):
            rest = WIDE.add(rest, divisor)
        return MATH.plus(rest)
    except decimal.DecimalException:
        return run.null("结果不是数或超出范围", "the result is not a number, or out of range")


@feel("sqrt", "number:n", returns="n")
def sqrt(run: Run, number: Decimal) -> Any:
    if number < 0:
        return run.null("负数没有平方根", "a negative number has no square root")
    return MATH.sqrt(number)


@feel("log", "number:n", returns="n")
def log(run: Run, number: Decimal) -> Any:
    if number <= 0:
        return run.null("只有正数才有对数", "only a positive number has a logarithm")
    return MATH.ln(number)


@feel("exp", "number:n", returns="n")
def exp(run: Run, number: Decimal) -> Any:
    try:
        return MATH.exp(number)
    except decimal.DecimalException:
        return run.null("结果超出范围", "the result is out of range")


def _integer(run: Run, number: Decimal) -> Any:
    if number != number.to_integral_value():
        return run.null("不是整数", "it is no integer")
    return int(WIDE.remainder(number, Decimal(2)))


@feel("odd", "number:n", returns="b")
def odd(run: Run, number: Decimal) -> Any:
    rest = _integer(run, number)
    return None if rest is None else rest != 0


@feel("even", "number:n", returns="b")
def even(run: Run, number: Decimal) -> Any:
    rest = _integer(run, number)
    return None if rest is None else rest == 0


def _numbers(run: Run, items: tuple[Any, ...]) -> Any:
    found = _spread(items)
    run.tick(len(found))
    for item in found:
        if type(item) is not Decimal:
            return run.null("列表里有不是数的项", "the list has an item that is no number")
    return found


def _spread(items: tuple[Any, ...]) -> list[Any]:
    return items[0] if len(items) == 1 and isinstance(items[0], list) else list(items)


@feel("sum", "list:l", "n:a*", returns="n")
def feel_sum(run: Run, *items: Any) -> Any:
    numbers = _numbers(run, items)
    if not numbers:
        return None
    return _total(run, numbers)


def _total(run: Run, numbers: list[Decimal]) -> Any:
    total = Decimal(0)
    try:
        for number in numbers:
            total = MATH.add(total, number)
    except decimal.DecimalException:
        return run.null("结果超出范围", "the result is out of range")
    return total


@feel("product", "list:l", "n:a*", returns="n")
def product(run: Run, *items: Any) -> Any:
    numbers = _numbers(run, items)
    if not numbers:
        return run.null("列表是空的", "the list is empty")
    total = Decimal(1)
    try:
        for number in numbers:
            total = MATH.multiply(total, number)
    except decimal.DecimalException:
        return run.null("结果超出范围", "the result is out of range")
    return total


@feel("mean", "list:l", "n:a*", returns="n")
def mean(run: Run, *items: Any) -> Any:
    numbers = _numbers(run, items)
    if not numbers:
        return run.null("列表是空的", "the list is empty")
    total = _total(run, numbers)
    return None if total is None else MATH.divide(total, Decimal(len(numbers)))


@feel("median", "list:l", "n:a*", returns="n")
def median(run: Run, *items: Any) -> Any:
    numbers = _numbers(run, items)
    if not numbers:
        return None
    numbers = sorted(numbers)
    middle = len(numbers) // 2
    if len(numbers) % 2:
        return numbers[middle]
    total = _total(run, numbers[middle - 1 : middle + 1])
    return None if total is None else MATH.divide(total, Decimal(2))


@feel("stddev", "list:l", "n:a*", returns="n")
def stddev(run: Run, *items: Any) -> Any:
    numbers = _numbers(run, items)
    if numbers is None or len(numbers) < 2:
        return run.null("至少要有两个数", "it takes two numbers at least")
    try:
        total = _total(run, numbers)
        if total is None:
            return None
        middle = MATH.divide(total, Decimal(len(numbers)))
        squares = Decimal(0)
        for number in numbers:
            gap = MATH.subtract(number, middle)
            squares = MATH.add(squares, MATH.multiply(gap, gap))
        return MATH.sqrt(MATH.divide(squares, Decimal(len(numbers) - 1)))
    except decimal.DecimalException:
        return run.null("结果超出范围", "the result is out of range")


@feel("mode", "list:l", "n:a*", returns="l")
def mode(run: Run, *items: Any) -> Any:
    numbers = _numbers(run, items)
    if numbers is None:
        return None
    counts: dict[Decimal, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most = max(counts.values(), default=0)
    return sorted(number for number, count in counts.items() if count == most)


def _extreme(run: Run, items: tuple[Any, ...], sign: int) -> Any:
    found = _spread(items)
    run.tick(len(found))
    if not found:
        return None
    best = found[0]
    if order(best, best) is None:
        return run.null("列表里有不能比较的项", "the list has an item that cannot be ordered")
    for item in found[1:]:
        how = order(item, best)
        if how is None:
            return run.null("列表里有不能比较的项", "the list has items that cannot be compared")
        if how == sign:
            best = item
    return best


@feel("min", "list:l", "c:a*")
def feel_min(run: Run, *items: Any) -> Any:
    return _extreme(run, items, -1)


@feel("max", "list:l", "c:a*")
def feel_max(run: Run, *items: Any) -> Any:
    return _extreme(run, items, 1)


def _truths(run: Run, items: tuple[Any, ...], ends: bool) -> Any:
    found, unknown = _spread(items), False
    run.tick(len(found))
    for item in found:
        if item is ends:
            return ends
        if item is not (not ends):
            unknown = True
    if unknown:
        return run.null("列表里有不是布尔值的项", "the list has an item that is no boolean")
    return not ends


@feel("all", "list:l", "b:a*", returns="b")
def feel_all(run: Run, *items: Any) -> Any:
    return _truths(run, items, False)


@feel("any", "list:l", "b:a*", returns="b")
def feel_any(run: Run, *items: Any) -> Any:
    return _truths(run, items, True)
