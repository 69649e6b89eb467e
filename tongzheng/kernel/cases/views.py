"""The frozen things that the engine of cases shows to everyone else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from tongzheng.kernel.core.text import T

from .kinds import Field
from .time_views import CalendarDay, CalendarEffect, CalendarView, ClockView, MovedClock, SupervisionView
from .together_views import Together

__all__ = [
    "LIGHTS",
    "REVIEW_LEVELS",
    "Applicant",
    "CalendarDay",
    "CalendarEffect",
    "CalendarView",
    "CaseRow",
    "CaseView",
    "ClockView",
    "EventView",
    "FactView",
    "FileView",
    "InboxCounts",
    "LinkView",
    "MoveView",
    "MovedClock",
    "Page",
    "Progress",
    "ReviewView",
    "Sheet",
    "Step",
    "SupervisionView",
    "TaskView",
]

R = TypeVar("R")

LIGHTS: dict[str, T] = {
    "green": T("正常", "On time"),
    "yellow": T("临期", "Due soon"),
    "red": T("超期", "Overdue"),
    "paused": T("暂停计时", "Clock stopped"),
    "done": T("已办结", "Closed"),
    "late": T("超期办结", "Closed late"),
    "none": T("不限时", "No time limit"),
}
"""What a traffic light can say; never colour alone, always with its word."""


@dataclass(frozen=True, slots=True)
class Applicant:
    """For whom a case is: an account, a person, an organisation, or only a name and a phone.

    `name` and `phone` are kept sealed and shown masked. `lang`: "zh" or "en", the language of messages to them.
    """

    account_id: int | None = None
    person_id: int | None = None
    organisation_id: int | None = None
    name: str = ""
    phone: str = ""
    lang: str = "zh"
    id_number: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """One page of a list. `after` is what to hand in for the next page, "" at the end; there is no total."""

    rows: tuple[R, ...]
    after: str = ""

    @property
    def more(self) -> bool:
        """Whether there is a next page."""
        return bool(self.after)

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as it stands after what was just done. `phase`: "open", "paused" or "closed".

    `members`: how many cases it leads; `merged`: it is led by another. `organisation_id` holds it and `handler_id` works on it. `due_at`, `soon_at` and `paused_at` are those of its
    clock. `facts` are the entries of its form, personal ones masked. `query_code` lets the applicant follow it
    without signing in: show it to them only.
    """

    id: int
    number: str
    type_id: str
    type_title: T
    state: str
    state_title: T
    phase: str
    title: str
    region: str
    organisation_id: int | None
    organisation_label: str
    opener_organisation_id: int | None
    handler_id: int | None
    handler_label: str
    version: int
    opened_at: datetime
    due_at: datetime | None
    soon_at: datetime | None
    paused_at: datetime | None
    closed_at: datetime | None
    applicant_label: str
    applicant_account_id: int | None
    applicant_person_id: int | None
    applicant_organisation_id: int | None
    subject: str
    light: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    query_code: str = ""
    documents: tuple[str, ...] = ()
    members: int = 0
    merged: bool = False


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list."""

    id: int
    number: str
    type_id: str
    type_title: T
    state: str
    state_title: T
    phase: str
    title: str
    region: str
    organisation_id: int | None
    organisation_label: str
    handler_id: int | None
    handler_label: str
    applicant_label: str
    subject: str
    version: int
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    light: str
    members: int = 0
    merged: bool = False


@dataclass(frozen=True, slots=True)
class TaskView:
    """A piece of work in an inbox: the case it belongs to and how it stands. `role`: "lead", "assist" (a part of the
    work), "extension" (decide on one),
    "supervised" (answer a supervision), "supervisor" (confirm that it is mended).
    `urges`: how often its applicant has urged it."""

    id: int
    case_id: int
    number: str
    type_id: str
    type_title: T
    state: str
    state_title: T
    phase: str
    title: str
    region: str
    organisation_id: int
    organisation_label: str
    handler_id: int | None
    handler_label: str
    applicant_label: str
    opened_at: datetime
    due_at: datetime | None
    done_at: datetime | None
    light: str
    left: T
    role: str = "lead"
    urges: int = 0
    supervised: bool = False
    version: int = 0


@dataclass(frozen=True, slots=True)
class InboxCounts:
    """How much work there is, each counted no further than 100 (shown as 99+)."""

    todo: int
    mine: int
    yellow: int
    red: int
    paused: int


@dataclass(frozen=True, slots=True)
class EventView:
    """One thing that happened to a case. `kind`: "open", "move", "note", "file" or "reveal".

    `actor_label` is who did it as they were then. `document` is the number of the document that was issued.
    """

    n: int
    kind: str
    move: str
    title: T
    from_state: str
    to_state: str
    to_title: T
    at: datetime
    actor_id: int | None
    actor_label: str
    organisation_id: int | None
    organisation_label: str
    note: str
    basis: T
    document: str = ""
    document_title: T | None = None
    data: tuple[FactView, ...] = ()
    entry_id: int | None = None


@dataclass(frozen=True, slots=True)
class FileView:
    """A file of a case; `field` names the entry of the form that it answers, "" for none."""

    digest: str
    name: str
    size: int
    media_type: str
    field: str
    at: datetime
    by_label: str


@dataclass(frozen=True, slots=True)
class FactView:
    """One entry of the form as shown: `shown` is masked when `personal`; `reveal_fields` shows more."""

    name: str
    title: T
    kind: str
    value: Any
    shown: T
    personal: bool


@dataclass(frozen=True, slots=True)
class MoveView:
    """A move that the state knows, whether the reader may make it now and, if not, why not."""

    name: str
    title: T
    allowed: bool
    why: T
    target: str
    target_title: T
    basis: T
    note: str
    fields: tuple[Field, ...]
    chooses_organisation: bool
    asks_days: bool
    extend_limit: int
    document: T | None
    key: str
    tone: str
    help: T | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """Another thing that this one is about: "<register id>:<pk>" or a case's number."""

    kind: str
    ref: str
    title: str


