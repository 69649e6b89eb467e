"""Working time: when a limit is due, how much of it has gone, and why. Pure: calendar and moment are handed in.

The rules: the day of the start is not counted, the next is day 1 (民法典第二百零一条; editable); days of a licence's
limit are working days (行政许可法第八十二条); a limit in calendar days that ends on a day of rest ends on the
next working day, at the close of business (民法典第二百零三条); time lawfully stopped is not counted (行政许可法
第四十五条). A pause that begins after the limit has passed heals nothing.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import ceil, floor

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.text import T

FIRST_YEAR, LAST_YEAR = 2000, 2065
UNITS: dict[str, tuple[T, T]] = {
    "working_day": (T("{n} 个工作日", "{n} working day"), T("{n} 个工作日", "{n} working days")),
    "calendar_day": (T("{n} 日", "{n} day"), T("{n} 日", "{n} days")),
    "hour": (T("{n} 小时", "{n} hour"), T("{n} 小时", "{n} hours")),
    "working_hour": (T("{n} 个工作小时", "{n} working hour"), T("{n} 个工作小时", "{n} working hours")),
}
IN_DAYS = ("working_day", "calendar_day")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class BeyondCalendar(Exception):
    """A limit ends where no calendar reaches."""


@dataclass(frozen=True)
class Calendar:
    """Which days are worked, at one version. `special` are the days that differ from Monday to Friday.

    `hours` are the business hours in minutes of the day; `first_day` is "next" or "same". `known` are the years whose
    holidays are settled.
    """

    version: int
    special: Mapping[date, bool]
    names: Mapping[date, T] = field(default_factory=dict)
    known: frozenset[int] = frozenset()
    hours: tuple[tuple[int, int], ...] = ((510, 720), (870, 1080))
    first_day: str = "next"
    _days: array[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        first, last = date(FIRST_YEAR, 1, 1).toordinal(), date(LAST_YEAR, 12, 31).toordinal()
        special = {day.toordinal(): works for day, works in self.special.items()}
        days = array("i", [n for n in range(first, last + 1) if special.get(n, (n - 1) % 7 < 5)])
        object.__setattr__(self, "_days", days)

    def works(self, day: date) -> bool:
        """Tell whether a day is a working day."""
        found = self.special.get(day)
        return day.weekday() < 5 if found is None else found

    def after(self, day: date, n: int) -> date:
        """Return the n-th working day after `day`; for 0 the day itself, or the next working day if it is none.

        A negative `n` counts backward. Raises BeyondCalendar.
        """
        place = day.toordinal()
        index = bisect_left(self._days, place) if n == 0 else bisect_right(self._days, place) + n - 1
        if n < 0:
            index = bisect_left(self._days, place) + n
        if not 0 <= index < len(self._days):
            raise BeyondCalendar(f"{n} working days after {day}")
        return date.fromordinal(self._days[index])

    def between(self, first: date, last: date) -> int:
        """Return how many working days lie after `first` up to and with `last`; negative when reversed."""
        return bisect_right(self._days, last.toordinal()) - bisect_right(self._days, first.toordinal())

    @property
    def day_seconds(self) -> int:
        """The working seconds of one working day."""
        return sum(end - start for start, end in self.hours) * 60

    @property
    def opens(self) -> time:
        """When business opens."""
        return _time(self.hours[0][0])

    @property
    def closes(self) -> time:
        """When business closes."""
        return _time(self.hours[-1][1])

    def worked(self, moment: datetime) -> int:
        """Return the working seconds from the calendar's beginning to `moment`: a straight line of working time."""
        local = moment.astimezone(CHINA)
        place = local.date().toordinal()
        whole = bisect_left(self._days, place) * self.day_seconds
        if not self.works(local.date()):
            return whole
        now = local.hour * 3600 + local.minute * 60 + local.second
        return whole + sum(max(0, min(now, end * 60) - start * 60) for start, end in self.hours)

    def at_worked(self, seconds: int) -> datetime:
        """Return the first moment at which `worked` gives `seconds`. Raises BeyondCalendar."""
        index, rest = divmod(max(seconds - 1, 0), self.day_seconds)
        if not 0 <= index < len(self._days):
            raise BeyondCalendar(f"{seconds} working seconds")
        rest += 1
        for start, end in self.hours:
            if rest <= (end - start) * 60:
                clock = timedelta(minutes=start, seconds=rest)
                return datetime.combine(date.fromordinal(self._days[index]), time(), CHINA) + clock
            rest -= (end - start) * 60
        raise AssertionError("unreachable: the rest fits in a day")


