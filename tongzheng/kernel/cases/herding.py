"""One act upon many cases at once, as parts of one statement: each part is one INSERT or UPDATE over all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from tongzheng.kernel.ledger import api as ledger

from .declarations import Words
from .grouping import Change
from .record import Record
from .statement import FAR, Statement

_ROWS = (
    "SELECT * FROM jsonb_to_recordset(%s::jsonb) AS x(id bigint, version int, state text, phase smallint, org bigint,"
    " org_label text, previous bigint, handler bigint, handler_label text, mover bigint, closed timestamptz,"
    " stopped timestamptz, documents text[], leader bigint, was text, task text, waits boolean, work boolean,"
    " kind text, ended text, region text, due timestamptz, soon timestamptz, stops boolean, restarts timestamptz)"
)
_UPDATE = (
    "UPDATE cases_case m SET state = h.state, phase = h.phase, version = m.version + 1, events = m.events + 1,"
    " organisation_id = h.org, organisation_label = h.org_label, previous_id = h.previous, handler_id = h.handler,"
    " handler_label = h.handler_label, mover_id = h.mover, closed_at = h.closed, stopped_at = h.stopped,"
    " documents = h.documents, leader_id = h.leader"
    " FROM h, c WHERE m.id = h.id AND m.version = h.version RETURNING m.id, m.events"
)
_EVENTS = (
    "INSERT INTO cases_event (case_id, n, kind, move, from_state, to_state, at, actor_id, actor_label, organisation_id,"
    " organisation_label, note, data, document, wording_id)"
    " SELECT hm.id, hm.events, %s::text, %s::text, h.was, h.state, %s::timestamptz, %s::bigint, %s::text, h.org,"
    " h.org_label, %s::text, %s::jsonb, %s::text, %s::bigint FROM hm JOIN h ON h.id = hm.id"
)
_DONE = (
    "UPDATE cases_task t SET done_at = %s::timestamptz, done_by = %s::bigint, ended = h.ended FROM h JOIN hm ON hm.id = h.id"
    " WHERE h.task = 'new' AND t.case_id = h.id AND t.done_at IS NULL AND t.role = 0"
)
_REOPENED = (
    "UPDATE cases_task t SET ended = NULL FROM h JOIN hm ON hm.id = h.id"
    " WHERE h.task = 'new' AND h.work AND t.case_id = h.id AND t.ended IS NOT NULL"
)
_KEPT = (
    "UPDATE cases_task t SET waits = h.waits FROM h JOIN hm ON hm.id = h.id"
    " WHERE h.task = 'keep' AND t.case_id = h.id AND t.done_at IS NULL AND t.role = 0"
)
_TASKS = (
    "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at, soon_at)"
    " SELECT h.id, 0, h.kind, h.region, h.org, h.handler, h.waits, %s::timestamptz, COALESCE(h.due, %s::timestamptz),"
    " COALESCE(h.soon, %s::timestamptz) FROM h JOIN hm ON hm.id = h.id WHERE h.task = 'new' AND h.work"
)
_STOPS = (
    "UPDATE cases_clock k SET stopped_at = %s::timestamptz, next_at = NULL FROM h JOIN hm ON hm.id = h.id"
    " WHERE h.stops AND k.case_id = h.id AND k.stopped_at IS NULL"
)
_RESTARTS = (
    "UPDATE cases_clock k SET stopped_at = NULL, next_at = k.soon_at FROM h JOIN hm ON hm.id = h.id"
    " WHERE h.restarts IS NOT NULL AND k.case_id = h.id AND k.stopped_at = h.restarts"
)


def write(
    written: Statement,
    changes: Sequence[Change],
    *,
    kind: str,
    move: str,
    act: str,
    at: datetime,
    by: tuple[int | None, str],
    note: str,
    words: Words,
    body: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    document: str = "",
) -> None:
    """Add what an act does to many cases: their rows, work, clocks, events and ledger entries, or nothing at all.

    Args: kind and move of the events; act, what the ledger calls it; body, what the ledger keeps beside each case's
    own states. If any of the cases was changed meanwhile the whole statement comes to nothing.
    """
    if not changes:
        return
    written.add("h", _ROWS, (orjson.dumps([_row(one) for one in changes]).decode(),))
    written.add("hm", _UPDATE, ())
    written.counted("hm", len(changes))
    shown = orjson.dumps(data).decode() if data else None
    written.add("he", _EVENTS, (kind, move, at, *by, note, shown, document, words.id))
    written.wording(words)
    if any(one.task == "new" for one in changes):
        written.add("hd", _DONE, (at, by[0]))
        written.add("ho", _REOPENED, ())
        written.add("ht", _TASKS, (at, FAR, FAR))
    if any(one.task == "keep" for one in changes):
        written.add("hk", _KEPT, ())
    if any(one.stops for one in changes):
        written.add("hs", _STOPS, (at,))
    if any(one.restarts for one in changes):
        written.add("hr", _RESTARTS, ())
    told = {"note": sha256(note.strip().encode()).hexdigest()} if note.strip() else {}
    entries = [
        ledger.writing(
            act=act,
            subject=f"case:{one.before.number}",
            actor=by[0],
            label=by[1],
            body={
                **body,
                **told,
                "from": one.before.state,
                "to": one.after.state,
                "version": one.before.version + 1,
            },
            at=at,
        )
        for one in changes
    ]
    written.ledger(ledger.together(entries))


def _row(one: Change) -> dict[str, Any]:
    before, after = one.before, one.after
    work = after.phase != 2 and after.organisation_id is not None
    running = after.stopped_at is None
    return {
        "id": before.id,
        "version": before.version,
        "state": after.state,
        "phase": after.phase,
        "org": after.organisation_id,
        "org_label": after.organisation_label,
        "previous": after.previous_id,
        "handler": after.handler_id,
        "handler_label": after.handler_label,
        "mover": after.mover_id,
        "closed": _iso(after.closed_at),
        "stopped": _iso(after.stopped_at),
        "documents": after.documents,
        "leader": after.leader_id,
        "was": before.state,
        "task": one.task,
        "waits": one.waits,
        "work": work,
        "kind": f"{after.type_id}/{after.state}",
        "ended": f"{after.type_id}/{after.state}" if after.phase == 2 else None,
        "region": after.region,
        "due": _iso(after.due_at) if running else None,
        "soon": _iso(after.soon_at) if running else None,
        "stops": one.stops,
        "restarts": _iso(one.restarts),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def numbers_of(records: Sequence[Record]) -> str:
    """Return the numbers of cases as a note shows them, the first twenty."""
    first = "、".join(one.number for one in records[:20])
    return first if len(records) <= 20 else f"{first} …（{len(records)}）"
