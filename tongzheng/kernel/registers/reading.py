"""Reading a register: lists, one row with its history, the map. Permission and reach are inside."""

# ruff: noqa: S608  (names come from tables.py, quoted; every value is a parameter)

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Refused
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.sealing import unseal
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor, Reach, may, reach, require
from tongzheng.kernel.ledger.api import append

from .kinds import Register
from .names import Names
from .queries import (
    Where,
    cursor_of,
    filtering,
    limits,
    near_sql,
    order_of,
    page_sql,
    place_of,
    places_sql,
    points_sql,
    row_sql,
    searching,
)
from .shapes import ChangeView, Page, RegisterView, RowView, Sheet
from .tables import Table, table_of

REVEAL = "registers.reveal"
HISTORY_LIMIT = 50
PAGE_LIMIT = 200
POINT_LIMIT = 1500
SAMPLE_ROWS = 200_000


def registers(*, actor: Actor) -> tuple[RegisterView, ...]:
    """Return the registers that the actor may read, in the order of declaration; no statement."""
    return tuple(
        _view(id, register, actor)
        for id, register in registry.of(Register).items()
        if may(actor, register.reads)
    )


def register(register_id: str, *, actor: Actor) -> RegisterView:
    """Return one register as the actor may use it. Raises Missing, SignInNeeded, Refused."""
    table = table_of(register_id)
    require(actor, table.register.reads)
    return _view(register_id, table.register, actor)


