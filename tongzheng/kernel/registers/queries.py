"""The statements of lists, built from a `Table`: keyset pages, search, filters, reach and map points.

Everything here returns (sql, params) and touches no database.
"""

# ruff: noqa: S608  (names come from tables.py, quoted; every value is a parameter)

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError

from tongzheng.kernel.core.codes import region_prefix
from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.sealing import blind
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Reach

from .rules import Lookup, Slip, parse
from .tables import AnyField, Col, Table, indexed, plain, quoted

RANGED = ("integer", "decimal", "money", "date", "datetime")
WORDS_LIMIT = 5
WALKED, SCATTERED = 8_000, 6_000
"""How many rows a search reads in the list's order before it asks the word index: in the order of the primary key
they lie side by side and take 2 ms, in another one they lie anywhere and take 10."""
WALKABLE = ("text", "code", *RANGED)
Params = list[Any]


@dataclass(frozen=True, slots=True)
class Order:
    """A resolved sort: the quoted column ("" for the primary key alone), its direction, whether it may be empty.

    `walked`: an index gives the rows in this order, so that the first of them cost little.
    """

    key: str
    name: str
    nullable: bool
    descending: bool
    to_python: Any = None
    walked: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition and its parameters.

    `use`: "words" for the text itself of a searched word that the gram index knows, "grams" for what only lets that
    index answer and says nothing more, "" for any other.
    """

    sql: str
    params: tuple[Any, ...]
    use: str = ""


@dataclass(slots=True)
class Where:
    """Conditions joined by AND."""

    parts: list[Condition] = field(default_factory=list)

    def add(self, sql: str, *params: Any, use: str = "") -> None:
        """Add one condition."""
        self.parts.append(Condition(sql, params, use))

    def also(self, sql: str = "", *params: Any, without: str = "") -> tuple[str, Params]:
        """Return the WHERE clause with one more condition, without keeping it; leave out those of one use."""
        parts = [part for part in self.parts if not without or part.use != without]
        if sql:
            parts.append(Condition(sql, params))
        text = " WHERE " + " AND ".join(part.sql for part in parts) if parts else ""
        return text, [value for part in parts for value in part.params]


def order_of(table: Table, sort: str) -> Order:
    """Return the sort that `sort` ("name" or "-name", "" the register's own) asks for. Raises Invalid."""
    asked = sort or table.register.order
    key = asked.lstrip("-")
    descending = asked.startswith("-")
    if key in ("id", "pk", table.pk.name):
        return Order(asked, "", False, descending, walked=True)
    col = table.cols.get(key)
    if sort and sort != table.register.order and (col is None or not col.column.sort):
        raise Invalid(T("不能按这一列排序", "This column cannot be sorted by"), fields={"sort": T(key, key)})
    if col is not None:
        walked = col.column.kind in WALKABLE and indexed(table.model, col.field)
        return Order(asked, col.name, col.nullable, descending, col.field.to_python, walked)
    other: AnyField = table.model._meta.get_field(key)  # type: ignore[assignment]
    name = quoted(other.column)
    return Order(asked, name, other.null, descending, other.to_python, indexed(table.model, other))


def limits(table: Table, reach: Reach) -> Where:
    """Return the conditions that keep a reader to the rows within reach."""
    where = Where()
    if reach.everything or not table.limited:
        return where
    parts: list[str] = []
    params: Params = []
    if table.register.organisation and reach.organisations:
        parts.append(f"{table.organisation} = ANY(%s)")
        params.append(list(reach.organisations))
    if table.register.region:
        for prefix in reach.regions:
            parts.append(f"{table.region} LIKE %s")
            params.append(escaped(prefix) + "%")
    where.add("(" + " OR ".join(parts) + ")" if parts else "FALSE", *params)
    return where


def searching(table: Table, words: str, where: Where) -> None:
    """Add the conditions of a search: every word must be found in some search column; sealed ones match whole.

    The conditions of plain columns stand apart, so that the index answers one without computing anything again,
    and a walk along the sort order tests the cheap one first.
    """
    columns = [col for col in table.cols.values() if col.column.search]
    texts = [c for c in columns if not c.use]
    grams = table.grams and {c.column.name for c in texts} <= set(table.grams_of)
    for word in (part[:60] for part in words.replace("\x00", "").split()[:WORDS_LIMIT]):
        # Chinese has no letter case, and LIKE is several times quicker than ILIKE.
        way = "LIKE" if word.lower() == word.upper() else "ILIKE"
        match = " OR ".join(f"{c.name}{'::text' if _not_text(c) else ''} {way} %s" for c in texts)
        like = [f"%{escaped(word)}%"] * len(texts)
        sealed = [c for c in columns if c.use and _whole(c, word)]
        if not sealed:
            where.add(f"({match})" if match else "FALSE", *like, use="words" if grams else "")
            if grams:
                where.add(f"{table.grams} @> %s::text[]", pieces(word), use="grams")
            continue
        parts = [f"{c.blind_name} = %s" for c in sealed]
        params: Params = [blind(word, use=c.use) for c in sealed]
        if match:
            parts.append(f"(({match}) AND {table.grams} @> %s::text[])" if grams else f"({match})")
            params += [*like, *([pieces(word)] if grams else [])]
        where.add("(" + " OR ".join(parts) + ")", *params)


def _whole(col: Col, word: str) -> bool:
    """Tell whether a word could be a sealed column's whole value, so that looking is worth it."""
    if col.column.kind in ("id_number", "uscc"):
        return len(word) == 18 and word.isascii()
    if col.column.kind == "phone":
        return len(word) >= 7 and word.isascii()
    return True


def pieces(word: str) -> list[str]:
    """Return the pieces of a searched word that the gram index knows: pairs of characters, or the only one."""
    low = word.lower()
    return sorted({low[i : i + 2] for i in range(len(low) - 1)}) if len(low) > 1 else [low]


def escaped(text: str) -> str:
    """Return text with LIKE's own signs made literal."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _not_text(col: Col) -> bool:
    return col.column.kind in ("integer", "decimal", "money", "date", "datetime", "bool", "organisation")


def filtering(
    table: Table, filters: Mapping[str, Any] | None, where: Where, *, today: date, lookup: Lookup
) -> None:
    """Add the conditions of filters: `name` equal, `name__from`/`name__to` a range with both ends.

    Raises Invalid naming each filter that is unknown or cannot be understood.
    """
    errors: dict[str, T] = {}
    for key, raw in (filters or {}).items():
        if raw is None or raw in ("", [], ()):
            continue
        name, _, end = key.partition("__")
        col = table.cols.get(name)
        if col is None or not col.column.filter or end not in ("", "from", "to"):
            errors[key] = T("不能按这一项筛选", "This cannot be filtered by")
            continue
        if end and col.column.kind not in RANGED:
            errors[key] = T("这一列没有范围", "This column has no range")
            continue
        try:
            if isinstance(raw, list | tuple):
                many = [parse(col.spec, one, today=today, lookup=lookup) for one in raw[:100]]
                if col.use or col.column.kind in ("region", "bool"):
                    raise Slip(T("只能选一个", "Only one can be chosen"))
                where.add(f"{col.name} = ANY(%s)", many)
                continue
            value = parse(col.spec, raw, today=today, lookup=lookup)
        except Slip as slip:
            errors[key] = slip.words
            continue
        if value is not None:
            _compare(col, end, value, where, dateless=isinstance(raw, str) and ":" not in raw)
    if errors:
        raise Invalid(fields=errors)


def _compare(col: Col, end: str, value: Any, where: Where, *, dateless: bool) -> None:
    kind = col.column.kind
    if end == "to" and kind == "datetime" and dateless:
        where.add(f"{col.name} < %s", value + timedelta(days=1))
    elif end:
        where.add(f"{col.name} {'>=' if end == 'from' else '<='} %s", value)
    elif col.use:
        where.add(f"{col.blind_name} = %s", blind(str(value), use=col.use))
    elif kind == "region":
        where.add(f"{col.name} LIKE %s", escaped(region_prefix(value)) + "%")
    elif kind == "datetime" and dateless:
        where.add(f"{col.name} >= %s AND {col.name} < %s", value, value + timedelta(days=1))
    elif kind in ("text", "long"):
        where.add(f"{col.name} LIKE %s", escaped(str(value)) + "%")
    else:
        where.add(f"{col.name} = %s", value)


def page_sql(
    table: Table, where: Where, order: Order, after: tuple[Any, Any] | None, limit: int
) -> tuple[str, Params]:
    """Return the statement of one page: pk, version, sort value, label, then the shown columns.

    `after` is (sort value, pk) of the last row seen. Empty values come last in both directions, by a second,
    equally bounded branch, so that a plain index serves the first.
    """
    way = _way(order)[0]
    pk = table.pk_name
    select = _select(table, order)
    if order.name and order.nullable and (after is None or after[0] is not None):
        first, params = _some(table, where, order, after)
        empty, empty_params = where.also(f"{order.name} IS NULL")
        sql = (
            f"SELECT * FROM (({first} LIMIT %s) UNION ALL ({select}{empty} ORDER BY {pk} {way} LIMIT %s)) AS page"
            f' ORDER BY "sort_value" {way} NULLS LAST, "row_pk" {way} LIMIT %s'
        )
        return sql, [*params, limit, *empty_params, limit, limit]
    sql, params = _some(table, where, order, after)
    return f"{sql} LIMIT %s", [*params, limit]


def near_sql(
    table: Table, where: Where, order: Order, after: tuple[Any, Any] | None, limit: int
) -> tuple[str, Params] | None:
    """Return the statement that looks for a page of a search among the next rows of the list only, or None.

    How common a searched word is, the planner cannot tell: the gram index finds a rare one at once, but a common one
    only with all its rows, of which a page shows fifty. If this statement fills the page, the page is right; if not,
    the word is rare and `page_sql` is quick.
    """
    if not order.walked or not any(part.use == "grams" for part in where.parts):
        return None
    place, params = _place(table, order, after)
    by = _by(table, order, after)
    few = SCATTERED if order.name else WALKED
    window = f"SELECT * FROM {table.name}{' WHERE ' + place if place else ''}{by} LIMIT {few}"
    clause, values = where.also(without="grams")
    select = _select(table, order, f"({window}) AS near")
    return f"{select}{clause}{by} LIMIT %s", [*params, *values, limit]


def _some(table: Table, where: Where, order: Order, after: tuple[Any, Any] | None) -> tuple[str, Params]:
    """Return the statement, without its LIMIT, of the rows after a place; the empty ones only after an empty one."""
    place, values = _place(table, order, after)
    clause, params = where.also(place, *values)
    return f"{_select(table, order)}{clause}{_by(table, order, after)}", params


def _place(table: Table, order: Order, after: tuple[Any, Any] | None) -> tuple[str, Params]:
    """Return the condition of the rows after a place, "" for the first page of an order that is never empty."""
    sign, pk = _way(order)[1], table.pk_name
    if not order.name:
        return (f"{pk} {sign} %s", [after[1]]) if after else ("", [])
    if after and after[0] is None:
        return f"{order.name} IS NULL AND {pk} {sign} %s", [after[1]]
    parts = [f"{order.name} IS NOT NULL"] if order.nullable else []
    if after:
        parts.append(f"({order.name}, {pk}) {sign} (%s, %s)")
    return " AND ".join(parts), list(after or ())


def _by(table: Table, order: Order, after: tuple[Any, Any] | None) -> str:
    way = _way(order)[0]
    alone = not order.name or (after is not None and after[0] is None)
    return f" ORDER BY {'' if alone else f'{order.name} {way}, '}{table.pk_name} {way}"


def _way(order: Order) -> tuple[str, str]:
    return ("DESC", "<") if order.descending else ("ASC", ">")


def row_sql(table: Table, where: Where, pk: Any, *, lock: bool = False) -> tuple[str, Params]:
    """Return the statement of one row, in the same shape as a page's."""
    clause, params = where.also(f"{table.pk_name} = %s", pk)
    return _select(table, None) + clause + (" FOR UPDATE" if lock else ""), params


def stream_sql(table: Table, where: Where, order: Order, columns: Sequence[str]) -> tuple[str, Params]:
    """Return the statement of an export: the given quoted columns of every row in order."""
    clause, params = where.also()
    way = "DESC" if order.descending else "ASC"
    by = f"{order.name} {way} NULLS LAST, " if order.name else ""
    return f"SELECT {', '.join(columns)} FROM {table.name}{clause} ORDER BY {by}{table.pk_name} {way}", params


def places_sql(
    table: Table, where: Where, box: tuple[float, float, float, float], limit: int
) -> tuple[str, Params]:
    """Return the statement of single places within box: lon, lat, pk, label."""
    lon, lat = (_column(table, name) for name in table.register.place or ("", ""))
    clause, params = where.also(
        f"{lon} BETWEEN %s AND %s AND {lat} BETWEEN %s AND %s", box[0], box[2], box[1], box[3]
    )
    return (
        f"SELECT {lon}::float8, {lat}::float8, {table.pk_name}, {label_of(table)}::text"
        f" FROM {table.name}{clause} LIMIT %s"
    ), [*params, limit]


def points_sql(
    table: Table, where: Where, box: tuple[float, float, float, float], cell: float, limit: int, sample: float
) -> tuple[str, Params]:
    """Return the statement of a map: rows gathered in cells of `cell` degrees within box (west, south, east, north).

    `sample` is the percentage of the table's pages looked at, 100 for all.
    """
    lon, lat = (_column(table, name) for name in table.register.place or ("", ""))
    clause, params = where.also(
        f"{lon} BETWEEN %s AND %s AND {lat} BETWEEN %s AND %s", box[0], box[2], box[1], box[3]
    )
    drawn = f" TABLESAMPLE SYSTEM ({sample:.3f}) REPEATABLE (1)" if sample < 100 else ""
    return (
        f"SELECT count(*), avg({lon})::float8, avg({lat})::float8, min({table.pk_name}), min({label_of(table)}::text)"
        f" FROM {table.name}{drawn}{clause}"
        f" GROUP BY floor({lon} / %s), floor({lat} / %s) ORDER BY 1 DESC LIMIT %s"
    ), [*params, cell, cell, limit]


def label_of(table: Table) -> str:
    """Return the quoted column by which people recognise a row."""
    return _column(table, table.register.label)


def _column(table: Table, name: str) -> str:
    if name in table.cols:
        return table.cols[name].name
    if name == "pk":
        return table.pk_name
    return quoted(table.model._meta.get_field(name).column)  # type: ignore[union-attr]


def _select(table: Table, order: Order | None, source: str = "") -> str:
    version = quoted(table.version.column) if table.version is not None else "NULL"
    value = order.name if order and order.name else "NULL"
    head = f'{table.pk_name} AS "row_pk", {version} AS "row_version", {value} AS "sort_value"'
    names = ", ".join(f'{name} AS "c{n}"' for n, name in enumerate(table.shown))
    return f'SELECT {head}, {label_of(table)} AS "row_label", {names} FROM {source or table.name}'


def cursor_of(order: Order, value: Any, pk: Any) -> str:
    """Return the opaque place after a row, for the next page of the same order."""
    body = json.dumps([order.key, plain(value), plain(pk)], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def place_of(table: Table, order: Order, cursor: str) -> tuple[Any, Any]:
    """Return (sort value, pk) of a cursor. Raises Invalid for one that is damaged or of another order."""
    try:
        key, value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if key != order.key:
            raise ValueError(key)
        if value is not None and order.to_python:
            value = order.to_python(value)
        return value, table.pk_value(pk)
    except (ValueError, TypeError, ArithmeticError, ValidationError, Missing):
        raise Invalid(
            T("翻页位置已失效，请从头看起", "This page place is no longer valid; start again")
        ) from None
