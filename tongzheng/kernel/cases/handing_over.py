"""Handing over a post with all its open work in one act: posts, cases, records, or nothing of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import sql
from .declarations import case_type, words_of
from .record import COLUMNS, Record, record_of
from .statement import Statement

HANDED = T("岗位交接", "Handed over with the post")
PIECE = 500
_OPEN = (
    f"SELECT {COLUMNS} FROM cases_case c WHERE c.id IN (SELECT t.case_id FROM cases_task t"  # noqa: S608
    " WHERE t.handler_id = %s AND t.handler_id IS NOT NULL AND t.done_at IS NULL AND t.organisation_id = %s)"
    " ORDER BY c.id FOR UPDATE OF c"
)
_CASES = (
    "UPDATE cases_case SET events = events + 1, version = version + 1,"
    " handler_id = CASE WHEN handler_id = %s AND organisation_id = %s THEN %s ELSE handler_id END,"
    " handler_label = CASE WHEN handler_id = %s AND organisation_id = %s THEN %s ELSE handler_label END"
    " WHERE id = ANY(%s) RETURNING id, events, type_id, state, organisation_id, organisation_label"
)
_TASKS = (
    "UPDATE cases_task t SET handler_id = %s FROM h WHERE t.case_id = h.id AND t.handler_id = %s"
    " AND t.organisation_id = %s AND t.done_at IS NULL"
)
_EVENTS = (
    "INSERT INTO cases_event (case_id, n, kind, move, from_state, to_state, at, actor_id, actor_label,"
    " organisation_id, organisation_label, note, document, wording_id) SELECT h.id, h.events, 'hand', '', h.state,"
    " h.state, %s::timestamptz, %s::bigint, %s::text, h.organisation_id, h.organisation_label, %s::text, '', x.w"
    " FROM h JOIN jsonb_to_recordset(%s::jsonb) AS x(t text, s text, w bigint) ON x.t = h.type_id AND x.s = h.state"
)


@dataclass(frozen=True, slots=True)
class Handover:
    """What was handed over: from whom to whom, at which post, and the numbers of the open cases that went along."""

    post_id: int
    giver: str
    taker: str
    numbers: tuple[str, ...]


def hand_over(*, actor: identity.Actor, giver: int, taker: int, post_id: int, note: str = "") -> Handover:
    """Let one person take over another's post with all open work that the other has claimed there, in one act.

    Args: giver and taker, accounts; post_id, a post that the giver holds; note, why, at most 500 characters. Who may
    is whoever may give posts there (identity.posts). The giver's post ends, the taker's begins, every open case at that
    body that the giver worked on goes along. Raises as `identity.api.give_post` and `end_post`; all or nothing.
    """
    if actor.id is None and actor.kind != "system":
        raise SignInNeeded()
    if len(note) > 500 or "\0" in note:
        raise Invalid(fields={"note": T("最多 500 个字", "At most 500 characters")})
    if giver == taker:
        raise Invalid(fields={"taker": T("请选择另一个人", "Choose somebody else")})
    whose = identity.actor_of(giver)
    post = next((one for one in whose.posts if one.id == post_id and one.stands_for is None), None)
    if post is None:
        raise Missing(T("没有担任这个岗位", "This post is not held"))
    verdict = identity.may(actor, "identity.posts", organisation=post.organisation_id, region=post.region)
    if not verdict:
        raise Refused(verdict.why)
    now = clock.now()
    with transaction.atomic():
        identity.give_post(actor=actor, account_id=taker, post_id=post_id)
        identity.end_post(actor=actor, account_id=giver, post_id=post_id)
        heir = identity.actor_of(taker)
        found = [record_of(row) for row in sql.rows(_OPEN, (giver, post.organisation_id))]
        words = f"{whose.label} → {heir.label}\n{note.strip()}".strip()
        for start in range(0, len(found), PIECE):
            piece = found[start : start + PIECE]
            _hand(piece, actor, giver, heir, post.organisation_id, words, now)
        ledger.append(
            act="cases.hand_over",
            subject=f"identity.post:{post_id}",
            actor=actor.id,
            label=actor.label,
            body={
                "from": giver,
                "to": taker,
                "cases": len(found),
                "first": [one.number for one in found[:200]],
            },
            at=now,
        )
    return Handover(post_id, whose.label, heir.label, tuple(one.number for one in found))


def _hand(
    found: list[Record],
    actor: identity.Actor,
    giver: int,
    heir: identity.Actor,
    organisation: int,
    note: str,
    now: datetime,
) -> None:
    written = Statement()
    ids = [one.id for one in found]
    mine = (giver, organisation)
    written.add("h", _CASES, (*mine, heir.id, *mine, heir.label, ids))
    written.add("c", "SELECT id FROM h LIMIT 1", ())
    written.counted("h", len(found))
    kinds = {(one.type_id, one.state) for one in found}
    wordings = {kind: words_of(case_type(kind[0]), None, kind[1], HANDED) for kind in kinds}
    written.add("t", _TASKS, (heir.id, *mine))
    rows = [{"t": type_id, "s": state, "w": one.id} for (type_id, state), one in wordings.items()]
    written.add("e", _EVENTS, (now, actor.id, actor.label, note, sql.json(rows)))
    for one in wordings.values():
        written.wording(one)
    entries = [
        ledger.writing(
            act="cases.hand",
            subject=f"case:{one.number}",
            actor=actor.id,
            label=actor.label,
            body={"from": giver, "to": heir.id},
            at=now,
        )
        for one in found
    ]
    written.ledger(ledger.together(entries))
    written.run()
