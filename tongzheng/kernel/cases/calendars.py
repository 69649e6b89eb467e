"""The calendar in force: the published holidays, and over them whatever an official has entered since.

Every edit is a row with a version; the calendar in the process is renewed when the version has changed, looked at
no more often than every two seconds, so that no verb pays a query for it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson
from chinese_calendar import constants
from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import sql
from .clocks import FIRST_YEAR, LAST_YEAR, UNITS, BeyondCalendar, Calendar, due_at
from .views import CalendarDay, CalendarView

FRESH_SECONDS = 2.0
SETTLED = 7
"""A year counts as known once this many of its days of rest have been entered by hand."""

NOTICE = "国务院办公厅节假日安排通知（chinesecalendar）"


@lru_cache(maxsize=1)
def published() -> tuple[dict[date, bool], dict[date, T], frozenset[int]]:
    """Return the published special days, their names, and the years that are settled."""
    chinese = {day.value: day.chinese for day in constants.Holiday}
    days: dict[date, bool] = {}
    names: dict[date, T] = {}
    for found, works in ((constants.holidays, False), (constants.workdays, True)):
        for day, name in found.items():
            days[day] = works
            holiday = T(chinese.get(name, name), name)
            names[day] = T(f"{holiday.zh}调休", f"{holiday.en} (swapped)") if works else holiday
    return days, names, frozenset(day.year for day in constants.holidays)


class _Kept:
    calendar: Calendar | None = None
    database = ""
    looked = 0.0


def current() -> Calendar:
    """Return the calendar in force, at most two seconds old."""
    database = str(connection.settings_dict["NAME"])
    moment = time.monotonic()
    kept = _Kept.calendar
    if kept is not None and _Kept.database == database and moment - _Kept.looked < FRESH_SECONDS:
        return kept
    version = int(sql.rows("SELECT COALESCE(max(id), 0) FROM cases_calendar_change", ())[0][0])
    if kept is None or _Kept.database != database or kept.version != version:
        _Kept.calendar = kept = _load(version)
    _Kept.database, _Kept.looked = database, moment
    return kept


def forget() -> None:
    """Look again at the next call."""
    _Kept.calendar = None


def _load(version: int) -> Calendar:
    days, names, known = published()
    days, names = dict(days), dict(names)
    hours: dict[str, Any] = {}
    entered: dict[int, int] = {}
    for day, kind, name, periods, first_day in sql.rows(
        "SELECT date, kind, name, hours, first_day FROM cases_calendar_change WHERE id <= %s ORDER BY id",
        (version,),
    ):
        if day is None:
            hours = {
                "hours": tuple((a, b) for a, b in _json(periods)),
                "first_day": first_day,
            }
        elif kind == "weekday":
            days.pop(day, None)
            names.pop(day, None)
        else:
            days[day] = kind == "work"
            names[day] = same(name)
            entered[day.year] = entered.get(day.year, 0) + (kind == "rest")
    settled = {year for year, count in entered.items() if count >= SETTLED}
    return Calendar(version=version, special=days, names=names, known=known | settled, **hours)


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def due_after(start: datetime, amount: int, unit: str) -> datetime:
    """Return when a limit that starts at `start` is due, by the calendar in force.

    Args: start, aware; amount, in `unit` "working_day", "calendar_day", "hour" or "working_hour". The day after the
    start is day 1 (editable), and days end at the close of business. Raises Invalid.
    """
    if start.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    if unit not in UNITS or amount < 0:
        raise Invalid(T("没有这种时限", "There is no such time limit"))
    try:
        return due_at(current(), start, amount, unit)
    except (BeyondCalendar, OverflowError):
        raise too_long() from None


def too_long() -> Invalid:
    """Return the refusal of a limit that no calendar reaches."""
    return Invalid(fields={"days": T("时限太长，超出工作日历", "The limit is longer than the calendar")})


def calendar(year: int) -> CalendarView:
    """Return a year of the working-day calendar: the days that differ from their weekday, and the hours."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(fields={"year": T("没有这一年的日历", "There is no calendar of that year")})
    now = current()
    edits = {
        day: (source, id)
        for day, source, id in sql.rows(
            "SELECT date, source, id FROM cases_calendar_change WHERE date IS NOT NULL"
            " AND date >= %s AND date <= %s ORDER BY id",
            (date(year, 1, 1), date(year, 12, 31)),
        )
    }
    days = tuple(
        CalendarDay(
            day,
            "work" if works else "rest",
            now.names.get(day, T("", "")),
            edits.get(day, (NOTICE, 0))[0],
            edits.get(day, ("", 0))[1],
        )
        for day, works in sorted(now.special.items())
        if day.year == year
    )
    hours = tuple((_clock(a), _clock(b)) for a, b in now.hours)
    return CalendarView(year, year in now.known, now.version, days, hours, now.first_day)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def set_day(day: date, kind: str, *, actor: identity.Actor, name: str, source: str) -> CalendarView:
    """Make a day a day of work or of rest; clocks that start, resume or are extended from now on count by it.

    Args: kind "work", "rest" or "weekday" (back to its weekday's rule); name, such as 国庆节; source, the notice that
    says so. Action "cases.calendar". Raises Refused, SignInNeeded, Invalid.
    """
    slips: dict[str, T] = {}
    if kind not in ("work", "rest", "weekday"):
        slips["kind"] = T("请选“上班”“休息”或“按星期”", "Choose work, rest or by weekday")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        slips["day"] = T("年份不对", "Please check the year")
    for field, text, most in (("name", name, 40), ("source", source, 200)):
        if not text.strip() or len(text) > most or "\0" in text:
            slips[field] = T("请填写，不超过 {n} 字", "Needed, at most {n} characters").fill(n=most)
    if slips:
        raise Invalid(fields=slips)
    _change(
        actor,
        {"date": day.isoformat(), "kind": kind, "name": name.strip(), "source": source.strip()},
        day=day,
    )
    return calendar(day.year)


