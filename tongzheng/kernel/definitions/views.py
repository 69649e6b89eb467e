"""The frozen things that this engine shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tongzheng.kernel.core.text import T

from .kinds import Finding, Outcome


@dataclass(frozen=True, slots=True)
class DefinitionView:
    """A definition: its kind and key, its title, the body that owns it."""

    id: int
    kind: str
    key: str
    title: T
    organisation_id: int
    region: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version. `number` is None until it is published; `content` is "" in lists. `lock` counts its changes."""

    id: int
    definition: DefinitionView
    number: int | None
    state: str
    content: str
    sha256: str
    based_on: int | None
    based_on_number: int | None
    note: str
    made_label: str
    made_at: datetime
    changed_label: str
    changed_at: datetime
    touched: tuple[int, ...]
    decided_by: int | None
    decided_label: str
    decided_at: datetime | None
    reason: str
    effective_from: datetime | None
    lock: int
    findings: tuple[Finding, ...]
    outcomes: tuple[Outcome, ...]

    @property
    def errors(self) -> int:
        """How many findings forbid proposing and publishing."""
        return sum(one.level == "error" for one in self.findings)


@dataclass(frozen=True, slots=True)
class Standing:
    """Which version of a definition is in force: enough to fetch it with `version`."""

    key: str
    title: T
    version_id: int
    number: int
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A definition in a list: what is in force, what comes next, what is being worked on."""

    definition: DefinitionView
    number: int | None
    effective_from: datetime | None
    coming: datetime | None
    drafts: int
    proposed: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and the key after the last of them, None at the end."""

    rows: tuple[Row, ...]
    after: int | None


@dataclass(frozen=True, slots=True)
class History:
    """A definition with all its versions, newest first, and which of them is in force now."""

    definition: DefinitionView
    versions: tuple[VersionView, ...]
    in_force: int | None

    @property
    def newest(self) -> VersionView | None:
        """The version published last."""
        published = [one for one in self.versions if one.number is not None]
        return max(published, key=lambda one: one.number or 0, default=None)


@dataclass(frozen=True, slots=True)
class Change:
    """One part that differs. `kind`: "added", "removed", "changed"."""

    place: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions side by side, by parts: what differs, and how many parts are the same."""

    first: VersionView
    second: VersionView
    changes: tuple[Change, ...]
    same: int
