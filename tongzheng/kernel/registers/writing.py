"""Changing a register: create, update, bulk. One transaction holds row, history and ledger entry."""

# ruff: noqa: S608  (names come from tables.py, quoted; every value is a parameter)

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity.api import Actor, Reach
from tongzheng.kernel.ledger.api import append

from .names import Names
from .queries import limits, row_sql
from .reading import _row, covers, reach_of
from .rules import Slip, clean, parse
from .shapes import BulkResult, RowView
from .tables import Table, plain, quoted, table_of

BULK_LIMIT = 1000
READ_ONLY = T("这本台账只能查阅", "This register is read-only")
OUT_OF_REACH = T(
    "这一行的地区或单位不在您的管理范围内", "The row's region or organisation is beyond what you manage"
)
TAKEN = T("已有这样的一行，不能重复", "There already is such a row")


def create(register_id: str, *, actor: Actor, values: Mapping[str, Any], once: str = "") -> RowView:
    """Enter a row and return it.

    Args: values, by column name, as typed or as JSON; once, a key of the sender's making: what comes again under
    the same key, from a second click or a lost answer, returns the row it made the first time. Raises Invalid (per column), Refused (read-only, or the row
    would lie beyond the actor's reach), SignInNeeded, Conflict (its key or another unique value exists).
    """
    table = table_of(register_id)
    reached = _writes(table, actor)
    cols = table.editable(creating=True)
    unknown = _unknown(values, {c.column.name for c in cols})
    cleaned, errors = clean([c.spec for c in cols], values, today=clock.today(), lookup=Names())
    if errors or unknown:
        raise Invalid(fields={**unknown, **errors})
    cleaned = {name: value for name, value in cleaned.items() if value is not None}
    if not covers(table, reached, cleaned):
        raise Refused(OUT_OF_REACH)
    given = table.filled(table.stored(cleaned))
    names = ", ".join(given)
    marks = ", ".join(["%s"] * len(given))
    with transaction.atomic(), connection.cursor() as cursor:
        if once and (made := _made(cursor, table, actor, once)) is not None:
            return made
        with unique(cursor):
            cursor.execute(
                f"INSERT INTO {table.name} ({names}) VALUES ({marks}) RETURNING {table.pk_name}",
                list(given.values()),
            )
        pk = cursor.fetchone()[0]
        row = read(cursor, table, pk)
        after = {name: plain(value) for name, value in row.values.items() if value not in (None, "")}
        record(cursor, table, pk, "create", actor, {}, after, once=once)
    return row


def update(
    register_id: str, *, actor: Actor, pk: Any, values: Mapping[str, Any], version: str | int | None = None
) -> RowView:
    """Change the given columns of a row and return it; nothing is recorded when nothing differs.

    Args: version, what `rows` or `row` gave; None skips the guard. Raises Missing, Invalid (per column), Refused,
    SignInNeeded, Conflict (changed meanwhile, or a unique value exists).
    """
    table = table_of(register_id)
    reached = _writes(table, actor)
    cols = table.editable(creating=False)
    unknown = _unknown(values, {c.column.name for c in cols})
    cleaned, errors = clean([c.spec for c in cols], values, today=clock.today(), lookup=Names(), partial=True)
    if errors or unknown:
        raise Invalid(fields={**unknown, **errors})
    key = table.pk_value(pk)
    seen = limits(table, reach_of(table, actor, table.register.reads))
    with transaction.atomic(), connection.cursor() as cursor:
        sql, params = row_sql(table, seen, key, lock=True)
        cursor.execute(sql, params)
        found = cursor.fetchone()
        if found is None:
            raise Missing()
        old = _row(table, found)
        if version is not None and str(version) != old.version:
            raise Conflict()
        if not covers(table, reached, old.values) or not covers(table, reached, {**old.values, **cleaned}):
            raise Refused(OUT_OF_REACH)
        stored, before, after = difference(cursor, table, key, old.values, cleaned)
        if not stored:
            return old
        stored.update(table.touched())
        with unique(cursor):
            cursor.execute(update_sql(table, list(stored)), [*stored.values(), key])
        record(cursor, table, key, "update", actor, before, after)
        return read(cursor, table, key)


