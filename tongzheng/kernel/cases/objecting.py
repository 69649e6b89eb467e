"""Objections as they are made, ruled on and looked up again as precedents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.errors import Invalid, Refused, SignInNeeded, Unavailable
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import calendars, disputes, marks, people, sql
from .declarations import case_type
from .disputes import Dispute
from .kinds import APPLICANT, SYSTEM, CaseType, Field, Move, Objection
from .record import Record
from .shown import shown as shown_rows
from .statement import Statement
from .views import Page

COLUMNS = ", ".join(f"o.{name}" for name in Dispute.__slots__)
_OF = f"SELECT {COLUMNS} FROM cases_objection o WHERE o.case_id = %s ORDER BY o.id"  # noqa: S608
_HANDED = (
    "SELECT min(e.at) FROM cases_event e WHERE e.case_id = %s AND e.organisation_id = %s AND e.n > COALESCE("
    "(SELECT max(n) FROM cases_event WHERE case_id = %s AND organisation_id IS DISTINCT FROM %s), 0)"
)
_OBJECT = (
    "INSERT INTO cases_objection (case_id, number, title, type_id, subject, region, objector_id, objector_label,"
    " sender_id, sender_label, ground, reason, at, by_label, due_at, judge_id, judge_label)"
    " SELECT c.id, %s::text, %s::text, %s::text, %s::text, %s::text, %s::bigint, %s::text, %s::bigint, %s::text,"
    " %s::text, %s::text, %s::timestamptz, %s::text, %s::timestamptz, %s::bigint, %s::text FROM c"
)
_RULE = (
    "UPDATE cases_objection SET ruled_at = %s, ruled_id = %s, ruled_label = %s, decided_id = %s, decided_label = %s,"
    " why = %s, basis = %s, marks = %s::int4[] WHERE id = %s AND ruled_at IS NULL AND EXISTS (SELECT 1 FROM c) RETURNING id"
)


def disputes_of(case_id: int) -> list[Dispute]:
    """Return the objections of a case, oldest first."""
    return [dispute_of(row) for row in sql.rows(_OF, (case_id,))]


def dispute_of(row: Sequence[Any]) -> Dispute:
    """Return an objection from the columns of COLUMNS."""
    return Dispute(*row)


def until(objection: Objection, since: datetime | None) -> datetime | None:
    """Return the end of the time in which a body that was handed a case may object."""
    return None if since is None else calendars.due_after(since, objection.within, objection.unit)


def why_not_object(objection: Objection, record: Record, found: Sequence[Dispute], now: datetime) -> T | None:
    """Say why the holder cannot object now, or None; asks since when it has held the case."""
    rows = sql.rows(_HANDED, (record.id, record.organisation_id, record.id, record.organisation_id))
    since = rows[0][0] if rows else None
    rulings = sum(1 for one in found if one.ruled_at)
    return disputes.object_slip(objection, until=until(objection, since), now=now, rulings=rulings)


def adjudicator(declared: CaseType, record: Record) -> tuple[int, str]:
    """Return the body that will rule: of those that may for this region, the nearest that is no party.

    Raises Unavailable while no third party is appointed.
    """
    assert declared.objection is not None
    action = declared.move(declared.objection.ruling).by
    grantees = identity.who_may(action, region=record.region)
    actors = {one.account_id for one in grantees}
    candidates: dict[int, int] = {}
    for account in sorted(actors):
        for post in identity.actor_of(account).posts:
            if action in post.actions and record.region.startswith(region_prefix(post.region)):
                near = len(region_prefix(post.region))
                candidates[post.organisation_id] = max(near, candidates.get(post.organisation_id, 0))
    nearest = sorted(candidates, key=lambda id: (-candidates[id], id))
    found = disputes.third_party(nearest, (record.organisation_id, record.previous_id))
    if found is None:
        raise Unavailable(
            T(
                "这个地区还没有指定裁定单位，异议没有提交",
                "No third party is appointed to rule for this region; the objection was not made",
            )
        )
    return found, people.organisation_name(found)


def write_objection(
    written: Statement,
    declared: CaseType,
    move: Move,
    record: Record,
    judge: tuple[int, str],
    by: tuple[int | None, str],
    note: str,
    clean: Mapping[str, Any],
    now: datetime,
) -> None:
    """Add the objection to the move by which it is made."""
    objection = declared.objection
    assert objection is not None
    sender = people.organisation_name(record.previous_id) if record.previous_id else ""
    kind = (record.number, record.title, record.type_id, record.subject, record.region)
    parties = (record.organisation_id, record.organisation_label, record.previous_id, sender)
    due = calendars.due_after(now, objection.amount, objection.unit)
    ground = _said(move.fields, objection.ground, clean)
    written.add("ob", _OBJECT, (*kind, *parties, ground, note.strip(), now, by[1], due, *judge))


def write_ruling(
    written: Statement,
    declared: CaseType,
    move: Move,
    record: Record,
    dispute: Dispute,
    decided: tuple[int | None, str],
    by: tuple[int | None, str],
    note: str,
    clean: Mapping[str, Any],
    now: datetime,
) -> None:
    """Add the ruling to the move by which it is made; from now on it is a precedent."""
    assert declared.objection is not None
    basis = _said(move.fields, declared.objection.ruled_by, clean)
    texts = (record.title, dispute.ground, dispute.reason, note, basis, dispute.objector_label, decided[1])
    found: list[int] = [*marks.of_region(record.region)]
    for text in texts:
        found += marks.of_text(text)
    literal = marks.literal(dict.fromkeys(found))
    written.add("ru", _RULE, (now, *by, *decided, note.strip(), basis, literal, dispute.id))
    written.counted("ru", 1)


def _said(fields: Sequence[Field], name: str, clean: Mapping[str, Any]) -> str:
    field = next((one for one in fields if one.name == name), None)
    if field is None or name not in clean:
        return ""
    return shown_rows((field,), {name: clean[name]})[0].text.zh


def precedents(
    *,
    actor: identity.Actor,
    type_id: str | None = None,
    subject: str = "",
    words: str = "",
    region: str = "",
    after: str | None = None,
    limit: int = 20,
) -> Page[Dispute]:
    """Return rulings on who handles what, newest first, for whoever hands on or works on cases of these types.

    Args: type_id, one case type or all that the actor works on; subject, the same kind of matter; words, of ground,
    reason, ruling or bodies, all of which must be there; region, a code: only rulings from inside; after, from the
    page before; limit, at most 100. Raises SignInNeeded, Refused, Invalid.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    types = [id for id in ([type_id] if type_id else list(registry.of(CaseType))) if _works_with(id, actor)]
    if actor.kind == "citizen":
        raise Refused(T("裁定先例供工作人员查看", "Rulings are for members of staff"))
    if not types:
        return Page(())
    most = max(1, min(limit, 100))
    tests = ["o.ruled_at IS NOT NULL", "o.type_id = ANY(%s)"]
    values: list[Any] = [types]
    if subject:
        tests.append("o.subject = %s")
        values.append(subject[:200].replace("\0", ""))
    needed: list[int] = []
    if words.strip():
        if len(words) > 100 or "\0" in words:
            raise Invalid(fields={"words": T("最多 100 个字", "At most 100 characters")})
        needed += marks.of_words(words)
        if not needed:
            raise Invalid(fields={"words": T("请至少输入两个字", "Please type at least two characters")})
    if needed:
        tests.append("o.marks @> %s::int4[]")
        values.append(marks.literal(needed))
    if region:
        tests.append("o.region LIKE %s")
        values.append(f"{region_prefix(region[:12])}%" if region.isdecimal() else "")
    if after and after.isdecimal() and len(after) < 19:
        tests.append("o.id < %s")
        values.append(int(after))
    found = sql.rows(
        f"SELECT {COLUMNS} FROM cases_objection o WHERE {' AND '.join(tests)} ORDER BY o.id DESC LIMIT {most + 1}",  # noqa: S608
        values,
    )
    rows = tuple(dispute_of(row) for row in found[:most])
    return Page(rows, str(rows[-1].id) if len(found) > most else "")


def _works_with(type_id: str, actor: identity.Actor) -> bool:
    declared = registry.find(CaseType, type_id)
    if declared is None or declared.objection is None:
        return False
    actions = {move.by for move in case_type(type_id).moves} - {APPLICANT, SYSTEM}
    return any(identity.may(actor, action) for action in sorted(actions))
