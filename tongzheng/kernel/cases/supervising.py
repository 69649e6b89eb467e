"""Supervision of a case (督办): ordered by authority, answered in stages, ended only by who ordered it.

It has clocks of its own on the case's sheet and work of its own in both inboxes; closing the case does not end it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import orjson
from django.db import IntegrityError, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import acts, calendars, clocks, people, retiming, sql, timing
from .declarations import SUPERVISED, SUPERVISOR, case_type
from .record import NO_CASE, Record, load_with_clocks
from .statement import FAR, Lost, Statement
from .supervision_rules import (
    CONFIRM,
    ENDED,
    FOLLOWS,
    HANDED,
    LEVELS,
    LIMITS,
    MEND,
    PLAN,
    PREFIX,
    Amounts,
)
from .supervisions import COLUMNS, SUPERVISE, Kept, held, same_office

SUPERVISED_ROLE, SUPERVISOR_ROLE = 5, 6
ORDERED = T("督办", "Supervision ordered")

_BEGIN = (
    "INSERT INTO cases_supervision (case_id, level, reason, amounts, at, by_id, by_label, organisation_id,"
    " organisation_label, stage, steps) SELECT c.id, %s::text, %s::text, %s::jsonb, %s::timestamptz, %s::bigint,"
    " %s::text, %s::bigint, %s::text, %s::text, '[]'::jsonb FROM c"
)
_STEP = (
    "UPDATE cases_supervision s SET stage = %s, steps = s.steps || %s::jsonb, ended_at = %s::timestamptz FROM c"
    " WHERE s.id = %s AND s.stage = %s"
)
_TASK = (
    "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at,"
    " soon_at) SELECT c.id, %s::smallint, %s::text, %s::text, %s::bigint, %s::bigint, false, %s::timestamptz,"
    " %s::timestamptz, %s::timestamptz FROM c"
)
_TASKS_DUE = (
    "UPDATE cases_task SET due_at = COALESCE(%s::timestamptz, %s::timestamptz), soon_at ="
    " COALESCE(%s::timestamptz, %s::timestamptz), waits = (role = %s::smallint) WHERE case_id = %s AND done_at IS NULL"
    " AND role = ANY(%s::smallint[]) AND EXISTS (SELECT 1 FROM c)"
)
_TASKS_DONE = (
    "UPDATE cases_task SET done_at = %s, done_by = %s WHERE case_id = %s AND done_at IS NULL"
    " AND role = ANY(%s::smallint[]) AND EXISTS (SELECT 1 FROM c)"
)


def amounts_in_force(day: date | None = None) -> Amounts:
    """Return how long the stages of a supervision take that begins on a day (today)."""
    found = sql.rows(
        "SELECT unit, plan, feedback, ordinary, hard FROM cases_supervision_rule WHERE valid_from <= %s"
        " ORDER BY valid_from DESC, id DESC LIMIT 1",
        (day or clock.today(),),
    )
    return Amounts(*found[0]) if found else Amounts()


def set_supervision_rule(
    *,
    actor: identity.Actor,
    valid_from: date,
    unit: str,
    plan: int,
    feedback: int,
    ordinary: int,
    hard: int,
    basis: str,
) -> Amounts:
    """Set how long the stages of a supervision take from a day on; those that run keep the amounts they began with.

    Args: unit of all four; basis, the document that says so. Action "cases.supervision_rule". Raises Refused,
    SignInNeeded, Invalid (fields named).
    """
    identity.require(actor, "cases.supervision_rule")
    slips: dict[str, T] = {}
    numbers = {"plan": plan, "feedback": feedback, "ordinary": ordinary, "hard": hard}
    for name, number in numbers.items():
        if not 1 <= number <= 365:
            slips[name] = T("应在 1 到 365 之间", "Between 1 and 365")
    if not slips and not plan <= feedback <= ordinary <= hard:
        slips["hard"] = T("四个时限应由短到长", "The four limits go from short to long")
    if unit not in ("calendar_day", "working_day"):
        slips["unit"] = T("请选日或工作日", "Choose days or working days")
    if not basis.strip() or len(basis) > 200 or "\0" in basis:
        slips["basis"] = T("请填写依据，不超过 200 字", "Say its basis, in at most 200 characters")
    if not 2000 <= valid_from.year <= 2060:
        slips["valid_from"] = T("年份不对", "Please check the year")
    if slips:
        raise Invalid(fields=slips)
    with transaction.atomic():
        sql.rows(
            "INSERT INTO cases_supervision_rule (valid_from, unit, plan, feedback, ordinary, hard, basis, at, by_id,"
            " by_label) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (valid_from, unit, *numbers.values(), basis.strip(), clock.now(), actor.id, actor.label),
        )
        ledger.append(
            act="cases.supervision_rule",
            subject=f"supervision:{valid_from.isoformat()}",
            actor=actor.id,
            label=actor.label,
            body={"unit": unit, **numbers, "basis": basis.strip()},
        )
    return amounts_in_force(valid_from)


def supervise(case: int | str, *, actor: identity.Actor, level: str, reason: str) -> None:
    """Put a case under supervision by the 13710 clock, by whoever has the authority over its holder.

    Args: level "ordinary" or "hard"; reason, 4 to 1000 characters, told to the office. Action "cases.supervise".
    Raises SignInNeeded, Refused, Invalid, Missing, Conflict (it is under supervision already).
    """
    record, running = _loaded(case, actor)
    office = held(record).organisation_id
    verdict = identity.may(actor, SUPERVISE, organisation=office, region=record.region)
    if not verdict:
        if not acts.reads(record, actor) and not acts.works_on(record, actor):
            raise Missing(NO_CASE)
        raise Refused(verdict.why)
    if level not in LEVELS:
        raise Invalid(fields={"level": T("请选一般或复杂", "Choose ordinary or hard")})
    _judged(reason)
    holder = office
    if holder is None:
        raise Refused(T("没有可以督办的承办单位", "No office holds it that could be supervised"))
    now = clock.now()
    declared = case_type(record.type_id)
    rule = amounts_in_force()
    post = people.post_of(actor, verdict.post_id)
    book = calendars.book(record.region)
    try:
        begun = [
            clocks.start(
                book(None), name=f"{PREFIX}{stage}", unit=rule.unit, amount=amount, soon=0.7, now=now,
                run=next((one.run + 1 for one in running if one.name == f"{PREFIX}{stage}"), 1),
            )
            for stage, amount in rule.of(level).items()
        ]  # fmt: skip
    except (clocks.BeyondCalendar, OverflowError):
        raise calendars.too_long() from None
    begun = [timing.scheduled(declared, one, book) for one in begun]
    left = [*(one for one in running if not one.name.startswith(PREFIX)), *begun]
    by = (actor.id, people.actor_label(actor, verdict.post_id))
    written = retiming.retimed(
        declared,
        record,
        running,
        left,
        kind="supervise",
        title=ORDERED,
        note=reason.strip(),
        by=by,
        now=now,
        supervised=1,
    )
    amounts = {"unit": rule.unit, **rule.of(level)}
    body_of = (post.organisation_id, post.organisation_name) if post else (holder, actor.label)
    written.add(
        "s", _BEGIN, (level, reason.strip(), orjson.dumps(amounts).decode(), now, *by, *body_of, PLAN)
    )
    first = begun[0]
    kind = f"{record.type_id}/{SUPERVISED}"
    at = (now, first.due_at, first.soon_at)
    written.add("ta", _TASK, (SUPERVISED_ROLE, kind, record.region, holder, record.handler_id, *at))
    kind = f"{record.type_id}/{SUPERVISOR}"
    written.add("tb", _TASK, (SUPERVISOR_ROLE, kind, record.region, body_of[0], actor.id, *at))
    body = {"level": level, **amounts, "due": begun[-1].due_at.isoformat()}
    _written(written, record, "cases.supervise", by, body, now)


def answer_supervision(case: int | str, *, actor: identity.Actor, words: str) -> None:
    """Hand in what the present stage of a case's supervision asks: the plan, the feedback, the result.

    Args: words, 4 to 1000 characters. Whoever works on the case may. Raises SignInNeeded, Refused, Invalid, Missing,
    Conflict (nothing is asked of the office now).
    """
    record, running = _loaded(case, actor)
    verdict = acts.works_on(held(record), actor)
    found = _open(record, actor, verdict)
    if found.stage == CONFIRM:
        raise Conflict(
            T("已报结果，等待督办单位确认", "It is reported as mended; the supervisor has to confirm")
        )
    if not verdict:
        raise Refused(verdict.why)
    _judged(words)
    _step(record, running, found, actor, verdict.post_id, words, stage=FOLLOWS[found.stage], said=found.stage)


def end_supervision(case: int | str, *, actor: identity.Actor, words: str, mended: bool) -> None:
    """Confirm that a supervised matter is mended, which ends the supervision, or send it back.

    Args: words, 4 to 1000 characters, what was seen; mended. Only the office that ordered it may, by "cases.supervise".
    Raises SignInNeeded, Refused, Invalid, Missing, Conflict (nothing has been reported yet).
    """
    record, running = _loaded(case, actor)
    office = held(record).organisation_id
    verdict = identity.may(actor, SUPERVISE, organisation=office, region=record.region)
    found = _open(record, actor, verdict)
    if not verdict:
        raise Refused(verdict.why)
    if not same_office(found, actor):
        raise Refused(T("只能由发起督办的单位确认", "Only the office that ordered it can confirm"))
    if found.stage != CONFIRM:
        raise Conflict(T("承办单位还没有报结果", "The office has not reported a result yet"))
    _judged(words)
    stage, said = (ENDED, ENDED) if mended else (MEND, "return")
    _step(record, running, found, actor, verdict.post_id, words, stage=stage, said=said)


def _loaded(case: int | str, actor: identity.Actor) -> tuple[Record, list[clocks.Running]]:
    if actor.kind == "nobody":
        raise SignInNeeded()
    return load_with_clocks(case)


def _judged(words: str) -> None:
    if not 4 <= len(words.strip()) <= 1000 or "\0" in words:
        raise Invalid(fields={"words": T("请填写 4 到 1000 个字", "Write 4 to 1000 characters")})


def _open(record: Record, actor: identity.Actor, verdict: identity.Verdict) -> Kept:
    if not verdict and not acts.reads(record, actor):
        raise Missing(NO_CASE)
    found = sql.rows(
        f"SELECT {COLUMNS} FROM cases_supervision s WHERE s.case_id = %s AND s.ended_at IS NULL",  # noqa: S608
        (record.id,),
    )
    if not found:
        raise Conflict(T("这个办件没有在督办", "The case is not under supervision"))
    return Kept(found[0])


def _step(
    record: Record,
    running: Sequence[clocks.Running],
    found: Kept,
    actor: identity.Actor,
    post_id: int | None,
    words: str,
    *,
    stage: str,
    said: str,
) -> None:
    now = clock.now()
    declared = case_type(record.type_id)
    by = (actor.id, people.actor_label(actor, post_id))
    left = [_after_step(one, stage, said, now) for one in running]
    book = calendars.book(record.region)
    left = [timing.scheduled(declared, one, book) if one.name in LIMITS else one for one in left]
    written = retiming.retimed(
        declared,
        record,
        running,
        left,
        kind="supervise",
        title=HANDED[said],
        note=words.strip(),
        by=by,
        now=now,
        supervised=-1 if stage == ENDED else 0,
    )
    entry = [[said, now.isoformat(), by[0], by[1], words.strip()]]
    ended = now if stage == ENDED else None
    written.add("s", _STEP, (stage, orjson.dumps(entry).decode(), ended, found.id, found.stage))
    roles = [SUPERVISED_ROLE, SUPERVISOR_ROLE]
    if stage == ENDED:
        written.add("t", _TASKS_DONE, (now, by[0], record.id, roles))
    else:
        near = next((one for one in left if one.name == f"{PREFIX}{stage}"), None)
        due, soon = (near.due_at, near.soon_at) if near and near.stopped_at is None else (None, None)
        # While it waits for the supervisor's word, the office has nothing to do.
        waits = SUPERVISED_ROLE if stage == CONFIRM else -1
        written.add("t", _TASKS_DUE, (due, FAR, soon, FAR, waits, record.id, roles))
    _written(written, record, f"cases.supervision_{said}", by, {"stage": stage, "supervision": found.id}, now)


def _after_step(one: clocks.Running, stage: str, said: str, now: datetime) -> clocks.Running:
    if one.name == f"{PREFIX}{said}" or (stage == ENDED and one.name.startswith(PREFIX)):
        return clocks.stop(one, now=now)
    if said == "return" and one.name == f"{PREFIX}{MEND}":
        # Its time goes on as if it had never been reported: a bad report heals no lateness.
        return clocks.changed(one, stopped_at=None)
    return one


def _written(
    written: Statement,
    record: Record,
    act: str,
    by: tuple[int | None, str],
    body: dict[str, Any],
    now: datetime,
) -> None:
    written.ledger(
        ledger.writing(act=act, subject=f"case:{record.number}", actor=by[0], label=by[1], body=body, at=now)
    )
    try:
        written.run()
    except Lost:
        raise Conflict(T("办件刚刚有了变化，请重看后再办", "The case has just changed; look again")) from None
    except IntegrityError as error:
        if "cases_supervision_open" in str(error):
            raise Conflict(T("这个办件已经在督办", "The case is under supervision already")) from None
        raise
