"""Two people at one case at the same moment, on two connections: one wins, the other is told, nothing is half done."""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from django.db import connection

from tongzheng.kernel.cases import api, declarations, sql
from tongzheng.kernel.cases.tests.conftest import MORNING, _post
from tongzheng.kernel.cases.tests.test_life import counted, opened
from tongzheng.kernel.cases.tests.test_merging import lamps
from tongzheng.kernel.core.errors import Conflict, Fault, Invalid
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.ledger import api as ledger


def together(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls at once, each in a thread with a connection of its own, and return results or errors."""
    barrier = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            results[place] = call()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n, call)) for n, call in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_deciding_at_once_one_wins_and_the_other_learns_who(city: Any) -> None:
    for _ in range(5):
        case = opened(city, organisation=city.company)
        api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
        before = counted("cases_event", "ledger_entry", "cases_task")

        def sign(actor: Any, id: int = case.id) -> Callable[[], Any]:
            return lambda: api.move_case(id, "sign", actor=actor, version=2)

        results = together(sign(city.clerk), sign(city.second))
        won = [r for r in results if not isinstance(r, Exception)]
        lost = [r for r in results if isinstance(r, Exception)]
        assert [type(r) for r in lost] == [Conflict]
        assert won[0].version == 3
        assert won[0].handler_label in lost[0].words.zh
        assert "签收" in lost[0].words.zh
        assert counted("cases_event", "ledger_entry", "cases_task") == [n + 1 for n in before]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_opens_one_case(city: Any) -> None:
    calls = [lambda: opened(city, key="one-form")] * 4
    results = together(*calls)
    assert len({case.number for case in results}) == 1
    assert counted("cases_case", "cases_event", "cases_clock") == [1, 1, 1]
    assert len(ledger.entries(subject=f"case:{results[0].number}")) == 1


@pytest.mark.django_db(transaction=True)
def test_documents_of_many_writers_get_different_numbers(city: Any) -> None:
    cases = []
    for _ in range(4):
        case = opened(city, organisation=city.company)
        api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
        cases.append(api.move_case(case.id, "sign", actor=city.clerk))

    def answer(id: int) -> Callable[[], Any]:
        return lambda: api.move_case(id, "answer", actor=city.clerk, note="已修复").documents

    issued = together(*(answer(case.id) for case in cases))
    serials = sorted(int(re.fullmatch(r"供热〔\d{4}〕(\d+)号", document)[1]) for (document,) in issued)
    assert serials == list(range(serials[0], serials[0] + 4))


MOVES = (
    "assign",
    "sign",
    "return",
    "inspect",
    "inspected",
    "ask",
    "supplement",
    "extend",
    "answer",
    "withdraw",
)


@pytest.mark.django_db(transaction=True)
def test_whatever_many_do_at_one_case_at_once_they_are_answered_in_words(city: Any) -> None:
    """Moves, notes and looks by four people in a random order; a process that has just begun knows no wording."""
    people = (city.agent, city.clerk, city.second, city.citizen)
    mine = api.Applicant(account_id=city.citizen.id, name="马小云", phone="13812345678")

    def busy(case: api.CaseView, chance: random.Random) -> int:
        done = 0
        for _ in range(12):
            who, what = chance.choice(people), chance.choice((*MOVES, "withdraw", "note", "sheet", "inbox"))
            with suppress(Fault):
                if what == "note":
                    api.add_note(case.id, actor=who, note="已电话联系")
                elif what == "sheet":
                    api.sheet(case.id, actor=who)
                elif what == "inbox":
                    api.inbox(actor=who)
                else:
                    asked = {"organisation": city.company} if what == "assign" else {}
                    days = 1 if what == "extend" else None
                    api.move_case(case.id, what, actor=who, note="好的", days=days, **asked)
                    done += 1
        return done

    for turn in range(12):
        declarations.forget()
        case = opened(city, organisation=city.company, applicant=mine)
        results = together(*(partial(busy, case, random.Random(f"{turn}/{n}")) for n in range(4)))
        assert [one for one in results if isinstance(one, Exception)] == []
        found = api.sheet(case.id, actor=city.agent).case
        assert found.version == 1 + sum(results)
        assert len(ledger.entries(subject=f"case:{case.number}", act="cases.move")) == sum(results)


@pytest.mark.django_db(transaction=True)
def test_one_case_wanted_by_two_leaders_at_once_has_one(city: Any) -> None:
    for _ in range(4):
        first, second, member = lamps(city, 3, MORNING)
        results = together(
            *(
                lambda id=one.id, member=member.id: api.merge(id, [member], actor=city.agent)  # type: ignore[misc]
                for one in (first, second)
            )
        )
        lost = [r for r in results if isinstance(r, Exception)]
        assert len(lost) == 1, results
        assert isinstance(lost[0], Conflict | Invalid)
        sheets = [api.sheet(one.id, actor=city.agent) for one in (first, second)]
        assert sorted(len(one.together.members) for one in sheets) == [0, 1]
        assert sorted(one.case.members for one in sheets) == [0, 1]


@pytest.mark.django_db(transaction=True)
def test_a_shared_move_and_a_members_own_at_once_leave_nothing_half_done(city: Any) -> None:
    for _ in range(4):
        leader, other = lamps(city, 2, MORNING)
        mine = api.open_case(
            "casetest.lamp",
            actor=city.citizen,
            title="路灯不亮",
            facts={"place": "滨河北路 12 号"},
            region="141102001",
            organisation=city.bureau,
        )
        api.merge(leader.id, [other.id, mine.id], actor=city.agent)
        api.move_case(leader.id, "assign", actor=city.agent, organisation=city.company)
        api.tick(leader.id, "seen", actor=city.clerk)
        results = together(
            lambda id=leader.id: api.move_case(id, "answer", actor=city.clerk, note="已修好"),  # type: ignore[misc]
            lambda id=mine.id: api.move_case(id, "withdraw", actor=city.citizen),  # type: ignore[misc]
        )
        assert all(isinstance(r, Conflict) for r in results if isinstance(r, Exception)), results
        states = {
            one.number: api.sheet(one.id, actor=actor).case.state
            for one, actor in ((leader, city.agent), (other, city.agent), (mine, city.citizen))
        }
        assert states[leader.number] in ("working", "answered")
        # The answer reached all that were still there, or nobody.
        assert (states[other.number] == "answered") == (states[leader.number] == "answered")
        assert states[mine.number] in ("withdrawn", "answered")
        tasks = sql.rows("SELECT count(*) FROM cases_task WHERE case_id = %s AND done_at IS NULL", (mine.id,))
        assert tasks[0][0] == (0 if states[mine.number] == "withdrawn" else 1)


@pytest.mark.django_db(transaction=True)
def test_two_opinions_at_once_are_both_in_and_the_lead_goes_on(city: Any) -> None:
    (case,) = lamps(city, 1, MORNING)
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    api.tick(case.id, "seen", actor=city.clerk)
    parts = api.ask(
        case.id, "opinion", actor=city.clerk, organisations=[city.bureau, city.other], question="能否断电"
    )
    actors = [
        Actor(
            60 + n,
            "周＊",
            "staff",
            (_post(60 + n, "科员", one.organisation_id, "某局", "141102", advise="own"),),
        )
        for n, one in enumerate(parts)
    ]
    results = together(
        *(
            lambda id=part.id, actor=actor: api.give(id, actor=actor, answer="yes", opinion="可以")  # type: ignore[misc]
            for part, actor in zip(parts, actors, strict=True)
        )
    )
    assert [getattr(one, "state", one) for one in results] == ["given", "given"]
    assert sql.rows("SELECT pending FROM cases_case WHERE id = %s", (case.id,))[0][0] == []
    assert api.move_case(case.id, "answer", actor=city.clerk, note="已修好").state == "answered"
