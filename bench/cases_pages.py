"""The pages of cases: their addresses, and the same pages as somebody would write them in SQL who knows what is asked."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import psycopg

from tongzheng.kernel.cases import marks

Call = Callable[[], Any]
COUNTY = "141121"
TYPE = "benchcase.ticket"
PEOPLE = {role: [f"bench.{role}{n}" for n in range(8)] for role in ("agent", "clerk", "county")}
"""The accounts that open pages, by what they are."""
PASSWORD = "Bench-horse-42-battery"  # of invented people in a database that is thrown away
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


def addresses(numbers: Sequence[str], chance: random.Random) -> dict[str, tuple[str, Callable[[], str]]]:
    """Return, by page, who opens it ("agent" of the city, "clerk" of an office, "county") and what makes its address."""

    def words() -> str:
        return f"/work/search/?words={quote(chance.choice(WORDS))}"

    return {
        "inbox of a clerk": ("clerk", lambda: "/work/"),
        "inbox of a county": ("county", lambda: "/work/"),
        "inbox of the city": ("agent", lambda: "/work/"),
        "list of an office": ("clerk", lambda: f"/work/search/?type={TYPE}"),
        "list of a county": ("county", lambda: f"/work/search/?type={TYPE}"),
        "list of the city": ("agent", lambda: f"/work/search/?type={TYPE}"),
        "list by state": ("agent", lambda: f"/work/search/?type={TYPE}&state=working"),
        "search by number": ("agent", lambda: f"/work/search/?words={chance.choice(numbers)}"),
        "search by words, city": ("agent", words),
        "search by words, county": ("county", words),
        "search by words, office": ("clerk", words),
        "case sheet": ("agent", lambda: f"/work/cases/{chance.choice(numbers)}/"),
    }


def bare(
    connection: psycopg.Connection[Any],
    offices: Sequence[int],
    numbers: Sequence[str],
    chance: random.Random,
) -> dict[str, Call]:
    """Return the SQL of the pages by their names, run on a connection of its own.

    Args: offices, ids of those whose clerks look. An inbox is two statements: the work and its counts.
    """
    some = chance.choice
    newest = f"SELECT {ROW} FROM cases_case c WHERE %s ORDER BY c.id DESC LIMIT 51"
    open_work = "t.done_at IS NULL AND t.handler_id IS NULL AND NOT t.waits"
    work = (
        f"SELECT t.id, {ROW} FROM cases_task t JOIN cases_case c ON c.id = t.case_id WHERE {open_work}"
        " AND %s ORDER BY t.due_at, t.id LIMIT 51"
    )
    count = f"SELECT count(*) FROM (SELECT 1 FROM cases_task t WHERE {open_work} AND %s LIMIT 100) x"

    def rows(text: str, *values: Any) -> list[Any]:
        return connection.execute(text, values).fetchall()

    def inbox(inside: str, *values: Any) -> None:
        rows(work % inside, *values)
        rows(count % inside, *values)

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

    county = f"\"left\"(c.region, 6) = '{COUNTY}'"
    kinds = [f"{TYPE}/new", f"{TYPE}/answered"]
    return {
        "inbox of a clerk": lambda: inbox("t.organisation_id = %s", some(offices)),
        "inbox of a county": lambda: inbox(
            f"t.kind = ANY(%s) AND t.region LIKE '{COUNTY}%%'", [f"{TYPE}/assigned"]
        ),
        "inbox of the city": lambda: inbox("t.kind = ANY(%s)", kinds),
        "list of an office": lambda: rows(newest % "c.organisation_id = %s", some(offices)),
        "list of a county": lambda: rows(newest % county),
        "list of the city": lambda: rows(newest % "true"),
        "list by state": lambda: rows(
            newest % "c.id IN (SELECT t.case_id FROM cases_task t WHERE t.done_at IS NULL AND t.kind = %s"
            " ORDER BY t.case_id DESC LIMIT 51)",
            f"{TYPE}/working",
        ),
        "search by number": lambda: rows(newest % "c.number = %s", some(numbers)),
        "search by words, city": lambda: by_words("true"),
        "search by words, county": lambda: by_words(f"c.region LIKE '{COUNTY}%%'"),
        "search by words, office": lambda: by_words("c.organisation_id = %s", some(offices)),
        "case sheet": sheet,
    }
