"""The parts of a case as they are kept: read, asked who may, and ended with the case."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import calendars, joint, sql
from .joint import Part
from .kinds import CaseType, Subtask
from .record import COLUMNS, NO_CASE, Record, json_of, record_of
from .statement import Statement

PART_COLUMNS = (
    "s.id, s.name, s.step, s.required, s.organisation_id, s.organisation_label, s.state, s.amount, s.asked_at,"
    " s.asked_label, s.question, s.due_at, s.answer, s.opinion, s.data, s.given_at, s.given_label"
)
_OF = f"SELECT {PART_COLUMNS} FROM cases_subtask s WHERE s.case_id = %s ORDER BY s.id"  # noqa: S608


def asks(
    declared: CaseType, subtask: Subtask | None, record: Record, actor: identity.Actor
) -> identity.Verdict:
    """Return whether the actor may give this part of the work to others."""
    if subtask is None:
        return identity.Verdict(False, T("这类事项没有这种协办", "This type has no such part"))
    return identity.may(actor, subtask.by, organisation=record.organisation_id, region=record.region)


def gives(subtask: Subtask | None, part: Part, actor: identity.Actor) -> identity.Verdict:
    """Return whether the actor may answer for the body that was asked."""
    if subtask is None:
        return identity.Verdict(False, NO_CASE)
    return identity.may(actor, subtask.does, organisation=part.organisation_id)


def parts_of(case_id: int) -> list[Part]:
    """Return the parts of a case, in the order in which they were asked for."""
    return [part_of(row) for row in sql.rows(_OF, (case_id,))]


def part_of(row: Sequence[Any]) -> Part:
    """Return a part from the columns of PART_COLUMNS."""
    values = list(row)
    values[14] = json_of(values[14])
    return Part(*values)


def end_all(written: Statement, record: Record, by: int | None, now: datetime) -> None:
    """Add to a move that closes a case that nothing is awaited any more."""
    ended = (
        "UPDATE cases_subtask SET state = 'ended' WHERE case_id = %s AND state IN ('queued', 'asked')"
        " AND EXISTS (SELECT 1 FROM c)"
    )
    done = (
        "UPDATE cases_task SET done_at = %s, done_by = %s WHERE case_id = %s AND role = 1 AND done_at IS NULL"
        " AND EXISTS (SELECT 1 FROM c)"
    )
    written.add("se", ended, (record.id,))
    written.add("sd", done, (now, by, record.id))


def found_part(subtask_id: int) -> tuple[Record, Part]:
    """Return a part with its case. Raises Missing."""
    if isinstance(subtask_id, bool) or not isinstance(subtask_id, int) or not 0 < subtask_id < 2**63:
        raise Missing(NO_CASE)
    rows = sql.rows(
        f"SELECT {COLUMNS}, {PART_COLUMNS} FROM cases_subtask s JOIN cases_case c ON c.id = s.case_id WHERE s.id = %s",  # noqa: S608
        (subtask_id,),
    )
    if not rows:
        raise Missing(NO_CASE)
    return record_of(rows[0]), part_of(rows[0][-17:])


def limit_of(subtask: Subtask, amount: int, record: Record, now: datetime) -> tuple[datetime, datetime]:
    """Return when a part is due, and when its light turns yellow."""
    try:
        own = calendars.due_after(now, amount, subtask.unit)
    except OverflowError:
        raise calendars.too_long() from None
    due = joint.limit_within(own, None if record.stopped_at else record.due_at, now)
    return due, now + (due - now) * 0.7
