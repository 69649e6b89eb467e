"""The short way through a decision that is one table over plain inputs: look-ups, and a result that is ready.

Whatever is not plain goes the long way, so that both give the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from ..feel.temporal import Date, Months, Span
from ..feel.types import SIMPLE, Type, coerce
from .engine import Answer, Model
from .index import PLAIN, Look, Uncommon
from .tables import FLOATING, CompiledTable
from .units import Compiled


class Decide(Protocol):
    """From plain inputs, and what the time is, to the answer of one decision."""

    def __call__(self, inputs: Mapping[str, Any], now: Any = None) -> Answer: ...


EXPECTED: dict[int, frozenset[type]] = {
    id(SIMPLE["number"]): frozenset([int, float, Decimal]),
    id(SIMPLE["string"]): frozenset([str]),
    id(SIMPLE["boolean"]): frozenset([bool]),
    id(SIMPLE["date"]): frozenset([Date]),
    id(SIMPLE["years and months duration"]): frozenset([Months]),
    id(SIMPLE["days and time duration"]): frozenset([Span]),
}


def decider(model: Model, decision: str) -> Decide:
    """Return a function from plain inputs to the answer of a decision, as quick as its table allows."""
    compiled = model.compiled(model.element(decision, "decision"))

    def long_way(inputs: Mapping[str, Any], now: Any = None) -> Answer:
        return model.evaluate(decision, inputs, now=now)

    table = compiled.code
    if not isinstance(table, CompiledTable):
        return long_way
    looks = _looks(model, compiled, table)
    if looks is None:
        return long_way
    ready = [_ready(table, row, compiled.type) for row in range(table.rows)]
    full, first = table.full, table.policy == "F"

    def short_way(inputs: Mapping[str, Any], now: Any = None) -> Answer:
        mask = full
        try:
            for name, look in looks:
                mask &= look(inputs.get(name))
                if not mask:
                    return long_way(inputs, now)
        except Uncommon:
            return long_way(inputs, now)
        if mask & (mask - 1):
            if not first:
                return long_way(inputs, now)
            mask &= -mask
        return ready[mask.bit_length() - 1] or long_way(inputs, now)

    return short_way


def _looks(model: Model, compiled: Compiled, table: CompiledTable) -> list[tuple[str, Look]] | None:
    """Return a look-up for every column, or None when one is more than a plain input and plain cells."""
    inputs = {path[0]: key for path, key in compiled.needs if len(path) == 1}
    found: list[tuple[str, Look]] = []
    for head in table.heads:
        key = inputs.get(head.name)
        if key is None or key[0] != model.main.namespace or head.column.evaluated or head.allowed is not None:
            return None
        source = model.compiled(key)
        if source.element.kind != "inputData":
            return None
        expected = PLAIN
        for type in (source.type, head.type):
            if type is not None:
                if id(type) not in EXPECTED:
                    return None
                expected &= EXPECTED[id(type)]
        found.append((head.name, head.column.looker(expected)))
    return found


def _ready(table: CompiledTable, row: int, type: Type | None) -> Answer | None:
    """Return the answer of a row that applies alone, when it never changes."""
    value = table.whole[row]
    if value is FLOATING or table.policy == "C#":
        return None
    if table.policy in ("R", "O", "C"):
        value = [value]
    if type is not None and value is not None:
        value, fits = coerce(value, type)
        if not fits:
            return None
    if table.policy == "C+" and not isinstance(value, Decimal):
        return None
    return Answer(value)
