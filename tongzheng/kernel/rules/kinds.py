"""What a system declares of a decision: what goes in, what comes out, and the table it starts with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongzheng.kernel.core.text import T


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a decision table.

    `name` is a FEEL name: the fact that a column of conditions looks at, or the entry of the result that a column of
    results gives. `type` is a FEEL type. `values` are all that are allowed, with their words; empty for no such list.
    """

    name: str
    title: T
    type: str = "string"
    values: tuple[tuple[str, T], ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A test row: with these facts, this is the result. Publishing runs every one."""

    name: str
    facts: Mapping[str, Any]
    result: Any


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A decision that officials keep as a table. Its id is "slug.name".

    What goes in and comes out is fixed by whoever declares it, because code depends on that; the rows are the officials'.
    A row is its cells in FEEL: those of `inputs`, those of `results`, and perhaps a remark. `policy` is DMN's letter:
    U one row at most, F the first, A any (alike), P by priority, R and C all, C+ C< C> C# sum, least, most, number.
    `basis` names the law or notice. The declared rows hold until officials publish a definition of kind "rules.decision" with this id as its key.
    """

    name: str
    title: T
    basis: T
    inputs: tuple[Column, ...]
    results: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    examples: tuple[Example, ...]
    policy: str = "U"
    summary: T | None = None
