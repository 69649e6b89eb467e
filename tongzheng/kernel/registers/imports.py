"""An import as the person walks it: upload, look, say go, collect the rows that did not enter.

checking: the file is read once, each row judged and staged, sealed. ready: the person looks and says go.
running: the good rows enter. done, failed, cancelled: it is over; the bad rows wait for collection.
"""

# ruff: noqa: S608  (names come from tables.py, quoted; every value is a parameter)

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, BinaryIO

from django.conf import settings
from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, TooLarge
from tongzheng.kernel.core.sealing import unseal_json
from tongzheng.kernel.core.text import T, from_json
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.ledger.api import append

from .import_work import BATCH, USE, as_json, check, end, enter_batch, keep, loaded, mine
from .intake import open_book
from .reading import reach_of
from .shapes import BadRow, ImportView
from .tables import Table, table_of
from .writing import READ_ONLY

SMALL = 2000
SMALL_BYTES = 150_000
SAMPLE = 20

_COLUMNS = (
    "id, register, name, state, total, done, creates, updates, unchanged, bad, columns, ignored, created_at,"
    " label, words, beat_at, account"
)


def import_rows(
    register_id: str, *, actor: Actor, file: BinaryIO | bytes, name: str, wait: bool = False
) -> ImportView:
    """Take in an XLSX or CSV file and judge every row; nothing enters before `import_go`.

    Args: file, at most `settings.UPLOAD_LIMIT` bytes; name, the file's; wait, read even a large file now instead
    of leaving it to the worker. Returns the import, `ready` for small files, `checking` for large ones.
    Raises Missing, SignInNeeded, Refused, BadFile (damaged, encrypted, merged cells, no header), TooLarge,
    Conflict (a register without key columns already took in this very file).
    """
    table = table_of(register_id)
    if not table.register.writes:
        raise Refused(READ_ONLY)
    reach_of(table, actor, table.register.writes)
    body = _bounded(file)
    book = open_book(body, table)
    digest = sha256(body).hexdigest()
    now = clock.now()
    small = wait or len(body) <= SMALL_BYTES
    with transaction.atomic(), connection.cursor() as cursor:
        if not table.keys:
            _refuse_twice(cursor, table, digest)
        cursor.execute(
            "INSERT INTO registers_import (register, state, account, label, name, digest, size, columns, ignored,"
            " total, done, creates, updates, unchanged, bad, created_at)"
            " VALUES (%s, 'checking', %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb, 0, 0, 0, 0, 0, 0, %s) RETURNING id",
            [
                register_id,
                actor.id,
                actor.label,
                (name or "—").replace("\x00", "")[-200:],
                digest,
                len(body),
                as_json([n for _, n in book.places]),
                as_json(list(book.ignored)),
                now,
            ],
        )
        id = int(cursor.fetchone()[0])
        if not small:
            keep(cursor, id, body)
    if small:
        with mine(id) as got:
            if got:
                check(id, table, book, actor)
    return import_of(id, actor=actor)


def import_of(id: int, *, actor: Actor) -> ImportView:
    """Return an import as it stands, with its first good and bad rows. Raises Missing for another's import."""
    with connection.cursor() as cursor:
        row = _row(cursor, id, actor)
        table = table_of(row[1])
        cursor.execute(
            "(SELECT number, bad, cells, errors FROM registers_importrow WHERE of_id = %s AND bad"
            " ORDER BY number LIMIT %s) UNION ALL"
            " (SELECT number, bad, cells, errors FROM registers_importrow WHERE of_id = %s AND NOT bad"
            " ORDER BY number LIMIT %s)",
            [id, SAMPLE, id, SAMPLE],
        )
        lines = [_bad(table, line) for line in cursor.fetchall()]
    return ImportView(
        id=row[0],
        register_id=row[1],
        name=row[2],
        state=row[3],
        total=row[4],
        done=row[5],
        creates=row[6],
        updates=row[7],
        unchanged=row[8],
        bad=row[9],
        columns=tuple(loaded(row[10])),
        ignored=tuple(loaded(row[11])),
        at=row[12],
        label=row[13],
        words=from_json(loaded(row[14])) if row[14] else None,
        beat=row[15],
        sample=tuple(bad for bad, is_bad in lines if is_bad),
        good=tuple({"#": str(bad.number), **bad.cells} for bad, is_bad in lines if not is_bad),
    )


