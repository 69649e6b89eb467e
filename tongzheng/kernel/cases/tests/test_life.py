"""A case from opening to closing, and everything that must not happen on the way."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from tongzheng.kernel.cases import api, calendars, numbers
from tongzheng.kernel.cases.views import CaseView
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded, Throttled
from tongzheng.kernel.identity.api import NOBODY, SYSTEM, Actor
from tongzheng.kernel.ledger import api as ledger

FACTS = {"place": "离石区滨河北路 12 号", "what": "暖气不热三天了", "id_number": "11010519491231002X"}


def opened(city: Any, **more: Any) -> CaseView:
    """Open a case by the agent for a caller."""
    given: dict[str, Any] = {
        "actor": city.agent,
        "title": "滨河小区暖气不热",
        "facts": FACTS,
        "region": "141102001",
        "organisation": city.bureau,
        "applicant": api.Applicant(name="马小云", phone="13812345678"),
    }
    return api.open_case("casetest.repair", **{**given, **more})


def counted(*tables: str) -> list[int]:
    """Count rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
        return list(cursor.fetchone())


EVERYTHING = ("cases_case", "cases_task", "cases_event", "cases_clock", "ledger_entry", "messages_message")


def test_a_case_is_opened_with_number_clock_task_event_and_entry(city: Any, morning: datetime) -> None:
    before = counted("ledger_entry")[0]
    case = opened(city)
    assert case.number.startswith("GR20261120")
    assert len(case.number) == 17
    assert (case.state, case.phase, case.version, case.light) == ("new", "open", 1, "green")
    assert case.due_at == datetime(2026, 11, 27, 18, tzinfo=clock.CHINA)
    assert case.applicant_label == "马＊＊"
    assert case.facts["id_number"] == "1101············2X"
    assert counted(*EVERYTHING) == [1, 1, 1, 1, before + 1, 0]


def test_a_whole_life_is_recorded_step_by_step(city: Any, morning: datetime) -> None:
    case = opened(city)
    case = api.move_case(case.id, "assign", actor=city.agent, organisation=city.company, version=1)
    assert (case.state, case.organisation_id, case.organisation_label) == (
        "assigned",
        city.company,
        "供热公司",
    )
    case = api.move_case(case.id, "sign", actor=city.clerk)
    assert (case.handler_id, case.handler_label) == (city.clerk.id, "李＊")
    case = api.move_case(
        case.number,
        "answer",
        actor=city.clerk,
        note="已修复",
        data={"cost": "12.5", "witness": "13912345678"},
    )
    (document,) = case.documents
    assert re.fullmatch(r"供热〔2026〕\d+号", document)
    case = api.move_case(case.id, "close", actor=city.second)
    assert (case.state, case.phase, case.light, case.version) == ("closed", "closed", "done", 5)
    sheet = api.sheet(case.id, actor=city.clerk)
    assert [event.move for event in sheet.timeline] == ["", "assign", "sign", "answer", "close"]
    assert [event.actor_label for event in sheet.timeline][:3] == [
        "张＊ · 热线中心 坐席",
        "张＊ · 热线中心 坐席",
        "李＊ · 供热公司 运行科",
    ]
    answer = sheet.timeline[3]
    assert (answer.document, str(answer.document_title)) == (document, "答复书")
    assert [(fact.name, fact.shown.zh) for fact in answer.data] == [
        ("cost", "12.50 元"),
        ("witness", "139····5678"),
    ]
    assert sheet.moves == ()
    acts = [entry.act for entry in ledger.entries(subject=f"case:{case.number}")]
    assert acts == ["cases.move"] * 4 + ["cases.open"]
    assert counted("messages_message", "cases_task") == [3, 4]


@pytest.mark.parametrize(
    ("who", "move", "fault"),
    [
        ("stranger", "assign", Refused),
        ("citizen", "assign", Missing),
        ("clerk", "lapse", Refused),
        ("clerk", "nothing", Missing),
    ],
)
def test_who_may_not_move_changes_nothing(
    city: Any, morning: datetime, who: str, move: str, fault: type[Exception]
) -> None:
    case = opened(city)
    before = counted(*EVERYTHING)
    with pytest.raises(fault):
        api.move_case(case.id, move, actor=getattr(city, who), organisation=city.company)
    with pytest.raises(SignInNeeded):
        api.move_case(case.id, "assign", actor=NOBODY, organisation=city.company)
    assert counted(*EVERYTHING) == before
    assert api.sheet(case.id, actor=city.agent).case.version == 1


