"""A type of case with every kind of clock: promised and statutory, to supplement and to deliver; and who works on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.kinds import (
    APPLICANT,
    STATUTORY_GROUNDS,
    Amount,
    CaseType,
    Clock,
    Escalation,
    Field,
    Ground,
    Move,
    RunsOut,
    State,
)
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.registry import System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.identity.kinds import Action
from tongzheng.kernel.messages.kinds import Template

BASIS = T("《行政许可法》第四十二条", "Administrative Licence Law, article 42")
ONSITE = Ground("onsite", T("现场核查", "On-site check"), BASIS, statutory=False)
KIND = (("simple", T("简单", "simple")), ("hard", T("复杂", "hard")))


def _move(name: str, source: str, target: str, by: str, **more: Any) -> Move:
    return Move(name, T(name, name), tuple(source.split()), target, by, BASIS, **more)


PERMIT = CaseType(
    name="permit",
    title=T("许可", "Permit"),
    prefix="XK",
    start="received",
    states=(
        State("received", T("已收件", "Received")),
        State("correcting", T("待补正", "To be supplemented"), phase="paused"),
        State("reviewing", T("审查中", "Under review")),
        State("special", T("特别程序", "Special procedure"), phase="paused"),
        State("granted", T("准予", "Granted")),
        State("closed", T("办结", "Closed"), phase="closed"),
        State("lapsed", T("视为撤回", "Deemed withdrawn"), phase="closed"),
    ),
    moves=(
        _move("ask", "received", "correcting", "permits.accept", to="applicant", clock="pause"),
        _move("supply", "correcting", "received", APPLICANT, to="previous", clock="resume"),
        _move("lapse", "correcting", "lapsed", "permits.accept", to="nobody", after="supplement"),
        _move("accept", "received", "reviewing", "permits.accept", claims=True, clock="start"),
        _move(
            "special",
            "reviewing",
            "special",
            "permits.accept",
            clock="pause",
            grounds=(*STATUTORY_GROUNDS, ONSITE),
            tells=("permits.told",),
            document=T("特别程序告知书", "Notice"),
        ),
        _move("resume", "special", "reviewing", "permits.accept", clock="resume"),
        _move(
            "more", "reviewing", "", "permits.accept", clock="ask", extend_limit=10, clocks=("promised", "statutory")
        ),
        _move("allow", "reviewing", "", "permits.decide", clock="allow", clocks=("promised", "statutory")),
        _move("deny", "reviewing", "", "permits.decide", clock="deny", clocks=("promised", "statutory")),
        _move("grant", "reviewing", "granted", "permits.decide", clock="stop"),
        _move("deliver", "granted", "closed", "permits.accept", to="nobody"),
        _move("reopen", "closed", "reviewing", APPLICANT, to="previous", within=(5, "working_day")),
    ),
    opens="permits.open",
    reads="permits.read",
    basis=BASIS,
    fields=(Field("kind", T("类型", "Kind"), "choice", choices=KIND),),
    clock=Clock(
        "promised",
        T("承诺时限", "Promised limit"),
        "working_day",
        5,
        BASIS,
        starts=("move", "move:reopen"),
        amounts=(
            Amount(2, on="move:reopen"),
            Amount(48, when=(("kind", "hard"),), region="141121", unit="hour"),
            Amount(8, when=(("kind", "hard"),)),
        ),
        escalations=(
            Escalation(0.6, "handler"),
            Escalation(1.0, "handler", urgent=True),
            Escalation(1.0, "superior", urgent=True),
            Escalation(1.4, "superior", level=2),
        ),
    ),
    clocks=(
        Clock(
            "statutory", T("法定时限", "Statutory limit"), "working_day", 20, BASIS, starts="move", statutory=True,
            longest=10,
        ),
        Clock(
            "supplement",
            T("补正期限", "Time to supplement"),
            "working_day",
            5,
            BASIS,
            starts="into:correcting",
            stops="out:correcting",
            pauses=(),
            whose="applicant",
            escalations=(Escalation(0.6, "applicant"),),
            out=RunsOut("lapse", BASIS),
        ),
        Clock(
            "delivery", T("送达期限", "Delivery"), "working_day", 10, BASIS, starts="into:granted", stops="out:granted"
        ),
    ),
)  # fmt: skip
TOLD = Template("told", T("告知", "Told"), T("告知", "Told"), T("{number}", "{number}"))


@pytest.fixture
def permits(_declared: None) -> Iterator[None]:
    """The type is declared."""
    actions = tuple(
        Action(name, T(name, name), open_to=("citizen",) if name == "open" else ())
        for name in ("open", "accept", "decide", "read")
    )
    registry.add(
        System("permits", "kernel", "", T("许可", "p"), T("许可", "p"), declares=(PERMIT, TOLD, *actions))
    )
    yield
    del registry.systems["permits"]
    for key in [key for key in registry._things if key[1].startswith("permits.")]:
        del registry._things[key]


@pytest.fixture
def officer(permits: None, city: Any) -> Actor:
    """Who works on permits at the company."""
    post = replace(city.clerk.posts[0], actions={"permits.accept": "own", "permits.read": "own"}, roles=())
    return Actor(12, "李＊", "staff", (post,))


@pytest.fixture
def head(permits: None, city: Any) -> Actor:
    """Who decides on permits there."""
    post = replace(
        city.clerk.posts[0], id=9, title="负责人", actions={"permits.decide": "own", "permits.read": "own"}
    )
    return Actor(19, "周＊", "staff", (post,))


def opened(city: Any, kind: str = "simple", region: str = "141102001", **more: Any) -> api.CaseView:
    """Return a permit applied for by the citizen."""
    return api.open_case(
        "permits.permit",
        actor=city.citizen,
        title="设立",
        facts={"kind": kind},
        region=region,
        organisation=city.company,
        **more,
    )


def at(text: str) -> datetime:
    """Return a moment in China."""
    return datetime.fromisoformat(text).replace(tzinfo=clock.CHINA)
