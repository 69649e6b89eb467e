"""Work given to other bodies within a case: asked for, given, taken back, or answered by silence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from django.conf import settings

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.sealing import seal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import acts, forms, joint, numbers, parts, people, sql
from .declarations import case_type, words_of
from .joint import Part
from .kinds import CaseType, Subtask
from .lookup import PLACES
from .opening import SEALED, files_by_entry
from .parts import found_part
from .record import NO_CASE, Record, load
from .statement import FAR, Lost, Statement

MOST = 30
CHANGED = T("办件刚刚有了变化，请看最新状态", "The case has just changed; look at its latest state")
SILENT = (
    "逾期未答复，按本类事项的约定视为此结论 · No answer in time; by the rule of this type it counts as this"
)
_ASK = (
    "UPDATE cases_case SET version = version + 1, events = events + 1, pending = pending || %s::bigint[]"
    " WHERE id = %s AND version = %s RETURNING id, events"
)
_GIVE = (
    "UPDATE cases_case SET events = events + 1, pending = array_remove(array_remove(pending, %s::bigint), %s::bigint)"
    " WHERE id = %s RETURNING id, events"
)
_SUBTASKS = (
    "INSERT INTO cases_subtask (id, case_id, name, step, required, organisation_id, organisation_label, state, amount,"
    " asked_at, asked_label, question, due_at) SELECT x.id, c.id, %s::text, x.step, %s::boolean, x.org, x.label,"
    " x.state, %s::int, %s::timestamptz, %s::text, %s::text, x.due FROM jsonb_to_recordset(%s::jsonb)"
    " AS x(id bigint, step smallint, org bigint, label text, state text, due timestamptz), c"
)
_TASKS = (
    "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, waits, opened_at, due_at, soon_at, subtask_id)"
    " SELECT c.id, 1, %s::text, %s::text, x.org, FALSE, %s::timestamptz, COALESCE(x.due, %s::timestamptz),"
    " COALESCE(x.soon, %s::timestamptz), x.id FROM jsonb_to_recordset(%s::jsonb)"
    " AS x(id bigint, org bigint, due timestamptz, soon timestamptz), c"
)
_GIVEN = (
    "UPDATE cases_subtask SET state = %s, answer = %s, opinion = %s, data = %s::jsonb, sealed = %s::bytea,"
    " given_at = %s, given_id = %s, given_label = %s WHERE id = %s AND state = ANY(%s::text[]) AND EXISTS (SELECT 1 FROM c)"
    " RETURNING id"
)
_TASK_DONE = (
    "UPDATE cases_task SET done_at = %s, done_by = %s WHERE subtask_id = %s AND done_at IS NULL"
    " AND EXISTS (SELECT 1 FROM c)"
)
_TURN = (
    "UPDATE cases_subtask SET state = 'asked', due_at = %s WHERE id = %s AND state = 'queued'"
    " AND EXISTS (SELECT 1 FROM c)"
)


def ask(
    case_id: int | str,
    name: str,
    *,
    actor: identity.Actor,
    organisations: Sequence[int],
    question: str,
    days: int | None = None,
    required: bool = True,
    version: int | None = None,
) -> tuple[Part, ...]:
    """Give a declared part of the work to other bodies, by the body that holds the case.

    Args: name, the type's subtask; organisations, in the order of their turns if it is sequential; question, what
    is asked, 2 to 2000 characters; days, another limit than the declared, in its unit; required, whether moves wait
    for it; version as in `move_case`. Returns the new parts. Raises SignInNeeded, Refused, Invalid, Conflict, Missing.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(case_id)
    declared = case_type(record.type_id)
    subtask = joint.declared_part(declared, name)
    verdict = parts.asks(declared, subtask, record, actor)
    if subtask is None or not verdict:
        known = acts.reads(record, actor) or acts.works_on(record, actor)
        raise Refused(verdict.why) if known and subtask is not None else Missing(NO_CASE)
    if record.state not in subtask.states or record.leader_id is not None:
        raise Conflict(T("当前环节不能这样做", "This cannot be done from the present state"))
    if version is not None and version != record.version:
        raise Conflict(
            T("办件刚刚有了变化，请看最新状态", "The case has just changed; look at its latest state")
        )
    slips: dict[str, T] = {}
    wanted = list(dict.fromkeys(organisations))
    if not 1 <= len(wanted) <= MOST:
        slips["organisations"] = T("请选择 1 到 {n} 个单位", "Choose 1 to {n} bodies").fill(n=MOST)
    if record.organisation_id in wanted:
        slips["organisations"] = T("主办单位不能请自己", "The body in charge cannot ask itself")
    if not 2 <= len(question.strip()) <= 2000 or "\0" in question:
        slips["question"] = T("请写清要做什么，2 到 2000 字", "Say what is asked, in 2 to 2000 characters")
    if days is not None and not 1 <= days <= 366:
        slips["days"] = T("应在 1 到 366 之间", "Between 1 and 366")
    if slips:
        raise Invalid(fields=slips)
    labels = {id: people.organisation_name(id) for id in wanted}
    there = {
        one.organisation_id
        for one in parts.parts_of(record.id)
        if one.name == name and one.state in joint.OPEN
    }
    if there & set(wanted):
        raise Conflict(
            T("已经请过其中的单位，还没有答复", "One of these bodies has been asked and has not answered yet")
        )
    now = clock.now()
    amount = days or subtask.amount
    due, soon = parts.limit_of(subtask, amount, record, now)
    by = (actor.id, people.actor_label(actor, verdict.post_id))
    made: list[Part] = []
    for place, organisation in enumerate(wanted):
        turn = subtask.order == "parallel" or place == 0
        made.append(
            Part(
                numbers.new_id(),
                *(
                    name,
                    place,
                    required,
                    organisation,
                    labels[organisation],
                    "asked" if turn else "queued",
                    amount,
                ),
                *(now, by[1], question.strip(), due if turn else None),
            )
        )
    written = Statement()
    signs = [one.id if required else -one.id for one in made]
    written.add("c", _ASK, (signs, record.id, record.version))
    rows = [
        {
            "id": p.id,
            "step": p.step,
            "org": p.organisation_id,
            "label": p.organisation_label,
            "state": p.state,
        }
        | {"due": p.due_at.isoformat() if p.due_at else None}
        for p in made
    ]
    written.add("s", _SUBTASKS, (name, required, amount, now, by[1], question.strip(), sql.json(rows)))
    _open_tasks(written, declared, subtask, record, [one for one in made if one.state == "asked"], soon, now)
    names = "、".join(labels[one] for one in wanted)
    _event(written, declared, record, "ask", subtask.title, f"{names}\n{question.strip()}", by, now)
    body = {"subtask": name, "organisations": wanted, "required": required, "due": due.isoformat()}
    written.ledger(acts.entry("cases.ask", record, by, body, now))
    _run(written)
    return tuple(made)


