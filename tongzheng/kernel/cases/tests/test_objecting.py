"""A body says that a case is not its own: a third party rules, the ruling binds and is shown the next time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tongzheng.kernel.cases import api, objecting
from tongzheng.kernel.cases.tests.conftest import _post
from tongzheng.kernel.cases.tests.test_life import counted
from tongzheng.kernel.cases.tests.test_merging import lamps
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing, Refused, SignInNeeded, Unavailable
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import NOBODY, Actor, Grantee


@pytest.fixture
def judge(city: Any, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """A person of the city government's office who may rule; one of the hotline may too, but is a party."""
    (office,) = identity.ensure_organisations(
        actor=identity.SYSTEM,
        rows=[identity.NewOrganisation("吕梁市人民政府办公室", "government", "", "141100", short="市政府办")],
    )
    there = Actor(
        31,
        "郑＊",
        "staff",
        (_post(31, "督查科", office, "市政府办", "141100", judge="region", read="region"),),
    )
    partial = Actor(
        32, "冯＊", "staff", (_post(32, "值班长", city.bureau, "热线中心", "141102", judge="region"),)
    )
    people = {31: there, 32: partial}
    grantees = tuple(Grantee(id, one.label, "", "", T("", ""), T("", "")) for id, one in people.items())
    monkeypatch.setattr(objecting.identity, "who_may", lambda action, region: grantees)
    monkeypatch.setattr(objecting.identity, "actor_of", lambda id: people[id])
    return there


def given(city: Any, morning: datetime) -> Any:
    (case,) = lamps(city, 1, morning)
    return api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)


def test_an_objection_goes_to_a_third_party_whose_ruling_binds(
    city: Any, morning: datetime, judge: Actor
) -> None:
    case = given(city, morning)
    case = api.move_case(case.id, "object", actor=city.clerk, note="路灯归住建局管", data={"ground": "duty"})
    assert (case.state, case.organisation_label) == ("disputed", "市政府办")
    assert [task.number for task in api.inbox(actor=judge)] == [case.number]
    (dispute,) = api.sheet(case.id, actor=judge).together.disputes
    assert (dispute.objector_label, dispute.sender_label, dispute.ground, dispute.reason) == (
        "供热公司",
        "热线中心",
        "非本单位职责",
        "路灯归住建局管",
    )
    assert dispute.due_at == datetime(2026, 11, 24, 18, tzinfo=clock.CHINA)
    case = api.move_case(
        case.id,
        "rule",
        actor=judge,
        organisation=city.other,
        note="城市照明由住建部门负责",
        data={"basis": "三定规定第四条"},
    )
    assert (case.state, case.organisation_id) == ("working", city.other)
    (ruled,) = api.precedents(actor=city.agent, type_id="casetest.lamp", subject="casetest.lamp:7")
    assert (ruled.decided_label, ruled.why, ruled.basis) == (
        "住建局",
        "城市照明由住建部门负责",
        "三定规定第四条",
    )
    for words, region, count in (("照明", "", 1), ("供热公司", "1411", 1), ("燃气", "", 0), ("", "1401", 0)):
        assert len(api.precedents(actor=city.agent, words=words, region=region)) == count
    handle = _post(40, "科员", city.other, "住建局", "141102", handle="own", read="own")
    new_body = Actor(40, "钱＊", "staff", (handle,))
    with pytest.raises(Refused) as caught:
        api.move_case(case.id, "object", actor=new_body, note="我们也不管", data={"ground": "duty"})
    assert "有约束力" in str(caught.value.words)
    assert api.move_case(case.id, "take", actor=new_body).handler_label == "钱＊"


def test_a_party_cannot_rule_and_nothing_happens(city: Any, morning: datetime, judge: Actor) -> None:
    case = given(city, morning)
    api.move_case(case.id, "object", actor=city.clerk, note="路灯归住建局管", data={"ground": "duty"})
    party = Actor(
        32, "冯＊", "staff", (_post(32, "值班长", city.bureau, "热线中心", "141102", judge="region"),)
    )
    before = counted("cases_event", "ledger_entry")
    for actor, fault in (
        (party, Refused),
        (city.clerk, Refused),
        (city.citizen, Missing),
        (NOBODY, SignInNeeded),
    ):
        with pytest.raises(fault):
            api.move_case(
                case.id,
                "rule",
                actor=actor,
                organisation=city.other,
                note="就这样",
                data={"basis": "三定规定"},
            )
    assert counted("cases_event", "ledger_entry") == before
    (rule,) = (move for move in api.sheet(case.id, actor=party).moves if move.name == "rule")
    assert str(rule.why) == "当事一方不能裁定，须由第三方裁定"
    assert api.precedents(actor=city.agent).rows == ()


def test_an_objection_too_late_is_refused(city: Any, morning: datetime, judge: Actor) -> None:
    case = given(city, morning)
    with clock.at(morning + timedelta(days=4)):
        (late,) = (move for move in api.sheet(case.id, actor=city.clerk).moves if move.name == "object")
        assert str(late.why) == "已过提出异议的时限（2026-11-23 18:00）"
        with pytest.raises(Refused):
            api.move_case(case.id, "object", actor=city.clerk, note="路灯归住建局管", data={"ground": "duty"})
    assert api.move_case(case.id, "take", actor=city.clerk).state == "working"


def test_without_a_third_party_the_objection_is_not_made(
    city: Any, morning: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = given(city, morning)
    before = counted("cases_event", "ledger_entry", "cases_objection")
    monkeypatch.setattr(objecting.identity, "who_may", lambda action, region: ())
    with pytest.raises(Unavailable):
        api.move_case(case.id, "object", actor=city.clerk, note="路灯归住建局管", data={"ground": "duty"})
    assert counted("cases_event", "ledger_entry", "cases_objection") == before
