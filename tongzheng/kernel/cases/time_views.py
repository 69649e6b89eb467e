"""The frozen things about time that the engine of cases shows: clocks, supervisions, calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from tongzheng.kernel.core.text import T


@dataclass(frozen=True, slots=True)
class ClockView:
    """A time limit as it stands now.

    `light`: a key of LIGHTS. `used`: the part of the limit that has gone, 0 to 1 and more when late.
    `left`: in words ("剩 3 个工作日"). `explain`: why it is due when it is due. `warnings`: what makes the date
    unsure (a year whose holidays are not known yet). `whose`: "office" or "applicant". `asked`: the request for more
    time that nobody has answered. `ran_out`: it has run out and waits for somebody to sign what follows.
    """

    name: str
    title: T
    unit: str
    amount: int
    started_at: datetime
    due_at: datetime
    soon_at: datetime
    stopped_at: datetime | None
    paused_at: datetime | None
    light: str
    used: float
    left: T
    explain: T
    basis: T
    invented: bool = False
    warnings: tuple[T, ...] = ()
    whose: str = "office"
    asked: T | None = None
    ran_out: T | None = None
    steps: tuple[T, ...] = ()


@dataclass(frozen=True, slots=True)
class SupervisionView:
    """A supervision of a case (督办): by whom, what for, how far it has come; it ends when its supervisor says so.

    `stage`: "plan", "feedback", "mend", "confirm" or "ended". `steps`: what was handed in, oldest first: (title, at,
    by, words). `clocks`: those of its stages. `may_answer`: the reader can hand in the present stage; `may_end`: the
    reader can confirm that it is mended, or send it back.
    """

    id: int
    level: str
    level_title: T
    reason: str
    by_label: str
    organisation_label: str
    at: datetime
    stage: str
    stage_title: T
    ended_at: datetime | None
    steps: tuple[tuple[T, datetime, str, str], ...] = ()
    clocks: tuple[ClockView, ...] = ()
    may_answer: bool = False
    may_end: bool = False


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of the calendar that differs from its weekday, or was looked at. `kind`: "work" or "rest"."""

    date: date
    kind: str
    name: T
    source: str
    version: int
    region: str = ""


@dataclass(frozen=True, slots=True)
class CalendarView:
    """A year of the calendar: its special days, and whether the year's holidays are known."""

    year: int
    known: bool
    version: int
    days: tuple[CalendarDay, ...]
    hours: tuple[tuple[str, str], ...]
    first_day: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class MovedClock:
    """A running clock that an edit of the calendar would move."""

    number: str
    title: T
    due_at: datetime
    then: datetime


@dataclass(frozen=True, slots=True)
class CalendarEffect:
    """What an edit of the calendar would do to running clocks: how many it would move, `more` if there were too many
    to try them all, and some of them."""

    moved: int
    more: bool
    examples: tuple[MovedClock, ...]
