"""What a case's clocks do when it is opened or moved, by the rules that its type declares. Pure: no database.

A clock starts, stops, stands still and starts again by triggers and states, never by code of a system. Which clock a
case shows is the nearest that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.text import T

from . import clocks
from .clock_kinds import Amount, Clock, Escalation, Ground, RunsOut, triggers
from .clocks import Asked, Calendar, Running
from .flow import PHASES, Effect
from .kinds import CaseType, Move
from .supervision_rules import LIMITS as SUPERVISION_LIMITS
from .supervision_rules import PREFIX as SUPERVISION

Book = Callable[[int | None], Calendar]
"""A region's calendar: the one in force for None, else the one of that version."""


@dataclass(frozen=True, slots=True)
class Matter:
    """What amounts are judged by. `given`: amounts settled when the case was opened, by clock: a number in the
    clock's unit, or a number and its unit."""

    facts: Mapping[str, object]
    region: str
    given: Mapping[str, tuple[int, str]]
    opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The one clock that a case is judged and sorted by."""

    name: str = ""
    unit: str = ""
    due_at: datetime | None = None
    soon_at: datetime | None = None
    paused_at: datetime | None = None
    stopped_at: datetime | None = None


def amount_of(limit: Clock, matter: Matter, fired: frozenset[str], now: datetime) -> Amount:
    """Return the amount that holds for a clock starting now: a row for what started it, what was given at the opening,
    the first row that fits, the clock's own."""
    fitting = [row for row in limit.amounts if _fits(row, matter, fired, now)]
    for row in fitting:
        if row.on:
            return row
    if limit.name in matter.given:
        amount, unit = matter.given[limit.name]
        return Amount(amount, unit=unit)
    return fitting[0] if fitting else Amount(limit.amount)


def _fits(row: Amount, matter: Matter, fired: frozenset[str], now: datetime) -> bool:
    day = now.astimezone(CHINA).date()
    return (
        (not row.on or row.on in fired)
        and matter.region.startswith(row.region)
        and (row.since is None or row.since <= day)
        and (row.until is None or day < row.until)
        and all(str(matter.facts.get(name, "")) == value for name, value in row.when)
    )


def at_opening(
    declared: CaseType, matter: Matter, days: int | None, book: Book, now: datetime
) -> list[Running]:
    """Return the clocks that start with the case."""
    return after(
        declared,
        (),
        frozenset({"open", f"into:{declared.start}"}),
        declared.start,
        matter,
        book,
        now,
        days=days,
    )


def after_move(
    declared: CaseType,
    move: Move,
    act: Effect,
    before: str,
    running: Sequence[Running],
    matter: Matter,
    book: Book,
    now: datetime,
    *,
    data: Mapping[str, object],
    by: tuple[int | None, str],
) -> list[Running]:
    """Return all clocks of the case as the move leaves them. Raises BeyondCalendar."""
    fired = {f"move:{move.name}"}
    if move.clock == "start":
        fired.add("move")
    if act.state != before:
        fired |= {f"out:{before}", f"into:{act.state}"}
    closing = act.phase == PHASES[2] and declared.state(before).phase != PHASES[2]
    ground = next((one for one in move.grounds if one.name == data.get("ground")), None)
    told = data.get("announced")
    days = (act.days or None) if move.clock == "start" else None
    found = after(
        declared,
        running,
        frozenset(fired),
        act.state,
        matter,
        book,
        now,
        days=days,
        began=move.name,
        since=matter.opened_at if move.backdates else None,
        stopping=None if not (closing or act.clock == "stop") else () if closing else move.clocks,
        standstill=(move.title, ground, told if isinstance(told, int) else 0),
    )
    first = declared.limits[0].name if declared.limits else ""
    concerned = move.clocks or (first,)
    return [
        _asked(declared, move, one, act.days, book, now, by) if one.name in concerned else one
        for one in found
    ]


def _asked(
    declared: CaseType,
    move: Move,
    one: Running,
    days: int,
    book: Book,
    now: datetime,
    by: tuple[int | None, str],
) -> Running:
    """Return a clock after an extension, a request for one, or the answer to it."""
    if one.stopped_at:
        return one
    soon = limit_of(declared, one.name).soon
    if move.clock == "extend":
        return clocks.extend(book(one.calendar), one, amount=days, soon=soon)
    if move.clock == "ask":
        return clocks.changed(one, asked=Asked(days, *by, now))
    if move.clock == "allow" and one.asked:
        more = clocks.extend(book(one.calendar), one, amount=one.asked.amount, soon=soon)
        return clocks.changed(more, asked=None)
    if move.clock == "deny" and one.asked:
        return clocks.changed(one, asked=None)
    return one


