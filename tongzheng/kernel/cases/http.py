"""The JSON API of cases: the same doors as the pages, so permission, record and refusals are the same.

Mounted at /api/work/. Words come in both languages; times are ISO 8601 with zone; refusals are RFC 9457 problems
(401 not signed in, 403 refused, 404 missing or not to be known, 409 moved meanwhile, 422 with each bad field).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import ConfigDict, Field

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor

from . import api as cases
from .http_together import together
from .kinds import CaseType
from .shown import described
from .views import CaseView, MoveView, Page, Sheet

api = Router(tags=["cases"])
api.add_router("", together)


class Words(Schema):
    """A text in both languages."""

    zh: str
    en: str


class Row(Schema):
    """A case in a list. `light`: green, yellow, red, paused, done, late or none. `applicant_label` is masked."""

    number: str
    type_id: str
    type_title: Words
    state: str
    state_title: Words
    phase: str
    title: str
    region: str
    organisation_id: int | None
    organisation_label: str
    handler_id: int | None
    handler_label: str
    applicant_label: str
    opened_at: datetime
    due_at: datetime | None
    light: str


class CaseRowOut(Row):
    """A case found."""

    version: int
    subject: str
    closed_at: datetime | None


class TaskOut(Row):
    """A piece of work. `left`: what is left of its time limit, in words."""

    done_at: datetime | None
    left: Words


class CaseOut(CaseRowOut):
    """A case as it stands. Send `version` back with a move: a move of an older version is refused (409)."""

    documents: list[str]
    facts: dict[str, Any]


class Tasks(Schema):
    """A page of work. `after` is what to send for the next page, "" at the end."""

    rows: list[TaskOut]
    after: str


class Cases(Schema):
    """A page of cases. `after` is what to send for the next page, "" at the end."""

    rows: list[CaseRowOut]
    after: str


class Counts(Schema):
    """How much work there is, each counted no further than 100."""

    todo: int
    mine: int
    yellow: int
    red: int
    paused: int


class ClockOut(Schema):
    """A time limit; `explain` says why it is due when it is."""

    name: str
    title: Words
    unit: str
    amount: int
    started_at: datetime
    due_at: datetime
    paused_at: datetime | None
    stopped_at: datetime | None
    light: str
    used: float
    left: Words
    explain: Words
    basis: Words


class FactOut(Schema):
    """One entry of the form; masked when `personal`."""

    name: str
    title: Words
    kind: str
    shown: Words
    personal: bool


class EventOut(Schema):
    """One thing that happened."""

    n: int
    kind: str
    move: str
    title: Words
    from_state: str
    to_state: str
    at: datetime
    actor_label: str
    organisation_label: str
    note: str
    basis: Words
    document: str
    data: list[FactOut]


class FileOut(Schema):
    """A file of the case; its content is at /work/cases/<number>/files/<digest>/."""

    digest: str
    name: str
    size: int
    media_type: str
    field: str
    at: datetime
    by_label: str


class MoveOut(Schema):
    """A move that the state knows. `form`: the entries that it asks for in `data`."""

    name: str
    title: Words
    allowed: bool
    why: Words
    target: str
    basis: Words
    note: str
    chooses_organisation: bool
    asks_days: bool
    extend_limit: int
    form: list[dict[str, Any]]

    @staticmethod
    def resolve_form(move: MoveView) -> list[dict[str, Any]]:
        """Describe the move's own entries."""
        return described(move.fields)


class SheetOut(Schema):
    """All that a case sheet shows."""

    case: CaseOut
    clocks: list[ClockOut]
    timeline: list[EventOut]
    files: list[FileOut]
    facts: list[FactOut]
    moves: list[MoveOut]
    may_note: bool
    may_reveal: bool


class MoveIn(Schema):
    """What a move is given: `version` that was looked at, and what the move asks for."""

    model_config = ConfigDict(extra="forbid")

    version: int
    note: str = Field("", max_length=4000)
    data: dict[str, Any] = Field(default_factory=dict)
    organisation: int | None = None
    handler: int | None = None
    days: int | None = None


class NoteIn(Schema):
    """A note."""

    model_config = ConfigDict(extra="forbid")

    note: str = Field(max_length=4000)


Plain = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
"""Text that a database can be asked for."""


class Asked(Schema):
    """What a list may be narrowed by."""

    type: Plain = ""
    words: Plain = ""
    after: Plain = ""
    limit: int = Field(50, ge=1, le=100)


class AskedTasks(Asked):
    """What an inbox may be narrowed by."""

    view: Plain = "todo"
    light: Plain = ""


class AskedCases(Asked):
    """What a search may be narrowed by."""

    state: Plain = ""
    subject: Plain = ""
    region: Plain = ""


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@api.get("inbox/", response=Tasks, summary="One's work, the nearest limit first")
def inbox(request: HttpRequest, asked: Query[AskedTasks]) -> Page[Any]:
    """Return a page of the caller's work. `view`: todo, mine or handled; `light`: red, yellow, green or paused."""
    return cases.inbox(
        actor=_actor(request),
        view=asked.view,
        type_id=asked.type or None,
        words=asked.words,
        light=asked.light or None,
        after=asked.after or None,
        limit=asked.limit,
    )


@api.get("counts/", response=Counts, summary="How much work waits")
def counts(request: HttpRequest) -> Any:
    """Return how much work waits for the caller."""
    return cases.counts(actor=_actor(request))


@api.get("cases/", response=Cases, summary="Cases that one may read, newest first")
def find(request: HttpRequest, asked: Query[AskedCases]) -> Page[Any]:
    """Return a page of cases. `words`: a number, phone, ID number, full name, or words of the title."""
    return cases.find_cases(
        actor=_actor(request),
        type_id=asked.type or None,
        words=asked.words,
        state=asked.state or None,
        subject=asked.subject or None,
        region=asked.region or None,
        after=asked.after or None,
        limit=asked.limit,
    )


@api.get("cases/{number}/", response=SheetOut, summary="A case sheet")
def sheet(request: HttpRequest, number: str) -> Sheet:
    """Return the sheet of one case; personal entries are masked."""
    return cases.sheet(number, actor=_actor(request))


@api.post("cases/{number}/moves/{move}/", response=CaseOut, summary="Make a move")
def move(request: HttpRequest, number: str, move: str, given: MoveIn) -> CaseView:
    """Make one move of the case type's table and return the case after it."""
    return cases.move_case(
        number,
        move,
        actor=_actor(request),
        version=given.version,
        note=given.note,
        data=given.data,
        organisation=given.organisation,
        handler=given.handler,
        days=given.days,
    )


@api.post("cases/{number}/notes/", response={204: None}, summary="Add a note")
def note(request: HttpRequest, number: str, given: NoteIn) -> Status[None]:
    """Add a note to a case that the caller works on."""
    cases.add_note(number, actor=_actor(request), note=given.note)
    return Status(204, None)


@api.get("types/{type_id}/form/", response=list[dict[str, Any]], summary="The form of a case type")
def form(request: HttpRequest, type_id: str) -> list[dict[str, Any]]:
    """Describe the entries of a case type's form, with their rules and words in both languages."""
    found = registry.find(CaseType, type_id)
    if found is None:
        raise Missing(T("没有这种办件", "There is no such type of case"))
    return described(found.fields)
