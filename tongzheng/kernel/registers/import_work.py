"""The work of an import: reading a file into staged rows, and entering staged rows batch by batch.

The row of `registers_import` is the truth, so any process can go on with it. A staged row is removed in the
transaction in which it enters: a killed import goes on where it was, and no row enters twice.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import BadFile, Conflict, Fault
from tongzheng.kernel.core.sealing import seal, seal_json, unseal, unseal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import SYSTEM, Actor, Reach, actor_of
from tongzheng.kernel.ledger.api import append

from .intake import Book, named_cells, open_book, raw_cells
from .names import Names
from .planning import Planned, perform, plan
from .reading import reach_of
from .tables import Table, table_of

BATCH = 1000
PART = 2**20
USE = "registers.import"
LOCK = 1_145_141_001
"""First half of the advisory lock that keeps two processes from working on one import."""


def advance(seconds: float = 5.0) -> int:
    """Work on the oldest open import for about that long and return how many rows were worked through.

    The worker's duty. Reading a large file is one step; entering goes batch by batch.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM registers_import WHERE state IN ('checking', 'running') ORDER BY id LIMIT 20"
        )
        ids = [row[0] for row in cursor.fetchall()]
    for id in ids:
        with mine(id) as got:
            if not got:
                continue
            worked = _check_kept(id)
            until = time.monotonic() + seconds
            while time.monotonic() < until and (rows := enter_batch(id)):
                worked += rows
            if worked:
                return worked
    return 0


def sweep(days: int = 30) -> int:
    """Forget staged rows of imports left unanswered for a day or ended `days` ago; return how many imports."""
    now = clock.now()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE registers_import SET state = 'cancelled', ended_at = %s WHERE state = 'ready' AND created_at < %s",
            [now, now - timedelta(days=1)],
        )
        cursor.execute(
            "DELETE FROM registers_importrow r USING registers_import i WHERE i.id = r.of_id AND"
            " (i.state = 'cancelled' OR i.ended_at < %s)",
            [now - timedelta(days=days)],
        )
        gone = int(cursor.rowcount)
        cursor.execute(
            "DELETE FROM registers_importpart p USING registers_import i WHERE i.id = p.of_id AND i.state <> 'checking'"
        )
        return gone + int(cursor.rowcount)


