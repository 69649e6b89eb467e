"""Which parts of a table's cells never change: they can be looked up instead of evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..feel.compiler import Compiler
from ..feel.grammar import Node
from ..feel.notes import Run
from ..feel.scope import Env
from ..feel.temporal import Date, Months, Span
from ..feel.values import Range, kind

MAKERS = frozenset(["date", "time", "date and time", "duration"])
ORDERED = (Decimal, str, Date, Months, Span)
"""Values of these classes are ordered by Python as by FEEL; the others are tested one by one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The values of one class between two ends; an end that is None is without bound."""

    low: Any
    high: Any
    low_in: bool
    high_in: bool

    @property
    def of(self) -> type:
        return type(self.low if self.low is not None else self.high)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that can be looked up: any value, or the stretches and single values, or all but these."""

    anything: bool = False
    stretches: tuple[Stretch, ...] = ()
    others: tuple[Any, ...] = ()
    none_of: bool = False


def constant(node: Node) -> tuple[Any, bool]:
    """Return the value of a literal expression, and whether it is one."""
    while node.kind == "group":
        node = node.parts[0]
    literal = node.kind in ("number", "string", "at", "null", "true", "false")
    if node.kind == "negate":
        literal = node.parts[-1].kind == "number"
    elif node.kind == "call":
        callee, given = node.parts
        literal = (
            callee.kind == "name"
            and str(callee.parts[0]) in MAKERS
            and bool(given.parts)
            and all(len(one.parts) == 1 and constant(one.parts[0])[1] for one in given.parts)
        )
    elif node.kind == "range":
        literal = constant(node.parts[1])[1] and constant(node.parts[3])[1]
    if not literal:
        return None, False
    return Compiler().whole(node)(Env({}, Run())), True


def cell(tree: Node) -> Cell | None:
    """Return what a cell tests, or None when it must be evaluated."""
    if tree.kind == "anything":
        return Cell(anything=True)
    stretches: list[Stretch] = []
    others: list[Any] = []
    for part in tree.parts:
        found = _one(part)
        if found is None:
            return None
        stretches += found[0]
        others += found[1]
    return Cell(stretches=tuple(stretches), others=tuple(others), none_of=tree.kind == "none_of")


def _one(test: Node) -> tuple[list[Stretch], list[Any]] | None:
    inner = test.parts[0] if test.kind == "one" else test
    while isinstance(inner, Node) and inner.kind == "group":
        inner = inner.parts[0]
    if test.kind == "versus" or inner.kind == "half":
        sign, operand = (test if test.kind == "versus" else inner).parts
        value, known = constant(operand)
        return _versus(str(sign), value) if known and isinstance(value, ORDERED) else None
    value, known = constant(inner)
    if not known:
        return None
    if isinstance(value, Range):
        if not isinstance(value.start, ORDERED):
            return None
        return [Stretch(value.start, value.end, value.start_included, value.end_included)], []
    if isinstance(value, ORDERED):
        return [Stretch(value, value, True, True)], []
    return ([], [value]) if value is None or isinstance(value, bool) else None


def _versus(sign: str, value: Any) -> tuple[list[Stretch], list[Any]] | None:
    below, above = Stretch(None, value, False, sign == "<="), Stretch(value, None, sign == ">=", False)
    if sign == "=":
        return [Stretch(value, value, True, True)], []
    if sign == "!=":
        return None
    return [below if sign[0] == "<" else above], []


def listed(tree: Node) -> list[Any] | None:
    """Return the single values that a list of allowed values names, in order; None when it has others."""
    if tree.kind != "tests":
        return None
    found = []
    for part in tree.parts:
        value, known = constant(part.parts[0]) if part.kind == "one" else (None, False)
        if not known or kind(value) == "range":
            return None
        found.append(value)
    return found
