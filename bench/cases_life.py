"""Full life cycles a second, ours against the floor: the same rows written by bare SQL in as many transactions."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

MARKS = list(range(1_000_000, 1_000_036))
NOTE = "已与来电人联系，维修人员已到场，正在处理"


def ours(staff: Any) -> Callable[[int], None]:
    """Return one life cycle through the door: open, assign, sign for, feed back, answer, close."""
    from bench.cases_type import TYPE
    from tongzheng.kernel.cases import api

    def life(n: int) -> None:
        office = staff.offices[n % len(staff.offices)]
        clerk = staff.clerks[office]
        case = api.open_case(
            TYPE,
            actor=staff.agent,
            title="滨河小区 暖气不热",
            facts={"place": "离石区滨河北路 12 号 3 单元", "what": "暖气不热三天了，家中有老人，请尽快处理"},
            region="141102001",
            organisation=staff.offices[0],
            applicant=api.Applicant(
                account_id=100_000 + n % 300_000, name="马小云", phone=f"138{n % 10**8:08d}"
            ),
        )
        case = api.move_case(case.id, "assign", actor=staff.agent, organisation=office, version=case.version)
        case = api.move_case(case.id, "sign", actor=clerk, version=case.version)
        case = api.move_case(case.id, "note", actor=clerk, note=NOTE, version=case.version)
        case = api.move_case(case.id, "answer", actor=clerk, note=NOTE, version=case.version)
        api.move_case(case.id, "close", actor=staff.agent, version=case.version)

    return life


def floor(url: str, office_ids: list[int], worker: int) -> Callable[[int], None]:
    """Return one life cycle of bare SQL: plain statements on one connection, prepared by the driver."""
    connection = psycopg.connect(url, autocommit=True)
    run = connection.execute
    base = (int(time.time()) << 26) + (worker << 20)

    def ledger(number: str, act: str) -> None:
        run(
            "INSERT INTO ledger_entry (at, act, subject, actor, label, body, salt, digest)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            (
                *(datetime.now(UTC), act, f"case:{number}", 2001, "张＊ · 区住建局 科员"),
                '{"due":"2026-11-27T18:00:00+08:00","from":"new","move":"assign","organisation":3,"to":"assigned"}',
                *(os.urandom(16), os.urandom(32)),
            ),
        )

    def event(id: int, n: int, state: str, office: int) -> None:
        run(
            "INSERT INTO cases_event (case_id, n, kind, move, from_state, to_state, at, actor_id, actor_label,"
            " organisation_id, organisation_label, note, data, sealed, document, wording_id)"
            " VALUES (%s, %s, 'move', 'assign', %s, %s, %s, %s, %s, %s, %s, %s, NULL, NULL, '', 1)",
            (id, n, state, state, datetime.now(UTC), 2001, "张＊ · 区住建局 科员", office, "单位001", NOTE),
        )

    def message(number: str, account: int) -> None:
        now = datetime.now(UTC)
        run(
            "INSERT INTO messages_message (template, channel, fallback, account_id, person_id, boxed, address, blind,"
            " masked, lang, subject, body, case_ref, urgent, state, attempts, next_at, created_at, provider, error)"
            " VALUES (%s, 'sms', '', %s, NULL, true, %s, %s, '138····5678', 'zh', '工单进展', %s, %s, false, 'queued', 0,"
            " %s, %s, '', '') RETURNING id",
            (
                "benchcase.moved",
                account,
                os.urandom(60),
                os.urandom(16),
                "您的工单进展如下：待签收。",
                number,
                now,
                now,
            ),
        )

    def task(id: int, kind: str, office: int, handler: int | None) -> None:
        now = datetime.now(UTC)
        run(
            "INSERT INTO cases_task (case_id, role, kind, region, organisation_id, handler_id, waits, opened_at, due_at,"
            " soon_at) VALUES (%s, 0, %s, '141102001', %s, %s, false, %s, %s, %s)",
            (
                id,
                f"benchcase.ticket/{kind}",
                office,
                handler,
                now,
                now + timedelta(days=7),
                now + timedelta(days=5),
            ),
        )

    def done(id: int, ended: str | None = None) -> None:
        run(
            "UPDATE cases_task SET done_at = %s, done_by = %s, ended = %s WHERE case_id = %s AND done_at IS NULL AND role = 0",
            (datetime.now(UTC), 2001, ended, id),
        )

    def moved(
        id: int, state: str, office: int, version: int, phase: int = 0, handler: int | None = None
    ) -> None:
        now = datetime.now(UTC)
        run(
            "UPDATE cases_case SET state = %s, phase = %s, version = version + 1, events = events + 1,"
            " organisation_id = %s, organisation_label = '单位001', handler_id = %s, handler_label = '李＊',"
            " mover_id = 2001, due_at = %s, soon_at = %s, closed_at = %s WHERE id = %s AND version = %s",
            (
                *(state, phase, office, handler, now + timedelta(days=7), now + timedelta(days=5)),
                *(now if phase == 2 else None, id, version),
            ),
        )

    def life(n: int) -> None:
        id = base + n
        number = f"BJ20261123{id}"
        office, now = office_ids[n % len(office_ids)], datetime.now(UTC)
        account = 100_000 + n % 300_000
        with connection.transaction():
            run(
                "INSERT INTO cases_case (id, number, type_id, state, phase, version, events, title, region,"
                " organisation_id, organisation_label, opener_id, handler_label, mover_id, made, applicant_account_id,"
                " applicant_label, applicant_lang, applicant_sealed, opened_at, due_at, soon_at, subject, facts, sealed,"
                " documents, rules) VALUES (%s, %s, 'benchcase.ticket', 'new', 0, 1, 1, '滨河小区 暖气不热', '141102001',"
                " %s, '热线中心', %s, '', 2001, '{}', %s, '马＊＊', 'zh', %s, %s, %s, %s, '', %s, '', '{}', 'abcdefabcdef')",
                (
                    *(id, number, office_ids[0], office_ids[0], account, os.urandom(80), now),
                    *(now + timedelta(days=7), now + timedelta(days=5)),
                    '{"place": {"address": "离石区滨河北路 12 号 3 单元"}, "what": "暖气不热三天了，家中有老人，请尽快处理"}',
                ),
            )
            task(id, "new", office_ids[0], None)
            run(
                "INSERT INTO cases_clock (case_id, name, unit, amount, extended, calendar, started_at, due_at, soon_at)"
                " VALUES (%s, 'promised', 'working_day', 5, 0, 0, %s, %s, %s)",
                (id, now, now + timedelta(days=7), now + timedelta(days=5)),
            )
            run("INSERT INTO cases_words (case_id, marks) VALUES (%s, %s)", (id, MARKS))
            event(id, 1, "new", office_ids[0])
            ledger(number, "cases.open")
        with connection.transaction():
            moved(id, "assigned", office, 1)
            done(id)
            task(id, "assigned", office, None)
            run("UPDATE cases_words SET marks = marks || %s::int WHERE case_id = %s", (10**8 + office, id))
            event(id, 2, "assigned", office)
            ledger(number, "cases.move")
            message(number, account)
        with connection.transaction():
            moved(id, "working", office, 2, handler=2002)
            done(id)
            task(id, "working", office, 2002)
            event(id, 3, "working", office)
            ledger(number, "cases.move")
        with connection.transaction():
            moved(id, "working", office, 3, handler=2002)
            run(
                "UPDATE cases_task SET handler_id = %s, due_at = %s, soon_at = %s, waits = false"
                " WHERE case_id = %s AND done_at IS NULL AND role = 0",
                (2002, now + timedelta(days=7), now + timedelta(days=5), id),
            )
            event(id, 4, "working", office)
            ledger(number, "cases.move")
        with connection.transaction():
            moved(id, "answered", office, 4)
            done(id)
            task(id, "answered", office, None)
            event(id, 5, "answered", office)
            ledger(number, "cases.move")
            message(number, account)
        with connection.transaction():
            moved(id, "closed", office, 5, phase=2)
            done(id, "benchcase.ticket/closed")
            run("UPDATE cases_clock SET stopped_at = %s WHERE case_id = %s AND stopped_at IS NULL", (now, id))
            event(id, 6, "closed", office)
            ledger(number, "cases.move")

    return life


def _work(kind: str, url: str, worker: int, seconds: float, results: Any, barrier: Any) -> None:
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    from bench.cases_type import declare, offices, staff

    declare()
    people = staff(offices())
    life = ours(people) if kind == "ours" else floor(url, people.offices, worker)
    for n in range(8):
        life(n)
    barrier.wait(120)
    until = time.perf_counter() + seconds
    count, n, times = 0, 1000 * (worker + 1), []
    cpu = time.process_time()
    while (begin := time.perf_counter()) < until:
        life(n := n + 1)
        times.append(time.perf_counter() - begin)
        count += 1
    results.put((count, time.process_time() - cpu, times))


def measure(kind: str, url: str, *, clients: int, seconds: float) -> dict[str, float]:
    """Run `clients` processes of life cycles and return the rate, the median in ms and the CPU of a client in ms."""
    context = multiprocessing.get_context("spawn")
    results, barrier = context.Queue(), context.Barrier(clients)
    workers = [
        context.Process(target=_work, args=(kind, url, n, seconds, results, barrier), daemon=True)
        for n in range(clients)
    ]
    for worker in workers:
        worker.start()
    got = [results.get(timeout=seconds + 180) for _ in workers]
    for worker in workers:
        worker.join()
    count = sum(c for c, _, _ in got)
    times = sorted(t for _, _, ts in got for t in ts)
    return {
        "a second": count / seconds,
        "median ms": times[len(times) // 2] * 1000,
        "p95 ms": times[int(len(times) * 0.95)] * 1000,
        "client CPU ms": sum(c for _, c, _ in got) / max(count, 1) * 1000,
    }


if __name__ == "__main__":
    import sys

    address = os.environ["DATABASE_URL"]
    for which in sys.argv[2:] or ("ours", "floor", "ours", "floor"):
        print(
            which,
            {
                k: round(v, 2)
                for k, v in measure(which, address, clients=8, seconds=float(sys.argv[1])).items()
            },
            flush=True,
        )
