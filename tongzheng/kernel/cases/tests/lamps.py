"""A type of case that several bodies work on together: broken street lamps, merged, objected to, handled jointly."""

from __future__ import annotations

from tongzheng.kernel.cases.kinds import (
    APPLICANT,
    CaseType,
    Check,
    Clock,
    Field,
    Merging,
    Move,
    Objection,
    State,
    Subtask,
)
from tongzheng.kernel.core.text import T


def lamp(basis: T) -> CaseType:
    """Return the type, resting on `basis`."""

    def move(name: str, title: str, source: str, target: str, by: str, **more: object) -> Move:
        return Move(name, T(title, name), tuple(source.split()), target, by, basis, **more)  # type: ignore[arg-type]

    return CaseType(
        name="lamp",
        title=T("路灯报修", "Street lamp"),
        prefix="LD",
        start="new",
        states=(
            State("new", T("待派单", "To be assigned")),
            State("working", T("办理中", "Being handled")),
            State("disputed", T("待裁定", "To be ruled on")),
            State("answered", T("已答复", "Answered")),
            State("closed", T("办结", "Closed"), phase="closed"),
            State("withdrawn", T("撤回", "Withdrawn"), phase="closed"),
        ),
        moves=(
            move("assign", "派单", "new", "working", "casetest.dispatch", to="chosen"),
            move(
                "object",
                "提出异议",
                "working",
                "disputed",
                "casetest.handle",
                to="adjudicator",
                note="required",
                fields=(
                    Field(
                        "ground",
                        T("理由", "Ground"),
                        kind="choice",
                        choices=(("duty", T("非本单位职责", "Not our duty")),),
                    ),
                ),
            ),
            move(
                "rule",
                "裁定",
                "disputed",
                "working",
                "casetest.judge",
                to="chosen",
                note="required",
                fields=(Field("basis", T("依据", "Basis"), max_length=300),),
            ),
            move("take", "认领", "working", "", "casetest.handle", claims=True),
            move(
                "answer",
                "答复",
                "working",
                "answered",
                "casetest.handle",
                to="opener",
                clock="stop",
                note="required",
                document=T("答复书", "Answer"),
                tells=("casetest.moved",),
            ),
            move(
                "close",
                "办结",
                "answered",
                "closed",
                "casetest.dispatch",
                to="nobody",
                tells=("casetest.moved",),
            ),
            move("call", "回访", "answered", "", "casetest.dispatch"),
            move(
                "withdraw", "撤回", "new working answered", "withdrawn", APPLICANT, to="nobody", clock="stop"
            ),
        ),
        opens="casetest.open",
        reads="casetest.read",
        review=True,
        basis=basis,
        clock=Clock("promised", T("承诺时限", "Promised limit"), "working_day", 5, basis),
        fields=(
            Field("place", T("地点", "Place"), kind="place"),
            Field("caller", T("来电人", "Caller"), required=False, personal=True),
        ),
        merging=Merging(
            by="casetest.dispatch",
            states=("new",),
            leads=("new", "working"),
            shares=("answer", "close"),
            own=("call",),
            basis=basis,
            most=50,
            tells=("casetest.moved",),
        ),
        subtasks=(
            Subtask(
                "opinion",
                T("协办意见", "Opinion"),
                states=("working",),
                by="casetest.handle",
                does="casetest.advise",
                basis=basis,
                amount=2,
                answers=(("yes", T("同意", "Agreed")), ("no", T("不同意", "Not agreed"))),
                blocks=("answer",),
                silence="yes",
                sees=("place",),
            ),
            Subtask(
                "round",
                T("依次会签", "Countersigning"),
                states=("working",),
                by="casetest.handle",
                does="casetest.advise",
                basis=basis,
                amount=1,
                answers=(("yes", T("同意", "Agreed")), ("no", T("不同意", "Not agreed"))),
                order="sequential",
                blocks=("answer",),
            ),
        ),
        objection=Objection("object", "rule", within=1, amount=2, basis=basis),
        checklist=(Check("seen", T("已到现场", "Seen on site"), ("working",), basis, blocks=("answer",)),),
    )
