"""The calendar as officials edit it: by permission, on the ledger, for clocks from then on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from tongzheng.kernel.cases import api, calendars, health, recounting
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


def test_an_edit_shows_which_running_clocks_it_would_move_and_moves_none_unless_decided(
    city: Any, keeper: Actor, morning: datetime
) -> None:
    case, paused = opened(city), opened(city)
    days = [(MONDAY, "rest"), (date(2026, 11, 28), "work")]
    effect = api.preview_days(days, actor=keeper, name="市庆", source=NOTICE)
    assert (effect.moved, effect.more) == (2, False)
    assert {(one.due_at.day, one.then.day) for one in effect.examples} == {(27, 28)}
    api.set_days(days, actor=keeper, name="市庆", source=NOTICE)
    assert recounting.recount_due() == 0
    assert api.sheet(case.id, actor=city.agent).case.due_at == case.due_at
    # What happens to it later is counted by the calendar that it began with.
    api.move_case(paused.id, "assign", actor=city.agent, organisation=city.company)
    assert api.sheet(paused.id, actor=city.agent).case.due_at == case.due_at


def test_running_clocks_move_once_somebody_decides_so_each_with_an_event(
    city: Any, keeper: Actor, morning: datetime
) -> None:
    case = opened(city)
    api.set_day(MONDAY, "rest", actor=keeper, name="市庆", source=NOTICE, running="move")
    assert recounting.recount_due() == 1
    assert recounting.recount_due() == 0
    sheet = api.sheet(case.id, actor=city.agent)
    assert sheet.case.due_at == datetime(2026, 11, 30, 18, tzinfo=clock.CHINA)
    assert [row.due_at for row in api.inbox(actor=city.agent)] == [sheet.case.due_at]
    assert (sheet.timeline[-1].title.zh, "11月27日" in sheet.timeline[-1].note) == ("工作日历调整", True)
    (entry,) = ledger.entries(act="cases.calendar_recounted")
    assert (entry.body["moved"], entry.actor) == (1, keeper.id)


def test_a_county_has_its_own_days_and_hours(city: Any, keeper: Actor, morning: datetime) -> None:
    api.set_day(MONDAY, "rest", actor=keeper, name="县庆", source=NOTICE, region="141102")
    hours = [("09:00", "12:00"), ("13:00", "17:00")]
    api.set_hours(hours, actor=keeper, region="141121")
    inside = api.due_after(morning, 1, "working_day", region="141102001")
    outside = api.due_after(morning, 1, "working_day", region="141121001")
    assert (inside.day, outside.day, outside.hour) == (24, 23, 17)
    assert api.due_after(morning, 1, "working_day") == datetime(2026, 11, 23, 18, tzinfo=clock.CHINA)
    assert opened(city).due_at == datetime(2026, 11, 30, 18, tzinfo=clock.CHINA)


def test_keepers_are_told_of_a_missing_year_every_two_weeks(city: Any, keeper: Actor) -> None:
    with clock.at(datetime(2026, 11, 20, 9, tzinfo=clock.CHINA)):
        health.tell_keepers()
        health.tell_keepers()
    with clock.at(datetime(2026, 12, 5, 9, tzinfo=clock.CHINA)):
        health.tell_keepers()
    assert [entry.body["year"] for entry in ledger.entries(act="cases.calendar_missing")] == [2027, 2027]
