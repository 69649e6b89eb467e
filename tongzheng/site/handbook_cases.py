"""The part of the handbook about cases: states, the table of moves with its legal bases, the form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tongzheng.kernel.cases.kinds import CaseType, Field, Move
from tongzheng.kernel.core.registry import Registry, System
from tongzheng.kernel.core.text import T

from .handbook_clocks import clocks
from .handbook_together import together
from .handbook_words import both, code, table, who

PHASES = {
    "open": T("办理中", "open"),
    "paused": T("计时停止", "clock stopped"),
    "closed": T("结束", "closed"),
}
CLOCKS = {
    "": "",
    "start": "开始 start",
    "pause": "暂停 pause",
    "resume": "恢复 resume",
    "stop": "停止 stop",
    "extend": "延长 extend",
    "ask": "申请延长 ask for more",
    "allow": "准予延长 allow",
    "deny": "不予延长 deny",
}
HOLDERS = {
    "same": "",
    "chosen": "所选单位 body chosen",
    "opener": "收件单位 body that opened it",
    "previous": "前一单位 body before",
    "applicant": "申请人 applicant",
    "nobody": "",
    "adjudicator": "第三方 third party",
}


def cases(system: System, known: Registry) -> Iterator[str]:
    """Yield the lines about every case type of a system."""
    for case in [thing for thing in system.declares if type(thing) is CaseType]:
        yield from _case(f"{system.slug}.{case.name}", case, known)


def _case(id: str, case: CaseType, known: Registry) -> Iterator[str]:
    bases = _Bases()
    yield f"## {both(case.title)} `{id}`"
    yield ""
    yield f"- 依据 Basis: {both(case.basis)}"
    yield f"- 编号 Numbers begin with `{case.prefix}`; 保存 kept for {case.retention_years} years"
    yield f"- 提出 Opened by {who(case.opens, known)}{'，可不登录 without signing in' if case.anonymous else ''}"
    yield f"- 查看 Read by {who(case.reads, known)}"
    if case.public:
        yield "- 凭编号和查询码可查进度 Followed with its number and query code"
    if case.review:
        yield "- 办结后申请人可评价一次 Reviewed once by its applicant when closed"
    yield ""
    yield from clocks(case, known)
    yield "### 环节 States"
    yield ""
    yield from table(
        ("", "环节 State", "性质 Phase", "对外说法 Told to the public"),
        (
            (
                f"`{s.name}`{' →' if s.name == case.start else ''}",
                both(s.title),
                both(PHASES[s.phase]),
                both(s.public),
            )
            for s in case.states
        ),
    )
    yield "### 动作 Moves"
    yield ""
    yield from table(
        ("动作 Move", "从 From", "到 To", "谁 By", "要求 Asks", "时限 Clock", "随后 Then", "依据 Basis"),
        (
            (
                f"**{both(m.title)}** `{m.name}`",
                "、".join(case.state(s).title.zh for s in m.source),
                case.state(m.target).title.zh if m.target else "不变 stays",
                who(m.by, known),
                _asks(m),
                CLOCKS[m.clock] + (f" ≤ {m.extend_limit}" if m.extend_limit else ""),
                _then(m),
                bases.number(m.basis),
            )
            for m in case.moves
        ),
    )
    yield from bases.lines()
    yield from together(case, known)
    if case.fields:
        yield "### 表单 Form"
        yield ""
        yield from _form(case.fields)


class _Bases:
    """Numbers the legal bases of a table, each once."""

    def __init__(self) -> None:
        self.found: list[T] = []

    def number(self, basis: T) -> str:
        if basis not in self.found:
            self.found.append(basis)
        return f"[{self.found.index(basis) + 1}]"

    def lines(self) -> Iterator[str]:
        for number, basis in enumerate(self.found, 1):
            yield f"- [{number}] {both(basis)}"
        yield ""


def _asks(move: Move) -> str:
    asked = []
    if move.note == "required":
        asked.append("说明 note")
    if move.to == "chosen":
        asked.append("单位 body")
    asked += [both(field.title) + ("" if field.required else "（选填 optional）") for field in move.form]
    if move.once:
        asked.append("只限一次 once only")
    if move.separate:
        asked.append("与上一步不同的人 another person than the last")
    return "; ".join(asked)


def _then(move: Move) -> str:
    then = [HOLDERS[move.to]] if HOLDERS[move.to] else []
    if move.claims:
        then.append("由办理人认领 the mover becomes handler")
    if move.document:
        then.append(f"出具 issues {both(move.document)}")
    if move.tells:
        then.append(f"通知 tells {code(*move.tells)}")
    return "; ".join(then)


def _form(form: Iterable[Field]) -> Iterator[str]:
    def rules(field: Field) -> str:
        found = ["必填 required" if field.required else "选填 optional"]
        if field.personal:
            found.append("个人信息，加密、脱敏 personal: sealed and masked")
        if field.when:
            found.append(f"仅当 only if `{field.when[0]}` = `{field.when[1]}`")
        found += [", ".join(both(title) for _, title in field.choices)] if field.choices else []
        return "; ".join(found)

    yield from table(
        ("", "项目 Entry", "类型 Kind", "规则 Rules"),
        ((f"`{f.name}`", both(f.title), f.kind, rules(f)) for f in form),
    )
