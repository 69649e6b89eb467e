"""Reading: what is in force for whoever decides by it, and what there is for those who may see it."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from threading import Lock

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import flow, offers
from .rows import DEFINITION, LISTED, WHOLE, definition_of, one_definition, one_version, rows, version_of
from .views import Comparison, History, Page, Row, Standing, VersionView

KEPT_BYTES = 64 * 1024 * 1024
MOST_VERSIONS = 500
_UNSEEN = WHOLE.replace("v.content", "CASE WHEN v.id = ANY(%s::bigint[]) THEN NULL ELSE v.content END")
_kept: OrderedDict[int, VersionView] = OrderedDict()
_of_key: dict[tuple[str, str], list[int]] = {}
_guard = Lock()
_bytes = 0


def in_force(kind: str, key: str, *, at: datetime | None = None) -> VersionView | None:
    """Return the version in force, None if there is none; for engines: no permission is asked.

    Args: at, an aware moment, now by default. Of the versions whose date has come, the one published last.
    One statement; the content of a version that this process has seen is not sent again.
    """
    known = _of_key.get((kind, key), [])
    found = rows(
        _UNSEEN + " WHERE d.kind = %s AND d.key = %s AND v.state = 'published' AND v.effective_from <= %s"
        " ORDER BY v.number DESC LIMIT 1",
        (list(known), kind, key, at or clock.now()),
    )
    if not found:
        return None
    row = found[0]
    if row[10] is None:
        with _guard:
            kept = _kept.get(row[7])
            if kept is not None:
                _kept.move_to_end(kept.id)
                return kept
        return version(row[7])  # forgotten between the two looks
    return _keep(version_of(row))


def version(id: int) -> VersionView:
    """Return a version with its content, for whoever was judged by it; no permission is asked. Raises Missing.

    A published version never changes and is never deleted, so the process keeps it.
    """
    with _guard:
        kept = _kept.get(id)
        if kept is not None:
            _kept.move_to_end(id)
            return kept
    return _keep(one_version(id))


def _keep(found: VersionView) -> VersionView:
    global _bytes
    if found.number is None:
        return found
    with _guard:
        if found.id not in _kept:
            _kept[found.id] = found
            _of_key.setdefault((found.definition.kind, found.definition.key), []).append(found.id)
            _bytes += len(found.content)
        while _bytes > KEPT_BYTES and len(_kept) > 1:
            _, gone = _kept.popitem(last=False)
            _bytes -= len(gone.content)
            _of_key[gone.definition.kind, gone.definition.key].remove(gone.id)
    return found


def forget() -> None:
    """Drop the contents that this process remembers: for a database that was put in the place of another."""
    global _bytes
    with _guard:
        _kept.clear()
        _of_key.clear()
        _bytes = 0


def standing(kind: str, *, at: datetime | None = None) -> tuple[Standing, ...]:
    """Return which version of each definition of a kind is in force, by key, in one statement, without contents."""
    return tuple(
        Standing(key, T(zh, en), id, number, start)
        for key, zh, en, id, number, start in rows(
            "SELECT DISTINCT ON (d.key) d.key, d.title_zh, d.title_en, v.id, v.number, v.effective_from"
            " FROM definitions_definition d JOIN definitions_version v ON v.definition_id = d.id"
            " WHERE d.kind = %s AND v.state = 'published' AND v.effective_from <= %s"
            " ORDER BY d.key, v.number DESC",
            (kind, at or clock.now()),
        )
    )


def look(version_id: int, *, actor: identity.Actor) -> VersionView:
    """Return a version with its content for a reader. Raises Missing, SignInNeeded, Refused."""
    found = one_version(version_id)
    _may_read(actor, found)
    return found


def history(kind: str, key: str, *, actor: identity.Actor) -> History:
    """Return a definition with its versions, newest first, without contents. Raises Missing, SignInNeeded, Refused."""
    offered = offers.definable(kind)
    of = one_definition(kind, key)
    identity.require(actor, offered.reads, organisation=of.organisation_id, region=of.region)
    found = tuple(
        version_of(row)
        for row in rows(
            f"{LISTED} WHERE v.definition_id = %s ORDER BY v.number DESC NULLS FIRST, v.id DESC LIMIT %s",
            (of.id, MOST_VERSIONS),
        )
    )
    now = clock.now()
    due = [one for one in found if one.number and one.effective_from and one.effective_from <= now]
    return History(of, found, max(due, key=lambda one: one.number or 0).id if due else None)


def compare(first: int, second: int, *, actor: identity.Actor) -> Comparison:
    """Return two versions of one definition side by side, by parts. Raises Missing, SignInNeeded, Refused."""
    one, other = one_version(first), one_version(second)
    if one.definition.id != other.definition.id:
        raise Missing(T("没有这个版本", "There is no such version"))
    _may_read(actor, one)
    offered = offers.definable(one.definition.kind)
    before, after = offers.parts(offered, one.content), offers.parts(offered, other.content)
    changes = flow.difference(before, after)
    return Comparison(one, other, changes, sum(before.get(place) == line for place, line in after.items()))


def overview(
    *,
    actor: identity.Actor,
    kind: str = "",
    words: str = "",
    waiting: bool = False,
    after: int | None = None,
    limit: int = 50,
) -> Page:
    """Return the definitions that the actor may read, newest first, in one statement.

    Args: kind, only these; words, in title or key; waiting, only those with a version that awaits a decision;
    after, the id of the last one seen; limit, at most 200. Raises SignInNeeded, Refused (none of the kinds).
    """
    limit = max(1, min(limit, 200))
    tests: list[str] = []
    params: list[object] = [clock.now(), clock.now()]
    offered = offers.every()
    kinds = [offered[kind]] if kind in offered else [] if kind else list(offered.values())
    for one in kinds:
        if reach := identity.reach(actor, one.reads):
            sql, values = reach.sql("d.organisation_id", "d.region")
            tests.append(f"(d.kind = %s AND {sql})")
            params += [one.name, *values]
    if not tests:
        identity.require(actor, kinds[0].reads if kinds else "definitions.read")
        return Page((), None)
    where = f"({' OR '.join(tests)})"
    if words.strip("\0 "):
        where += " AND (d.title_zh ILIKE %s OR d.title_en ILIKE %s OR d.key ILIKE %s)"
        plain = words.replace("\0", "").strip()[:80]
        for mark in "\\%_":
            plain = plain.replace(mark, f"\\{mark}")
        params += [f"%{plain}%"] * 3
    if waiting:
        where += " AND o.proposed > 0"
    if after is not None:
        where += " AND d.id < %s"
        params.append(min(after, 2**63 - 1))
    found = rows(
        f"SELECT {DEFINITION}, f.number, f.effective_from, n.coming, o.drafts, o.proposed,"  # noqa: S608
        " GREATEST(d.made_at, o.changed, f.decided_at) FROM definitions_definition d"
        " LEFT JOIN LATERAL (SELECT v.number, v.effective_from, v.decided_at FROM definitions_version v"
        "  WHERE v.definition_id = d.id AND v.state = 'published' AND v.effective_from <= %s"
        "  ORDER BY v.number DESC LIMIT 1) f ON TRUE"
        " LEFT JOIN LATERAL (SELECT min(v.effective_from) AS coming FROM definitions_version v"
        "  WHERE v.definition_id = d.id AND v.state = 'published' AND v.effective_from > %s"
        "  AND v.number > COALESCE(f.number, 0)) n ON TRUE"
        " LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE v.state <> 'proposed') AS drafts,"
        "  count(*) FILTER (WHERE v.state = 'proposed') AS proposed, max(v.changed_at) AS changed"
        "  FROM definitions_version v WHERE v.definition_id = d.id"
        "  AND v.state IN ('draft', 'proposed', 'returned')) o ON TRUE"
        f" WHERE {where} ORDER BY d.id DESC LIMIT %s",
        [*params, limit + 1],
    )
    lines = tuple(Row(definition_of(row[:7]), *row[7:]) for row in found[:limit])
    return Page(lines, lines[-1].definition.id if len(found) > limit else None)


def _may_read(actor: identity.Actor, found: VersionView) -> None:
    of = found.definition
    offered = offers.definable(of.kind)
    identity.require(actor, offered.reads, organisation=of.organisation_id, region=of.region)
