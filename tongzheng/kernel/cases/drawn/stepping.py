"""One step of a case that runs by a drawing: read in one statement, judged by the pure engine, written in one."""

# ruff: noqa: S608 — statements are put together from our own words; every value is a parameter.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import orjson

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing
from tongzheng.kernel.core.sealing import seal_json
from tongzheng.kernel.core.text import T, from_json
from tongzheng.kernel.ledger import api as ledger

from .. import calendars, forms, marks, opening, people, sql
from ..declarations import Words, described
from ..kinds import CaseType, Field
from ..record import COLUMNS, NAMES, NO_CASE, Record, json_of, record_of, which
from ..statement import FAR, Statement
from . import engine, judging, living
from .engine import Effect, Event, NotWaiting, Runaway
from .program import Definition, Place
from .state import State

By = tuple[int | None, str]

_CASE = f"SELECT {COLUMNS}, p.version_id, p.state FROM cases_case c JOIN cases_process p ON p.case_id = c.id WHERE "
_UPDATE = (
    "UPDATE cases_case SET state = %s, phase = %s, version = version + 1, events = events + 1, organisation_id = %s,"
    " organisation_label = %s, previous_id = %s, handler_id = %s, handler_label = %s, mover_id = %s, due_at = %s,"
    " soon_at = %s, closed_at = %s, stopped_at = %s WHERE id = %s AND version = %s RETURNING id, events"
)
_PROCESS = (
    "UPDATE cases_process SET state = %s::jsonb, due_at = %s, awaits = %s::text[], troubled = %s, version_id = %s"
    " WHERE case_id = %s AND EXISTS (SELECT 1 FROM c)"
)
_BEGUN = (
    "INSERT INTO cases_process (state, due_at, awaits, troubled, version_id, case_id)"
    " VALUES (%s::jsonb, %s, %s::text[], %s, %s, %s)"
)
_DONE = (
    "UPDATE cases_task SET done_at = %s, done_by = CASE WHEN token = %s THEN %s::bigint END, ended = CASE WHEN token = %s"
    " THEN %s END WHERE case_id = %s AND done_at IS NULL AND token = ANY(%s::bigint[]) AND EXISTS (SELECT 1 FROM c)"
)
_TASKS = (
    "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at, soon_at,"
    " token) SELECT c.id, 0, x.k, %s::text, x.o, x.h, x.w, %s::timestamptz, COALESCE(x.d, %s::timestamptz),"
    " COALESCE(x.s, %s::timestamptz), x.t FROM c, jsonb_to_recordset(%s::jsonb)"
    " AS x(k text, o bigint, h bigint, w boolean, d timestamptz, s timestamptz, t bigint)"
)
_THROWN = (
    "INSERT INTO cases_process_thrown (kind, name, data, case_id, subject, at, after) SELECT x.k, x.n, x.v, c.id,"
    " %s::text, %s::timestamptz, 0 FROM c, jsonb_to_recordset(%s::jsonb) AS x(k text, n text, v jsonb)"
)
_HELD = (
    "UPDATE cases_words SET marks = marks || x.m FROM (SELECT %s::int AS m FROM c) x"
    " WHERE case_id = %s AND NOT marks @> ARRAY[x.m]"
)
_STOP = "UPDATE cases_clock SET stopped_at = %s, next_at = NULL WHERE case_id = %s AND stopped_at IS NULL"


@dataclass(slots=True)
class Stood:
    """A case and where it stands in its drawing."""

    record: Record
    version_id: int
    state: State


@dataclass(slots=True)
class Step:
    """What one step comes to: the state after it, what it asks, the way it took, what cannot go on."""

    state: State
    effects: list[Effect] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    troubles: list[Effect] = field(default_factory=list)
    decided: list[Any] = field(default_factory=list)


def load(case: int | str) -> Stood:
    """Return a case that runs by a drawing. Raises Missing."""
    condition, value = which(case)
    found = sql.rows(f"{_CASE}{condition}", (value,))
    if not found:
        raise Missing(NO_CASE)
    row = found[0]
    return Stood(record_of(row), row[len(NAMES)], json_of(row[len(NAMES) + 1]))


def advance(definition: Definition, state: State, event: Event, now: datetime) -> Step:
    """Let an event happen, and all that follows without anybody's doing: decisions are taken at once.

    Raises Conflict (nothing waits for it), Invalid (it would never come to rest).
    """
    step = Step(state)
    todo = [event]
    while todo:
        if len(step.path) > 20_000:
            raise Invalid(ENDLESS)
        try:
            step.state, effects, path = engine.step(
                definition, step.state, todo.pop(0), now=now, evaluate=judging.evaluate
            )
        except NotWaiting:
            raise Conflict(NOT_NOW) from None
        except Runaway:
            raise Invalid(ENDLESS) from None
        step.path += path
        for effect in effects:
            step.effects.append(effect)
            if effect.kind in ("decision", "service"):
                event, decided = judging.answer(effect)
                todo.append(event)
                step.decided += [decided] if decided else []
            elif effect.kind in ("incident", "error"):
                step.troubles.append(effect)
    return step


