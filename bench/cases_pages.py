"""The pages of cases, ours against the bare SQL of the same page, at 8 concurrent users."""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any

import psycopg

Call = Callable[[], Any]
ROW = (
    "c.id, c.number, c.type_id, c.state, c.phase, c.title, c.region, c.organisation_id, c.organisation_label,"
    " c.handler_id, c.handler_label, c.applicant_label, c.subject, c.version, c.opened_at, c.due_at, c.closed_at"
)
WORDS = (
    "路灯不亮",
    "自来水停水",
    "滨河 路灯",
    "古城墙砖剥落",
    "暖气不热",
    "不存在的事",
    "龙凤广场",
    "拖欠工资",
)


def pages(staff: Any, numbers: list[str], chance: random.Random) -> dict[str, Call]:
    """Return the pages through the door."""
    from tongzheng.kernel.cases import api

    clerks = list(staff.clerks.values())
    some = chance.choice
    return {
        "inbox of a clerk": lambda: api.inbox(actor=some(clerks)),
        "inbox of a county": lambda: api.inbox(actor=staff.county),
        "inbox of the city": lambda: api.inbox(actor=staff.agent),
        "inbox counts of the city": lambda: api.counts(actor=staff.agent),
        "list of an office": lambda: api.find_cases(actor=some(clerks)),
        "list of a county": lambda: api.find_cases(actor=staff.county),
        "list of the city": lambda: api.find_cases(actor=staff.agent),
        "list by state": lambda: api.find_cases(
            actor=staff.agent, type_id="benchcase.ticket", state=some(("working", "closed"))
        ),
        "search by number": lambda: api.find_cases(actor=staff.agent, words=some(numbers)),
        "search by words, city": lambda: api.find_cases(actor=staff.agent, words=some(WORDS)),
        "search by words, county": lambda: api.find_cases(actor=staff.county, words=some(WORDS)),
        "search by words, office": lambda: api.find_cases(actor=some(clerks), words=some(WORDS)),
        "case sheet": lambda: api.sheet(some(numbers), actor=staff.agent),
    }


def bare(staff: Any, numbers: list[str], chance: random.Random, url: str) -> dict[str, Call]:
    """Return the same pages as somebody would write them in SQL who knows exactly what is asked."""
    from tongzheng.kernel.cases import marks

    connection = psycopg.connect(url, autocommit=True)
    offices = staff.offices
    some = chance.choice
    newest = f"SELECT {ROW} FROM cases_case c WHERE %s ORDER BY c.id DESC LIMIT 51"
    work = (
        f"SELECT t.id, {ROW} FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE t.done_at IS NULL"
        " AND t.handler_id IS NULL AND NOT t.waits AND %s ORDER BY t.due_at, t.id LIMIT 51"
    )

    def rows(text: str, *values: Any) -> list[Any]:
        return connection.execute(text, values).fetchall()

    def by_words(inside: str, *values: Any) -> list[Any]:
        words = marks.of_words(some(WORDS))
        return rows(
            f"SELECT {ROW} FROM cases_words w JOIN cases_case c ON c.id = w.case_id"
            f" WHERE w.marks @> %s::int[] AND {inside} ORDER BY c.id DESC LIMIT 51",
            marks.literal(words),
            *values,
        )

    def sheet() -> Any:
        found = rows("SELECT * FROM cases_case WHERE number = %s", some(numbers))[0]
        for table in ("event", "clock", "file"):
            rows(f"SELECT * FROM cases_{table} WHERE case_id = %s", found[0])
        return found

    county = "\"left\"(c.region, 6) = '141121'"
    kinds = ["benchcase.ticket/new", "benchcase.ticket/answered"]
    return {
        "inbox of a clerk": lambda: rows(work % "t.organisation_id = %s", some(offices)),
        "inbox of a county": lambda: rows(
            work % "t.kind = ANY(%s) AND t.region LIKE '141121%%'", ["benchcase.ticket/assigned"]
        ),
        "inbox of the city": lambda: rows(work % "t.kind = ANY(%s)", kinds),
        "inbox counts of the city": lambda: rows(
            "SELECT count(*) FROM (SELECT 1 FROM cases_task t WHERE t.done_at IS NULL AND t.handler_id IS NULL"
            " AND NOT t.waits AND t.kind = ANY(%s) LIMIT 100) x",
            kinds,
        ),
        "list of an office": lambda: rows(newest % "c.organisation_id = %s", some(offices)),
        "list of a county": lambda: rows(newest % county),
        "list of the city": lambda: rows(newest % "true"),
        "list by state": lambda: rows(
            newest % "c.id IN (SELECT t.case_id FROM cases_task t WHERE t.done_at IS NULL AND t.kind = %s"
            " ORDER BY t.case_id DESC LIMIT 51)",
            "benchcase.ticket/working",
        ),
        "search by number": lambda: rows(newest % "c.number = %s", some(numbers)),
        "search by words, city": lambda: by_words("true"),
        "search by words, county": lambda: by_words("c.region LIKE '141121%%'"),
        "search by words, office": lambda: by_words("c.organisation_id = %s", some(offices)),
        "case sheet": sheet,
    }


def _user(kind: str, url: str, worker: int, seconds: float, results: Any, barrier: Any) -> None:
    os.environ["DATABASE_URL"] = url
    import django

    django.setup()
    from django.db import connection

    from bench.cases_type import declare, offices, staff

    declare()
    people = staff(offices())
    chance = random.Random(worker)
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM cases_case TABLESAMPLE SYSTEM (0.5) LIMIT 500")
        numbers = [row[0] for row in cursor.fetchall()]
        if not numbers:
            cursor.execute("SELECT number FROM cases_case ORDER BY id DESC LIMIT 500")
            numbers = [row[0] for row in cursor.fetchall()]
    calls = pages(people, numbers, chance) if kind == "ours" else bare(people, numbers, chance, url)
    for call in calls.values():
        for _ in range(12):
            call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    barrier.wait(300)
    until = time.perf_counter() + seconds
    names = list(calls)
    while time.perf_counter() < until:
        chance.shuffle(names)
        for name in names:
            begin = time.perf_counter()
            calls[name]()
            times[name].append((time.perf_counter() - begin) * 1000)
    results.put(times)


def measure(
    sides: dict[str, tuple[str, str, int]], *, seconds: float
) -> dict[str, dict[str, tuple[float, float]]]:
    """Return (median ms, p95 ms) by side and page, of users who all work at the same time.

    Args: sides, by name ("ours" or "bare", address, number of users). All at once, so that whatever else the machine
    does falls on all of them.
    """
    context = multiprocessing.get_context("spawn")
    results = {side: context.Queue() for side in sides}
    barrier = context.Barrier(sum(users for _, _, users in sides.values()))
    workers = [
        context.Process(target=_user, args=(kind, url, n, seconds, results[side], barrier), daemon=True)
        for side, (kind, url, users) in sides.items()
        for n in range(users)
    ]
    for worker in workers:
        worker.start()
    found: dict[str, dict[str, tuple[float, float]]] = {}
    for side, (_, _, users) in sides.items():
        gathered: dict[str, list[float]] = {}
        for _ in range(users):
            for name, times in results[side].get(timeout=seconds + 600).items():
                gathered.setdefault(name, []).extend(times)
        found[side] = {}
        for name, times in gathered.items():
            parts = quantiles(times, n=20)
            found[side][name] = (parts[9], parts[18])
    for worker in workers:
        worker.join()
    return found
