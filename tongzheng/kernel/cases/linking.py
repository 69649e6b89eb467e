"""Links between cases: one caused another, repeats it, or is a part of it."""

from __future__ import annotations

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import acts, people, sql
from .declarations import case_type, words_of
from .record import NO_CASE, Record, load
from .statement import Lost, Statement
from .together_views import LINKS

KINDS = ("cause", "duplicate", "parent")
_COUNT = "UPDATE cases_case SET events = events + 1 WHERE id = %s RETURNING id, events"
_OTHER = "UPDATE cases_case SET events = events + 1 WHERE id = %s AND EXISTS (SELECT 1 FROM c) RETURNING id, events"
_LINK = (
    "INSERT INTO cases_link (from_id, to_id, kind, at, by_label) SELECT c.id, %s::bigint, %s::text, %s::timestamptz,"
    " %s::text FROM c ON CONFLICT DO NOTHING RETURNING to_id"
)
_UNLINK = (
    "DELETE FROM cases_link WHERE from_id = %s AND to_id = %s AND kind = %s AND EXISTS (SELECT 1 FROM c)"
    " RETURNING to_id"
)
_ABOVE = (
    "WITH RECURSIVE up(id) AS (SELECT %s::bigint UNION SELECT k.from_id FROM cases_link k JOIN up ON k.to_id = up.id"
    " WHERE k.kind = %s) SELECT 1 FROM up WHERE id = %s"
)
_EVENT = (
    "INSERT INTO cases_event (case_id, n, kind, from_state, to_state, at, actor_id, actor_label, organisation_id,"
    " organisation_label, note, document, wording_id, move) SELECT o.id, o.events, %s::text, %s::text, %s::text,"
    " %s::timestamptz, %s::bigint, %s::text, %s::bigint, %s::text, %s::text, '', %s::bigint, '' FROM o"
)


def link(
    case: int | str, other: int | str, kind: str, *, actor: identity.Actor, remove: bool = False
) -> None:
    """Link two cases, or take the link away: `case` caused, repeats or has as a part the `other`.

    Args: kind, "cause", "duplicate" or "parent" (a case has one parent). Who works on `case` and may read `other` may.
    Both timelines and the ledger tell of it; done twice it is as once. Raises SignInNeeded, Refused, Missing, Invalid
    (a circle, a second parent, a case with itself), Conflict.
    """
    if kind not in KINDS:
        raise Invalid(fields={"kind": T("没有这种关联", "There is no such link")})
    record, post_id = acts.working(case, actor)
    there = load(other)
    if not acts.reads(there, actor) and not acts.works_on(there, actor):
        raise Missing(NO_CASE)
    if record.id == there.id:
        raise Invalid(fields={"other": T("不能关联到自己", "A case cannot be linked to itself")})
    found = bool(
        sql.rows(
            "SELECT 1 FROM cases_link WHERE from_id = %s AND to_id = %s AND kind = %s",
            (record.id, there.id, kind),
        )
    )
    if found != remove:
        return
    if not remove and kind != "duplicate":
        if sql.rows(_ABOVE, (record.id, kind, there.id)):
            raise Invalid(fields={"other": T("会形成循环", "That would be a circle")})
        if kind == "parent" and sql.rows(
            "SELECT 1 FROM cases_link WHERE to_id = %s AND kind = 'parent'", (there.id,)
        ):
            raise Invalid(fields={"other": T("它已有上级办件", "It is a part of another case already")})
    now = clock.now()
    by = (actor.id, people.actor_label(actor, post_id))
    title = (
        T("取消关联：{kind}", "Link taken away: {kind}") if remove else T("关联：{kind}", "Linked: {kind}")
    )
    written = Statement()
    written.add("c", _COUNT, (record.id,))
    if remove:
        written.add("x", _UNLINK, (record.id, there.id, kind))
    else:
        written.add("x", _LINK, (there.id, kind, now, by[1]))
    written.counted("x", 1)
    act = "unlink" if remove else "link"
    written.event(
        kind=act,
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=there.number,
        data=None,
        sealed=None,
        document="",
        words=words_of(case_type(record.type_id), None, record.state, title.fill(kind=LINKS[kind])),
    )
    _on_other(written, act, there, record.number, title.fill(kind=LINKS[f"{kind}_of"]), by, now)
    for one, with_ in ((record, there), (there, record)):
        written.ledger(acts.entry(f"cases.{act}", one, by, {"kind": kind, "with": with_.number}, now))
    try:
        written.run()
    except Lost:
        raise Conflict(T("办件刚刚有了变化，请看最新状态", "The case has just changed; look again")) from None


def _on_other(
    written: Statement,
    act: str,
    other: Record,
    note: str,
    title: T,
    by: tuple[int | None, str],
    now: object,
) -> None:
    words = words_of(case_type(other.type_id), None, other.state, title)
    written.add("o", _OTHER, (other.id,))
    holder = (other.organisation_id, other.organisation_label)
    written.add("oe", _EVENT, (act, other.state, other.state, now, *by, *holder, note, words.id))
    written.wording(words)