def _time(minutes: int) -> time:
    return time(minutes // 60, minutes % 60)


@dataclass(frozen=True, slots=True)
class Pause:
    """A lawful standstill. `units` is how much it adds to the limit: days, or seconds for limits in hours.

    `ground` is its ground by name, `told` how many days were announced in writing.
    """

    since: datetime
    until: datetime
    units: int
    why: T
    ground: str = ""
    told: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for more time that nobody has answered yet."""

    amount: int
    by_id: int | None
    by_label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Running:
    """A clock of a case as it is kept. `extended` is in the clock's unit.

    `began`: the move that started it, "" for the opening. `run` counts how often it has started, `stage` what it has
    told so far of this run; `next_at` is when it next does something by itself. `until`: how long the present
    standstill was announced to take. `basis`: its own, where the amount came from a row with one.
    """

    name: str
    unit: str
    amount: int
    started_at: datetime
    due_at: datetime
    soon_at: datetime
    calendar: int = 0
    extended: int = 0
    pauses: tuple[Pause, ...] = ()
    paused_at: datetime | None = None
    paused_why: T | None = None
    stopped_at: datetime | None = None
    began: str = ""
    run: int = 1
    stage: int = 0
    next_at: datetime | None = None
    until: datetime | None = None
    ground: str = ""
    told: int = 0
    asked: Asked | None = None
    basis: T | None = None
    invented: bool = False
    ran_out_at: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether time goes by on it."""
        return self.stopped_at is None and self.paused_at is None


def _first(calendar: Calendar, start: datetime) -> date:
    """Return day 0: the day before day 1."""
    local = start.astimezone(CHINA)
    same = calendar.first_day == "same" and local.time() < calendar.closes
    return local.date() - timedelta(days=1) if same else local.date()


def due_at(calendar: Calendar, start: datetime, amount: int, unit: str, *, more: int = 0) -> datetime:
    """Return when a limit of `amount` units from `start` is due; `more` adds days, or seconds for hours.

    Raises BeyondCalendar, KeyError for an unknown unit.
    """
    if unit == "working_day":
        total = amount + more
        day = calendar.after(_first(calendar, start), total)
        if total == 0 and start.astimezone(CHINA) > datetime.combine(day, calendar.closes, CHINA):
            day = calendar.after(day, 1)
        return datetime.combine(day, calendar.closes, CHINA)
    if unit == "calendar_day":
        day = calendar.after(_first(calendar, start) + timedelta(days=amount + more), 0)
        return datetime.combine(day, calendar.closes, CHINA)
    if unit == "hour":
        return (start + timedelta(hours=amount, seconds=more)).astimezone(CHINA)
    if unit == "working_hour":
        return calendar.at_worked(calendar.worked(start) + amount * 3600 + more)
    raise KeyError(f"no unit of time is called {unit}")


def soon_at(
    calendar: Calendar, start: datetime, amount: int, unit: str, soon: float, *, more: int = 0
) -> datetime:
    """Return when the light turns yellow: as soon as `soon` (a part, 0 to 1) of the limit has gone.

    For limits in days that is the opening of the day in which the part is passed.
    """
    if unit in IN_DAYS:
        nth = floor((amount + more) * soon + 1e-9) + 1
        day = due_at(calendar, start, min(nth, max(amount + more, 0)), unit).astimezone(CHINA).date()
        return max(datetime.combine(day, calendar.opens, CHINA), start.astimezone(CHINA))
    return due_at(calendar, start, 0, unit, more=int((amount * 3600 + more) * soon))


def counted(calendar: Calendar, first: datetime, last: datetime, unit: str) -> int:
    """Return how much of the unit's time lies between two moments: days for days, seconds for hours."""
    if unit == "working_day":
        return calendar.between(_day(first), _day(last))
    if unit == "calendar_day":
        return (_day(last) - _day(first)).days
    if unit == "hour":
        return int((last - first).total_seconds())
    return calendar.worked(last) - calendar.worked(first)


def _day(moment: datetime) -> date:
    return moment.astimezone(CHINA).date()


def start(
    calendar: Calendar,
    *,
    name: str,
    unit: str,
    amount: int,
    soon: float,
    now: datetime,
    began: str = "",
    run: int = 1,
    basis: T | None = None,
    invented: bool = False,
) -> Running:
    """Return a clock that starts now."""
    return Running(
        name=name,
        unit=unit,
        amount=amount,
        started_at=now,
        due_at=due_at(calendar, now, amount, unit),
        soon_at=soon_at(calendar, now, amount, unit, soon),
        calendar=calendar.version,
        began=began,
        run=run,
        basis=basis,
        invented=invented,
    )


def pause(
    clock: Running, *, now: datetime, why: T, ground: str = "", told: int = 0, until: datetime | None = None
) -> Running:
    """Return the clock standing still from now on; a clock that stands or has stopped is left as it is.

    Args: why, in words; ground, by name; told, how many days were announced, and until when that is.
    """
    if clock.paused_at or clock.stopped_at:
        return clock
    return changed(clock, paused_at=now, paused_why=why, ground=ground, told=told, until=until)


def resume(calendar: Calendar, clock: Running, *, now: datetime, soon: float) -> Running:
    """Return the clock running again, due later by the time that it stood still."""
    if clock.paused_at is None or clock.stopped_at:
        return clock
    late = clock.paused_at > clock.due_at
    units = 0 if late else max(counted(calendar, clock.paused_at, now, clock.unit), 0)
    why = clock.paused_why or T("暂停", "paused")
    held = Pause(clock.paused_at, now, units, why, clock.ground, clock.told)
    back = changed(
        clock, pauses=(*clock.pauses, held), paused_at=None, paused_why=None, ground="", told=0, until=None
    )
    return recount(calendar, back, soon) if units else back


def extend(calendar: Calendar, clock: Running, *, amount: int, soon: float) -> Running:
    """Return the clock due later by `amount` of its unit; one that has stopped is left as it is."""
    if clock.stopped_at:
        return clock
    return recount(calendar, changed(clock, extended=clock.extended + amount), soon)


def stop(clock: Running, *, now: datetime) -> Running:
    """Return the clock stopped for good."""
    return clock if clock.stopped_at else changed(clock, stopped_at=now, asked=None)


def recount(calendar: Calendar, clock: Running, soon: float) -> Running:
    """Return the clock due as this calendar says, from its start, amount, extensions and standstills."""
    more = sum(held.units for held in clock.pauses)
    total = clock.amount + clock.extended
    return changed(
        clock,
        due_at=due_at(calendar, clock.started_at, total, clock.unit, more=more),
        soon_at=soon_at(calendar, clock.started_at, total, clock.unit, soon, more=more),
        calendar=calendar.version,
    )


def part_at(calendar: Calendar, clock: Running, part: float) -> datetime:
    """Return when a part of the limit has gone, standstills not counted; above 1, so much after the limit."""
    more = sum(held.units for held in clock.pauses)
    total = clock.amount + clock.extended
    if part == 1:
        return clock.due_at
    if part < 1:
        return soon_at(calendar, clock.started_at, total, clock.unit, part, more=more)
    if clock.unit in IN_DAYS:
        more += ceil(total * (part - 1) - 1e-9)
    else:
        more += int(total * 3600 * (part - 1))
    return due_at(calendar, clock.started_at, total, clock.unit, more=more)


QUIET = (time(21), time(8))
"""Nobody is reminded between these hours of the night."""


def awake(moment: datetime) -> datetime:
    """Return the moment, or the end of the quiet hours in which it lies."""
    local = moment.astimezone(CHINA)
    begin, end = QUIET
    if end <= local.time() < begin:
        return moment
    day = local.date() + timedelta(days=1) if local.time() >= begin else local.date()
    return datetime.combine(day, end, CHINA)


def changed(clock: Running, **values: object) -> Running:
    """Return the clock with these entries changed."""
    kept = {name: getattr(clock, name) for name in Running.__slots__}
    return Running(**{**kept, **values})


def light(
    *,
    now: datetime,
    due: datetime | None,
    soon: datetime | None,
    paused: datetime | None = None,
    stopped: datetime | None = None,
) -> str:
    """Return the traffic light: green, yellow, red, paused, done, late, or none without a limit."""
    if stopped is not None:
        return "late" if due is not None and stopped > due and (paused is None or paused > due) else "done"
    if due is None:
        return "none"
    if paused is not None:
        return "paused"
    if now > due:
        return "red"
    return "yellow" if soon is not None and now >= soon else "green"


def used(calendar: Calendar, clock: Running, *, now: datetime) -> float:
    """Return the part of the limit that has gone, standstills not counted; above 1 when late."""
    until = clock.stopped_at or clock.paused_at or now
    scale = 1 if clock.unit in IN_DAYS else 3600
    total = (clock.amount + clock.extended) * scale
    gone = counted(calendar, clock.started_at, until, clock.unit) - sum(p.units for p in clock.pauses)
    part = max(gone, 0) / total if total else float(until > clock.due_at)
    return max(part, 1.0) if until > clock.due_at else min(part, 1.0)
