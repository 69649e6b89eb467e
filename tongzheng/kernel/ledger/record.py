"""Writing and reading entries. An entry is hashed here, where it is written, so that writers never queue.

The canonical bytes of an entry are the UTF-8 of a JSON object without white space, its keys in this order:
act, actor, at, body, label, salt, subject, v. `at` is UTC with six decimals and "+00:00"; `salt` is 32 hex
digits; `actor` is a whole number or null; `v` is 1. Strings escape only `"`, `\\` and U+0000 to U+001F (the
short forms where JSON has one, else lower-case \\u00xx). `body` stands as the very text that is stored; it was
written with keys sorted by code point. digest = HASH(canonical bytes).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import TooLarge
from tongzheng.kernel.core.text import T

from .hashing import HASHES, Hash

BODY_LIMIT = 16 * 1024
_KEEP = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS

_INSERT = (
    "INSERT INTO ledger_entry (at, act, subject, actor, label, body, salt, digest)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Writing:
    """An INSERT … RETURNING id that a caller may place in a WITH of its own statement, and its parameters."""

    sql: str
    params: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as it was written. `place` is its index in the tree, None in its first second."""

    id: int
    at: datetime
    act: str
    subject: str
    actor: int | None
    label: str
    body: Mapping[str, Any]
    digest: str
    place: int | None


def canonical(
    *, at: datetime, act: str, subject: str, actor: int | None, label: str, body: str, salt: bytes
) -> bytes:
    """Return the bytes whose hash is the entry's digest; `body` is the stored JSON text."""
    return orjson.dumps(
        {
            "act": act,
            "actor": actor,
            "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
            "body": orjson.Fragment(body),
            "label": label,
            "salt": salt.hex(),
            "subject": subject,
            "v": 1,
        }
    )


def body_text(body: Mapping[str, Any]) -> str:
    """Return the JSON text that is stored for `body`. Raises TypeError for what JSON cannot hold exactly."""
    raw = orjson.dumps(dict(body), option=_KEEP)
    if len(raw) > BODY_LIMIT:
        raise TooLarge(
            T("账本条目的内容超过 16 KB，未记录", "The content of a ledger entry is over 16 KB; not recorded")
        )
    return raw.decode()


_born: list[Hash] = []


def city_hash() -> Hash:
    """Return the hash function that this city was born with; asks the database once in a process."""
    if not _born:
        # Beneath Django's cursor: this one look is no part of any page's count of statements. Its errors are
        # Django's all the same, so that a database that is gone at a process's first act is "unavailable", not a bug.
        connection.ensure_connection()
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute("SELECT hash FROM ledger_tree")
            _born.append(HASHES[cursor.fetchone()[0]])
    return _born[0]


def forget_hash() -> None:
    """Ask the database again: for a test that gives birth to another city."""
    _born.clear()


def writing(
    *,
    act: str,
    subject: str,
    actor: int | None,
    label: str,
    body: Mapping[str, Any],
    at: datetime | None = None,
) -> Writing:
    """Return the INSERT of an entry for use inside the caller's own statement, hashed already.

    Args as `append`. The statement returns the entry's id. Raises ValueError and TooLarge as `append`.
    """
    at = at or clock.now()
    if at.tzinfo is None:
        raise ValueError("an entry's moment needs a time zone")
    if not act or not subject:
        raise ValueError("an entry needs an act and a subject")
    if "\0" in act or "\0" in subject or "\0" in label:
        raise ValueError("an entry's act, subject and label hold no NUL")
    text = body_text(body)
    salt = os.urandom(16)
    digest = city_hash()(
        canonical(at=at, act=act, subject=subject, actor=actor, label=label, body=text, salt=salt)
    )
    return Writing(_INSERT, (at, act, subject, actor, label, text, salt, digest))


_INSERT_MANY = (
    "INSERT INTO ledger_entry (at, act, subject, actor, label, body, salt, digest)"
    " SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::text[]::json[],"
    " %s::bytea[], %s::bytea[]) RETURNING id"
)


def together(found: Sequence[Writing]) -> Writing:
    """Return one INSERT for many entries of one act upon many subjects, in order. Raises ValueError for none."""
    if not found:
        raise ValueError("there is no entry to write")
    columns = zip(*(one.params for one in found), strict=True)
    return Writing(_INSERT_MANY, tuple(list(column) for column in columns))


def append(
    *,
    act: str,
    subject: str,
    actor: int | None,
    label: str,
    body: Mapping[str, Any],
    at: datetime | None = None,
) -> int:
    """Record that something was done, in the caller's transaction: if that rolls back, so does the record.

    Args: `act` what was done ("cases.move"); `subject` to what ("case:LS2026…"); `actor` the account's id or
    None for the platform and the public; `label` who that was, in words that need no other table; `body` the
    particulars as JSON, at most 16 KB, holding ids, digests and masked values only, never personal ones;
    `at` when (aware), the clock's now by default.
    Returns the entry's id. Raises TooLarge for a body over 16 KB, ValueError for a naive `at`, an empty act or
    subject or a NUL, TypeError for a body that is not JSON.
    """
    what = writing(act=act, subject=subject, actor=actor, label=label, body=body, at=at)
    with connection.cursor() as cursor:
        cursor.execute(what.sql, what.params)
        return int(cursor.fetchone()[0])


def entries(
    *,
    subject: str | None = None,
    act: str | None = None,
    actor: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> tuple[EntryView, ...]:
    """Return entries, newest first, in one statement; `after` is the last id of the page before.

    Args: `subject`, `act`, `actor` equal to; `limit` rows, at most 500. The caller asks for permission.
    """
    tests: list[str] = []
    params: list[Any] = []
    for column, value in (("e.subject", subject), ("e.act", act), ("e.actor", actor)):
        if value is not None:
            tests.append(f"{column} = %s")
            params.append(value)
    if after is not None:
        tests.append("e.id < %s")
        params.append(after)
    where = f"WHERE {' AND '.join(tests)} " if tests else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.at, e.act, e.subject, e.actor, e.label, e.body::text, e.digest, l.seq"  # noqa: S608
            f" FROM ledger_entry e LEFT JOIN ledger_leaf l ON l.entry_id = e.id {where}"
            "ORDER BY e.id DESC LIMIT %s",
            [*params, max(1, min(limit, 500))],
        )
        return tuple(
            EntryView(id, at, act, subject, actor, label, orjson.loads(body), bytes(digest).hex(), seq)
            for id, at, act, subject, actor, label, body, digest, seq in cursor.fetchall()
        )
