"""What a move entails and how it is written: clocks, the case after it, tasks, event, ledger, messages; one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from tongzheng.kernel.core.sealing import seal_json
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import calendars, clocks, flow, forms, marks, people, together
from .declarations import words_of
from .kinds import CaseType, Move
from .opening import SEALED, tell
from .record import Record, pauses_json
from .statement import FAR, Statement

# Only what a move can change; unchanged columns keep the row's other indexes out of it.
_UPDATE = (
    "UPDATE cases_case SET state = %s, phase = %s, version = version + 1, events = events + 1, organisation_id = %s,"
    " organisation_label = %s, previous_id = %s, handler_id = %s, handler_label = %s, mover_id = %s, made = %s,"
    " due_at = %s, soon_at = %s, paused_at = %s, closed_at = %s, stopped_at = %s, documents = %s"
    " WHERE id = %s AND version = %s RETURNING id, events"
)
_CLOSING = _UPDATE.replace("documents = %s", "documents = %s, pending = '{}'")
_DONE = (
    "UPDATE cases_task SET done_at = %s, done_by = %s, ended = %s WHERE case_id = %s AND done_at IS NULL AND role = 0"
    " AND EXISTS (SELECT 1 FROM c)"
)
_REOPENED = "UPDATE cases_task SET ended = %s WHERE ended = %s AND case_id = %s AND EXISTS (SELECT 1 FROM c)"
_KEPT = (
    "UPDATE cases_task SET handler_id = %s, due_at = COALESCE(%s::timestamptz, %s::timestamptz),"
    " soon_at = COALESCE(%s::timestamptz, %s::timestamptz), waits = %s"
    " WHERE case_id = %s AND done_at IS NULL AND role = 0 AND EXISTS (SELECT 1 FROM c)"
)
_TASK = (
    "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at,"
    " soon_at) SELECT c.id, 0, %s::text, %s::text, %s::bigint, %s::bigint, %s::boolean, %s::timestamptz,"
    " COALESCE(%s::timestamptz, %s::timestamptz), COALESCE(%s::timestamptz, %s::timestamptz) FROM c"
)
_CLOCK = (
    "INSERT INTO cases_clock (case_id, name, unit, amount, extended, calendar, started_at, due_at, soon_at, paused_at,"
    " paused_why, stopped_at, pauses) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s::jsonb)"
    " ON CONFLICT (case_id, name) DO UPDATE SET unit = excluded.unit, amount = excluded.amount,"
    " extended = excluded.extended, calendar = excluded.calendar, started_at = excluded.started_at,"
    " due_at = excluded.due_at, soon_at = excluded.soon_at, paused_at = excluded.paused_at,"
    " paused_why = excluded.paused_why, stopped_at = excluded.stopped_at, pauses = excluded.pauses"
)
CLOCKED = ("start", "pause", "resume", "extend")
"""What a move can do to clocks that needs them to be read first."""

_HELD = (
    "UPDATE cases_words SET marks = marks || x.m FROM (SELECT %s::int AS m FROM c) x"
    " WHERE case_id = %s AND NOT marks @> ARRAY[x.m]"
)
_STOP = "UPDATE cases_clock SET stopped_at = %s WHERE case_id = %s AND stopped_at IS NULL"


def clocks_after(
    declared: CaseType,
    move: Move,
    act: flow.Effect,
    running: list[clocks.Running],
    days: int | None,
    now: datetime,
) -> list[clocks.Running]:
    """Return the clocks that the move changes, as it leaves them; the first is the one that the case shows."""
    limit = declared.clock
    calendar = calendars.current()
    soon = limit.soon if limit else 0.7
    changed: dict[str, clocks.Running] = {}
    try:
        if act.clock == "start" and limit is not None:
            changed[limit.name] = clocks.start(
                calendar,
                name=limit.name,
                unit=limit.unit,
                # What the mover says now, else what was promised when the case was opened, else the type's own.
                amount=next((n for n in (act.days or None, days) if n is not None), limit.amount),
                soon=limit.soon,
                now=now,
            )
        for running_clock in running:
            old = running_clock
            if act.clock == "pause":
                new = clocks.pause(old, now=now, why=move.title)
            elif act.clock == "resume":
                new = clocks.resume(calendar, old, now=now, soon=soon)
            elif act.clock == "extend" and old is running[0]:
                new = clocks.extend(calendar, old, amount=act.days, soon=soon)
            else:
                continue
            if new is not old:
                changed[new.name] = new
    except (clocks.BeyondCalendar, OverflowError):
        raise calendars.too_long() from None
    return list(changed.values())


def case_after(
    record: Record,
    act: flow.Effect,
    move: Move,
    actor: identity.Actor,
    touched: list[clocks.Running],
    now: datetime,
) -> Record:
    """Return the record as the move leaves it; version and events are counted by the database."""
    first = touched[0] if touched else None
    moved = act.organisation_id != record.organisation_id
    if act.handler_id == record.handler_id:
        handler_label = record.handler_label
    elif act.handler_id is None:
        handler_label = ""
    elif act.handler_id == actor.id:
        handler_label = actor.label
    else:
        handler_label = people.handler_label(act.handler_id, act.organisation_id)
    closed = act.phase == "closed"
    return replace(
        record,
        state=act.state,
        phase=flow.PHASES.index(act.phase),
        organisation_id=act.organisation_id,
        organisation_label=people.organisation_name(act.organisation_id)
        if moved
        else record.organisation_label,
        previous_id=act.previous_id,
        handler_id=act.handler_id,
        handler_label=handler_label,
        mover_id=actor.id,
        made=[*record.made, move.name] if move.once and move.name not in record.made else record.made,
        due_at=first.due_at if first else record.due_at,
        soon_at=first.soon_at if first else record.soon_at,
        paused_at=first.paused_at if first else record.paused_at,
        closed_at=(record.closed_at or now) if closed else None,
        stopped_at=record.stopped_at or (now if act.clock == "stop" and record.due_at else None),
    )


def statement_of(
    declared: CaseType,
    move: Move,
    before: Record,
    after: Record,
    act: flow.Effect,
    touched: list[clocks.Running],
    by: tuple[int | None, str],
    note: str,
    clean: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
    document: str,
    now: datetime,
    beside: together.Beside,
) -> Statement:
    """Return the one statement that writes the move: case, tasks, clocks, event, files, ledger entry, messages."""
    written = Statement()
    written.add(
        "c",
        _CLOSING if act.phase == "closed" and before.pending else _UPDATE,
        (
            *(after.state, after.phase, after.organisation_id, after.organisation_label, after.previous_id),
            *(after.handler_id, after.handler_label, after.mover_id, after.made, after.due_at, after.soon_at),
            *(after.paused_at, after.closed_at, after.stopped_at, after.documents, before.id, before.version),
        ),
    )
    same_work = (
        act.work
        and before.phase != 2
        and before.organisation_id is not None
        and (after.state, after.organisation_id) == (before.state, before.organisation_id)
    )
    # What remains to be done once the clock has stopped has no limit of its own.
    due, soon = (None, None) if after.stopped_at else (after.due_at, after.soon_at)
    limits = (due, FAR, soon, FAR)
    if same_work:
        written.add("d", _KEPT, (after.handler_id, *limits, act.waits, before.id))
    else:
        ended = f"{after.type_id}/{after.state}" if after.phase == 2 else None
        if before.phase != 2:
            written.add("d", _DONE, (now, by[0], ended, before.id))
        else:
            written.add("d", _REOPENED, (ended, f"{before.type_id}/{before.state}", before.id))
        if act.work:
            kind = f"{after.type_id}/{after.state}"
            task = (kind, after.region, after.organisation_id, after.handler_id, act.waits, now)
            written.add("t", _TASK, (*task, *limits))
    if after.organisation_id is not None and after.organisation_id != before.organisation_id:
        written.add("w", _HELD, (marks.of_organisation(after.organisation_id), before.id))
    if act.clock == "stop":
        written.add("k", _STOP, (now, before.id))
    for number, one in enumerate(touched):
        written.add(f"k{number}", _CLOCK, (before.id, *_clock_values(one)))
    written.files(before.id, files, at=now, by=by)
    opened, personal = forms.split(move.fields, clean)
    shown = {**opened, **forms.masks(move.fields, personal)}
    written.event(
        kind="move",
        move=move.name,
        from_state=before.state,
        to_state=after.state,
        at=now,
        actor=by,
        organisation=(after.organisation_id, after.organisation_label),
        note=note.strip(),
        data=shown,
        sealed=seal_json(personal, use=SEALED) or None,
        document=document,
        words=words_of(declared, move, after.state),
    )
    written.ledger(
        ledger.writing(
            act="cases.move",
            subject=f"case:{before.number}",
            actor=by[0],
            label=by[1],
            body=_entry(move, before, after, note, shown, files, document),
            at=now,
        )
    )
    phone = ""
    if move.tells and after.applicant_sealed:
        phone = people.unsealed_applicant(after.applicant_sealed).get("phone", "")
    tell(written, move.tells, after, phone=phone, note=note, document=document, data=shown, now=now)
    together.write(
        *(written, declared, move, before, after, act, beside),
        by=by,
        note=note,
        clean=clean,
        shown=shown,
        document=document,
        now=now,
    )
    return written


def _clock_values(one: clocks.Running) -> tuple[Any, ...]:
    why = orjson.dumps(one.paused_why.to_json()).decode() if one.paused_why else None
    return (
        *(
            one.name,
            one.unit,
            one.amount,
            one.extended,
            one.calendar,
            one.started_at,
            one.due_at,
            one.soon_at,
        ),
        *(one.paused_at, why, one.stopped_at, pauses_json(one)),
    )


def _entry(
    move: Move,
    before: Record,
    after: Record,
    note: str,
    shown: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
    document: str,
) -> dict[str, Any]:
    """Return what the ledger keeps of a move: ids and digests, nothing personal."""
    body: dict[str, Any] = {
        "move": move.name,
        "from": before.state,
        "to": after.state,
        "version": before.version + 1,
        "organisation": after.organisation_id,
        "due": after.due_at.isoformat() if after.due_at else None,
    }
    if after.handler_id is not None:
        body["handler"] = after.handler_id
    if note.strip():
        body["note"] = sha256(note.strip().encode()).hexdigest()
    if shown:
        body["data"] = sha256(orjson.dumps(shown, option=orjson.OPT_SORT_KEYS)).hexdigest()
    if files:
        body["files"] = [file.digest for _, file in files][:100]
    if document:
        body["document"] = document
    return body
