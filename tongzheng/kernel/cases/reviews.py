"""Reviews (好差评): five levels, once a case, by its applicant; what was said can never be altered.

The database itself refuses to change or remove one (0001_initial); the body that was judged can answer once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import acts, calendars, people, scopes, sql
from .declarations import case_type, words_of
from .guessing import check_code
from .opening import tell
from .record import NO_CASE, Record, load, own_case
from .statement import Lost, Statement
from .views import REVIEW_LEVELS, Page, ReviewView

BAD = 4
"""From this level on a review is a bad one (GB/T 39046-2020: 4 dissatisfied, 5 very dissatisfied)."""

DAYS = 5
"""Working days to answer a bad review, until a city sets its own: our default, no published rule."""

TEXT_LIMIT, TAGS_LIMIT, TAG_LENGTH = 1000, 10, 20
CHANNELS = ("web", "code", "window", "phone", "machine")
REVIEWED, ANSWERED = T("评价", "Reviewed"), T("答复评价", "Review answered")
NAMELESS = "匿名 anonymous"
ONCE = T("这个办件已经评价过，每件只能评价一次", "This case has been reviewed; each can be only once")

COLUMNS = (
    "r.case_id, r.type_id, r.level, r.channel, r.text, r.tags, r.anonymous, r.at, r.by_label, r.organisation_id,"
    " r.organisation_label, r.region, r.reply_due_at, r.reply, r.reply_at, r.reply_by_label"
)
_OF = f"SELECT {COLUMNS}, c.number, c.title FROM cases_review r JOIN cases_case c ON c.id = r.case_id WHERE "  # noqa: S608
_COUNT = "UPDATE cases_case SET events = events + 1 WHERE id = %s AND phase = 2 RETURNING id, events"
_INSERT = (
    "INSERT INTO cases_review (case_id, type_id, level, channel, text, tags, anonymous, at, by_id, by_label,"
    " organisation_id, organisation_label, region, reply_due_at)"
    " VALUES (%s, %s, %s, %s, %s, %s::text[], %s, %s, %s, %s, %s, %s, %s, %s)"
)
_REPLY = (
    "UPDATE cases_review SET reply = %s, reply_at = %s, reply_by_id = %s, reply_by_label = %s"
    " WHERE case_id = %s AND reply_at IS NULL RETURNING case_id"
)


def review(
    case: int | str,
    *,
    actor: identity.Actor,
    level: int,
    text: str = "",
    tags: Sequence[str] = (),
    anonymous: bool = False,
    channel: str = "web",
) -> ReviewView:
    """Review how a closed case was handled, by its applicant, once.

    Args: case, its id or number; level, 1 very satisfied to 5 very dissatisfied; text, at most 1000 characters;
    tags, at most 10 short words; anonymous, who it was is not kept, not even for the body that is judged; channel,
    one of CHANNELS. A bad review (4, 5) must be answered within the limit in force (`review_limit`).
    Raises SignInNeeded, Missing, Refused, Invalid (entries named), Conflict (not closed, or reviewed already).
    Rule: GB/T 39046-2020; State Council General Office 2019 No. 51 on reviews of government services.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(case)
    if not own_case(record, actor):
        if not acts.reads(record, actor) and not acts.works_on(record, actor):
            raise Missing(NO_CASE)
        raise Refused(T("只有申请人本人可以评价", "Only the applicant can review it"))
    by = (None, NAMELESS) if anonymous else (actor.id, people.actor_label(actor, None))
    return _write(record, by, level, text, tags, anonymous, channel)


def review_by_code(
    number: str,
    code: str,
    *,
    level: int,
    text: str = "",
    tags: Sequence[str] = (),
    channel: str = "code",
) -> ReviewView:
    """Review a closed case without signing in, by whoever has its number and query code; always anonymous.

    Args: as `review`. Raises as `progress` for a wrong pair, and as `review`.
    """
    record = load(check_code(number, code))
    return _write(record, (None, NAMELESS), level, text, tags, True, channel)


