"""Personal data goes when its time has come, and not before; what was decided stays and still holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from tongzheng.kernel.cases import api, sql
from tongzheng.kernel.cases.tests.conftest import _post
from tongzheng.kernel.cases.tests.test_life import FACTS, counted
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.identity.api import NOBODY, Actor
from tongzheng.kernel.ledger import api as ledger


@pytest.fixture
def archivist(city: Any) -> Actor:
    """Who may delete in the county."""
    post = replace(_post(50, "档案室", city.other, "区政府", "141102"), actions={"cases.shred": "region"})
    return Actor(50, "何＊", "staff", (post,))


@pytest.fixture
def closed(city: Any, morning: datetime) -> Any:
    case = api.open_case(
        "casetest.repair",
        actor=city.agent,
        title="滨河小区暖气不热",
        facts=FACTS,
        region="141102001",
        organisation=city.company,
        applicant=api.Applicant(name="马小云", phone="13812345678"),
    )
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    api.move_case(case.id, "sign", actor=city.clerk)
    api.move_case(
        case.id, "answer", actor=city.clerk, note="已修复", data={"cost": "12.5", "witness": "13912345678"}
    )
    sql.rows("UPDATE messages_message SET state = 'delivered' WHERE case_ref = %s", (case.number,))
    return api.move_case(case.id, "close", actor=city.second)


def later(morning: datetime, years: int) -> Any:
    return clock.at(morning.replace(year=morning.year + years, day=morning.day + 1))


def test_not_before_its_time_and_not_by_everyone(
    city: Any, morning: datetime, closed: Any, archivist: Actor
) -> None:
    before = counted("cases_event", "ledger_entry")
    with later(morning, 9), pytest.raises(Conflict):
        api.shred(closed.number, actor=archivist, reason="区档案〔2035〕1 号")
    with later(morning, 10):
        for actor, reason, fault in (
            (NOBODY, "区档案〔2036〕1 号", SignInNeeded),
            (city.clerk, "区档案〔2036〕1 号", Refused),
            (city.stranger, "区档案〔2036〕1 号", Missing),
            (archivist, "删", Invalid),
        ):
            with pytest.raises(fault):
                api.shred(closed.number, actor=actor, reason=reason)
        assert (
            api.kept_long_enough(actor=archivist, type_id="casetest.repair").rows[0].number == closed.number
        )
    assert counted("cases_event", "ledger_entry") == before


def test_whose_matter_it_was_is_gone_and_what_was_decided_stays(
    city: Any, morning: datetime, closed: Any, archivist: Actor
) -> None:
    with later(morning, 10):
        api.shred(closed.number, actor=archivist, reason="区档案〔2036〕1 号")
        assert api.kept_long_enough(actor=archivist, type_id="casetest.repair").rows == ()
        sheet = api.sheet(closed.number, actor=city.agent)
        with pytest.raises(Conflict):
            api.shred(closed.number, actor=archivist, reason="区档案〔2036〕1 号")
        assert api.find_cases(actor=city.agent, words="13812345678").rows == ()
        assert [row.number for row in api.find_cases(actor=city.agent, words=closed.number)] == [
            closed.number
        ]
        assert (
            api.reveal_fields(
                closed.id, actor=city.clerk, fields=["applicant.name", "id_number"], purpose="核对一下"
            )
            == {}
        )
    assert (sheet.case.applicant_label, "id_number" in sheet.case.facts) == ("", False)
    answer = next(event for event in sheet.timeline if event.move == "answer")
    assert (answer.note, [fact.name for fact in answer.data]) == ("已修复", ["cost"])
    assert str(sheet.timeline[-1].title) == "已销毁个人信息"
    rows = sql.rows(
        "SELECT subject, body, masked FROM messages_message WHERE case_ref = %s", (closed.number,)
    )
    assert set(rows) == {("", "", "")}
    (entry, *_) = ledger.entries(subject=f"case:{closed.number}")
    assert (entry.act, entry.body["fields"]) == ("cases.shred", ["id_number"])
