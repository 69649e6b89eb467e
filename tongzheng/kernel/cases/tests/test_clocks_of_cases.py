"""Several clocks of one case, by declaration: what starts, stops and pauses them, how long they are, and who may add."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tongzheng.kernel.cases import api, checks, sweeping
from tongzheng.kernel.cases.kinds import Amount, CaseType, Clock, Escalation, RunsOut
from tongzheng.kernel.cases.tests.conftest import MORNING
from tongzheng.kernel.cases.tests.permits import BASIS, PERMIT, at, opened
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Refused
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor

pytestmark = pytest.mark.usefixtures("permits")


def dues(case: api.CaseView, actor: Actor) -> dict[str, str]:
    """Return when each clock that runs is due, and how the others stand."""
    return {
        one.name: f"{one.due_at.astimezone(clock.CHINA):%m-%d %H:%M}"
        if one.light in ("green", "yellow", "red")
        else one.light
        for one in api.sheet(case.id, actor=actor).clocks
    }


def test_the_type_is_sound() -> None:
    assert list(checks.type_faults(PERMIT, registry)) == []


def test_a_mistake_in_a_clock_is_named() -> None:
    wrong = Clock(
        "x", T("", ""), "week", -1, T("", ""), starts=("into:nowhere", "move:none", "never"), whose="nobody",
        amounts=(Amount(1), Amount(2, when=(("colour", "red"),))), escalations=(Escalation(0, "king"),),
        out=RunsOut("accept", T("", "")), pauses=("limbo",),
    )  # fmt: skip
    found = "\n".join(checks.type_faults(replace(PERMIT, clocks=(wrong,)), registry))
    for part in ("unit 'week'", "out of bounds", "no basis", "'nowhere'", "'none'", "'never'", "nobody's", "limbo",
                 "never hold", "king", "must say after='x'"):  # fmt: skip
        assert part in found, part


def test_promised_and_statutory_limits_start_with_the_acceptance_and_delivery_with_the_decision(
    city: Any, officer: Actor, head: Actor, morning: datetime
) -> None:
    case = opened(city)
    assert (case.light, case.due_at) == ("none", None)
    case = api.move_case(case.id, "accept", actor=officer)
    assert dues(case, officer) == {"promised": "11-27 18:00", "statutory": "12-18 18:00"}
    case = api.move_case(case.id, "grant", actor=head)
    assert dues(case, officer) == {"delivery": "12-04 18:00", "promised": "done", "statutory": "done"}
    assert (case.light, case.due_at) == ("green", at("2026-12-04 18:00"))
    case = api.move_case(case.id, "deliver", actor=officer)
    assert (case.light, case.due_at) == ("done", at("2026-11-27 18:00"))


def test_the_amount_is_the_items_else_by_kind_and_region_else_the_types(
    city: Any, officer: Actor, morning: datetime
) -> None:
    def due(**more: Any) -> str:
        return dues(api.move_case(opened(city, **more).id, "accept", actor=officer), officer)["promised"]

    assert due() == "11-27 18:00"
    assert due(kind="hard") == "12-02 18:00"
    assert due(kind="hard", region="141121001") == "11-22 09:00"
    assert due(kind="hard", days=1) == "11-23 18:00"
    case = api.move_case(opened(city, limits={"statutory": (30, "calendar_day")}).id, "accept", actor=officer)
    assert dues(case, officer)["statutory"] == "12-21 18:00"  # the thirtieth day is a Sunday
    for limits in ({"none": (1, "")}, {"statutory": (-1, "")}, {"statutory": (1, "week")}):
        with pytest.raises(Invalid):
            opened(city, limits=limits)


def test_a_standstill_has_a_ground_and_the_statutory_limit_stands_only_on_one_of_the_law(
    city: Any, officer: Actor, morning: datetime
) -> None:
    one = api.move_case(opened(city).id, "accept", actor=officer)
    other = api.move_case(opened(city).id, "accept", actor=officer)
    with pytest.raises(Invalid) as caught:
        api.move_case(one.id, "special", actor=officer)
    assert sorted(caught.value.fields) == ["announced", "ground"]
    api.move_case(one.id, "special", actor=officer, data={"ground": "testing", "announced": 3})
    api.move_case(other.id, "special", actor=officer, data={"ground": "onsite", "announced": 3})
    assert dues(one, officer) == {"promised": "paused", "statutory": "paused"}
    assert dues(other, officer) == {"statutory": "12-18 18:00", "promised": "paused"}
    assert "announced: 3 working days" in api.sheet(one.id, actor=officer).clocks[0].explain.en
    with clock.at(at("2026-11-24 10:00")):
        for case in (one, other):
            api.move_case(case.id, "resume", actor=officer)
        assert dues(one, officer) == {"promised": "12-01 18:00", "statutory": "12-22 18:00"}
        assert dues(other, officer) == {"promised": "12-01 18:00", "statutory": "12-18 18:00"}
        words = api.sheet(one.id, actor=officer).clocks[0].explain
        assert words.zh == (
            "2026年11月20日（周五）accept起算，承诺时限 5 个工作日，暂停 2 个工作日（检测），"
            "应于2026年12月1日（周二）18:00前完成。"
        )


def test_an_extension_is_asked_for_by_one_and_decided_by_another(
    city: Any, officer: Actor, head: Actor, morning: datetime
) -> None:
    case = api.move_case(opened(city).id, "accept", actor=officer)
    with pytest.raises(Refused, match="No extension"):
        api.move_case(case.id, "allow", actor=head)
    with pytest.raises(Invalid):
        api.move_case(case.id, "more", actor=officer, days=11)
    api.move_case(case.id, "more", actor=officer, days=4, note="量大")
    assert [(row.number, row.role) for row in api.inbox(actor=head)] == [(case.number, "extension")]
    assert "4 个工作日" in str(api.sheet(case.id, actor=head).clocks[0].asked)
    with pytest.raises(Refused, match="asked for already"):
        api.move_case(case.id, "more", actor=officer, days=1)
    assert dues(case, officer)["promised"] == "11-27 18:00"
    api.move_case(case.id, "allow", actor=head)
    assert dues(case, officer) == {"promised": "12-03 18:00", "statutory": "12-24 18:00"}
    assert api.inbox(actor=head).rows == ()
    # Six of the statutory ten are left, and then nothing.
    with pytest.raises(Invalid):
        api.move_case(case.id, "more", actor=officer, days=7)
    api.move_case(case.id, "more", actor=officer, days=6)
    api.move_case(case.id, "deny", actor=head)
    assert dues(case, officer)["promised"] == "12-03 18:00"


def test_reopening_is_possible_within_its_window_and_the_clock_starts_anew(
    city: Any, officer: Actor, head: Actor, morning: datetime
) -> None:
    case = opened(city)
    for move, actor in (("accept", officer), ("grant", head), ("deliver", officer)):
        api.move_case(case.id, move, actor=actor)
    with clock.at(at("2026-11-30 10:00")), pytest.raises(Refused, match="2026-11-27"):
        api.move_case(case.id, "reopen", actor=city.citizen)
    with clock.at(at("2026-11-26 10:00")):
        again = api.move_case(case.id, "reopen", actor=city.citizen)
        assert (again.phase, again.light, again.due_at) == ("open", "green", at("2026-11-30 18:00"))
        assert api.sheet(case.id, actor=officer).clock.amount == 2  # type: ignore[union-attr]


def test_time_to_supplement_runs_against_the_applicant_and_its_end_is_signed_by_a_person(
    city: Any, officer: Actor, morning: datetime
) -> None:
    case = opened(city)
    api.move_case(case.id, "ask", actor=officer)
    assert dues(case, officer) == {"supplement": "11-27 18:00"}
    assert api.find_cases(actor=officer).rows[0].light == "none"  # none of it is the office's own time
    assert api.inbox(actor=officer).rows == ()
    with pytest.raises(Refused, match="not run out"):
        api.move_case(case.id, "lapse", actor=officer)
    with clock.at(at("2026-11-27 18:30")):
        assert sweeping.sweep() == 1
        assert [row.number for row in api.inbox(actor=officer)] == [case.number]
        kinds = [(event.kind, event.title.zh) for event in api.sheet(case.id, actor=officer).timeline]
        assert sorted(kinds[-2:]) == [("clock", "时限届满"), ("clock", "时限提醒")]
        assert api.sheet(case.id, actor=officer).clocks[0].ran_out is not None
        assert sweeping.sweep() == 0
        assert api.move_case(case.id, "lapse", actor=officer).state == "lapsed"


def test_what_needs_no_signature_the_platform_does_by_itself(
    city: Any, officer: Actor, morning: datetime
) -> None:
    limits = [
        replace(one, out=RunsOut("lapse", BASIS, signed=False)) if one.out else one for one in PERMIT.clocks
    ]
    moves = [replace(one, by="@system") if one.name == "lapse" else one for one in PERMIT.moves]
    changed = replace(PERMIT, clocks=tuple(limits), moves=tuple(moves))
    assert list(checks.type_faults(changed, registry)) == []
    registry._things[CaseType, "permits.permit"] = changed
    case = opened(city)
    api.move_case(case.id, "ask", actor=officer)
    with clock.at(at("2026-11-27 18:30")):
        assert sweeping.sweep() == 1
        assert api.sheet(case.id, actor=officer).case.state == "lapsed"
        assert sweeping.sweep() == 0


def test_the_clocks_of_a_case_can_be_read_by_its_applicant(
    city: Any, officer: Actor, morning: datetime
) -> None:
    case = opened(city)
    api.move_case(case.id, "ask", actor=officer)
    views = api.progress(case.number, case.query_code).clocks
    assert [(one.title.zh, one.whose) for one in views] == [("补正期限", "applicant")]
    assert MORNING + timedelta(days=7) < views[0].due_at
    with pytest.raises(Conflict):
        api.move_case(case.id, "supply", actor=city.citizen, version=1)
