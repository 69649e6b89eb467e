"""Whether the working calendar knows the years that clocks count through, and whether the sweep keeps up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.health import Check
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.kernel.messages import api as messages

from . import calendars, sql, sweeping
from .declarations import all_types

SPARE_DAYS = 30
"""Beside the longest limit that a type declares: for extensions, and for entering the notice in peace."""

EVERY = timedelta(days=14)
"""Keepers of the calendar are told again after so long."""

LATE = timedelta(minutes=10)


def missing_years(today: date) -> list[int]:
    """Return the years without entered holidays that limits beginning in the next weeks can reach, this year first."""
    reach = SPARE_DAYS + max(
        (_days(limit.unit, limit.amount) for one in all_types().values() for limit in one.limits), default=0
    )
    known = calendars.current().known
    years = dict.fromkeys((today.year, (today + timedelta(days=min(reach, 300))).year))
    return [year for year in years if year not in known]


def _days(unit: str, amount: int) -> int:
    """Return about how many days of the calendar a limit takes."""
    return {"working_day": amount * 3 // 2, "calendar_day": amount, "hour": amount // 24}.get(
        unit, amount // 5
    )


def reaching(year: int) -> int:
    """Return how many running clocks end in a year or later, counted no further than 1000."""
    first = datetime(year, 1, 1, tzinfo=clock.CHINA)
    text = (
        "SELECT count(*) FROM (SELECT 1 FROM cases_task WHERE done_at IS NULL AND due_at >= %s"
        " AND due_at < '8999-01-01' LIMIT 1000) x"
    )
    return int(sql.rows(text, (first,))[0][0])


def checks() -> Iterator[Check]:
    """Yield a check of the calendar, months before a year is needed, and one of the sweep of clocks."""
    missing = missing_years(clock.today())
    title = T("工作日历", "Working calendar")
    if missing:
        words = "、".join(map(str, missing))
        count = reaching(missing[-1])
        yield Check(
            "cases.calendar",
            title,
            False,
            T(
                f"{words} 年放假安排尚未录入，已有 {count} 项工作的时限跨入该年，暂按周一至周五计算，请在“工作日历”录入",
                f"the holidays of {words} are not entered; the limits of {count} pieces of work reach there and"
                " assume Monday to Friday",
            ),
            "warning",
        )
    else:
        yield Check("cases.calendar", title, True, T("已录入", "entered"), "ok")
    late = sweeping.due(clock.now() - LATE)
    title = T("时限提醒", "Reminders of time limits")
    if late:
        told = T(
            f"{late} 个时限到点超过十分钟还没有处理，请查看后台进程",
            f"{late} clocks are due for more than ten minutes; see the worker",
        )
        yield Check("cases.sweep", title, False, told, "warning")
    else:
        yield Check("cases.sweep", title, True, T("及时", "on time"), "ok")


@transaction.atomic
def tell_keepers() -> int:
    """Tell whoever keeps the calendar that a year is missing, every two weeks until it is entered; return how many."""
    missing = missing_years(clock.today())
    if not missing:
        return 0
    year = missing[-1]
    said = ledger.entries(subject=f"calendar:{year}", act="cases.calendar_missing", limit=1)
    if said and clock.now() - said[0].at < EVERY:
        return 0
    keepers = sorted({one.account_id for one in identity.who_may("cases.calendar")})
    actors = identity.actors_of(keepers)
    for id, actor in actors.items():
        to = messages.Addressee(account_id=id, lang=actor.lang)
        messages.send("cases.calendar_missing", to=to, facts={"year": str(year)})
    ledger.append(
        act="cases.calendar_missing",
        subject=f"calendar:{year}",
        actor=None,
        label=sweeping.PLATFORM.zh,
        body={"year": year, "told": len(actors)},
    )
    return 0
