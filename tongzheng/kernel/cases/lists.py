"""Lists of cases and of work, a page at a time, in one or two statements whatever the number of rows.

A reader's reach (organisations, regions) becomes one ordered index walk for each organisation or region, cut off at
the page's size, and the walks are merged: an OR over two columns would read everything. Pages go on from the last
row (keyset); nothing is counted beyond 100.
"""

# ruff: noqa: S608 — statements are put together from our own words; every value is a parameter.

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.errors import Invalid, SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import calendars, searching, sql, wording
from .declarations import all_types
from .drawn import living
from .kinds import CaseType
from .record import ROW_COLUMNS, light_of, row_view, titles
from .scopes import (
    Part,
    case_scopes,
    case_walks,
    condition,
    narrowed,
    standing_walks,
    work_scopes,
    work_walks,
)
from .views import CaseRow, InboxCounts, Page, TaskView

MOST = 200
COUNTED = 100
ROLES = {0: "lead", 4: "extension", 5: "supervised", 6: "supervisor"}
LIGHTS = ("green", "yellow", "red", "paused")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TASK_COLUMNS = (
    "t.id, t.case_id, t.kind, t.region, t.organisation_id, t.handler_id, t.done_at, c.number, c.type_id, c.state,"
    " c.phase, c.title, c.organisation_label, c.handler_label, c.applicant_label, c.opened_at, c.due_at, c.soon_at,"
    " c.paused_at, COALESCE(c.stopped_at, c.closed_at), t.role, t.due_at, t.soon_at, c.clock_unit, c.urges, c.supervised,"
    " c.version"
)


