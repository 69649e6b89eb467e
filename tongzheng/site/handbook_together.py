"""The part of the handbook about work done together on a case: merging, other bodies, objections, checklists."""

from __future__ import annotations

from collections.abc import Iterator

from tongzheng.kernel.cases.kinds import CaseType
from tongzheng.kernel.core.registry import Registry
from tongzheng.kernel.core.text import T

from .handbook_words import both, who

UNITS = {
    "working_day": T("个工作日", "working days"),
    "calendar_day": T("日", "days"),
    "hour": T("小时", "hours"),
    "working_hour": T("个工作小时", "working hours"),
}
OWN = "（自定，非公布的规定 our own default, no published rule）"


def together(case: CaseType, known: Registry) -> Iterator[str]:
    """Yield the lines about how bodies work together on a case type, if it says so."""
    lines = [*_merging(case, known), *_subtasks(case, known), *_objection(case), *_checklist(case)]
    if lines:
        yield "### 共同办理 Worked on together"
        yield ""
        yield from lines
        yield ""


def _titles(case: CaseType, names: tuple[str, ...]) -> str:
    return "、".join(both(case.state(name).title) for name in names)


def _moves(case: CaseType, names: tuple[str, ...]) -> str:
    return "、".join(both(case.move(name).title) for name in names)


def _merging(case: CaseType, known: Registry) -> Iterator[str]:
    if (found := case.merging) is None:
        return
    yield (
        f"- **并案 Merging**: 由 by {who(found.by, known)}; 可并入的环节 from {_titles(case, found.states)};"
        f" 共同的动作 shared {_moves(case, found.shares)}; 各自的动作 own {_moves(case, found.own)};"
        f" 最多 at most {found.most}. {both(found.basis)}"
    )


def _subtasks(case: CaseType, known: Registry) -> Iterator[str]:
    for one in case.subtasks:
        unit = UNITS[one.unit]
        turns = "依次 in turn" if one.order == "sequential" else "同时 at once"
        silence = both(dict(one.answers)[one.silence]) if one.silence else ""
        quiet = (
            f"逾期视为 silence counts as “{silence}”" if silence else "逾期不视为同意 silence never counts"
        )
        yield (
            f"- **{both(one.title)}** `{one.name}`: {_titles(case, one.states)}; 由 asked by {who(one.by, known)},"
            f" 由 answered by {who(one.does, known)}; {one.amount} {unit.zh} {one.amount} {unit.en}, {turns}; {quiet};"
            f" 之前不能 before it no {_moves(case, one.blocks)}. {both(one.basis)}{OWN if one.invented else ''}"
        )


def _objection(case: CaseType) -> Iterator[str]:
    if (found := case.objection) is None:
        return
    unit = UNITS[found.unit]
    yield (
        f"- **异议与裁定 Objection and ruling**: {_moves(case, (found.move,))} → {_moves(case, (found.ruling,))};"
        f" 接件后 {found.within} {unit.zh}内提出，{found.amount} {unit.zh}内裁定 made within {found.within} and ruled within"
        f" {found.amount} {unit.en}; 裁定人不是当事任何一方 by neither party;"
        f" {'可再次提出 may be made again' if found.again else '裁定有约束力 the ruling binds'}."
        f" {both(found.basis)}{OWN if found.invented else ''}"
    )


def _checklist(case: CaseType) -> Iterator[str]:
    for one in case.checklist:
        needed = f"，之前不能 before it no {_moves(case, one.blocks)}" if one.blocks else ""
        yield f"- **核对 Check** {both(one.title)}: {_titles(case, one.states)}{needed}. {both(one.basis)}"
