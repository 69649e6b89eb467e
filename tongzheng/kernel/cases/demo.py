"""The demo city's time: leaders who are told, a sweep every morning and evening of the year, and some supervisions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.demo import DemoRun, Story
from tongzheng.kernel.core.errors import Fault
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import api, sql

YEAR = timedelta(days=365)
CITY = "141100"
HEAD = "负责人"
SUPERVISOR = "rx.liu"
EVERY = timedelta(days=12)
REASON = "超期未办结，群众多次反映，请限时办结并反馈。"
SAID = (
    "已安排专人负责，明确了整改措施和完成时间。",
    "正在按方案整改，已完成过半。",
    "已整改到位，并向当事人作了说明。",
)
SEEN = "已回访当事人，问题确已解决，予以销号。"

_LATE = (
    "SELECT t.case_id, t.handler_id FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.done_at IS NULL"
    " AND t.role = 0 AND NOT t.waits AND t.handler_id IS NOT NULL AND t.due_at < %s AND t.due_at > %s"
    " AND c.supervised = 0 AND c.leader_id IS NULL ORDER BY t.due_at, c.number LIMIT 1"
)


def load(run: DemoRun) -> None:
    """Name the leaders of every office and the supervisor, and hand over the year's sweeps and supervisions."""
    run.progress(0, 1, T("办件时限与督办", "Time limits and supervision"))
    rows = [
        identity.NewHolding(one.account_id, office, one.post, ("cases.leader",), one.region)
        for office, many in identity.holders(list(_offices())).items()
        for one in many
        if one.post == HEAD
    ]
    if rows:
        identity.ensure_posts(actor=identity.SYSTEM, rows=rows)
    first = run.until - YEAR
    run.add_stories([(first.replace(hour=8, minute=40), _sweeps), (first + EVERY, _supervisions)])


def _offices() -> Iterator[int]:
    for place in (CITY, *(county.code for county in identity.regions(parent=CITY, limit=50))):
        for body in identity.organisations(kind="government", region=place, limit=200):
            yield body.id


def _sweeps() -> Story:
    while True:
        while api.sweep():
            pass
        now = clock.now()
        yield now + timedelta(hours=9, minutes=30) if now.hour < 12 else now + timedelta(hours=14, minutes=30)


def _supervisions() -> Story:
    """Every twelve days the case that is late the longest is supervised, by 13710, until it is mended."""
    account = identity.account_named(SUPERVISOR)
    actor = identity.actor_of(account.id if account else None)
    while True:
        begun = clock.now()
        known = sql.rows("SELECT 1 FROM cases_supervision WHERE at = %s", (begun,))  # loaded before
        found = [] if known else sql.rows(_LATE, (begun, begun - timedelta(days=30)))
        if found and actor.id is not None:
            yield from _supervised(actor, *found[0])
        yield max(begun + EVERY, clock.now())


def _supervised(actor: identity.Actor, case_id: int, handler: int) -> Story:
    try:
        api.supervise(case_id, actor=actor, level="ordinary", reason=REASON)
    except Fault:
        return
    now: datetime = clock.now()
    for words, days in zip(SAID, (0.9, 2.4, 5.5), strict=True):
        yield now + timedelta(days=days)
        # Once the handler has replied, the case is back at the centre, which then answers for it.
        for who in (identity.actor_of(handler), actor):
            try:
                api.answer_supervision(case_id, actor=who, words=words)
            except Fault:
                continue
            break
    yield clock.now() + timedelta(days=1)
    with suppress(Fault):
        api.end_supervision(case_id, actor=actor, words=SEEN, mended=True)
