"""Edits of the calendar by an official: what each would move is shown first, and running clocks move only if decided.

Every edit is a row with a version and a ledger entry. A clock is counted by the version it started with until somebody
decides that running ones move too; then a duty recounts them, a few hundred at a time, each with an event on its case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import orjson
from django.db import transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import calendars, clocks, faced, keeping, sql
from .clocks import FIRST_YEAR, LAST_YEAR
from .views import CalendarEffect, CalendarView, MovedClock

KINDS = ("work", "rest", "weekday")
RUNNING = ("keep", "move")
LOOKED_AT = 5000
"""How many running clocks an edit is tried on before it is made; more are said to be more."""

Edit = dict[str, Any]


def set_day(
    day: date,
    kind: str,
    *,
    actor: identity.Actor,
    name: str,
    source: str,
    region: str = "",
    running: str = "keep",
) -> CalendarView:
    """Make a day a day of work or of rest; clocks that start from now on count by it.

    Args: kind "work", "rest" or "weekday" (back to its weekday's rule); name, such as 国庆节; source, the notice that
    says so; region, where (a code, "" everywhere); running, "keep" or "move" what clocks already running do.
    Action "cases.calendar". Raises Refused, SignInNeeded, Invalid.
    """
    return set_days([(day, kind)], actor=actor, name=name, source=source, region=region, running=running)


def set_days(
    days: Sequence[tuple[date, str]],
    *,
    actor: identity.Actor,
    name: str,
    source: str,
    region: str = "",
    running: str = "keep",
) -> CalendarView:
    """Enter a notice: its days of rest and the weekend days worked instead, as one act. Args and faults as `set_day`."""
    edits = _judged(days, name, source, region, running)
    _change(actor, edits, subject=f"calendar:{days[0][0].isoformat()}", running=running)
    return calendars.calendar(days[0][0].year, region=region)


def set_hours(
    hours: Sequence[tuple[str, str]],
    *,
    actor: identity.Actor,
    first_day: str = "next",
    region: str = "",
    running: str = "keep",
) -> CalendarView:
    """Set the business hours as ("08:30", "12:00") pairs, and whether day 1 is the "next" or the "same" day.

    Args: region and running as `set_day`. Action "cases.calendar". Raises Refused, SignInNeeded, Invalid.
    """
    edit = _hours(hours, first_day, region)
    if running not in RUNNING:
        raise Invalid(fields={"running": _CHOOSE})
    _change(actor, [edit], subject="calendar:hours", running=running)
    return calendars.calendar(clock.today().year, region=region)


def preview_days(
    days: Sequence[tuple[date, str]], *, actor: identity.Actor, name: str, source: str, region: str = ""
) -> CalendarEffect:
    """Return which running clocks an edit would move, without making it. Args and faults as `set_days`."""
    identity.require(actor, "cases.calendar")
    return _effect(_judged(days, name, source, region, "keep"))


def preview_hours(
    hours: Sequence[tuple[str, str]], *, actor: identity.Actor, first_day: str = "next", region: str = ""
) -> CalendarEffect:
    """Return which running clocks other business hours would move. Args and faults as `set_hours`."""
    identity.require(actor, "cases.calendar")
    return _effect([_hours(hours, first_day, region)])


_CHOOSE = T("请选已在计时的时限是否随之调整", "Choose whether running limits move")


def _judged(
    days: Sequence[tuple[date, str]], name: str, source: str, region: str, running: str
) -> list[Edit]:
    slips: dict[str, T] = {}
    if not days or len(days) > 60:
        slips["day"] = T("请填 1 到 60 天", "Give 1 to 60 days")
    if any(kind not in KINDS for _, kind in days):
        slips["kind"] = T("请选“上班”“休息”或“按星期”", "Choose work, rest or by weekday")
    if any(not FIRST_YEAR <= day.year <= LAST_YEAR for day, _ in days):
        slips["day"] = T("年份不对", "Please check the year")
    if len({day for day, _ in days}) < len(days):
        slips["day"] = T("同一天填了两次", "A day stands twice")
    for field, text, most in (("name", name, 40), ("source", source, 200)):
        if not text.strip() or len(text) > most or "\0" in text:
            slips[field] = T("请填写，不超过 {n} 字", "Needed, at most {n} characters").fill(n=most)
    if region and not re.fullmatch(r"\d{6}|\d{9}|\d{12}", region, re.ASCII):
        slips["region"] = T("请从区划里选择", "Please choose from the regions")
    if running not in RUNNING:
        slips["running"] = _CHOOSE
    if slips:
        raise Invalid(fields=slips)
    said = {"name": name.strip(), "source": source.strip(), "region": region}
    return [{"date": day, "kind": kind, **said} for day, kind in sorted(days)]


def _hours(hours: Sequence[tuple[str, str]], first_day: str, region: str) -> Edit:
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
    if region and not re.fullmatch(r"\d{6}|\d{9}|\d{12}", region, re.ASCII):
        raise Invalid(fields={"region": T("请从区划里选择", "Please choose from the regions")})
    return {"hours": periods, "first_day": first_day, "region": region}


def _minutes(word: str) -> int | None:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)|24:00", str(word), re.ASCII)
    if not found:
        return None
    return 1440 if word == "24:00" else int(found[1]) * 60 + int(found[2])


def _change(actor: identity.Actor, edits: Sequence[Edit], *, subject: str, running: str) -> None:
    identity.require(actor, "cases.calendar")
    now = clock.now()
    with transaction.atomic():
        said = [{**edit, "date": edit["date"].isoformat()} if "date" in edit else edit for edit in edits]
        body = {**said[0], "running": running} if len(said) == 1 else {"days": said, "running": running}
        ledger.append(act="cases.calendar", subject=subject, actor=actor.id, label=actor.label, body=body)
        version = 0
        for edit in edits:
            version = sql.rows(
                "INSERT INTO cases_calendar_change (region, date, kind, name, source, hours, first_day, at, by_id,"
                " by_label) VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, %s, %s) RETURNING id",
                (
                    edit["region"],
                    edit.get("date"),
                    edit.get("kind", ""),
                    edit.get("name", ""),
                    edit.get("source", ""),
                    orjson.dumps(edit["hours"]).decode() if "hours" in edit else None,
                    edit.get("first_day", ""),
                    now,
                    actor.id,
                    actor.label,
                ),
            )[0][0]
        if running == "move":
            first, last = _span(edits)
            sql.rows(
                "INSERT INTO cases_calendar_recount (version, region, first, last, at, by_id, by_label)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                (version, region_prefix(edits[0]["region"]), first, last, now, actor.id, actor.label),
            )
    calendars.forget()


def _span(edits: Sequence[Edit]) -> tuple[datetime | None, datetime | None]:
    """Return from when until when an edit can matter to a clock; (None, None) for business hours."""
    days = [edit["date"] for edit in edits if "date" in edit]
    if not days:
        return None, None
    first = datetime.combine(min(days), time(), clock.CHINA)
    return first, datetime.combine(max(days), time(), clock.CHINA) + timedelta(days=1)


RUNNING_CLOCKS = (
    f"SELECT c.number, c.region, c.type_id, jsonb_build_array({keeping.ONE}) FROM cases_clock k"  # noqa: S608
    " JOIN cases_case c ON c.id = k.case_id WHERE k.stopped_at IS NULL AND k.unit <> 'hour'"
    " AND k.started_at < COALESCE(%s::timestamptz, 'infinity') AND k.due_at >= COALESCE(%s::timestamptz, '-infinity')"
    " AND c.region LIKE %s ORDER BY k.case_id DESC LIMIT %s"
)


def _effect(edits: Sequence[Edit]) -> CalendarEffect:
    """Return what the edit would do to the running clocks that its days can touch."""
    first, last = _span(edits)
    place = region_prefix(edits[0]["region"])
    found = sql.rows(RUNNING_CLOCKS, (last, first, f"{place}%", LOOKED_AT + 1))
    drafts: dict[tuple[str, ...], clocks.Calendar] = {}
    moved: list[MovedClock] = []
    for number, region, type_id, kept in found[:LOOKED_AT]:
        one = keeping.running_of(kept)[0]
        places = calendars.places_of(region)
        if places not in drafts:
            drafts[places] = calendars.drafted(region, edits)
        after = clocks.recount(drafts[places], one, 0.7)
        if after.due_at != one.due_at:
            moved.append(MovedClock(number, faced.title_of(type_id, one.name), one.due_at, after.due_at))
    return CalendarEffect(len(moved), len(found) > LOOKED_AT, tuple(moved[:12]))
