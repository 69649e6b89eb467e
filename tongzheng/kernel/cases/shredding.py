"""Lawful deletion: once a closed case has been kept as long as its type says, its personal data goes for good.

What was decided, when and by which office stays; whose matter it was does not. Sealed values, their masks, the marks
by which a person is found, and what messages said and to whom are gone; the ledger holds none of it by rule.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.messages import api as messages

from . import acts, marks, people, sql
from .declarations import case_type, field_of, words_of
from .kinds import CaseType
from .record import NO_CASE, ROW_COLUMNS, Record, load, public_facts, row_view
from .statement import Lost, Statement
from .views import CaseRow, Page

SHREDDED = T("已销毁个人信息", "Personal data deleted")
_CASE = (
    "UPDATE cases_case SET events = events + 1, version = version + 1, sealed = ''::bytea, applicant_sealed = ''::bytea,"
    " applicant_label = '', applicant_account_id = NULL, applicant_person_id = NULL, applicant_organisation_id = NULL,"
    " facts = facts - %s::text[], key = NULL, shredded_at = %s"
    " WHERE id = %s AND version = %s AND phase = 2 AND shredded_at IS NULL RETURNING id, events"
)
_EVENTS = (
    "UPDATE cases_event SET sealed = NULL, data = data - %s::text[] WHERE case_id = %s AND EXISTS (SELECT 1 FROM c)"
    " AND (sealed IS NOT NULL OR data IS NOT NULL)"
)
_PARTS = "UPDATE cases_subtask SET sealed = NULL, data = data - %s::text[] WHERE case_id = %s AND EXISTS (SELECT 1 FROM c)"
_FILES = "DELETE FROM cases_file WHERE case_id = %s AND field = ANY(%s::text[]) AND EXISTS (SELECT 1 FROM c)"
_WORDS = "UPDATE cases_words SET marks = %s::int4[] WHERE case_id = %s AND EXISTS (SELECT 1 FROM c)"


def due_since(declared: CaseType, now: datetime) -> datetime:
    """Return the moment before which a case of this type must have been closed for its data to go. Pure."""
    years = declared.retention_years
    try:
        return now.replace(year=now.year - years)
    except ValueError:  # 29 February
        return now.replace(year=now.year - years, day=28)


def kept_long_enough(
    *, actor: identity.Actor, type_id: str, after: str | None = None, limit: int = 50
) -> Page[CaseRow]:
    """Return closed cases of a type whose time has run out, oldest first, for whoever may delete there (cases.shred).

    Raises SignInNeeded, Refused, Missing.
    """
    identity.require(actor, "cases.shred")
    declared = case_type(type_id)
    reach = identity.reach(actor, "cases.shred")
    most = max(1, min(limit, 200))
    inside, values = reach.sql("c.previous_id", "c.region")
    closed = [f"{type_id}/{state.name}" for state in declared.states if state.phase == "closed"]
    last = int(after) if after and after.isdecimal() and len(after) < 19 else 0
    now = clock.now()
    found = sql.rows(
        f"SELECT {ROW_COLUMNS} FROM cases_task t JOIN cases_case c ON c.id = t.case_id"  # noqa: S608 — our own words
        " WHERE t.ended = ANY(%s) AND t.ended IS NOT NULL AND t.case_id > %s AND c.shredded_at IS NULL"
        f" AND c.closed_at <= %s AND {inside} ORDER BY t.case_id LIMIT {most + 1}",
        [closed, last, due_since(declared, now), *values],
    )
    rows = tuple(row_view(row, now) for row in found[:most])
    return Page(rows, str(rows[-1].id) if len(found) > most else "")


def shred(case: int | str, *, actor: identity.Actor, reason: str) -> None:
    """Delete the personal data of a closed case that has been kept as long as its type says; nothing brings it back.

    Args: reason, 4 to 200 characters. Needs cases.shred for the case's region. Raises SignInNeeded, Refused, Missing,
    Invalid, Conflict (not closed, kept too short, or done already).
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(case)
    office = record.organisation_id or record.previous_id or record.opener_id
    verdict = identity.may(actor, "cases.shred", organisation=office, region=record.region)
    if not verdict:
        raise Refused(verdict.why) if acts.reads(record, actor) else Missing(NO_CASE)
    if not 4 <= len(reason.strip()) <= 200 or "\0" in reason:
        raise Invalid(
            fields={
                "reason": T(
                    "请写明依据或批准文号，至少 4 个字", "Say on what authority, at least 4 characters"
                )
            }
        )
    declared, now = case_type(record.type_id), clock.now()
    if record.phase != 2 or record.closed_at is None or record.closed_at > due_since(declared, now):
        raise Conflict(
            T("办结满 {n} 年后才能销毁", "Only {n} years after closing").fill(n=declared.retention_years)
        )
    with transaction.atomic():
        _write(record, declared, actor, verdict.post_id, reason.strip(), now)
        messages.forget(record.number)


def _write(
    record: Record,
    declared: CaseType,
    actor: identity.Actor,
    post_id: int | None,
    reason: str,
    now: datetime,
) -> None:
    form = (*declared.fields, *(field_of(body) for body in record.form or ()))
    names = [field.name for field in form if field.personal]
    later = [field for move in declared.moves for field in move.fields] + [
        field for part in declared.subtasks for field in part.fields
    ]
    of_moves = sorted({field.name for field in later if field.personal})
    own = [id for id in (record.applicant_account_id,) if id is not None]
    by = (actor.id, people.actor_label(actor, post_id))
    left: dict[str, Any] = {name: value for name, value in record.facts.items() if name not in names}
    found_by = marks.of_case(
        type_id=record.type_id,
        at=record.opened_at,
        region=record.region,
        organisation=record.opener_id or 0,
        texts=(record.title, *public_facts(left)),
        people=(),
    )
    found_by += [marks.of_organisation(one) for one in (record.organisation_id, record.previous_id) if one]
    written = Statement()
    written.add("c", _CASE, (names, now, record.id, record.version))
    written.add("ev", _EVENTS, (of_moves, record.id))
    written.add("sp", _PARTS, (of_moves, record.id))
    written.add("fi", _FILES, (record.id, [*names, *of_moves]))
    written.add("wo", _WORDS, (marks.literal(dict.fromkeys(found_by)), record.id))
    written.event(
        kind="shred",
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=reason,
        data=None,
        sealed=None,
        document="",
        words=words_of(declared, None, record.state, SHREDDED),
    )
    body = {"years": declared.retention_years, "reason": reason, "fields": names}
    written.ledger(acts.entry("cases.shred", record, by, body, now))
    try:
        written.run()
    except Lost:
        raise Conflict(
            T("已经销毁过，或办件刚刚有了变化", "It has been done, or the case has just changed")
        ) from None
    if own:
        # A second touch of the same rows must be a second statement.
        sql.rows(
            "UPDATE cases_event SET actor_label = %s, actor_id = NULL, note = '' WHERE case_id = %s"
            " AND actor_id = ANY(%s::bigint[])",
            ("申请人 applicant", record.id, own),
        )


def types_kept() -> list[tuple[str, T, int]]:
    """Return every case type with how many years its personal data is kept after closing."""
    return [(id, kind.title, kind.retention_years) for id, kind in registry.of(CaseType).items()]