REVIEW_LEVELS: dict[int, T] = {
    1: T("非常满意", "Very satisfied"),
    2: T("满意", "Satisfied"),
    3: T("基本满意", "Fairly satisfied"),
    4: T("不满意", "Dissatisfied"),
    5: T("非常不满意", "Very dissatisfied"),
}
"""The five levels of a review, by the codes of GB/T 39046-2020."""


@dataclass(frozen=True, slots=True)
class ReviewView:
    """What an applicant thought of how their case was handled, and the answer of the body that was judged.

    `level` 1 to 5, a key of REVIEW_LEVELS. `by_label` is masked, and tells nobody of an anonymous one.
    `reply_due_at` is set for bad ones only (4, 5).
    """

    case_id: int
    type_id: str
    level: int
    channel: str
    text: str
    tags: tuple[str, ...]
    anonymous: bool
    at: datetime
    by_label: str
    organisation_id: int | None
    organisation_label: str
    region: str
    reply_due_at: datetime | None = None
    reply: str | None = None
    reply_at: datetime | None = None
    reply_label: str | None = None
    number: str = ""
    title: str = ""

    @property
    def words(self) -> T:
        """The level in words."""
        return REVIEW_LEVELS[self.level]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a case sheet shows. `clock` is the first of `clocks`, or None if there is no limit.

    `review` is what its applicant thought of it, `may_review` that the reader can say so now, `may_answer` that the
    reader can answer what was said. `together`: what stands beside the case.
    """

    case: CaseView
    clocks: tuple[ClockView, ...]
    timeline: tuple[EventView, ...]
    files: tuple[FileView, ...]
    facts: tuple[FactView, ...]
    moves: tuple[MoveView, ...]
    links: tuple[LinkView, ...]
    basis: T
    may_note: bool
    may_reveal: bool
    review: ReviewView | None = None
    may_review: bool = False
    may_answer: bool = False
    together: Together = field(default_factory=Together)
    supervisions: tuple[SupervisionView, ...] = ()
    may_supervise: bool = False
    may_urge: bool = False
    urge_why: T | None = None

    @property
    def clock(self) -> ClockView | None:
        """The clock that everyone watches: the nearest that runs."""
        return self.clocks[0] if self.clocks else None


@dataclass(frozen=True, slots=True)
class Step:
    """One public step of a case's progress."""

    title: T
    at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """What anyone with number and code may know: no personal data, no staff names."""

    number: str
    type_title: T
    state_title: T
    phase: str
    organisation_label: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    light: str
    steps: tuple[Step, ...]
    explain: T | None = None
    reviewable: bool = False
    merged: bool = False
    clocks: tuple[ClockView, ...] = ()
    may_urge: bool = False
    urge_why: T | None = None
    urges: int = 0
