"""The working-day calendar as a page: a year at a glance, and an official's hand on its days."""

from __future__ import annotations

from calendar import Calendar as Months
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import api
from .forms import validate
from .incoming import received
from .kinds import Field
from .views import CalendarDay, CalendarView

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
    Field("day", T("哪一天", "Day"), "date"),
    Field(
        "kind",
        T("这一天", "It is"),
        "choice",
        choices=(
            ("work", T("上班（调休）", "worked")),
            ("rest", T("放假", "a day of rest")),
            ("weekday", T("按星期几", "as its weekday says")),
        ),
    ),
    Field(
        "name", T("名称", "Name"), required=False, max_length=40, help=T("如：国庆节", "Such as National Day")
    ),
    Field(
        "source",
        T("依据", "Notice"),
        max_length=200,
        help=T("通知的名称和文号", "The notice and its number"),
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """Show a year of the calendar; POST makes a day one of work or rest."""
    actor = request.actor  # type: ignore[attr-defined]
    verdict = identity.may(actor, "cases.calendar")
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    if request.method == "POST":
        identity.require(actor, "cases.calendar")
        incoming = received(request, EDIT)
        values = incoming.values
        clean, errors = validate(EDIT, incoming.data, today=clock.today())
        if not errors:
            try:
                day = date.fromisoformat(clean["day"])
                api.set_day(
                    day, clean["kind"], actor=actor, name=clean.get("name", ""), source=clean["source"]
                )
            except Invalid as fault:
                errors = fault.fields or {"day": fault.words}
            else:
                address = f"{reverse('cases:calendar')}?year={day.year}&done={day.isoformat()}"
                return HttpResponseRedirect(address, status=303)
    year = _year(request, values)
    if not values and (chosen := request.GET.get("day")):
        values = {"day": chosen[:10]}
    found = api.calendar(year)
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
            "fields": EDIT,
            "values": values,
            "errors": errors,
            "done": request.GET.get("done", "")[:10],
        },
        status=422 if errors else 200,
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
