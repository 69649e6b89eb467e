"""A street lamp in Lishi, told as a story: five callers, a wrong address, three departments, and nobody's time lost.

Every way of working together on a case, with the real declarations of the 12345 hotline.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Refused
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.kernel.messages import api as messages
from tongzheng.systems.public.hotline import services

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=clock.CHINA)
TOWN = "141102001"
CALLERS = ("13800000011", "13800000012", "13800000013", "13800000014", "13800000015")


@pytest.fixture
def town(world):
    """The hotline, three departments, who leads one of them, and the city office that rules and supervises."""

    class Town:
        centre = world.office("12345热线服务中心", region="141100", kind="institution")
        office = world.office("吕梁市人民政府办公室", region="141100")
        housing = world.office("离石区住房和城乡建设局")
        urban = world.office("离石区城市管理局")
        power = world.office("离石区供电公司", kind="utility")
        roads = world.office("离石区交通运输局")
        seat = world.staff(centre, "hotline.agent", name="陈静")
        dispatcher = world.staff(centre, "hotline.dispatcher", name="刘敏", region="141100")
        caller = world.staff(centre, "hotline.caller", name="高洁")
        of_housing = world.staff(housing, "hotline.handler", name="赵强")
        of_urban = world.staff(urban, "hotline.handler", name="李伟")
        head_of_urban = world.staff(urban, "hotline.handler", "cases.leader", name="武局长")
        of_power = world.staff(power, "hotline.handler", name="周班长")
        of_roads = world.staff(roads, "hotline.handler", name="吴工")
        judge = world.staff(office, "hotline.adjudicator", name="郑科长", region="141100")
        inspector = world.staff(
            office, "cases.supervisor", "hotline.dispatcher", name="何主任", region="141100"
        )

    return Town


def at(days: float, hour: int = 9):
    """It is so many days after that Monday."""
    return clock.at((MONDAY + timedelta(days=days)).replace(hour=hour))


def call(town, n: int) -> cases.CaseView:
    """One more neighbour calls about the lamp."""
    return services.take(
        actor=town.seat,
        region=TOWN,
        values={
            "kind": "help",
            "channel": "phone",
            "urgency": "normal",
            "class": "010401",
            "text": "滨河北路 12 号门口的路灯不亮",
            "place": "滨河北路 12 号",
            "caller_phone": CALLERS[n],
        },
        once=f"call-{n}",
        applicant=cases.Applicant(name=f"来电人{n}", phone=CALLERS[n]),
    )


def seen(case, actor) -> cases.CaseView:
    return cases.sheet(case.number, actor=actor).case


def heard(case) -> list[str]:
    """Return what the caller of a ticket was told, oldest first, by template."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT template FROM messages_message WHERE case_ref = %s AND masked LIKE %s ORDER BY id",
            [case.number, "138%"],
        )
        return [row[0] for row in cursor.fetchall()]


