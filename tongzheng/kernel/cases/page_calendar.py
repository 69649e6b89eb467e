"""The working-day calendar as a page: a year at a glance, and an official's hand on its days."""

from __future__ import annotations

import re
from calendar import Calendar as Months
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import api, page_choosers
from .forms import validate
from .incoming import received
from .kinds import Field
from .lookup import PLACES
from .views import CalendarDay, CalendarEffect, CalendarView

YEARS = (2004, 2060)
WEEK: tuple[T, ...] = (
    T("一", "Mo"),
    T("二", "Tu"),
    T("三", "We"),
    T("四", "Th"),
    T("五", "Fr"),
    T("六", "Sa"),
    T("日", "Su"),
)
MONTHS: tuple[T, ...] = tuple(
    T(f"{number} 月", name)
    for number, name in enumerate(
        (
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ),
        start=1,
    )
)
EDIT: tuple[Field, ...] = (
    Field("day", T("从哪天", "From"), "date"),
    Field("until", T("到哪天", "To"), "date", required=False, help=T("只有一天就不填", "Empty for one day")),
    Field(
        "kind",
        T("这些天", "These days are"),
        "choice",
        choices=(
            ("rest", T("放假", "days of rest")),
            ("work", T("上班（调休）", "worked")),
            ("weekday", T("按星期几", "as their weekday says")),
        ),
    ),
    Field(
        "worked",
        T("调休上班的周末", "Weekend days worked instead"),
        required=False,
        max_length=200,
        help=T("如：2027-02-06、2027-02-20", "Such as 2027-02-06, 2027-02-20"),
    ),
    Field("name", T("名称", "Name"), max_length=40, help=T("如：国庆节", "Such as National Day")),
    Field(
        "source",
        T("依据", "Notice"),
        max_length=200,
        help=T("通知的名称和文号", "The notice and its number"),
    ),
    Field(
        "region",
        T("只对哪个地区", "Only for the region"),
        "region",
        required=False,
        help=T("不填对全市有效", "Empty: everywhere"),
    ),
)
HOURS: tuple[Field, ...] = (
    Field(
        "hours",
        T("工作时间", "Business hours"),
        max_length=100,
        help=T("如：08:30-12:00 14:30-18:00", "Such as 08:30-12:00 14:30-18:00"),
    ),
    Field(
        "first_day",
        T("第一日", "Day 1 is"),
        "choice",
        choices=(
            ("next", T("次日（民法典第二百零一条）", "the next day (Civil Code, Art 201)")),
            ("same", T("当日", "the same day")),
        ),
    ),
    Field("region", T("只对哪个地区", "Only for the region"), "region", required=False),
)
_PERIOD = re.compile(r"(\d{1,2}:\d{2})\s*[-–—~至]\s*(\d{1,2}:\d{2})", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """Show a year of the calendar; POST enters a notice or the hours, after showing which running clocks it moves."""
    actor = request.actor  # type: ignore[attr-defined]
    verdict = identity.may(actor, "cases.calendar")
    about = "hours" if request.POST.get("about") == "hours" else "days"
    fields = HOURS if about == "hours" else EDIT
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    effect: CalendarEffect | None = None
    if request.method == "POST":
        identity.require(actor, "cases.calendar")
        incoming = received(request, fields, own=("about", "running"))
        values = incoming.values
        clean, errors = validate(fields, incoming.data, today=clock.today(), lookup=PLACES)
        if not errors:
            try:
                edit = _hours(clean) if about == "hours" else _days(clean)
                running = request.POST.get("running", "")
                effect = edit.preview(actor) if not running else None
                if effect is None or not effect.moved:
                    edit.make(actor, running or "keep")
                    query = urlencode(
                        {"year": edit.year, "done": edit.said, **({"moved": running} if running else {})}
                    )
                    return HttpResponseRedirect(f"{reverse('cases:calendar')}?{query}", status=303)
            except Invalid as fault:
                errors, effect = fault.fields or {"day": fault.words}, None
    year = _year(request, values)
    if not values and (chosen := request.GET.get("day")):
        values = {"day": chosen[:10]}
    region = request.GET.get("region", "")
    region = region if _REGION.fullmatch(region) else ""
    found = api.calendar(year, region=region)
    return render(
        request,
        "cases/calendar.html",
        {
            "calendar": found,
            "months": _months(found, str(values.get("day", ""))),
            "week": WEEK,
            "years": (year - 1 if year > YEARS[0] else None, year + 1 if year < YEARS[1] else None),
            "changes": _runs(found),
            "hours": "、".join(f"{start}–{end}" for start, end in found.hours),
            "may_edit": verdict.allowed,
            "why_not": verdict.why,
            "about": about,
            "fields": EDIT,
            "hour_fields": HOURS,
            "values": values if about == "days" else {},
            "hour_values": values if about == "hours" else {},
            "errors": errors if about == "days" else {},
            "hour_errors": errors if about == "hours" else {},
            "effect": effect,
            "sent": [(name, value) for name, value in request.POST.items() if name in _SENT],
            "done": request.GET.get("done", "")[:60],
            "moved": request.GET.get("moved") == "move",
            "counties": page_choosers.counties(),
        },
        status=422 if errors else 200,
    )


_SENT = frozenset({"about", *(field.name for field in (*EDIT, *HOURS))})
_REGION = re.compile(r"\d{6}|\d{9}|\d{12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Edit:
    """An edit as it was typed: try it, then make it."""

    year: int
    said: str
    preview: Callable[[identity.Actor], CalendarEffect]
    make: Callable[[identity.Actor, str], object]


def _days(clean: dict[str, Any]) -> _Edit:
    first = date.fromisoformat(clean["day"])
    last = date.fromisoformat(clean["until"]) if clean.get("until") else first
    if not 0 <= (last - first).days < 60:
        raise Invalid(
            fields={"until": T("应不早于开始，最多 60 天", "Not before the first, 60 days at most")}
        )
    days = {first + timedelta(days=n): clean["kind"] for n in range((last - first).days + 1)}
    words = str(clean.get("worked") or "")
    try:
        worked = [date.fromisoformat(word) for word in _DAY.findall(words)]
    except ValueError:
        worked = []
    if words.strip() and (not worked or _DAY.sub("", words).strip(" 、，,;；和")):
        raise Invalid(fields={"worked": T("请按 2027-02-06 的样子填写", "Write dates like 2027-02-06")})
    days |= dict.fromkeys(worked, "work")
    said: dict[str, Any] = {
        "name": clean["name"],
        "source": clean["source"],
        "region": clean.get("region") or "",
    }
    listed = sorted(days.items())
    return _Edit(
        first.year,
        first.isoformat() if len(days) == 1 else f"{first.isoformat()} – {max(days).isoformat()}",
        lambda actor: api.preview_days(listed, actor=actor, **said),
        lambda actor, running: api.set_days(listed, actor=actor, running=running, **said),
    )


def _hours(clean: dict[str, Any]) -> _Edit:
    periods = [(first.zfill(5), last.zfill(5)) for first, last in _PERIOD.findall(clean["hours"])]
    if _PERIOD.sub("", clean["hours"]).strip(" 、，,;；"):
        periods = []
    said: dict[str, Any] = {"first_day": clean["first_day"], "region": clean.get("region") or ""}
    return _Edit(
        clock.today().year,
        "、".join(f"{first}–{last}" for first, last in periods),
        lambda actor: api.preview_hours(periods, actor=actor, **said),
        lambda actor, running: api.set_hours(periods, actor=actor, running=running, **said),
    )


def _year(request: HttpRequest, values: dict[str, Any]) -> int:
    given = request.GET.get("year") or str(values.get("day", ""))[:4]
    year = int(given) if given.isascii() and given.isdecimal() and len(given) == 4 else clock.today().year
    return min(max(year, YEARS[0]), YEARS[1])


def _runs(found: CalendarView) -> list[dict[str, Any]]:
    """Return the days that differ, days in a row of one kind and one notice as one line, newest version first."""
    runs: list[dict[str, Any]] = []
    for one in sorted(found.days, key=lambda one: (-one.version, one.date)):
        like = (one.version, one.kind, one.name, one.source)
        if runs and runs[-1]["like"] == like and one.date - runs[-1]["last"] == timedelta(days=1):
            runs[-1]["last"] = one.date
        else:
            runs.append({"like": like, "day": one, "first": one.date, "last": one.date})
    return runs


def _months(found: CalendarView, chosen: str) -> list[dict[str, Any]]:
    special: dict[date, CalendarDay] = {one.date: one for one in found.days}
    today = clock.today()
    months: list[dict[str, Any]] = []
    for number in range(1, 13):
        weeks = [
            [_day(day, special.get(day), today, chosen) if day.month == number else None for day in week]
            for week in Months().monthdatescalendar(found.year, number)
        ]
        works = sum(1 for week in weeks for day in week if day and day["works"])
        months.append({"title": MONTHS[number - 1], "weeks": weeks, "works": works})
    return months


def _day(day: date, special: CalendarDay | None, today: date, chosen: str) -> dict[str, Any]:
    works = special.kind == "work" if special else day.weekday() < 5
    if special:
        mark = T("班", "W") if works else T("休", "R")
        words = special.name
    else:
        mark = None
        words = T("工作日", "working day") if works else T("周末", "weekend")
    return {
        "date": day,
        "iso": day.isoformat(),
        "works": works,
        "mark": mark,
        "words": words,
        "tone": ("swapped" if works else "holiday") if special else "" if works else "weekend",
        "today": day == today,
        "chosen": day.isoformat() == chosen,
    }
