"""The part of the handbook about time: every clock of a case type, how long it is, what moves it and whom it tells."""

from __future__ import annotations

from collections.abc import Iterator

from tongzheng.kernel.cases.kinds import Amount, CaseType, Clock, Escalation, triggers
from tongzheng.kernel.core.registry import Registry
from tongzheng.kernel.core.text import T

from .handbook_words import both, table, who

UNITS = {
    "working_day": T("个工作日", "working days"),
    "calendar_day": T("日", "days"),
    "hour": T("小时", "hours"),
    "working_hour": T("个工作小时", "working hours"),
}
WHOM = {
    "handler": T("经办人", "the handler"),
    "office": T("承办单位", "the office"),
    "superior": T("单位负责人", "who leads it"),
    "applicant": T("申请人", "the applicant"),
}
INVENTED = "（自定，非公布的规定 our own default, no published rule）"


def clocks(case: CaseType, known: Registry) -> Iterator[str]:
    """Yield the lines about a type's clocks."""
    if not case.limits:
        yield "- 没有时限 No time limit"
        return
    yield ""
    yield "### 时限 Clocks"
    yield ""
    yield from table(
        ("时限 Clock", "多长 How long", "起止 Starts, stops, stands still", "到点 Comes to", "依据 Basis"),
        (
            (
                f"**{both(one.title)}** `{one.name}`"
                + (" 申请人的时间 the applicant's time" if one.whose == "applicant" else ""),
                _amounts(case, one),
                _rules(case, one),
                _comes_to(case, one, known),
                both(one.basis) + (INVENTED if one.invented else ""),
            )
            for one in case.limits
        ),
    )


def _length(amount: int, unit: str) -> str:
    return f"{amount} {UNITS[unit].zh} / {amount} {UNITS[unit].en}"


def _amounts(case: CaseType, one: Clock) -> str:
    rows = [f"{_when(case, row)}：{_length(row.amount, row.unit or one.unit)}" for row in one.amounts]
    longest = [f"最多延长 extended by at most {one.longest}"] if one.longest else []
    return "；".join([*rows, _length(one.amount, one.unit), *longest])


def _when(case: CaseType, row: Amount) -> str:
    said = []
    for name, value in row.when:
        field = next((field for field in case.fields if field.name == name), None)
        choice = dict(field.choices).get(value) if field else None
        said.append(both(choice) if choice else f"{name}={value}")
    if row.region:
        said.append(row.region)
    if row.on:
        said.append(_trigger(case, row.on))
    if row.since:
        said.append(f"{row.since} 起 from")
    if row.until:
        said.append(f"{row.until} 前 before")
    return "、".join(said)


def _trigger(case: CaseType, trigger: str) -> str:
    what, _, name = trigger.partition(":")
    if what == "open":
        return "提出时 at the opening"
    if what == "move":
        move = next((move for move in case.moves if move.name == name), None)
        return both(move.title) if move else "由动作 by a move"
    into = "进入 into" if what == "into" else "离开 leaving"
    return f"{into} {both(case.state(name).title)}"


def _rules(case: CaseType, one: Clock) -> str:
    said = [f"起 starts: {'、'.join(_trigger(case, t) for t in triggers(one.starts))}"]
    if stops := triggers(one.stops):
        said.append(f"止 stops: {'、'.join(_trigger(case, t) for t in stops)}")
    if resets := triggers(one.resets):
        said.append(f"重新起算 starts again: {'、'.join(_trigger(case, t) for t in resets)}")
    if one.pauses == ():
        said.append("不停 never stands still")
    elif one.statutory:
        said.append("只因法定理由停 stands still on a statutory ground only")
    return "；".join(said)


def _comes_to(case: CaseType, one: Clock, known: Registry) -> str:
    said = [_stage(stage, known) for stage in one.escalations]
    if one.out:
        move = case.move(one.out.move)
        by = "由人签办 signed by a person" if one.out.signed else "平台办理 by the platform"
        said.append(f"届满 run out: {both(move.title)}（{by}；{both(one.out.basis)}）")
    return "；".join(said)


def _stage(stage: Escalation, known: Registry) -> str:
    whom = both(WHOM[stage.to]) if stage.to in WHOM else who(stage.to, known)
    above = f" +{stage.level - 1}" if stage.level > 1 else ""
    return f"{stage.at:.0%} → {whom}{above}"
