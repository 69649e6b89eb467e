"""What a DMN model is made of, as it was read; nothing here is compiled."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Boxed:
    """A boxed expression: its kind is the element's name; `parts` and `texts` depend on it."""

    kind: str
    id: str = ""
    text: str = ""
    type: str = ""
    label: str = ""
    name: str = ""
    parts: list[Boxed] = field(default_factory=list)
    entries: list[tuple[Variable, Boxed | None]] = field(default_factory=list)
    parameters: list[Variable] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    table: Table | None = None


@dataclass(slots=True)
class Variable:
    """A name and its type."""

    name: str
    type: str = ""


@dataclass(slots=True)
class Input:
    """A column of conditions."""

    text: str
    label: str = ""
    type: str = ""
    values: str = ""


@dataclass(slots=True)
class Output:
    """A column of results."""

    name: str = ""
    label: str = ""
    type: str = ""
    values: str = ""
    default: str = ""


@dataclass(slots=True)
class Rule:
    """A row."""

    tests: list[str]
    results: list[Boxed]
    notes: list[str] = field(default_factory=list)
    id: str = ""


@dataclass(slots=True)
class Table:
    """A decision table. `policy` is U A P F R O C, with + < > # after C."""

    policy: str
    inputs: list[Input]
    outputs: list[Output]
    rules: list[Rule]
    label: str = ""
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """An item definition, or a component of one."""

    name: str
    type: str = ""
    collection: bool = False
    allowed: str = ""
    constraint: str = ""
    parts: list[Item] = field(default_factory=list)
    parameters: list[Variable] | None = None
    result: str = ""


@dataclass(slots=True)
class Example:
    """A test row that a decision carries: its facts and result as JSON."""

    name: str
    facts: str
    result: str


@dataclass(slots=True)
class Element:
    """A node of the requirements graph. `kind` is inputData, decision, businessKnowledgeModel or decisionService."""

    kind: str
    id: str
    name: str
    variable: Variable
    label: str = ""
    question: str = ""
    logic: Boxed | None = None
    examples: list[Example] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    knows: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    input_decisions: list[str] = field(default_factory=list)
    input_data: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Import:
    """Another model that this one speaks of."""

    name: str
    namespace: str


@dataclass(slots=True)
class Document:
    """A whole model."""

    namespace: str
    name: str
    version: str
    imports: list[Import] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    elements: dict[str, Element] = field(default_factory=dict)
