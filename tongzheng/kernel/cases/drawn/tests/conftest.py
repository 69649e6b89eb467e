"""An office that draws a process, publishes it and works by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from tongzheng.kernel.cases import calendars, declarations, numbers, people
from tongzheng.kernel.cases.drawn import living
from tongzheng.kernel.core import clock
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor, PostView

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=clock.CHINA)


@dataclass(frozen=True)
class Office:
    """Who acts in these tests."""

    id: int
    other: int
    drawer: Actor
    publisher: Actor
    clerk: Actor
    chief: Actor
    stranger: Actor
    citizen: Actor


def _forget() -> None:
    for module in (calendars, declarations, numbers, people, living):
        module.forget()


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    _forget()
    yield
    _forget()


@pytest.fixture
def office(db: object) -> Office:
    """An office with people, and another one."""
    identity.load_regions()
    here, other = identity.ensure_organisations(
        actor=identity.SYSTEM,
        rows=[
            identity.NewOrganisation("离石区行政审批局", "government", "", "141102", short="审批局"),
            identity.NewOrganisation("文水县住房和城乡建设局", "government", "", "141121", short="住建局"),
        ],
    )

    def actor(id: int, name: str, organisation: int, region: str, *actions: str, reach: str = "own") -> Actor:
        held = {f"cases.process_{action}": reach for action in actions} | {"definitions.read": "region"}
        return Actor(id, name, "staff", (PostView(id, "科员", organisation, "审批局", region, held),))

    return Office(
        here,
        other,
        drawer=actor(21, "画＊", here, "141102", "draw", "read", reach="region"),
        publisher=actor(22, "发＊", here, "141102", "publish", "draw", "read", reach="region"),
        clerk=actor(23, "经＊", here, "141102", "work", "read"),
        chief=actor(24, "科＊", here, "141102", "work", "read"),
        stranger=actor(25, "外＊", other, "141121", "work", "read"),
        citizen=Actor(26, "马小云", "citizen"),
    )


@pytest.fixture
def morning() -> Iterator[datetime]:
    """It is a Monday morning."""
    with clock.at(MORNING):
        yield MORNING
