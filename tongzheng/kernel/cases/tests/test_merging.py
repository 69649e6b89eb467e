"""Five people report one lamp: one case leads, each keeps its own time, applicant, messages and review; all undoable."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tongzheng.kernel.cases import api, sql
from tongzheng.kernel.cases.tests.test_life import counted
from tongzheng.kernel.cases.views import CaseView
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.identity.api import NOBODY
from tongzheng.kernel.ledger import api as ledger

PHONES = ("13812345670", "13812345671", "13812345672", "13812345673", "13812345674")


def lamps(city: Any, count: int, morning: datetime) -> list[CaseView]:
    """Open so many reports of one broken lamp, an hour apart."""
    found = []
    for n in range(count):
        with clock.at(morning + timedelta(hours=n)):
            found.append(
                api.open_case(
                    "casetest.lamp",
                    actor=city.agent,
                    title=f"滨河路灯不亮 {n}",
                    facts={"place": "滨河北路 12 号", "caller": f"来电人{n}"},
                    region="141102001",
                    organisation=city.bureau,
                    applicant=api.Applicant(name=f"来电人{n}", phone=PHONES[n % 5]),
                    subject="casetest.lamp:7",
                )
            )
    return found


def working(city: Any, morning: datetime, count: int = 5) -> tuple[CaseView, list[CaseView]]:
    """Open lamps, merge all into the first, and hand that to the company, which has seen it."""
    leader, *members = lamps(city, count, morning)
    with clock.at(morning + timedelta(hours=6)):
        api.merge(leader.number, [one.number for one in members], actor=city.agent, note="同一盏灯")
        leader = api.move_case(leader.id, "assign", actor=city.agent, organisation=city.company)
        api.tick(leader.id, "seen", actor=city.clerk)
    return leader, members


def told(number: str) -> list[str]:
    """Return the phones (masked) to which messages about a case went."""
    return [
        row[0]
        for row in sql.rows("SELECT masked FROM messages_message WHERE case_ref = %s ORDER BY id", (number,))
    ]


def test_members_stay_cases_of_their_own(city: Any, morning: datetime) -> None:
    leader, *members = lamps(city, 5, morning)
    before = counted("ledger_entry", "cases_event")
    after = api.merge(leader.number, [one.number for one in members], actor=city.agent, note="同一盏灯")
    assert (after.members, after.version) == (4, 2)
    assert counted("ledger_entry", "cases_event") == [n + 5 for n in before]
    for one in members:
        sheet = api.sheet(one.number, actor=city.agent)
        assert sheet.case.state == "new"
        assert sheet.case.merged
        assert sheet.case.due_at == one.due_at
        assert sheet.together.leader is not None
        assert sheet.together.leader.number == leader.number
        assert told(one.number) == [f"138····567{PHONES.index(PHONES[members.index(one) + 1])}"]
        assert {str(move.why) for move in sheet.moves if move.name == "assign"} == {
            "已并入另一办件，由主办件统一办理"
        }
    assert [one.number for one in api.sheet(leader.number, actor=city.agent).together.members] == [
        one.number for one in members
    ]
    assert [task.number for task in api.inbox(actor=city.agent)] == [leader.number]


def test_a_shared_move_is_made_for_all_in_one_statement_and_each_applicant_is_told(
    city: Any, morning: datetime, django_assert_num_queries: Any
) -> None:
    leader, members = working(city, morning)
    later = morning + timedelta(hours=7)
    with clock.at(later):
        api.move_case(
            leader.id, "answer", actor=city.clerk, note="热身"
        )  # the document's sequence is made here
    one = api.sheet(members[2].number, actor=city.agent)
    assert (one.case.state, one.case.organisation_id) == ("answered", city.bureau)
    assert one.clock is not None
    assert one.clock.stopped_at == later
    assert one.case.due_at == members[2].due_at
    assert [event.move or event.kind for event in one.timeline] == ["open", "merge", "answer"]
    assert one.timeline[-1].note == "热身"
    assert one.case.documents == api.sheet(leader.number, actor=city.agent).case.documents
    assert told(members[2].number) == ["138····5673", "138····5673"]
    entries = ledger.entries(subject=f"case:{members[2].number}")
    assert [entry.act for entry in entries] == ["cases.move", "cases.merge", "cases.open"]
    assert entries[0].body["leader"] == leader.number
    with django_assert_num_queries(5):  # the case, its members, savepoint, statement, savepoint
        api.move_case(leader.id, "close", actor=city.agent)
    assert {api.sheet(m.number, actor=city.agent).case.phase for m in members} == {"closed"}


def test_the_number_of_statements_does_not_grow_with_the_members(
    city: Any, morning: datetime, django_assert_num_queries: Any
) -> None:
    leader, members = working(city, morning, 41)
    api.move_case(leader.id, "answer", actor=city.clerk, note="已修好")
    with django_assert_num_queries(5):
        api.move_case(leader.id, "close", actor=city.agent)
    assert counted("cases_merger") == [40]
    assert api.sheet(members[39].number, actor=city.agent).case.phase == "closed"


def test_splitting_one_off_gives_it_back_as_it_was_with_its_own_time(city: Any, morning: datetime) -> None:
    leader, members = working(city, morning)
    api.move_case(leader.id, "answer", actor=city.clerk, note="已修好")
    api.split(leader.number, [members[1].number], actor=city.agent, note="不是同一盏")
    sheet = api.sheet(members[1].number, actor=city.agent)
    assert (sheet.case.state, sheet.case.merged, sheet.case.organisation_id) == ("new", False, city.bureau)
    assert sheet.clock is not None
    assert (sheet.clock.stopped_at, sheet.clock.due_at) == (None, members[1].due_at)
    assert [event.kind for event in sheet.timeline] == ["open", "merge", "move", "split"]
    assert members[1].number in [task.number for task in api.inbox(actor=city.agent)]
    api.move_case(members[1].id, "assign", actor=city.agent, organisation=city.company)
    assert api.sheet(leader.number, actor=city.agent).case.members == 3
    assert api.sheet(members[0].number, actor=city.agent).case.state == "answered"


def test_dissolving_gives_back_all_and_closed_ones_too(city: Any, morning: datetime) -> None:
    leader, members = working(city, morning)
    api.move_case(leader.id, "answer", actor=city.clerk, note="已修好")
    api.move_case(leader.id, "close", actor=city.agent)
    assert counted("cases_task") == [5 + 1 + 1 + 4]
    after = api.split(leader.number, actor=city.agent, note="并错了")
    assert after.members == 0
    found = [api.sheet(one.number, actor=city.agent).case for one in members]
    assert {(one.state, one.phase, one.closed_at, one.merged) for one in found} == {
        ("new", "open", None, False)
    }
    assert [one.due_at for one in found] == [one.due_at for one in members]
    standing = api.find_cases(actor=city.agent, type_id="casetest.lamp", state="new")
    assert [row.number for row in standing] == [one.number for one in reversed(members)]
    assert [
        row.number for row in api.find_cases(actor=city.agent, type_id="casetest.lamp", state="closed")
    ] == [leader.number]


def test_what_its_applicant_does_is_a_members_own_and_cannot_be_given_back(
    city: Any, morning: datetime
) -> None:
    leader, *members = lamps(city, 2, morning)
    mine = api.open_case(
        "casetest.lamp",
        actor=city.citizen,
        title="路灯不亮",
        facts={"place": "滨河北路 12 号"},
        region="141102001",
        organisation=city.bureau,
    )
    api.merge(leader.number, [mine.number, *(one.number for one in members)], actor=city.agent)
    own = api.sheet(mine.number, actor=city.citizen)
    assert own.together.led
    assert own.together.leader is None
    assert [move.name for move in own.moves if move.allowed] == ["withdraw"]
    assert all(leader.number not in event.note for event in own.timeline)
    api.move_case(mine.number, "withdraw", actor=city.citizen)
    with pytest.raises(Conflict):
        api.split(leader.number, [mine.number], actor=city.agent)
    api.move_case(leader.id, "assign", actor=city.agent, organisation=city.company)
    api.tick(leader.id, "seen", actor=city.clerk)
    api.move_case(leader.id, "answer", actor=city.clerk, note="已修好")
    assert api.sheet(mine.number, actor=city.citizen).case.state == "withdrawn"
    assert api.sheet(members[0].number, actor=city.agent).case.state == "answered"
    assert api.move_case(members[0].id, "call", actor=city.agent).state == "answered"


def test_a_leader_that_ends_without_the_others_lets_them_go(city: Any, morning: datetime) -> None:
    members = lamps(city, 3, morning)
    leader = api.open_case(
        "casetest.lamp",
        actor=city.citizen,
        title="路灯不亮",
        facts={"place": "滨河北路 12 号"},
        region="141102001",
        organisation=city.bureau,
    )
    api.merge(leader.number, [one.number for one in members], actor=city.agent)
    api.move_case(leader.number, "withdraw", actor=city.citizen)
    found = [api.sheet(one.number, actor=city.agent).case for one in members]
    assert {(one.state, one.merged) for one in found} == {("new", False)}
    assert {task.number for task in api.inbox(actor=city.agent)} == {one.number for one in members}


def test_what_cannot_be_merged_is_named_and_nothing_is(city: Any, morning: datetime) -> None:
    leader, first, second, third = lamps(city, 4, morning)
    api.move_case(third.id, "assign", actor=city.agent, organisation=city.company)
    before = counted("cases_event", "ledger_entry", "cases_merger")
    for members, actor, fault in (
        ([first.number, third.number], city.agent, Invalid),
        ([leader.number], city.agent, Invalid),
        (["LD202611200000000"], city.agent, Invalid),
        ([], city.agent, Invalid),
        ([first.number], city.clerk, Missing),
        ([first.number], city.leader, Refused),
        ([first.number], city.citizen, Missing),
        ([first.number], NOBODY, SignInNeeded),
    ):
        with pytest.raises(fault):
            api.merge(leader.number, members, actor=actor)
    with pytest.raises(Conflict):
        api.merge(leader.number, [first.number], actor=city.agent, version=7)
    assert counted("cases_event", "ledger_entry", "cases_merger") == before
    api.merge(leader.number, [first.number], actor=city.agent)
    for leading, member in ((second, first), (first, second), (second, leader), (leader, first)):
        with pytest.raises((Conflict, Invalid)):
            api.merge(leading.number, [member.number], actor=city.agent)
