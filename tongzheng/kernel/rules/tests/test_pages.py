"""The pages: tables drawn in words, tried with facts, drafted from what is in force."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.rules.deciding import KIND
from tongzheng.kernel.rules.kinds import Column
from tongzheng.kernel.rules.showing import cell

from .conftest import LIMIT, Desk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("-", "任意", "any"),
        ('"help"', "求助", "help"),
        ('"help", "report"', "求助、举报", "help, report"),
        ("true", "是", "yes"),
        (">= 3", "≥ 3", "≥ 3"),
        ("[1..5)", "[1..5)", "[1..5)"),
        ("x +", "x +", "x +"),
        ("null", "空", "empty"),
    ],
)
def test_a_cell_is_read_in_words(text: str, zh: str, en: str) -> None:
    column: Column = LIMIT.inputs[0]
    found = cell(text, column, True)
    assert (found.zh, found.en) == (zh, en)


def text(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def test_the_table_in_force_is_drawn_with_its_test_rows(limit: str, desk: Desk, world: Any) -> None:
    client = world.client(desk.drafter)
    assert "办理时限 rulestest.limit 试 《热线管理办法》第七条 出厂设定" in text(client.get("/rules/"))
    page = text(client.get(f"/rules/{limit}/"))
    assert "1 咨询 任意 1" in page
    assert "2 任意 是 1 紧急件" in page
    assert "普通求助 通过 应为 3，得到 3" in page


def test_the_rows_that_apply_are_marked(limit: str, desk: Desk, world: Any) -> None:
    client = world.client(desk.drafter)
    page = client.get(f"/rules/{limit}/", {"try": "1", "kind": "help", "urgent": "true"})
    assert page.content.decode().count('class="hit"') == 3
    assert "办理时限 ： 1" in text(page)
    assert client.get(f"/rules/{limit}/", {"try": "1", "urgent": "maybe"}).status_code == 200


def test_a_draft_is_begun_from_what_is_in_force(limit: str, desk: Desk, world: Any) -> None:
    client = world.client(desk.drafter)
    answer = client.post(f"/rules/{limit}/draft/")
    assert answer.status_code == 303
    (draft,) = definitions.history(KIND, limit, actor=desk.drafter).versions
    assert draft.state == "draft"
    assert answer.headers["Location"].endswith(f"/versions/{draft.id}/")
    assert client.get(answer.headers["Location"]).status_code == 200
    assert client.post(f"/rules/{limit}/draft/").status_code == 303


def test_strangers_and_unknown_tables_are_refused(limit: str, desk: Desk, world: Any) -> None:
    assert Client().get("/rules/").status_code in (302, 401)
    clerk = world.client(world.staff(world.office("窗口")))
    assert clerk.get(f"/rules/{limit}/").status_code == 403
    assert clerk.post(f"/rules/{limit}/draft/").status_code == 403
    assert world.client(desk.drafter).get("/rules/nobody.knows/").status_code == 404
