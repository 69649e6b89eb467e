"""Cases that run by a drawing: published by a second person, worked on in the same inbox, recorded step by step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.drawn import living, stepping, waking
from tongzheng.kernel.cases.views import CaseView
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import BadFile, Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import NOBODY, Actor
from tongzheng.kernel.ledger import api as ledger

from .build import END, after, el, file, flows, on
from .conftest import MORNING, Office

BASIS = T("《行政许可法》第四十二条", "Administrative Licence Law, article 42")
FORM = (
    '<b:extensionElements><tongzheng:field name="people" zh="人数" en="People" kind="integer"/>'
    '<tongzheng:field name="id_number" zh="身份证号" en="ID number" kind="id_number" personal="true" required="false"/>'
    "</b:extensionElements>"
)
VERDICT = (
    '<b:extensionElements><tongzheng:field name="agreed" zh="同意" en="Agreed" kind="bool" required="false"/>'
    "</b:extensionElements>"
)
START = el("startEvent", "s", FORM)
APPROVAL = (
    START,
    el("userTask", "check", name="初审", tongzheng__en="First review", tongzheng__due="3"),
    el("exclusiveGateway", "g", default="g_decide"),
    el("userTask", "chief", name="科长复核", tongzheng__en="Chief’s review", tongzheng__separate="check"),
    el("userTask", "decide", VERDICT, name="决定", tongzheng__en="Decision"),
    END,
    flows("s check", "check g", "g chief: people > 10", "g decide", "chief decide", "decide e"),
)


def saved(office: Office, *parts: str, key: str = "permit", prefix: str = "SPX", root: str = "") -> Any:
    return api.save_drawing(
        actor=office.drawer, key=key, content=file(*parts, root=root), title=T("许可审批", "Permit"), prefix=prefix, basis=BASIS
    )  # fmt: skip


def published(office: Office, *parts: str, root: str = "") -> Any:
    return api.publish_drawing(saved(office, *parts, root=root).id, actor=office.publisher)


def opened(office: Office, people: int = 3, actor: Actor | None = None, **more: Any) -> CaseView:
    given: dict[str, Any] = {"title": "滨河路占道施工", "facts": {"people": people}, "region": "141102001"}
    return api.open_case(
        "drawn.permit", actor=actor or office.clerk, organisation=office.id, **{**given, **more}
    )


def counted(*tables: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
        return list(cursor.fetchone())


TABLES = ("cases_case", "cases_process", "cases_task", "cases_event", "ledger_entry", "cases_drawing_version")


def test_a_drawing_is_published_by_a_second_person_and_then_cases_run_by_it(
    office: Office, morning: Any
) -> None:
    draft = saved(office, *APPROVAL)
    assert (draft.n, draft.state) == (1, "draft")
    with pytest.raises(Missing):
        opened(office)
    with pytest.raises(Refused):
        api.publish_drawing(draft.id, actor=office.drawer)
    assert api.publish_drawing(draft.id, actor=office.publisher).state == "published"
    case = opened(office)
    assert (case.state, str(case.state_title), case.phase) == ("check", "初审", "open")
    assert case.due_at is not None
    (row,) = api.inbox(actor=office.chief)
    assert (row.number, row.state, row.due_at) == (case.number, "check", case.due_at)
    case = api.move_case(case.id, "@check", actor=office.clerk, version=case.version, note="材料齐全")
    assert (case.state, case.version) == ("decide", 2)
    case = api.move_case(case.id, "@decide", actor=office.clerk, data={"agreed": "true"})
    assert (case.state, case.phase, case.light) == ("ended", "closed", "done")
    sheet = api.sheet(case.number, actor=office.clerk)
    assert [(e.move, e.title.en, e.note) for e in sheet.timeline] == [
        ("", "Submitted", ""), ("@check", "First review", "材料齐全"), ("@decide", "Decision", ""),
    ]  # fmt: skip
    assert [(fact.name, fact.value) for fact in sheet.timeline[-1].data] == [("agreed", True)]
    acts = [entry.act for entry in ledger.entries(subject=f"case:{case.number}")]
    assert acts == ["cases.step", "cases.step", "cases.open"]
    assert list(api.inbox(actor=office.chief)) == []
    assert [
        row.state for row in api.find_cases(actor=office.clerk, type_id="drawn.permit", state="ended")
    ] == ["ended"]


def test_who_made_a_drawing_cannot_publish_it_even_with_the_permission(office: Office) -> None:
    draft = api.save_drawing(
        actor=office.publisher,
        key="own",
        content=file(*APPROVAL),
        title=T("自", "Own"),
        prefix="OWN",
        basis=BASIS,
    )
    with pytest.raises(Refused) as refused:
        api.publish_drawing(draft.id, actor=office.publisher)
    assert refused.value.words.en == "Who drew a process cannot publish it; somebody else must"


def test_the_condition_decides_and_four_eyes_are_kept(office: Office, morning: Any) -> None:
    published(office, *APPROVAL)
    case = opened(office, people=30)
    case = api.move_case(case.id, "@check", actor=office.clerk)
    assert case.state == "chief"
    before = counted(*TABLES)
    with pytest.raises(Refused) as refused:
        api.move_case(case.id, "@chief", actor=office.clerk)
    assert "somebody else" in refused.value.words.en
    (move,) = api.sheet(case.id, actor=office.clerk).moves
    assert (move.name, move.allowed) == ("@chief", False)
    assert counted(*TABLES) == before
    assert api.move_case(case.id, "@chief", actor=office.chief).state == "decide"


def test_on_refusal_nothing_happens(office: Office, morning: Any) -> None:
    published(office, *APPROVAL)
    case = opened(office)
    before = counted(*TABLES)
    for actor, fault in ((office.stranger, Refused), (office.citizen, Missing), (NOBODY, SignInNeeded)):
        with pytest.raises(fault):
            api.move_case(case.id, "@check", actor=actor)
    with pytest.raises(Conflict):
        api.move_case(case.id, "@decide", actor=office.clerk)
    with pytest.raises(Missing):
        api.move_case(case.id, "@nothing", actor=office.clerk)
    with pytest.raises(Conflict):
        api.move_case(case.id, "@check", actor=office.clerk, version=9)
    with pytest.raises(Invalid):
        opened(office, people="many")  # type: ignore[arg-type]
    assert counted(*TABLES) == before
    api.move_case(case.id, "@check", actor=office.clerk, version=1)
    with pytest.raises(Conflict):
        api.move_case(case.id, "@check", actor=office.chief, version=1)


def test_a_step_is_one_read_and_one_statement(
    office: Office, morning: Any, django_assert_num_queries: Any
) -> None:
    published(office, *APPROVAL)
    first = opened(office)
    api.move_case(first.id, "@check", actor=office.clerk)
    case = opened(office)
    with django_assert_num_queries(4):  # a savepoint and its release, because a test is a transaction itself
        api.move_case(case.id, "@check", actor=office.clerk)


def test_faults_are_named_at_publishing_and_nothing_is_published(office: Office) -> None:
    draft = saved(
        office, START, el("userTask", "a"), el("userTask", "lost"), END, flows("s a", "a e", "lost e")
    )
    found = api.findings(draft.id, actor=office.drawer)
    assert [(one.code, one.element) for one in found if one.level == "error"] == [("unreachable", "lost")]
    with pytest.raises(Invalid) as refused:
        api.publish_drawing(draft.id, actor=office.publisher)
    assert list(refused.value.fields) == ["lost"]
    assert api.drawings(actor=office.drawer)[0].state == "draft"
    with pytest.raises(BadFile):
        saved(office, "<broken")
    with pytest.raises(Invalid):
        saved(office, *APPROVAL, key="permit two", prefix="lower")


def test_running_cases_stay_on_their_version_and_a_version_can_be_brought_back(
    office: Office, morning: Any
) -> None:
    first = published(office, *APPROVAL)
    old = opened(office)
    shorter = published(office, START, el("userTask", "quick", name="速办"), END, flows("s quick", "quick e"))
    assert shorter.n == 2
    new = opened(office)
    assert (old.state, new.state) == ("check", "quick")
    assert {row.state for row in api.inbox(actor=office.clerk)} == {"check", "quick"}
    assert api.move_case(old.id, "@check", actor=office.clerk).state == "decide"
    assert [one.state for one in api.drawings(actor=office.drawer, key="permit")] == ["published", "retired"]
    assert api.roll_back(first.id, actor=office.publisher).state == "published"
    assert opened(office).state == "check"
    with pytest.raises(Conflict):
        api.publish_drawing(shorter.id, actor=office.publisher)
    api.retire_drawing("permit", actor=office.publisher)
    with pytest.raises(Missing):
        opened(office)
    assert api.move_case(new.id, "@quick", actor=office.clerk).state == "ended"


def test_a_case_is_moved_to_another_version_by_a_mapping_or_not_at_all(office: Office, morning: Any) -> None:
    published(office, *APPROVAL)
    case = opened(office)
    renamed = [part.replace("check", "examine") for part in APPROVAL]
    second = published(office, *renamed)
    with pytest.raises(Invalid) as refused:
        api.migrate_case(case.id, second.id, actor=office.publisher)
    assert list(refused.value.fields) == ["check"]
    with pytest.raises(Refused):
        api.migrate_case(case.id, second.id, actor=office.clerk, mapping={"check": "examine"})
    used = api.migrate_case(case.id, second.id, actor=office.publisher, mapping={"check": "examine"})
    assert used["check"] == "examine"
    (row,) = api.inbox(actor=office.clerk)
    assert row.state == "examine"
    assert api.move_case(case.id, "@examine", actor=office.clerk).state == "decide"


PARALLEL = (
    START, el("parallelGateway", "f"), el("parallelGateway", "j"), el("userTask", "fire", name="消防"),
    el("userTask", "traffic", name="交警"), END, flows("s f", "f fire", "f traffic", "fire j", "traffic j", "j e"),
)  # fmt: skip


def test_work_at_once_is_several_tasks_of_one_case(office: Office, morning: Any) -> None:
    published(office, *PARALLEL)
    case = opened(office)
    assert case.state == "running"
    assert sorted(row.state for row in api.inbox(actor=office.clerk)) == ["fire", "traffic"]
    assert sorted(move.name for move in api.sheet(case.id, actor=office.clerk).moves) == ["@fire", "@traffic"]
    case = api.move_case(case.id, "@fire", actor=office.clerk)
    assert [row.state for row in api.inbox(actor=office.chief)] == ["traffic"]
    assert [row.state for row in api.inbox(actor=office.clerk, view="handled")] == ["fire"]
    assert api.move_case(case.id, "@traffic", actor=office.chief).phase == "closed"


def test_many_instances_are_told_apart_by_their_tokens(office: Office, morning: Any) -> None:
    many = "<b:multiInstanceLoopCharacteristics><b:loopCardinality>2</b:loopCardinality></b:multiInstanceLoopCharacteristics>"
    published(office, START, el("userTask", "vote", many, name="表决"), END, flows("s vote", "vote e"))
    case = opened(office)
    names = [move.name for move in api.sheet(case.id, actor=office.clerk).moves]
    assert len(names) == 2
    assert all(name.startswith("@vote~") for name in names)
    api.move_case(case.id, names[1], actor=office.clerk)
    with pytest.raises(Conflict):
        api.move_case(case.id, names[1], actor=office.clerk)
    assert api.move_case(case.id, names[0], actor=office.chief).phase == "closed"


TIMED = (
    START, el("userTask", "a", name="办理"), el("boundaryEvent", "late", after("PT2H"), attachedToRef="a", name="超时"),
    el("userTask", "boss", name="督办"), END, el("endEvent", "e2"), flows("s a", "a e", "late boss", "boss e2"),
)  # fmt: skip


def test_a_timer_wakes_its_case_once_and_takes_the_work_away(office: Office, morning: Any) -> None:
    published(office, *TIMED)
    case, done = opened(office), opened(office)
    api.move_case(done.id, "@a", actor=office.clerk)
    assert waking.fire_due() == 0
    with clock.at(MORNING + timedelta(hours=3)):
        assert waking.fire_due() == 1
        assert waking.fire_due() == 0
        assert [row.state for row in api.inbox(actor=office.clerk)] == ["boss"]
        sheet = api.sheet(case.id, actor=office.clerk)
        assert sheet.timeline[-1].title.en == "Time reached: 超时"
        assert api.move_case(case.id, "@boss", actor=office.clerk).phase == "closed"


def test_a_version_that_is_gone_stops_its_case_and_no_other(office: Office, morning: Any) -> None:
    version = published(office, *TIMED)
    lost = opened(office)
    published(office, *TIMED)
    sound = opened(office)
    with connection.cursor() as cursor:
        # The database itself refuses it; somebody with its keys may still do it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE definitions_version DISABLE TRIGGER definitions_keep")
        cursor.execute("UPDATE definitions_version SET based_on_id = NULL")
        cursor.execute("DELETE FROM definitions_version WHERE id = %s", (version.id,))
        cursor.execute("ALTER TABLE definitions_version ENABLE TRIGGER definitions_keep")
    living.forget()
    with clock.at(MORNING + timedelta(hours=3)):
        assert waking.fire_due() == 2
        assert stepping.load(sound.id).record.state == "boss"
        with pytest.raises(Missing) as missing:
            api.move_case(lost.id, "@a", actor=office.clerk)
        assert "not there any more" in missing.value.words.en
        assert api.sheet(lost.id, actor=office.clerk).moves == ()


ROOT = '<b:message id="M" name="paid"/><b:signal id="S" name="flood"/>'


def test_a_message_and_a_signal_reach_the_cases_that_wait(office: Office, morning: Any) -> None:
    wait = (
        START, el("intermediateCatchEvent", "m", on("message", messageRef="M")),
        el("intermediateCatchEvent", "w", on("signal", signalRef="S")), el("userTask", "a"), END,
        flows("s m", "m w", "w a", "a e"),
    )  # fmt: skip
    published(office, *wait, root=ROOT)
    case, second = opened(office), opened(office)
    assert case.state == "running"
    with pytest.raises(Conflict):
        api.tell_process(case.id, "unknown", actor=office.clerk)
    with pytest.raises(Refused):
        api.tell_process(case.id, "paid", actor=office.stranger)
    for one in (case, second):
        api.tell_process(one.id, "paid", actor=office.clerk, data={"amount": 5})
    draft = api.save_drawing(
        actor=office.drawer, key="alarm", prefix="ALM", title=T("警", "Alarm"), basis=BASIS,
        content=file(el("startEvent", "s"), el("userTask", "see"), el("endEvent", "x", on("signal", signalRef="S")),
                     flows("s see", "see x"), root=ROOT),
    )  # fmt: skip
    api.publish_drawing(draft.id, actor=office.publisher)
    alarm = api.open_case(
        "drawn.alarm", actor=office.clerk, title="汛情", facts={}, region="141102001", organisation=office.id
    )
    assert waking.carry() == 0
    api.move_case(alarm.id, "@see", actor=office.clerk)
    assert waking.carry() == 3
    assert waking.carry() == 0
    assert sorted(row.state for row in api.inbox(actor=office.clerk)) == ["a", "a"]
    assert stepping.load(case.id).state["scopes"]["1"]["vars"]["amount"] == 5


def test_what_cannot_go_on_is_kept_and_goes_on_when_it_is_put_right(office: Office, morning: Any) -> None:
    parts = (
        START, el("exclusiveGateway", "g"), el("userTask", "a"), el("userTask", "b"), END,
        flows("s g", "g a: people > 10", "g b: people < 0", "a e", "b e"),
    )  # fmt: skip
    published(office, *parts)
    case = opened(office)
    assert (case.state, list(api.inbox(actor=office.clerk))) == ("running", [])
    assert counted("cases_process WHERE troubled")[0] == 1
    api.retry(case.id, actor=office.publisher, data={"people": 12})
    assert [row.state for row in api.inbox(actor=office.clerk)] == ["a"]
    assert counted("cases_process WHERE troubled")[0] == 0
    with pytest.raises(Conflict):
        api.retry(case.id, actor=office.publisher)


def test_personal_entries_are_no_variables(office: Office, morning: Any) -> None:
    published(office, *APPROVAL)
    case = opened(office, facts={"people": 2, "id_number": "11010519491231002X"})
    assert "id_number" not in str(stepping.load(case.id).state)
    assert "11010519491231002X" not in str(stepping.load(case.id).state)


def test_the_applicant_does_their_own_steps(office: Office, morning: Any) -> None:
    mine = el("userTask", "add", name="补充材料", tongzheng__action="@applicant")
    published(office, START, el("userTask", "a"), mine, END, flows("s a", "a add", "add e"))
    case = opened(office, actor=office.citizen)
    api.move_case(case.id, "@a", actor=office.clerk)
    assert [row.number for row in api.inbox(actor=office.clerk)] == []
    with pytest.raises(Refused):
        api.move_case(case.id, "@add", actor=office.clerk)
    assert [move.name for move in api.sheet(case.id, actor=office.citizen).moves if move.allowed] == ["@add"]
    assert api.move_case(case.id, "@add", actor=office.citizen).phase == "closed"
