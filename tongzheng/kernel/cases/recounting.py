"""Moving clocks that already run, after an official decided so: a few hundred a turn, each with an event on its case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger import api as ledger

from . import calendars, clocks, faced, keeping, retiming, sql, timing, wording
from .declarations import all_types
from .record import COLUMNS, NAMES, Record, record_of

BATCH = 200
RECOUNTED = T("工作日历调整", "Working calendar changed")

_OPEN = (
    "SELECT id, version, region, first, last, by_id, by_label, after, seen, moved FROM cases_calendar_recount"
    " WHERE done_at IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
)
# The names are our own columns; every value is a parameter.
_CASES = (
    f"SELECT {COLUMNS}, {keeping.CLOCKS} FROM cases_case c WHERE c.id > %s AND c.region LIKE %s AND EXISTS"  # noqa: S608
    " (SELECT 1 FROM cases_clock k WHERE k.case_id = c.id AND k.stopped_at IS NULL AND k.unit <> 'hour'"
    " AND k.started_at < COALESCE(%s::timestamptz, 'infinity')"
    " AND k.due_at >= COALESCE(%s::timestamptz, '-infinity')) ORDER BY c.id LIMIT %s FOR UPDATE OF c"
)


@dataclass(frozen=True, slots=True)
class _Job:
    id: int
    version: int
    region: str
    first: datetime | None
    last: datetime | None
    by_id: int | None
    by_label: str
    after: int
    seen: int
    moved: int


@transaction.atomic
def recount_due() -> int:
    """Recount the running clocks of the next cases that a decided edit of the calendar touches; return how many."""
    open_jobs = sql.rows(_OPEN, ())
    if not open_jobs:
        return 0
    job = _Job(*open_jobs[0])
    calendars.forget()
    found = sql.rows(_CASES, (job.after, f"{job.region}%", job.last, job.first, BATCH))
    moved = sum(_recounted(job, row) for row in found)
    done = len(found) < BATCH
    after = found[-1][0] if found else job.after
    now = clock.now()
    sql.rows(
        "UPDATE cases_calendar_recount SET after = %s, seen = seen + %s, moved = moved + %s, done_at = %s WHERE id = %s",
        (after, len(found), moved, now if done else None, job.id),
    )
    if done:
        ledger.append(
            act="cases.calendar_recounted",
            subject=f"calendar:{job.version}",
            actor=job.by_id,
            label=job.by_label,
            body={"version": job.version, "cases": job.seen + len(found), "moved": job.moved + moved},
        )
    return len(found)


def _recounted(job: _Job, row: Sequence[Any]) -> int:
    record: Record = record_of(tuple(row[: len(NAMES)]))
    running = keeping.running_of(row[len(NAMES)])
    declared = all_types().get(record.type_id)
    if declared is None:
        return 0
    book = calendars.book(record.region)
    left: list[clocks.Running] = []
    said: list[T] = []
    for one in running:
        limit = timing.limit_of(declared, one.name)
        again = one
        if one.stopped_at is None and one.unit != "hour":
            try:
                again = clocks.recount(book(None), one, limit.soon)
            except (clocks.BeyondCalendar, OverflowError):
                again = one
        if again.due_at != one.due_at:
            words = T("{title}：{old} → {new}", "{title}: {old} → {new}")
            said.append(
                words.fill(
                    title=faced.title_of(record.type_id, one.name),
                    old=wording.day_of(one.due_at, hour=True),
                    new=wording.day_of(again.due_at, hour=True),
                )
            )
            again = clocks.changed(again, next_at=timing.next_at(limit, again, book(again.calendar)))
        left.append(again)
    if not said:
        return 0
    note = T("；".join(words.zh for words in said), "; ".join(words.en for words in said))
    written = retiming.retimed(
        declared,
        record,
        running,
        left,
        kind="clock",
        title=RECOUNTED,
        note=note,
        by=(job.by_id, job.by_label),
        now=clock.now(),
    )
    written.run()
    return len(said)