def test_the_lamp_at_the_riverside(town, tmp_path: Path):
    # Monday. Five neighbours call within the day; the desk sees that it is one lamp and merges the tickets.
    tickets = []
    for n in range(5):
        with at(0, 9 + n):
            tickets.append(call(town, n))
    leader, *others = tickets
    with at(0, 15):
        near = services.near(actor=town.seat, region=TOWN, code="010401")
        assert {row.number for row in near} == {one.number for one in tickets}
        cases.merge(leader.number, [one.number for one in others], actor=town.seat, note="同一盏路灯")
        # It was too early: one of them may be another lamp. All is undone; each is what it was, with its own time.
        cases.split(leader.number, actor=town.seat, note="先核实")
        assert [seen(one, town.seat).due_at for one in others] == [one.due_at for one in others]
        assert {seen(one, town.seat).state for one in others} == {"taken"}
        cases.merge(leader.number, [one.number for one in others], actor=town.seat, note="已核实，同一盏路灯")
        assert [task.number for task in cases.inbox(actor=town.seat)] == [leader.number]

        # It is handed to the housing bureau, which thinks that lamps are not its duty.
        cases.move_case(leader.number, "dispatch", actor=town.dispatcher, organisation=town.housing)
        held = cases.move_case(
            leader.number, "object", actor=town.of_housing, note="路灯移交城管了", data={"ground": "duty"}
        )
        assert (held.state, held.organisation_id) == ("ruling", town.office)

    # Tuesday. Neither the centre nor the bureau can rule; the city's office does, and the ruling binds.
    with at(1):
        with pytest.raises(Refused):
            cases.move_case(
                leader.number,
                "rule",
                actor=town.of_housing,
                organisation=town.urban,
                note="不归我",
                data={"basis": "x"},
            )
        cases.move_case(
            leader.number,
            "rule",
            actor=town.judge,
            organisation=town.urban,
            note="城市照明设施由城市管理部门维护",
            data={"basis": "离政办发〔2024〕8 号第三条"},
        )
        with pytest.raises(Refused):
            cases.move_case(
                leader.number, "object", actor=town.of_urban, note="我们也不管", data={"ground": "duty"}
            )
        (ruling,) = cases.precedents(actor=town.dispatcher, words="照明", region="141102")
        assert (ruling.decided_label, ruling.basis) == ("离石区城市管理局", "离政办发〔2024〕8 号第三条")

        # The lead signs for it and needs two others: the power company and the roads bureau. One clock for all three.
        cases.move_case(leader.number, "sign", actor=town.of_urban)
        due = seen(leader, town.of_urban).due_at
        power, roads = cases.ask(
            leader.number,
            "assist",
            actor=town.of_urban,
            organisations=[town.power, town.roads],
            question="需断电并占道一小时，请配合",
        )
        assert power.due_at <= due
        with pytest.raises(Refused) as waits:
            cases.move_case(leader.number, "reply", actor=town.of_urban, note="已修好")
        assert str(waits.value.words) == "还缺“协办”：离石区供电公司、离石区交通运输局"
        sheet = cases.sheet(leader.number, actor=town.of_power)
        assert sheet.together.assisting
        assert "来电人" not in str(sheet)
        assert [task.role for task in cases.inbox(actor=town.of_power)] == ["assist"]
        cases.give(power.id, actor=town.of_power, answer="done", opinion="周三上午断电")

        # The fitting has to come from Taiyuan: the matter is put on the books, and the clock of the leader stands.
        cases.move_case(leader.number, "hang", actor=town.dispatcher, note="等待灯具到货")
        paused = seen(leader, town.of_urban)
        assert (paused.phase, paused.light) == ("paused", "paused")

    # Wednesday. The fitting is there; a neighbour urges all the same, with nothing but number and code.
    with at(2):
        cases.move_case(leader.number, "unhang", actor=town.dispatcher, note="灯具已到")
        again = seen(leader, town.of_urban)
        assert again.due_at > due
        cases.urge_by_code(leader.number, leader.query_code, words="天黑不敢出门")
        (task,) = [one for one in cases.inbox(actor=town.of_urban) if one.number == leader.number]
        assert task.urges == 1

    # Four fifths of the time have gone: the handler is told, then the head of the bureau.
    with clock.at(again.due_at + timedelta(hours=1)):
        while cases.sweep():
            pass
        told = [
            event
            for event in cases.sheet(leader.number, actor=town.dispatcher).timeline
            if event.kind == "clock"
        ]
        assert told, "the clock has said nothing"
        assert any("临期" in one.subject or "到期" in one.subject for one in messages.inbox(town.of_urban))
        assert any("升级" in one.subject for one in messages.inbox(town.head_of_urban))

        # The city's office puts it under supervision: a plan, feedback, the result, and its own confirmation.
        cases.supervise(
            leader.number, actor=town.inspector, level="ordinary", reason="群众反复反映，限期修复"
        )
        for words in ("今晚断电更换灯具", "灯具已更换，正在通电"):
            cases.answer_supervision(leader.number, actor=town.of_urban, words=words)

        # Meanwhile the third caller says that theirs is the lamp round the corner: it is split off, with its own time.
        cases.split(leader.number, [others[2].number], actor=town.dispatcher, note="是拐角那一盏")
        apart = seen(others[2], town.seat)
        assert (apart.state, apart.merged, apart.due_at) == ("taken", False, others[2].due_at)

        # The roads bureau answers too; now the lead can, and everyone who called about this lamp hears of it.
        cases.give(roads.id, actor=town.of_roads, answer="done", opinion="已围挡，占道一小时")
        cases.tick(leader.number, "contacted", actor=town.of_urban)
        cases.answer_supervision(leader.number, actor=town.of_urban, words="路灯已经恢复照明")
        cases.move_case(leader.number, "reply", actor=town.of_urban, note="路灯已更换，亮了")
        assert ["hotline.replied" in heard(one) for one in tickets] == [True, True, True, False, True]
        for one in (others[0], others[1], others[3]):
            after = seen(one, town.seat)
            assert (after.state, after.due_at) == ("replied", one.due_at)
        cases.end_supervision(leader.number, actor=town.inspector, words="现场核实已亮", mended=True)

        # Each caller is called back by themselves, and each may review by themselves.
        for one in (leader, others[0], others[1], others[3]):
            done = {"reached": "yes", "solved": "yes", "satisfaction": "1"}
            closed = cases.move_case(one.number, "close", actor=town.caller, data=done)
            assert closed.phase == "closed"
        said = cases.review_by_code(others[0].number, others[0].query_code, level=2, text="修得快")
        assert said.organisation_label == "12345热线服务中心"

        # The story is on the timeline and on the ledger, and leaves the house as one file that proves itself.
        kinds = [event.kind for event in cases.sheet(leader.number, actor=town.dispatcher).timeline]
        for kind in ("open", "merge", "split", "move", "ask", "opinion", "urge", "supervise", "tick"):
            assert kind in kinds, kind
        while ledger.integrate():
            pass
        to = io.BytesIO()
        cases.archive(leader.number, actor=town.dispatcher, to=to, purpose="归档移交")
        path = tmp_path / "lamp.zip"
        path.write_bytes(to.getvalue())
        report = cases.check_archive(path, key=ledger.public_key())
        assert report.faults == ()
        assert report.entries >= len(kinds) - 1
    assert identity.may(town.judge, "hotline.rule", region=TOWN)