def test_opening_twice_with_one_key_gives_one_case(city: Any, morning: datetime) -> None:
    first = opened(city, key="form-1")
    before = counted(*EVERYTHING)
    assert opened(city, key="form-1") == first
    assert counted(*EVERYTHING) == before
    assert opened(city, key="form-2").id != first.id


def test_what_is_typed_wrong_is_named_and_nothing_is_opened(city: Any, morning: datetime) -> None:
    with pytest.raises(Invalid) as caught:
        opened(city, facts={"id_number": "11010519491231002"}, title=" ", region="吕梁", days=-1)
    assert sorted(caught.value.fields) == ["days", "id_number", "place", "region", "title"]
    with pytest.raises(Invalid) as caught:
        opened(city, organisation=999_999)
    assert list(caught.value.fields) == ["organisation"]
    with pytest.raises(SignInNeeded):
        opened(city, actor=NOBODY)
    with pytest.raises(Refused):
        opened(city, actor=city.stranger)
    assert counted("cases_case") == [0]


def test_a_move_that_somebody_else_made_first_is_a_conflict_that_says_who(
    city: Any, morning: datetime
) -> None:
    case = opened(city)
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    with pytest.raises(Conflict) as caught:
        api.move_case(case.id, "assign", actor=city.agent, organisation=city.other, version=1)
    assert caught.value.words.zh == "张＊ · 热线中心 坐席 已于 09:00:00 办理“派单”，请看最新状态"
    with pytest.raises(Refused):
        api.move_case(case.id, "assign", actor=city.agent.__class__(1, "x", "staff"), organisation=city.other)


def test_a_move_from_the_wrong_state_is_a_conflict(city: Any, morning: datetime) -> None:
    case = opened(city, organisation=city.company)
    with pytest.raises(Conflict) as caught:
        api.move_case(case.id, "sign", actor=city.clerk)
    assert "待派单" in caught.value.words.zh


def at_work(city: Any) -> CaseView:
    """A case that the clerk is working on, of the citizen."""
    case = api.open_case(
        "casetest.repair",
        actor=city.citizen,
        title="楼道暖气管漏水",
        facts=FACTS,
        region="141102001",
        organisation=city.bureau,
    )
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    return api.move_case(case.id, "sign", actor=city.clerk)


def test_a_pause_gives_the_time_back_and_explains_itself(city: Any, morning: datetime) -> None:
    case = at_work(city)
    with clock.at(morning + timedelta(days=3)):
        paused = api.move_case(case.id, "inspect", actor=city.clerk, note="入户查看")
        assert (paused.phase, paused.light) == ("paused", "paused")
        assert api.inbox(actor=city.clerk).rows == ()
        assert [row.light for row in api.inbox(actor=city.clerk, light="paused")] == ["paused"]
        assert api.counts(actor=city.clerk) == api.InboxCounts(todo=0, mine=0, yellow=0, red=0, paused=1)
    with clock.at(morning + timedelta(days=5)):
        case = api.move_case(case.id, "inspected", actor=city.clerk)
        assert case.due_at == datetime(2026, 12, 1, 18, tzinfo=clock.CHINA)
        (one,) = api.sheet(case.id, actor=city.clerk).clocks
    assert one.explain.zh == (
        "2026年11月20日（周五）提交起算，承诺时限 5 个工作日，暂停 2 个工作日（现场勘验），"
        "应于2026年12月1日（周二）18:00前完成。"
    )
    assert one.explain.en == (
        "Submitted on Fri 20 Nov 2026; Promised limit: 5 working days; 2 working days not counted (inspect); "
        "due by 18:00 on Tue 1 Dec 2026."
    )
    assert one.left.zh == "剩 4 个工作日"


