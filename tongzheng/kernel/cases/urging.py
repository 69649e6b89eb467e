"""Urging (催办): an applicant asks how it goes, once a day; whoever works on the case is told, and it shows in the inbox."""

from __future__ import annotations

from datetime import datetime

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.kernel.messages import api as messages

from . import addressing, people, sql
from .declarations import case_type, words_of
from .guessing import NO_PROGRESS, check_code
from .record import NO_CASE, Record, load, own_case, titles
from .statement import Lost, Statement

URGED = T("催办", "Urged")
WORDS_LIMIT = 300

_URGE = (
    "UPDATE cases_case SET events = events + 1, urges = urges + 1, urged_at = %s WHERE id = %s AND phase <> 2"
    " AND (urged_at IS NULL OR urged_at < %s) RETURNING id, events"
)
_HELD = f"SELECT {addressing.COLUMNS} FROM cases_case c WHERE c.id = %s"  # noqa: S608


def why_not(record: Record, now: datetime) -> T | None:
    """Say why the applicant cannot urge the case now, or None if they can."""
    if not case_type(record.type_id).urge or record.phase == 2:
        return T("这个办件现在不能催办", "This case cannot be urged now")
    if record.urged_at is not None and record.urged_at >= _day(now):
        return T("今天已经催办过，承办单位已收到", "Urged today already; the office has been told")
    return None


def _day(now: datetime) -> datetime:
    return now.astimezone(clock.CHINA).replace(hour=0, minute=0, second=0, microsecond=0)


def urge(case: int | str, *, actor: identity.Actor, words: str = "") -> None:
    """Urge one's own case: the handler is told, or the office while nobody has claimed it. Once a day.

    Args: words, what the applicant wants to say, at most 300 characters. Raises SignInNeeded, Missing, Invalid,
    Conflict (urged today already, or nothing to urge).
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(case)
    if not own_case(record, actor):
        raise Missing(NO_CASE)
    _urge(record, words, (actor.id, people.actor_label(actor, None)))


def urge_by_code(number: str, code: str, *, words: str = "") -> None:
    """Urge a case with its number and query code, as `urge`. Raises Missing, Throttled, Invalid, Conflict."""
    record = load(check_code(number, code))
    if not case_type(record.type_id).public:
        raise Missing(NO_PROGRESS)
    _urge(record, words, (None, record.applicant_label or "申请人 applicant"))


def _urge(record: Record, words: str, by: tuple[int | None, str]) -> None:
    if len(words) > WORDS_LIMIT or "\0" in words:
        raise Invalid(fields={"words": T("最多 {n} 个字", "At most {n} characters").fill(n=WORDS_LIMIT)})
    now = clock.now()
    if (why := why_not(record, now)) is not None:
        raise Conflict(why)
    declared = case_type(record.type_id)
    written = Statement()
    written.add("c", _URGE, (now, record.id, _day(now)))
    written.event(
        kind="urge",
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=words.strip(),
        data=None,
        sealed=None,
        document="",
        words=words_of(declared, None, record.state, URGED),
    )
    written.ledger(
        ledger.writing(
            act="cases.urge",
            subject=f"case:{record.number}",
            actor=by[0],
            label=by[1],
            body={"times": record.urges + 1},
            at=now,
        )
    )
    type_title, state_title = titles(record.type_id, record.state)
    facts: dict[str, str | T] = {
        "title": record.title,
        "number": record.number,
        "type": type_title,
        "state": state_title,
        "n": str(record.urges + 1),
    }
    held = addressing.Held(*sql.rows(_HELD, (record.id,))[0])
    for to in addressing.workers(held):
        written.message(messages.writing("cases.urged", to=to, facts=facts, case=record.number, at=now))
    try:
        written.run()
    except Lost:
        raise Conflict(why_not(load(record.id), now) or URGED) from None
