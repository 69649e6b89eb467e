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

SMALL = 3000
"""Readers whose organisations hold no more cases than this are searched by their cases, others by the words."""

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


def few(sets: Sequence[Sequence[int]], scopes: Sequence[Scope], filters: Part, limit: int) -> Part:
    """Return the statement for marks that few cases have: a person's own."""
    found, values = by_marks(sets)
    inside, reach = condition(scopes)
    return (
        f"SELECT {ROW_COLUMNS} FROM (SELECT w.case_id FROM cases_words w WHERE {found} OFFSET 0) w"
        f" JOIN cases_case c ON c.id = w.case_id WHERE {inside} AND {filters[0]} ORDER BY c.id DESC LIMIT {limit}",
        [*values, *reach, *filters[1]],
    )


def is_small(scopes: Sequence[Scope]) -> bool:
    """Tell whether all that the reader sees are a few organisations' few cases."""
    if any(scope.reach.everything or scope.reach.regions for scope in scopes):
        return False
    organisations = sorted({o for scope in scopes for o in scope.reach.organisations})
    found = sql.rows(
        "SELECT count(*) FROM (SELECT 1 FROM cases_case c WHERE c.organisation_id = ANY(%s::bigint[])"
        f" LIMIT {SMALL + 1}) x",
        (organisations,),
    )
    return int(found[0][0]) <= SMALL


def among_own(sets: Sequence[Sequence[int]], scopes: Sequence[Scope], filters: Part, limit: int) -> Part:
    """Return the statement for a reader with few cases: look at each of them."""
    found, values = by_marks(sets)
    inside, reach = condition(scopes)
    organisations = sorted({o for scope in scopes for o in scope.reach.organisations})
    return (
        f"SELECT {ROW_COLUMNS} FROM (SELECT c.* FROM cases_case c WHERE c.organisation_id = ANY(%s::bigint[])"
        f" AND {inside} AND {filters[0]} OFFSET 0) c JOIN LATERAL (SELECT w.marks FROM cases_words w"
        f" WHERE w.case_id = c.id OFFSET 0) w ON {found} ORDER BY c.id DESC LIMIT {limit}",
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
    return (
        f"SELECT x.* FROM generate_series(%s::int, {_FIRST_MONTH}, -1) AS m(month)"
        f" CROSS JOIN LATERAL (SELECT {ROW_COLUMNS} FROM (SELECT w.case_id FROM cases_words w WHERE {found}{places}"
        f" OFFSET 0) w JOIN cases_case c ON c.id = w.case_id WHERE {inside} AND {filters[0]}"
        f" ORDER BY c.id DESC LIMIT {limit}) x LIMIT {limit}",
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
