import io
from datetime import datetime

import pytest
from PIL import Image

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Refused
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.systems.decision.services import items, services

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=clock.CHINA)
VALUES = {
    "applicant_name": "李桂英",
    "applicant_id": "11010519491231002X",
    "phone": "13800000001",
    "trade_name": "老李面馆",
    "uscc": "11100000000013338W",
    "food_business": ["hot"],
    "address": "滨河北路 8 号",
    "premises_area": "60",
}


def picture():
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(file, "PNG")
    file.seek(0)
    file.name = "plan.png"
    file.size = len(file.getvalue())
    return file


@pytest.fixture
def hall(world):
    """The catalogue in force, an approval bureau, and somebody at each desk."""
    items.load_items(items.read_items(), actor=identity.SYSTEM)

    class Hall:
        bureau = world.office("离石区行政审批服务管理局")
        clerk = world.staff(bureau, "services.window")
        reviewer = world.staff(bureau, "services.reviewer")
        decider = world.staff(bureau, "services.decider")
        citizen = world.citizen()

    for key in ("food-business", "sole-trader"):
        items.offer_item(key, actor=identity.SYSTEM, organisation=Hall.bureau, region="141102")
    return Hall


def plan():
    return ("material_premises_plan", ledger.keep_file(picture(), name="plan.png"))


def submit(hall, *, once="a1", files=None, **changes):
    with clock.at(MONDAY):
        return services.submit(
            "food-business",
            actor=hall.citizen,
            region="141102",
            values={**VALUES, **changes},
            files=[plan()] if files is None else files,
            once=once,
        )


def test_loading_the_catalogue_again_changes_nothing_and_a_change_makes_a_new_version(db):
    raw = items.read_items()
    assert items.load_items(raw, actor=identity.SYSTEM) == 32
    assert items.load_items(raw, actor=identity.SYSTEM) == 0
    raw[0] = {**raw[0], "promised": [3, "wd"]}
    with clock.at(MONDAY):
        assert items.load_items(raw, actor=identity.SYSTEM) == 1
        assert (items.item("food-business").version, items.item("food-business").promised) == (2, 3)
    assert items.item("food-business", day=datetime(2026, 11, 22).date()).promised == 5


def test_the_office_and_its_code_are_those_of_the_region(hall):
    (offer,) = items.offers("food-business")
    assert offer.organisation_id == hall.bureau
    assert len(offer.implementation_code) == 31
    assert offer.implementation_code[18] == "4"


def test_an_application_goes_in_and_the_decision_comes_out(hall):
    case = submit(hall)
    assert case.state == "received"
    assert case.documents[0].startswith("吕审")
    with clock.at(MONDAY):
        accepted = cases.move_case(case.id, "accept", actor=hall.clerk)
        assert accepted.due_at == datetime(2026, 11, 30, 18, 0, tzinfo=clock.CHINA)
        cases.move_case(case.id, "review", actor=hall.reviewer)
        cases.move_case(case.id, "propose", actor=hall.reviewer, note="材料齐全", data={"opinion": "grant"})
        cases.move_case(case.id, "grant", actor=hall.decider)
        closed = cases.move_case(case.id, "deliver", actor=hall.decider, data={"way": "electronic"})
    assert closed.phase == "closed"
    assert len(closed.documents) == 4


def test_what_is_needed_is_told_once_and_the_applicant_hands_it_in(hall):
    case = submit(hall)
    told = cases.move_case(case.id, "supplement", actor=hall.clerk, note="平面图未标清洗池")
    assert told.state == "correcting"
    with pytest.raises(Refused):
        cases.move_case(case.id, "resubmit", actor=hall.clerk)
    back = cases.move_case(case.id, "resubmit", actor=hall.citizen)
    assert (back.state, back.organisation_id) == ("received", hall.bureau)
    with pytest.raises((Refused, Invalid)):
        cases.move_case(case.id, "supplement", actor=hall.clerk, note="再补")


def test_a_special_procedure_stops_the_clock(hall):
    case = submit(hall)
    with clock.at(MONDAY):
        cases.move_case(case.id, "accept", actor=hall.clerk)
        cases.move_case(case.id, "review", actor=hall.reviewer)
        stopped = cases.move_case(
            case.id,
            "special",
            actor=hall.reviewer,
            note="送检",
            data={"ground": "testing", "announced": "5"},
        )
    assert (stopped.phase, stopped.light) == ("paused", "paused")
    with clock.at(MONDAY.replace(day=26)):
        going = cases.move_case(case.id, "resume", actor=hall.reviewer, note="检测合格")
    assert going.due_at == datetime(2026, 12, 3, 18, 0, tzinfo=clock.CHINA)


