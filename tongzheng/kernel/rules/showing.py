"""A decision table drawn to be read: cells in words, the row that applies marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.definitions.kinds import Outcome

from .deciding import KIND, main_decision, origin, prepared
from .dmn.constants import listed
from .feel.compiler import Compiler
from .feel.notes import RulesError
from .grids import grid_of
from .kinds import Column, DecisionTable
from .trying import try_out

ANY = T("任意", "any")
POLICIES: dict[str, T] = {
    "U": T("唯一：至多一行命中", "Unique: one row applies at most"),
    "A": T("任一：命中的各行结果相同", "Any: rows that apply agree"),
    "P": T("优先：取次序最前的结果", "Priority: the result that stands first"),
    "F": T("首行：自上而下取第一行", "First: the first row from the top"),
    "R": T("按行：取命中的各行", "Rule order: every row that applies"),
    "O": T("按结果次序：取命中的各行", "Output order: every row that applies, by priority"),
    "C": T("汇集：取命中的各行", "Collect: every row that applies"),
    "C+": T("求和", "Sum of the rows that apply"),
    "C<": T("取最小", "Least of the rows that apply"),
    "C>": T("取最大", "Greatest of the rows that apply"),
    "C#": T("计数", "Number of rows that apply"),
}
SIGNS = ((">=", "≥ "), ("<=", "≤ "), (">", "> "), ("<", "< "))


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is drawn: its number, its cells with their FEEL text, a remark, whether it applies."""

    number: int
    tests: tuple[tuple[T, str], ...]
    results: tuple[tuple[T, str], ...]
    remark: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table as it is drawn. `lines` is empty when the logic is no table; then `text` has it."""

    title: T
    policy: T
    inputs: tuple[T, ...]
    results: tuple[T, ...]
    lines: tuple[Line, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """A decision in the list. `number` is None while what was declared holds."""

    key: str
    title: T
    basis: T | None
    system: T | None
    number: int | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One decision: what is in force, drawn, with its test rows."""

    key: str
    table: DecisionTable | None
    title: T
    standing: definitions.VersionView | None
    content: str
    drawn: Drawn
    outcomes: tuple[Outcome, ...]


def listing() -> tuple[Listed, ...]:
    """Return every decision, declared or made by officials, in two statements at most."""
    standing = {one.key: one for one in definitions.standing(KIND)}
    found = []
    for key, table in registry.of(DecisionTable).items():
        there = standing.pop(key, None)
        system = registry.system_of(key).title
        number, since = (there.number, there.effective_from) if there else (None, None)
        found.append(Listed(key, table.title, table.basis, system, number, since))
    for key, one in standing.items():
        found.append(Listed(key, one.title, None, None, one.number, one.effective_from))
    return tuple(found)


def sheet(key: str) -> Sheet:
    """Return a decision as it is in force. Raises Missing."""
    table = registry.find(DecisionTable, key)
    standing = definitions.in_force(KIND, key)
    if standing is None and table is None:
        raise Missing(T("没有这个决策表", "There is no such decision table"))
    content = standing.content if standing else origin(key)
    title = table.title if table else (standing.definition.title if standing else same(key))
    outcomes = tuple(one for one in try_out(content, None) if one.kind == "test")
    return Sheet(key, table, title, standing, content, drawn(content, table), outcomes)


def drawn(content: str, table: DecisionTable | None, hits: Iterable[int] = ()) -> Drawn:
    """Return a content's main decision as it is drawn; `hits` are the numbers of the rows to mark."""
    model, _ = prepared(content)
    main = main_decision(model)
    grid = grid_of(main)
    title = same(main.label or main.name)
    if grid is None:
        return Drawn(title, T("", ""), (), (), (), main.logic.text if main.logic else "")
    known = {one.name: one for one in (*table.inputs, *table.results)} if table else {}
    marked = set(hits)
    width = len(grid.inputs)
    heads = [
        _head(name, label, known)
        for name, label in zip((*grid.inputs, *grid.results), grid.labels, strict=True)
    ]
    columns = [known.get(name) for name in (*grid.inputs, *grid.results)]
    lines = tuple(
        Line(
            number,
            tuple(
                (cell(text, one, True), text) for text, one in zip(row[:width], columns[:width], strict=True)
            ),
            tuple(
                (cell(text, one, False), text)
                for text, one in zip(row[width:-1], columns[width:], strict=True)
            ),
            row[-1],
            number in marked,
        )
        for number, row in enumerate(grid.rows, 1)
    )
    return Drawn(title, POLICIES[grid.policy], tuple(heads[:width]), tuple(heads[width:]), lines)


def _head(name: str, label: str, known: Mapping[str, Column]) -> T:
    return known[name].title if name in known else same(label or name)


def cell(text: str, column: Column | None, test: bool) -> T:
    """Return a cell in words: values by their names, comparisons by their signs, anything else as it stands."""
    if test and text in ("-", ""):
        return ANY
    values = _values(text)
    if values is not None:
        words = [_word(value, column) for value in values]
        return T("、".join(one.zh for one in words), ", ".join(one.en for one in words))
    for sign, shown in SIGNS:
        if test and text.startswith(sign):
            return same(shown + text[len(sign) :].strip())
    return same(text)


def _values(text: str) -> list[Any] | None:
    try:
        return listed(Compiler().unary(text)[1])
    except RulesError:
        return None


def _word(value: Any, column: Column | None) -> T:
    if isinstance(value, bool):
        return T("是", "yes") if value else T("否", "no")
    if value is None:
        return T("空", "empty")
    for known, words in column.values if column else ():
        if known == value:
            return words
    return same(str(value))
