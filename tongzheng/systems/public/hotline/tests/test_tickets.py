from datetime import datetime

import pytest

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.identity import api as identity
from tongzheng.systems.public.hotline import services

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=clock.CHINA)
VALUES = {
    "kind": "help",
    "channel": "phone",
    "urgency": "normal",
    "class": "010101",
    "text": "家里暖气不热，室内温度只有十四度",
    "place": "滨河北路 8 号",
    "caller_name": "王建国",
    "caller_phone": "13800000001",
}

GROUND = {"ground": "duty", "duty_basis": "三定方案第四条"}


@pytest.fixture
def city(world):
    """The hotline's centre, a heating company, and somebody at each desk."""

    class City:
        centre = world.office("12345热线服务中心", region="141100", kind="institution")
        heating = world.office("离石区城市供热公司", region="141102", kind="utility")
        seat = world.staff(centre, "hotline.agent")
        handler = world.staff(heating, "hotline.handler")
        caller = world.staff(centre, "hotline.caller")
        citizen = world.citizen()

    return City


def take(city, *, once="c1", actor=None, **changes):
    with clock.at(MONDAY):
        return services.take(
            actor=actor or city.seat, region="141102001", values={**VALUES, **changes}, once=once
        )


def test_a_call_becomes_a_ticket_that_is_due_by_the_limit_of_its_kind(city):
    ticket = take(city)
    assert ticket.title == "温度不达标 · 滨河街道"
    assert (ticket.state, ticket.organisation_id) == ("taken", city.centre)
    assert ticket.due_at == datetime(2026, 11, 26, 18, 0, tzinfo=clock.CHINA)


def test_the_caller_is_masked_and_the_title_names_nobody(city):
    ticket = take(city)
    assert ticket.facts["caller_phone"] == "138····0001"
    assert ticket.facts["caller_name"] == "王＊＊"
    assert "王建国" not in str(cases.sheet(ticket.id, actor=city.seat))


def test_a_ticket_walks_from_the_call_to_the_call_back(city):
    ticket = take(city)
    with clock.at(MONDAY):
        cases.move_case(ticket.id, "dispatch", actor=city.seat, organisation=city.heating)
        cases.move_case(ticket.id, "sign", actor=city.handler)
        cases.move_case(
            ticket.id, "reply", actor=city.handler, note="已调节，室温 20 度", data={"contacted": True}
        )
        closed = cases.move_case(
            ticket.id,
            "close",
            actor=city.caller,
            data={"reached": "yes", "solved": "yes", "satisfaction": "1"},
        )
    assert (closed.state, closed.phase) == ("closed", "closed")
    sheet = cases.sheet(ticket.id, actor=city.seat)
    assert [event.move for event in sheet.timeline if event.kind == "move"] in (
        ["dispatch", "sign", "reply", "close"],
        ["close", "reply", "sign", "dispatch"],
    )


def test_a_ticket_is_returned_once_only_and_with_a_ground(city):
    ticket = take(city)
    cases.move_case(ticket.id, "dispatch", actor=city.seat, organisation=city.heating)
    with pytest.raises(Invalid):
        cases.move_case(ticket.id, "return", actor=city.handler, data=GROUND)
    back = cases.move_case(ticket.id, "return", actor=city.handler, note="不属职责", data=GROUND)
    assert (back.state, back.organisation_id) == ("disputed", city.centre)
    cases.move_case(ticket.id, "dispatch", actor=city.seat, organisation=city.heating)
    with pytest.raises((Refused, Conflict)):
        cases.move_case(ticket.id, "return", actor=city.handler, note="不属职责", data=GROUND)


def test_a_double_clicked_form_makes_one_ticket(city):
    assert take(city, once="same").id == take(city, once="same").id


def test_anyone_may_report_without_signing_in_and_follow_it_with_the_code(city):
    ticket = take(city, actor=identity.NOBODY, channel="web")
    found = cases.progress(ticket.number, ticket.query_code)
    assert found.number == ticket.number
    assert "王建国" not in str(found)
    assert "13800000001" not in str(found)


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        ({"class": "999999"}, "class"),
        ({"kind": "urgent"}, "kind"),
        ({"text": ""}, "text"),
        ({"caller_phone": "12"}, "caller_phone"),
    ],
)
def test_a_bad_entry_is_named_and_nothing_is_kept(city, change, entry):
    with pytest.raises(Invalid) as refusal:
        take(city, **change)
    assert entry in refusal.value.fields
    assert not cases.find_cases(actor=identity.SYSTEM, type_id="hotline.ticket").rows


def test_a_place_outside_the_city_is_refused(city):
    with pytest.raises(Invalid) as refusal:
        services.take(actor=city.seat, region="110101", values=VALUES, once="x")
    assert set(refusal.value.fields) == {"region"}


def test_the_same_matter_near_by_and_the_likely_body_are_found(city):
    ticket = take(city)
    assert [row.id for row in services.near(actor=city.seat, region="141102001", code="010101")] == [
        ticket.id
    ]
    assert services.near(actor=city.seat, region="141121", code="010101") == ()
    assert services.likely_offices("010101", "141102001")[0].id == city.heating


def test_a_stranger_to_the_ticket_cannot_handle_it(city, world):
    ticket = take(city)
    cases.move_case(ticket.id, "dispatch", actor=city.seat, organisation=city.heating)
    stranger = world.staff(world.office("文水县城管局", region="141121"), "hotline.handler")
    with pytest.raises(Refused):
        cases.move_case(ticket.id, "sign", actor=stranger)
    assert cases.sheet(ticket.id, actor=city.seat).case.state == "dispatched"


def test_a_citizen_cannot_answer_a_ticket_not_even_their_own(city, world):
    with clock.at(MONDAY):
        own = services.take(actor=city.citizen, region="141102001", values=VALUES, once="w1")
        for ticket in (take(city), own):
            with pytest.raises((Missing, Refused)):
                cases.move_case(ticket.id, "answer", actor=city.citizen, note="不用办了")
            assert cases.sheet(ticket.id, actor=city.seat).case.state == "taken"
