"""Clocks in words, in both languages: how much is left, and why a limit is due when it is. Pure functions."""

from __future__ import annotations

from datetime import datetime, timedelta

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.text import T

from .clock_kinds import Escalation
from .clocks import IN_DAYS, MONTHS, UNITS, Calendar, Running, counted

WEEK = "一二三四五六日"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def units(n: int, unit: str) -> T:
    """Return an amount with its unit: 5 个工作日, 5 working days."""
    one, many = UNITS[unit]
    return (one if abs(n) == 1 else many).fill(n=n)


def moment(at: datetime, *, hour: bool = False) -> T:
    """Return a moment as people write it: 2026年11月20日 18:00."""
    local = at.astimezone(CHINA)
    clock = f"{local:%H:%M}" if hour else ""
    return T(
        f"{local.year}年{local.month}月{local.day}日{clock}",
        f"{clock + ' on ' if hour else ''}{local.day} {MONTHS[local.month - 1]} {local.year}",
    )


def day_of(at: datetime, *, hour: bool = False) -> T:
    """Return a moment with the day of its week: 2026年3月2日（周一）."""
    local = at.astimezone(CHINA)
    clock = f"{local:%H:%M}" if hour else ""
    return T(
        f"{local.year}年{local.month}月{local.day}日（周{WEEK[local.weekday()]}）{clock}",
        f"{clock + ' on ' if hour else ''}{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}",
    )


def length(n: int, unit: str) -> T:
    """Return an amount of a clock's time: days as days, seconds as hours and minutes."""
    if unit in IN_DAYS:
        return units(n, unit)
    hours, minutes = divmod(abs(n) // 60, 60)
    if not hours:
        return T("{m} 分钟", "{m} min").fill(m=minutes)
    whole = units(hours, unit)
    return T(f"{whole.zh} {minutes} 分", f"{whole.en} {minutes} min") if minutes else whole


def left(calendar: Calendar, *, now: datetime, due: datetime | None, unit: str, light: str) -> T:
    """Return how much of a limit is left in words ("剩 3 个工作日"); `light` as `clocks.light` gave it."""
    if light in ("done", "late"):
        return T("已办结", "Closed") if light == "done" else T("超期办结", "Closed late")
    if due is None:
        return T("不限时", "No time limit")
    if light == "paused":
        return T("暂停计时", "Clock stopped")
    rest = counted(calendar, now, due, unit)
    if light == "red":
        over = counted(calendar, due, now, unit)
        words = T("超期 {n}", "{n} overdue")
        return words.fill(n=length(over, unit)) if over > 0 else T("今日已超期", "Overdue since today")
    if unit in IN_DAYS and rest == 0:
        return T("今日到期", "Due today")
    return T("剩 {n}", "{n} left").fill(n=length(rest, unit))


def explain(calendar: Calendar, clock: Running, *, title: T, began: T | None = None) -> T:
    """Return why the clock is due when it is, in one sentence in each language; its numbers add up to the due time.

    Args: title of the clock; began, the title of the move that started it, None for the opening.
    """
    exact = clock.unit not in IN_DAYS
    parts = [
        T("{day}{what}起算", "{what} on {day}" if not exact else "{what} at {day}").fill(
            what=began or T("提交", "Submitted"), day=day_of(clock.started_at, hour=exact)
        ),
        T("{title} {n}", "{title}: {n}").fill(title=title, n=units(clock.amount, clock.unit)),
    ]
    for held in clock.pauses:
        words = T("暂停 {n}（{why}）", "{n} not counted ({why})")
        parts.append(words.fill(n=length(held.units, clock.unit), why=held.why))
    if clock.extended:
        parts.append(T("延长 {n}", "extended by {n}").fill(n=units(clock.extended, clock.unit)))
    if names := _holidays(calendar, clock):
        parts.append(
            T("其间{names}放假不计", "holidays not counted: {names}").fill(
                names=T("、".join(n.zh for n in names), ", ".join(n.en for n in names))
            )
        )
    if clock.stopped_at:
        parts.append(T("{day}停止计时", "stopped on {day}").fill(day=day_of(clock.stopped_at)))
    elif clock.paused_at:
        why = clock.paused_why or T("暂停", "paused")
        told = units(clock.told, "calendar_day" if exact else clock.unit) if clock.told else None
        words = T("{day}起暂停计时（{why}）", "stands still since {day} ({why})")
        if told:
            words = T(
                "{day}起暂停计时（{why}，已告知需 {n}）", "stands still since {day} ({why}, announced: {n})"
            )
        parts.append(words.fill(day=day_of(clock.paused_at), why=why, n=told or ""))
    parts.append(T("应于{day}前完成", "due by {day}").fill(day=day_of(clock.due_at, hour=True)))
    return T("，".join(p.zh for p in parts) + "。", "; ".join(p.en for p in parts) + ".")


def asked(clock: Running, *, who: bool) -> T:
    """Return the request for more time that waits for an answer; `who`: with the name of who asked."""
    if clock.asked is None:
        return T("", "")
    n = units(clock.asked.amount, clock.unit)
    if who:
        words = T("{who} 申请延长 {n}，待审批", "{who} asks for {n} more; to be decided")
        return words.fill(who=clock.asked.by_label, n=n)
    return T("已申请延长 {n}，待审批", "{n} more asked for; to be decided").fill(n=n)


def _holidays(calendar: Calendar, clock: Running) -> list[T]:
    """Return the names of the holidays that the limit skipped, each once."""
    if clock.unit not in ("working_day", "working_hour"):
        return []
    day, last = clock.started_at.astimezone(CHINA).date(), clock.due_at.astimezone(CHINA).date()
    found: dict[str, T] = {}
    while day < last and (last - day).days < 1000:
        day += timedelta(days=1)
        if calendar.special.get(day) is False and day in calendar.names:
            found.setdefault(calendar.names[day].zh, calendar.names[day])
    return list(found.values())


def warnings(calendar: Calendar, clock: Running) -> tuple[T, ...]:
    """Return what makes the due date unsure: years whose holidays nobody has entered yet."""
    if clock.unit == "hour":
        return ()
    first, last = clock.started_at.astimezone(CHINA).year, clock.due_at.astimezone(CHINA).year
    return tuple(
        T(
            "{year}年放假安排尚未录入，暂按周一至周五上班计算",
            "The holidays of {year} are not entered yet; Monday to Friday is assumed",
        ).fill(year=year)
        for year in range(first, min(last, first + 5) + 1)
        if year not in calendar.known
    )


def told(title: T, clock: Running, item: Escalation, names: str, now: datetime) -> T:
    """Return what the timeline says when a clock told somebody: which, how far it had come, and whom."""
    if item.at < 1:
        part = T(f"已用 {item.at:.0%}", f"{item.at:.0%} gone")
    elif item.at == 1:
        part = T("已到期", "run out")
    else:
        part = T(f"已达 {item.at:.0%}", f"at {item.at:.0%}")
    whom = T("提醒 {names}", "told {names}").fill(names=names) if names else T("无人可提醒", "nobody to tell")
    words = T("{title}（应于{due}）{part}，{whom}", "{title} (due {due}) {part}; {whom}")
    return words.fill(title=title, due=day_of(clock.due_at, hour=True), part=part, whom=whom)
