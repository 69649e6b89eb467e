"""A decision that exists only here, and the officials that it needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.world import World
from tongzheng.kernel.core.registry import System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.rules.kinds import Column, DecisionTable, Example

LIMIT = DecisionTable(
    "limit",
    T("办理时限", "Time limit"),
    basis=T("《热线管理办法》第七条", "Hotline rules, article 7"),
    inputs=(
        Column(
            "kind",
            T("类别", "Kind"),
            values=(
                ("consult", T("咨询", "question")),
                ("help", T("求助", "help")),
                ("report", T("举报", "report")),
            ),
        ),
        Column("urgent", T("紧急", "Urgent"), "boolean"),
    ),
    results=(Column("days", T("工作日", "Working days"), "number"),),
    rows=(('"consult"', "-", "1"), ("-", "true", "1", "紧急件"), ('"help"', "-", "3"), ("-", "-", "5")),
    examples=(
        Example("普通求助", {"kind": "help", "urgent": False}, 3),
        Example("紧急求助", {"kind": "help", "urgent": True}, 1),
    ),
    policy="F",
)


@pytest.fixture
def limit() -> Iterator[str]:
    """The id of a declared decision."""
    registry.add(System("rulestest", "public", "", T("试", "Trial"), T("试", "Trial"), declares=(LIMIT,)))
    yield "rulestest.limit"
    del registry.systems["rulestest"]
    del registry._things[DecisionTable, "rulestest.limit"]


@dataclass
class Desk:
    """Who draws and who publishes, and where."""

    office: int
    drafter: Actor
    publisher: Actor


@pytest.fixture
def desk(world: World) -> Desk:
    office = world.office("法规处")
    return Desk(
        office,
        world.staff(office, "definitions.designer", name="起草人"),
        world.staff(office, "definitions.publisher", name="审定人"),
    )
