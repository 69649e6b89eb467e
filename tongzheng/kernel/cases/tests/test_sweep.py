"""The sweep: only what is due, each stage exactly once whatever dies, up the hierarchy, never by night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections, transaction

from tongzheng.kernel.cases import addressing, api, moving, record, sql, sweeping
from tongzheng.kernel.cases.tests.permits import at, opened
from tongzheng.kernel.core import clock
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.ledger import api as ledger


@pytest.fixture
def people(city: Any) -> Iterator[dict[str, int]]:
    """A clerk, the leader of the company, and the leader of the body above it: real accounts with posts."""
    above = identity.ensure_organisation(
        actor=identity.SYSTEM,
        name="离石区人民政府",
        kind="government",
        uscc="",
        region="141102",
        short="区政府",
    ).id
    with connection.cursor() as cursor:
        cursor.execute("UPDATE identity_organisation SET parent_id = %s WHERE id = %s", [above, city.company])
    made = {}
    for name, body, roles in (
        ("clerk", city.company, ()),
        ("leader", city.company, ("cases.leader",)),
        ("magistrate", above, ("cases.leader",)),
    ):
        account = identity.create_account(
            actor=identity.SYSTEM, username=name, label=name, kind="staff", password="Long-enough-7-words"
        ).id
        post = identity.define_post(
            actor=identity.SYSTEM, organisation=body, title=f"post {name}", roles=roles
        )
        identity.give_post(actor=identity.SYSTEM, account_id=account, post_id=post)
        made[name] = account
    addressing.forget()
    yield made
    addressing.forget()


def accepted(city: Any, officer: Actor, people: dict[str, int]) -> api.CaseView:
    case = api.move_case(opened(city).id, "accept", actor=officer)
    sql.rows("UPDATE cases_case SET handler_id = %s WHERE id = %s", (people["clerk"], case.id))
    return case


def told() -> list[tuple[str, int]]:
    """Return every message that was written, by template and account, oldest first."""
    rows = sql.rows("SELECT template, account_id FROM messages_message ORDER BY id", ())
    return [
        (template.partition(".")[2], account) for template, account in rows if template.startswith("cases.")
    ]


def test_each_stage_is_told_once_to_the_handler_then_the_leader_then_the_body_above(
    city: Any,
    officer: Actor,
    people: dict[str, int],
    morning: datetime,
) -> None:
    case = accepted(city, officer, people)
    assert sweeping.sweep() == 0
    expected: list[tuple[str, int]] = []
    for moment, more in (
        ("2026-11-26 09:00", [("clock_soon", people["clerk"])]),  # three of five days have gone
        ("2026-11-27 18:00", [("clock_over", people["clerk"]), ("clock_superior", people["leader"])]),
        ("2026-12-01 19:00", [("clock_superior", people["magistrate"])]),  # two more days
    ):
        expected += more
        with clock.at(at(moment)):
            assert sweeping.sweep() == 1
            assert sweeping.sweep() == 0
        assert told() == expected
    events = [event.note for event in api.sheet(case.id, actor=officer).timeline if event.kind == "clock"]
    assert len(events) == 4
    assert "magistrate" in events[-1]
    acts = ledger.entries(subject=f"case:{case.number}", act="cases.remind")
    assert [entry.body["accounts"] for entry in acts][::-1] == [[account] for _, account in expected]


def test_stages_that_passed_while_the_worker_was_down_are_told_in_order(
    city: Any,
    officer: Actor,
    people: dict[str, int],
    morning: datetime,
) -> None:
    accepted(city, officer, people)
    with clock.at(at("2026-12-20 09:00")):
        assert sweeping.sweep() == 1
    assert [name for name, _ in told()] == ["clock_soon", "clock_over", "clock_superior", "clock_superior"]


def test_nobody_is_reminded_by_night_unless_it_is_urgent(
    city: Any,
    officer: Actor,
    people: dict[str, int],
    morning: datetime,
) -> None:
    night = accepted(city, officer, people)
    sql.rows(
        "UPDATE cases_clock SET next_at = %s WHERE case_id = %s AND name = 'promised'", (morning, night.id)
    )
    with clock.at(at("2026-11-23 03:00")):
        assert sweeping.sweep() == 1  # looked at, found too early, and put off
        assert told() == []
    (next_at,) = sql.rows("SELECT min(next_at) FROM cases_clock WHERE case_id = %s", (night.id,))[0]
    assert next_at == at("2026-11-26 08:30")


def test_a_worker_that_dies_in_the_middle_has_told_nothing_and_the_next_tells_it(
    city: Any,
    officer: Actor,
    people: dict[str, int],
    morning: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    accepted(city, officer, people)
    with clock.at(at("2026-11-26 09:00")):
        with monkeypatch.context() as patched:
            patched.setattr(sweeping, "_CLOCKS", "SELECT 1/0 WHERE %s::text IS NOT NULL")
            with pytest.raises(Exception, match="division"), transaction.atomic():
                sweeping.sweep()
        assert told() == []
        assert sweeping.sweep() == 1
    assert told() == [("clock_soon", people["clerk"])]


def test_a_move_that_had_read_the_clock_before_does_not_make_it_tell_again(
    city: Any,
    officer: Actor,
    people: dict[str, int],
    morning: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = accepted(city, officer, people)
    stale = record.load_with_clocks(case.id)
    with clock.at(at("2026-11-26 09:00")):
        sweeping.sweep()
        monkeypatch.setattr(moving, "load_with_clocks", lambda _: stale)
        api.move_case(case.id, "more", actor=officer, days=2)
        assert sweeping.sweep() == 1  # its moment was written anew; it finds that it has told this already
        assert sweeping.sweep() == 0
    assert told() == [("clock_soon", people["clerk"])]


def test_a_paused_or_stopped_clock_is_silent_but_an_announced_standstill_that_is_over_is_told(
    city: Any,
    officer: Actor,
    head: Actor,
    people: dict[str, int],
    morning: datetime,
) -> None:
    case = accepted(city, officer, people)
    other = accepted(city, officer, people)
    api.move_case(other.id, "grant", actor=head)
    api.move_case(case.id, "special", actor=officer, data={"ground": "testing", "announced": 2})
    with clock.at(at("2026-11-26 09:00")):
        assert sweeping.sweep() == 2  # the promised and the statutory clock
        assert sweeping.sweep() == 0
    assert [name for name, _ in told()] == ["clock_stood", "clock_stood"]
    assert [
        event.title.zh for event in api.sheet(case.id, actor=officer).timeline if event.kind == "clock"
    ] == ["告知的暂停时间已满"] * 2


def test_one_turn_is_a_handful_of_statements_whatever_its_size(
    city: Any,
    officer: Actor,
    people: dict[str, int],
    morning: datetime,
    django_assert_num_queries: Any,
) -> None:
    for _ in range(6):
        accepted(city, officer, people)
    with clock.at(at("2026-11-26 09:00")):
        accepted(city, officer, people)
        sweeping.sweep(1)  # the wordings are known from here on
        with django_assert_num_queries(10) as few:
            assert sweeping.sweep(2) == 2
        with django_assert_num_queries(len(few.captured_queries)):
            assert sweeping.sweep(3) == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_every_case_once(request: pytest.FixtureRequest) -> None:
    with clock.at(datetime(2026, 11, 20, 9, tzinfo=clock.CHINA)):
        city, officer = request.getfixturevalue("city"), request.getfixturevalue("officer")
        people = request.getfixturevalue("people")
        for _ in range(12):
            accepted(city, officer, people)
    found: list[int] = []

    def work() -> None:
        try:
            with clock.at(at("2026-11-26 09:00")):
                for _ in range(12):
                    found.append(sweeping.sweep(3))
        finally:
            connections.close_all()

    threads = [Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found) == 12
    assert told() == [("clock_soon", people["clerk"])] * 12