def test_an_extension_is_bounded_and_made_once(city: Any, morning: datetime) -> None:
    case = at_work(city)
    for days in (None, 0, 11):
        with pytest.raises(Invalid) as caught:
            api.move_case(case.id, "extend", actor=city.clerk, days=days)
        assert list(caught.value.fields) == ["days"]
    case = api.move_case(case.id, "extend", actor=city.clerk, days=3)
    assert (case.state, case.due_at) == ("working", datetime(2026, 12, 2, 18, tzinfo=clock.CHINA))
    assert [row.due_at for row in api.inbox(actor=city.clerk)] == [case.due_at]
    with pytest.raises(Refused):
        api.move_case(case.id, "extend", actor=city.clerk, days=1)


def test_only_the_applicant_supplements_and_once_is_once(city: Any, morning: datetime) -> None:
    case = at_work(city)
    api.move_case(case.id, "ask", actor=city.clerk, note="请补交房产证")
    with pytest.raises(Refused):
        api.move_case(case.id, "supplement", actor=city.clerk)
    mine = api.move_case(case.id, "supplement", actor=city.citizen)
    assert (mine.state, mine.handler_id) == ("working", city.clerk.id)
    with pytest.raises(Refused):
        api.move_case(case.id, "ask", actor=city.clerk, note="再补")
    sheet = api.sheet(case.id, actor=city.citizen)
    assert [event.actor_label for event in sheet.timeline][2:4] == ["供热公司 运行科", "供热公司 运行科"]
    assert [event.note for event in sheet.timeline if event.move == "ask"] == ["请补交房产证"]
    assert (sheet.case.handler_id, sheet.case.handler_label) == (None, "")
    assert sheet.case.query_code
    assert not sheet.may_reveal


def test_four_eyes_and_the_platform(city: Any, morning: datetime) -> None:
    case = at_work(city)
    api.move_case(case.id, "answer", actor=city.clerk, note="已修复")
    with pytest.raises(Refused):
        api.move_case(case.id, "close", actor=city.clerk)
    assert api.move_case(case.id, "lapse", actor=SYSTEM).state == "closed"


def test_a_returned_case_goes_back_to_who_held_it(city: Any, morning: datetime) -> None:
    case = opened(city)
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    with pytest.raises(Invalid) as caught:
        api.move_case(case.id, "return", actor=city.clerk)
    assert list(caught.value.fields) == ["note"]
    back = api.move_case(case.id, "return", actor=city.clerk, note="不属于我公司供热范围")
    assert (back.state, back.organisation_id) == ("new", city.bureau)
    assert [row.number for row in api.inbox(actor=city.agent)] == [case.number]


def test_what_offices_write_to_each_other_is_not_shown_to_the_applicant(city: Any, morning: datetime) -> None:
    case = at_work(city)
    api.move_case(case.id, "inspect", actor=city.clerk, note="此户多次欠费，注意方式")
    for actor, notes in ((city.clerk, ["此户多次欠费，注意方式"]), (city.citizen, [""])):
        timeline = api.sheet(case.id, actor=actor).timeline
        assert [event.note for event in timeline if event.move == "inspect"] == notes
    (row,) = api.my_cases(actor=city.citizen)
    assert (row.number, row.handler_label) == (case.number, "")


def test_an_enterprise_sees_and_moves_its_own_cases(city: Any, morning: datetime) -> None:
    case = opened(city, applicant=api.Applicant(organisation_id=city.company))
    assert case.applicant_label == "供热公司"
    keeper = Actor(21, "任小英", "citizen", (replace(city.clerk.posts[0], actions={}),))
    assert [row.number for row in api.my_cases(actor=keeper)] == [case.number]
    assert api.move_case(case.id, "withdraw", actor=keeper).state == "withdrawn"


def test_who_may_not_read_does_not_learn_that_there_is_a_case(city: Any, morning: datetime) -> None:
    case = opened(city)
    for actor in (city.stranger, city.citizen):
        with pytest.raises(Missing):
            api.sheet(case.id, actor=actor)
    for id in (case.id, 10**12):
        with pytest.raises(SignInNeeded):
            api.sheet(id, actor=NOBODY)
    for wrong in ("GR00000000000000", "", "x\0", 0, -1, 2**70):
        with pytest.raises(Missing):
            api.sheet(wrong, actor=city.agent)
    assert api.sheet(case.number.lower(), actor=city.leader).case.query_code == ""


