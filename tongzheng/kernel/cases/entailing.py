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

from . import calendars, clocks, flow, forms, keeping, marks, people, timing, together
from .declarations import EXTENSION, words_of
from .kinds import CaseType, Move
from .opening import SEALED, tell
from .record import Record
from .statement import FAR, Statement

# Only what a move can change; unchanged columns keep the row's other indexes out of it.
_UPDATE = (
    "UPDATE cases_case SET state = %s, phase = %s, version = version + 1, events = events + 1, organisation_id = %s,"
    " organisation_label = %s, previous_id = %s, handler_id = %s, handler_label = %s, mover_id = %s, made = %s,"
    " due_at = %s, soon_at = %s, paused_at = %s, closed_at = %s, stopped_at = %s, documents = %s, clock = %s,"
    " clock_unit = %s"
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
_HELD = (
    "UPDATE cases_words SET marks = marks || x.m FROM (SELECT %s::int AS m FROM c) x"
    " WHERE case_id = %s AND NOT marks @> ARRAY[x.m]"
)
_ASKED = (
    "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, waits, opened_at, due_at, soon_at)"
    " SELECT c.id, %s::smallint, %s::text, %s::text, %s::bigint, false, %s::timestamptz, %s::timestamptz,"
    " %s::timestamptz FROM c"
)
_FOLLOWS = (
    "UPDATE cases_task SET organisation_id = %s, handler_id = NULL WHERE case_id = %s AND done_at IS NULL AND role = 5"
    " AND EXISTS (SELECT 1 FROM c)"
)
_ANSWERED = (
    "UPDATE cases_task SET done_at = %s, done_by = %s WHERE case_id = %s AND done_at IS NULL AND role = %s::smallint"
    " AND EXISTS (SELECT 1 FROM c)"
)
EXTENSION_ROLE = 4
"""The role of the piece of work that is to decide on an extension."""


def clocks_after(
    declared: CaseType,
    move: Move,
    act: flow.Effect,
    record: Record,
    running: Sequence[clocks.Running],
    data: Mapping[str, Any],
    by: tuple[int | None, str],
    now: datetime,
) -> list[clocks.Running]:
    """Return all clocks of the case as the move leaves them. Raises Invalid for a limit that no calendar reaches."""
    try:
        return timing.after_move(
            declared,
            move,
            act,
            record.state,
            running,
            matter_of(declared, record),
            calendars.book(record.region),
            now,
            data=data,
            by=by,
        )
    except (clocks.BeyondCalendar, OverflowError):
        raise calendars.too_long() from None


def matter_of(declared: CaseType, record: Record) -> timing.Matter:
    """Return what a case's amounts are judged by."""
    given = {name: (amount, unit) for name, (amount, unit) in (record.limits or {}).items()}
    if record.days is not None and declared.limits:
        given[declared.limits[0].name] = (record.days, "")
    return timing.Matter(record.facts, record.region, given, record.opened_at)


def case_after(
    record: Record,
    act: flow.Effect,
    move: Move,
    actor: identity.Actor,
    left: Sequence[clocks.Running],
    declared: CaseType,
    now: datetime,
) -> Record:
    """Return the record as the move leaves it; version and events are counted by the database."""
    closed = act.phase == "closed"
    shown = timing.shown(declared, left, closed=closed)
    moved = act.organisation_id != record.organisation_id
    if act.handler_id == record.handler_id:
        handler_label = record.handler_label
    elif act.handler_id is None:
        handler_label = ""
    elif act.handler_id == actor.id:
        handler_label = actor.label
    else:
        handler_label = people.handler_label(act.handler_id, act.organisation_id)
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
        clock=shown.name,
        clock_unit=shown.unit,
        due_at=shown.due_at,
        soon_at=shown.soon_at,
        paused_at=shown.paused_at,
        closed_at=(record.closed_at or now) if closed else None,
        stopped_at=shown.stopped_at,
    )


def statement_of(
    declared: CaseType,
    move: Move,
    before: Record,
    after: Record,
    act: flow.Effect,
    touched: Sequence[clocks.Running],
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
            *(
                after.paused_at,
                after.closed_at,
                after.stopped_at,
                after.documents,
                after.clock,
                after.clock_unit,
            ),
            *(before.id, before.version),
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
        if before.supervised:
            written.add("sv", _FOLLOWS, (after.organisation_id, before.id))
    if touched:
        written.add("k", keeping.WRITE, (keeping.written(touched),))
    if move.clock == "ask" and act.work:
        kind = f"{after.type_id}/{EXTENSION}"
        asked = (EXTENSION_ROLE, kind, after.region, after.organisation_id, now, due or FAR, soon or FAR)
        written.add("x", _ASKED, asked)
    elif move.clock in ("allow", "deny") or (after.phase == 2 and before.phase != 2):
        written.add("x", _ANSWERED, (now, by[0], before.id, EXTENSION_ROLE))
    written.files(before.id, files, at=now, by=by)
    opened, personal = forms.split(move.form, clean)
    shown = {**opened, **forms.masks(move.form, personal)}
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
