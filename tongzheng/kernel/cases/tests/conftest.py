"""A small system that exists only here: repairs of heating, with every kind of move; and the people it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from tongzheng.kernel.cases import calendars, declarations, numbers, people
from tongzheng.kernel.cases.kinds import APPLICANT, CaseType, Clock, Field, Move, State
from tongzheng.kernel.cases.kinds import SYSTEM as PLATFORM
from tongzheng.kernel.cases.tests.lamps import lamp
from tongzheng.kernel.cases.tests.permits import head, officer, permits  # noqa: F401
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.registry import System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor, PostView
from tongzheng.kernel.identity.kinds import Action
from tongzheng.kernel.messages.kinds import Template

BASIS = T("《行政许可法》第四十二条", "Administrative Licence Law, article 42")
FIELDS = (
    Field("place", T("地点", "Place"), kind="place"),
    Field("what", T("描述", "Description"), kind="long", required=False, max_length=2000),
    Field("id_number", T("身份证号", "ID number"), kind="id_number", required=False, personal=True),
)


def _move(name: str, title: str, source: str, target: str, by: str, **more: object) -> Move:
    return Move(name, T(title, name), tuple(source.split()), target, by, BASIS, **more)  # type: ignore[arg-type]


REPAIR = CaseType(
    name="repair",
    title=T("供热报修", "Heating repair"),
    prefix="GR",
    paper="供热",
    start="new",
    states=(
        State("new", T("待派单", "To be assigned")),
        State("assigned", T("待签收", "To be signed for")),
        State("working", T("办理中", "Being handled"), public=T("处理中", "In hand")),
        State("inspecting", T("现场勘验", "Site inspection"), phase="paused"),
        State("waiting", T("待补正", "To be supplemented"), phase="paused"),
        State("answered", T("已答复", "Answered")),
        State("closed", T("办结", "Closed"), phase="closed"),
        State("withdrawn", T("撤回", "Withdrawn"), phase="closed"),
    ),
    moves=(
        _move(
            "assign", "派单", "new", "assigned", "casetest.dispatch", to="chosen", tells=("casetest.moved",)
        ),
        _move("sign", "签收", "assigned", "working", "casetest.handle", claims=True),
        _move("return", "退单", "assigned", "new", "casetest.handle", to="previous", note="required"),
        _move(
            "inspect", "现场勘验", "working", "inspecting", "casetest.handle", clock="pause", note="required"
        ),
        _move("inspected", "勘验完毕", "inspecting", "working", "casetest.handle", clock="resume"),
        _move(
            "ask",
            "补正",
            "working",
            "waiting",
            "casetest.handle",
            to="applicant",
            clock="pause",
            once=True,
            note="required",
            document=T("补正告知书", "Supplement notice"),
            tells=("casetest.moved",),
        ),
        _move("supplement", "提交补正", "waiting", "working", APPLICANT, clock="resume"),
        _move("extend", "延期", "working", "", "casetest.handle", clock="extend", extend_limit=10, once=True),
        _move(
            "answer",
            "答复",
            "working",
            "answered",
            "casetest.handle",
            note="required",
            fields=(
                Field("cost", T("费用", "Cost"), kind="money", required=False),
                Field("witness", T("证明人电话", "Witness"), kind="phone", required=False, personal=True),
            ),
            document=T("答复书", "Answer"),
            tells=("casetest.moved",),
        ),
        _move(
            "close", "办结", "answered", "closed", "casetest.handle", separate=True, tells=("casetest.moved",)
        ),
        _move("withdraw", "撤回", "new assigned working", "withdrawn", APPLICANT),
        _move("lapse", "自动办结", "answered", "closed", PLATFORM),
    ),
    opens="casetest.open",
    reads="casetest.read",
    review=True,
    basis=BASIS,
    clock=Clock("promised", T("承诺时限", "Promised limit"), "working_day", 5, BASIS),
    fields=FIELDS,
)
MOVED = Template(
    "moved",
    T("进展通知", "Progress"),
    T("{type}进展", "{type} progress"),
    T("您的{type}（{number}）：{state}。", "Your {type} ({number}): {state}."),
    channels=("in_app", "sms"),
)
LAMP = lamp(BASIS)
ACTIONS = tuple(
    Action(name, T(name, name), open_to=("citizen",) if name == "open" else ())
    for name in ("open", "dispatch", "handle", "read", "judge", "advise")
)
MORNING = datetime(2026, 11, 20, 9, 0, tzinfo=clock.CHINA)
"""A Friday."""


@dataclass(frozen=True)
class City:
    """Who acts in these tests."""

    bureau: int
    company: int
    other: int
    agent: Actor
    clerk: Actor
    second: Actor
    stranger: Actor
    leader: Actor
    citizen: Actor


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    system = System(
        "casetest", "kernel", "", T("测", "t"), T("测", "t"), declares=(REPAIR, LAMP, MOVED, *ACTIONS)
    )
    registry.add(system)
    _forget()
    yield
    _forget()
    del registry.systems["casetest"]
    for key in [key for key in registry._things if key[1].startswith("casetest.")]:
        del registry._things[key]


def _forget() -> None:
    """Nothing that a process remembers of a database outlives it."""
    for module in (calendars, declarations, numbers, people):
        module.forget()


def _post(id: int, title: str, organisation: int, name: str, region: str, **actions: str) -> PostView:
    return PostView(
        id=id,
        title=title,
        organisation_id=organisation,
        organisation_name=name,
        region=region,
        actions={f"casetest.{action}": reach for action, reach in actions.items()},
    )


@pytest.fixture
def city(db: object) -> City:
    """A hotline bureau, a heating company, another body, and people in them."""
    identity.load_regions()
    bureau, company, other = identity.ensure_organisations(
        actor=identity.SYSTEM,
        rows=[
            identity.NewOrganisation("政务热线中心", "government", "", "141102", short="热线中心"),
            identity.NewOrganisation("离石区供热公司", "government", "", "141102", short="供热公司"),
            identity.NewOrganisation("文水县住房和城乡建设局", "government", "", "141121", short="住建局"),
        ],
    )
    agent = _post(1, "坐席", bureau, "热线中心", "141100", open="own", dispatch="region", read="region")
    clerk = _post(2, "运行科", company, "供热公司", "141102", handle="own", read="own")
    abroad = _post(4, "科员", other, "住建局", "141121", handle="own", read="own")
    leader = _post(5, "副区长", other, "离石区政府", "141102", read="region")
    return City(
        bureau,
        company,
        other,
        agent=Actor(11, "张＊", "staff", (agent,)),
        clerk=Actor(12, "李＊", "staff", (clerk,)),
        second=Actor(13, "王＊", "staff", (clerk,)),
        stranger=Actor(14, "赵＊", "staff", (abroad,)),
        leader=Actor(15, "孙＊", "staff", (leader,)),
        citizen=Actor(16, "马小云", "citizen", person_id=None),
    )


@pytest.fixture
def morning() -> Iterator[datetime]:
    """It is a Friday morning."""
    with clock.at(MORNING):
        yield MORNING
