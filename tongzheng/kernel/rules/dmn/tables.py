"""Decision tables: compiled with an index, hit policies, and the violations that the mask of hits shows."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..feel.notes import Place
from ..feel.scope import Code, Env
from ..feel.testing import Test
from ..feel.types import Type, coerce
from ..feel.values import MATH, equal, order
from .index import Column


@dataclass(slots=True)
class Head:
    """A column of conditions, compiled. `name` is set when the input is no more than a name."""

    code: Code
    label: str
    column: Column
    tests: dict[int, Test]
    name: str = ""
    type: Type | None = None
    allowed: Test | None = None


@dataclass(slots=True)
class Result:
    """A column of results, compiled. `fixed` has the values of cells that never change."""

    name: str
    label: str
    codes: list[Code]
    fixed: list[Any]
    type: Type | None = None
    order: list[Any] | None = None
    default: Code | None = None


FLOATING: Any = object()
"""Stands in `fixed` for a cell that must be evaluated."""


@dataclass(slots=True)
class CompiledTable:
    """A table ready to decide."""

    element: str
    policy: str
    heads: list[Head]
    results: list[Result]
    rows: int
    full: int = 0
    whole: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.full = (1 << self.rows) - 1
        self.whole = [self._whole(row) for row in range(self.rows)]

    def _whole(self, row: int) -> Any:
        """Return a row's result when it never changes."""
        values = [result.fixed[row] for result in self.results]
        if any(value is FLOATING for value in values):
            return FLOATING
        if len(values) == 1:
            return values[0]
        return {result.name: value for result, value in zip(self.results, values, strict=True)}

    def __call__(self, env: Env) -> Any:
        """Decide with the names of an environment."""
        run = env.run
        run.tick(1 + len(self.heads))
        values: list[Any] = []
        mask = self.full
        outer = run.place
        for number, head in enumerate(self.heads):
            value = head.code(env)
            if head.type is not None and value is not None:
                value, fits = coerce(value, head.type)
                if not fits:
                    run.place = self.place(0, number + 1, head.label)
                    run.null(f"不是 {head.type}", f"this is no {head.type}")
                    run.place = outer
            if head.allowed is not None and value is not None and head.allowed(env, value) is not True:
                run.place = self.place(0, number + 1, head.label)
                run.null("不在允许的取值内", "this is not among the allowed values")
                run.place = outer
                return None
            values.append(value)
            mask &= head.column.look(value) | head.column.evaluated
        for number, head in enumerate(self.heads):
            for row in bits(mask & head.column.evaluated):
                run.tick()
                run.place = self.place(row + 1, number + 1, head.label)
                if head.tests[row](env, values[number]) is not True:
                    mask &= ~(1 << row)
        run.place = outer
        return self.conclude(env, mask)

    def place(self, row: int, column: int, label: str) -> Place:
        """Return the place of a cell; row 0 is the head."""
        return cell_place(self.element, row, column, label)

    def conclude(self, env: Env, mask: int) -> Any:
        """Return the result of the rows in the mask, by the hit policy."""
        policy = self.policy
        if not mask:
            return self._default(env)
        if policy == "F":
            mask &= -mask
        elif policy == "U" and mask & (mask - 1):
            rows = "、".join(str(row + 1) for row in bits(mask))
            return env.run.null(
                f"唯一命中的表里，第 {rows} 行同时命中",
                f"rows {rows.replace('、', ', ')} of a unique table all apply",
            )
        if not mask & (mask - 1):
            row = mask.bit_length() - 1
            value = self.whole[row]
            found = [value if value is not FLOATING else self._row(env, row)]
        else:
            found = [
                value if (value := self.whole[row]) is not FLOATING else self._row(env, row)
                for row in bits(mask)
            ]
        if policy in "UF":
            return found[0]
        return HOW[policy](self, env, found)

    def _row(self, env: Env, row: int) -> Any:
        values = []
        run, outer = env.run, env.run.place
        for number, result in enumerate(self.results):
            run.place = self.place(row + 1, len(self.heads) + number + 1, result.label)
            value = result.codes[row](env)
            if result.type is not None and value is not None:
                value, fits = coerce(value, result.type)
                if not fits:
                    run.null(f"结果不是 {result.type}", f"the result is no {result.type}")
            values.append(value)
        run.place = outer
        if len(values) == 1:
            return values[0]
        return {result.name: value for result, value in zip(self.results, values, strict=True)}

    def _default(self, env: Env) -> Any:
        if any(result.default is not None for result in self.results):
            values = [result.default(env) if result.default is not None else None for result in self.results]
            if len(values) == 1:
                return values[0]
            return {result.name: value for result, value in zip(self.results, values, strict=True)}
        if self.policy == "C":
            return []
        if self.policy == "C#":
            return Decimal(0)
        return env.run.null("没有一行命中", "no row applies")

    def rank(self, value: Any) -> tuple[int, ...]:
        """Return how early a row's result stands among the allowed values."""
        parts = [value] if len(self.results) == 1 else list(value.values())
        found = []
        for result, part in zip(self.results, parts, strict=True):
            order = result.order or []
            found.append(next((n for n, one in enumerate(order) if equal(one, part) is True), len(order)))
        return tuple(found)


def cell_place(element: str, row: int, column: int, label: str) -> Place:
    """Return the place of a cell of an element's table; row 0 is the head."""
    named_zh, named_en = (f"（{label}）", f" ({label})") if label else ("", "")
    if row == 0:
        return Place(
            element,
            row,
            column,
            f"“{element}”第 {column} 列{named_zh}",
            f"{element}, column {column}{named_en}",
        )
    return Place(
        element, row, column,
        f"“{element}”第 {row} 行第 {column} 列{named_zh}", f"{element}, row {row}, column {column}{named_en}",
    )  # fmt: skip


def bits(mask: int) -> Iterator[int]:
    """Return the numbers of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _any(table: CompiledTable, env: Env, found: list[Any]) -> Any:
    if all(equal(found[0], one) is True for one in found[1:]):
        return found[0]
    return env.run.null(
        "任一命中的表里，命中的各行结果不同", "rows of an any table apply with different results"
    )


def _priority(table: CompiledTable, env: Env, found: list[Any]) -> Any:
    return min(found, key=table.rank)


def _ordered(table: CompiledTable, env: Env, found: list[Any]) -> Any:
    return sorted(found, key=table.rank)


def _sum(table: CompiledTable, env: Env, found: list[Any]) -> Any:
    if not all(type(one) is Decimal for one in found):
        return env.run.null("只能对数求和", "only numbers can be summed")
    try:
        total = Decimal(0)
        for one in found:
            total = MATH.add(total, one)
        return total
    except decimal.DecimalException:
        return env.run.null("结果超出范围", "the result is out of range")


def _extreme(sign: int) -> Callable[[CompiledTable, Env, list[Any]], Any]:
    def extreme(table: CompiledTable, env: Env, found: list[Any]) -> Any:
        best = found[0]
        for one in found:
            how = order(one, best)
            if how is None:
                return env.run.null("结果之间不能比较", "the results cannot be compared")
            best = one if how == sign else best
        return best

    return extreme


HOW: dict[str, Callable[[CompiledTable, Env, list[Any]], Any]] = {
    "A": _any,
    "P": _priority,
    "O": _ordered,
    "R": lambda table, env, found: found,
    "C": lambda table, env, found: found,
    "C+": _sum,
    "C<": _extreme(-1),
    "C>": _extreme(1),
    "C#": lambda table, env, found: Decimal(len(found)),
}
