"""A case as one plain row, and its views. What is written is what is shown: a verb never reads back its own work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity import api as identity

from . import clocks, numbers, people, sql
from .declarations import EXTENSION, SUPERVISED, SUPERVISOR
from .keeping import CLOCKS, running_of
from .kinds import CaseType
from .views import CaseRow, CaseView


@dataclass(slots=True)
class Record:
    """The row of a case, in the order of COLUMNS."""

    id: int
    number: str
    type_id: str
    state: str
    phase: int
    version: int
    events: int
    title: str
    region: str
    organisation_id: int | None
    organisation_label: str
    opener_id: int | None
    previous_id: int | None
    handler_id: int | None
    handler_label: str
    mover_id: int | None
    made: list[str]
    applicant_account_id: int | None
    applicant_person_id: int | None
    applicant_organisation_id: int | None
    applicant_label: str
    applicant_lang: str
    applicant_sealed: bytes
    opened_at: datetime
    due_at: datetime | None
    soon_at: datetime | None
    paused_at: datetime | None
    closed_at: datetime | None
    stopped_at: datetime | None
    days: int | None
    subject: str
    facts: dict[str, Any]
    sealed: bytes
    form: list[Any] | None
    documents: list[str]
    leader_id: int | None = None
    members: int = 0
    pending: list[int] = field(default_factory=list)
    ticked: list[str] = field(default_factory=list)
    clock: str = ""
    clock_unit: str = ""
    limits: dict[str, Any] | None = None
    urges: int = 0
    urged_at: datetime | None = None
    supervised: int = 0


NAMES = tuple(Record.__slots__)
COLUMNS = ", ".join(f"c.{name}" for name in NAMES)
_FACTS, _FORM, _LIMITS = NAMES.index("facts"), NAMES.index("form"), NAMES.index("limits")


def record_of(row: tuple[Any, ...]) -> Record:
    """Return the record of a row whose first columns are COLUMNS."""
    found = Record(*row[: len(NAMES)])
    found.facts = json_of(row[_FACTS]) or {}
    found.form = json_of(row[_FORM])
    found.limits = json_of(row[_LIMITS])
    return found


def json_of(value: Any) -> Any:
    """Return the value of a JSON column, whichever cursor read it."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def which(case: int | str) -> tuple[str, int | str]:
    """Return the condition that finds a case by id or number. Raises Missing for what can be neither."""
    if isinstance(case, bool) or not isinstance(case, int | str):
        raise Missing(NO_CASE)
    if isinstance(case, str) and (not case or len(case) > 64 or "\0" in case):
        raise Missing(NO_CASE)
    if isinstance(case, str) and not case.isdecimal():
        return "c.number = %s", case.strip().upper()
    id = int(case)
    if not 0 < id < 2**63:
        raise Missing(NO_CASE)
    return "c.id = %s", id


OTHER_WORK = {
    EXTENSION: T("延期审批", "Decide on an extension"),
    SUPERVISED: T("办理督办", "Answer a supervision"),
    SUPERVISOR: T("督办确认", "Confirm a supervision"),
}
"""Kinds of work on a case beside its states."""

NO_CASE = T("没有这个办件，或您不能查看", "There is no such case, or you may not see it")


_CASE = f"SELECT {COLUMNS} FROM cases_case c WHERE "  # noqa: S608
_WITH_CLOCKS = f"SELECT {COLUMNS}, {CLOCKS} FROM cases_case c WHERE "  # noqa: S608


def load(case: int | str) -> Record:
    """Return the row of a case. Raises Missing."""
    condition, value = which(case)
    found = sql.rows(f"{_CASE}{condition}", (value,))
    if not found:
        raise Missing(NO_CASE)
    return record_of(found[0])


def load_with_clocks(case: int | str) -> tuple[Record, list[clocks.Running]]:
    """Return the row of a case and its clocks, in one statement. Raises Missing."""
    condition, value = which(case)
    found = sql.rows(f"{_WITH_CLOCKS}{condition}", (value,))
    if not found:
        raise Missing(NO_CASE)
    return record_of(found[0]), running_of(found[0][len(NAMES)])


def titles(type_id: str, state: str) -> tuple[T, T]:
    """Return the titles of a type and one of its states, as they stand; their ids if no longer declared."""
    found = registry.find(CaseType, type_id)
    if found is None:
        return same(type_id), same(state)
    if state in OTHER_WORK:
        return found.title, OTHER_WORK[state]
    for entry in found.states:
        if entry.name == state:
            return found.title, entry.title
    for part in found.subtasks:
        if f"+{part.name}" == state:
            return found.title, part.title
    return found.title, same(state)


