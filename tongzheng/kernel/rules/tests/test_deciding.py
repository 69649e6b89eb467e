"""Decisions that officials keep: what was declared holds until a second person publishes; old cases keep their version."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Fault, Invalid, Missing, Refused
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.rules import api
from tongzheng.kernel.rules.checks import faults
from tongzheng.kernel.rules.deciding import KIND, origin
from tongzheng.kernel.rules.definable import blank
from tongzheng.kernel.rules.dmn.reading import read
from tongzheng.kernel.rules.grids import Grid, declared_grid, grid_of, to_dmn
from tongzheng.kernel.rules.trying import asks, check, parts, simulate, try_out

from .conftest import LIMIT, Desk

pytestmark = pytest.mark.django_db
FACTS = {"kind": "help", "urgent": False}


def rows(limit: str, *texts: str, expected: int = 4) -> str:
    """Return a model whose table has these rows, with one test row."""
    cells = tuple((*(cell.strip() for cell in text.split("|")), "") for text in texts)
    table = replace(LIMIT, examples=(replace(LIMIT.examples[0], result=expected),))
    return to_dmn(limit, table, replace(declared_grid(LIMIT), rows=cells))


def published(limit: str, desk: Desk, *texts: str, **more: Any) -> definitions.VersionView:
    body = rows(limit, *(texts or ('"help" | - | 4', "- | - | 5")))
    try:
        draft = definitions.begin(
            KIND, limit, actor=desk.drafter, title=T("时限", "Limit"), organisation=desk.office, content=body
        )
    except Fault:
        draft = definitions.begin(KIND, limit, actor=desk.drafter, content=body)
    draft = definitions.propose(draft.id, actor=desk.drafter, lock=draft.lock)
    return definitions.decide(draft.id, actor=desk.publisher, lock=draft.lock, approve=True, **more)


def test_what_was_declared_holds_until_a_version_is_published(limit: str, desk: Desk) -> None:
    assert api.decide(limit, facts=FACTS) == api.Decided(3, 0)
    assert api.decide(limit, facts={"kind": "help", "urgent": True}).result == 1
    version = published(limit, desk)
    assert api.decide(limit, facts=FACTS) == api.Decided(4, version.id)


def test_an_old_case_keeps_the_rules_it_was_judged_by(limit: str, desk: Desk) -> None:
    before = clock.now() - timedelta(seconds=1)
    first = published(limit, desk)
    second = published(limit, desk, "- | - | 4")
    report = {"kind": "report", "urgent": False}
    assert api.decide(limit, facts=report) == api.Decided(4, second.id)
    assert api.decide(limit, facts=report, version=first.id).result == 5
    assert api.decide(limit, facts=FACTS, version=0).result == 3
    assert api.decide(limit, facts=FACTS, at=before) == api.Decided(3, 0)


def test_a_table_may_ask_what_day_it_is(limit: str, desk: Desk) -> None:
    published(limit, desk, "- | - | if today() = date(2026, 11, 23) then 4 else 4 + 0 * today().day")
    with clock.at(datetime(2026, 11, 23, 9, tzinfo=clock.CHINA) + timedelta(days=400)):
        assert api.decide(limit, facts=FACTS).result == 4


def test_a_version_of_something_else_is_not_taken(limit: str, desk: Desk) -> None:
    other = published("other.limit", desk)
    for version in (other.id, 10**9):
        with pytest.raises(Missing):
            api.decide(limit, facts=FACTS, version=version)
    with pytest.raises(Missing):
        api.decide("nobody.knows", facts={})


def test_the_one_who_drew_a_table_cannot_publish_it(limit: str, world: Any, desk: Desk) -> None:
    both = world.staff(desk.office, "definitions.designer", "definitions.publisher")
    with pytest.raises(Refused):
        published(limit, replace(desk, drafter=both, publisher=both))
    assert api.decide(limit, facts=FACTS).version == 0


@pytest.mark.parametrize(
    ("texts", "place", "words"),
    [
        (('"help" | - | 4 +',), "decision:1,3", "“limit”第 1 行第 3 列（工作日）：表达式没有写完"),
        (("help me | - | 4",), "decision:1,1", "“limit”第 1 行第 1 列（类别）：没有“help me”"),
        (("- | [1.. | 4",), "decision:1,2", "“limit”第 1 行第 2 列（紧急）：表达式没有写完"),
    ],
)
def test_a_mistake_points_at_its_cell_and_forbids_publishing(
    limit: str, desk: Desk, texts: tuple[str, ...], place: str, words: str
) -> None:
    (found,) = check(rows(limit, *texts))
    assert (found.level, found.place, found.words.zh) == ("error", place, words)
    with pytest.raises(Invalid):
        published(limit, desk, *texts)


def test_a_failing_test_row_forbids_publishing(limit: str, desk: Desk) -> None:
    (outcome,) = try_out(rows(limit, "- | - | 9"), None)
    assert (outcome.kind, outcome.passed, outcome.words.zh) == ("test", False, "应为 4，得到 9")
    with pytest.raises(Invalid):
        published(limit, desk, "- | - | 9")
    assert api.decide(limit, facts=FACTS).version == 0


def test_a_trial_shows_the_decisions_that_would_come_out_differently(limit: str) -> None:
    api.decide(limit, facts=FACTS, subject="case:GR1")
    api.decide(limit, facts={"kind": "consult", "urgent": True}, subject="case:GR2")
    api.decide(limit, facts=FACTS, subject="case:GR3", record=False)
    found = [one for one in try_out(rows(limit, '"help" | - | 4', "- | - | 1"), None) if one.kind == "case"]
    assert [(one.title.zh[:3], one.passed, one.words.zh) for one in found] == [
        ("GR2", True, "当时 1，现在 1"),
        ("GR1", False, "当时 3，现在 4"),
    ]
    assert found[1].href == "/work/cases/GR1/"


def test_a_decision_is_two_statements_and_its_facts_are_sealed(
    limit: str, django_assert_num_queries: Any
) -> None:
    from django.db import connection

    api.decide(limit, facts=FACTS)
    with django_assert_num_queries(2):
        api.decide(limit, facts={**FACTS, "name": "张三"}, subject="case:9")
    with connection.cursor() as cursor:
        cursor.execute("SELECT facts, result FROM rules_evaluation WHERE subject = 'case:9'")
        facts, result = cursor.fetchone()
    assert "张三".encode() not in bytes(facts)
    assert result == "3"


def test_rolling_back_brings_the_earlier_rows_back(limit: str, desk: Desk) -> None:
    first = published(limit, desk)
    second = published(limit, desk, "- | - | 4")
    back = definitions.roll_back(first.id, actor=desk.publisher, instead_of=second.id, reason="判错了三件")
    assert api.decide(limit, facts={"kind": "report", "urgent": False}) == api.Decided(5, back.id)


@pytest.mark.parametrize(
    "facts", [{"kind": ["x"]}, {"kind": 3}, {}, {"kind": "nobody knows", "urgent": None}, {"x": {"y": [1]}}]
)
def test_odd_facts_give_a_result_or_null_with_a_reason(limit: str, facts: dict[str, Any]) -> None:
    found = api.decide(limit, facts=facts)
    assert found.result is not None or found.notes


def test_facts_that_are_no_values_are_refused(limit: str) -> None:
    for value in (object(), float("nan"), float("inf"), Decimal("nan"), {1, 2}, "a\x00b", 10**400, "\ud800"):
        with pytest.raises(Invalid):
            api.decide(limit, facts={"kind": value})


def test_a_table_is_the_same_after_it_was_written_as_dmn(limit: str) -> None:
    grid = Grid(
        "C+",
        ("kind", "urgent"),
        ("days",),
        (('"a<b"', "-", "1", "备 & 注"), ("-", "true", "2", "")),
        ("类别", "紧急", "工作日"),
    )
    found = read(to_dmn(limit, LIMIT, grid)).elements["decision"]
    assert grid_of(found) == grid
    assert next((one.name, one.facts) for one in found.examples) == (
        "普通求助",
        '{"kind": "help", "urgent": false}',
    )


def test_a_draft_is_tried_with_sample_facts(limit: str) -> None:
    asked = asks(origin(limit))
    assert [(one.name, one.title.zh, one.kind, one.choices) for one in asked] == [
        ("kind", "类别", "text", ("consult", "help", "report")),
        ("urgent", "紧急", "bool", ()),
    ]
    found = simulate(origin(limit), {"kind": "help", "urgent": True})
    assert [(step.place, step.value) for step in found.steps] == [("2,0", "1"), ("3,0", "3"), ("4,0", "5")]
    assert found.results == (("办理时限", "1"),)


def test_two_versions_differ_by_row(limit: str) -> None:
    before, after = parts(rows(limit, "- | - | 4")), parts(rows(limit, "- | - | 5"))
    assert {place for place in before if before[place] != after[place]} == {"row_1"}
    assert (before["row_1"], after["row_1"]) == ("- | - → 4", "- | - → 5")


@pytest.mark.parametrize(
    "content", ["", "x", "<a/>", "<!DOCTYPE d [<!ENTITY a 'b'>]><d>&a;</d>", "\x00", "<definitions/>"]
)
def test_any_text_is_checked_without_breaking(content: str) -> None:
    assert [one.level for one in check(content)] == ["error"]


def test_a_blank_is_sound() -> None:
    content = blank(T("停车费", "Parking fee"))
    assert check(content) == ()
    assert [one.passed for one in try_out(content, None)] == [True]


def test_the_inspection_runs_declared_examples(limit: str) -> None:
    assert [fault for fault in faults(registry) if "rulestest" in fault] == []
    registry._things[type(LIMIT), "rulestest.limit"] = replace(
        LIMIT, rows=(*LIMIT.rows[:1], ("-", "-", "x +"))
    )
    assert any("row 2, column 3" in fault for fault in faults(registry))


def test_the_demo_table_is_sound_and_its_change_shows_whom_it_would_help(world: Any, limit: str) -> None:
    from tongzheng.kernel.rules import demo
    from tongzheng.kernel.rules.kinds import DecisionTable

    content = to_dmn(demo.KEY, demo.RELIEF)
    assert check(content) == ()
    assert [one.passed for one in try_out(content, None)] == [True, True, True]
    assert isinstance(demo.RELIEF, DecisionTable)
