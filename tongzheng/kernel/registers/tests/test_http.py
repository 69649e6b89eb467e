from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client, override_settings
from django.urls import path
from ninja import NinjaAPI

from tongzheng.kernel.registers import http
from tongzheng.kernel.registers.kinds import Register

from . import trial
from .trial import Dam, clerk

pytestmark = pytest.mark.usefixtures("city")
ID = "11010519491231002X"
DAMS: dict[str, Register] = {"trial.dams": trial.DAMS, "trial.looks": trial.LOOKS}


class urls:
    """Addresses for these tests: the API of the trial's registers, mounted as the site mounts it."""

    urlpatterns: list[Any] = []


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    api = NinjaAPI(urls_namespace="trial", docs_url=None, openapi_url="/openapi.json")
    api.add_router("/registers/", http.router(DAMS))
    urls.urlpatterns = [path("api/", api.urls)]
    return json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/")))


class Program:
    """A program that calls the API as somebody."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client, self.who = Client(), clerk()
        monkeypatch.setattr("tongzheng.site.middleware.actor_from", lambda request: self.who)

    def call(self, method: str, address: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        answer = self.client.generic(
            method,
            f"/api/registers/{address}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=headers,
        )
        assert answer.status_code == status, answer.content.decode()[:2000]
        self.answer = answer
        return json.loads(answer.content)


@pytest.fixture
def program(schema: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    with override_settings(ROOT_URLCONF=urls):
        yield Program(monkeypatch)


def test_openapi_describes_the_registers_own_columns(schema: dict[str, Any]) -> None:
    values = schema["components"]["schemas"]["TrialDamsValues"]["properties"]
    assert values["people"]["anyOf"][0] == {"type": "integer"}
    assert values["built"]["format"] == "date"
    assert values["owner"]["description"] == "责任人身份证号 / Owner's ID. Sealed: comes out masked."
    assert values["kind"]["description"].endswith("check: Check dam, earth: Earth dam")
    asked = {p["name"] for p in schema["paths"]["/api/registers/trial.dams/"]["get"]["parameters"]}
    assert {"words", "sort", "after", "limit", "height__from", "height__to", "kind"} <= asked
    assert "name" not in asked
    assert "created_at" not in schema["components"]["schemas"]["TrialDamsInput"]["properties"]
    assert set(schema["paths"]["/api/registers/trial.looks/"]) == {"get"}


def test_a_row_is_entered_read_changed_and_guarded(program: Program) -> None:
    row = program.call(
        "POST",
        "trial.dams/",
        {
            "name": "甲坝",
            "code": "A",
            "region": "141102",
            "height": "3.5",
            "people": 12,
            "active": False,
            "owner": ID,
        },
        201,
    )
    assert row["values"]["height"] == "3.5"
    assert row["values"]["owner"] == "1101············2X"
    assert row["values"]["active"] is False
    found = program.call("GET", f"trial.dams/{row['pk']}")
    assert found == row
    assert program.answer["ETag"] == '"1"'
    changed = program.call("PATCH", f"trial.dams/{row['pk']}", {"people": 13}, **{"If-Match": '"1"'})
    assert (changed["values"]["people"], changed["version"]) == (13, "2")
    problem = program.call("PATCH", f"trial.dams/{row['pk']}", {"people": 14}, 409, **{"If-Match": '"1"'})
    assert problem["code"] == "conflict"
    assert [c["act"] for c in program.call("GET", f"trial.dams/{row['pk']}/history")] == ["update", "create"]


def test_bad_values_are_a_problem_that_names_each_column(program: Program) -> None:
    problem = program.call(
        "POST", "trial.dams/", {"name": "甲", "code": "A", "region": "999999", "height": "高"}, 422
    )
    assert {e["field"] for e in problem["errors"]} == {"region", "height"}
    program.call("POST", "trial.dams/", {"nothing": 1}, 422)
    program.call("POST", "trial.dams/", ["x"], 422)
    program.call("GET", "trial.dams/?nothing=1", status=422)
    program.call("GET", "trial.dams/?limit=100000", status=422)
    program.call("GET", "trial.dams/?sort=note", status=422)
    program.call("GET", "trial.dams/x", status=404)
    assert Dam.objects.count() == 0


def test_pages_follow_each_other_by_cursor(program: Program) -> None:
    for n in range(5):
        Dam.objects.create(name=str(n), code=f"D{n}", region="141102", people=n)
    first = program.call("GET", "trial.dams/?sort=code&limit=3")
    rest = program.call("GET", f"trial.dams/?sort=code&limit=3&after={first['next']}")
    assert [r["values"]["code"] for r in first["items"] + rest["items"]] == ["D0", "D1", "D2", "D3", "D4"]
    assert rest["next"] == ""
    assert [r["label"] for r in program.call("GET", "trial.dams/?code=D3")["items"]] == ["3"]


def test_permission_is_the_doors(program: Program) -> None:
    program.who = clerk("trial.read")
    program.call("POST", "trial.dams/", {"name": "甲"}, 403)
    assert program.call("GET", "trial.dams/")["items"] == []
    ids = {r["id"]: r["may_write"] for r in program.call("GET", "")}
    assert ids["trial.dams"] is False
    program.who = clerk("trial.write")
    program.call("GET", "trial.dams/", status=403)


def test_bulk_over_the_api(program: Program) -> None:
    pks = [Dam.objects.create(name=str(n), code=str(n), region="141102").pk for n in range(2)]
    done = program.call("POST", "trial.dams/bulk/retire", {"pks": pks, "value": False})
    assert done == {"changed": 2, "unchanged": 0, "refused": 0}
    program.call("POST", "trial.dams/bulk/retire", {"pks": [], "value": False}, 422)
