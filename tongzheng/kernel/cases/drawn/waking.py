"""What wakes a waiting process: its timers, signals and messages of other processes, and calls from outside."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Fault, Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from .. import people, sql
from ..declarations import case_type
from ..record import json_of
from . import living, stepping, working
from .engine import Event
from .stepping import Stood

log = logging.getLogger(__name__)
BATCH = 100
# The case is locked before its process, as in a step.
_DUE = (
    "SELECT p.case_id FROM cases_process p JOIN cases_case c ON c.id = p.case_id WHERE p.due_at <= %s"
    " ORDER BY p.due_at LIMIT 1 FOR UPDATE OF c, p SKIP LOCKED"
)
_TROUBLED = "UPDATE cases_process SET due_at = NULL, troubled = true WHERE case_id = %s"


def fire_due(limit: int = BATCH) -> int:
    """Fire the timers that are due, each case in its own transaction; return how many cases were woken.

    A case whose drawing is not there any more, or would run for ever, is set aside as troubled and stops nobody.
    """
    done = 0
    while done < limit:
        now = clock.now()
        with transaction.atomic():
            found = sql.rows(_DUE, (now,))
            if not found:
                break
            case_id = int(found[0][0])
            try:
                with transaction.atomic():
                    _fire(case_id, now)
            except Fault as fault:
                log.warning("case %s: its timer cannot fire: %s", case_id, fault)
                sql.rows(_TROUBLED, (case_id,))
        done += 1
    return done


def _fire(case_id: int, now: datetime) -> None:
    stood = stepping.load(case_id)
    due = sorted(
        (one["due"], key)
        for key, one in stood.state["timers"].items()
        if datetime.fromisoformat(one["due"]) <= now
    )
    if not due:
        sql.rows("UPDATE cases_process SET due_at = NULL WHERE case_id = %s", (case_id,))
        return
    timer = due[0][1]
    place = living.definition(stood.version_id).places[stood.state["timers"][timer]["at"]]
    title = T("到时：{name}", "Time reached: {name}").fill(name=working.title_of(place))
    happen(stood, Event("timer", timer), element=place.id, title=title, now=now)


def happen(
    stood: Stood,
    event: Event,
    *,
    element: str,
    title: T,
    now: datetime,
    actor: identity.Actor | None = None,
) -> None:
    """Let an event that is nobody's step happen to a case, in one statement. Raises Conflict, Invalid, Missing."""
    definition = living.definition(stood.version_id)
    step = stepping.advance(definition, stood.state, event, now)
    working.prepare(definition, step)
    by = (actor.id, people.actor_label(actor, None)) if actor else (None, identity.SYSTEM.label)
    after = stepping.after_step(stood, definition, step, by, now)
    written = stepping.statement_of(
        case_type(stood.record.type_id),
        definition,
        stood,
        after,
        step,
        element=element,
        title=title,
        by=by,
        now=now,
    )
    working.run(written, stood.record)


def tell_process(
    case: int | str, name: str, *, actor: identity.Actor, data: Mapping[str, Any] | None = None
) -> None:
    """Give a message to a case that waits for it.

    Args: name, the message's; data, become variables. Asked of whoever may work on it. Raises Refused, Missing,
    Conflict (it does not wait for this message).
    """
    stood = stepping.load(case)
    record = stood.record
    identity.require(actor, living.WORK, organisation=record.organisation_id, region=record.region)
    title = T("收到消息：{name}", "Message received: {name}").fill(name=name[:80])
    event = Event("message", name=name, data=dict(data or {}))
    happen(stood, event, element="", title=title, now=clock.now(), actor=actor)


def retry(case: int | str, *, actor: identity.Actor, data: Mapping[str, Any] | None = None) -> None:
    """Let everything in a case that could not go on try again, with variables put right.

    Asked of whoever publishes processes. Raises Refused, Missing, Conflict (nothing is troubled).
    """
    stood = stepping.load(case)
    record = stood.record
    identity.require(
        actor, "cases.process_publish", organisation=record.organisation_id, region=record.region
    )
    tokens = [key for key, one in stood.state["tokens"].items() if one.get("wait") == "incident"]
    if not tokens:
        raise Conflict(T("这个办件没有停住的地方", "Nothing in this case has stopped"))
    element = stood.state["tokens"][tokens[0]]["at"]
    title = T("重试", "Tried again")
    event = Event("retry", tokens[0], data=dict(data or {}))
    happen(stood, event, element=element, title=title, now=clock.now(), actor=actor)


_NEXT = (
    "SELECT id, kind, name, data, case_id, subject, after FROM cases_process_thrown ORDER BY id LIMIT 1"
    " FOR UPDATE SKIP LOCKED"
)
_WAITING = (
    "SELECT p.case_id FROM cases_process p WHERE p.awaits IS NOT NULL AND p.awaits @> %s::text[] AND p.case_id > %s"
    " AND p.case_id <> %s ORDER BY p.case_id LIMIT %s"
)
_SAME = (
    "SELECT p.case_id FROM cases_process p JOIN cases_case c ON c.id = p.case_id WHERE p.awaits IS NOT NULL"
    " AND p.awaits @> %s::text[] AND p.case_id > %s AND p.case_id <> %s AND c.subject = %s ORDER BY p.case_id LIMIT %s"
)


