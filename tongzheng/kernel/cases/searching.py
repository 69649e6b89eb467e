"""What a reader typed into the search box, and the statement that finds it. See `marks.py` for how words are found."""

# ruff: noqa: S608 — statements are put together from our own words; every value is a parameter.

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tongzheng.kernel.core.codes import id_slip, phone_slip
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T

from . import marks, sql
from .record import ROW_COLUMNS
from .scopes import Part, Scope, condition

SMALL = 6000
"""Readers whose organisations hold no more cases than this are searched by their cases, others by the words."""

RARE = 3000
"""Words that no more cases than this have are looked up at once, without a walk by month."""

_FIRST_MONTH = (
    "(SELECT (date_part('year', f.opened_at AT TIME ZONE 'Asia/Shanghai') * 12"
    " + date_part('month', f.opened_at AT TIME ZONE 'Asia/Shanghai') - 1)::int"
    " FROM cases_case f ORDER BY f.id LIMIT 1)"
)


def number_in(words: str) -> str | None:
    """Return the case number that was typed, or None."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", words)).upper()
    return plain if re.fullmatch(r"[A-Z]{0,8}\d{15}", plain) else None


def wanted(words: str, today: date) -> tuple[list[list[int]], bool]:
    """Return sets of marks, any one of which a case must have in full, and whether they are a person's number.

    Raises Invalid when there is nothing to search for.
    """
    if len(words) > 100 or "\0" in words:
        raise Invalid(fields={"words": T("最多 100 个字", "At most 100 characters")})
    plain = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", words)).upper()
    if id_slip(plain, today=today) is None:
        return [marks.of_person("id_number", plain)], True
    if phone_slip(plain) is None:
        return [marks.of_person("phone", plain)], True
    text = marks.of_words(words)
    if not text or (len(plain) == 1 and plain > "\u2fff"):
        raise Invalid(fields={"words": T("请至少输入两个字", "Please type at least two characters")})
    found = [text]
    if 2 <= len(plain) <= 4 and all("\u3400" <= c <= "\u9fff" for c in plain):
        found.append(marks.of_person("name", plain))
    return found, False


def by_marks(sets: Sequence[Sequence[int]], extra: str = "") -> Part:
    """Return the condition that words `w` have all marks of one of the sets; `extra` is SQL for one more mark."""
    more = f" || {extra}" if extra else ""
    parts = [f"w.marks @> (%s::int4[]{more})" for _ in sets]
    return "(" + " OR ".join(parts) + ")", [marks.literal(one) for one in sets]


def _lookups(words: str, inside: str, limit: int) -> str:
    """Return the rows of the cases that `words` (a SELECT of ids) found, newest first, looked up one by one.

    The ids are sorted first and each is looked up by itself (OFFSET 0 holds the planner to that: it cannot know
    how rare words are), so the LIMIT ends the looking up as soon as the page is full.
    """
    return (
        f"SELECT {ROW_COLUMNS} FROM ({words} ORDER BY w.case_id DESC OFFSET 0) w CROSS JOIN LATERAL"
        f" (SELECT * FROM cases_case c WHERE c.id = w.case_id AND {inside} OFFSET 0) c LIMIT {limit}"
    )


def few(sets: Sequence[Sequence[int]], scopes: Sequence[Scope], filters: Part, limit: int) -> Part:
    """Return the statement for marks that few cases have: a person's own, or rare words."""
    found, values = by_marks(sets)
    inside, reach = condition(scopes)
    words = f"SELECT w.case_id FROM cases_words w WHERE {found}"
    return _lookups(words, f"{inside} AND {filters[0]}", limit), [*values, *reach, *filters[1]]


def own_way(sets: Sequence[Sequence[int]], scopes: Sequence[Scope], filters: Part, limit: int) -> Part | None:
    """Return the statement for a reader of a few organisations, None if the walk by month serves them better.

    A reader with few cases has each of them looked at; for others rare words are looked up.
    """
    if any(scope.reach.everything or scope.reach.regions for scope in scopes):
        return None
    organisations = sorted({o for scope in scopes for o in scope.reach.organisations})
    cases = "SELECT 1 FROM cases_case c WHERE c.organisation_id = ANY(%s::bigint[])"
    if _at_most(SMALL, cases, [organisations]):
        return among_own(sets, scopes, filters, limit)
    found, values = by_marks(sets)
    rare = _at_most(RARE, f"SELECT 1 FROM cases_words w WHERE {found}", values)
    return few(sets, scopes, filters, limit) if rare else None


def _at_most(most: int, statement: str, values: Sequence[Any]) -> bool:
    found = sql.rows(f"SELECT count(*) FROM ({statement} LIMIT {most + 1}) x", values)
    return int(found[0][0]) <= most


def among_own(sets: Sequence[Sequence[int]], scopes: Sequence[Scope], filters: Part, limit: int) -> Part:
    """Return the statement for a reader with few cases: look at each of them, newest first."""
    found, values = by_marks(sets)
    inside, reach = condition(scopes)
    organisations = sorted({o for scope in scopes for o in scope.reach.organisations})
    return (
        f"SELECT {ROW_COLUMNS} FROM (SELECT c.* FROM cases_case c WHERE c.organisation_id = ANY(%s::bigint[])"
        f" AND {inside} AND {filters[0]} ORDER BY c.id DESC OFFSET 0) c CROSS JOIN LATERAL (SELECT 1 FROM"
        f" cases_words w WHERE w.case_id = c.id AND {found} OFFSET 0) w LIMIT {limit}",
        [organisations, *reach, *filters[1], *values],
    )


def by_month(
    sets: Sequence[Sequence[int]],
    scopes: Sequence[Scope],
    filters: Part,
    limit: int,
    *,
    first: datetime,
) -> Part:
    """Return the statement that walks back month by month from `first` and stops when the page is full.

    The outer LIMIT ends the walk; months come in falling order because a LATERAL join keeps its outer order.
    """
    narrow = _region_marks(scopes)
    found, values = by_marks(sets, "(0 - m.month)")
    inside, reach = condition(scopes)
    places = " AND w.marks && %s::int4[]" if narrow else ""
    words = f"SELECT w.case_id FROM cases_words w WHERE {found}{places}"
    return (
        f"SELECT x.* FROM generate_series(%s::int, {_FIRST_MONTH}, -1) AS m(month) CROSS JOIN LATERAL"
        f" ({_lookups(words, f'{inside} AND {filters[0]}', limit)}) x LIMIT {limit}",
        [
            -marks.month_mark(first),
            *values,
            *([marks.literal(narrow)] if narrow else []),
            *reach,
            *filters[1],
        ],
    )


def _region_marks(scopes: Sequence[Scope]) -> list[int]:
    """Return region marks one of which every case within reach has; [] if there are no such."""
    prefixes: list[Any] = []
    for scope in scopes:
        if scope.reach.everything or scope.reach.organisations or min(map(len, scope.reach.regions)) < 6:
            return []
        prefixes += scope.reach.regions
    return [marks.mark(f"r:{prefix}") for prefix in dict.fromkeys(prefixes)]
