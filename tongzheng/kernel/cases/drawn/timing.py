"""ISO 8601 as timers write it: a moment, a duration, a repetition. Pure; the time zone is China's where none is given."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta

from tongzheng.kernel.core.clock import CHINA

_DURATION = re.compile(
    r"P(?=.)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?=.)(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})(?:[.,](\d{1,6}))?S)?)?",
    re.ASCII,
)
_REPEAT = re.compile(r"R(\d{0,6})/(.+)", re.ASCII)
SHORTEST = timedelta(seconds=1)
"""A repetition faster than this is refused: it would do nothing but repeat."""


class NotTime(ValueError):
    """The text is no time of the wanted form."""


@dataclass(frozen=True, slots=True)
class Span:
    """A duration: whole months, and what has a fixed length."""

    months: int
    rest: timedelta

    def after(self, start: datetime) -> datetime:
        """Return the moment this long after `start`. Raises NotTime beyond the last year there is."""
        try:
            if self.months:
                years, month = divmod(start.month - 1 + self.months, 12)
                year = start.year + years
                day = min(start.day, monthrange(year, month + 1)[1]) if year < 9999 else 1
                start = start.replace(year=year, month=month + 1, day=day)
            return start + self.rest
        except (ValueError, OverflowError):
            raise NotTime("beyond the calendar") from None


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repetition: how often (-1: for ever), since when (None: from now), how long between."""

    times: int
    start: datetime | None
    every: Span


def moment(text: str) -> datetime:
    """Return the moment that an ISO 8601 date or date-time names. Raises NotTime."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NotTime(text) from None
    return found if found.tzinfo else found.replace(tzinfo=CHINA)


def span(text: str) -> Span:
    """Return an ISO 8601 duration: P1Y2M3W4DT5H6M7.5S. Raises NotTime."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise NotTime(text)
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[:7])
    micro = int((found[8] or "").ljust(6, "0"))
    rest = timedelta(
        weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro
    )
    return Span(years * 12 + months, rest)


def repeat(text: str) -> Repeat:
    """Return an ISO 8601 repetition: R3/PT10M, R/2026-01-01T00:00:00/P1D, or a duration alone. Raises NotTime."""
    text = text.strip()
    found = _REPEAT.fullmatch(text)
    if found is None:
        return _sound(Repeat(-1, None, span(text)))
    times = int(found[1]) if found[1] else -1
    first, _, second = found[2].partition("/")
    if not second:
        return _sound(Repeat(times, None, span(first)))
    if first.startswith("P"):
        raise NotTime(text)
    start = moment(first)
    if second.startswith("P"):
        return _sound(Repeat(times, start, span(second)))
    return _sound(Repeat(times, start, Span(0, moment(second) - start)))


def _sound(found: Repeat) -> Repeat:
    if found.times and not found.every.months and found.every.rest < SHORTEST:
        raise NotTime("repeats without pause")
    return found


def first_due(form: str, text: str, now: datetime) -> tuple[datetime, int]:
    """Return when a timer first fires and how often it does in all (-1: for ever). Raises NotTime."""
    if form == "date":
        return moment(text), 1
    if form == "duration":
        return span(text).after(now), 1
    if form != "cycle":
        raise NotTime("no time is given")
    found = repeat(text)
    if found.start is None:
        return found.every.after(now), found.times
    due, left = found.start, found.times
    while due < now and left:
        # What was missed before the timer was there is not made up for, one by one.
        if not found.every.months:
            missed = -(-(now - due) // found.every.rest)
            missed = missed if left < 0 else min(missed, left)
            due, left = due + missed * found.every.rest, left if left < 0 else left - missed
            break
        due, left = found.every.after(due), left if left < 0 else left - 1
    return due, left


def next_due(text: str, due: datetime) -> datetime:
    """Return when a repetition fires after it fired at `due`. Raises NotTime."""
    return repeat(text).every.after(due)