_ANY = Clock("", T("", ""), "working_day", 0, T("", ""))


def limit_of(declared: CaseType, name: str) -> Clock:
    """Return the declaration of a clock, or one without rules for a name that is declared no more."""
    if name in SUPERVISION_LIMITS:
        return SUPERVISION_LIMITS[name]
    return next((limit for limit in declared.limits if limit.name == name), _ANY)


def after(
    declared: CaseType,
    running: Sequence[Running],
    fired: frozenset[str],
    state: str,
    matter: Matter,
    book: Book,
    now: datetime,
    *,
    days: int | None = None,
    began: str = "",
    since: datetime | None = None,
    stopping: tuple[str, ...] | None = None,
    standstill: tuple[T, Ground | None, int] | None = None,
) -> list[Running]:
    """Return all clocks after these triggers, in a state.

    Args: days, the amount that the mover gives the first clock; since, from when started clocks count; stopping, None, or the clocks to stop, () for all;
    standstill, why a clock would stand still: in words, on what ground, for how many announced days.
    """
    kept = {one.name: one for one in running}
    found = {name: one for name, one in kept.items() if name.startswith(SUPERVISION)}
    for place, limit in enumerate(declared.limits):
        one = kept.pop(limit.name, None)
        if one and not one.stopped_at and (_stops(limit, fired) or _named(stopping, limit.name)):
            one = clocks.stop(one, now=now)
        again = one is not None and fired & set(triggers(limit.resets))
        if again or (fired & set(triggers(limit.starts)) and (one is None or one.stopped_at)):
            one = _started(limit, one, matter, fired, book, since or now, days if place == 0 else None, began)
        if one and not one.stopped_at:
            one = _standing(declared, limit, one, state, book, now, standstill)
        if one:
            found[limit.name] = one
    for name, one in kept.items():
        if name not in found:
            found[name] = clocks.stop(one, now=now) if stopping == () else one
    return [scheduled(declared, one, book) for one in found.values()]


def _named(stopping: tuple[str, ...] | None, name: str) -> bool:
    return stopping is not None and (not stopping or name in stopping)


def _stops(limit: Clock, fired: frozenset[str]) -> bool:
    return bool(fired & set(triggers(limit.stops)))


def _started(
    limit: Clock,
    old: Running | None,
    matter: Matter,
    fired: frozenset[str],
    book: Book,
    now: datetime,
    days: int | None,
    began: str,
) -> Running:
    row = Amount(days) if days is not None else amount_of(limit, matter, fired, now)
    return clocks.start(
        book(None),
        name=limit.name,
        unit=row.unit or limit.unit,
        amount=row.amount,
        soon=limit.soon,
        now=now,
        began=began,
        run=old.run + 1 if old else 1,
        basis=row.basis,
        invented=row.invented,
    )


def _standing(
    declared: CaseType,
    limit: Clock,
    one: Running,
    state: str,
    book: Book,
    now: datetime,
    standstill: tuple[T, Ground | None, int] | None,
) -> Running:
    """Return the clock standing still or running, as the state says."""
    still = declared.state(state).phase == "paused" if limit.pauses is None else state in limit.pauses
    if not still:
        return clocks.resume(book(one.calendar), one, now=now, soon=limit.soon) if one.paused_at else one
    why, ground, told = standstill or (T("暂停", "paused"), None, 0)
    if one.paused_at or (limit.statutory and (ground is None or not ground.statutory)):
        return one
    until = None
    if told:
        unit = one.unit if one.unit in clocks.IN_DAYS else "calendar_day"
        until = clocks.due_at(book(one.calendar), now, told, unit)
    words = ground.title if ground else why
    return clocks.pause(one, now=now, why=words, ground=ground.name if ground else "", told=told, until=until)


def agenda(limit: Clock) -> tuple[Escalation | RunsOut, ...]:
    """Return what a clock does by itself, in order of time; running out comes after what is told at the limit."""
    stages = sorted(limit.escalations, key=lambda stage: stage.at)
    if limit.out is None:
        return tuple(stages)
    early = [stage for stage in stages if stage.at <= 1]
    return (*early, limit.out, *stages[len(early) :])


def moment_of(item: Escalation | RunsOut, one: Running, calendar: Calendar) -> datetime:
    """Return when a clock comes to an item of its agenda; people are not reminded in quiet hours."""
    if isinstance(item, RunsOut):
        # The whole of the last minute is still in time.
        return one.due_at + timedelta(seconds=1)
    moment = clocks.part_at(calendar, one, item.at)
    return moment if item.urgent else clocks.awake(moment)


