"""Who sees what in which order, page by page, and what finds a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tongzheng.kernel.cases import api, lists, searching
from tongzheng.kernel.cases.tests.test_life import FACTS, opened
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, SignInNeeded
from tongzheng.kernel.identity.api import NOBODY


def numbers(page: Any) -> list[str]:
    """Return the numbers on a page, in order."""
    return [row.number for row in page]


def test_the_inbox_shows_the_nearest_limit_first_and_goes_on_where_it_stopped(
    city: Any, morning: datetime
) -> None:
    cases = [opened(city, days=days).number for days in (9, 1, 5, 3, 7)]
    first = api.inbox(actor=city.agent, limit=2)
    second = api.inbox(actor=city.agent, limit=2, after=first.after)
    third = api.inbox(actor=city.agent, limit=2, after=second.after)
    assert [numbers(page) for page in (first, second, third)] == [
        [cases[1], cases[3]],
        [cases[2], cases[4]],
        [cases[0]],
    ]
    assert not third.more
    assert [row.left.zh for row in first] == ["剩 1 个工作日", "剩 3 个工作日"]


def test_work_is_seen_by_who_may_move_it_until_somebody_claims_it(city: Any, morning: datetime) -> None:
    case = opened(city)
    assert numbers(api.inbox(actor=city.clerk)) == []
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    assert numbers(api.inbox(actor=city.agent)) == []
    assert numbers(api.inbox(actor=city.clerk)) == numbers(api.inbox(actor=city.second)) == [case.number]
    assert numbers(api.inbox(actor=city.stranger)) == []
    api.move_case(case.id, "sign", actor=city.clerk)
    assert numbers(api.inbox(actor=city.second)) == []
    assert numbers(api.inbox(actor=city.clerk, view="mine")) == [case.number]
    handled = api.inbox(actor=city.clerk, view="handled")
    assert [(row.number, row.state) for row in handled] == [(case.number, "assigned")]
    assert api.inbox(actor=city.agent, view="handled").rows[0].done_at == morning


def test_lights_and_counts_agree(city: Any, morning: datetime) -> None:
    green, yellow, red = (opened(city, days=days).number for days in (20, 5, 1))
    with clock.at(morning + timedelta(days=6, hours=1)):
        for light, number in (("green", green), ("yellow", yellow), ("red", red)):
            page = api.inbox(actor=city.agent, light=light)
            assert (numbers(page), [row.light for row in page]) == ([number], [light])
        assert api.counts(actor=city.agent) == api.InboxCounts(todo=3, mine=0, yellow=1, red=1, paused=0)
    with pytest.raises(Invalid):
        api.inbox(actor=city.agent, light="blue")


def test_counts_stop_at_a_hundred(city: Any, morning: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "COUNTED", 2)
    for _ in range(3):
        opened(city)
    assert api.counts(actor=city.agent).todo == 2


def test_who_reads_what(city: Any, morning: datetime) -> None:
    lishi = opened(city, region="141102001", organisation=city.company).number
    wenshui = opened(city, region="141121001", organisation=city.other).number
    for actor, seen in (
        (city.agent, [wenshui, lishi]),
        (city.clerk, [lishi]),
        (city.stranger, [wenshui]),
        (city.leader, [lishi]),
        (city.citizen, []),
    ):
        assert numbers(api.find_cases(actor=actor)) == seen
        assert numbers(api.find_cases(actor=actor, type_id="casetest.repair")) == seen
        assert numbers(api.find_cases(actor=actor, words="暖气不热")) == seen
        assert numbers(api.find_cases(actor=actor, words="13812345678")) == seen
        assert numbers(api.find_cases(actor=actor, type_id="casetest.repair", state="new")) == seen
        assert numbers(api.find_cases(actor=actor, region="141121")) == [n for n in seen if n == wenshui]
        assert numbers(api.find_cases(actor=actor, words=lishi)) == [n for n in seen if n == lishi]
    with pytest.raises(SignInNeeded):
        api.find_cases(actor=NOBODY)


@pytest.mark.parametrize(
    ("region", "seen"),
    [
        ("14", ["near", "town", "far"]),
        ("141102", ["near", "town"]),
        ("141102001", ["town"]),
        ("141102001002", ["town"]),
        ("141102002", []),
        ("141121", ["far"]),
    ],
)
def test_whoever_works_for_a_region_has_its_open_work_nearest_limit_first(
    city: Any, morning: datetime, region: str, seen: list[str]
) -> None:
    made = {}
    for days, (name, where) in enumerate(
        (("far", "141121001"), ("town", "141102001002"), ("near", "141102"))
    ):
        with clock.at(morning - timedelta(days=days)):
            made[name] = opened(city, region=where).number
    dispatcher = replace(city.agent, posts=tuple(replace(post, region=region) for post in city.agent.posts))
    assert numbers(api.inbox(actor=dispatcher)) == [made[name] for name in seen]
    assert api.counts(actor=dispatcher).todo == len(seen)


@pytest.mark.parametrize(
    "words",
    ["滨河小区", "暖气不热", "小区 暖气", "滨河北路", "马小云", "138 1234 5678", "11010519491231002x", "12"],
)
def test_a_case_is_found_by_title_place_and_person(city: Any, morning: datetime, words: str) -> None:
    opened(city, title="路灯不亮", facts={"place": "文水县城"}, applicant=None)
    applicant = api.Applicant(name="马小云", phone="13812345678", id_number="11010519491231002X")
    case = opened(city, organisation=city.company, applicant=applicant)
    for actor in (city.agent, city.clerk, city.leader):
        assert numbers(api.find_cases(actor=actor, words=words)) == [case.number]
    moved = opened(city, applicant=applicant).number
    api.move_case(moved, "assign", actor=city.agent, organisation=city.company)
    assert numbers(api.find_cases(actor=city.clerk, words=words)) == [moved, case.number]
    api.move_case(moved, "return", actor=city.clerk, note="不归我们管")
    assert numbers(api.find_cases(actor=city.clerk, words=words)) == [case.number]
    assert case.number in numbers(api.inbox(actor=city.agent, words=words))


def test_what_cannot_be_searched_is_said(city: Any, morning: datetime) -> None:
    opened(city)
    assert numbers(api.find_cases(actor=city.agent, words="不存在的词")) == []
    for words in ("热", "？？", "\0暖气", "暖" * 101):
        with pytest.raises(Invalid) as caught:
            api.find_cases(actor=city.agent, words=words)
        assert list(caught.value.fields) == ["words"]
    for after in ("x", "1", "1.2.3", f"1.{10**18}"):
        with pytest.raises(Invalid):
            api.find_cases(actor=city.agent, after=after)
    with pytest.raises(Invalid):
        api.find_cases(actor=city.agent, region="吕梁")


@pytest.mark.parametrize(("newest", "together"), [(1, 0), (1, 8), (4, 8), (3_000, 8)])
@pytest.mark.parametrize("who", ["agent", "clerk"])
def test_a_search_goes_on_through_the_months_and_finds_the_same_whichever_way_it_takes(
    city: Any, morning: datetime, who: str, newest: int, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "NEWEST", newest)
    monkeypatch.setattr(searching, "TOGETHER", together)
    found = []
    for days in (400, 200, 60, 40, 1, 0):
        with clock.at(morning - timedelta(days=days)):
            found.append(opened(city, organisation=city.company).number)
            opened(city, organisation=city.company, title="路灯不亮", facts={"place": "文水县城"})
    seen: list[str] = []
    after: str | None = None
    for _ in range(3):
        page = api.find_cases(actor=getattr(city, who), words="暖气", limit=2, after=after)
        seen, after = seen + numbers(page), page.after
    assert seen == found[::-1]
    assert after == ""


def test_a_search_takes_one_statement_if_the_newest_cases_fill_the_page_and_two_if_not(
    city: Any, morning: datetime, django_assert_num_queries: Any
) -> None:
    for _ in range(4):
        opened(city, organisation=city.company)
    for actor in (city.agent, city.clerk):
        with django_assert_num_queries(1):
            assert len(api.find_cases(actor=actor, words="暖气", limit=3).rows) == 3
        with django_assert_num_queries(2):
            assert len(api.find_cases(actor=actor, words="暖气", limit=4).rows) == 4


def test_closed_cases_are_found_by_their_state(city: Any, morning: datetime) -> None:
    case = api.open_case(
        "casetest.repair",
        actor=city.citizen,
        title="漏水",
        facts=FACTS,
        region="141102001",
        organisation=city.bureau,
    )
    api.move_case(case.id, "withdraw", actor=city.citizen)
    for state, seen in (("withdrawn", [case.number]), ("closed", []), ("new", []), ("none", [])):
        assert numbers(api.find_cases(actor=city.agent, type_id="casetest.repair", state=state)) == seen
    assert numbers(api.my_cases(actor=city.citizen)) == [case.number]
    assert numbers(api.inbox(actor=city.agent)) == []