def carry(limit: int = BATCH) -> int:
    """Carry what processes threw to those that wait for it: a signal to all, a message to those about the same subject.

    Each receiver has its own transaction, and how far it has come is kept, so that a killed worker goes on where it
    was. Returns how many were reached or cleared away.
    """
    with transaction.atomic():
        found = sql.rows(_NEXT, ())
        if not found:
            return 0
        id, kind, name, data, thrower, subject, after = found[0]
        mark = [f"{kind}:{name}"]
        if kind == "message":
            cases = sql.rows(_SAME, (mark, after, thrower, subject, limit)) if subject else []
        else:
            cases = sql.rows(_WAITING, (mark, after, thrower, limit))
        title = T("收到{kind}：{name}", "{kind} received: {name}").fill(
            kind=T("消息", "Message") if kind == "message" else T("信号", "Signal"), name=name[:80]
        )
        for (case_id,) in cases:
            try:
                with transaction.atomic():
                    event = Event(kind, name=name, data=json_of(data) or {})
                    happen(stepping.load(case_id), event, element="", title=title, now=clock.now())
            except (Conflict, Missing):
                continue  # it has moved on meanwhile
            except Fault as fault:
                log.warning("case %s: %s %s cannot be received: %s", case_id, kind, name, fault)
        if len(cases) < limit:
            sql.rows("DELETE FROM cases_process_thrown WHERE id = %s", (id,))
        else:
            sql.rows("UPDATE cases_process_thrown SET after = %s WHERE id = %s", (cases[-1][0], id))
    return len(cases) + 1


def migrate_case(
    case: int | str, to_version: int, *, actor: identity.Actor, mapping: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Put a running case on another version of its drawing; where it stands is carried over element by element.

    Args: mapping, from elements of the old version to those of the new; what it does not name keeps its id. Returns the
    mapping that was used, for showing. Raises Refused, Missing, Conflict (the case has ended), Invalid (an element at
    which the case stands has no counterpart of the same kind: named; nothing happened).
    """
    stood = stepping.load(case)
    record = stood.record
    identity.require(
        actor, "cases.process_publish", organisation=record.organisation_id, region=record.region
    )
    if stood.state["status"] != "running":
        raise Conflict(T("这个办件已经结束", "This case has ended"))
    found = sql.rows("SELECT key FROM cases_drawing_version WHERE id = %s", (to_version,))
    if not found or f"{living.PREFIX}{found[0][0]}" != record.type_id:
        raise Missing(T("没有这个版本", "There is no such version"))
    old, new = living.definition(stood.version_id), living.definition(to_version)
    used, slips = placed(stood.state, old, new, mapping or {})
    if slips:
        raise Invalid(
            T(
                "办件所在的环节在新版本里没有对应",
                "Where the case stands has no counterpart in the new version",
            ),
            fields=slips,
        )
    state = orjson.loads(orjson.dumps(stood.state))
    for token in state["tokens"].values():
        token["at"] = used[token["at"]]
        if "flow" in token and token.get("wait") == "join" and token["flow"] not in new.flows:
            token["flow"] = new.places[token["at"]].ins[0]
    for scope in state["scopes"].values():
        scope["of"] = used.get(scope["of"], scope["of"])
    for timer in state["timers"].values():
        timer["at"] = used[timer["at"]]
    step = stepping.Step(state)
    now = clock.now()
    by = (actor.id, people.actor_label(actor, None))
    after = stepping.after_step(Stood(record, to_version, state), new, step, by, now)
    # What is open stays one piece of work, only under its new name.
    before = Stood(record, stood.version_id, {**state, "tokens": state["tokens"]})
    written = stepping.statement_of(
        case_type(record.type_id), new, before, after, step,
        title=T("改用流程新版本", "Moved to another version of the process"), by=by, now=now, version_id=to_version,
    )  # fmt: skip
    for key, token in stepping.open_work(state).items():
        written.add(
            f"m{key}",
            "UPDATE cases_task SET kind = %s WHERE case_id = %s AND token = %s AND done_at IS NULL"
            " AND EXISTS (SELECT 1 FROM c)",
            (f"{record.type_id}/{token['at']}", record.id, int(key)),
        )
    working.run(written, record)
    return used


def placed(
    state: Mapping[str, Any], old: Any, new: Any, mapping: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, T]]:
    """Return where each element at which something stands goes in the new version, and what cannot go anywhere."""
    used: dict[str, str] = {}
    slips: dict[str, T] = {}
    spots = [token["at"] for token in state["tokens"].values()] + [t["at"] for t in state["timers"].values()]
    for at in dict.fromkeys(spots):
        to = mapping.get(at, at)
        there, here = new.places.get(to), old.places[at]
        if there is None or there.kind != here.kind or bool(there.many) != bool(here.many):
            name = here.name or at
            slips[at] = T("“{name}”没有同类的对应环节", "“{name}” has no counterpart of its kind").fill(
                name=name
            )
        used[at] = to
    for scope in state["scopes"].values():
        room = scope["of"]
        to = new.process if room == old.process else mapping.get(room, room)
        if to not in new.rooms:
            slips[room] = T("子流程“{name}”没有对应", "The sub-process “{name}” has no counterpart").fill(
                name=room
            )
        used[room] = to
    return used, slips
