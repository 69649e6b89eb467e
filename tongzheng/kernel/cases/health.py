"""Whether the working calendar knows the years that clocks count through."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.health import Check
from tongzheng.kernel.core.text import T

from . import calendars

AHEAD_DAYS = 60
"""Limits opened now reach this far; the State Council publishes next year's holidays in November."""


def checks() -> Iterator[Check]:
    """Yield one check for the calendar of this year and, near its end, of the next."""
    known = calendars.current().known
    today = clock.today()
    years = dict.fromkeys((today.year, (today + timedelta(days=AHEAD_DAYS)).year))
    missing = [year for year in years if year not in known]
    title = T("工作日历", "Working calendar")
    if missing:
        words = "、".join(map(str, missing))
        yield Check(
            "cases.calendar",
            title,
            False,
            T(
                f"{words} 年放假安排尚未录入，跨入该年的时限暂按周一至周五计算，请在“工作日历”录入",
                f"the holidays of {words} are not entered; limits reaching there assume Monday to Friday",
            ),
            "warning",
        )
    else:
        yield Check("cases.calendar", title, True, T("已录入", "entered"), "ok")