def light_of(
    now: datetime,
    phase: int,
    due: datetime | None,
    soon: datetime | None,
    paused: datetime | None,
    closed: datetime | None,
) -> str:
    """Return the traffic light of a case; `closed` is when its time ended: a clock may stop before the case closes."""
    if phase == 2 and closed is None:
        return "done"
    return clocks.light(now=now, due=due, soon=soon, paused=paused, stopped=closed)


def view(record: Record, *, now: datetime, with_code: bool) -> CaseView:
    """Return the view of a record; its query code only for those who may have it."""
    type_title, state_title = titles(record.type_id, record.state)
    return CaseView(
        id=record.id,
        number=record.number,
        type_id=record.type_id,
        type_title=type_title,
        state=record.state,
        state_title=state_title,
        phase=("open", "paused", "closed")[record.phase],
        title=record.title,
        region=record.region,
        organisation_id=record.organisation_id,
        organisation_label=record.organisation_label,
        opener_organisation_id=record.opener_id,
        handler_id=record.handler_id,
        handler_label=record.handler_label,
        version=record.version,
        opened_at=record.opened_at,
        due_at=record.due_at,
        soon_at=record.soon_at,
        paused_at=record.paused_at,
        closed_at=record.closed_at,
        applicant_label=record.applicant_label,
        applicant_account_id=record.applicant_account_id,
        applicant_person_id=record.applicant_person_id,
        applicant_organisation_id=record.applicant_organisation_id,
        subject=record.subject,
        light=light_of(
            now,
            record.phase,
            record.due_at,
            record.soon_at,
            record.paused_at,
            record.stopped_at or record.closed_at,
        ),
        facts=record.facts,
        query_code=numbers.query_code(record.number) if with_code else "",
        documents=tuple(record.documents),
        members=record.members,
        merged=record.leader_id is not None,
    )


def own_case(record: Record, actor: identity.Actor) -> bool:
    """Tell whether the actor is the case's applicant."""
    return people.is_applicant(
        actor, record.applicant_account_id, record.applicant_person_id, record.applicant_organisation_id
    )


ROW_NAMES = (
    *(
        "id",
        "number",
        "type_id",
        "state",
        "phase",
        "title",
        "region",
        "organisation_id",
        "organisation_label",
    ),
    *(
        "handler_id",
        "handler_label",
        "applicant_label",
        "subject",
        "version",
        "opened_at",
        "due_at",
        "soon_at",
    ),
    *("paused_at", "closed_at", "stopped_at", "leader_id", "members"),
)
ROW_COLUMNS = ", ".join(f"c.{name}" for name in ROW_NAMES)


def row_view(row: tuple[Any, ...], now: datetime) -> CaseRow:
    """Return one line of a list from the columns of ROW_COLUMNS."""
    (id, number, type_id, state, phase, title, region, organisation_id, organisation_label) = row[:9]
    (handler_id, handler_label, applicant, subject, version, opened, due, soon, paused, closed, stopped) = (
        row[9:20]
    )
    leader, members = row[20:22]
    type_title, state_title = titles(type_id, state)
    return CaseRow(
        id=id,
        number=number,
        type_id=type_id,
        type_title=type_title,
        state=state,
        state_title=state_title,
        phase=("open", "paused", "closed")[phase],
        title=title,
        region=region,
        organisation_id=organisation_id,
        organisation_label=organisation_label,
        handler_id=handler_id,
        handler_label=handler_label,
        applicant_label=applicant,
        subject=subject,
        version=version,
        opened_at=opened,
        due_at=due,
        closed_at=closed,
        light=light_of(now, phase, due, soon, paused, stopped or closed),
        members=members,
        merged=leader is not None,
    )


def public_facts(facts: Mapping[str, Any]) -> list[str]:
    """Return the short open texts among kept facts, to be found by."""
    texts: list[str] = []
    for value in facts.values():
        if isinstance(value, str) and 1 < len(value) <= 80 and "＊" not in value and "·" not in value:
            texts.append(value)
        elif isinstance(value, Mapping) and isinstance(value.get("address"), str):
            texts.append(str(value["address"])[:120])
    return texts
