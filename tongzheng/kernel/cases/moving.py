"""Making a move: judged by the table (`flow.py`), written with everything it entails in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, NoReturn

import orjson
from django.conf import settings

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.sealing import seal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import calendars, clocks, flow, forms, numbers, people, sql
from .declarations import case_type, words_of
from .kinds import APPLICANT, SYSTEM, CaseType, Move
from .lookup import PLACES
from .opening import SEALED, files_by_entry, tell
from .record import NO_CASE, Record, json_of, load, load_clocks, own_case, pauses_json, view
from .statement import FAR, Lost, Statement
from .views import CaseView

# Only what a move can change; unchanged columns keep the row's other indexes out of it.
_UPDATE = (
    "UPDATE cases_case SET state = %s, phase = %s, version = version + 1, events = events + 1, organisation_id = %s,"
    " organisation_label = %s, previous_id = %s, handler_id = %s, handler_label = %s, mover_id = %s, made = %s,"
    " due_at = %s, soon_at = %s, paused_at = %s, closed_at = %s, documents = %s"
    " WHERE id = %s AND version = %s RETURNING id, events"
)
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

_STOP = "UPDATE cases_clock SET stopped_at = %s WHERE case_id = %s AND stopped_at IS NULL"


def move_case(
    case_id: int | str,
    move: str,
    *,
    actor: identity.Actor,
    version: int | None = None,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    organisation: int | None = None,
    handler: int | None = None,
    days: int | None = None,
    files: Sequence[tuple[str, ledger.FileView]] = (),
) -> CaseView:
    """Make one move of the case type's table.

    Args: case_id or number; move, its name; version, the one the mover looked at (None: whatever it is now);
    note, data (raw as typed), organisation, handler and days as the move asks; files as in `open_case`.
    Returns the case after the move. Raises Conflict (someone moved it meanwhile: says who and what), Refused,
    SignInNeeded, Invalid (fields named), Missing.
    """
    record = load(case_id)
    declared = case_type(record.type_id)
    row = _row(declared, move)
    post_id = _permitted(declared, row, record, actor)
    if version is not None and version != record.version:
        _changed(record.id, version)
    if (why := _why_not(declared, row, record, actor)) is not None:
        raise why
    now = clock.now()
    choice = flow.Choice(organisation, handler, days)
    clean = _judged(row, record, choice, note, data or {}, files, now)
    act = flow.effect(declared, row, _standing(record), choice, actor.id)
    touched = (
        _clocks(declared, row, act, load_clocks(record.id), record.days, now) if act.clock in CLOCKED else []
    )
    after = _after(record, act, row, actor, touched, now)
    document = (
        numbers.document_number(record.type_id, declared.paper or declared.prefix, now)
        if row.document
        else ""
    )
    if document:
        after.documents = [*record.documents, document]
    by = (actor.id, people.actor_label(actor, post_id))
    written = _statement(declared, row, record, after, act, touched, by, note, clean, files, document, now)
    try:
        written.run()
    except Lost:
        _changed(record.id, record.version)
    after.version, after.events = record.version + 1, record.events + 1
    mine = own_case(record, actor)
    return view(after, now=now, with_code=mine)


def _row(declared: CaseType, move: str) -> Move:
    try:
        return declared.move(move)
    except KeyError:
        raise Missing(T("这类事项没有这一步", "This type of case has no such move")) from None


def _standing(record: Record) -> flow.Standing:
    return flow.Standing(
        state=record.state,
        organisation_id=record.organisation_id,
        opener_id=record.opener_id,
        previous_id=record.previous_id,
        handler_id=record.handler_id,
        mover_id=record.mover_id,
        made=frozenset(record.made),
    )


def mover_of(declared: CaseType, record: Record, actor: identity.Actor, moves: Sequence[Move]) -> flow.Mover:
    """Return the actor as the rules of moves see them: why not, by each action of these moves."""
    verdicts: dict[str, T | None] = {}
    for move in moves:
        if move.by not in verdicts and move.by not in (APPLICANT, SYSTEM):
            found = identity.may(actor, move.by, organisation=record.organisation_id, region=record.region)
            verdicts[move.by] = None if found else found.why
    mine = own_case(record, actor)
    return flow.Mover(actor.id, actor.kind, mine, verdicts)


def refusals(declared: CaseType, record: Record, actor: identity.Actor) -> tuple[tuple[Move, T | None], ...]:
    """Return every move that the case's state knows, with why this actor cannot make it, or None."""
    moves = [move for move in declared.moves if record.state in move.source]
    mover = mover_of(declared, record, actor, moves)
    return tuple((move, flow.refusal(move, _standing(record), mover)) for move in moves)


