"""How far a reader sees, as index walks. Case types (or kinds of work) with the same reach form one scope."""

# ruff: noqa: S608 — statements are put together from our own words; every value is a parameter.

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tongzheng.kernel.identity import api as identity

from .declarations import SUPERVISED, all_types, kinds_of_work

Part = tuple[str, list[Any]]
"""A piece of SQL and its parameters."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of these types (or kinds of work) is within reach; `every`: it is all that is declared."""

    names: tuple[str, ...]
    every: bool
    reach: identity.Reach


def case_scopes(actor: identity.Actor, type_id: str | None) -> tuple[Scope, ...]:
    """Return what cases the actor may read, of one type or all."""
    declared = all_types()
    wanted = [type_id] if type_id is not None else list(declared)
    groups: dict[identity.Reach, list[str]] = {}
    for name in wanted:
        if name in declared and (reach := identity.reach(actor, declared[name].reads)):
            groups.setdefault(reach, []).append(name)
    every = type_id is None
    return tuple(
        Scope(tuple(names), every and len(names) == len(declared), reach) for reach, names in groups.items()
    )


def work_scopes(actor: identity.Actor, type_id: str | None) -> tuple[Scope, ...]:
    """Return what open work the actor may move, as kinds "type/state" of one type or all."""
    reaches: dict[str, identity.Reach] = {}
    groups: dict[identity.Reach, list[str]] = {}
    for name, declared in all_types().items():
        if type_id is not None and name != type_id:
            continue
        for state, actions in kinds_of_work(declared):
            for action in actions:
                if action not in reaches:
                    reaches[action] = identity.reach(actor, action)
            reach = merged(reaches[action] for action in actions)
            if (
                state == SUPERVISED
            ):  # only the office itself answers; everybody else in the region watches elsewhere
                reach = identity.Reach(organisations=reach.organisations)
            if reach:
                groups.setdefault(reach, []).append(f"{name}/{state}")
    return tuple(Scope(tuple(names), False, reach) for reach, names in groups.items())


def merged(reaches: Iterable[identity.Reach]) -> identity.Reach:
    """Return the reach that covers what any of these covers."""
    found = list(reaches)
    if len(found) == 1:
        return found[0]
    if any(reach.everything for reach in found):
        return identity.Reach(everything=True)
    prefixes = {prefix for reach in found for prefix in reach.regions}
    return identity.Reach(
        organisations=tuple(sorted({o for reach in found for o in reach.organisations})),
        regions=tuple(sorted(p for p in prefixes if not any(p != q and p.startswith(q) for q in prefixes))),
    )


def condition(scopes: Sequence[Scope]) -> Part:
    """Return the scopes as a plain condition on cases `c`: for lists that something else keeps short."""
    parts: list[str] = []
    params: list[Any] = []
    for scope in scopes:
        text, values = scope.reach.sql("c.organisation_id", "c.region")
        if not scope.every:
            text = f"(c.type_id = ANY(%s) AND {text})"
            values = [list(scope.names), *values]
        parts.append(text)
        params += values
    return ("(" + " OR ".join(parts) + ")" if parts else "FALSE"), params


def narrowed(scopes: Sequence[Scope], region: str) -> tuple[Scope, ...]:
    """Return the scopes cut down to a region, so that its own index is walked and not the whole reach's."""
    found: list[Scope] = []
    for scope in scopes:
        reach = scope.reach
        if reach.everything or any(region.startswith(prefix) for prefix in reach.regions):
            reach = identity.Reach(regions=(region,))
        else:
            inside = tuple(prefix for prefix in reach.regions if prefix.startswith(region))
            reach = identity.Reach(organisations=reach.organisations, regions=inside)
        if reach:
            found.append(Scope(scope.names, scope.every, reach))
    return tuple(found)


def standing_walks(
    scopes: Sequence[Scope], kind: str, closed: bool, last: int | None, limit: int
) -> list[Part]:
    """Return index walks over the work `t` of cases that stand in one state, "type/state", newest first."""
    column, stands = ("ended", "t.ended IS NOT NULL") if closed else ("kind", "t.done_at IS NULL")
    walks: list[Part] = []
    place = "" if last is None else " AND t.case_id < %s"
    for scope in scopes:
        inside, values = scope.reach.sql("t.organisation_id", "t.region")
        walks.append(
            (
                f"SELECT t.case_id AS id FROM cases_task t WHERE t.{column} = %s AND {stands} AND {inside}{place}"
                f" ORDER BY t.case_id DESC LIMIT {limit}",
                [kind, *values, *([] if last is None else [last])],
            )
        )
    return walks


