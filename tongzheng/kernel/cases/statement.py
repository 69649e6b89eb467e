"""One statement that writes everything an act writes: parts of a WITH, put together in order.

Each part is an INSERT or UPDATE; PostgreSQL runs them all in one round trip and one transaction. Parts that must
only happen if the case was really changed read from `c`; whatever cannot (the ledger's and the messages' own
INSERTs) is undone by the last SELECT, which fails unless exactly one case was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

import orjson
import psycopg
from django.db import DataError, connection, transaction

from . import sql
from .declarations import Words, now_known, unknown

FAR = "9000-01-01 00:00:00+00"
"""When work without a limit is due, so that one order serves every inbox."""


class Writing(Protocol):
    """An INSERT with its parameters, as the ledger and the messages hand out."""

    @property
    def sql(self) -> str: ...

    @property
    def params(self) -> tuple[Any, ...]: ...


class Lost(Exception):
    """The case was not as it had been read; nothing was written."""


class Statement:
    """Collects the parts of one act and runs them. The first part must be named `c` and return the case's id and events."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.params: list[Any] = []
        self.words: list[Words] = []
        self.counts: list[tuple[str, int]] = []
        self.beside: list[Callable[[], None]] = []
        """What another engine writes by itself, in the same transaction and before: undone with all the rest."""

    def add(self, name: str, text: str, params: Sequence[Any]) -> None:
        """Add a part."""
        self.parts.append(f"{name} AS ({text})")
        self.params += params

    def counted(self, name: str, rows: int) -> None:
        """Let everything be undone unless the part of that name changes exactly so many rows."""
        self.counts.append((name, rows))

    def ledger(self, writing: Writing) -> None:
        """Add the ledger's entry."""
        self.add(f"l{len(self.parts)}", writing.sql, writing.params)

    def message(self, writing: Writing) -> None:
        """Add a message for the outbox."""
        self.add(f"m{len(self.parts)}", writing.sql, writing.params)

    def wording(self, words: Words) -> None:
        """Add what the act was called and rested on, unless it is known to be there."""
        if unknown(words) and words not in self.words:
            self.words.append(words)
            self.add(
                f"wd{len(self.words)}",
                "INSERT INTO cases_wording (id, words) VALUES (%s, %s::jsonb) ON CONFLICT (id) DO NOTHING",
                (words.id, words.text),
            )

    def files(
        self, case_id: int, files: Sequence[tuple[str, Any]], *, at: datetime, by: tuple[int | None, str]
    ) -> None:
        """Add files, (form entry, FileView) pairs; one that is there already is left as it was."""
        if not files:
            return
        self.add(
            "f",
            "INSERT INTO cases_file (case_id, field, digest, name, size, media_type, at, by_id, by_label)"
            " SELECT %s::bigint, x.f, x.d, x.n, x.s, x.m, %s::timestamptz, %s::bigint, %s::text"
            " FROM jsonb_to_recordset(%s::jsonb) AS x(f text, d text, n text, s bigint, m text)"
            " ON CONFLICT DO NOTHING",
            (case_id, at, by[0], by[1], files_json(files)),
        )

    def event(
        self,
        *,
        kind: str,
        move: str,
        from_state: str,
        to_state: str,
        at: datetime,
        actor: tuple[int | None, str],
        organisation: tuple[int | None, str],
        note: str,
        data: Any,
        sealed: bytes | None,
        document: str,
        words: Words,
    ) -> None:
        """Add the event, numbered by the case's own count."""
        self.add(
            "e",
            "INSERT INTO cases_event (case_id, n, kind, move, from_state, to_state, at, actor_id, actor_label,"
            " organisation_id, organisation_label, note, data, sealed, document, wording_id)"
            " SELECT c.id, c.events, %s::text, %s::text, %s::text, %s::text, %s::timestamptz, %s::bigint, %s::text,"
            " %s::bigint, %s::text, %s::text, %s::jsonb, %s::bytea, %s::text, %s::bigint FROM c",
            (
                *(kind, move, from_state, to_state, at, *actor, *organisation, note),
                orjson.dumps(data).decode() if data else None,
                *(sealed, document, words.id),
            ),
        )
        self.wording(words)

    def run(self) -> None:
        """Run the statement, all or nothing. Raises Lost if no case was changed.

        Inside a caller's transaction a savepoint keeps that usable; alone, the statement is its own transaction.
        """
        tests = "".join(
            f", 1 / (CASE WHEN (SELECT count(*) FROM {name}) = {rows:d} THEN 1 ELSE 0 END)"  # noqa: S608
            for name, rows in self.counts
        )
        text = f"WITH {', '.join(self.parts)} SELECT 1 / (SELECT count(*) FROM c){tests}"  # noqa: S608
        if connection.in_atomic_block or self.beside:
            with transaction.atomic():
                for act in self.beside:
                    act()
                self._run(text)
        else:
            self._run(text)
        for words in self.words:
            now_known(words)

    def _run(self, text: str) -> None:
        try:
            sql.rows(text, self.params)
        except DataError as error:
            if isinstance(error.__cause__, psycopg.errors.DivisionByZero):
                raise Lost from None
            raise


def files_json(files: Sequence[tuple[str, Any]]) -> str:
    """Return (form entry, FileView) pairs as the statement takes them."""
    return orjson.dumps(
        [{"f": field, "d": f.digest, "n": f.name, "s": f.size, "m": f.media_type} for field, f in files]
    ).decode()
