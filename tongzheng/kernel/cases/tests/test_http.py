"""The JSON API by behaviour: the same answers and refusals as the pages, as data and as problems."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tongzheng.kernel.cases import api
from tongzheng.kernel.identity.api import NOBODY

from .test_life import EVERYTHING, counted, opened
from .test_merging import lamps
from .test_pages import As, as_, working

__all__ = ["as_"]


def post(client: Client, path: str, body: Any) -> Any:
    """Send JSON."""
    return client.post(path, json.dumps(body), content_type="application/json")


def test_work_is_listed_page_by_page_with_words_in_both_languages(as_: As, city: Any) -> None:
    numbers = {working(city).number for _ in range(3)}
    client = as_(city.clerk)
    first = client.get("/api/work/inbox/?limit=2").json()
    second = client.get(f"/api/work/inbox/?limit=2&after={first['after']}").json()
    assert {row["number"] for row in [*first["rows"], *second["rows"]]} == numbers
    assert second["after"] == ""
    row = first["rows"][0]
    assert row["left"] == {"zh": "剩 5 个工作日", "en": "5 working days left"}
    assert (row["light"], row["applicant_label"]) == ("green", "马＊＊")
    assert client.get("/api/work/counts/").json() == {
        "todo": 3,
        "mine": 3,
        "yellow": 0,
        "red": 0,
        "paused": 0,
    }


def test_lists_take_few_statements_however_many_rows(
    as_: As, city: Any, django_assert_num_queries: Any
) -> None:
    client = as_(city.clerk)
    for many in (1, 6):
        for _ in range(many):
            working(city)
        with django_assert_num_queries(1):
            client.get("/api/work/inbox/")


def test_a_sheet_is_data_and_its_personal_entries_are_masked(as_: As, city: Any) -> None:
    case = working(city)
    body = as_(city.clerk).get(f"/api/work/cases/{case.number}/").json()
    facts = {fact["name"]: fact["shown"]["zh"] for fact in body["facts"]}
    assert facts["id_number"] == "1101············2X"
    assert body["case"]["version"] == case.version
    assert [event["kind"] for event in body["timeline"]] == ["open", "move", "move"]
    moves = {move["name"]: move for move in body["moves"]}
    assert moves["answer"]["allowed"] is True
    assert moves["answer"]["form"][0]["name"] == "cost"
    assert "11010519491231002X" not in json.dumps(body)


def test_a_move_is_made_once_and_a_second_of_the_same_version_is_a_conflict(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    path = f"/api/work/cases/{case.number}/moves/answer/"
    given = {"version": case.version, "note": "已换阀门", "data": {"cost": "12.50"}}
    done = post(client, path, given)
    assert (done.status_code, done.json()["state"], done.json()["version"]) == (
        200,
        "answered",
        case.version + 1,
    )
    before = counted(*EVERYTHING)
    again = post(client, path, given)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert again["Content-Type"].startswith("application/problem+json")
    assert counted(*EVERYTHING) == before


@pytest.mark.parametrize(
    "body",
    [
        {"version": 3, "note": "x", "data": {"cost": "1.234"}},
        {"version": 3, "note": "", "data": {}},
        {"version": 3, "note": "x", "data": {"role": "admin"}},
        {"version": 3, "note": "x", "days": 4},
        {"version": 3, "note": "x", "role": "admin"},
        {"version": "three", "note": "x"},
        {"note": "x"},
        {"version": 3, "note": "x" * 5000},
        {"version": 3, "note": "x", "data": {"cost": {"a": [1, {"b": None}]}}},
        {"version": 3, "note": "a\0b"},
        {"version": 3, "note": "\ud800"},
        {"version": 3, "note": "x", "data": {"cost": "\ud800", "\ud800": 1}},
        {"version": 2**70, "note": "x"},
        [],
        None,
    ],
)
def test_a_bad_body_is_told_by_field_and_does_nothing(as_: As, city: Any, body: Any) -> None:
    case, client = working(city), as_(city.clerk)
    before = counted(*EVERYTHING)
    answer = post(client, f"/api/work/cases/{case.number}/moves/answer/", body)
    assert answer.status_code in (409, 422)
    assert answer["Content-Type"].startswith("application/problem+json")
    assert answer.json()["status"] == answer.status_code
    assert counted(*EVERYTHING) == before


def test_refusals_are_problems_and_leave_nothing(as_: As, city: Any) -> None:
    case = working(city)
    before = counted(*EVERYTHING)
    path, given = f"/api/work/cases/{case.number}/moves/answer/", {"version": case.version, "note": "x"}
    assert post(as_(city.leader), path, given).status_code == 403
    assert post(as_(city.stranger), path, given).status_code in (403, 404)
    assert post(as_(NOBODY), path, given).status_code == 401
    assert as_(city.stranger).get(f"/api/work/cases/{case.number}/").status_code == 404
    assert as_(NOBODY).get("/api/work/inbox/").status_code == 401
    assert post(as_(city.leader), f"/api/work/cases/{case.number}/notes/", {"note": "x"}).status_code == 403
    assert counted(*EVERYTHING) == before
    assert post(as_(city.clerk), f"/api/work/cases/{case.number}/notes/", {"note": "去过"}).status_code == 204
    assert api.sheet(case.id, actor=city.clerk).timeline[-1].note == "去过"


def test_search_and_odd_queries_answer_without_breaking(as_: As, city: Any) -> None:
    case, client = opened(city), as_(city.leader)
    answer = client.get(f"/api/work/cases/?words={case.number}")
    assert [row["number"] for row in answer.json()["rows"]] == [case.number]
    assert case.title in answer.content.decode()
    for query in (
        "limit=0",
        "limit=9999",
        "after=x",
        "region=x",
        "words=%00",
        "state=%00&type=x",
        "subject=%00",
    ):
        assert client.get(f"/api/work/cases/?{query}").status_code in (200, 422), query
    for query in ("view=x", "light=x", "type=x", "words=%00", "after=1.2.3"):
        assert client.get(f"/api/work/inbox/?{query}").status_code in (200, 422), query


def test_forms_describe_themselves_and_the_schema_knows_every_door(as_: As, city: Any) -> None:
    client = as_(city.clerk)
    form = client.get("/api/work/types/casetest.repair/form/").json()
    assert [entry["name"] for entry in form] == ["place", "what", "id_number"]
    assert form[2]["personal"] is True
    assert client.get("/api/work/types/no.such/form/").status_code == 404
    schema = client.get("/api/openapi.json").json()
    for path in ("inbox/", "counts/", "cases/", "cases/{number}/", "cases/{number}/moves/{move}/"):
        assert f"/api/work/{path}" in schema["paths"]


def test_work_done_together_has_the_same_doors_in_json(as_: As, city: Any, morning: Any) -> None:
    first, second = lamps(city, 2, morning)
    client = as_(city.agent)
    where = f"/api/work/cases/{first.number}"

    def sent(path: str, **body: Any) -> Any:
        return client.post(f"{where}/{path}", body, content_type="application/json")

    merged = sent("merge/", version=1, members=[second.number], note="同一盏灯")
    assert (merged.status_code, merged.json()) == (200, {"number": first.number, "version": 2, "members": 1})
    assert sent("merge/", members=[second.number]).status_code == 422
    assert sent("split/", version=1).status_code == 409
    assert sent("split/").json()["members"] == 0
    api.move_case(first.id, "assign", actor=city.agent, organisation=city.company)
    client = as_(city.clerk)
    assert sent("checks/seen/").status_code == 204
    (part,) = sent("ask/opinion/", organisations=[city.other], question="能否断电").json()
    assert (part["state"], part["organisation_label"]) == ("asked", "住建局")
    assert sent(f"parts/{part['id']}/", answer="yes", opinion="可以").status_code == 403
    assert sent("parts/7/", answer="yes").status_code == 404
    assert sent("ask/opinion/", organisations=[], question="能否断电").status_code == 422
    client = as_(NOBODY)
    assert sent("merge/", members=[second.number]).status_code == 401