def answer_review(case: int | str, *, actor: identity.Actor, text: str) -> ReviewView:
    """Answer a review, once, by the body that was judged; the applicant is told.

    Args: text, 2 to 1000 characters. Raises SignInNeeded, Refused, Missing, Invalid, Conflict (answered already).
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(case)
    found = _found("r.case_id = %s", record.id)
    if found is None:
        raise Missing(T("这个办件还没有评价", "This case has no review"))
    verdict = identity.may(
        actor, "cases.answer_review", organisation=found.organisation_id, region=found.region
    )
    if not verdict:
        raise Refused(verdict.why) if acts.reads(record, actor) else Missing(NO_CASE)
    _check_text(text, 2)
    if found.reply_at is not None:
        raise Conflict(T("这条评价已经答复过，只能答复一次", "This review has been answered; only once"))
    now = clock.now()
    by = (actor.id, people.actor_label(actor, verdict.post_id))
    written = _statement(record, by, now, "review", ANSWERED, text.strip(), "cases.answer_review", {})
    written.add("r", _REPLY, (text.strip(), now, *by, record.id))
    phone = (
        people.unsealed_applicant(record.applicant_sealed).get("phone", "") if record.applicant_sealed else ""
    )
    tell(written, ("cases.review_answered",), record, phone=phone, note=text, document="", data={}, now=now)
    try:
        with transaction.atomic():
            # The lock makes the second of two answers wait and then see the first.
            sql.rows(
                "SELECT 1 FROM cases_review WHERE case_id = %s AND reply_at IS NULL FOR UPDATE", (record.id,)
            )
            if _found("r.case_id = %s AND r.reply_at IS NULL", record.id) is None:
                raise Conflict(T("这条评价刚刚已经答复", "This review has just been answered"))
            written.run()
    except Lost:
        raise Missing(NO_CASE) from None
    return _sure(record.id)


def review_of(case: int | str, *, actor: identity.Actor) -> ReviewView | None:
    """Return the review of a case, None if there is none. Raises Missing for who may not read the case."""
    record = load(case)
    if not own_case(record, actor) and not acts.reads(record, actor) and not acts.works_on(record, actor):
        raise Missing(NO_CASE)
    return _found("r.case_id = %s", record.id)


def reviews(
    *,
    actor: identity.Actor,
    type_id: str | None = None,
    organisation: int | None = None,
    region: str | None = None,
    levels: Sequence[int] = (),
    unanswered: bool = False,
    after: str | None = None,
    limit: int = 50,
) -> Page[ReviewView]:
    """Return reviews of the cases that the actor may read, newest first; those to be answered by nearest limit.

    Args: organisation, judged; region, a code, with all within; levels, only these; unanswered, only bad ones
    that nobody has answered; after, from the page before; limit, up to 200.
    """
    text, params = _reach(scopes.case_scopes(actor, type_id))
    where = [text]
    if organisation is not None:
        where.append("r.organisation_id = %s")
        params.append(organisation)
    if region:
        where.append("r.region LIKE %s")
        params.append(region_prefix(region) + "%")
    if levels:
        where.append("r.level = ANY(%s)")
        params.append([int(level) for level in levels])
    if unanswered:
        where.append("r.reply_due_at IS NOT NULL AND r.reply_at IS NULL")
    limit = max(1, min(limit, 200))
    place = after if after and after.isascii() and after.isdecimal() and len(after) < 19 else ""
    if place:
        where.append(f"r.id {'>' if unanswered else '<'} %s")
        params.append(int(place))
    # A limit is the same for all of its time, so of what is unanswered the oldest is due first.
    order = "r.id" if unanswered else "r.id DESC"
    found = sql.rows(
        f"SELECT r.id, {COLUMNS}, c.number, c.title FROM cases_review r JOIN cases_case c ON c.id = r.case_id"  # noqa: S608
        f" WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {limit + 1}",
        params,
    )
    rows = tuple(view_of(row[1:]) for row in found[:limit])
    return Page(rows, str(found[limit - 1][0]) if len(found) > limit else "")


def review_limit(day: date | None = None) -> int:
    """Return within how many working days a bad review is answered, by the rule in force on a day (today)."""
    found = sql.rows(
        "SELECT days FROM cases_review_limit WHERE valid_from <= %s ORDER BY valid_from DESC, id DESC LIMIT 1",
        (day or clock.today(),),
    )
    return int(found[0][0]) if found else DAYS


def set_review_limit(days: int, *, actor: identity.Actor, valid_from: date | None = None) -> None:
    """Set within how many working days bad reviews are answered, from a day on (today or later).

    Args: days, 1 to 60. Reviews made before keep their limit. Raises SignInNeeded, Refused, Invalid.
    """
    identity.require(actor, "cases.review_limit")
    now = clock.now()
    start = valid_from or now.date()
    slips = {}
    if not 1 <= days <= 60:
        slips["days"] = T("应在 1 到 60 之间", "Between 1 and 60")
    if start < now.date():
        slips["valid_from"] = T("不能早于今天", "Not before today")
    if slips:
        raise Invalid(fields=slips)
    with transaction.atomic():
        sql.rows(
            "INSERT INTO cases_review_limit (valid_from, days, at, by_id, by_label) VALUES (%s, %s, %s, %s, %s)",
            (start, days, now, actor.id, actor.label),
        )
        ledger.append(
            act="cases.review_limit",
            subject="cases.review_limit",
            actor=actor.id,
            label=actor.label,
            body={"days": days, "valid_from": start.isoformat()},
            at=now,
        )


def view_of(row: Sequence[Any]) -> ReviewView:
    """Return the view of a row of COLUMNS, perhaps followed by the case's number and title."""
    values = list(row[:18])
    values[5] = tuple(values[5])
    return ReviewView(*values)


