"""The frozen things that the registers' door returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.text import T

from .kinds import Column, Register


@dataclass(frozen=True, slots=True)
class RegisterView:
    """A register as one reader may use it."""

    id: str
    register: Register
    may_write: bool
    may_export: bool
    system: T


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: `values` by column name, sealed columns masked. `version` guards against lost updates."""

    pk: str
    label: str
    values: Mapping[str, Any]
    version: str = ""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of a row's history: `before` and `after` hold only what differs, sealed columns masked."""

    id: int
    act: str
    at: datetime
    label: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    import_id: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `next` is the cursor of the following page, "" at the end.

    `estimate` is about how many rows there are in all, None when nobody knows cheaply; `exact` when it was counted.
    """

    rows: tuple[RowView, ...]
    columns: tuple[Column, ...]
    next: str = ""
    estimate: int | None = None
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """One row with its history. `subject` is how cases refer to it."""

    register_id: str
    row: RowView
    subject: str
    history: tuple[ChangeView, ...]
    may_write: bool
    revealed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedView:
    """A named way of looking at a register: `query` holds words, filters, sort and columns."""

    id: int
    name: str
    query: Mapping[str, Any]
    shared: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What a bulk action did: rows changed, rows that already had the value, rows it could not touch."""

    changed: int
    unchanged: int
    refused: int


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that did not enter: its number in the file, its cells as sent, and why."""

    number: int
    cells: Mapping[str, str]
    errors: Mapping[str, T]


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import and how far it is.

    `state`: checking, ready (waiting for the person's word), running, done, failed, cancelled.
    Counts are of rows: `total` read so far, `bad` that will not or did not enter, `creates`/`updates`/`unchanged`
    as planned before the word was given and as done afterwards. `done` of `total` have been worked through.
    """

    id: int
    register_id: str
    name: str
    state: str
    total: int
    done: int
    creates: int
    updates: int
    unchanged: int
    bad: int
    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    at: datetime
    label: str
    words: T | None = None
    sample: tuple[BadRow, ...] = ()
    good: tuple[Mapping[str, str], ...] = ()
    beat: datetime | None = None

    @property
    def open(self) -> bool:
        """Whether it is being worked on, so that a page should look again."""
        return self.state in ("checking", "running")