def case_walks(scopes: Sequence[Scope], filters: Part, limit: int) -> list[Part]:
    """Return index walks over cases `c`, newest first, that together give every id within the scopes."""
    walks: list[Part] = []
    text, values = filters
    end = f"ORDER BY c.id DESC LIMIT {limit}"
    for scope in scopes:
        typed = "" if scope.every else " AND c.type_id = ANY(%s)"
        types: list[Any] = [] if scope.every else [list(scope.names)]
        wide = [prefix for prefix in scope.reach.regions if len(prefix) < 6]
        if scope.reach.everything or wide:
            inside, prefixes = "", []
            if not scope.reach.everything:
                inside = " AND (" + " OR ".join(["c.region LIKE %s"] * len(wide)) + ")"
                prefixes = [f"{prefix}%" for prefix in wide]
            if scope.every:
                walks.append(
                    (f"SELECT c.id FROM cases_case c WHERE {text}{inside} {end}", [*values, *prefixes])
                )
            else:
                walks.append(
                    (
                        "SELECT x.id FROM unnest(%s::text[]) AS o(t) CROSS JOIN LATERAL (SELECT c.id FROM cases_case c"
                        f" WHERE c.type_id = o.t AND {text}{inside} {end}) x",
                        [list(scope.names), *values, *prefixes],
                    )
                )
            if scope.reach.everything:
                continue
        for length, prefixes_of in _by_length(scope.reach.regions):
            deep = "" if length < 12 else " AND c.region = o.code"
            column = min(length, 9)
            walks.append(
                (
                    "SELECT x.id FROM unnest(%s::text[]) AS o(code) CROSS JOIN LATERAL (SELECT c.id FROM cases_case c"
                    f' WHERE "left"(c.region, {column}) = "left"(o.code, {column}){deep}{typed} AND {text} {end}) x',
                    [prefixes_of, *types, *values],
                )
            )
        if scope.reach.organisations:
            walks.append(
                (
                    "SELECT x.id FROM unnest(%s::bigint[]) AS o(id) CROSS JOIN LATERAL (SELECT c.id FROM cases_case c"
                    f" WHERE c.organisation_id = o.id{typed} AND {text} {end}) x",
                    [list(scope.reach.organisations), *types, *values],
                )
            )
    return walks


def _by_length(prefixes: Sequence[str]) -> list[tuple[int, list[str]]]:
    found: dict[int, list[str]] = {}
    for prefix in prefixes:
        if len(prefix) in (6, 9, 12):
            found.setdefault(len(prefix), []).append(prefix)
    return sorted(found.items())


def work_walks(scopes: Sequence[Scope], filters: Part, limit: int) -> list[Part]:
    """Return index walks over unclaimed open tasks `t`, nearest limit first, within the scopes."""
    walks: list[Part] = []
    text, values = filters
    open_work = f"t.done_at IS NULL AND t.handler_id IS NULL AND {text}"  # the words of the partial indexes
    end = f"ORDER BY t.due_at, t.id LIMIT {limit}"
    for scope in scopes:
        kinds = list(scope.names)
        wide = [prefix for prefix in scope.reach.regions if len(prefix) < 6]
        if scope.reach.everything or wide:
            inside, prefixes = "", []
            if not scope.reach.everything:
                inside = " AND (" + " OR ".join(["t.region LIKE %s"] * len(wide)) + ")"
                prefixes = [f"{prefix}%" for prefix in wide]
            walks.append(
                (
                    "SELECT x.id, x.due_at FROM unnest(%s::text[]) AS o(kind) CROSS JOIN LATERAL (SELECT t.id, t.due_at"
                    f" FROM cases_task t WHERE t.kind = o.kind AND {open_work}{inside} {end}) x",
                    [kinds, *values, *prefixes],
                )
            )
        for length, prefixes_of in [] if scope.reach.everything else _by_length(scope.reach.regions):
            deep = "" if length == 6 else f' AND "left"(t.region, {length}) = p.code'
            walks.append(
                (
                    "SELECT x.id, x.due_at FROM unnest(%s::text[]) AS o(kind) CROSS JOIN unnest(%s::text[]) AS p(code)"
                    " CROSS JOIN LATERAL (SELECT t.id, t.due_at FROM cases_task t WHERE t.kind = o.kind"
                    f' AND "left"(t.region, 6) = "left"(p.code, 6){deep} AND {open_work} {end}) x',
                    [kinds, prefixes_of, *values],
                )
            )
        if scope.reach.organisations and not scope.reach.everything:
            walks.append(
                (
                    "SELECT x.id, x.due_at FROM unnest(%s::bigint[]) AS o(id) CROSS JOIN LATERAL (SELECT t.id, t.due_at"
                    f" FROM cases_task t WHERE t.organisation_id = o.id AND t.kind = ANY(%s) AND {open_work} {end}) x",
                    [list(scope.reach.organisations), kinds, *values],
                )
            )
    return walks
