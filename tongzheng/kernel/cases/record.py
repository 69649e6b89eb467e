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


NAMES = tuple(Record.__slots__)
COLUMNS = ", ".join(f"c.{name}" for name in NAMES)
_FACTS, _FORM = NAMES.index("facts"), NAMES.index("form")

CLOCKS = (
    "(SELECT jsonb_agg(jsonb_build_array(k.name, k.unit, k.amount, k.started_at, k.due_at, k.soon_at, k.calendar,"
    " k.extended, k.pauses, k.paused_at, k.paused_why, k.stopped_at) ORDER BY k.started_at, k.name)"
    " FROM cases_clock k WHERE k.case_id = c.id)"
)


def record_of(row: tuple[Any, ...]) -> Record:
    """Return the record of a row whose first columns are COLUMNS."""
    found = Record(*row[: len(NAMES)])
    found.facts = json_of(row[_FACTS]) or {}
    found.form = json_of(row[_FORM])
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


NO_CASE = T("没有这个办件，或您不能查看", "There is no such case, or you may not see it")


_CASE = f"SELECT {COLUMNS} FROM cases_case c WHERE "  # noqa: S608


def load(case: int | str) -> Record:
    """Return the row of a case. Raises Missing."""
    condition, value = which(case)
    found = sql.rows(f"{_CASE}{condition}", (value,))
    if not found:
        raise Missing(NO_CASE)
    return record_of(found[0])


def load_clocks(case_id: int) -> list[clocks.Running]:
    """Return the clocks of a case."""
    return running_of(sql.rows(f"SELECT {CLOCKS} FROM (SELECT %s::bigint AS id) c", (case_id,))[0][0])  # noqa: S608


def running_of(value: Any) -> list[clocks.Running]:
    """Return the clocks that CLOCKS gathered."""
    return [_running(*entry) for entry in json_of(value) or ()]


def _running(
    name: str,
    unit: str,
    amount: int,
    started: str,
    due: str,
    soon: str,
    calendar: int,
    extended: int,
    pauses: list[Any] | None,
    paused: str | None,
    why: dict[str, str] | None,
    stopped: str | None,
) -> clocks.Running:
    moment = datetime.fromisoformat
    return clocks.Running(
        name=name,
        unit=unit,
        amount=amount,
        started_at=moment(started),
        due_at=moment(due),
        soon_at=moment(soon),
        calendar=calendar,
        extended=extended,
        pauses=tuple(
            clocks.Pause(moment(since), moment(until), units, T(why_zh, why_en))
            for since, until, units, why_zh, why_en in pauses or ()
        ),
        paused_at=moment(paused) if paused else None,
        paused_why=T(why["zh"], why["en"]) if why else None,
        stopped_at=moment(stopped) if stopped else None,
    )


def pauses_json(clock: clocks.Running) -> str | None:
    """Return a clock's pauses as they are stored."""
    if not clock.pauses:
        return None
    return orjson.dumps(
        [[p.since.isoformat(), p.until.isoformat(), p.units, p.why.zh, p.why.en] for p in clock.pauses]
    ).decode()


def titles(type_id: str, state: str) -> tuple[T, T]:
    """Return the titles of a type and one of its states, as they stand; their ids if no longer declared."""
    found = registry.find(CaseType, type_id)
    if found is None:
        return same(type_id), same(state)
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
    *("paused_at", "closed_at", "stopped_at"),
)
ROW_COLUMNS = ", ".join(f"c.{name}" for name in ROW_NAMES)


def row_view(row: tuple[Any, ...], now: datetime) -> CaseRow:
    """Return one line of a list from the columns of ROW_COLUMNS."""
    (id, number, type_id, state, phase, title, region, organisation_id, organisation_label) = row[:9]
    (handler_id, handler_label, applicant, subject, version, opened, due, soon, paused, closed, stopped) = (
        row[9:20]
    )
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
