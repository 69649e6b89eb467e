"""The rules of versions, as pure functions: which act is possible when, which version is in force, what differs.

draft ── propose ──▶ proposed ── approve ──▶ published (numbered, never changed again)
  ▲ ▲ ◀─ withdraw ──┘   │
  │ └─ save ─ returned ◀┘ return, with a reason
  └ drop ▶ dropped
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Protocol

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.errors import Conflict, Invalid, Refused
from tongzheng.kernel.core.text import T

from .kinds import Finding, Outcome
from .views import Change

STATES: dict[str, T] = {
    "draft": T("草稿", "Draft"),
    "proposed": T("待审定", "Awaiting a decision"),
    "returned": T("已退回", "Returned"),
    "published": T("已发布", "Published"),
    "dropped": T("已放弃", "Dropped"),
}
ACTS: dict[str, tuple[T, tuple[str, ...], str]] = {
    "save": (T("保存", "Save"), ("draft", "returned"), "draft"),
    "propose": (T("提交审定", "Propose"), ("draft", "returned"), "proposed"),
    "withdraw": (T("撤回", "Withdraw"), ("proposed",), "draft"),
    "approve": (T("批准发布", "Approve"), ("proposed",), "published"),
    "return": (T("退回", "Return"), ("proposed",), "returned"),
    "drop": (T("放弃", "Drop"), ("draft", "returned"), "dropped"),
}
"""Every act: its words, the states that it leaves, the state that it reaches."""

YEARS_AHEAD = 10


class Dated(Protocol):
    """A published version, as far as time is concerned."""

    @property
    def number(self) -> int: ...

    @property
    def effective_from(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Rivals:
    """A draft's base and the version published last, by id; who published that one, in words."""

    base: int | None
    newest: int | None
    newest_number: int | None = None
    newest_label: str = ""


def step(act: str, state: str) -> str:
    """Return the state that an act reaches. Raises Conflict if the version's state does not allow it."""
    title, sources, target = ACTS[act]
    if state not in sources:
        raise Conflict(
            T("这一版{state}，不能{act}", "“{act}” is not possible: this version is “{state}”").fill(
                state=STATES[state], act=title
            )
        )
    return target


def second_person(account: int | None, touched: Iterable[int]) -> None:
    """Refuse a decision by whoever made, changed or proposed the version."""
    if (account or 0) in set(touched):
        raise Refused(
            T(
                "您起草或修改过这一版，须由另一人审定",
                "You made or changed this version; a second person has to decide",
            )
        )


def up_to_date(rivals: Rivals) -> None:
    """Refuse a version whose base is no longer the one published last."""
    if rivals.base != rivals.newest:
        raise Conflict(
            T(
                "{who}已发布第 {n} 版，这份草稿不是在它的基础上改的，请先比较并改接到第 {n} 版",
                "{who} has published version {n}, on which this draft does not build; compare them and build on it",
            ).fill(who=rivals.newest_label or "—", n=rivals.newest_number or 0)
        )


def sound(findings: Iterable[Finding], outcomes: Iterable[Outcome] = ()) -> None:
    """Refuse what has errors or whose own test rows fail; every one is named by its place."""
    slips: dict[str, T] = {}
    for one in findings:
        if one.level == "error":
            slips.setdefault(one.place or "content", one.words)
    for trial in outcomes:
        if trial.kind == "test" and not trial.passed:
            words = T("测试未通过：{title}，{words}", "A test fails: {title}, {words}")
            slips.setdefault(
                trial.place or f"test {len(slips) + 1}", words.fill(title=trial.title, words=trial.words)
            )
    if slips:
        raise Invalid(
            T("有 {n} 处错误，改正后才能提交和发布", "{n} errors have to be corrected first").fill(
                n=len(slips)
            ),
            fields=slips,
        )


def effective(day: date | None, *, now: datetime) -> datetime:
    """Return the moment from which a version decided now is in force: `day`'s first moment, or now.

    Raises Invalid for a day that has passed, or is more than ten years ahead: nobody is judged by a rule that was
    not there.
    """
    today = now.astimezone(CHINA).date()
    if day is None or day == today:
        return now
    if day < today:
        raise Invalid(
            fields={"effective": T("生效日期不能早于今天", "The date of effect cannot be in the past")}
        )
    if day.year > today.year + YEARS_AHEAD:
        raise Invalid(
            fields={"effective": T("生效日期太远，请核对年份", "That is too far ahead; check the year")}
        )
    return datetime.combine(day, time(), CHINA)


def in_force(published: Iterable[Dated], at: datetime) -> Dated | None:
    """Return the version in force at a moment: of those whose date has come, the one published last.

    So a version that is published, or rolled back to, replaces every earlier one, also one dated later.
    """
    due = [one for one in published if one.effective_from <= at]
    return max(due, key=lambda one: one.number, default=None)


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Return what differs between two sets of parts, in the order of the second, removed ones last."""
    found: list[Change] = []
    for place, line in after.items():
        if place not in before:
            found.append(Change(place, "added", "", line))
        elif before[place] != line:
            found.append(Change(place, "changed", before[place], line))
    found += [Change(place, "removed", line, "") for place, line in before.items() if place not in after]
    return tuple(found)