def find_cases(
    *,
    actor: identity.Actor,
    type_id: str | None = None,
    words: str = "",
    state: str | None = None,
    subject: str | None = None,
    region: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[CaseRow]:
    """Return a page of the cases that the actor may read, newest first.

    Args: words, a case number, an applicant's phone, ID number or full name, or words of the title and place (at
    least two characters); state, needs type_id; region, a code: only what lies inside; after, from the page before;
    limit, at most 200. Raises SignInNeeded, Invalid.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    scopes = case_scopes(actor, type_id)
    if not scopes:
        return Page(())
    most = max(1, min(limit, MOST))
    last, month = _after_case(after)
    if region is not None:
        if not re.fullmatch(r"\d{2,12}", region, re.ASCII):
            raise Invalid(fields={"region": T("请从区划里选择", "Please choose from the regions")})
        scopes = narrowed(scopes, region_prefix(region))
        if not scopes:
            return Page(())
    filters = _case_filters(state, region, last)
    now = clock.now()
    if words.strip():
        number = searching.number_in(words)
        if number is not None:
            filters = (f"{filters[0]} AND c.number = %s", [*filters[1], number])
            found = _plain(scopes, filters, most)
        else:
            found = _searched(words, scopes, filters, most, last, month or now)
    elif subject:
        found = _plain(scopes, (f"{filters[0]} AND c.subject = %s", [*filters[1], subject]), most)
    else:
        if state is not None and type_id is not None:
            closed = any(one.phase == "closed" for one in all_types()[type_id].states if one.name == state)
            walks = standing_walks(scopes, f"{type_id}/{state}", closed, last, most + 1)
        else:
            walks = case_walks(scopes, filters, most + 1)
        inner = " UNION ".join(f"({text})" for text, _ in walks) if len(walks) > 1 else walks[0][0]
        found = sql.rows(
            f"SELECT {ROW_COLUMNS} FROM (SELECT h.id FROM ({inner}) h ORDER BY h.id DESC LIMIT {most + 1}) h"
            " JOIN cases_case c ON c.id = h.id ORDER BY c.id DESC",
            [value for _, values in walks for value in values],
        )
    return _cases_page(found, most, now)


def _plain(scopes: Sequence[Any], filters: Part, most: int) -> list[tuple[Any, ...]]:
    inside, values = condition(scopes)
    return sql.rows(
        f"SELECT {ROW_COLUMNS} FROM cases_case c WHERE {filters[0]} AND {inside}"
        f" ORDER BY c.id DESC LIMIT {most + 1}",
        [*filters[1], *values],
    )


def _searched(
    words: str, scopes: Sequence[Any], filters: Part, most: int, last: int | None, first: datetime
) -> list[tuple[Any, ...]]:
    """Return the cases that words find: among the newest ones if they fill the page, else by the index."""
    sets, few = searching.wanted(words, clock.today())
    if few:
        return sql.rows(*searching.at_once(sets, scopes, filters, most + 1))
    found = sql.rows(*searching.among_newest(sets, scopes, filters, most + 1, last=last))
    if len(found) > most:
        return found
    if among := searching.reach_marks(scopes):
        return sql.rows(*searching.at_once(sets, scopes, filters, most + 1, among))
    return sql.rows(*searching.by_month(sets, scopes, filters, most + 1, first=first))


def _case_filters(state: str | None, region: str | None, last: int | None) -> Part:
    parts = ["TRUE"]
    values: list[Any] = []
    if state is not None:
        parts.append("c.state = %s")
        values.append(state[:100].replace("\0", ""))
    if region is not None:
        parts.append("c.region LIKE %s")
        values.append(f"{region_prefix(region)}%")
    if last is not None:
        parts.append("c.id < %s")
        values.append(last)
    return " AND ".join(parts), values


def _cases_page(found: Sequence[tuple[Any, ...]], most: int, now: datetime) -> Page[CaseRow]:
    rows = tuple(row_view(row, now) for row in found[:most])
    after = f"{rows[-1].id}.{int(rows[-1].opened_at.timestamp())}" if len(found) > most else ""
    return Page(rows, after)


def _after_case(after: str | None) -> tuple[int | None, datetime | None]:
    numbers = _numbers(after)
    return (numbers[0], _EPOCH + timedelta(seconds=numbers[1])) if numbers else (None, None)


def _numbers(after: str | None) -> tuple[int, int] | None:
    if not after:
        return None
    found = re.fullmatch(r"(\d{1,18})\.(\d{1,18})", after, re.ASCII)
    if found is None or int(found[2]) > 253_402_300_799_000_000:
        raise Invalid(T("翻页位置不对，请从头看起", "Not a place in this list; please start again"))
    return int(found[1]), int(found[2])


def my_cases(*, actor: identity.Actor, after: str | None = None, limit: int = 20) -> Page[CaseRow]:
    """Return a page of the cases that are for the actor (their account, person or enterprise), newest first."""
    if actor.id is None:
        raise SignInNeeded()
    most = max(1, min(limit, MOST))
    last, _ = _after_case(after)
    place = "" if last is None else " AND c.id < %s"
    walks = []
    whose = [("applicant_account_id", actor.id), ("applicant_person_id", actor.person_id)]
    if actor.kind == "citizen":
        bodies = dict.fromkeys(post.organisation_id for post in actor.posts)
        whose += [("applicant_organisation_id", body) for body in bodies]
    for column, value in whose:
        if value is not None:
            text = f"SELECT c.id FROM cases_case c WHERE c.{column} = %s{place} ORDER BY c.id DESC LIMIT {most + 1}"
            walks.append((text, [value] if last is None else [value, last]))
    inner = " UNION ".join(f"({text})" for text, _ in walks)
    found = sql.rows(
        f"SELECT {ROW_COLUMNS} FROM ({inner}) h JOIN cases_case c ON c.id = h.id"
        f" ORDER BY c.id DESC LIMIT {most + 1}",
        [value for _, values in walks for value in values],
    )
    page = _cases_page(found, most, clock.now())
    return Page(tuple(replace(row, handler_id=None, handler_label="") for row in page.rows), page.after)


def inbox(
    *,
    actor: identity.Actor,
    view: str = "todo",
    type_id: str | None = None,
    words: str = "",
    light: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[TaskView]:
    """Return a page of the actor's work, the nearest limit first.

    Args: view "todo" (claimed by or given to them, and unclaimed work that they may move), "mine" (claimed or given
    only) or "handled" (what they did, newest first); light "green", "yellow", "red" or "paused", without which work
    that waits for somebody else is left out of "todo" and "mine"; words as in `find_cases`; after, from the page
    before; limit, at most 200. Raises SignInNeeded, Invalid.
    """
    if actor.id is None:
        raise SignInNeeded()
    most = max(1, min(limit, MOST))
    now = clock.now()
    place = _numbers(after)
    if view == "handled":
        found = _handled(actor.id, type_id, words, place, most)
    elif view in ("todo", "mine"):
        filters = _task_filters(type_id, light, words, now)
        if place is not None:
            keyset = "(t.due_at, t.id) > (%s::timestamptz, %s::bigint)"
            filters = (
                f"{filters[0]} AND {keyset}",
                [*filters[1], _EPOCH + timedelta(microseconds=place[1]), place[0]],
            )
        text, values = _work(actor, view, type_id, filters, most + 1)
        found = sql.rows(
            f"SELECT {_TASK_COLUMNS}, t.due_at FROM ({text} ORDER BY due_at, id LIMIT {most + 1}) h"
            " JOIN cases_task t ON t.id = h.id JOIN cases_case c ON c.id = t.case_id ORDER BY t.due_at, t.id",
            values,
        )
    else:
        raise Invalid(fields={"view": T("没有这个列表", "There is no such list")})
    rows = tuple(_task_view(row, now) for row in found[:most])
    last = found[most - 1] if len(found) > most else None
    return Page(rows, f"{last[0]}.{(last[-1] - _EPOCH) // timedelta(microseconds=1)}" if last else "")


def _work(actor: identity.Actor, view: str, type_id: str | None, filters: Part, limit: int) -> Part:
    """Return the ids and due times of the actor's open work, at most `limit` from each walk."""
    text, values = filters
    walks: list[Part] = [
        (
            "SELECT t.id, t.due_at FROM cases_task t WHERE t.handler_id = %s AND t.done_at IS NULL"
            f" AND t.handler_id IS NOT NULL AND {text} ORDER BY t.due_at, t.id LIMIT {limit}",
            [actor.id, *values],
        )
    ]
    # What the holder of a post has claimed there is the work of whoever stands in for them.
    walks += [
        (
            "SELECT t.id, t.due_at FROM cases_task t WHERE t.handler_id = %s AND t.done_at IS NULL"
            f" AND t.handler_id IS NOT NULL AND t.organisation_id = %s AND {text} ORDER BY t.due_at, t.id LIMIT {limit}",
            [post.stands_for[0], post.organisation_id, *values],
        )
        for post in actor.posts
        if post.stands_for
    ]
    if view == "todo":
        walks += work_walks(work_scopes(actor, type_id), filters, limit)
    return (
        "SELECT u.id, u.due_at FROM (" + " UNION ".join(f"({one})" for one, _ in walks) + ") u",
        [value for _, part in walks for value in part],
    )


def _task_filters(type_id: str | None, light: str | None, words: str, now: datetime) -> Part:
    parts = ["t.waits" if light == "paused" else "NOT t.waits"]
    values: list[Any] = []
    if light is not None and light not in LIGHTS:
        raise Invalid(fields={"light": T("没有这种灯", "There is no such light")})
    if light == "red":
        parts.append("t.due_at < %s::timestamptz")
        values.append(now)
    elif light == "yellow":
        parts.append("t.due_at >= %s::timestamptz AND t.soon_at <= %s::timestamptz")
        values += [now, now]
    elif light == "green":
        parts.append("t.soon_at > %s::timestamptz")
        values.append(now)
    if type_id is not None:
        parts.append("t.kind LIKE %s")
        values.append(type_id.replace("\\", "").replace("%", "").replace("_", "\\_") + "/%")
    found, more = _word_filter(words)
    return " AND ".join([*parts, *found]), [*values, *more]


def _word_filter(words: str) -> tuple[list[str], list[Any]]:
    if not words.strip():
        return [], []
    number = searching.number_in(words)
    if number is not None:
        return ["t.case_id = (SELECT n.id FROM cases_case n WHERE n.number = %s)"], [number]
    sets, _ = searching.wanted(words, clock.today())
    text, values = searching.by_marks(sets)
    return [f"EXISTS (SELECT 1 FROM cases_words w WHERE w.case_id = t.case_id AND {text} OFFSET 0)"], values


def _handled(
    account: int, type_id: str | None, words: str, place: tuple[int, int] | None, most: int
) -> list[tuple[Any, ...]]:
    parts, values = _word_filter(words)
    if type_id is not None:
        parts.append("c.type_id = %s")
        values.append(type_id)
    if place is not None:
        parts.append("(t.done_at, t.id) < (%s::timestamptz, %s::bigint)")
        values += [_EPOCH + timedelta(microseconds=place[1]), place[0]]
    tests = "".join(f" AND {part}" for part in parts)
    return sql.rows(
        f"SELECT {_TASK_COLUMNS}, t.done_at FROM cases_task t JOIN cases_case c ON c.id = t.case_id"
        f" WHERE t.done_by = %s{tests} ORDER BY t.done_at DESC, t.id DESC LIMIT {most + 1}",
        [account, *values],
    )


def _task_view(row: tuple[Any, ...], now: datetime) -> TaskView:
    (id, case_id, kind, region, organisation, handler, done, number, type_id, state, phase) = row[:11]
    (title, organisation_label, handler_label, applicant, opened, due, soon, paused, closed) = row[11:20]
    role, own_due, own_soon, unit, urges, supervised, version = row[20:27]
    declared = registry.find(CaseType, type_id)
    if role in (5, 6):
        # A supervision keeps its own time, whatever becomes of the case.
        due, soon, phase, paused, closed = own_due, own_soon, 0, None, done
    elif role in (1, 2, 3):
        # An assisting body's part has its own limit, and shows nothing of whose case it is.
        due, soon, phase, paused, closed, handler_label, applicant = own_due, own_soon, 0, None, done, "", ""
    if living.drawn(type_id):
        due, soon = (own_due, own_soon) if own_due.year < 9000 else (None, None)
    if done is not None or role or (living.drawn(type_id) and phase != 2):
        state = kind.rpartition("/")[2]
    type_title, state_title = titles(type_id, state)
    light = light_of(now, phase, due, soon, paused, closed)
    if not unit:
        unit = declared.clock.unit if declared and declared.clock else "working_day"
    return TaskView(
        id=id,
        case_id=case_id,
        number=number,
        type_id=type_id,
        type_title=type_title,
        state=state,
        state_title=state_title,
        phase=("open", "paused", "closed")[phase],
        title=title,
        region=region,
        organisation_id=organisation,
        organisation_label=organisation_label,
        handler_id=handler,
        handler_label=handler_label,
        applicant_label=applicant,
        opened_at=opened,
        due_at=due,
        done_at=done,
        light=light,
        left=wording.left(calendars.current(region), now=now, due=due, unit=unit, light=light),
        role=ROLES.get(role, "assist"),
        urges=urges,
        supervised=bool(supervised),
        version=version,
    )


def counts(*, actor: identity.Actor) -> InboxCounts:
    """Return how much work waits for the actor, each counted no further than 100, in one statement."""
    if actor.id is None:
        raise SignInNeeded()
    now = clock.now()
    columns: list[str] = []
    values: list[Any] = []
    for view, light in (
        ("todo", None),
        ("mine", None),
        ("todo", "yellow"),
        ("todo", "red"),
        ("todo", "paused"),
    ):
        text, more = _work(actor, view, None, _task_filters(None, light, "", now), COUNTED)
        columns.append(f"(SELECT count(*) FROM ({text} LIMIT {COUNTED}) x)")
        values += more
    return InboxCounts(*sql.rows(f"SELECT {', '.join(columns)}", values)[0])
