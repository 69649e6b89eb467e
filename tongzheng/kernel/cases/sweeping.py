"""The sweep: what clocks do by themselves. It touches only what is due, and tells each stage exactly once.

One index holds the next moment of every clock at which anything happens. A turn takes the earliest of those that are
due, skipping what somebody else holds, and writes what they tell, and how far each has come, in one transaction: if
the worker dies, nothing was told, and the next turn tells it. The case is locked before its clock, as in a move.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.utils import InterfaceError, OperationalError

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import addressing, calendars, clocks, faced, keeping, moving, sql, timing, wording
from .clock_kinds import Clock, Escalation, RunsOut
from .declarations import Words, all_types, now_known, unknown, words_of
from .kinds import CaseType

log = logging.getLogger("tongzheng.cases")
BATCH = 200
AGAIN = timedelta(hours=1)
"""What could not be done is tried again after this time."""

# The names are our own columns; every value is a parameter.
_DUE = (
    f"SELECT {addressing.COLUMNS}, jsonb_build_array({keeping.ONE}) FROM cases_clock k"  # noqa: S608
    " JOIN cases_case c ON c.id = k.case_id WHERE k.next_at <= %s ORDER BY k.next_at LIMIT %s"
    " FOR UPDATE OF c, k SKIP LOCKED"
)
_CLOCKS = (
    "UPDATE cases_clock k SET stage = x.stage, next_at = x.next_at, ran_out_at = x.ran_out_at,"
    " paused_until = x.paused_until FROM jsonb_to_recordset(%s::jsonb) AS x(case_id bigint, name text,"
    " stage smallint, next_at timestamptz, ran_out_at timestamptz, paused_until timestamptz)"
    " WHERE k.case_id = x.case_id AND k.name = x.name"
)
_EVENTS = (
    "WITH x AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) AS x(case_id bigint, k int, total int, state text,"
    " organisation_id bigint, organisation_label text, note text, wording bigint)), c AS (UPDATE cases_case u"
    " SET events = u.events + y.total FROM (SELECT DISTINCT case_id, total FROM x) y WHERE u.id = y.case_id"
    " RETURNING u.id, u.events) INSERT INTO cases_event (case_id, n, kind, from_state, to_state, at, actor_id,"
    " actor_label, organisation_id, organisation_label, note, wording_id, move, document) SELECT x.case_id,"
    " c.events - x.total + x.k, 'clock', x.state, x.state, %s::timestamptz, NULL, %s::text, x.organisation_id,"
    " x.organisation_label, x.note, x.wording, '', '' FROM x JOIN c ON c.id = x.case_id"
)
_WAKE = "UPDATE cases_task SET waits = false WHERE done_at IS NULL AND role = 0 AND waits AND case_id = ANY(%s::bigint[])"
REMINDED, RAN_OUT, STOOD = (
    T("时限提醒", "Time limit: told"),
    T("时限届满", "Time limit ran out"),
    T("告知的暂停时间已满", "The announced standstill is over"),
)


@dataclass(slots=True)
class _Turn:
    """What one turn will write."""

    now: datetime
    rows: list[dict[str, Any]] = field(default_factory=list)
    events: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    letters: list[tuple[addressing.Held, Clock, clocks.Running, Escalation | None, T]] = field(
        default_factory=list
    )
    wake: list[int] = field(default_factory=list)
    moves: list[tuple[addressing.Held, RunsOut]] = field(default_factory=list)
    entries: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    words: dict[int, Words] = field(default_factory=dict)

    def event(self, declared: CaseType, held: addressing.Held, title: T, note: T) -> None:
        """Add an event to the case's timeline."""
        words = words_of(declared, None, held.state, title)
        self.words[words.id] = words
        self.events.setdefault(held.case_id, []).append(
            {
                "case_id": held.case_id,
                "state": held.state,
                "organisation_id": held.organisation_id,
                "organisation_label": held.organisation_label,
                "note": f"{note.zh}\n{note.en}",
                "wording": words.id,
            }
        )


def sweep(limit: int = BATCH) -> int:
    """Do what the next clocks that are due have to do; return how many clocks were due."""
    now = clock.now()
    with transaction.atomic():
        found = sql.rows(_DUE, (now, limit))
        if not found:
            return 0
        turn = _Turn(now)
        for row in found:
            _clock(turn, addressing.Held(*row[:-1]), keeping.running_of(row[-1])[0])
        _write(turn)
        for held, out in turn.moves:
            _moved(held, out)
    return len(found)


def _clock(turn: _Turn, held: addressing.Held, one: clocks.Running) -> None:
    declared = all_types().get(held.type_id)
    if declared is None or one.stopped_at is not None:
        turn.rows.append(_kept(held, clocks.changed(one, next_at=None)))
        return
    limit = timing.limit_of(declared, one.name)
    try:
        after = (
            _stood(turn, declared, held, limit, one)
            if one.paused_at
            else _ran(turn, declared, held, limit, one)
        )
    except (clocks.BeyondCalendar, OverflowError, KeyError) as error:
        log.error("clock %s of case %s: %r", one.name, held.number, error)
        after = clocks.changed(one, next_at=turn.now + AGAIN)
    turn.rows.append(_kept(held, after))


