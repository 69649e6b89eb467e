"""Clocks, supervision, urging and the calendar as pages: what a form sends does what the door does, and says why not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.tests.permits import opened
from tongzheng.kernel.cases.tests.test_pages import As, as_, text
from tongzheng.kernel.identity.api import Actor

__all__ = ["as_"]
WHY = "群众反映强烈，请限时办结"


@pytest.fixture
def chief(permits: None, city: Any) -> Actor:
    """Who supervises in the district and keeps its calendar."""
    actions = dict.fromkeys(
        ("cases.supervise", "permits.read", "cases.supervision_rule", "cases.calendar"), "region"
    )
    return Actor(61, "孙＊", "staff", (replace(city.leader.posts[0], actions=actions),))


def test_the_sheet_shows_every_clock_and_keeps_those_that_have_stopped(
    as_: As, city: Any, officer: Actor, head: Actor
) -> None:
    case = opened(city)
    api.move_case(case.id, "accept", actor=officer)
    words = text(as_(officer).get(f"/work/cases/{case.number}/"))
    assert "承诺时限" in words
    assert "法定时限" in words
    assert "2026年11月20日（周五）accept起算" in words
    api.move_case(case.id, "grant", actor=head)
    assert "已停止的时限（2）" in text(as_(officer).get(f"/work/cases/{case.number}/"))


def test_a_standstill_asks_for_its_ground_and_how_long_was_announced(
    as_: As, city: Any, officer: Actor
) -> None:
    case = api.move_case(opened(city).id, "accept", actor=officer)
    address = f"/work/cases/{case.number}/moves/special/"
    assert "停止计时的理由" in text(as_(officer).get(address))
    sent = {"version": case.version, "seen": 9, "ground": "hearing"}
    slip = as_(officer).post(address, sent)
    assert slip.status_code == 422
    done = as_(officer).post(address, {**sent, "announced": "3"})
    assert done.status_code == 303
    assert api.sheet(case.id, actor=officer).clocks[0].light == "paused"


def test_a_supervision_goes_its_way_by_forms(as_: As, city: Any, officer: Actor, chief: Actor) -> None:
    number = opened(city).number
    base = f"/work/cases/{number}/supervise/"
    assert as_(chief).post(base, {"level": "ordinary", "words": "短"}).status_code == 422
    assert as_(officer).post(base, {"level": "ordinary", "words": WHY}).status_code == 403
    assert as_(chief).post(base, {"level": "ordinary", "words": WHY}).status_code == 303
    assert as_(chief).post(base, {"level": "ordinary", "words": WHY}).status_code == 409
    assert "督办方案" in text(as_(officer).get(f"/work/cases/{number}/"))
    for _ in range(3):
        assert as_(officer).post(f"{base}answer/", {"words": "已整改到位"}).status_code == 303
    assert as_(officer).post(f"{base}answer/", {"words": "已整改到位"}).status_code == 409
    assert as_(chief).post(f"{base}end/", {"words": "仍未恢复", "mended": "no"}).status_code == 303
    assert as_(officer).post(f"{base}answer/", {"words": "已整改到位"}).status_code == 303
    assert as_(chief).post(f"{base}end/", {"words": "已经恢复", "mended": "yes"}).status_code == 303
    assert "销号" in text(as_(chief).get(f"/work/cases/{number}/"))


def test_the_limits_of_supervision_are_set_on_a_page(
    as_: As, city: Any, officer: Actor, chief: Actor
) -> None:
    sent = {
        "valid_from": "2026-11-20", "unit": "working_day", "plan": "1", "feedback": "2", "ordinary": "5", "hard": "20",
        "basis": "吕督〔2026〕3号",
    }  # fmt: skip
    assert as_(officer).post("/work/supervision/", sent).status_code == 403
    assert as_(chief).post("/work/supervision/", {**sent, "hard": "3"}).status_code == 422
    assert as_(chief).post("/work/supervision/", sent).status_code == 303
    assert "工作日" in text(as_(chief).get("/work/supervision/"))
    assert api.amounts_in_force().ordinary == 5


def test_an_applicant_urges_on_the_page_and_by_code(as_: As, city: Any, officer: Actor) -> None:
    case = opened(city)
    assert as_(city.citizen).post(f"/work/cases/{case.number}/urge/", {"words": "请尽快"}).status_code == 200
    assert as_(city.citizen).post(f"/work/cases/{case.number}/urge/", {}).status_code == 409
    assert as_(city.stranger).post(f"/work/cases/{case.number}/urge/", {}).status_code == 404
    assert "催办 1" in text(as_(officer).get("/work/"))
    other = opened(city)
    sent = {"number": other.number, "code": other.query_code}
    assert "催办（每天一次）" in text(Client().post("/work/progress/", sent))  # type: ignore[arg-type]
    assert "已催办" in text(Client().post("/work/progress/", {**sent, "urge": "1"}))  # type: ignore[arg-type]
    assert "今天已经催办过" in text(Client().post("/work/progress/", sent))  # type: ignore[arg-type]


def test_an_edit_of_the_calendar_is_decided_after_seeing_what_it_moves(
    as_: As, city: Any, officer: Actor, chief: Actor
) -> None:
    case = api.move_case(opened(city).id, "accept", actor=officer)
    sent = {
        "about": "days",
        "day": "2026-11-23",
        "kind": "rest",
        "name": "市庆",
        "source": "吕政办函〔2026〕1号",
    }
    shown = as_(chief).post("/work/calendar/", sent)
    assert shown.status_code == 200
    assert case.number in text(shown)
    assert api.calendar(2026).version == 0
    done = as_(chief).post("/work/calendar/", {**sent, "running": "move"})
    assert done["Location"].endswith("moved=move")
    days = {day.date.isoformat(): day.kind for day in api.calendar(2026).days}
    assert days["2026-11-23"] == "rest"
    notice = {
        **sent, "day": "2027-02-05", "until": "2027-02-11", "worked": "2027-01-31、2027-02-13", "name": "春节",
        "running": "keep",
    }  # fmt: skip
    assert as_(chief).post("/work/calendar/", notice).status_code == 303
    found = [(day.date.isoformat(), day.kind) for day in api.calendar(2027).days]
    assert (len(found), found[0], found[-1]) == (9, ("2027-01-31", "work"), ("2027-02-13", "work"))
    assert api.calendar(2027).known
    for slip in ({"worked": "下周六"}, {"until": "2027-01-01"}, {"worked": "2027-02-30"}):
        assert as_(chief).post("/work/calendar/", {**notice, **slip}).status_code == 422
    hours = {"about": "hours", "hours": "09:00-12:00 13:00-17:00", "first_day": "next", "running": "keep"}
    assert as_(chief).post("/work/calendar/", hours).status_code == 303
    assert api.calendar(2026).hours == (("09:00", "12:00"), ("13:00", "17:00"))
    assert as_(chief).post("/work/calendar/", {**hours, "hours": "all day"}).status_code == 422
