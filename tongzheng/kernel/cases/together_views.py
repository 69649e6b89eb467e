"""The frozen things that work done together shows: members, parts of other bodies, links, checklists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tongzheng.kernel.core.text import T

from .disputes import Dispute
from .joint import Part
from .kinds import Subtask
from .shown import Row

LINKS: dict[str, T] = {
    "cause": T("引起了", "Caused"),
    "cause_of": T("起因于", "Was caused by"),
    "duplicate": T("重复于", "Duplicates"),
    "duplicate_of": T("重复于", "Duplicates"),
    "parent": T("下级办件", "Part of this"),
    "parent_of": T("上级办件", "This is part of"),
}
"""What a link is called from either end."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """Another case. `kind`: "leader" or a key of LINKS."""

    kind: str
    number: str
    title: str
    state_title: T

    @property
    def words(self) -> T:
        """The kind in words."""
        return LINKS.get(self.kind, T("并入", "Merged into"))


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member of a leading case: a case of its own, with its own applicant and time."""

    id: int
    number: str
    title: str
    state_title: T
    phase: str
    applicant_label: str
    opened_at: datetime | None
    due_at: datetime | None
    light: str


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of the work given to another body, and its opinion. `may_give`: the reader can answer it now."""

    part: Part
    title: T
    state_title: T
    answer_title: T | None
    late: bool
    may_give: bool
    subtask: Subtask | None
    data: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckView:
    """One line of a checklist as it stands."""

    name: str
    title: T
    basis: T
    ticked: bool
    blocks: bool


@dataclass(frozen=True, slots=True)
class Together:
    """All that stands beside a case. `led`: it is merged into another. `may_ask`: the parts that the reader can ask for."""

    leader: LinkView | None = None
    led: bool = False
    members: tuple[MemberView, ...] = ()
    may_merge: bool = False
    may_split: bool = False
    parts: tuple[PartView, ...] = ()
    may_ask: tuple[Subtask, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    links: tuple[LinkView, ...] = ()
    checks: tuple[CheckView, ...] = ()
    may_link: bool = False
    assisting: bool = False