def test_a_procedure_that_the_law_does_not_name_leaves_the_statutory_limit_running(hall):
    case = submit(hall)
    with clock.at(MONDAY):
        cases.move_case(case.id, "accept", actor=hall.clerk)
        cases.move_case(case.id, "review", actor=hall.reviewer)
        given = {"ground": "onsite", "announced": "5"}
        cases.move_case(case.id, "special", actor=hall.reviewer, note="现场核查", data=given)
        lights = {one.name: one.light for one in cases.sheet(case.id, actor=hall.reviewer).clocks}
    assert lights == {"statutory": "green", "promised": "paused", "acceptance": "done"}


def test_an_extension_needs_the_head_and_lengthens_both_limits(hall):
    case = submit(hall)
    with clock.at(MONDAY):
        cases.move_case(case.id, "accept", actor=hall.clerk)
        before = cases.move_case(case.id, "review", actor=hall.reviewer)
        cases.move_case(case.id, "ask_extension", actor=hall.reviewer, days=5, note="案情复杂")
        with pytest.raises(Refused):
            cases.move_case(case.id, "extend", actor=hall.reviewer, note="同意")
        after = cases.move_case(case.id, "extend", actor=hall.decider, note="同意")
        views = {one.name: one.due_at for one in cases.sheet(case.id, actor=hall.reviewer).clocks}
    assert before.due_at < after.due_at == views["promised"] < views["statutory"]


def test_silence_about_an_application_is_acceptance_from_its_receipt(hall):
    with clock.at(MONDAY):
        case = submit(hall)
        assert case.due_at == datetime(2026, 11, 30, 18, 0, tzinfo=clock.CHINA)
        with pytest.raises(Refused):
            cases.move_case(case.id, "deem_accepted", actor=hall.clerk)
    with clock.at(MONDAY.replace(month=12, day=2)):
        cases.sweep()
        taken = cases.move_case(case.id, "deem_accepted", actor=hall.clerk)
    promised = cases.due_after(MONDAY, 5, "working_day")
    assert (taken.state, taken.due_at) == ("accepted", promised)


def test_who_reviewed_cannot_also_decide(hall, world):
    both = world.staff(hall.bureau, "services.reviewer", "services.decider")
    case = submit(hall)
    cases.move_case(case.id, "accept", actor=hall.clerk)
    cases.move_case(case.id, "review", actor=both)
    cases.move_case(case.id, "propose", actor=both, note="齐全", data={"opinion": "grant"})
    with pytest.raises(Refused):
        cases.move_case(case.id, "grant", actor=both)
    assert cases.sheet(case.id, actor=hall.decider).case.state == "deciding"


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        ({"applicant_id": "110105194912310021"}, "applicant_id"),
        ({"uscc": "11100000000013338X"}, "uscc"),
        ({"food_business": []}, "food_business"),
        ({"premises_area": "-3"}, "premises_area"),
        ({"surprise": "x"}, "surprise"),
    ],
)
def test_a_bad_entry_is_named_and_nothing_is_kept(hall, change, entry):
    with pytest.raises(Invalid) as refusal:
        submit(hall, **change)
    assert set(refusal.value.fields) == {entry}
    assert not cases.my_cases(actor=hall.citizen).rows


def test_a_missing_material_is_named(hall):
    with pytest.raises(Invalid) as refusal:
        submit(hall, files=[])
    assert set(refusal.value.fields) == {"material_premises_plan"}


def test_nobody_offers_it_there(hall):
    with pytest.raises(Invalid) as refusal:
        services.submit("food-business", actor=hall.citizen, region="141121", values=VALUES, once="a1")
    assert set(refusal.value.fields) == {"region"}


def test_a_double_click_makes_one_case(hall):
    assert submit(hall, once="same").id == submit(hall, once="same").id


def test_a_form_asks_in_the_order_of_its_declaration_also_after_it_was_kept(db):
    items.load_items(items.read_items(), actor=identity.SYSTEM)
    names = [field.name for field in items.item("food-business").elements.fields]
    assert names == list(items.read_items()[0]["fields"])
    assert names[:3] == ["applicant_name", "applicant_id", "phone"]


def test_a_case_decided_in_time_is_not_late_because_it_is_delivered_later(hall):
    case = submit(hall)
    with clock.at(MONDAY):
        cases.move_case(case.id, "accept", actor=hall.clerk)
        cases.move_case(case.id, "review", actor=hall.reviewer)
        cases.move_case(case.id, "propose", actor=hall.reviewer, note="齐全", data={"opinion": "grant"})
        cases.move_case(case.id, "grant", actor=hall.decider)
    with clock.at(MONDAY.replace(month=12, day=20)):
        (row,) = cases.find_cases(actor=hall.decider, type_id="services.application").rows
        assert row.light == "red"  # the ten working days to deliver it are over
        closed = cases.move_case(case.id, "deliver", actor=hall.clerk, data={"way": "window"})
        assert closed.light == "done"
        (row,) = cases.my_cases(actor=hall.citizen).rows
        assert row.light == "done"