def _write(
    record: Record,
    by: tuple[int | None, str],
    level: int,
    text: str,
    tags: Sequence[str],
    anonymous: bool,
    channel: str,
) -> ReviewView:
    declared = case_type(record.type_id)
    if not declared.review:
        raise Refused(T("这类办件不作评价", "Cases of this type are not reviewed"))
    _check(level, text, tags, channel)
    if record.phase != 2:
        raise Conflict(T("办结以后才能评价", "It can be reviewed once it is closed"))
    now = clock.now()
    judged = record.organisation_id or record.previous_id or record.opener_id
    due = calendars.due_after(now, review_limit(now.date()), "working_day") if level >= BAD else None
    body = {"level": level, "channel": channel, "organisation": judged, "anonymous": anonymous}
    if text.strip():
        body["text"] = sha256(text.strip().encode()).hexdigest()
    words = REVIEW_LEVELS[level].zh + (f"：{text.strip()}" if text.strip() else "")
    written = _statement(record, by, now, "review", REVIEWED, words, "cases.review", body)
    written.add(
        "r",
        _INSERT,
        (
            *(record.id, record.type_id, level, channel, text.strip(), list(tags), anonymous, now, *by),
            *(judged, people.organisation_name(judged), record.region, due),
        ),
    )
    try:
        with transaction.atomic():
            written.run()
    except Lost:
        raise Conflict(T("办结以后才能评价", "It can be reviewed once it is closed")) from None
    except IntegrityError as error:
        if "cases_review_once" not in str(error):
            raise
        raise Conflict(ONCE) from None
    return _sure(record.id)


def _statement(
    record: Record,
    by: tuple[int | None, str],
    now: datetime,
    kind: str,
    title: T,
    note: str,
    act: str,
    body: dict[str, Any],
) -> Statement:
    written = Statement()
    written.add("c", _COUNT, (record.id,))
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
        words=words_of(case_type(record.type_id), None, record.state, title),
    )
    written.ledger(
        ledger.writing(
            act=act,
            subject=f"case:{record.number}",
            actor=by[0],
            label=by[1],
            body=body or {"reply": sha256(note.encode()).hexdigest()},
            at=now,
        )
    )
    return written


def _check(level: int, text: str, tags: Sequence[str], channel: str) -> None:
    slips: dict[str, T] = {}
    if isinstance(level, bool) or level not in REVIEW_LEVELS:
        slips["level"] = T("请选择满意程度", "Please choose how satisfied you are")
    if len(text.strip()) > TEXT_LIMIT or "\0" in text:
        slips["text"] = T("最多 {n} 个字", "At most {n} characters").fill(n=TEXT_LIMIT)
    if len(tags) > TAGS_LIMIT or any(not 1 <= len(tag) <= TAG_LENGTH or "\0" in tag for tag in tags):
        slips["tags"] = T("最多 10 个标签，每个 20 个字以内", "At most 10 tags of 20 characters each")
    if channel not in CHANNELS:
        slips["channel"] = T("没有这种评价渠道", "There is no such channel")
    if slips:
        raise Invalid(fields=slips)


def _check_text(text: str, least: int) -> None:
    if not least <= len(text.strip()) <= TEXT_LIMIT or "\0" in text:
        raise Invalid(
            fields={
                "reply": T("请填写答复，{a} 到 {b} 个字", "Between {a} and {b} characters").fill(
                    a=least, b=TEXT_LIMIT
                )
            }
        )


def _reach(found: Sequence[scopes.Scope]) -> tuple[str, list[Any]]:
    parts: list[str] = []
    params: list[Any] = []
    for scope in found:
        text, values = scope.reach.sql("r.organisation_id", "r.region")
        if not scope.every:
            text = f"(r.type_id = ANY(%s) AND {text})"
            values = [list(scope.names), *values]
        parts.append(text)
        params += values
    return ("(" + " OR ".join(parts) + ")" if parts else "FALSE"), params


def _found(condition: str, case_id: int) -> ReviewView | None:
    rows = sql.rows(_OF + condition, (case_id,))
    return view_of(rows[0]) if rows else None


def _sure(case_id: int) -> ReviewView:
    found = _found("r.case_id = %s", case_id)
    assert found is not None
    return found