def rows(
    register_id: str,
    *,
    actor: Actor,
    words: str = "",
    filters: Mapping[str, Any] | None = None,
    sort: str = "",
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Return one page of the rows within the actor's reach; one statement, two for a search for rare words, one more on the first page.

    Args: words, each must occur in some search column (sealed columns match whole values only); filters, by
    column name, `name__from` and `name__to` for ranges; sort, "column" or "-column", "" the register's own;
    after, the `next` of the page before; limit, 1 to 200 rows.
    Raises Missing (no such register), SignInNeeded, Refused, Invalid (unknown filter, sort or cursor).
    """
    table, where = selection(register_id, actor=actor, words=words, filters=filters)
    order = order_of(table, sort)
    limit = max(1, min(limit, PAGE_LIMIT))
    place = place_of(table, order, after) if after else None
    near = near_sql(table, where, order, place, limit + 1)
    with connection.cursor() as cursor:
        found: list[tuple[Any, ...]] = []
        if near is not None:
            cursor.execute(*near)
            found = cursor.fetchall()
        if len(found) <= limit:
            cursor.execute(*page_sql(table, where, order, place, limit + 1))
            found = cursor.fetchall()
        more = len(found) > limit
        found = found[:limit]
        estimate = (
            len(found) if not more and not after else _estimate(cursor, table, where) if not after else None
        )
    return Page(
        rows=tuple(_row(table, row) for row in found),
        columns=table.register.columns,
        next=cursor_of(order, found[-1][2], found[-1][0]) if more else "",
        estimate=estimate,
        exact=not more and not after,
    )


def selection(
    register_id: str,
    *,
    actor: Actor,
    words: str = "",
    filters: Mapping[str, Any] | None = None,
    action: str = "",
) -> tuple[Table, Where]:
    """Return the table and the conditions of what the actor asked for, kept to their reach of `action`."""
    table = table_of(register_id)
    reached = reach_of(table, actor, action or table.register.reads)
    where = limits(table, reached)
    filtering(table, filters, where, today=clock.today(), lookup=Names())
    searching(table, words, where)
    return table, where


def reach_of(table: Table, actor: Actor, action: str) -> Reach:
    """Return how far the actor's `action` goes. Raises SignInNeeded or Refused when nowhere."""
    require(actor, action)
    return reach(actor, action)


def row(register_id: str, pk: Any, *, actor: Actor, reveal: Sequence[str] = (), purpose: str = "") -> Sheet:
    """Return one row with its newest history.

    Args: reveal, sealed columns to show in clear: needs the action "registers.reveal" and a purpose, and is
    put on the ledger. Raises Missing (also when out of reach), SignInNeeded, Refused, Invalid (no purpose).
    """
    table = table_of(register_id)
    where = limits(table, reach_of(table, actor, table.register.reads))
    key = table.pk_value(pk)
    sql, params = row_sql(table, where, key)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchone()
        if found is None:
            raise Missing()
        revealed = _reveal(cursor, table, found, actor, reveal, purpose) if reveal else {}
        cursor.execute(
            "SELECT id, act, at, label, before, after, import_id FROM registers_change"
            " WHERE register = %s AND pk_text = %s ORDER BY id DESC LIMIT %s",
            [register_id, str(found[0]), HISTORY_LIMIT],
        )
        history = tuple(_change(line) for line in cursor.fetchall())
    values = _row(table, found)
    return Sheet(
        register_id=register_id,
        row=values,
        subject=table.subject(found[0]),
        history=history,
        may_write=writable(table, actor, values.values),
        revealed=revealed,
    )


def writable(table: Table, actor: Actor, values: Mapping[str, Any]) -> bool:
    """Tell whether the actor may change a row with these values."""
    action = table.register.writes
    if not action or not may(actor, action):
        return False
    return covers(table, reach(actor, action), values)


def covers(table: Table, reached: Reach, values: Mapping[str, Any]) -> bool:
    """Tell whether a row with these values lies within a reach; a register without limits always does."""
    if reached.everything or not table.limited:
        return True
    names = table.register
    return reached.covers(
        organisation=values.get(names.organisation) if names.organisation else None,
        region=(values.get(names.region) or None) if names.region else None,
    )


def points(
    register_id: str,
    *,
    actor: Actor,
    box: tuple[float, float, float, float] = (-180, -90, 180, 90),
    zoom: float = 9,
    words: str = "",
    filters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the rows within box (west, south, east, north, degrees) as GeoJSON, at most 1,500 features.

    When there are more rows, they are gathered in the database into cells of about 48 pixels at `zoom` (of web
    maps, 0 to 24); a feature's `count` says how many rows it stands for, and the member `sampled` that the counts
    of a large table are scaled up from a sample. Raises like `rows`, Invalid for a box that is none.
    """
    table, where = selection(register_id, actor=actor, words=words, filters=filters)
    if not table.register.place:
        raise Missing(T("这本台账没有位置", "This register has no places"))
    west, south, east, north = box
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90 and 0 <= zoom <= 24):
        raise Invalid(T("地图范围不对", "The map's extent is wrong"))
    sample = 100.0
    with connection.cursor() as cursor:
        cursor.execute(*places_sql(table, where, box, POINT_LIMIT + 1))
        found = [(1, *row) for row in cursor.fetchall()]
        if len(found) > POINT_LIMIT:
            size = _reltuples(cursor, table) or 0
            wide = (east - west) * (north - south) > 0.05
            sample = min(100.0, 100 * SAMPLE_ROWS / size) if size and wide else 100.0
            cell = 360 / (2**zoom * 256) * 48
            cursor.execute(*points_sql(table, where, box, cell, POINT_LIMIT, sample))
            found = cursor.fetchall()
    features = []
    for number, lon, lat, pk, label in found:
        count = max(1, round(number * 100 / sample))
        about = {"title": label, "href": f"/registers/{register_id}/rows/{pk}/", "pk": str(pk)}
        many = {"title": str(T("约 {n} 处", "About {n} places").fill(n=count)), "note": label}
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(lon, 6), round(lat, 6)]},
                "properties": {"count": count, **(about if count == 1 else many)},
            }
        )
    return {"type": "FeatureCollection", "features": features, "sampled": sample < 100}


def _view(id: str, register: Register, actor: Actor) -> RegisterView:
    return RegisterView(
        id=id,
        register=register,
        may_write=bool(register.writes) and bool(may(actor, register.writes)),
        may_export=bool(register.exports) and bool(may(actor, register.exports)),
        system=registry.system_of(id).title,
    )


def _row(table: Table, row: tuple[Any, ...]) -> RowView:
    values = dict(zip(table.cols, row[4:], strict=True))
    return RowView(
        pk=str(row[0]),
        label=str(row[3] if row[3] is not None else row[0]),
        values=values,
        version=table.version_of(row[4:], row[1]),
    )


def _change(line: tuple[Any, ...]) -> ChangeView:
    before, after = (json.loads(v) if isinstance(v, str) else v for v in line[4:6])
    return ChangeView(line[0], line[1], line[2], line[3], before, after, line[6])


def _estimate(cursor: Any, table: Table, where: Where) -> int | None:
    """Ask the planner, not the table: a count would read every row."""
    if not where.parts:
        return _reltuples(cursor, table)
    # The planner would take a word and its pieces for independent and guess far too few.
    clause, params = where.also(without="words")
    cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {table.name}{clause}", params)
    plan = cursor.fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])


def _reltuples(cursor: Any, table: Table) -> int | None:
    cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [table.name])
    found = cursor.fetchone()
    return int(found[0]) if found and found[0] > 0 else None


def _reveal(
    cursor: Any, table: Table, found: tuple[Any, ...], actor: Actor, names: Sequence[str], purpose: str
) -> dict[str, str]:
    require(actor, REVEAL)
    if not purpose.strip():
        raise Invalid(fields={"purpose": T("请写明查看的用途", "Please state the purpose")})
    cols = [table.cols[n] for n in names if n in table.cols and table.cols[n].use]
    if len(cols) != len(names):
        raise Refused(T("这一列没有加密", "This column is not sealed"))
    cursor.execute(
        f"SELECT {', '.join(c.sealed_name for c in cols)} FROM {table.name} WHERE {table.pk_name} = %s",
        [found[0]],
    )
    sealed = cursor.fetchone()
    append(
        act="registers.reveal",
        subject=table.subject(found[0]),
        actor=actor.id,
        label=actor.label,
        body={"columns": [c.column.name for c in cols], "purpose": purpose.strip()[:200]},
    )
    return {c.column.name: unseal(value, use=c.use) for c, value in zip(cols, sealed, strict=True)}