def test_progress_needs_number_and_code_and_answers_wrong_ones_alike(city: Any, morning: datetime) -> None:
    case = opened(city)
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    found = api.progress(case.number, case.query_code.lower())
    assert [step.title.zh for step in found.steps] == ["待派单", "待签收"]
    assert found.organisation_label == "供热公司"
    answers = []
    for number, code in ((case.number, "AAAAAAAA"), ("GR202611209999999", case.query_code)):
        with pytest.raises(Missing) as caught:
            api.progress(number, code)
        answers.append(caught.value.words)
    assert answers[0] == answers[1]
    for _ in range(9):
        with pytest.raises(Missing):
            api.progress(case.number, "AAAAAAAA")
    with pytest.raises(Throttled):
        api.progress(case.number, case.query_code)


def test_a_note_disturbs_nobodys_move(city: Any, morning: datetime) -> None:
    case = at_work(city)
    api.add_note(case.id, actor=city.second, note="已电话联系")
    with pytest.raises(Refused):
        api.add_note(case.id, actor=city.leader, note="请抓紧")
    with pytest.raises(Invalid):
        api.add_note(case.id, actor=city.clerk, note="  ")
    api.move_case(case.id, "answer", actor=city.clerk, note="已修复", version=case.version)
    timeline = api.sheet(case.id, actor=city.clerk).timeline
    assert [(event.n, event.kind) for event in timeline][-2:] == [(4, "note"), (5, "move")]
    assert [event.kind for event in api.sheet(case.id, actor=city.citizen).timeline].count("note") == 0


def test_personal_entries_are_shown_for_a_purpose_that_is_recorded(city: Any, morning: datetime) -> None:
    case = opened(city, organisation=city.company)
    wanted = ["id_number", "applicant.phone", "nothing"]
    with pytest.raises(Refused):
        api.reveal_fields(case.id, actor=city.leader, fields=wanted, purpose="核对身份")
    with pytest.raises(Invalid):
        api.reveal_fields(case.id, actor=city.clerk, fields=wanted, purpose="看看")
    found = api.reveal_fields(case.id, actor=city.clerk, fields=wanted, purpose="核对身份后上门")
    assert found == {"id_number": "11010519491231002X", "applicant.phone": "13812345678"}
    entry = ledger.entries(subject=f"case:{case.number}")[0]
    assert (entry.act, dict(entry.body)) == (
        "cases.reveal",
        {"fields": ["applicant.phone", "id_number"], "purpose": "核对身份后上门"},
    )


def test_a_file_is_attached_once(city: Any, morning: datetime) -> None:
    case = at_work(city)
    file = ledger.FileView("sm3:" + "a" * 64, "现场.jpg", 1234, "image/jpeg")
    api.attach_file(case.id, actor=city.clerk, file=file)
    api.attach_file(case.id, actor=city.citizen, file=file)
    assert [f.name for f in api.sheet(case.id, actor=city.clerk).files] == ["现场.jpg"]
    with pytest.raises(Missing):
        api.attach_file(case.id, actor=city.stranger, file=file)


def test_statements_are_few_and_their_number_is_fixed(
    city: Any, morning: datetime, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "BLOCK_SECONDS", 60.0)
    monkeypatch.setattr(calendars, "FRESH_SECONDS", 60.0)
    numbers.forget()
    api.move_case(opened(city).id, "assign", actor=city.agent, organisation=city.company)
    with django_assert_num_queries(
        3
    ):  # savepoint, the statement, release: alone it would be the statement only
        case = opened(city)
    with django_assert_num_queries(4):
        api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    with django_assert_num_queries(4):
        api.move_case(case.id, "sign", actor=city.clerk)
    with django_assert_num_queries(4):
        api.move_case(
            case.id, "inspect", actor=city.clerk, note="x" * 4
        )  # clocks come with the case, and go with it
    with django_assert_num_queries(2):
        api.sheet(case.id, actor=city.clerk)
    for call in (api.inbox, api.find_cases, api.counts, api.my_cases):
        with django_assert_num_queries(1):
            call(actor=city.agent)