ENDLESS = T(
    "流程会无休止地走下去，这一步没有办成；请告知流程维护人员",
    "The process would never come to rest, so nothing was done; please tell whoever keeps it",
)
NOT_NOW = T("这一步现在不能办理，请看最新状态", "This step cannot be done now; look at the latest state")


# The case after a step


def after_step(before: Stood, definition: Definition, step: Step, by: By, now: datetime) -> Record:
    """Return the case as a step leaves it, and give its new work to organisations."""
    record, state = before.record, step.state
    home = state.setdefault("home", record.organisation_id)
    work = open_work(state)
    for token in work.values():
        token.setdefault("org", token.get("organisation") or home)
        place = definition.places[token["at"]]
        if "due" in place.rules and "due" not in token:
            token["due"], token["soon"] = _limit(place, now)
    names = {token["at"] for token in work.values()}
    status = state["status"]
    phase = 0 if status == "running" else 2
    name = "running" if status == "running" else "ended" if status == "ended" else "failed"
    if len(names) == 1 and phase == 0:
        name = next(iter(names))
    first = next(iter(work.values()), None)
    organisation = first["org"] if first else record.organisation_id
    handler = first.get("handler") if first else None
    limits = state.setdefault("limits", [_iso(record.due_at), _iso(record.soon_at)])
    dues = sorted(
        (due, soon or due)
        for due, soon in [limits, *((one.get("due"), one.get("soon")) for one in work.values())]
        if due
    )
    due, soon = dues[0] if dues else (None, None)
    moved = organisation != record.organisation_id
    return replace(
        record,
        state=name,
        phase=phase,
        organisation_id=organisation,
        organisation_label=people.organisation_name(organisation) if moved else record.organisation_label,
        previous_id=record.organisation_id if moved else record.previous_id,
        handler_id=handler,
        handler_label=(
            record.handler_label
            if handler == record.handler_id
            else people.handler_label(handler, organisation)
            if handler is not None
            else ""
        ),
        mover_id=by[0],
        due_at=datetime.fromisoformat(due) if due else None,
        soon_at=datetime.fromisoformat(soon) if soon else None,
        closed_at=(record.closed_at or now) if phase == 2 else None,
        stopped_at=now if phase == 2 and record.due_at else None,
    )


def open_work(state: State) -> dict[str, dict[str, Any]]:
    """Return the tokens at which somebody has work."""
    return {key: one for key, one in state["tokens"].items() if one.get("wait") == "task"}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _limit(place: Place, now: datetime) -> tuple[str, str]:
    amount = int(place.rules["due"]) if place.rules["due"].isdecimal() else 0
    due = calendars.due_after(now, amount, place.rules.get("unit", "working_day"))
    soon = now + timedelta(seconds=(due - now).total_seconds() * 0.7)
    return due.isoformat(), soon.isoformat()


# Writing


def process_values(definition: Definition, step: Step, version_id: int, case_id: int) -> tuple[Any, ...]:
    """Return what is kept of where a case stands."""
    state = step.state
    awaits = sorted(
        {f"{kind}:{name}" for kind, name, _ in engine.waiting_for(definition, state)}
        if state["status"] == "running"
        else ()
    )
    troubled = any(one.get("wait") == "incident" for one in state["tokens"].values())
    due = engine.next_due(state)
    return (orjson.dumps(state).decode(), due, awaits or None, troubled, version_id, case_id)


def write_tasks(written: Statement, record: Record, step: Step, old: State, now: datetime) -> None:
    """Add the work that a step opens."""
    had = open_work(old)
    new = [
        {
            "k": f"{record.type_id}/{token['at']}",
            "o": token["org"],
            "h": token.get("handler"),
            "w": bool(token.get("waits")),
            "d": token.get("due") or _iso(record.due_at),
            "s": token.get("soon") or _iso(record.soon_at),
            "t": int(key),
        }
        for key, token in open_work(step.state).items()
        if key not in had
    ]
    if new:
        written.add("t", _TASKS, (record.region, now, FAR, FAR, orjson.dumps(new).decode()))


def write_thrown(written: Statement, record: Record, step: Step, now: datetime) -> None:
    """Add the signals and messages that a step throws, to be carried to whoever waits for them, and what was decided."""
    written.beside += [partial(judging.keep, one, record.number) for one in step.decided]
    thrown = [
        {"k": effect.kind, "n": effect.name, "v": dict(effect.data)}
        for effect in step.effects
        if effect.kind in ("signal", "message") and effect.name
    ]
    if thrown:
        written.add("th", _THROWN, (record.subject, now, orjson.dumps(thrown[:100]).decode()))