def import_go(id: int, *, actor: Actor, wait: bool = False) -> ImportView:
    """Say yes to a ready import: its good rows enter, now if they are few, else by the worker.

    Raises Missing, Conflict (not ready, or already under way), SignInNeeded, Refused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = _row(cursor, id, actor, lock=True)
        table = table_of(row[1])
        reach_of(table, actor, table.register.writes)
        if row[3] in ("running", "done"):
            return import_of(id, actor=actor)
        if row[3] != "ready":
            raise Conflict()
        if row[4] == row[9]:
            raise Invalid(T("没有一行可以导入，请先改正", "Not one row can enter; correct them first"))
        cursor.execute(
            "UPDATE registers_import SET state = 'running', done = bad, creates = 0, updates = 0, unchanged = 0,"
            " beat_at = NULL WHERE id = %s",
            [id],
        )
        append(
            act="registers.import",
            subject=f"{table.id}:import:{id}",
            actor=actor.id,
            label=actor.label,
            body={"rows": row[4] - row[9], "bad": row[9], "columns": loaded(row[10])},
        )
    if wait or row[4] <= SMALL:
        with mine(id) as got:
            while got and enter_batch(id, actor):
                pass
    return import_of(id, actor=actor)


def import_cancel(id: int, *, actor: Actor) -> ImportView:
    """Drop an import that has not begun to enter rows; its staged rows are forgotten. Raises Missing, Conflict."""
    with transaction.atomic(), connection.cursor() as cursor:
        row = _row(cursor, id, actor, lock=True)
        if row[3] not in ("checking", "ready"):
            raise Conflict()
        end(cursor, id, "cancelled", None)
        cursor.execute("DELETE FROM registers_importrow WHERE of_id = %s", [id])
    return import_of(id, actor=actor)


def imports(register_id: str, *, actor: Actor, limit: int = 20) -> tuple[ImportView, ...]:
    """Return the actor's own newest imports of a register."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, register, name, state, total, done, creates, updates, unchanged, bad, created_at, label"
            " FROM registers_import WHERE register = %s AND account IS NOT DISTINCT FROM %s ORDER BY id DESC LIMIT %s",
            [register_id, actor.id, limit],
        )
        return tuple(
            ImportView(
                id=r[0],
                register_id=r[1],
                name=r[2],
                state=r[3],
                total=r[4],
                done=r[5],
                creates=r[6],
                updates=r[7],
                unchanged=r[8],
                bad=r[9],
                columns=(),
                ignored=(),
                at=r[10],
                label=r[11],
            )
            for r in cursor.fetchall()
        )


def bad_rows(id: int, *, actor: Actor) -> Iterator[BadRow]:
    """Yield every row that did not enter, in the file's order. Raises Missing for another's import."""
    after = 0
    with connection.cursor() as cursor:
        table = table_of(_row(cursor, id, actor)[1])
        while True:
            cursor.execute(
                "SELECT number, bad, cells, errors FROM registers_importrow"
                " WHERE of_id = %s AND bad AND number > %s ORDER BY number LIMIT %s",
                [id, after, BATCH],
            )
            found = cursor.fetchall()
            if not found:
                return
            for line in found:
                yield _bad(table, line)[0]
            after = found[-1][0]


def _bounded(file: BinaryIO | bytes) -> bytes:
    limit: int = settings.UPLOAD_LIMIT
    body = file if isinstance(file, bytes) else file.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(
            T("文件超过 {n} MB，请分成几个", "The file exceeds {n} MB; split it").fill(n=limit // 2**20)
        )
    return body


def _refuse_twice(cursor: Any, table: Table, digest: str) -> None:
    cursor.execute(
        "SELECT id, ended_at FROM registers_import WHERE register = %s AND digest = %s AND state IN ('running', 'done')"
        " LIMIT 1",
        [table.id, digest],
    )
    earlier = cursor.fetchone()
    if earlier:
        raise Conflict(
            T("这个文件已经导入过（第 {n} 次导入）", "This very file was imported before (import {n})").fill(
                n=earlier[0]
            )
        )


def _row(cursor: Any, id: int, actor: Actor, *, lock: bool = False) -> tuple[Any, ...]:
    cursor.execute(
        f"SELECT {_COLUMNS} FROM registers_import WHERE id = %s" + (" FOR UPDATE" if lock else ""), [id]
    )
    row: tuple[Any, ...] | None = cursor.fetchone()
    if row is None or (actor.kind != "system" and row[16] != actor.id) or actor.kind == "nobody":
        raise Missing()
    return row


def _bad(table: Table, line: tuple[Any, ...]) -> tuple[BadRow, bool]:
    cells: Mapping[str, Any] = unseal_json(line[2], use=USE)
    errors = loaded(line[3]) or {}
    shown = {n: "" if v is None or isinstance(v, dict) else str(v) for n, v in cells.items()}
    return BadRow(line[0], shown, {n: from_json(v) for n, v in errors.items()}), bool(line[1])
