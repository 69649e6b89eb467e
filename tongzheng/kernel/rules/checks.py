"""Faults that an inspection finds in declared decision tables: cells that are no FEEL, test rows that fail."""

from __future__ import annotations

from collections.abc import Iterator

from tongzheng.kernel.core.registry import Registry

from .dmn.engine import load
from .feel.notes import RulesError
from .feel.values import equal, from_python
from .grids import AGGREGATIONS, POLICY_WORDS, to_dmn
from .kinds import DecisionTable


def faults(registry: Registry) -> Iterator[str]:
    """Yield a sentence for every fault in a declared table, naming it and the cell."""
    for id, table in registry.of(DecisionTable).items():
        if table.policy[:1] not in POLICY_WORDS or (
            table.policy[1:] and table.policy[1:] not in AGGREGATIONS
        ):
            yield f"DecisionTable {id}: there is no hit policy {table.policy!r}"
            continue
        width = len(table.inputs) + len(table.results)
        for number, row in enumerate(table.rows, 1):
            if len(row) not in (width, width + 1):
                yield f"DecisionTable {id}: row {number} has {len(row)} cells, not {width}"
        yield from _runs(id, table)


def _runs(id: str, table: DecisionTable) -> Iterator[str]:
    try:
        model = load(to_dmn(id, table))
    except RulesError as error:
        yield f"DecisionTable {id}: {error}"
        return
    for problem in model.problems:
        yield f"DecisionTable {id}: {problem}"
    if not table.examples:
        yield f"DecisionTable {id}: it has no example"
    for example in table.examples:
        answer = model.evaluate(table.name, example.facts)
        if equal(answer.value, from_python(example.result)) is not True:
            yield f"DecisionTable {id}: example {example.name!r} gives {answer.plain!r}, not {example.result!r}"
