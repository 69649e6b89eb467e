"""The case type that is measured: a ticket as the hotline has it, and the people who work on it."""

from __future__ import annotations

from dataclasses import dataclass

from bench.cases_pages import PASSWORD, PEOPLE
from tongzheng.kernel.cases.kinds import CaseType, Clock, Field, Move, State
from tongzheng.kernel.core.registry import System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor, PostView
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.messages.kinds import Template

BASIS = T("《政府热线服务规范》", "Specification for government hotlines")


def _move(name: str, title: str, source: str, target: str, by: str, **more: object) -> Move:
    return Move(name, T(title, name), (source,), target, by, BASIS, **more)  # type: ignore[arg-type]


TICKET = CaseType(
    name="ticket",
    title=T("工单", "Ticket"),
    prefix="BJ",
    start="new",
    states=(
        State("new", T("待派单", "To be assigned")),
        State("assigned", T("待签收", "To be signed for")),
        State("working", T("办理中", "Being handled")),
        State("answered", T("已答复", "Answered")),
        State("closed", T("办结", "Closed"), phase="closed"),
    ),
    moves=(
        _move(
            "assign", "派单", "new", "assigned", "benchcase.dispatch", to="chosen", tells=("benchcase.moved",)
        ),
        _move("sign", "签收", "assigned", "working", "benchcase.handle", claims=True),
        _move("note", "阶段反馈", "working", "working", "benchcase.handle", note="required"),
        _move(
            "answer",
            "答复",
            "working",
            "answered",
            "benchcase.handle",
            note="required",
            tells=("benchcase.moved",),
        ),
        _move("close", "办结", "answered", "closed", "benchcase.dispatch"),
    ),
    opens="benchcase.open",
    reads="benchcase.read",
    basis=BASIS,
    clock=Clock("promised", T("承诺时限", "Promised limit"), "working_day", 5, BASIS),
    fields=(
        Field("place", T("地点", "Place"), kind="place"),
        Field("what", T("内容", "Content"), kind="long", max_length=2000),
    ),
)
TYPE = "benchcase.ticket"
MOVED = Template(
    "moved",
    T("进展通知", "Progress"),
    T("{type}进展", "{type} progress"),
    T("您的{type}（{number}）：{state}。", "Your {type} ({number}): {state}."),
)
_ACTIONS = ("open", "dispatch", "handle", "read")
_full = tuple(f"benchcase.{name}" for name in _ACTIONS)
ROLES = (
    Role("agent", T("坐席", "Agent"), (_full[0], _full[1], _full[3], "trial.read"), reach="region"),
    Role("clerk", T("经办", "Clerk"), _full[2:]),
    Role("county", T("县区", "County"), _full[2:], reach="region"),
)


def declare() -> None:
    """Declare the ticket and the register that are measured, once in a process."""
    from tongzheng.kernel.registers.tests import trial

    if "trial" not in registry.systems:
        registry.add(trial.SYSTEM)
    if "benchcase" not in registry.systems:
        registry.add(
            System(
                "benchcase",
                "kernel",
                "",
                T("测速", "Bench"),
                T("测速", "Bench"),
                declares=(TICKET, MOVED, *ROLES, *(Action(name, T(name, name)) for name in _ACTIONS)),
            )
        )


@dataclass(frozen=True)
class Staff:
    """The people whose pages are measured, and the offices that work."""

    agent: Actor
    clerk: Actor
    county: Actor
    offices: list[int]
    clerks: dict[int, Actor]


def staff(offices: list[int]) -> Staff:
    """Return an agent of the whole city, a clerk of one office and a leader of one county."""

    def post(id: int, organisation: int, region: str, **actions: str) -> PostView:
        full = {f"benchcase.{name}": reach for name, reach in actions.items()}
        return PostView(id, "科员", organisation, "区住建局", region, full)

    agent = post(1, offices[0], "141100", open="own", dispatch="region", read="region")
    clerk = post(2, offices[1], "141121", handle="own", read="own")
    county = post(3, offices[1], "141121", handle="region", read="region")
    return Staff(
        Actor(2001, "张＊", "staff", (agent,)),
        Actor(2002, "李＊", "staff", (clerk,)),
        Actor(2003, "王＊", "staff", (county,)),
        offices,
        {
            office: Actor(
                3000 + n, "李＊", "staff", (post(10 + n, office, "141121", handle="own", read="own"),)
            )
            for n, office in enumerate(offices)
        },
    )


def offices(count: int = 208) -> list[int]:
    """Enter offices, by turns one of each county, and return their ids."""
    from bench.cases_fill import COUNTIES

    identity.load_regions()
    rows = [
        identity.NewOrganisation(
            f"测速单位{n:03d}", "government", "", COUNTIES[n % len(COUNTIES)], short=f"单位{n:03d}"
        )
        for n in range(count)
    ]
    return list(identity.ensure_organisations(actor=identity.SYSTEM, rows=rows))


def enter_people(offices: list[int]) -> None:
    """Enter the accounts of PEOPLE: agents of the whole city, clerks of one office each, readers of one county."""
    names = [(role, name) for role, named in PEOPLE.items() for name in named]
    accounts = identity.create_accounts(
        actor=identity.SYSTEM,
        rows=[identity.NewAccount(name, "王小明") for _, name in names],
        password=PASSWORD,
        must_change=False,
    )
    identity.ensure_posts(
        actor=identity.SYSTEM,
        rows=[
            identity.NewHolding(
                account,
                offices[n if role == "clerk" else 1 if role == "county" else 0],
                role,
                (f"benchcase.{role}",),
                "141100" if role == "agent" else "141121" if role == "county" else "",
            )
            for n, ((role, _), account) in enumerate(zip(names, accounts, strict=True))
        ],
    )