def give(
    subtask_id: int,
    *,
    actor: identity.Actor,
    answer: str,
    opinion: str = "",
    data: Mapping[str, Any] | None = None,
    files: Sequence[tuple[str, ledger.FileView]] = (),
) -> Part:
    """Give one's part: the answer of an assisting body, with its opinion. It disturbs no move of the lead.

    Args: answer, one of the declared; opinion, at most 4000 characters, needed unless silence would count the same;
    data and files as the subtask's form asks. Raises SignInNeeded, Refused, Invalid, Conflict (given already), Missing.
    """
    record, declared, subtask, part, by = _mine(subtask_id, actor)
    if part.state != "asked":
        raise Conflict(
            T("这项协办现在是“{state}”，不能再答复", "This is “{state}” now; no answer can be given").fill(
                state=joint.STATES[part.state]
            )
        )
    clean, slips = forms.validate(
        subtask.fields,
        data or {},
        files_by_entry(subtask.fields, files),
        today=clock.today(),
        lookup=PLACES,
        upload_limit=settings.UPLOAD_LIMIT,
    )
    if answer not in dict(subtask.answers):
        slips["answer"] = T("请选择结论", "Please choose a conclusion")
    if len(opinion) > 4000 or "\0" in opinion or (not opinion.strip() and answer != subtask.silence):
        slips["opinion"] = T("请写明意见，最多 4000 字", "Give the opinion, at most 4000 characters")
    if slips:
        raise Invalid(fields=slips)
    _settle(record, declared, subtask, part, by, "given", answer, opinion.strip(), clean, files)
    return found_part(subtask_id)[1]