def _ran(
    turn: _Turn, declared: CaseType, held: addressing.Held, limit: Clock, one: clocks.Running
) -> clocks.Running:
    """Tell every stage whose moment has come, in order."""
    calendar = calendars.at_version(one.calendar, held.region)
    items = timing.agenda(limit)
    title = faced.title_of(held.type_id, one.name)
    while one.stage < len(items) and timing.moment_of(item := items[one.stage], one, calendar) <= turn.now:
        one = clocks.changed(one, stage=one.stage + 1)
        if isinstance(item, RunsOut):
            one = clocks.changed(one, ran_out_at=turn.now)
            _out(turn, declared, held, limit, one, item, title)
        else:
            turn.letters.append((held, limit, one, item, title))
    return clocks.changed(one, next_at=timing.next_at(limit, one, calendar))


def _out(
    turn: _Turn,
    declared: CaseType,
    held: addressing.Held,
    limit: Clock,
    one: clocks.Running,
    item: RunsOut,
    title: T,
) -> None:
    move = next((move.title for move in declared.moves if move.name == item.move), T(item.move, item.move))
    if item.signed:
        note = T("“{clock}”已届满，可以办理“{move}”", "{clock} has run out; “{move}” can be made now")
        turn.wake.append(held.case_id)
        turn.letters.append((held, limit, one, None, title))
    else:
        note = T("“{clock}”已届满，由平台办理“{move}”", "{clock} has run out; the platform makes “{move}”")
        turn.moves.append((held, item))
    turn.event(declared, held, RAN_OUT, note.fill(clock=title, move=move))
    body = {"clock": one.name, "due": one.due_at.isoformat(), "move": item.move, "signed": item.signed}
    turn.entries.append(("cases.ran_out", held.number, body))


def _stood(
    turn: _Turn, declared: CaseType, held: addressing.Held, limit: Clock, one: clocks.Running
) -> clocks.Running:
    """Remind of a standstill that has taken as long as it was announced to take."""
    title = faced.title_of(held.type_id, one.name)
    if one.until is not None and one.until <= turn.now:
        turn.letters.append((held, limit, one, None, title))
        why = one.paused_why or T("暂停", "paused")
        note = T("“{clock}”暂停（{why}）已满告知的时间", "{clock}: the announced time is over ({why})")
        turn.event(declared, held, STOOD, note.fill(clock=title, why=why))
        one = clocks.changed(one, until=None)
    return clocks.changed(
        one, next_at=timing.next_at(limit, one, calendars.at_version(one.calendar, held.region))
    )


def _kept(held: addressing.Held, one: clocks.Running) -> dict[str, Any]:
    return {
        "case_id": held.case_id,
        "name": one.name,
        "stage": one.stage,
        "next_at": one.next_at,
        "ran_out_at": one.ran_out_at,
        "paused_until": one.until,
    }


def _write(turn: _Turn) -> None:
    """Write a turn: a handful of statements, whatever its size."""
    told = addressing.letters(turn.letters, turn.now)
    for held, one, item, names in told.said:
        if item is None:
            continue  # what was told is an event of its own already
        note = wording.told(faced.title_of(held.type_id, one.name), one, item, names, turn.now)
        turn.event(all_types()[held.type_id], held, REMINDED, note)
        body = {"clock": one.name, "run": one.run, "at": item.at, "to": item.to}
        turn.entries.append(("cases.remind", held.number, {**body, "accounts": told.accounts(held, item)}))
    rows = []
    for events in turn.events.values():
        rows += [{**event, "k": place, "total": len(events)} for place, event in enumerate(events, 1)]
    fresh = [words for words in turn.words.values() if unknown(words)]
    with connection.cursor() as cursor:
        if fresh:
            cursor.executemany(
                "INSERT INTO cases_wording (id, words) VALUES (%s, %s::jsonb) ON CONFLICT (id) DO NOTHING",
                [(words.id, words.text) for words in fresh],
            )
        for text, params in told.writings:
            cursor.executemany(text, params)
        if turn.entries:
            writings = [
                ledger.writing(
                    act=act,
                    subject=f"case:{number}",
                    actor=None,
                    label=str(PLATFORM.zh),
                    body=body,
                    at=turn.now,
                )
                for act, number, body in turn.entries
            ]
            cursor.executemany(writings[0].sql, [one.params for one in writings])
    sql.rows(_CLOCKS, (orjson.dumps(turn.rows).decode(),))
    if rows:
        sql.rows(_EVENTS, (orjson.dumps(rows).decode(), turn.now, PLATFORM.zh))
    if turn.wake:
        sql.rows(_WAKE, (turn.wake,))
    for words in fresh:
        now_known(words)


PLATFORM = T("平台", "The platform")


def _moved(held: addressing.Held, out: RunsOut) -> None:
    """Make the move of a clock that ran out and needs no signature; if it cannot be made, somebody has to see to it."""
    try:
        with transaction.atomic():
            moving.move_case(held.case_id, out.move, actor=identity.SYSTEM, note="")
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.error("case %s: %s could not be made: %r", held.number, out.move, error)
        sql.rows(_WAKE, ([held.case_id],))


def due(now: datetime | None = None) -> int:
    """Return how many clocks are due and not yet swept, counted no further than 1000: what a health check looks at."""
    text = "SELECT count(*) FROM (SELECT 1 FROM cases_clock WHERE next_at <= %s LIMIT 1000) x"
    return int(sql.rows(text, (now or clock.now(),))[0][0])
