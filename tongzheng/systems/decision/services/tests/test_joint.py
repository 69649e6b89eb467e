"""Three departments review one application on one clock: the lead proposes nothing before it has heard them."""

from datetime import timedelta

import pytest

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing, Refused
from tongzheng.systems.decision.services.tests.test_applications import MONDAY, hall, submit

__all__ = ["hall"]


@pytest.fixture
def departments(world):
    """The fire brigade and the market regulator, each with a reviewer."""

    class Departments:
        fire = world.office("离石区消防救援大队")
        market = world.office("离石区市场监督管理局")
        health = world.office("离石区卫生健康局")
        of_fire = world.staff(fire, "services.reviewer", name="消防员")
        of_health = world.staff(health, "services.reviewer", name="卫健员")
        of_market = world.staff(market, "services.reviewer", name="市监员")

    return Departments


def reviewing(hall):
    case = submit(hall)
    with clock.at(MONDAY):
        cases.move_case(case.id, "accept", actor=hall.clerk)
        return cases.move_case(case.id, "review", actor=hall.reviewer)


def propose(hall, case):
    return cases.move_case(
        case.id, "propose", actor=hall.reviewer, note="材料齐全", data={"opinion": "grant"}
    )


def test_the_lead_hears_every_department_before_it_proposes(hall, departments):
    case = reviewing(hall)
    with clock.at(MONDAY):
        fire, market = cases.ask(
            case.id,
            "joint",
            actor=hall.reviewer,
            organisations=[departments.fire, departments.market],
            question="请就经营场所出具审查意见",
        )
        assert fire.due_at <= case.due_at
        with pytest.raises(Refused) as waits:
            propose(hall, case)
        assert str(waits.value.words) == "还缺“联合审查”：离石区消防救援大队、离石区市场监督管理局"
        sheet = cases.sheet(case.number, actor=departments.of_fire)
        shown = {fact.name: str(fact.shown) for fact in sheet.facts}
        assert shown["trade_name"] == "老李面馆"
        assert {"applicant_id", "phone", "applicant_name"}.isdisjoint(shown)
        assert (sheet.case.applicant_label, sheet.timeline) == ("", ())
        cases.give(fire.id, actor=departments.of_fire, answer="agree", opinion="符合消防要求")
        cases.give(market.id, actor=departments.of_market, answer="conditions", opinion="须公示价格")
        with pytest.raises(Missing):
            cases.sheet(case.number, actor=departments.of_health)
        assert propose(hall, case).state == "deciding"
    opinions = cases.sheet(case.id, actor=hall.decider).together.parts
    assert [(one.part.organisation_label, str(one.answer_title)) for one in opinions] == [
        ("离石区消防救援大队", "同意"),
        ("离石区市场监督管理局", "附条件同意"),
    ]


def test_silence_never_counts_for_a_review_and_counts_for_a_consultation(hall, departments):
    case = reviewing(hall)
    with clock.at(MONDAY):
        cases.ask(
            case.id, "consult", actor=hall.reviewer, organisations=[departments.health], question="有无意见"
        )
        cases.ask(
            case.id, "joint", actor=hall.reviewer, organisations=[departments.fire], question="请出具审查意见"
        )
    with clock.at(MONDAY + timedelta(days=30)):
        with pytest.raises(Refused) as waits:
            propose(hall, case)
        assert str(waits.value.words) == "还缺“联合审查”：离石区消防救援大队"
        parts = cases.sheet(case.id, actor=hall.reviewer).together.parts
        assert [(one.part.state, one.part.answer) for one in parts] == [("silent", "none"), ("asked", "")]