def bulk(register_id: str, name: str, *, actor: Actor, pks: Sequence[Any], value: Any) -> BulkResult:
    """Set the bulk action's column to `value` on chosen rows, at most 1,000; all of it or nothing.

    Rows beyond the actor's reach of the bulk's own action are left alone and counted.
    Raises Missing (no such register or bulk), Invalid, Refused, SignInNeeded.
    """
    table = table_of(register_id)
    action = next((b for b in table.register.bulk if b.name == name), None)
    if action is None or action.column not in table.cols:
        raise Missing()
    reached = reach_of(table, actor, action.by)
    col = table.cols[action.column]
    if not pks or len(pks) > BULK_LIMIT:
        raise Invalid(T("请选择 1 到 {n} 行", "Choose 1 to {n} rows").fill(n=BULK_LIMIT))
    try:
        chosen = parse(col.spec, value, today=clock.today(), lookup=Names())
    except Slip as slip:
        raise Invalid(fields={action.column: slip.words}) from None
    if chosen is None and col.column.required:
        raise Invalid(fields={action.column: T("请填写", "Please fill this in")})
    if col.use:
        raise Refused(T("加密的列不能批量修改", "A sealed column cannot be changed in bulk"))
    keys = sorted({table.pk_value(pk) for pk in pks})
    with transaction.atomic(), connection.cursor() as cursor:
        where = limits(table, reached)
        clause, params = where.also(f"{table.pk_name} = ANY(%s)", keys)
        cursor.execute(
            f"SELECT {table.pk_name}, {col.name} FROM {table.name}{clause} ORDER BY {table.pk_name} FOR UPDATE",
            params,
        )
        old = dict(cursor.fetchall())
        wanted = [pk for pk, was in old.items() if not _same(was, chosen)]
        moved = {action.column: chosen}
        if any(n in (table.register.region, table.register.organisation) for n in moved):
            values = {**dict.fromkeys((table.register.region, table.register.organisation)), **moved}
            if not covers(table, reached, values):
                raise Refused(OUT_OF_REACH)
        if wanted:
            stored = {**table.stored(moved), **table.touched()}
            sets = ", ".join(f"{n} = %s" for n in stored) + _step(table)
            with unique(cursor):
                cursor.execute(
                    f"UPDATE {table.name} SET {sets} WHERE {table.pk_name} = ANY(%s)",
                    [*stored.values(), wanted],
                )
            lines = [
                ({action.column: plain(old[pk])}, {action.column: plain(chosen)}, pk, "bulk") for pk in wanted
            ]
            digest = history(cursor, table, actor, lines)
            append(
                act="registers.bulk",
                subject=table.id,
                actor=actor.id,
                label=actor.label,
                body={
                    "bulk": name,
                    "column": action.column,
                    "rows": len(wanted),
                    "pks": [plain(p) for p in wanted[:200]],
                    "digest": digest,
                },
            )
    return BulkResult(len(wanted), len(old) - len(wanted), len(keys) - len(old))


class unique:
    """A savepoint that turns the database's refusal of a value into words for the person."""

    def __init__(self, cursor: Any) -> None:
        self._point = transaction.atomic()

    def __enter__(self) -> None:
        self._point.__enter__()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._point.__exit__(kind, error, trace)
        if isinstance(error, IntegrityError | DataError):
            words = refusal(error)
            if words is TAKEN:
                raise Conflict(TAKEN) from None
            raise Invalid(words) from None


def refusal(error: Exception) -> T:
    """Return the words for a value that the database itself refused."""
    state = getattr(error, "sqlstate", "") or getattr(error.__cause__, "sqlstate", "") or ""
    if state == "23505":
        return TAKEN
    if state == "23503":
        return T("引用的内容不存在", "It refers to something that does not exist")
    if state == "23502":
        return T("缺少必填的内容", "Something required is missing")
    return T("内容不符合这本台账的约束", "The values break a rule of this register")


