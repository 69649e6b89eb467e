"""Laws of clocks over every published holiday: explanations add up, pauses conserve time, stages come in order."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.cases import clocks, timing, wording
from tongzheng.kernel.cases.clock_kinds import Clock, Escalation, RunsOut
from tongzheng.kernel.cases.tests.test_clocks import CALENDAR, MOMENTS, UNITS, WHY
from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.text import T

TITLE = T("时限", "Limit")
HALVES = clocks.Calendar(2, CALENDAR.special, hours=((540, 720), (780, 1020)))
"""Seven hours a day."""


def run(start: datetime, unit: str, amount: int, pauses: list[tuple[int, int]], more: int) -> clocks.Running:
    """Return a clock after standing still for so many seconds, each after so many, and an extension."""
    clock = clocks.start(CALENDAR, name="c", unit=unit, amount=amount, soon=0.7, now=start)
    now = start
    for before, length in pauses:
        clock = clocks.pause(clock, now=now + timedelta(seconds=before), why=WHY)
        now += timedelta(seconds=before + length)
        clock = clocks.resume(CALENDAR, clock, now=now, soon=0.7)
    return clocks.extend(CALENDAR, clock, amount=more, soon=0.7) if more else clock


PAUSES = st.lists(st.tuples(st.integers(0, 6 * 86400), st.integers(0, 20 * 86400)), max_size=4)


@given(MOMENTS, UNITS, st.integers(1, 60), PAUSES, st.integers(0, 20))
def test_the_explanation_adds_up_to_the_due_time(
    start: datetime, unit: str, amount: int, pauses: list[tuple[int, int]], more: int
) -> None:
    clock = run(start, unit, amount, pauses, more)
    words = wording.explain(CALENDAR, clock, title=TITLE).en
    held = sum(pause.units for pause in clock.pauses)
    total = amount + clock.extended
    assert clock.due_at == clocks.due_at(CALENDAR, start, total, unit, more=held)
    if unit in clocks.IN_DAYS:
        said = [int(n) for n in re.findall(r"(\d+) (?:working )?days?", words)]
        assert sum(said) == total + held
    assert wording.day_of(clock.due_at, hour=True).en in words
    assert words.count("not counted (") == len(clock.pauses)


@given(MOMENTS, UNITS, st.integers(1, 60), PAUSES, st.integers(0, 20))
def test_extensions_add_whatever_was_paused(
    start: datetime, unit: str, amount: int, pauses: list[tuple[int, int]], more: int
) -> None:
    clock = run(start, unit, amount, pauses, more)
    longer = clocks.extend(CALENDAR, clock, amount=3, soon=0.7)
    assert longer.due_at >= clock.due_at
    if unit != "calendar_day":  # both can end in one holiday, and then on the first working day after it
        assert longer.due_at > clock.due_at
    assert longer.pauses == clock.pauses


@given(MOMENTS, st.integers(1, 40))
def test_working_days_are_working_hours_of_whole_days(start: datetime, days: int) -> None:
    """From the close of a working day, n working days end where n days' working hours end."""
    day = HALVES.after(start.date(), 1)
    close = datetime.combine(day, HALVES.closes, CHINA)
    hours = days * HALVES.day_seconds // 3600
    assert clocks.due_at(HALVES, close, days, "working_day") == clocks.due_at(
        HALVES, close, hours, "working_hour"
    )


ZONES = st.sampled_from(["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe"])


@given(MOMENTS, ZONES, UNITS, st.integers(0, 60))
def test_the_zone_and_daylight_time_of_whoever_looks_change_nothing(
    start: datetime, zone: str, unit: str, amount: int
) -> None:
    abroad = start.astimezone(ZoneInfo(zone))
    due = clocks.due_at(CALENDAR, start, amount, unit)
    assert clocks.due_at(CALENDAR, abroad, amount, unit) == due
    assert clocks.due_at(CALENDAR, start.astimezone(UTC), amount, unit) == due
    if unit == "hour":
        assert due - start == timedelta(hours=amount)


PARTS = st.lists(st.floats(0.05, 3), min_size=1, max_size=5)


@given(MOMENTS, UNITS, st.integers(1, 40), PARTS, st.booleans())
def test_stages_come_in_order_and_never_by_night(
    start: datetime, unit: str, amount: int, parts: list[float], out: bool
) -> None:
    limit = Clock(
        "c",
        TITLE,
        unit,
        amount,
        TITLE,
        escalations=tuple(Escalation(part, "handler") for part in parts),
        out=RunsOut("lapse", TITLE) if out else None,
    )
    clock = clocks.start(CALENDAR, name="c", unit=unit, amount=amount, soon=0.7, now=start)
    items = timing.agenda(limit)
    raw = [clocks.part_at(CALENDAR, clock, item.at) for item in items if isinstance(item, Escalation)]
    assert raw == sorted(raw)
    for item in items:
        moment = timing.moment_of(item, clock, CALENDAR)
        if isinstance(item, RunsOut):
            assert moment > clock.due_at
        else:
            assert 8 <= moment.astimezone(CHINA).hour < 21
            assert moment >= clocks.part_at(CALENDAR, clock, item.at)


@given(MOMENTS, UNITS, st.integers(1, 40), PAUSES)
def test_recounting_by_the_same_calendar_changes_nothing(
    start: datetime, unit: str, amount: int, pauses: list[tuple[int, int]]
) -> None:
    clock = run(start, unit, amount, pauses, 0)
    assert clocks.recount(CALENDAR, clock, 0.7) == clock


@given(MOMENTS)
def test_whoever_is_awake_is_not_put_off(moment: datetime) -> None:
    awake = clocks.awake(moment)
    assert awake >= moment
    assert awake - moment <= timedelta(hours=11)
    assert clocks.awake(awake) == awake