def take_back(subtask_id: int, *, actor: identity.Actor, note: str) -> Part:
    """Take back a part that has not been given, by the body that holds the case, with the reason.

    Raises SignInNeeded, Refused, Invalid, Conflict, Missing.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    record, part = found_part(subtask_id)
    declared = case_type(record.type_id)
    subtask = joint.declared_part(declared, part.name)
    verdict = parts.asks(declared, subtask, record, actor)
    if subtask is None or not verdict:
        raise Refused(verdict.why) if acts.reads(record, actor) else Missing(NO_CASE)
    if part.state not in joint.OPEN:
        raise Conflict(T("已经不在等待中", "It is not awaited any more"))
    if not 2 <= len(note.strip()) <= 2000 or "\0" in note:
        raise Invalid(fields={"note": T("请填写理由", "Please give the reason")})
    by = (actor.id, people.actor_label(actor, verdict.post_id))
    _settle(record, declared, subtask, part, by, "ended", "", note.strip(), {}, ())
    return found_part(subtask_id)[1]


def lapse(limit: int = 200, *, case_id: int | None = None) -> int:
    """Let silence count where a type says so and the time has run out; return how many parts. One transaction each.

    The worker calls it; a move that waits for such a part calls it for its own case.
    """
    now = clock.now()
    of, values = ("", []) if case_id is None else (" AND s.case_id = %s", [case_id])
    kinds = [
        f"{type_id}/{one.name}"
        for type_id, declared in registry.of(CaseType).items()
        for one in declared.subtasks
        if one.silence
    ]
    found = sql.rows(
        "SELECT s.id FROM cases_subtask s JOIN cases_case c ON c.id = s.case_id WHERE s.state = 'asked'"  # noqa: S608
        f" AND s.due_at <= %s AND c.type_id || '/' || s.name = ANY(%s){of} ORDER BY s.due_at LIMIT {int(limit)}",
        [now, kinds, *values],
    )
    done = 0
    for (id,) in found:
        record, part = found_part(id)
        declared = case_type(record.type_id)
        subtask = joint.declared_part(declared, part.name)
        if subtask is None or not joint.silent(subtask, part, now):
            continue
        try:
            by = (None, identity.SYSTEM.label)
            _settle(record, declared, subtask, part, by, "silent", subtask.silence, SILENT, {}, ())
            done += 1
        except Conflict:
            continue  # answered at this very moment
    return done


def _mine(
    subtask_id: int, actor: identity.Actor
) -> tuple[Record, CaseType, Subtask, Part, tuple[int | None, str]]:
    if actor.kind == "nobody":
        raise SignInNeeded()
    record, part = found_part(subtask_id)
    declared = case_type(record.type_id)
    subtask = joint.declared_part(declared, part.name)
    verdict = parts.gives(subtask, part, actor)
    if subtask is None or not verdict:
        raise Refused(verdict.why) if acts.reads(record, actor) else Missing(NO_CASE)
    return record, declared, subtask, part, (actor.id, people.actor_label(actor, verdict.post_id))


def _open_tasks(
    written: Statement,
    declared: CaseType,
    subtask: Subtask,
    record: Record,
    opened: Sequence[Part],
    soon: datetime,
    now: datetime,
) -> None:
    rows = [
        {"id": p.id, "org": p.organisation_id, "soon": soon.isoformat()}
        | {"due": p.due_at.isoformat() if p.due_at else None}
        for p in opened
    ]
    kind = f"{record.type_id}/+{subtask.name}"
    written.add("t", _TASKS, (kind, record.region, now, FAR, FAR, sql.json(rows)))


def _settle(
    record: Record,
    declared: CaseType,
    subtask: Subtask,
    part: Part,
    by: tuple[int | None, str],
    state: str,
    answer: str,
    opinion: str,
    clean: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
) -> None:
    now = clock.now()
    opened, personal = forms.split(subtask.fields, clean)
    shown = {**opened, **forms.masks(subtask.fields, personal)}
    written = Statement()
    written.add("c", _GIVE, (part.id, -part.id, record.id))
    kept = orjson.dumps(shown).decode() if shown else None
    sealed = seal_json(personal, use=SEALED) or None
    written.add(
        "s",
        _GIVEN,
        (
            state,
            answer,
            opinion,
            kept,
            sealed,
            now,
            *by,
            part.id,
            ["asked", "queued"] if state == "ended" else ["asked"],
        ),
    )
    written.counted("s", 1)
    written.add("td", _TASK_DONE, (now, by[0], part.id))
    following = joint.next_in_turn(part, parts.parts_of(record.id)) if subtask.order == "sequential" else None
    if following is not None and following.id != part.id:
        due, soon = parts.limit_of(subtask, following.amount, record, now)
        written.add("sn", _TURN, (due, following.id))
        turn = replace(following, due_at=due)
        _open_tasks(written, declared, subtask, record, [turn], soon, now)
    written.files(record.id, files, at=now, by=by)
    title = dict(subtask.answers).get(answer)
    said = (
        f"{part.organisation_label}：{title.zh}\n{opinion}"
        if title
        else f"{part.organisation_label}\n{opinion}"
    )
    kind = {"given": "opinion", "silent": "silence", "ended": "unask"}[state]
    _event(written, declared, record, kind, subtask.title, said.strip(), by, now)
    body = {"subtask": part.name, "id": part.id, "organisation": part.organisation_id, "answer": answer}
    body |= {
        "opinion": sha256(opinion.encode()).hexdigest(),
        "files": [file.digest for _, file in files][:50],
    }
    written.ledger(acts.entry(f"cases.{kind}", record, by, body, now))
    _run(written)


def _event(
    written: Statement,
    declared: CaseType,
    record: Record,
    kind: str,
    title: T,
    note: str,
    by: tuple[int | None, str],
    now: datetime,
) -> None:
    verbs = {
        "ask": T("请协办：{part}", "Asked for: {part}"),
        "opinion": T("协办答复：{part}", "Answered: {part}"),
        "silence": T("协办逾期：{part}", "Silent: {part}"),
        "unask": T("撤回协办：{part}", "Taken back: {part}"),
    }
    written.event(
        kind=kind,
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=note,
        data=None,
        sealed=None,
        document="",
        words=words_of(declared, None, record.state, verbs[kind].fill(part=title)),
    )


def _run(written: Statement) -> None:
    try:
        written.run()
    except Lost:
        raise Conflict(CHANGED) from None