def begun(written: Statement, stood: Stood, definition: Definition, step: Step, now: datetime) -> None:
    """Add, to the statement that opens a case, where it stands in its drawing, and its first work."""
    written.add("p", _BEGUN, process_values(definition, step, stood.version_id, stood.record.id))
    write_tasks(written, stood.record, step, {"tokens": {}}, now)
    write_thrown(written, stood.record, step, now)


def statement_of(
    declared: CaseType,
    definition: Definition,
    before: Stood,
    after: Record,
    step: Step,
    *,
    done: str = "",
    element: str = "",
    title: T,
    by: By,
    now: datetime,
    note: str = "",
    fields: tuple[Field, ...] = (),
    clean: Mapping[str, Any] | None = None,
    files: tuple[Any, ...] = (),
    version_id: int | None = None,
    kind: str = "move",
) -> Statement:
    """Return the one statement that writes a step: case, process, work, event, files, ledger entry, messages."""
    record = before.record
    written = Statement()
    written.add(
        "c",
        _UPDATE,
        (
            *(after.state, after.phase, after.organisation_id, after.organisation_label, after.previous_id),
            *(after.handler_id, after.handler_label, after.mover_id, after.due_at, after.soon_at),
            *(after.closed_at, after.stopped_at, record.id, record.version),
        ),
    )
    version = version_id or before.version_id
    written.add("p", _PROCESS, process_values(definition, step, version, record.id))
    still = open_work(step.state)
    over = [int(key) for key in open_work(before.state) if key not in still]
    if over:
        token = int(done or 0)
        ended = f"{after.type_id}/{after.state}" if after.phase == 2 else None
        last = token or over[0]
        written.add("d", _DONE, (now, token, by[0], last, ended, record.id, over))
    write_tasks(written, after, step, before.state, now)
    write_thrown(written, after, step, now)
    if after.organisation_id is not None and after.organisation_id != record.organisation_id:
        written.add("w", _HELD, (marks.of_organisation(after.organisation_id), record.id))
    if after.phase == 2:
        written.add("k", _STOP, (now, record.id))
    written.files(record.id, files, at=now, by=by)
    opened, personal = forms.split(fields, clean or {})
    shown: dict[str, Any] = {**opened, **forms.masks(fields, personal)}
    notes = [note.strip(), *(str(one.words.zh) for one in step.troubles if one.words)]
    written.event(
        kind=kind,
        move=f"{living.MARK}{element}",
        from_state=record.state,
        to_state=after.state,
        at=now,
        actor=by,
        organisation=(after.organisation_id, after.organisation_label),
        note="\n".join(part for part in notes if part)[:4000],
        data={**shown, living.PATH: step.path[:1000]} if step.path else shown,
        sealed=seal_json(personal, use=opening.SEALED) or None,
        document="",
        words=words_of(declared, after.state, title, fields),
    )
    body: dict[str, Any] = {
        "step": element[:100],
        "from": record.state[:100],
        "to": after.state[:100],
        "version": record.version + 1,
        "drawing": version,
        "organisation": after.organisation_id,
        "due": _iso(after.due_at),
    }
    if note.strip():
        body["note"] = sha256(note.strip().encode()).hexdigest()
    if shown:
        body["data"] = sha256(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if files:
        body["files"] = [file.digest for _, file in files][:100]
    subject = f"case:{record.number}"
    written.ledger(
        ledger.writing(act="cases.step", subject=subject, actor=by[0], label=by[1], body=body, at=now)
    )
    tell(written, definition, after, step, note, shown, now)
    return written


def tell(
    written: Statement,
    definition: Definition,
    after: Record,
    step: Step,
    note: str,
    shown: Mapping[str, Any],
    now: datetime,
) -> None:
    """Add what a step tells the applicant: the templates that the elements it passed name."""
    templates = [
        place.rules["tell"]
        for id in step.path
        if (place := definition.places.get(id)) is not None and "tell" in place.rules
    ]
    if templates:
        phone = ""
        if after.applicant_sealed:
            phone = people.unsealed_applicant(after.applicant_sealed).get("phone", "")
        opening.tell(written, templates[:5], after, phone=phone, note=note, document="", data=shown, now=now)


_words: dict[tuple[str, str, str, str], Words] = {}


def words_of(declared: CaseType, state: str, title: T, fields: tuple[Field, ...]) -> Words:
    """Return what an event must remember of the step it was."""
    form = orjson.dumps([described(field) for field in fields]).decode() if fields else ""
    key = (declared.name, state, title.zh + "|" + title.en, form)
    found = _words.get(key)
    if found is None:
        to = next((one.title for one in declared.states if one.name == state), from_json(state))
        content: dict[str, Any] = {
            "title": title.to_json(),
            "to": to.to_json(),
            "basis": declared.basis.to_json(),
        }
        if fields:
            content["fields"] = orjson.loads(form)
        text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
        if len(_words) > 20_000:
            _words.clear()
        found = Words(int.from_bytes(sha256(text).digest()[:8], "big") >> 1, text.decode())
        _words[key] = found
    return found
