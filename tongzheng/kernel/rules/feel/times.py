"""Built-in functions on dates, times and durations."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .functions import feel
from .notes import Run
from .temporal import (
    NANO,
    Date,
    DateTime,
    Months,
    Span,
    Time,
    Zone,
    at_midnight,
    day_of_year,
    make_date,
    make_time,
    months_between,
    parse_date,
    parse_datetime,
    parse_duration,
    parse_time,
    week_of_year,
    weekday,
    zone_named,
)  # fmt: skip

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _whole(*numbers: Decimal) -> list[int] | None:
    if any(number != number.to_integral_value() or number.adjusted() > 12 for number in numbers):
        return None
    return [int(number) for number in numbers]


def _made(run: Run, found: Any) -> Any:
    return (
        run.null("没有这样的日期、时间或期间", "there is no such date, time or duration")
        if found is None
        else found
    )


@feel("date", "from:s")
def date(run: Run, text: str) -> Any:
    return _made(run, parse_date(text))


@feel("date", "from:d")
def date_of_moment(run: Run, value: Date | DateTime) -> Any:
    return value.date if isinstance(value, DateTime) else value


@feel("date", "year:n, month:n, day:n")
def date_of_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> Any:
    whole = _whole(year, month, day)
    return _made(run, make_date(*whole) if whole else None)


@feel("time", "from:s")
def time(run: Run, text: str) -> Any:
    return _made(run, parse_time(text))


@feel("time", "from:t")
def time_of_time(run: Run, value: Time) -> Any:
    return value


@feel("time", "from:d")
def time_of_moment(run: Run, value: Date | DateTime) -> Any:
    return value.time if isinstance(value, DateTime) else Time(0, 0, 0, 0, 0)


@feel("time", "hour:n, minute:n, second:n, offset:u?0")
def time_of_parts(run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: Any = None) -> Any:
    zone = _offset(offset)
    if zone is False:
        return run.null("时差须为天时期间", "the offset is a days and time duration")
    return _made(run, _clock(hour, minute, second, zone))


def _offset(offset: Any) -> Any:
    """Return a zone, or False when it is none."""
    if offset is None:
        return None
    if isinstance(offset, Span) and offset.nanos % NANO == 0:
        return offset.nanos // NANO
    return False


def _clock(hour: Decimal, minute: Decimal, second: Decimal, zone: Zone) -> Time | None:
    whole = _whole(hour, minute)
    if whole is None or second.adjusted() > 3 or second < 0:
        return None
    nanos = int(second * NANO)
    return make_time(whole[0], whole[1], nanos // NANO, nanos % NANO, zone)


@feel("date and time", "from:s")
def date_and_time(run: Run, text: str) -> Any:
    return _made(run, parse_datetime(text))


@feel("date and time", "from:d")
def date_and_time_of_date(run: Run, value: Date | DateTime) -> Any:
    return value if isinstance(value, DateTime) else at_midnight(value)


@feel("date and time", "date:d, time:t")
def date_and_time_joined(run: Run, date: Date | DateTime, time: Time) -> Any:
    return DateTime(date.date if isinstance(date, DateTime) else date, time)


@feel("date and time", "date:d, timezone:s")
def date_and_time_in_zone(run: Run, date: Date | DateTime, timezone: str) -> Any:
    if zone_named(timezone) is None:
        return run.null("没有这个时区", "there is no such time zone")
    moment = date if isinstance(date, DateTime) else at_midnight(date)
    return DateTime(
        moment.date,
        Time(moment.time.hour, moment.time.minute, moment.time.second, moment.time.nano, timezone),
    )


@feel("date and time", "year:n, month:n, day:n, hour:n, minute:n, second:n, offset:u?0")
def date_and_time_of_parts(run: Run, *parts: Any) -> Any:
    zone = _offset(parts[6] if len(parts) > 6 else None)
    return (
        run.null("时差须为天时期间", "the offset is a days and time duration")
        if zone is False
        else _moment(run, parts, zone)
    )


@feel("date and time", "year:n, month:n, day:n, hour:n, minute:n, second:n, timezone:s")
def date_and_time_of_parts_in_zone(run: Run, *parts: Any) -> Any:
    if zone_named(parts[6]) is None:
        return run.null("没有这个时区", "there is no such time zone")
    return _moment(run, parts, parts[6])


def _moment(run: Run, parts: tuple[Any, ...], zone: Zone) -> Any:
    whole = _whole(*parts[:3])
    day = make_date(*whole) if whole else None
    clock = _clock(parts[3], parts[4], parts[5], zone)
    return _made(run, DateTime(day, clock) if day and clock else None)


@feel("duration", "from:s")
def duration(run: Run, text: str) -> Any:
    return _made(run, parse_duration(text))


@feel("duration", "from:u")
def duration_of_duration(run: Run, value: Months | Span) -> Any:
    return value


@feel("years and months duration", "from:d, to:d")
def years_and_months_duration(run: Run, start: Date | DateTime, end: Date | DateTime) -> Any:
    return months_between(_day(start), _day(end))


def _day(value: Date | DateTime) -> Date:
    return value.date if isinstance(value, DateTime) else value


@feel("day of week", "date:d", returns="s")
def day_of_week(run: Run, value: Date | DateTime) -> Any:
    return DAYS[weekday(_day(value)) - 1]


@feel("month of year", "date:d", returns="s")
def month_of_year(run: Run, value: Date | DateTime) -> Any:
    return MONTHS[_day(value).month - 1]


@feel("day of year", "date:d", returns="n")
def feel_day_of_year(run: Run, value: Date | DateTime) -> Any:
    return Decimal(day_of_year(_day(value)))


@feel("week of year", "date:d", returns="n")
def feel_week_of_year(run: Run, value: Date | DateTime) -> Any:
    return Decimal(week_of_year(_day(value)))


@feel("now", "")
def now(run: Run) -> Any:
    return (
        run.now
        if isinstance(run.now, DateTime)
        else run.null("没有给出当前时间", "the current time was not given")
    )


@feel("today", "")
def today(run: Run) -> Any:
    return (
        run.now.date
        if isinstance(run.now, DateTime)
        else run.null("没有给出当前时间", "the current time was not given")
    )


@feel("is", "value1:a, value2:a", returns="b")
def feel_is(run: Run, a: Any, b: Any) -> Any:
    return same_in_all(a, b)


def same_in_all(a: Any, b: Any) -> bool:
    """Tell whether two values are the very same, zones included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(same_in_all(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_in_all(a[key], b[key]) for key in a)
    return bool(a == b)
