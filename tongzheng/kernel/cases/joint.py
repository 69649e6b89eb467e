"""The rules of work in parts: whose turn it is, when silence counts, and what the lead cannot do yet. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.text import T

from . import forms
from .clocks import UNITS
from .kinds import APPLICANT, CaseType, Check, Subtask

OPEN = ("queued", "asked")
STATES: dict[str, T] = {
    "queued": T("排队", "In turn"),
    "asked": T("待答复", "Awaited"),
    "given": T("已答复", "Given"),
    "silent": T("逾期未答复", "Silent"),
    "ended": T("已撤回", "Taken back"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One body's part as it stands. `state`: a key of STATES; `step` its turn among sequential ones."""

    id: int
    name: str
    step: int
    required: bool
    organisation_id: int
    organisation_label: str
    state: str
    amount: int
    asked_at: datetime
    asked_label: str
    question: str
    due_at: datetime | None
    answer: str = ""
    opinion: str = ""
    data: Mapping[str, Any] | None = None
    given_at: datetime | None = None
    given_label: str = ""


def declared_part(declared: CaseType, name: str) -> Subtask | None:
    """Return the subtask of that name, or None."""
    return next((one for one in declared.subtasks if one.name == name), None)


def silent(subtask: Subtask, part: Part, now: datetime) -> bool:
    """Tell whether a body's silence counts as its answer by now."""
    return bool(subtask.silence) and part.state == "asked" and part.due_at is not None and part.due_at <= now


def next_in_turn(part: Part, parts: Sequence[Part]) -> Part | None:
    """Return whose turn it is once this part is done, or None; parallel parts wait for nobody."""
    queue = [one for one in parts if one.name == part.name and one.state == "queued"]
    busy = any(one.name == part.name and one.state == "asked" and one.id != part.id for one in parts)
    return min(queue, key=lambda one: one.step) if queue and not busy else None


def limit_within(due: datetime, case_due: datetime | None, now: datetime) -> datetime:
    """Return when a part is due: by its own limit, but within the case's while that still runs."""
    return min(due, case_due) if case_due is not None and case_due > now else due


def missing(declared: CaseType, parts: Sequence[Part], now: datetime) -> dict[str, T]:
    """Return, by move, why it cannot be made before the required parts are in."""
    found: dict[str, T] = {}
    for subtask in declared.subtasks:
        waiting = [
            one
            for one in parts
            if one.name == subtask.name
            and one.required
            and one.state in OPEN
            and not silent(subtask, one, now)
        ]
        if not waiting:
            continue
        names = "、".join(one.organisation_label for one in waiting)
        why = T("还缺“{part}”：{names}", "“{part}” is still to come from: {names}").fill(
            part=subtask.title, names=names
        )
        for move in subtask.blocks:
            found.setdefault(move, why)
    return found


def unticked(declared: CaseType, state: str, ticked: Sequence[str]) -> dict[str, T]:
    """Return, by move, which line of the checklist it waits for."""
    found: dict[str, T] = {}
    for check in asked_checks(declared, state):
        if check.name not in ticked:
            why = T("核对单还没有勾选“{check}”", "The checklist still lacks “{check}”").fill(
                check=check.title
            )
            for move in check.blocks:
                found.setdefault(move, why)
    return found


def asked_checks(declared: CaseType, state: str) -> tuple[Check, ...]:
    """Return the lines of the checklist that a state asks for."""
    return tuple(check for check in declared.checklist if state in check.states)


def faults(declared: CaseType) -> list[str]:
    """Return what is wrong with declared subtasks and checklists, in words for their author."""
    found: list[str] = []
    states = {state.name: state.phase for state in declared.states}
    moves = {move.name: move for move in declared.moves}
    for subtask in declared.subtasks:
        where = f"subtask {subtask.name}: "
        if not subtask.answers:
            found.append(f"{where}there is no answer to choose from")
        if subtask.silence and subtask.silence not in dict(subtask.answers):
            found.append(f"{where}silence counts as {subtask.silence!r}, which is no answer")
        if subtask.unit not in UNITS or subtask.amount < 1:
            found.append(f"{where}the limit is out of bounds")
        if subtask.order not in ("parallel", "sequential"):
            found.append(f"{where}there is no order {subtask.order!r}")
        if not (subtask.basis.zh.strip() and subtask.basis.en.strip()):
            found.append(f"{where}it has no legal basis")
        found += [
            f"{where}{name!r} is no open state"
            for name in subtask.states
            if states.get(name) in (None, "closed")
        ]
        found += [f"{where}form: {fault}" for fault in forms.faults(subtask.fields)]
        found += _blocks(where, subtask.blocks, moves)
        entries = {field.name for field in declared.fields}
        found += [
            f"{where}sees {name!r}, which is no entry" for name in subtask.sees if name not in (*entries, "*")
        ]
    for check in declared.checklist:
        where = f"check {check.name}: "
        if not (check.basis.zh.strip() and check.basis.en.strip()):
            found.append(f"{where}it has no basis")
        found += [f"{where}there is no state {name!r}" for name in check.states if name not in states]
        found += _blocks(where, check.blocks, moves)
    names = [one.name for one in declared.subtasks] + [one.name for one in declared.checklist]
    found += [f"{name!r} stands twice" for name in sorted({name for name in names if names.count(name) > 1})]
    return found


def _blocks(where: str, names: Sequence[str], moves: Mapping[str, Any]) -> list[str]:
    found = [f"{where}blocks the move {name!r}, which it has not" for name in names if name not in moves]
    return found + [
        f"{where}blocks {name}, which is the applicant's own"
        for name in names
        if name in moves and moves[name].by == APPLICANT
    ]
