"""The JSON API of work done together: merge, split, ask other bodies, answer, tick. The same doors as the pages."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from pydantic import ConfigDict, Field

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.identity.api import Actor

from . import api as cases
from .record import NO_CASE

together = Router(tags=["cases"])


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class MembersIn(_In):
    """Cases by number. `version`: the leader's that was looked at. Splitting without members dissolves the whole."""

    version: int | None = None
    members: list[str] = Field(default_factory=list, max_length=500)
    note: str = Field("", max_length=4000)


class LedOut(Schema):
    """The leading case after the act."""

    number: str
    version: int
    members: int


class AskIn(_In):
    """What is asked of which bodies. `days`: another limit than the declared, in its unit."""

    version: int | None = None
    organisations: list[int] = Field(max_length=30)
    question: str = Field(max_length=2000)
    days: int | None = None
    required: bool = True


class PartOut(Schema):
    """One body's part. `state`: queued, asked, given, silent or ended."""

    id: int
    name: str
    organisation_id: int
    organisation_label: str
    required: bool
    state: str
    question: str
    due_at: datetime | None
    answer: str
    opinion: str
    given_at: datetime | None


class AnswerIn(_In):
    """The answer of an assisting body."""

    answer: str = Field(max_length=60)
    opinion: str = Field("", max_length=4000)
    data: dict[str, Any] = Field(default_factory=dict)


class TickIn(_In):
    """Whether the line is ticked."""

    done: bool = True


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@together.post("cases/{number}/merge/", response=LedOut, summary="Merge cases into this one")
def merge(request: HttpRequest, number: str, given: MembersIn) -> Any:
    """Merge cases about one matter; each stays a case of its own. All or nothing."""
    return cases.merge(number, given.members, actor=_actor(request), note=given.note, version=given.version)


@together.post("cases/{number}/split/", response=LedOut, summary="Split members off")
def split(request: HttpRequest, number: str, given: MembersIn) -> Any:
    """Give members back what they were, each with its own time kept."""
    return cases.split(number, given.members, actor=_actor(request), note=given.note, version=given.version)


@together.post("cases/{number}/ask/{name}/", response=list[PartOut], summary="Ask other bodies")
def ask(request: HttpRequest, number: str, name: str, given: AskIn) -> Any:
    """Give a declared part of the work to other bodies."""
    return list(
        cases.ask(
            number,
            name,
            actor=_actor(request),
            organisations=given.organisations,
            question=given.question,
            days=given.days,
            required=given.required,
            version=given.version,
        )
    )


@together.post("cases/{number}/parts/{part}/", response=PartOut, summary="Answer for one's body")
def give(request: HttpRequest, number: str, part: int, given: AnswerIn) -> Any:
    """Give the answer and opinion of the body that was asked."""
    sheet = cases.sheet(number, actor=_actor(request))
    if part not in {one.part.id for one in sheet.together.parts}:
        raise Missing(NO_CASE)
    return cases.give(
        part, actor=_actor(request), answer=given.answer, opinion=given.opinion, data=given.data
    )


@together.post("cases/{number}/checks/{check}/", response={204: None}, summary="Tick a line of the checklist")
def tick(request: HttpRequest, number: str, check: str, given: TickIn) -> Status[None]:
    """Tick a line of the checklist, or take the tick away."""
    cases.tick(number, check, actor=_actor(request), done=given.done)
    return Status(204, None)