def _check_kept(id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT register, account, state FROM registers_import WHERE id = %s", [id])
        register_id, account, state = cursor.fetchone()
        if state != "checking":
            return 0
        cursor.execute("SELECT body FROM registers_importpart WHERE of_id = %s ORDER BY number", [id])
        body = b"".join(base64.b64decode(unseal(part, use=USE)) for (part,) in cursor.fetchall())
    table = table_of(register_id)
    try:
        if not body:
            raise BadFile(T("上传没有完成，请重新上传", "The upload was not completed; please upload again"))
        return check(id, table, open_book(body, table), _actor(account))
    except Fault as fault:
        with transaction.atomic(), connection.cursor() as cursor:
            end(cursor, id, "failed", fault.words)
        return 1


def check(id: int, table: Table, book: Book, actor: Actor) -> int:
    """Read the file through: judge and stage every row, batch by batch, with progress. Starts afresh if repeated."""
    reached = reach_of(table, actor, table.register.writes)
    names = Names()
    seen: dict[tuple[Any, ...], int] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM registers_importrow WHERE of_id = %s", [id])
        cursor.execute(
            "UPDATE registers_import SET total = 0, bad = 0, creates = 0, updates = 0, unchanged = 0 WHERE id = %s",
            [id],
        )
    total = 0
    batch: list[tuple[int, dict[str, Any]]] = []
    try:
        for number, row in book.rows():
            batch.append((number, row))
            if len(batch) == BATCH:
                _stage(id, table, reached, batch, names, seen)
                total += len(batch)
                batch = []
    except Fault as fault:
        if not total and not batch:
            with transaction.atomic(), connection.cursor() as cursor:
                end(cursor, id, "failed", fault.words)
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("DELETE FROM registers_importrow WHERE of_id = %s", [id])
                end(cursor, id, "failed", fault.words)
        return max(total, 1)
    if batch:
        _stage(id, table, reached, batch, names, seen)
        total += len(batch)
    with transaction.atomic(), connection.cursor() as cursor:
        if total:
            cursor.execute(
                "UPDATE registers_import SET state = 'ready' WHERE id = %s AND state = 'checking'", [id]
            )
            cursor.execute("DELETE FROM registers_importpart WHERE of_id = %s", [id])
        else:
            end(cursor, id, "failed", T("文件里只有表头，没有数据", "The file holds a header but no rows"))
    return max(total, 1)


def _stage(
    id: int,
    table: Table,
    reached: Reach,
    batch: list[tuple[int, dict[str, Any]]],
    names: Names,
    seen: dict[tuple[Any, ...], int],
) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        planned = plan(cursor, table, reached, batch, names=names)
        for one in planned:
            if one.key and (first := seen.setdefault(one.key, one.number)) != one.number:
                words = T("与第 {n} 行重复", "Repeats row {n}").fill(n=first)
                one.kind, one.errors = "bad", {c.column.name: words for c in table.keys}
        with cursor.copy("COPY registers_importrow (of_id, number, bad, cells, errors) FROM STDIN") as copy:
            for (number, row), one in zip(batch, planned, strict=True):
                sealed = seal_json(named_cells(row), use=USE)
                copy.write_row((id, number, one.kind == "bad", sealed, _errors(one)))
        count = {kind: sum(p.kind == kind for p in planned) for kind in ("create", "update", "same", "bad")}
        cursor.execute(
            "UPDATE registers_import SET total = total + %s, creates = creates + %s, updates = updates + %s,"
            " unchanged = unchanged + %s, bad = bad + %s, beat_at = %s WHERE id = %s AND state = 'checking'",
            [len(batch), count["create"], count["update"], count["same"], count["bad"], clock.now(), id],
        )
        if not cursor.rowcount:
            raise Conflict()


def enter_batch(id: int, actor: Actor | None = None) -> int:
    """Enter the next batch of staged rows in one transaction; return how many, 0 when there is nothing to do.

    `actor` is who said go, if they are waiting; the worker asks anew who they are and what they may.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT register, account, state FROM registers_import WHERE id = %s FOR UPDATE", [id]
            )
            register_id, account, state = cursor.fetchone()
            if state != "running":
                return 0
            cursor.execute(
                "SELECT number, cells FROM registers_importrow WHERE of_id = %s AND NOT bad ORDER BY number LIMIT %s",
                [id, BATCH],
            )
            staged = cursor.fetchall()
            if not staged:
                end(cursor, id, "done", None)
                return 0
            _enter(cursor, id, table_of(register_id), actor or _actor(account), staged)
            return len(staged)
    except (
        Fault
    ) as fault:  # the permission went meanwhile, or the register did: say so and stop, nothing is lost
        with transaction.atomic(), connection.cursor() as cursor:
            end(cursor, id, "failed", fault.words)
        return 0


def _enter(cursor: Any, id: int, table: Table, actor: Actor, staged: list[tuple[int, bytes]]) -> None:
    reached = reach_of(table, actor, table.register.writes)
    rows = [(number, raw_cells(unseal_json(cells, use=USE))) for number, cells in staged]
    planned = plan(cursor, table, reached, rows, names=Names(), lock=True)
    tally = perform(cursor, table, actor, planned, import_id=id)
    bad = [p for p in planned if p.kind == "bad"]
    if bad:
        cursor.executemany(
            "UPDATE registers_importrow SET bad = true, errors = %s::jsonb WHERE of_id = %s AND number = %s",
            [[_errors(p), id, p.number] for p in bad],
        )
    first, last = staged[0][0], staged[-1][0]
    cursor.execute(
        "DELETE FROM registers_importrow WHERE of_id = %s AND number BETWEEN %s AND %s AND NOT bad",
        [id, first, last],
    )
    cursor.execute(
        "UPDATE registers_import SET done = done + %s, creates = creates + %s, updates = updates + %s,"
        " unchanged = unchanged + %s, bad = bad + %s, beat_at = %s WHERE id = %s",
        [len(staged), tally.creates, tally.updates, tally.same, len(bad), clock.now(), id],
    )
    if tally.digest:
        append(
            act="registers.import_rows",
            subject=f"{table.id}:import:{id}",
            actor=actor.id,
            label=actor.label,
            body={
                "first": first,
                "last": last,
                "creates": tally.creates,
                "updates": tally.updates,
                "digest": tally.digest,
            },
        )


@contextmanager
def mine(id: int) -> Iterator[bool]:
    """Hold the import for this process; the lock falls with the connection if the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, id % 2**31])
        got = bool(cursor.fetchone()[0])
    try:
        yield got
    finally:
        if got and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, id % 2**31])


def keep(cursor: Any, id: int, body: bytes) -> None:
    for number, start in enumerate(range(0, len(body), PART)):
        sealed = seal(base64.b64encode(body[start : start + PART]).decode(), use=USE)
        cursor.execute(
            "INSERT INTO registers_importpart (of_id, number, body) VALUES (%s, %s, %s)", [id, number, sealed]
        )


def _errors(one: Planned) -> str | None:
    return as_json({n: w.to_json() for n, w in one.errors.items()}) if one.errors else None


def end(cursor: Any, id: int, state: str, words: T | None) -> None:
    cursor.execute(
        "UPDATE registers_import SET state = %s, words = %s::jsonb, ended_at = %s WHERE id = %s",
        [state, as_json(words.to_json()) if words else None, clock.now(), id],
    )
    cursor.execute("DELETE FROM registers_importpart WHERE of_id = %s", [id])


def _actor(account: int | None) -> Actor:
    return SYSTEM if account is None else actor_of(account)


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
