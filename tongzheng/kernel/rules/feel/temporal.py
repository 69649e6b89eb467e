"""Dates, times and durations as FEEL has them: years far beyond Python's, nanoseconds, offsets and named zones."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

Zone = int | str | None
"""Seconds east of UTC, the name of a zone, or nothing."""

DAY = 86_400
NANO = 1_000_000_000
YEARS = 999_999_999


@dataclass(frozen=True, slots=True, order=True)
class Date:
    """A day of the proleptic Gregorian calendar."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        sign = "-" if self.year < 0 else ""
        return f"{sign}{abs(self.year):04d}-{self.month:02d}-{self.day:02d}"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day, with or without a zone."""

    hour: int
    minute: int
    second: int
    nano: int = 0
    zone: Zone = None

    def __str__(self) -> str:
        text = f"{self.hour:02d}:{self.minute:02d}:{self.second:02d}"
        if self.nano:
            text += f".{self.nano:09d}".rstrip("0")
        return text + zone_text(self.zone)

    @property
    def seconds(self) -> int:
        return self.hour * 3600 + self.minute * 60 + self.second

    def instant(self) -> int:
        """Return nanoseconds since midnight UTC; without a zone, since local midnight."""
        return (self.seconds - offset_of(self.zone, Date(1970, 1, 1), self.seconds)) * NANO + self.nano


@dataclass(frozen=True, slots=True)
class DateTime:
    """A day and a time of day, with or without a zone."""

    date: Date
    time: Time

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"

    @property
    def zone(self) -> Zone:
        return self.time.zone

    def local(self) -> int:
        """Return nanoseconds since 1970-01-01T00:00:00 on the clock that it shows."""
        return (days(self.date) * DAY + self.time.seconds) * NANO + self.time.nano

    def instant(self) -> int:
        """Return nanoseconds since 1970-01-01T00:00:00 UTC; without a zone it is taken as UTC."""
        return self.local() - offset_of(self.zone, self.date, self.time.seconds) * NANO


@dataclass(frozen=True, slots=True, order=True)
class Months:
    """A years and months duration."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        body = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if self.months < 0 else "") + "P" + (body or "0M")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A days and time duration, in nanoseconds."""

    nanos: int

    def parts(self) -> tuple[int, int, int, int, int]:
        """Return days, hours, minutes, seconds, nanoseconds, each with the sign of the whole."""
        sign = -1 if self.nanos < 0 else 1
        seconds, nano = divmod(abs(self.nanos), NANO)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes, 60)
        day, hour = divmod(hours, 24)
        return sign * day, sign * hour, sign * minute, sign * second, sign * nano

    def __str__(self) -> str:
        day, hour, minute, second, nano = (abs(part) for part in self.parts())
        text = f"{day}D" if day else ""
        clock = (f"{hour}H" if hour else "") + (f"{minute}M" if minute else "")
        if second or nano:
            clock += f"{second}" + (f".{nano:09d}".rstrip("0") if nano else "") + "S"
        body = text + (f"T{clock}" if clock else "")
        return ("-" if self.nanos < 0 else "") + "P" + (body or "T0S")


