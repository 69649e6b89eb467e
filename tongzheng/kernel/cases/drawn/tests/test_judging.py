"""A business-rule task takes its decision by the table in force, and the case remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.drawn import judging, stepping
from tongzheng.kernel.core.errors import Conflict, Invalid
from tongzheng.kernel.core.registry import System, registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.rules.kinds import Column, DecisionTable, Example

from .build import END, el, flows
from .conftest import Office
from .test_life import START, opened, published

REVIEW = DecisionTable(
    "review",
    T("谁来审", "Who reviews"),
    basis=T("内部规定", "House rules"),
    inputs=(Column("people", T("人数", "People"), "number"),),
    results=(Column("level", T("层级", "Level")),),
    rows=(("> 10", '"chief"'), ("<= 10", '"clerk"')),
    examples=(Example("小", {"people": 3}, "clerk"),),
)
BY_TABLE = (
    START,
    el("businessRuleTask", "r", tongzheng__decision="judgingtest.review", tongzheng__result="level"),
    el("exclusiveGateway", "g", default="g_check"),
    el("userTask", "check", name="初审", tongzheng__en="First review"),
    el("userTask", "chief", name="科长复核", tongzheng__en="Chief’s review"),
    END,
    flows("s r", "r g", 'g chief: level = "chief"', "g check", "check e", "chief e"),
)


@pytest.fixture
def table() -> Iterator[None]:
    registry.add(System("judgingtest", "public", "", T("试", "Trial"), T("试", "Trial"), declares=(REVIEW,)))
    yield
    del registry.systems["judgingtest"]
    del registry._things[DecisionTable, "judgingtest.review"]


@pytest.mark.parametrize(("people", "state"), [(30, "chief"), (3, "check")])
def test_the_table_decides_the_way(
    table: None, office: Office, morning: Any, people: int, state: str
) -> None:
    assert "judgingtest.review" in judging.decisions()
    published(office, *BY_TABLE)
    case = opened(office, people=people)
    assert case.state == state
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT decision, version, result FROM rules_evaluation WHERE subject = %s",
            [f"case:{case.number}"],
        )
        assert cursor.fetchall() == [("judgingtest.review", 0, '"chief"' if people > 10 else '"clerk"')]


def test_a_decision_that_nobody_offers_forbids_publishing(office: Office) -> None:
    with pytest.raises(Invalid):
        published(office, *BY_TABLE)
    assert api.inbox(actor=office.clerk).rows == ()


def test_a_decision_of_a_step_that_lost_is_not_kept(
    table: None, office: Office, morning: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = (
        START,
        el("userTask", "a", name="受理"),
        *BY_TABLE[1:-1],
        flows("s a", "a r", "r g", "g check", "check e"),
    )
    later = (*later, flows('g chief: level = "chief"', "chief e"))
    published(office, *later)
    case = opened(office, people=30)
    loaded = stepping.load(case.id)
    api.add_note(case.id, actor=office.clerk, note="旁注，不碍事")
    loaded.record.version = 9  # somebody else was quicker
    monkeypatch.setattr(stepping, "load", lambda _case: loaded)
    with pytest.raises(Conflict):
        api.move_case(case.id, "@a", actor=office.clerk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM rules_evaluation WHERE subject = %s", [f"case:{case.number}"])
        assert cursor.fetchone() == (0,)