def _permitted(declared: CaseType, move: Move, record: Record, actor: identity.Actor) -> int | None:
    """Return the post acted from. Raises SignInNeeded, Refused, Missing (for who may not know of the case)."""
    mine = own_case(record, actor)
    if actor.kind == "nobody":
        raise SignInNeeded()
    if move.by in (APPLICANT, SYSTEM):
        allowed = mine if move.by == APPLICANT else actor.kind == "system"
        if allowed:
            return None
        if actor.kind == "citizen" and not mine:
            raise Missing(NO_CASE)
        raise Refused(flow.refusal(replace(move, source=(record.state,)), _standing(record), _nobody(actor)))
    verdict = identity.may(actor, move.by, organisation=record.organisation_id, region=record.region)
    if verdict:
        return verdict.post_id
    if actor.kind == "citizen" and not mine:
        raise Missing(NO_CASE)
    raise Refused(verdict.why)


def _nobody(actor: identity.Actor) -> flow.Mover:
    return flow.Mover(actor.id, actor.kind, False, {})


def _why_not(
    declared: CaseType, move: Move, record: Record, actor: identity.Actor
) -> Conflict | Refused | None:
    """Return why a permitted person cannot make this move now."""
    mine = own_case(record, actor)
    permitted = flow.Mover(actor.id, actor.kind, mine, {move.by: None})
    why = flow.refusal(move, _standing(record), permitted)
    if why is None:
        return None
    if record.state not in move.source:
        state = declared.state(record.state).title
        words = T(
            "这个办件现在是“{state}”，不能“{move}”", "The case is now “{state}”; “{move}” cannot be made"
        )
        return Conflict(words.fill(state=state, move=move.title))
    return Refused(why)


def _changed(case_id: int, version: int) -> NoReturn:
    """Raise the Conflict that says who did what since `version`."""
    found = sql.rows(
        "SELECT e.actor_label, e.at, w.words FROM cases_event e LEFT JOIN cases_wording w ON w.id = e.wording_id"
        " WHERE e.case_id = %s AND e.kind IN ('move', 'open') ORDER BY e.n DESC LIMIT 1",
        (case_id,),
    )
    if not found:
        raise Missing(NO_CASE)
    label, at, words = found[0]
    title = (json_of(words) or {}).get("title", {"zh": "", "en": ""})
    raise Conflict(
        T(
            "{who} 已于 {at} 办理“{move}”，请看最新状态",
            "{who} made “{move}” at {at}; look at the latest state",
        ).fill(who=label, at=f"{at.astimezone(clock.CHINA):%H:%M:%S}", move=T(title["zh"], title["en"]))
    )


def _judged(
    move: Move,
    record: Record,
    choice: flow.Choice,
    note: str,
    data: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
    now: datetime,
) -> dict[str, Any]:
    clean, slips = forms.validate(
        move.fields,
        data,
        files_by_entry(move.fields, files),
        today=now.date(),
        lookup=PLACES,
        upload_limit=settings.UPLOAD_LIMIT,
    )
    slips |= flow.slips(move, choice, note)
    if "\0" in note:
        slips["note"] = T("内容里有不能保存的字符", "There is a character that cannot be kept")
    if slips:
        raise Invalid(fields=slips)
    return clean


def _clocks(
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


def _after(
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
    )


def _statement(
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
) -> Statement:
    written = Statement()
    written.add(
        "c",
        _UPDATE,
        (
            *(after.state, after.phase, after.organisation_id, after.organisation_label, after.previous_id),
            *(after.handler_id, after.handler_label, after.mover_id, after.made, after.due_at, after.soon_at),
            *(after.paused_at, after.closed_at, after.documents, before.id, before.version),
        ),
    )
    same_work = (
        act.work
        and before.phase != 2
        and before.organisation_id is not None
        and (after.state, after.organisation_id) == (before.state, before.organisation_id)
    )
    limits = (after.due_at, FAR, after.soon_at, FAR)
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