def set_hours(
    hours: Sequence[tuple[str, str]], *, actor: identity.Actor, first_day: str = "next"
) -> CalendarView:
    """Set the business hours as ("08:30", "12:00") pairs, and whether day 1 is the "next" or the "same" day.

    Action "cases.calendar". Raises Refused, SignInNeeded, Invalid.
    """
    wrong = Invalid(
        fields={"hours": T("请按 08:30–12:00 的样子依次填写", "Write hours in order, like 08:30–12:00")}
    )
    periods: list[tuple[int, int]] = []
    for pair in hours:
        minutes = [_minutes(word) for word in pair]
        if len(minutes) != 2 or None in minutes:
            raise wrong
        periods.append((minutes[0] or 0, minutes[1] or 0))
    flat = [m for period in periods for m in period]
    if not periods or len(periods) > 6 or sorted(set(flat)) != flat:
        raise wrong
    if first_day not in ("next", "same"):
        raise Invalid(fields={"first_day": T("请选次日或当日", "Choose the next or the same day")})
    _change(actor, {"hours": periods, "first_day": first_day})
    return calendar(clock.today().year)


def _minutes(word: str) -> int | None:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)|24:00", str(word), re.ASCII)
    if not found:
        return None
    return 1440 if word == "24:00" else int(found[1]) * 60 + int(found[2])


def _change(actor: identity.Actor, body: dict[str, Any], *, day: date | None = None) -> None:
    identity.require(actor, "cases.calendar")
    subject = f"calendar:{day.isoformat()}" if day else "calendar:hours"
    with transaction.atomic():
        ledger.append(act="cases.calendar", subject=subject, actor=actor.id, label=actor.label, body=body)
        sql.rows(
            "INSERT INTO cases_calendar_change (date, kind, name, source, hours, first_day, at, by_id, by_label)"
            " VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s)",
            (
                day,
                body.get("kind", ""),
                body.get("name", ""),
                body.get("source", ""),
                orjson.dumps(body["hours"]).decode() if "hours" in body else None,
                body.get("first_day", ""),
                clock.now(),
                actor.id,
                actor.label,
            ),
        )
    forget()
