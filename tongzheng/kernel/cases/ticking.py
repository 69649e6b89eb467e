"""Ticking a line of a checklist, and taking the tick away."""

from __future__ import annotations

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import acts, joint, people
from .declarations import case_type, words_of
from .statement import Lost, Statement

_TICK = (
    "UPDATE cases_case SET events = events + 1, ticked = array_append(array_remove(ticked, %s::text), %s::text)"
    " WHERE id = %s AND state = %s RETURNING id, events"
)
_UNTICK = (
    "UPDATE cases_case SET events = events + 1, ticked = array_remove(ticked, %s::text)"
    " WHERE id = %s AND state = %s RETURNING id, events"
)


def tick(case_id: int | str, name: str, *, actor: identity.Actor, done: bool = True) -> None:
    """Tick a line of the checklist that the case's state asks for, or take the tick away, by who works on it.

    Doing it twice is the same as once. Raises SignInNeeded, Refused, Missing, Conflict (the case has moved on).
    """
    record, post_id = acts.working(case_id, actor)
    declared = case_type(record.type_id)
    check = next((one for one in declared.checklist if one.name == name), None)
    if check is None:
        raise Missing(T("核对单没有这一项", "The checklist has no such line"))
    if check not in joint.asked_checks(declared, record.state):
        raise Conflict(T("当前环节不核对这一项", "The present state does not ask for this line"))
    if (name in record.ticked) == done:
        return
    now = clock.now()
    by = (actor.id, people.actor_label(actor, post_id))
    written = Statement()
    places = (record.id, record.state)
    written.add("c", _TICK if done else _UNTICK, (name, name, *places) if done else (name, *places))
    title = T("已核对：{check}", "Checked: {check}") if done else T("取消核对：{check}", "Unchecked: {check}")
    written.event(
        kind="tick",
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note="",
        data=None,
        sealed=None,
        document="",
        words=words_of(declared, None, record.state, title.fill(check=check.title)),
    )
    written.ledger(acts.entry("cases.tick", record, by, {"check": name, "done": done}, now))
    try:
        written.run()
    except Lost:
        raise Conflict(T("办件刚刚有了变化，请看最新状态", "The case has just changed; look again")) from None