def next_at(limit: Clock, one: Running, calendar: Calendar) -> datetime | None:
    """Return when the clock next does something by itself: its next stage, or the end of an announced standstill."""
    if one.stopped_at:
        return None
    if one.paused_at:
        return clocks.awake(one.until) if one.until else None
    items = agenda(limit)
    return moment_of(items[one.stage], one, calendar) if one.stage < len(items) else None


def scheduled(declared: CaseType, one: Running, book: Book) -> Running:
    """Return the clock with the moment at which it next does something by itself."""
    limit = limit_of(declared, one.name)
    if one.next_at is None and not (limit.escalations or limit.out or one.until):
        return one
    try:
        moment = next_at(limit, one, book(one.calendar))
    except (clocks.BeyondCalendar, OverflowError):
        moment = None
    return one if moment == one.next_at else clocks.changed(one, next_at=moment)


def shown(declared: CaseType, running: Sequence[Running], *, closed: bool = False) -> Shown:
    """Return the clock that a case is judged by: of the office's the nearest that runs, else the nearest that stands
    still; once all have stopped, or the case is closed, the type's first."""
    own = [one for one in running if limit_of(declared, one.name).whose == "office"]
    if not closed:
        for group in ([o for o in own if o.runs], [o for o in own if o.paused_at and not o.stopped_at]):
            if group:
                return _shown(min(group, key=lambda one: (one.due_at, one.name)))
    stopped = {one.name: one for one in own if one.stopped_at}
    for limit in declared.limits:
        if limit.name in stopped:
            return _shown(stopped[limit.name])
    return Shown()


def _shown(one: Running) -> Shown:
    return Shown(one.name, one.unit, one.due_at, one.soon_at, one.paused_at, one.stopped_at)


def barred(
    moves: Sequence[Move],
    declared: CaseType,
    running: Sequence[Running],
    *,
    closed_at: datetime | None,
    book: Book,
    now: datetime,
    mover_id: int | None,
) -> dict[str, T]:
    """Return, by move, why the case's clocks do not allow it now; a move that they allow is left out."""
    kept = {one.name: one for one in running}
    found: dict[str, T] = {}
    for move in moves:
        concerned = move.clocks or tuple(limit.name for limit in declared.limits[:1])
        ones = [kept[name] for name in concerned if name in kept]
        why = (
            _too_early(declared, move, kept, now)
            or _too_late(move, closed_at, book, now)
            or _no_more(declared, move, ones, mover_id)
        )
        if why:
            found[move.name] = why
    return found


def _too_early(declared: CaseType, move: Move, kept: Mapping[str, Running], now: datetime) -> T | None:
    if not move.after:
        return None
    one = kept.get(move.after)
    if one is not None and one.runs and now > one.due_at:
        return None
    title = limit_of(declared, move.after).title
    return T("“{clock}”尚未届满", "“{clock}” has not run out yet").fill(clock=title)


def _too_late(move: Move, closed_at: datetime | None, book: Book, now: datetime) -> T | None:
    if move.within is None or closed_at is None:
        return None
    until = clocks.due_at(book(None), closed_at, *move.within)
    if now <= until:
        return None
    return T("“{move}”须在 {day} 前提出，已经过期", "“{move}” was possible until {day}").fill(
        move=move.title, day=f"{until.astimezone(CHINA):%Y-%m-%d}"
    )


def _no_more(declared: CaseType, move: Move, ones: Sequence[Running], mover_id: int | None) -> T | None:
    asked = [one.asked for one in ones if one.asked and not one.stopped_at]
    if move.clock in ("allow", "deny"):
        if not asked:
            return T("没有待审批的延期申请", "No extension has been asked for")
        if mover_id is not None and mover_id == asked[0].by_id:
            return T(
                "延期由您本人申请，须由他人审批", "You asked for it yourself; somebody else has to decide"
            )
    if move.clock in ("ask", "extend"):
        if asked:
            return T("已有一个延期申请在等审批", "An extension has been asked for already")
        if not any(one.stopped_at is None for one in ones):
            return T("没有可以延长的时限", "There is no time limit that could be extended")
        if most_days(declared, move, ones) < 1:
            return T("这个时限不能再延长", "This time limit cannot be extended any further")
    return None


def most_days(declared: CaseType, move: Move, running: Sequence[Running]) -> int:
    """Return by how much the move may extend now: as it says itself, and within what each clock can take in all."""
    concerned = move.clocks or tuple(limit.name for limit in declared.limits[:1])
    rest = [
        limit_of(declared, one.name).longest - one.extended
        for one in running
        if one.name in concerned and not one.stopped_at and limit_of(declared, one.name).longest
    ]
    return min([move.extend_limit, *rest])