def difference(
    cursor: Any, table: Table, pk: Any, old: Mapping[str, Any], cleaned: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the database columns to set, and what differs before and after. Sealed values compare by index."""
    sealed = [n for n in cleaned if table.cols[n].use]
    blinds: dict[str, bytes] = {}
    if sealed:
        names = ", ".join(table.cols[n].blind_name for n in sealed)
        cursor.execute(f"SELECT {names} FROM {table.name} WHERE {table.pk_name} = %s", [pk])
        blinds = {n: bytes(b or b"") for n, b in zip(sealed, cursor.fetchone(), strict=True)}
    return diff(table, old, blinds, cleaned)


def diff(
    table: Table, old: Mapping[str, Any], blinds: Mapping[str, bytes], cleaned: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return (database columns to set, before, after) for cleaned values against a stored row."""
    stored: dict[str, Any] = {}
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in cleaned.items():
        col = table.cols[name]
        new = table.stored({name: value})
        if col.use:
            if bytes(new[col.blind_name] or b"") == blinds.get(name, b""):
                continue
            after[name] = new[col.name]
        else:
            if _same(old.get(name), value):
                continue
            after[name] = plain(value)
        before[name] = plain(old.get(name))
        stored.update(new)
    return stored, before, after


def _same(old: Any, new: Any) -> bool:
    return (None if old == "" else old) == (None if new == "" else new)


def _step(table: Table) -> str:
    if table.version is None:
        return ""
    name = quoted(table.version.column)
    return f", {name} = {name} + 1"


def update_sql(table: Table, names: Sequence[str]) -> str:
    """Return the statement that sets these quoted columns of one row and counts its version up."""
    sets = ", ".join(f"{n} = %s" for n in names)
    return f"UPDATE {table.name} SET {sets}{_step(table)} WHERE {table.pk_name} = %s"


def read(cursor: Any, table: Table, pk: Any) -> RowView:
    """Return a row just written, as the database holds it."""
    sql, params = row_sql(table, limits(table, Reach(everything=True)), pk)
    cursor.execute(sql, params)
    return _row(table, cursor.fetchone())


def record(
    cursor: Any,
    table: Table,
    pk: Any,
    act: str,
    actor: Actor,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    once: str = "",
) -> None:
    """Write one line of history and its ledger entry, which holds the columns' names and a digest, no values."""
    digest = history(cursor, table, actor, [(before, after, pk, act)], once=once)
    append(
        act=f"registers.{act}",
        subject=table.subject(pk),
        actor=actor.id,
        label=actor.label,
        body={"columns": sorted(after), "digest": digest},
    )


def history(
    cursor: Any,
    table: Table,
    actor: Actor,
    lines: Sequence[tuple[dict[str, Any], dict[str, Any], Any, str]],
    *,
    import_id: int | None = None,
    once: str = "",
) -> str:
    """Write lines of history (before, after, pk, act) in one go and return a digest over all of them."""
    at = clock.now()
    digest = sha256()
    with cursor.copy(
        "COPY registers_change (register, pk_text, act, at, actor, label, before, after, import_id, once)"
        " FROM STDIN"
    ) as copy:
        for before, after, pk, act in lines:
            texts = [json.dumps(side, ensure_ascii=False, sort_keys=True) for side in (before, after)]
            digest.update("\x1f".join((table.id, str(pk), act, at.isoformat(), *texts, "\x1e")).encode())
            copy.write_row(
                (table.id, str(pk), act, at, actor.id, actor.label, *texts, import_id, once[:64] or None)
            )
    return digest.hexdigest()


def _made(cursor: Any, table: Table, actor: Actor, once: str) -> RowView | None:
    """Return the row that this key made before. Two at the same moment wait for each other here."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{table.id}:{once[:64]}"])
    cursor.execute(
        "SELECT pk_text, actor FROM registers_change WHERE register = %s AND once = %s", [table.id, once[:64]]
    )
    found = cursor.fetchone()
    if found is None:
        return None
    if found[1] != actor.id:
        raise Conflict()
    sql, params = row_sql(table, limits(table, Reach(everything=True)), table.pk_value(found[0]))
    cursor.execute(sql, params)
    row = cursor.fetchone()
    if row is None:
        raise Conflict()
    return _row(table, row)


def _writes(table: Table, actor: Actor) -> Reach:
    if not table.register.writes:
        raise Refused(READ_ONLY)
    return reach_of(table, actor, table.register.writes)


def _unknown(values: Mapping[str, Any], known: set[str]) -> dict[str, T]:
    words = T("没有这一列，或它不能填写", "There is no such column, or it cannot be filled in")
    return {str(same(name)): words for name in values if name not in known}
