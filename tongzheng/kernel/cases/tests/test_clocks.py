"""Working time over holidays and years: exact days where the law gives them, and laws of arithmetic everywhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.cases import calendars, clocks, wording
from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.text import T

DAYS, NAMES, KNOWN = calendars.published()
CALENDAR = clocks.Calendar(1, DAYS, NAMES, KNOWN)
SAME_DAY = clocks.Calendar(1, DAYS, NAMES, KNOWN, first_day="same")
UNITS = st.sampled_from(sorted(clocks.UNITS))
MOMENTS = st.datetimes(datetime(2004, 1, 1), datetime(2027, 6, 1)).map(
    lambda moment: moment.replace(microsecond=0, tzinfo=CHINA)
)
AMOUNTS = st.integers(0, 90)
WHY = T("现场勘验", "site inspection")


def at(text: str) -> datetime:
    """Return a moment in China."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def due(start: str, amount: int, unit: str = "working_day", calendar: clocks.Calendar = CALENDAR) -> str:
    """Return when a limit is due, to the minute."""
    return f"{clocks.due_at(calendar, at(start), amount, unit):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "amount", "end"),
    [
        ("2026-11-20 09:00", 5, "2026-11-27 18:00"),  # Friday: day 1 is Monday
        ("2026-11-21 09:00", 1, "2026-11-23 18:00"),  # handed in on a Saturday
        ("2026-09-30 10:00", 1, "2026-10-08 18:00"),  # over National Day
        ("2026-09-30 10:00", 3, "2026-10-10 18:00"),  # the Saturday after it is worked (调休)
        ("2026-02-13 10:00", 2, "2026-02-24 18:00"),  # over Spring Festival; 14 February is a worked Saturday
        ("2025-12-31 17:00", 1, "2026-01-04 18:00"),  # over New Year; 4 January is a worked Sunday
        ("2026-11-20 09:00", 0, "2026-11-20 18:00"),
        ("2026-11-20 19:00", 0, "2026-11-23 18:00"),
    ],
)
def test_working_days_skip_holidays_and_count_worked_weekends(start: str, amount: int, end: str) -> None:
    assert due(start, amount) == end


@pytest.mark.parametrize(
    ("unit", "start", "amount", "end"),
    [
        ("calendar_day", "2026-11-20 09:00", 3, "2026-11-23 18:00"),
        ("calendar_day", "2026-11-20 09:00", 2, "2026-11-23 18:00"),  # would end on Sunday
        ("calendar_day", "2026-09-28 09:00", 5, "2026-10-08 18:00"),  # would end in National Day
        ("hour", "2026-11-20 22:30", 24, "2026-11-21 22:30"),
        ("working_hour", "2026-11-20 17:00", 2, "2026-11-23 09:30"),
        ("working_hour", "2026-11-20 11:30", 1, "2026-11-20 15:00"),
        ("working_hour", "2026-11-20 08:30", 7, "2026-11-20 18:00"),
        ("working_hour", "2026-11-21 12:00", 1, "2026-11-23 09:30"),
    ],
)
def test_other_units(unit: str, start: str, amount: int, end: str) -> None:
    assert due(start, amount, unit) == end


def test_the_first_day_can_be_the_same_day() -> None:
    assert due("2026-11-20 09:00", 1, calendar=SAME_DAY) == "2026-11-20 18:00"
    assert due("2026-11-20 18:30", 1, calendar=SAME_DAY) == "2026-11-23 18:00"


@given(MOMENTS, AMOUNTS, UNITS)
def test_a_longer_limit_is_never_due_earlier(start: datetime, amount: int, unit: str) -> None:
    first = clocks.due_at(CALENDAR, start, amount, unit)
    assert first <= clocks.due_at(CALENDAR, start, amount + 1, unit)
    assert amount == 0 or first > start


@given(MOMENTS, st.integers(0, 20 * 86400), AMOUNTS, UNITS)
def test_a_later_start_is_never_due_earlier(start: datetime, later: int, amount: int, unit: str) -> None:
    then = start + timedelta(seconds=later)
    assert clocks.due_at(CALENDAR, start, amount, unit) <= clocks.due_at(CALENDAR, then, amount, unit)


@given(MOMENTS, st.integers(1, 90))
def test_counting_undoes_adding(start: datetime, amount: int) -> None:
    day = CALENDAR.after(start.date(), amount)
    assert CALENDAR.works(day)
    assert CALENDAR.between(start.date(), day) == amount
    assert CALENDAR.after(day + timedelta(days=1), -amount) > start.date() - timedelta(days=1)


