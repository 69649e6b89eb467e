"""Decision tables as read → compiled tables, each mistake noted with its cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..feel.compiler import Compiler
from ..feel.grammar import parse
from ..feel.notes import Note, NotFeel
from ..feel.scope import Code, Env
from ..feel.testing import Test
from ..feel.types import Type, coerce
from .constants import Cell, cell, constant, listed
from .index import Column
from .parts import Table
from .tables import FLOATING, CompiledTable, Head, Result, cell_place

MAX_ROWS = 20_000
MAX_CELLS = 200_000
ANYTHING = Cell(anything=True)
Seen = dict[str, tuple[Cell | None, Test]]


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
        cells: list[Cell | None] = []
        seen: Seen = {}
        for row, rule in enumerate(table.rules):
            text = rule.tests[number] if number < len(rule.tests) else "-"
            found: Cell | None = ANYTHING
            if text and text != "-":
                found = self._cell(text, row, number, label, tests, seen)
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

    def _cell(
        self, text: str, row: int, number: int, label: str, tests: dict[int, Test], seen: Seen
    ) -> Cell | None:
        """Compile one cell; one that must be evaluated goes into the tests. Cells alike are compiled once."""
        if text in seen:
            found, test = seen[text]
        else:
            before = len(self.compiler.missing)
            try:
                test, tree = self.compiler.unary(text, self.known)
            except NotFeel as error:
                self._problem(error, row + 1, number + 1, label)
                tests[row] = lambda env, value: None
                return None
            self._unknown(before, row + 1, number + 1, label)
            found = cell(tree)
            if len(self.compiler.missing) == before:
                seen[text] = found, test
        if found is None:
            tests[row] = test
        return found

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