def days(date: Date) -> int:
    """Return the days since 1970-01-01."""
    year = date.year - (date.month <= 2)
    era, of_era = divmod(year, 400)
    of_year = (153 * (date.month + (-3 if date.month > 2 else 9)) + 2) // 5 + date.day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def date_of(number: int) -> Date:
    """Return the date that is so many days after 1970-01-01."""
    number += 719_468
    era, of_era = divmod(number, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    month = month + 3 if month < 10 else month - 9
    return Date(year + era * 400 + (month <= 2), month, day)


def leap(year: int) -> bool:
    """Tell whether the year has 366 days."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def month_length(year: int, month: int) -> int:
    """Return the number of days of a month."""
    return 29 if month == 2 and leap(year) else (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def make_date(year: int, month: int, day: int) -> Date | None:
    """Return the date, or None when there is no such day."""
    if abs(year) > YEARS or not 1 <= month <= 12 or not 1 <= day <= month_length(year, month):
        return None
    return Date(year, month, day)


def make_time(hour: int, minute: int, second: int, nano: int = 0, zone: Zone = None) -> Time | None:
    """Return the time, or None when no clock shows it."""
    if not (0 <= hour <= 23 and 0 <= minute <= 59 and 0 <= second <= 59):
        return None
    if isinstance(zone, int) and abs(zone) > 18 * 3600:
        return None
    return Time(hour, minute, second, nano, zone)


def weekday(date: Date) -> int:
    """Return 1 for Monday to 7 for Sunday."""
    return (days(date) + 3) % 7 + 1


def day_of_year(date: Date) -> int:
    """Return 1 for the first of January."""
    return days(date) - days(Date(date.year, 1, 1)) + 1


def week_of_year(date: Date) -> int:
    """Return the week by ISO 8601."""
    thursday = date_of(days(date) - weekday(date) + 4)
    return (day_of_year(thursday) - 1) // 7 + 1


def add_months(date: Date, months: int) -> Date | None:
    """Return the date so many months later, at the month's last day where the day is missing."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if abs(year) > YEARS:
        return None
    return Date(year, month + 1, min(date.day, month_length(year, month + 1)))


def add_days(date: Date, count: int) -> Date | None:
    """Return the date so many days later, or None beyond the calendar."""
    if abs(count) > 800 * YEARS:
        return None
    found = date_of(days(date) + count)
    return found if abs(found.year) <= YEARS else None


def months_between(start: Date, end: Date) -> Months:
    """Return the whole months from one day to the other; the time of day does not count."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        months -= 1
    elif months < 0 and end.day > start.day:
        months += 1
    return Months(months)


def from_local(nanos: int, zone: Zone) -> DateTime | None:
    """Return what a clock of the zone shows that many nanoseconds after its 1970 began."""
    seconds, nano = divmod(nanos, NANO)
    number, second = divmod(seconds, DAY)
    if abs(number) > 366 * YEARS:
        return None
    date = date_of(number)
    if abs(date.year) > YEARS:
        return None
    return DateTime(date, Time(second // 3600, second // 60 % 60, second % 60, nano, zone))


def at_midnight(date: Date) -> DateTime:
    """Return the date as a date and time, its start in UTC."""
    return DateTime(date, Time(0, 0, 0, 0, 0))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone of that name, or None. Only names of the known list reach the file system."""
    return _zone(name) if name in _zones() else None


def offset_of(zone: Zone, date: Date, seconds: int) -> int:
    """Return the seconds east of UTC that hold at a local time; beyond Python's years those of a year like it."""
    if zone is None:
        return 0
    if isinstance(zone, int):
        return zone
    found = zone_named(zone)
    if found is None:
        return 0
    year = date.year if 2 <= date.year <= 9997 else (2 if date.year < 2 else 9600 + date.year % 400 - 400)
    moment = datetime(year, date.month, min(date.day, month_length(year, date.month)), tzinfo=found)
    offset = (moment + timedelta(seconds=seconds)).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def zone_text(zone: Zone) -> str:
    """Return a zone as it is written."""
    if zone is None:
        return ""
    if isinstance(zone, str):
        return f"@{zone}"
    if zone == 0:
        return "Z"
    sign, size = ("-" if zone < 0 else "+"), abs(zone)
    text = f"{sign}{size // 3600:02d}:{size // 60 % 60:02d}"
    return text + (f":{size % 60:02d}" if size % 60 else "")


DATE = r"(?P<sign>-?)(?P<year>[1-9]\d{4,8}|\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
CLOCK = (
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<nano>\d{1,18}))?"
    r"(?P<zone>Z|z|[+-]\d\d:\d\d(?::\d\d)?|@[\w/+\-]+)?"
)
DATE_ONLY = re.compile(DATE, re.ASCII)
TIME_ONLY = re.compile(CLOCK, re.ASCII)
BOTH = re.compile(f"{DATE}T{CLOCK}", re.ASCII)
MONTHS = re.compile(r"(-?)P(?:(\d{1,18})Y)?(?:(\d{1,18})M)?", re.ASCII)
SPAN = re.compile(
    r"(-?)P(?:(\d{1,18})D)?(T(?:(\d{1,18})H)?(?:(\d{1,18})M)?(?:(\d{1,18})(?:\.(\d{0,18}))?S)?)?", re.ASCII
)


def parse_date(text: str) -> Date | None:
    """Read YYYY-MM-DD."""
    found = DATE_ONLY.fullmatch(text)
    return _date(found) if found else None


def parse_time(text: str) -> Time | None:
    """Read hh:mm:ss with fraction and zone; 24:00:00 is the midnight that ends the day."""
    found = TIME_ONLY.fullmatch(text)
    if found is None:
        return None
    return _time(found)[0]


def parse_datetime(text: str) -> DateTime | None:
    """Read a date, T and a time; a date alone is its midnight."""
    found = BOTH.fullmatch(text)
    if found is None:
        date = parse_date(text)
        return DateTime(date, Time(0, 0, 0)) if date else None
    date, (time, ended) = _date(found), _time(found)
    if date is None or time is None:
        return None
    if ended:
        date = add_days(date, 1)
    return DateTime(date, time) if date else None


def parse_duration(text: str) -> Months | Span | None:
    """Read either kind of duration."""
    found = MONTHS.fullmatch(text)
    if found and (found[2] or found[3]):
        months = int(found[2] or 0) * 12 + int(found[3] or 0)
        return Months(-months if found[1] else months)
    found = SPAN.fullmatch(text)
    if found is None or not (found[2] or (found[3] and found[3] != "T")):
        return None
    seconds = (
        int(found[2] or 0) * DAY + int(found[4] or 0) * 3600 + int(found[5] or 0) * 60 + int(found[6] or 0)
    )
    nanos = seconds * NANO + int((found[7] or "0").ljust(9, "0")[:9])
    return Span(-nanos if found[1] else nanos)


def _date(found: re.Match[str]) -> Date | None:
    year = int(found["year"])
    return make_date(-year if found["sign"] else year, int(found["month"]), int(found["day"]))


def _time(found: re.Match[str]) -> tuple[Time | None, bool]:
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"])
    nano = int((found["nano"] or "0").ljust(9, "0")[:9])
    ended = (hour, minute, second, nano) == (24, 0, 0, 0)
    zone: Zone = None
    if text := found["zone"]:
        if text in "Zz":
            zone = 0
        elif text[0] == "@":
            zone = text[1:]
            if zone_named(zone) is None:
                return None, False
        else:
            parts = [int(part) for part in text[1:].split(":")]
            if parts[1] > 59 or (len(parts) > 2 and parts[2] > 59):
                return None, False
            size = parts[0] * 3600 + parts[1] * 60 + (parts[2] if len(parts) > 2 else 0)
            zone = -size if text[0] == "-" else size
    return make_time(0 if ended else hour, minute, second, nano, zone), ended


def with_zone(value: DateTime, zone: Zone) -> DateTime:
    """Return the same clock face in another zone."""
    return replace(value, time=replace(value.time, zone=zone))