@given(MOMENTS, st.integers(0, 300 * 3600))
def test_working_seconds_are_one_line(start: datetime, seconds: int) -> None:
    reached = CALENDAR.at_worked(CALENDAR.worked(start) + seconds)
    assert CALENDAR.worked(reached) == CALENDAR.worked(start) + seconds


@given(MOMENTS, st.integers(1, 60), UNITS, st.integers(0, 40 * 86400), st.integers(0, 40 * 86400))
def test_a_pause_gives_back_exactly_the_time_it_took(
    start: datetime, amount: int, unit: str, before: int, length: int
) -> None:
    clock = clocks.start(CALENDAR, name="c", unit=unit, amount=amount, soon=0.7, now=start)
    since = start + timedelta(seconds=before)
    until = since + timedelta(seconds=length)
    held = clocks.pause(clock, now=since, why=WHY)
    again = clocks.resume(CALENDAR, held, now=until, soon=0.7)
    assert again.paused_at is None
    if since > clock.due_at:
        assert again.due_at == clock.due_at  # lateness is not healed
    else:
        taken = clocks.counted(CALENDAR, since, until, unit)
        assert again.due_at == clocks.due_at(CALENDAR, start, amount, unit, more=taken)
        assert again.due_at >= clock.due_at


@given(MOMENTS, st.integers(1, 60), UNITS, st.integers(1, 30))
def test_extending_is_the_same_as_a_longer_limit(start: datetime, amount: int, unit: str, more: int) -> None:
    clock = clocks.start(CALENDAR, name="c", unit=unit, amount=amount, soon=0.7, now=start)
    longer = clocks.extend(CALENDAR, clock, amount=more, soon=0.7)
    assert longer.due_at == clocks.due_at(CALENDAR, start, amount + more, unit)


@given(MOMENTS, st.integers(1, 60), UNITS, st.floats(0.1, 1))
def test_yellow_comes_between_start_and_end(start: datetime, amount: int, unit: str, soon: float) -> None:
    clock = clocks.start(CALENDAR, name="c", unit=unit, amount=amount, soon=soon, now=start)
    assert start <= clock.soon_at <= clock.due_at


@given(MOMENTS, st.integers(1, 60), UNITS, st.integers(0, 100 * 86400))
def test_the_part_used_agrees_with_the_light(start: datetime, amount: int, unit: str, later: int) -> None:
    clock = clocks.start(CALENDAR, name="c", unit=unit, amount=amount, soon=0.7, now=start)
    now = start + timedelta(seconds=later)
    used = clocks.used(CALENDAR, clock, now=now)
    light = clocks.light(now=now, due=clock.due_at, soon=clock.soon_at)
    assert (used >= 1) if light == "red" else (0 <= used <= 1)
    for words in (
        wording.explain(CALENDAR, clock, title=WHY),
        wording.left(CALENDAR, now=now, due=clock.due_at, unit=unit, light=light),
    ):
        assert words.zh
        assert words.en


def test_a_clock_names_the_holidays_it_skipped() -> None:
    clock = clocks.start(
        CALENDAR, name="c", unit="working_day", amount=5, soon=0.7, now=at("2026-09-28 10:00")
    )
    words = wording.explain(CALENDAR, clock, title=T("承诺", "Promised"))
    assert (
        words.zh
        == "2026年9月28日（周一）提交起算，承诺 5 个工作日，其间国庆节放假不计，应于2026年10月10日（周六）18:00前完成。"
    )
    assert words.en == (
        "Submitted on Mon 28 Sep 2026; Promised: 5 working days; holidays not counted: National Day; "
        "due by 18:00 on Sat 10 Oct 2026."
    )


def test_a_year_whose_holidays_are_unknown_is_a_warning() -> None:
    clock = clocks.start(
        CALENDAR, name="c", unit="working_day", amount=40, soon=0.7, now=at("2026-11-20 10:00")
    )
    assert [words.zh for words in wording.warnings(CALENDAR, clock)] == [
        "2027年放假安排尚未录入，暂按周一至周五上班计算"
    ]
    assert date(2026, 2, 14) in DAYS


def test_a_limit_beyond_the_calendar_is_told() -> None:
    with pytest.raises(clocks.BeyondCalendar):
        clocks.due_at(CALENDAR, at("2064-01-01 09:00"), 900, "working_day")
