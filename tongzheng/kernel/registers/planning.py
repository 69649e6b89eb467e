"""What a batch of imported rows would do, and doing it. The same plan serves the preview and the commit."""

# ruff: noqa: S608  (names come from tables.py, quoted; every value is a parameter)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.db import DatabaseError, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor, Reach

from .names import Names
from .reading import covers
from .rules import REQUIRED, clean
from .tables import Table, plain, quoted
from .writing import OUT_OF_REACH, diff, history, refusal, update_sql


@dataclass(slots=True)
class Planned:
    """One row: `kind` is create, update, same or bad. `stored` are database columns to write."""

    number: int
    kind: str = "bad"
    errors: dict[str, T] = field(default_factory=dict)
    key: tuple[Any, ...] = ()
    pk: Any = None
    stored: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """How many rows were made, changed, left as they were; and a digest of the history written."""

    creates: int = 0
    updates: int = 0
    same: int = 0
    digest: str = ""


def plan(
    cursor: Any,
    table: Table,
    reached: Reach,
    rows: Sequence[tuple[int, Mapping[str, Any]]],
    *,
    names: Names,
    lock: bool = False,
) -> list[Planned]:
    """Judge rows (number in the file, raw cells without blanks) against the rules and the stored rows.

    Args: lock, this is to be written: stored rows are locked, and the columns to write prepared.
    A blank cell leaves an existing row's value as it is. Statements: one for a batch, none without key columns.
    """
    today = clock.today()
    filled = {c.column.name: c for c in table.editable(creating=True)}
    specs = [c.spec for c in filled.values()]
    keys = table.keys
    out: list[Planned] = []
    cleaned_by: dict[int, dict[str, Any]] = {}
    for number, raw in rows:
        planned = Planned(number)
        cleaned, planned.errors = clean(specs, raw, today=today, lookup=names, partial=True)
        cleaned_by[number] = cleaned
        for col in keys:
            if col.column.name not in cleaned and col.column.name not in planned.errors:
                planned.errors[col.column.name] = REQUIRED
        if keys and not any(c.column.name in planned.errors for c in keys):
            planned.key = tuple(_key_value(table, c.column.name, cleaned[c.column.name]) for c in keys)
        out.append(planned)
    stored = _existing(cursor, table, [p.key for p in out if p.key], lock=lock) if keys else {}
    for planned in out:
        if not planned.errors:
            found = stored.get(planned.key)
            _decide(table, reached, planned, cleaned_by[planned.number], found, write=lock)
        elif planned.key not in stored or not planned.key:
            _missing(table, planned, cleaned_by[planned.number])
    return out


def _decide(
    table: Table,
    reached: Reach,
    planned: Planned,
    cleaned: dict[str, Any],
    found: tuple[Any, dict[str, Any], dict[str, bytes]] | None,
    *,
    write: bool,
) -> None:
    if found is None:
        _missing(table, planned, cleaned)
        if planned.errors:
            return
        if not covers(table, reached, cleaned):
            planned.errors = dict.fromkeys(_limiting(table), OUT_OF_REACH)
            return
        planned.kind = "create"
        if not write:
            return
        planned.stored = table.filled(table.stored(cleaned))
        planned.after = {n: _shown(table, planned.stored, n, v) for n, v in cleaned.items()}
        return
    pk, old, blinds = found
    changing = {
        n: v for n, v in cleaned.items() if table.cols[n].column.edit and not table.cols[n].column.key
    }
    if not covers(table, reached, old) or not covers(table, reached, {**old, **changing}):
        planned.errors = dict.fromkeys(_limiting(table), OUT_OF_REACH)
        return
    planned.pk = pk
    planned.stored, planned.before, planned.after = diff(table, old, blinds, changing)
    planned.kind = "update" if planned.stored else "same"
    if planned.stored:
        planned.stored.update(table.touched())


def _missing(table: Table, planned: Planned, cleaned: Mapping[str, Any]) -> None:
    for col in table.editable(creating=True):
        name = col.column.name
        if col.column.required and name not in cleaned and name not in planned.errors:
            planned.errors[name] = REQUIRED


def _limiting(table: Table) -> list[str]:
    return [n for n in (table.register.region, table.register.organisation) if n]


def _shown(table: Table, stored: Mapping[str, Any], name: str, value: Any) -> Any:
    col = table.cols[name]
    return stored[col.name] if col.use else plain(value)


