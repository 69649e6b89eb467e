"""A decision table as rows and columns of text ↔ DMN. Pure.

What is written is DMN 1.3, which every editor reads, with a drawing, and the test rows as extension elements.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from .dmn.parts import Element, Table
from .dmn.reading import OWN, SIGNS, VERSIONS
from .kinds import Column, DecisionTable

SPACE = next(uri for uri, version in VERSIONS.items() if version == "1.3")
DRAWING = (
    'xmlns:dmndi="https://www.omg.org/spec/DMN/20191111/DMNDI/" xmlns:dc="http://www.omg.org/spec/DMN/20180521/DC/" '
    'xmlns:di="http://www.omg.org/spec/DMN/20180521/DI/"'
)
POLICY_WORDS = {
    "U": "UNIQUE", "A": "ANY", "P": "PRIORITY", "F": "FIRST", "R": "RULE ORDER", "O": "OUTPUT ORDER", "C": "COLLECT",
}  # fmt: skip
AGGREGATIONS = {sign: word for word, sign in SIGNS.items() if sign}
PREFIX = "urn:tongzheng:"


@dataclass(frozen=True, slots=True)
class Grid:
    """The rows of a table. Each row has a cell for every column and a remark at the end."""

    policy: str
    inputs: tuple[str, ...]
    results: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    labels: tuple[str, ...] = ()


def declared_grid(table: DecisionTable) -> Grid:
    """Return the rows that a table was declared with."""
    width = len(table.inputs) + len(table.results) + 1
    rows = tuple((*row, "")[:width] for row in table.rows)
    labels = tuple(one.title.zh for one in (*table.inputs, *table.results))
    names = tuple(one.name for one in table.inputs), tuple(one.name for one in table.results)
    return Grid(table.policy, names[0], names[1], rows, labels)


def to_dmn(id: str, table: DecisionTable, grid: Grid | None = None) -> str:
    """Return a declared table, perhaps with other rows, as a whole model whose namespace says which decision it is."""
    grid = grid or declared_grid(table)
    data = "".join(
        f"\n<inputData id={quoteattr(f'input_{n}')} name={quoteattr(one.name)}><variable id={quoteattr(f'fact_{n}')} "
        f"name={quoteattr(one.name)} typeRef={quoteattr(one.type)}/></inputData>"
        for n, one in enumerate(table.inputs, 1)
    )
    needs = "".join(
        f'<informationRequirement id="need_{n}"><requiredInput href="#input_{n}"/></informationRequirement>'
        for n in range(1, len(table.inputs) + 1)
    )
    heads = "".join(_input(n, one) for n, one in enumerate(table.inputs, 1))
    outs = "".join(_result(n, one) for n, one in enumerate(table.results, 1))
    rules = "".join(_rule(n, row, len(table.inputs)) for n, row in enumerate(grid.rows, 1))
    more = f' aggregation="{AGGREGATIONS[grid.policy[1:]]}"' if grid.policy[1:] else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="{SPACE}" {DRAWING} xmlns:tz="{OWN}" id="model" '
        f"name={quoteattr(table.title.zh)} namespace={quoteattr(PREFIX + id)}>"
        f'\n<decision id="decision" name={quoteattr(table.name)} label={quoteattr(table.title.zh)}>{_examples(table)}'
        f'<variable id="result" name={quoteattr(table.name)}/>{needs}'
        f'\n<decisionTable id="table" hitPolicy="{POLICY_WORDS[grid.policy[0]]}"{more}>{heads}{outs}'
        f'<annotation name="备注"/>{rules}\n</decisionTable></decision>{data}{_drawing(len(table.inputs))}\n</definitions>\n'
    )


def _examples(table: DecisionTable) -> str:
    rows = "".join(
        f"\n<tz:example name={quoteattr(one.name)} facts={quoteattr(_json(dict(one.facts)))} "
        f"result={quoteattr(_json(one.result))}/>"
        for one in table.examples
    )
    return f"<extensionElements>{rows}\n</extensionElements>" if rows else ""


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _drawing(inputs: int) -> str:
    def shape(id: str, x: int, y: int, width: int, height: int) -> str:
        return (
            f'<dmndi:DMNShape id="shape_{id}" dmnElementRef="{id}"><dc:Bounds x="{x}" y="{y}" width="{width}" '
            f'height="{height}"/></dmndi:DMNShape>'
        )

    middle = max(0, inputs - 1) * 85
    shapes = shape("decision", middle + 10, 40, 180, 80)
    edges = ""
    for n in range(1, inputs + 1):
        shapes += shape(f"input_{n}", (n - 1) * 170 + 30, 220, 140, 45)
        edges += (
            f'<dmndi:DMNEdge id="edge_{n}" dmnElementRef="need_{n}"><di:waypoint x="{(n - 1) * 170 + 100}" y="220"/>'
            f'<di:waypoint x="{middle + 100}" y="120"/></dmndi:DMNEdge>'
        )
    return f'\n<dmndi:DMNDI><dmndi:DMNDiagram id="drawing">{shapes}{edges}</dmndi:DMNDiagram></dmndi:DMNDI>'


def _values(column: Column, tag: str, id: str) -> str:
    if not column.values:
        return ""
    text = ", ".join(f'"{value}"' for value, _ in column.values)
    return f'<{tag} id="{id}"><text>{escape(text)}</text></{tag}>'


def _input(number: int, column: Column) -> str:
    return (
        f'\n<input id="in_{number}" label={quoteattr(column.title.zh)}><inputExpression id="look_{number}" '
        f"typeRef={quoteattr(column.type)}><text>{escape(column.name)}</text></inputExpression>"
        f"{_values(column, 'inputValues', f'in_values_{number}')}</input>"
    )


def _result(number: int, column: Column) -> str:
    return (
        f'\n<output id="out_{number}" name={quoteattr(column.name)} label={quoteattr(column.title.zh)} '
        f"typeRef={quoteattr(column.type)}>{_values(column, 'outputValues', f'out_values_{number}')}</output>"
    )


def _rule(number: int, row: tuple[str, ...], inputs: int) -> str:
    tests = "".join(
        f'<inputEntry id="test_{number}_{n}"><text>{escape(cell or "-")}</text></inputEntry>'
        for n, cell in enumerate(row[:inputs], 1)
    )
    results = "".join(
        f'<outputEntry id="then_{number}_{n}"><text>{escape(cell)}</text></outputEntry>'
        for n, cell in enumerate(row[inputs:-1], 1)
    )
    remark = f"<annotationEntry><text>{escape(row[-1])}</text></annotationEntry>"
    return f'\n<rule id="row_{number}">{tests}{results}{remark}</rule>'


def grid_of(element: Element) -> Grid | None:
    """Return the table of a decision as rows of text, or None when its logic is no table."""
    if element.logic is None or element.logic.table is None:
        return None
    table: Table = element.logic.table
    inputs = tuple(one.text for one in table.inputs)
    results = tuple(one.name for one in table.outputs)
    labels = (
        *(one.label or one.text for one in table.inputs),
        *(one.label or one.name or table.label or element.name for one in table.outputs),
    )
    rows = []
    for rule in table.rules:
        tests = [*rule.tests, *[""] * len(inputs)][: len(inputs)]
        found = [*(box.text for box in rule.results), *[""] * len(results)][: len(results)]
        rows.append((*(test or "-" for test in tests), *found, " ".join(rule.notes)))
    return Grid(table.policy, inputs, results, tuple(rows), labels)
