"""The calendar in force: the published holidays, and over them whatever an official has entered since.

Every edit is a row with a version; the calendar in the process is renewed when the version has changed, looked at
no more often than every two seconds, so that no verb pays a query for it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import orjson
from chinese_calendar import constants
from django.db import connection

from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T, same

from . import sql
from .clocks import FIRST_YEAR, LAST_YEAR, UNITS, BeyondCalendar, Calendar, due_at
from .views import CalendarDay, CalendarView

FRESH_SECONDS = 2.0
BUILT = 24
"""How many calendars a process keeps: one a region with edits of its own and version still in use."""

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


Change = tuple[int, str, date | None, str, str, Any, str]
"""One edit: version, region, day (None for hours), kind, name, hours, first day."""


class _Kept:
    changes: list[Change] | None = None
    version = 0
    database = ""
    looked = 0.0
    built: OrderedDict[tuple[str, int, tuple[str, ...]], Calendar] = OrderedDict()


def current(region: str = "") -> Calendar:
    """Return the calendar in force in a region (a code; "" for what holds everywhere), at most two seconds old."""
    return at_version(_version(), region)


def book(region: str) -> Callable[[int | None], Calendar]:
    """Return a region's calendar by version: None for the one in force."""
    return lambda version: current(region) if version is None else at_version(version, region)


def at_version(version: int, region: str = "") -> Calendar:
    """Return a region's calendar as it was at a version, which is what a running clock is counted by."""
    changes = _changes(version)
    held = [
        change for change in changes if change[0] <= version and region.startswith(region_prefix(change[1]))
    ]
    latest = max((change[0] for change in held), default=0)
    places = tuple(sorted({change[1] for change in held}))
    key = (_Kept.database, latest, places)
    found = _Kept.built.get(key)
    if found is None:
        # The edit of a smaller place stands above that of a larger one, whichever came first.
        held.sort(key=lambda change: (len(region_prefix(change[1])), change[0]))
        found = _Kept.built[key] = _built(held, latest)
        while len(_Kept.built) > BUILT:
            _Kept.built.popitem(last=False)
    return found


def places_of(region: str) -> tuple[str, ...]:
    """Return the places with edits of their own in which a region lies: what tells its calendar from another's."""
    places = {change[1] for change in _changes(_version())}
    return tuple(sorted(place for place in places if region.startswith(region_prefix(place))))


def drafted(region: str, edits: Sequence[Mapping[str, Any]]) -> Calendar:
    """Return a region's calendar as it would be with these edits, without making them."""
    version = _version()
    held: list[Change] = [
        change for change in _changes(version) if region.startswith(region_prefix(change[1]))
    ]
    held += [
        (
            version + 1,
            edit["region"],
            edit.get("date"),
            edit.get("kind", ""),
            edit.get("name", ""),
            edit.get("hours"),
            edit.get("first_day", ""),
        )
        for edit in edits
        if region.startswith(region_prefix(edit["region"]))
    ]
    held.sort(key=lambda change: (len(region_prefix(change[1])), change[0]))
    return _built(held, version + 1)


def _version() -> int:
    database = str(connection.settings_dict["NAME"])
    moment = time.monotonic()
    if _Kept.changes is None or _Kept.database != database or moment - _Kept.looked >= FRESH_SECONDS:
        version = int(sql.rows("SELECT COALESCE(max(id), 0) FROM cases_calendar_change", ())[0][0])
        if _Kept.changes is None or _Kept.database != database or _Kept.version != version:
            _load(database, version)
        _Kept.looked = moment
    return _Kept.version


def _changes(version: int) -> list[Change]:
    if _Kept.changes is None or version > _Kept.version:
        # A clock can name a version that another process has made within the last two seconds.
        _Kept.changes = None
        _version()
    return _Kept.changes or []


def _load(database: str, version: int) -> None:
    found = sql.rows(
        "SELECT id, region, date, kind, name, hours, first_day FROM cases_calendar_change ORDER BY id", ()
    )
    _Kept.changes = [(*row[:5], _json(row[5]), row[6]) for row in found]
    _Kept.version = max((change[0] for change in _Kept.changes), default=version)
    _Kept.database = database


def forget() -> None:
    """Look again at the next call."""
    _Kept.changes = None
    _Kept.built.clear()


def _built(changes: Sequence[Change], version: int) -> Calendar:
    days, names, known = published()
    days, names = dict(days), dict(names)
    hours: dict[str, Any] = {}
    entered: dict[int, set[date]] = {}
    for _, _, day, kind, name, periods, first_day in changes:
        if day is None:
            hours = {"hours": tuple((a, b) for a, b in periods), "first_day": first_day}
        elif kind == "weekday":
            days.pop(day, None)
            names.pop(day, None)
        else:
            days[day] = kind == "work"
            names[day] = same(name)
            if kind == "rest":
                entered.setdefault(day.year, set()).add(day)
    settled = {year for year, found in entered.items() if len(found) >= SETTLED}
    return Calendar(version=version, special=days, names=names, known=known | settled, **hours)


def _json(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def due_after(start: datetime, amount: int, unit: str, *, region: str = "") -> datetime:
    """Return when a limit that starts at `start` is due, by the calendar in force.

    Args: start, aware; amount, in `unit` "working_day", "calendar_day", "hour" or "working_hour"; region, whose
    calendar. The day after the start is day 1 (editable), and days end at the close of business. Raises Invalid.
    """
    if start.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    if unit not in UNITS or amount < 0:
        raise Invalid(T("没有这种时限", "There is no such time limit"))
    try:
        return due_at(current(region), start, amount, unit)
    except (BeyondCalendar, OverflowError):
        raise too_long() from None


def too_long() -> Invalid:
    """Return the refusal of a limit that no calendar reaches."""
    return Invalid(fields={"days": T("时限太长，超出工作日历", "The limit is longer than the calendar")})


def calendar(year: int, *, region: str = "") -> CalendarView:
    """Return a year of a region's calendar: the days that differ from their weekday, and the hours.

    Args: region, a code; "" for what holds everywhere. Raises Invalid.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise Invalid(fields={"year": T("没有这一年的日历", "There is no calendar of that year")})
    now = current(region)
    edits = {
        day: (source, id, place)
        for day, source, id, place in sql.rows(
            "SELECT date, source, id, region FROM cases_calendar_change WHERE date IS NOT NULL"
            " AND date >= %s AND date <= %s ORDER BY length(rtrim(region, '0')), id",
            (date(year, 1, 1), date(year, 12, 31)),
        )
        if region.startswith(region_prefix(place))
    }
    days = tuple(
        CalendarDay(
            day,
            "work" if works else "rest",
            now.names.get(day, T("", "")),
            *edits.get(day, (NOTICE, 0, "")),
        )
        for day, works in sorted(now.special.items())
        if day.year == year
    )
    hours = tuple((_clock(a), _clock(b)) for a, b in now.hours)
    return CalendarView(year, year in now.known, now.version, days, hours, now.first_day, region)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