def _key_value(table: Table, name: str, value: Any) -> Any:
    col = table.cols[name]
    if col.use:
        return bytes(table.stored({name: value})[col.blind_name])
    return value


def _existing(
    cursor: Any, table: Table, keys: Sequence[tuple[Any, ...]], *, lock: bool
) -> dict[tuple[Any, ...], tuple[Any, dict[str, Any], dict[str, bytes]]]:
    """Return stored rows by key: (pk, values by column, blind indexes of sealed columns)."""
    if not keys:
        return {}
    key_names = [c.blind_name if c.use else c.name for c in table.keys]
    sealed = [n for n, c in table.cols.items() if c.use]
    blinds = [table.cols[n].blind_name for n in sealed]
    select = ", ".join([table.pk_name, *key_names, *table.shown, *blinds])
    if len(key_names) == 1:
        test, params = f"{key_names[0]} = ANY(%s)", [[k[0] for k in keys]]
    else:
        one = "(" + ", ".join(["%s"] * len(key_names)) + ")"
        test = f"({', '.join(key_names)}) IN ({', '.join([one] * len(keys))})"
        params = [value for key in keys for value in key]
    order = f" ORDER BY {table.pk_name} FOR UPDATE" if lock else ""
    cursor.execute(f"SELECT {select} FROM {table.name} WHERE {test}{order}", params)
    out = {}
    n, m = 1 + len(key_names), len(table.shown)
    for row in cursor.fetchall():
        key = tuple(bytes(v) if isinstance(v, memoryview) else v for v in row[1:n])
        values = dict(zip(table.cols, row[n : n + m], strict=True))
        out[key] = (row[0], values, {s: bytes(b or b"") for s, b in zip(sealed, row[n + m :], strict=True)})
    return out


def perform(cursor: Any, table: Table, actor: Actor, planned: Sequence[Planned], *, import_id: int) -> Tally:
    """Write what was planned, with its history. Rows that the database refuses turn bad; the rest enter."""
    try:
        with transaction.atomic():
            _write(cursor, table, [p for p in planned if p.kind in ("create", "update")])
    except (DatabaseError, psycopg.Error):
        # One value spoils a batch: go through it row by row and keep what can enter.
        for one in planned:
            if one.kind not in ("create", "update"):
                continue
            try:
                with transaction.atomic():
                    _write(cursor, table, [one])
            except (DatabaseError, psycopg.Error) as error:
                if isinstance(error, psycopg.OperationalError) or "Operational" in type(error).__name__:
                    raise
                one.kind = "bad"
                one.errors = {next(iter(one.after), table.register.label): refusal(error)}
    tally = Tally(
        creates=sum(p.kind == "create" for p in planned),
        updates=sum(p.kind == "update" for p in planned),
        same=sum(p.kind == "same" for p in planned),
    )
    lines = [(p.before, p.after, p.pk, p.kind) for p in planned if p.kind in ("create", "update")]
    if lines:
        tally.digest = history(cursor, table, actor, lines, import_id=import_id)
    return tally


def _write(cursor: Any, table: Table, planned: Sequence[Planned]) -> None:
    groups: dict[tuple[str, ...], list[Planned]] = defaultdict(list)
    changes: dict[tuple[str, ...], list[Planned]] = defaultdict(list)
    for one in planned:
        (groups if one.kind == "create" else changes)[tuple(one.stored)].append(one)
    for names, members in groups.items():
        _insert(cursor, table, names, members)
    for names, members in changes.items():
        cursor.executemany(update_sql(table, names), [[*p.stored.values(), p.pk] for p in members])


def _insert(cursor: Any, table: Table, names: tuple[str, ...], members: Sequence[Planned]) -> None:
    """Copy new rows in, with keys drawn beforehand so that their history can name them."""
    if table.pk_name in names:
        for one in members:
            one.pk = one.stored[table.pk_name]
        columns = list(names)
    else:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [quoted(table.model._meta.db_table), table.pk.column, len(members)],
        )
        for one, (pk,) in zip(members, cursor.fetchall(), strict=True):
            one.pk = pk
        columns = [table.pk_name, *names]
    with cursor.copy(f"COPY {table.name} ({', '.join(columns)}) FROM STDIN") as copy:
        for one in members:
            values = list(one.stored.values())
            copy.write_row(values if len(columns) == len(names) else [one.pk, *values])
