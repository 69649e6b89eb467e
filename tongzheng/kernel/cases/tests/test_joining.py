"""Several bodies on one clock: who is asked, what they see, what the lead waits for, and when silence counts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tongzheng.kernel.cases import api, joining
from tongzheng.kernel.cases.tests.conftest import _post
from tongzheng.kernel.cases.tests.test_life import counted
from tongzheng.kernel.cases.tests.test_merging import lamps
from tongzheng.kernel.cases.views import CaseView
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import NOBODY, Actor
from tongzheng.kernel.ledger import api as ledger


@pytest.fixture
def joint(city: Any, morning: datetime) -> tuple[CaseView, Actor, Actor, int, int]:
    """A lamp in the company's hands, and two other bodies with a person each who gives opinions."""
    roads, power = identity.ensure_organisations(
        actor=identity.SYSTEM,
        rows=[
            identity.NewOrganisation("离石区交通运输局", "government", "", "141102", short="交通局"),
            identity.NewOrganisation("离石区供电公司", "government", "", "141102", short="供电公司"),
        ],
    )
    of_roads = Actor(21, "周＊", "staff", (_post(21, "科员", roads, "交通局", "141102", advise="own"),))
    of_power = Actor(22, "吴＊", "staff", (_post(22, "班长", power, "供电公司", "141102", advise="own"),))
    (case,) = lamps(city, 1, morning)
    case = api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    api.tick(case.id, "seen", actor=city.clerk)
    return case, of_roads, of_power, roads, power


def test_the_lead_cannot_answer_before_every_required_opinion_is_in(
    city: Any, morning: datetime, joint: Any
) -> None:
    case, of_roads, of_power, roads, power = joint
    parts = api.ask(
        case.id, "opinion", actor=city.clerk, organisations=[roads, power], question="能否断电施工"
    )
    assert [part.due_at for part in parts] == [datetime(2026, 11, 24, 18, tzinfo=clock.CHINA)] * 2
    (answer,) = (m for m in api.sheet(case.id, actor=city.clerk).moves if m.name == "answer")
    assert str(answer.why) == "还缺“协办意见”：交通局、供电公司"
    api.give(parts[0].id, actor=of_roads, answer="yes", opinion="可以占道")
    with pytest.raises(Refused) as caught:
        api.move_case(case.id, "answer", actor=city.clerk, note="已修好")
    assert str(caught.value.words) == "还缺“协办意见”：供电公司"
    assert api.give(parts[1].id, actor=of_power, answer="no", opinion="夜间不行").state == "given"
    seen = api.sheet(case.id, actor=city.clerk)
    assert [
        (one.part.organisation_label, str(one.answer_title), one.part.opinion) for one in seen.together.parts
    ] == [
        ("交通局", "同意", "可以占道"),
        ("供电公司", "不同意", "夜间不行"),
    ]
    assert [event.kind for event in seen.timeline][-3:] == ["ask", "opinion", "opinion"]
    assert api.move_case(case.id, "answer", actor=city.clerk, note="白天修好").state == "answered"
    acts = [entry.act for entry in ledger.entries(subject=f"case:{case.number}")]
    assert acts[:4] == ["cases.move", "cases.opinion", "cases.opinion", "cases.ask"]


def test_an_opinion_disturbs_no_form_of_the_lead_but_being_asked_for_does(
    city: Any, morning: datetime, joint: Any
) -> None:
    case, of_roads, _, roads, _ = joint
    (part,) = api.ask(case.id, "opinion", actor=city.clerk, organisations=[roads], question="能否占道")
    with pytest.raises(Conflict):
        api.move_case(case.id, "take", actor=city.clerk, version=case.version)
    version = api.sheet(case.id, actor=city.clerk).case.version
    api.give(part.id, actor=of_roads, answer="yes", opinion="可以")
    assert api.move_case(case.id, "take", actor=city.clerk, version=version).version == version + 1


def test_an_assisting_body_has_its_part_in_its_inbox_and_sees_only_what_it_needs(
    city: Any, morning: datetime, joint: Any
) -> None:
    case, of_roads, of_power, roads, _power = joint
    with pytest.raises(Missing):
        api.sheet(case.id, actor=of_roads)
    (part,) = api.ask(case.id, "opinion", actor=city.clerk, organisations=[roads], question="能否占道")
    (task,) = api.inbox(actor=of_roads)
    assert (task.number, task.role, str(task.state_title), task.due_at) == (
        case.number,
        "assist",
        "协办意见",
        part.due_at,
    )
    assert task.applicant_label == ""
    sheet = api.sheet(case.id, actor=of_roads)
    assert sheet.together.assisting
    assert [fact.name for fact in sheet.facts] == ["place"]
    assert (sheet.timeline, sheet.moves, sheet.case.applicant_label, sheet.may_reveal) == ((), (), "", False)
    assert [one.may_give for one in sheet.together.parts] == [True]
    with pytest.raises(Missing):
        api.sheet(case.id, actor=of_power)
    assert [one.number for one in api.inbox(actor=of_power)] == []
    api.give(part.id, actor=of_roads, answer="yes", opinion="可以")
    assert [one.number for one in api.inbox(actor=of_roads)] == []
    assert [one.number for one in api.inbox(actor=of_roads, view="handled")] == [case.number]
    assert [one.number for one in api.inbox(actor=city.clerk)] == [case.number]


