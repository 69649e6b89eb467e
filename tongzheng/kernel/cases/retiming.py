"""Changing a case's clocks without a move: its own time, its work and its inbox follow, with an event, in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tongzheng.kernel.core.text import T

from . import clocks, keeping, timing
from .declarations import words_of
from .kinds import CaseType
from .record import Record
from .statement import FAR, Statement

_CASE = (
    "UPDATE cases_case SET version = version + 1, events = events + 1, due_at = %s, soon_at = %s, paused_at = %s,"
    " stopped_at = %s, clock = %s, clock_unit = %s, supervised = supervised + %s::smallint"
    " WHERE id = %s AND version = %s RETURNING id, events"
)
_TASKS = (
    "UPDATE cases_task SET due_at = COALESCE(%s::timestamptz, %s::timestamptz),"
    " soon_at = COALESCE(%s::timestamptz, %s::timestamptz)"
    " WHERE case_id = %s AND done_at IS NULL AND role = 0 AND EXISTS (SELECT 1 FROM c)"
)


def retimed(
    declared: CaseType,
    record: Record,
    before: Sequence[clocks.Running],
    left: Sequence[clocks.Running],
    *,
    kind: str,
    title: T,
    note: T | str,
    by: tuple[int | None, str],
    now: datetime,
    supervised: int = 0,
) -> Statement:
    """Return the statement that leaves a case with these clocks; whoever had looked at it is told of the change.

    Args: kind, title and note of the event; supervised, how many supervisions begin or, negative, end.
    """
    shown = timing.shown(declared, left, closed=record.phase == 2)
    written = Statement()
    written.add(
        "c",
        _CASE,
        (
            *(shown.due_at, shown.soon_at, shown.paused_at, shown.stopped_at, shown.name, shown.unit),
            *(supervised, record.id, record.version),
        ),
    )
    due, soon = (None, None) if shown.stopped_at else (shown.due_at, shown.soon_at)
    written.add("d", _TASKS, (due, FAR, soon, FAR, record.id))
    changed = [one for one in left if one not in before]
    if changed:
        written.add("k", keeping.WRITE, (keeping.written(changed),))
    written.event(
        kind=kind,
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=note if isinstance(note, str) else f"{note.zh}\n{note.en}" if note.en != note.zh else note.zh,
        data=None,
        sealed=None,
        document="",
        words=words_of(declared, None, record.state, title),
    )
    return written
