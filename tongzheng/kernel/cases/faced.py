"""Clocks as they stand now, each able to explain itself; the nearest that runs comes first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, same

from . import calendars, clocks, supervision_rules, timing, wording
from .clock_kinds import Clock
from .kinds import CaseType
from .views import ClockView


def clock_views(
    declared: CaseType, running: Sequence[clocks.Running], region: str, now: datetime, *, asker: bool
) -> tuple[ClockView, ...]:
    """Return the clocks of a case but those of its supervisions: running ones first, the nearest before the others,
    then those that stand still, then those that have stopped. Args: asker, whether to say who asked for more time."""
    own = [one for one in running if not one.name.startswith(supervision_rules.PREFIX)]
    first = timing.shown(declared, own).name
    order = {limit.name: place for place, limit in enumerate(declared.limits)}
    own.sort(key=lambda one: (one.name != first, _rank(one), one.due_at, order.get(one.name, 99)))
    return tuple(
        clock_view(timing.limit_of(declared, one.name), one, declared, region, now, asker=asker)
        for one in own
    )


def title_of(type_id: str, name: str) -> T:
    """Return what a clock of a case is called."""
    if name in supervision_rules.LIMITS:
        return supervision_rules.LIMITS[name].title
    declared = registry.find(CaseType, type_id)
    found = next((limit.title for limit in declared.limits if limit.name == name), None) if declared else None
    return found or same(name)


def _rank(one: clocks.Running) -> int:
    return 0 if one.runs else 1 if one.stopped_at is None else 2


def clock_view(
    limit: Clock, one: clocks.Running, declared: CaseType, region: str, now: datetime, *, asker: bool
) -> ClockView:
    """Return one clock as it stands now, by the calendar that it is counted by."""
    calendar = calendars.at_version(one.calendar, region)
    title = limit.title if limit.name else same(one.name)
    light = clocks.light(
        now=now, due=one.due_at, soon=one.soon_at, paused=one.paused_at, stopped=one.stopped_at
    )
    began = next((move.title for move in declared.moves if move.name == one.began), None)
    if one.name.startswith(supervision_rules.PREFIX):
        began = T("督办", "Ordered")
    left = wording.left(calendar, now=now, due=one.due_at, unit=one.unit, light=light)
    if one.stopped_at:
        left = T("已停止", "Stopped") if light == "done" else T("超期停止", "Stopped late")
    return ClockView(
        name=one.name,
        title=title,
        unit=one.unit,
        amount=one.amount,
        started_at=one.started_at,
        due_at=one.due_at,
        soon_at=one.soon_at,
        stopped_at=one.stopped_at,
        paused_at=one.paused_at,
        light=light,
        used=clocks.used(calendar, one, now=now),
        left=left,
        explain=wording.explain(calendar, one, title=title, began=began),
        basis=one.basis or limit.basis,
        invented=one.invented or limit.invented,
        warnings=() if one.stopped_at else wording.warnings(calendars.current(region), one),
        whose=limit.whose,
        asked=wording.asked(one, who=asker) if one.asked and not one.stopped_at else None,
        ran_out=limit.out.basis if limit.out and one.ran_out_at and not one.stopped_at else None,
    )
