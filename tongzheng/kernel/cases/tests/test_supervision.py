"""Supervision by 13710: ordered by authority, answered in stages, in both inboxes, ended only by who ordered it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from tongzheng.kernel.cases import api, sweeping
from tongzheng.kernel.cases.tests.permits import at, opened
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.ledger import api as ledger

WHY = "群众反映强烈，请限时办结"
DONE = "已派员整改到位"


@pytest.fixture
def chief(permits: None, city: Any) -> Actor:
    """Who supervises in the district."""
    actions = {"cases.supervise": "region", "permits.read": "region", "cases.supervision_rule": "region"}
    post = replace(city.leader.posts[0], actions=actions)
    return Actor(61, "孙＊", "staff", (post,))


@pytest.fixture
def other_chief(permits: None, city: Any) -> Actor:
    """Another body that may supervise there too."""
    post = replace(
        city.leader.posts[0], id=8, organisation_id=city.bureau, actions={"cases.supervise": "region"}
    )
    return Actor(62, "钱＊", "staff", (post,))


def roles(actor: Actor) -> list[tuple[str, str]]:
    """Return the work of an inbox by role and state."""
    return sorted(((row.role, row.state_title.zh) for row in api.inbox(actor=actor)), reverse=True)


def test_a_case_is_supervised_until_the_supervisor_confirms_that_it_is_mended(
    city: Any, officer: Actor, chief: Actor, other_chief: Actor, morning: datetime
) -> None:
    case = opened(city)
    api.supervise(case.id, actor=chief, level="ordinary", reason=WHY)
    assert roles(officer) == [("supervised", "办理督办"), ("lead", "已收件")]
    assert roles(chief) == [("supervisor", "督办确认")]
    (found,) = api.sheet(case.id, actor=officer).supervisions
    assert [(one.title.zh, f"{one.due_at.astimezone(clock.CHINA):%m-%d %H:%M}") for one in found.clocks] == [
        ("督办方案", "11-23 18:00"),  # the day after is a Saturday
        ("督办反馈", "11-23 18:00"),
        ("督办整改", "11-27 18:00"),
    ]
    assert api.sheet(case.id, actor=officer).case.due_at == at("2026-11-23 18:00")
    with pytest.raises(Conflict, match="under supervision already"):
        api.supervise(case.id, actor=chief, level="hard", reason=WHY)
    for stage in ("plan", "feedback", "mend"):
        (found,) = api.sheet(case.id, actor=officer).supervisions
        assert (found.stage, found.may_answer, found.may_end) == (stage, True, False)
        with pytest.raises(Conflict, match="not reported"):
            api.end_supervision(case.id, actor=chief, words=DONE, mended=True)
        api.answer_supervision(case.id, actor=officer, words=DONE)
    with pytest.raises(Conflict, match="supervisor has to confirm"):
        api.answer_supervision(case.id, actor=officer, words=DONE)
    with pytest.raises(Refused, match="Only the office that ordered it"):
        api.end_supervision(case.id, actor=other_chief, words=DONE, mended=True)
    api.end_supervision(case.id, actor=chief, words="现场仍未恢复", mended=False)
    (found,) = api.sheet(case.id, actor=officer).supervisions
    assert (found.stage, found.clocks[-1].light) == ("mend", "green")
    api.answer_supervision(case.id, actor=officer, words=DONE)
    assert ("supervised", "办理督办") not in roles(officer)
    api.end_supervision(case.id, actor=chief, words="现场核实已恢复", mended=True)
    assert roles(officer) == [("lead", "已收件")]
    assert roles(chief) == []
    (found,) = api.sheet(case.id, actor=chief).supervisions
    assert (found.stage, len(found.steps)) == ("ended", 6)
    assert api.sheet(case.id, actor=chief).case.due_at is None
    assert [entry.act for entry in ledger.entries(subject=f"case:{case.number}")][:2] == [
        "cases.supervision_ended",
        "cases.supervision_mend",
    ]


def test_closing_the_case_does_not_end_its_supervision(
    city: Any, officer: Actor, head: Actor, chief: Actor, morning: datetime
) -> None:
    case = opened(city)
    api.supervise(case.id, actor=chief, level="hard", reason=WHY)
    for move, actor in (("accept", officer), ("grant", head), ("deliver", officer)):
        api.move_case(case.id, move, actor=actor)
    (found,) = api.sheet(case.id, actor=chief).supervisions
    assert (found.stage, found.ended_at) == ("plan", None)
    assert roles(officer) == [("supervised", "办理督办")]
    assert roles(chief) == [("supervisor", "督办确认")]
    assert api.sheet(case.id, actor=chief).case.light == "done"
    for _ in range(3):
        api.answer_supervision(case.id, actor=officer, words=DONE)
    api.end_supervision(case.id, actor=chief, words=DONE, mended=True)
    assert (roles(officer), roles(chief)) == ([], [])


def test_who_has_no_authority_supervises_nothing(
    city: Any, officer: Actor, chief: Actor, morning: datetime
) -> None:
    case = opened(city)
    with pytest.raises(Refused):
        api.supervise(case.id, actor=officer, level="ordinary", reason=WHY)
    with pytest.raises(Missing):
        api.supervise(case.id, actor=city.stranger, level="ordinary", reason=WHY)
    for level, reason in (("ordinary", "短"), ("soft", WHY), ("ordinary", "x" * 1001)):
        with pytest.raises(Invalid):
            api.supervise(case.id, actor=chief, level=level, reason=reason)
    assert api.sheet(case.id, actor=chief).supervisions == ()


def test_the_limits_are_dated_rules_and_those_that_run_keep_theirs(
    city: Any, officer: Actor, chief: Actor, morning: datetime
) -> None:
    before = opened(city)
    api.supervise(before.id, actor=chief, level="ordinary", reason=WHY)
    new = {
        "unit": "working_day",
        "plan": 1,
        "feedback": 2,
        "ordinary": 4,
        "hard": 20,
        "basis": "吕督〔2026〕3号",
    }
    with pytest.raises(Refused):
        api.set_supervision_rule(actor=officer, valid_from=date(2026, 11, 20), **new)
    with pytest.raises(Invalid):
        api.set_supervision_rule(actor=chief, valid_from=date(2026, 11, 20), **{**new, "plan": 9})
    api.set_supervision_rule(actor=chief, valid_from=date(2026, 11, 24), **new)
    assert api.amounts_in_force().ordinary == 7
    with clock.at(at("2026-11-24 09:00")):
        assert api.amounts_in_force().ordinary == 4
        after = opened(city)
        api.supervise(after.id, actor=chief, level="ordinary", reason=WHY)
        assert api.sheet(after.id, actor=chief).supervisions[0].clocks[-1].due_at == at("2026-11-30 18:00")
        assert api.sheet(before.id, actor=chief).supervisions[0].clocks[-1].due_at == at("2026-11-27 18:00")


def test_a_supervision_that_runs_late_is_told(
    city: Any, officer: Actor, chief: Actor, morning: datetime
) -> None:
    case = opened(city)
    api.supervise(case.id, actor=chief, level="ordinary", reason=WHY)
    with clock.at(at("2026-11-24 09:00")):
        assert sweeping.sweep() == 2
        notes = [event.note for event in api.sheet(case.id, actor=chief).timeline if event.kind == "clock"]
    assert sum("督办方案" in note for note in notes) == 2


def test_an_applicant_urges_once_a_day_and_the_office_sees_it(
    city: Any, officer: Actor, head: Actor, morning: datetime
) -> None:
    case = opened(city)
    api.urge(case.id, actor=city.citizen, words="请问什么时候能办好")
    with pytest.raises(Conflict, match="Urged today already"):
        api.urge_by_code(case.number, case.query_code)
    assert api.inbox(actor=officer).rows[0].urges == 1
    assert api.sheet(case.id, actor=officer).timeline[-1].note == "请问什么时候能办好"
    sheet = api.sheet(case.id, actor=city.citizen)
    assert (sheet.may_urge, sheet.urge_why is None) == (False, False)
    with pytest.raises(Missing):
        api.urge(case.id, actor=replace(city.citizen, id=99))
    with clock.at(at("2026-11-21 00:01")):
        assert api.progress(case.number, case.query_code).may_urge
        api.urge_by_code(case.number, case.query_code)
        assert api.progress(case.number, case.query_code).urges == 2
    for move, actor in (("accept", officer), ("grant", head), ("deliver", officer)):
        api.move_case(case.id, move, actor=actor)
    with clock.at(at("2026-11-23 09:00")), pytest.raises(Conflict):
        api.urge(case.id, actor=city.citizen)
