"""The calendar as officials edit it: by permission, on the ledger, for clocks from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from tongzheng.kernel.cases import api, calendars, health
from tongzheng.kernel.cases.tests.test_life import opened
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Refused, SignInNeeded
from tongzheng.kernel.identity.api import NOBODY, Actor
from tongzheng.kernel.ledger import api as ledger

MONDAY = date(2026, 11, 23)
NOTICE = "吕政办函〔2026〕1号"


@pytest.fixture
def keeper(city: Any) -> Actor:
    """Somebody who keeps the calendar."""
    post = replace(city.leader.posts[0], actions={"cases.calendar": "region"})
    return Actor(31, "周＊", "staff", (post,))


def test_a_day_of_rest_moves_limits_that_start_afterwards_and_no_others(
    city: Any, keeper: Actor, morning: datetime
) -> None:
    before = opened(city)
    view = api.set_day(MONDAY, "rest", actor=keeper, name="市庆", source=NOTICE)
    assert [(day.kind, day.name.zh, day.source) for day in view.days if day.date == MONDAY] == [
        ("rest", "市庆", NOTICE)
    ]
    after = opened(city)
    assert [case.due_at.day for case in (before, after) if case.due_at] == [27, 30]
    assert "其间市庆放假不计" in str(api.sheet(after.id, actor=city.agent).clocks[0].explain)
    api.set_day(MONDAY, "weekday", actor=keeper, name="撤销", source=NOTICE)
    assert api.due_after(morning, 5, "working_day") == before.due_at
    acts = ledger.entries(subject="calendar:2026-11-23")
    assert [entry.body["kind"] for entry in acts] == ["weekday", "rest"]


def test_business_hours_and_the_first_day_can_be_changed(city: Any, keeper: Actor, morning: datetime) -> None:
    view = api.set_hours([("09:00", "12:00"), ("13:00", "17:00")], actor=keeper, first_day="same")
    assert (view.hours, view.first_day) == ((("09:00", "12:00"), ("13:00", "17:00")), "same")
    assert api.due_after(morning, 1, "working_day") == datetime(2026, 11, 20, 17, tzinfo=clock.CHINA)
    assert api.due_after(morning, 4, "working_hour") == datetime(2026, 11, 20, 14, tzinfo=clock.CHINA)


def test_who_may_not_edit_changes_nothing(city: Any, morning: datetime) -> None:
    version = calendars.current().version
    for actor, fault in ((city.agent, Refused), (NOBODY, SignInNeeded)):
        with pytest.raises(fault):
            api.set_day(MONDAY, "rest", actor=actor, name="放假", source=NOTICE)
    calendars.forget()
    assert calendars.current().version == version
    assert ledger.entries(subject="calendar:2026-11-23") == ()


def test_what_makes_no_sense_is_named(keeper: Actor) -> None:
    with pytest.raises(Invalid) as caught:
        api.set_day(date(1900, 1, 1), "holiday", actor=keeper, name="", source="x" * 201)
    assert sorted(caught.value.fields) == ["day", "kind", "name", "source"]
    for hours in ([], [("12:00", "09:00")], [("9", "12")], [("08:00", "12:00"), ("11:00", "13:00")]):
        with pytest.raises(Invalid):
            api.set_hours(hours, actor=keeper)
    for amount, unit in ((-1, "working_day"), (1, "week"), (10**6, "working_day"), (10**9, "hour")):
        with pytest.raises(Invalid):
            api.due_after(datetime(2026, 11, 20, tzinfo=clock.CHINA), amount, unit)


def test_health_warns_of_the_coming_year_until_its_holidays_are_entered(keeper: Actor) -> None:
    with clock.at(datetime(2026, 9, 1, tzinfo=clock.CHINA)):
        assert [check.level for check in health.checks() if check.name == "cases.calendar"] == ["ok"]
    with clock.at(datetime(2026, 11, 20, tzinfo=clock.CHINA)):
        assert [(check.level, "2027" in check.detail.zh) for check in health.checks() if not check.ok] == [
            ("warning", True)
        ]
        for day in range(1, 8):
            api.set_day(date(2027, 10, day), "rest", actor=keeper, name="国庆节", source=NOTICE)
        assert [check.level for check in health.checks() if check.name == "cases.calendar"] == ["ok"]
        assert api.calendar(2027).known
