"""Decision tables: compiled with an index, hit policies, and the violations that the mask of hits shows."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ..feel.compiler import Compiler
from ..feel.notes import Note, NotFeel, Place
from ..feel.scope import Code, Env
from ..feel.testing import Test
from ..feel.types import Type, coerce
from ..feel.values import MATH, equal, order
from .constants import cell, constant, listed
from .index import Column
from .parts import Table

MAX_ROWS = 20_000
MAX_CELLS = 200_000


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


class TableMaker:
    """Compiles one table. What cannot be compiled is noted with its cell, and evaluates to null."""

    def __init__(
        self,
        element: str,
        compiler: Compiler,
        known: list[str],
        orders: Callable[[Type | None], list[Any] | None],
        problems: list[Note],
    ) -> None:
        self.element = element
        self.compiler = compiler
        self.known = known
        self.orders = orders
        self.problems = problems

    def make(self, table: Table, type: Type | None = None) -> CompiledTable:
        """Return the compiled table; `type` is that of the decision, for a table with one result."""
        cells = len(table.rules) * (len(table.inputs) + len(table.outputs))
        if len(table.rules) > MAX_ROWS or cells > MAX_CELLS:
            raise NotFeel("决策表过大", "the decision table is too large")
        heads = [self._head(table, number) for number in range(len(table.inputs))]
        results = [self._result(table, number, type) for number in range(len(table.outputs))]
        return CompiledTable(self.element, table.policy, heads, results, len(table.rules))

    def _problem(self, error: NotFeel, row: int, column: int, label: str) -> None:
        self.problems.append(error.note.put(cell_place(self.element, row, column, label)))

    def code(self, text: str, row: int, column: int, label: str) -> Code:
        """Compile an expression of a cell; one that is none is null."""
        before = len(self.compiler.missing)
        try:
            made = self.compiler.expression(text, self.known)
        except NotFeel as error:
            self._problem(error, row, column, label)
            return broken(error)
        self._unknown(before, row, column, label)
        return made

    def _unknown(self, before: int, row: int, column: int, label: str) -> None:
        for name, at in self.compiler.missing[before:]:
            self._problem(NotFeel(f"没有“{name}”", f"there is no {name!r}", at=at), row, column, label)

    def _head(self, table: Table, number: int) -> Head:
        column = table.inputs[number]
        label = column.label or column.text
        code = self.code(column.text, 0, number + 1, label) if column.text else _null
        tests: dict[int, Test] = {}
        cells = []
        for row, rule in enumerate(table.rules):
            text = rule.tests[number] if number < len(rule.tests) else "-"
            found = None
            before = len(self.compiler.missing)
            try:
                test, tree = self.compiler.unary(text or "-", self.known)
                self._unknown(before, row + 1, number + 1, label)
                found = cell(tree)
                if found is None:
                    tests[row] = test
            except NotFeel as error:
                self._problem(error, row + 1, number + 1, label)
                tests[row] = lambda env, value: None
            cells.append(found)
        allowed = None
        if column.values and column.values != "-":
            try:
                allowed = self.compiler.unary(column.values, self.known)[0]
            except NotFeel as error:
                self._problem(error, 0, number + 1, label)
        type = self.compiler.types(column.type) if column.type else None
        name = column.text if column.text in self.known else ""
        return Head(code, label, Column(cells), tests, name, type, allowed)

    def _result(self, table: Table, number: int, type: Type | None) -> Result:
        column = table.outputs[number]
        place = len(table.inputs) + number + 1
        label = column.label or column.name or table.label
        mine = self.compiler.types(column.type) if column.type else None
        if mine is None and type is not None:
            mine = type if len(table.outputs) == 1 else (type.members or {}).get(column.name)
            if table.policy[0] in "ROC" and mine is not None:
                mine = mine.item if mine.name == "list" else None
        codes: list[Code] = []
        fixed: list[Any] = []
        for row, rule in enumerate(table.rules):
            text = rule.results[number].text if number < len(rule.results) else ""
            code = self.code(text, row + 1, place, label) if text and text != "-" else _null
            codes.append(code)
            fixed.append(self._fixed(text, code, mine))
        order = None
        if column.values:
            try:
                order = listed(self.compiler.unary(column.values)[1])
            except NotFeel as error:
                self._problem(error, 0, place, label)
        default = self.code(column.default, 0, place, label) if column.default else None
        return Result(column.name, label, codes, fixed, mine, order or self.orders(mine), default)

    def _fixed(self, text: str, code: Code, type: Type | None) -> Any:
        """Return the value of a cell that never changes and fits, or FLOATING."""
        if code is _null:
            return None
        try:
            from ..feel.grammar import parse

            value, known = constant(parse(text, self.compiler.names, self.compiler.members))
        except NotFeel:
            return FLOATING
        if not known:
            return FLOATING
        if type is not None and value is not None:
            value, fits = coerce(value, type)
            return value if fits else FLOATING
        return value


def _null(env: Env) -> Any:
    return None


def broken(error: NotFeel) -> Code:
    """Return what an expression that is none evaluates to: null, saying why."""
    zh, en = error.note.zh, error.note.en
    return lambda env: env.run.null(zh, en)
