"""What a reader typed into the search box, and the statement that finds it. See `marks.py` for how words are found."""

# ruff: noqa: S608 — statements are put together from our own words; every value is a parameter.

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime

from tongzheng.kernel.core.codes import id_slip, phone_slip
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T

from . import marks
from .record import ROW_COLUMNS
from .scopes import Part, Scope, condition

NEWEST = 3_000
"""How many cases a search for words looks through before it asks the index: about a millisecond of them."""
TOGETHER = 8
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


def by_marks(sets: Sequence[Sequence[int]], extra: str = "", among: Sequence[int] = ()) -> Part:
    """Return the condition that words `w` have all marks of one of the sets, and one of `among` if there are any.

    `extra` is SQL for one more mark. A mark of `among` is asked for together with the words as long as there are few:
    the index then reads the rarest of all, where two conditions would each read their own.
    """
    more = f" || {extra}" if extra else ""
    if len(sets) * len(among) > TOGETHER:
        parts, values = by_marks(sets, extra)
        return f"{parts} AND w.marks && %s::int4[]", [*values, marks.literal(among)]
    whole = [[*one, other] for one in sets for other in among] or sets
    return (
        "(" + " OR ".join(f"w.marks @> (%s::int4[]{more})" for _ in whole) + ")",
        [marks.literal(one) for one in whole],
    )


def _lookups(words: str, inside: str, limit: int) -> str:
    """Return the rows of the cases that `words` (a SELECT of ids) found, newest first, looked up one by one.

    The ids are sorted first and each is looked up by itself (OFFSET 0 holds the planner to that: it cannot know
    how rare words are), so the LIMIT ends the looking up as soon as the page is full.
    """
    return (
        f"SELECT {ROW_COLUMNS} FROM ({words} ORDER BY w.case_id DESC OFFSET 0) w CROSS JOIN LATERAL"
        f" (SELECT * FROM cases_case c WHERE c.id = w.case_id AND {inside} OFFSET 0) c LIMIT {limit}"
    )


def among_newest(
    sets: Sequence[Sequence[int]], scopes: Sequence[Scope], filters: Part, limit: int, *, last: int | None
) -> Part:
    """Return the statement that looks through the NEWEST cases (before `last`, if given) one by one.

    If it fills the page, the page is right; that is so for words one case in sixty has. Otherwise ask the index.
    """
    found, values = by_marks(sets)
    inside, reach = condition(scopes)
    place = " WHERE case_id < %s" if last is not None else ""
    window = f"SELECT * FROM cases_words{place} ORDER BY case_id DESC LIMIT {NEWEST}"
    words = f"SELECT w.case_id FROM ({window}) w WHERE {found}"
    return _lookups(words, f"{inside} AND {filters[0]}", limit), [
        *([last] if last is not None else []),
        *values,
        *reach,
        *filters[1],
    ]


def at_once(
    sets: Sequence[Sequence[int]],
    scopes: Sequence[Scope],
    filters: Part,
    limit: int,
    among: Sequence[int] = (),
) -> Part:
    """Return the statement for marks that few cases have: a person's own, or a word's together with one of `among`."""
    found, values = by_marks(sets, among=among)
    inside, reach = condition(scopes)
    words = f"SELECT w.case_id FROM cases_words w WHERE {found}"
    return _lookups(words, f"{inside} AND {filters[0]}", limit), [*values, *reach, *filters[1]]


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
    found, values = by_marks(sets, "(0 - m.month)")
    inside, reach = condition(scopes)
    words = f"SELECT w.case_id FROM cases_words w WHERE {found}"
    return (
        f"SELECT x.* FROM generate_series(%s::int, {_FIRST_MONTH}, -1) AS m(month) CROSS JOIN LATERAL"
        f" ({_lookups(words, f'{inside} AND {filters[0]}', limit)}) x LIMIT {limit}",
        [-marks.month_mark(first), *values, *reach, *filters[1]],
    )


def reach_marks(scopes: Sequence[Scope]) -> list[int]:
    """Return marks of regions and organisations one of which every case within reach has; [] if that says little."""
    found: list[int] = []
    for scope in scopes:
        if scope.reach.everything or any(len(prefix) < 6 for prefix in scope.reach.regions):
            return []
        found += [marks.mark(f"r:{prefix}") for prefix in scope.reach.regions]
        found += [marks.of_organisation(one) for one in scope.reach.organisations]
    return list(dict.fromkeys(found))