def test_silence_counts_only_where_the_type_says_so(city: Any, morning: datetime, joint: Any) -> None:
    case, _, of_power, roads, power = joint
    api.ask(case.id, "opinion", actor=city.clerk, organisations=[roads], question="能否占道")
    with clock.at(morning + timedelta(days=5)):
        assert joining.lapse() == 1
        assert joining.lapse() == 0
        (one,) = api.sheet(case.id, actor=city.clerk).together.parts
        assert (one.part.state, one.part.answer, str(one.state_title)) == ("silent", "yes", "逾期未答复")
        assert api.move_case(case.id, "answer", actor=city.clerk, note="已修好").state == "answered"
    (second,) = lamps(city, 1, morning)
    api.move_case(second.id, "assign", actor=city.agent, organisation=city.company)
    api.tick(second.id, "seen", actor=city.clerk)
    (part,) = api.ask(second.id, "round", actor=city.clerk, organisations=[power], question="会签")
    with clock.at(morning + timedelta(days=5)):
        assert joining.lapse() == 0
        with pytest.raises(Refused):
            api.move_case(second.id, "answer", actor=city.clerk, note="已修好")
        assert api.give(part.id, actor=of_power, answer="yes", opinion="同意，迟复").state == "given"


def test_a_move_lets_silence_count_by_itself(city: Any, morning: datetime, joint: Any) -> None:
    case, _, _, roads, _ = joint
    api.ask(case.id, "opinion", actor=city.clerk, organisations=[roads], question="能否占道")
    with clock.at(morning + timedelta(days=5)):
        assert next(m for m in api.sheet(case.id, actor=city.clerk).moves if m.name == "answer").allowed
        assert api.move_case(case.id, "answer", actor=city.clerk, note="已修好").state == "answered"
        kinds = [event.kind for event in api.sheet(case.id, actor=city.clerk).timeline]
        assert kinds[-2:] == ["silence", "move"]


def test_countersigning_goes_round_one_by_one_each_with_its_own_time(
    city: Any, morning: datetime, joint: Any
) -> None:
    case, of_roads, of_power, roads, power = joint
    first, second = api.ask(case.id, "round", actor=city.clerk, organisations=[power, roads], question="会签")
    assert (first.state, second.state, second.due_at) == ("asked", "queued", None)
    assert [one.number for one in api.inbox(actor=of_roads)] == []
    with pytest.raises(Conflict):
        api.give(second.id, actor=of_roads, answer="yes", opinion="同意")
    with clock.at(morning + timedelta(days=3)):
        api.give(first.id, actor=of_power, answer="yes", opinion="同意")
        (task,) = api.inbox(actor=of_roads)
        assert task.due_at == datetime(2026, 11, 24, 18, tzinfo=clock.CHINA)
        api.give(second.id, actor=of_roads, answer="yes", opinion="同意")
        assert api.move_case(case.id, "answer", actor=city.clerk, note="已修好").state == "answered"


def test_a_part_ends_with_the_case_at_the_latest_and_with_its_closing(
    city: Any, morning: datetime, joint: Any
) -> None:
    _, of_roads, _, roads, _ = joint
    case = api.open_case(
        "casetest.lamp",
        actor=city.citizen,
        title="路灯不亮",
        facts={"place": "滨河北路 12 号"},
        region="141102001",
        organisation=city.bureau,
        days=1,
    )
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    (part,) = api.ask(
        case.id, "opinion", actor=city.clerk, organisations=[roads], question="能否占道", days=30
    )
    assert part.due_at == case.due_at
    api.move_case(case.id, "withdraw", actor=city.citizen)
    assert [one.number for one in api.inbox(actor=of_roads)] == []
    with pytest.raises(Conflict):
        api.give(part.id, actor=of_roads, answer="yes", opinion="可以")


def test_who_may_not_ask_or_answer_changes_nothing(city: Any, morning: datetime, joint: Any) -> None:
    case, of_roads, of_power, roads, _ = joint
    (part,) = api.ask(case.id, "opinion", actor=city.clerk, organisations=[roads], question="能否占道")
    before = counted("cases_subtask", "cases_event", "ledger_entry")
    for actor, fault in (
        (NOBODY, SignInNeeded),
        (of_power, Missing),
        (city.clerk, Refused),
        (city.citizen, Missing),
    ):
        with pytest.raises(fault):
            api.give(part.id, actor=actor, answer="yes", opinion="可以")
    for asked, given, fault in (
        (city.agent, {}, Refused),
        (of_roads, {}, Missing),
        (city.clerk, {"organisations": [city.company]}, Invalid),
        (city.clerk, {"organisations": []}, Invalid),
        (city.clerk, {"organisations": [roads]}, Conflict),
        (city.clerk, {"question": ""}, Invalid),
        (city.clerk, {"days": 0}, Invalid),
    ):
        wanted = {"organisations": [city.other], "question": "能否占道", **given}
        with pytest.raises(fault):
            api.ask(case.id, "opinion", actor=asked, **wanted)
    with pytest.raises(Invalid):
        api.give(part.id, actor=of_roads, answer="maybe", opinion="可以")
    with pytest.raises(Invalid):
        api.give(part.id, actor=of_roads, answer="no")
    assert counted("cases_subtask", "cases_event", "ledger_entry") == before
    taken = api.take_back(part.id, actor=city.clerk, note="不需要了")
    assert taken.state == "ended"
    assert api.move_case(case.id, "answer", actor=city.clerk, note="已修好").state == "answered"
