"""What an engine offers about the things that officials write themselves: how they are checked, compared and tried.

A package offers them in its `definable.py`: `definables: tuple[Definable, ...]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.text import T

MOST_BYTES = 2 * 1024 * 1024
"""No definition is larger, whatever its kind says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found at one place. `level`: "error" (forbids proposing and publishing) or "warning".

    `place` is what the author can go to: an element's id, "table_1:3,2" (row, column), "" for the whole.
    """

    level: str
    place: str
    words: T


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one trial. `kind`: "test" (a row that the author wrote; a failed one forbids publishing) or
    "case" (a past case: `passed` means it would have come out as it did). `title` names it, `words` say what was
    expected and what came, `href` leads to it."""

    kind: str
    passed: bool
    title: T
    words: T
    place: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One fact that a simulation wants: its name, its words, its type ("text", "number", "bool", "date", "json"),
    an example, and the values to choose from if there are only these."""

    name: str
    title: T
    kind: str = "text"
    example: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a simulation: where it is (an element's id or "row,column"), what happened there, with what."""

    place: str
    words: T
    value: str = ""


@dataclass(frozen=True, slots=True)
class Simulation:
    """What a simulation showed: its steps in order, the results by name, and what went wrong, if anything did."""

    steps: tuple[Step, ...] = ()
    results: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Publication:
    """What an engine is told, inside the publishing transaction: a version of one of its definitions is published."""

    id: int
    key: str
    title: T
    number: int
    content: str
    organisation_id: int
    region: str
    effective_from: datetime


def _nothing_tried(content: str, in_force: str | None) -> tuple[Outcome, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Definable:
    """A kind of thing that officials write, check, propose and publish; its id is `name` ("rules.decision").

    `most`: bytes of UTF-8. `draws`, `publishes`, `reads`: ids of the actions asked, at the owner's organisation.
    `blank(title)` is an empty content. `check(content)` judges any text whatever, in bounded time. `parts(content)`
    gives each element's id one readable line; two versions are compared by them. `try_out(content, in_force)` runs
    the content's own test rows and past cases. `asks` and `simulate` let the author try it with sample facts.
    `published` is called in the transaction that publishes. `editor`: the designer that opens it in the browser
    ("bpmn", "dmn", "form"; "" plain text).
    """

    name: str
    title: T
    media_type: str
    extension: str
    basis: T
    blank: Callable[[T], str]
    check: Callable[[str], tuple[Finding, ...]]
    parts: Callable[[str], Mapping[str, str]]
    try_out: Callable[[str, str | None], tuple[Outcome, ...]] = _nothing_tried
    asks: Callable[[str], tuple[Ask, ...]] | None = None
    simulate: Callable[[str, Mapping[str, Any]], Simulation] | None = None
    published: Callable[[Publication], None] | None = None
    most: int = 1024 * 1024
    draws: str = "definitions.draw"
    publishes: str = "definitions.publish"
    reads: str = "definitions.read"
    editor: str = ""
