"""Brings a city back from its backup: everything is read, compared and loaded beside the old before it is replaced."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
from cryptography.exceptions import InvalidTag
from psycopg import sql

from tongzheng import __version__
from tongzheng.site import place
from tongzheng.site.backup import BadArchive, Report, Say, cipher, counts, one, program, report_of, run, walk


def restore(
    source: Path, *, data: Path, url: str, passphrase: str = "", overwrite: bool = False, say: Say = print
) -> Report:
    """Bring a city back: its files and keys into `data`, its tables into the database of `url`.

    Everything is read, compared and loaded beside the old before anything is replaced. Raises BadArchive
    when the archive is damaged, the passphrase wrong, a city is here and `overwrite` is not set, or the
    rows that arrive are not those that were saved.
    """
    with psycopg.connect(url, autocommit=True) as db:
        server = db.info.server_version // 10000
        if not overwrite and (
            one(db, "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
            or any((data / "files").glob("??"))
        ):
            raise BadArchive(f"there is a city in {data} already; --overwrite replaces it")
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=data) as room:
        draft = Path(room)
        say("reading and comparing")
        manifest = walk(source, draft)
        report = report_of(manifest)
        if report.version > __version__:
            raise BadArchive(
                f"the backup is of Tongzheng {report.version}; this is {__version__}: update first"
            )
        if report.postgres > server:
            raise BadArchive(
                f"the backup is of PostgreSQL {report.postgres}, this server is {server}: use {report.postgres} or newer"
            )
        keys = _keys(draft, passphrase)
        say(f"database (PostgreSQL {server})")
        _restore_database(draft / "database.dump", url, server, report.rows)
        say("files and keys")
        _swap(draft / "files", data / "files")
        place.write_closed(data / "secrets.json", keys)
    return report


def _keys(draft: Path, passphrase: str) -> bytes:
    sealed = draft / "secrets.sealed"
    if not sealed.exists():
        return (draft / "secrets.json").read_bytes()
    if not passphrase:
        raise BadArchive("the keys in this backup are closed: --passphrase-file opens them")
    box = sealed.read_bytes()
    try:
        return cipher(passphrase, box[:16]).decrypt(box[16:28], box[28:], b"")
    except InvalidTag:
        raise BadArchive("the passphrase does not open the keys in this backup") from None


def _restore_database(dump: Path, url: str, server: int, rows: dict[str, int]) -> None:
    """Load the dump into a new database beside the old one, compare, then exchange the names."""
    parts = urlsplit(url)
    name = unquote(parts.path.lstrip("/"))
    fresh, old = f"{name}_restored", f"{name}_replaced"
    beside = parts._replace(path=f"/{fresh}").geturl()
    for spare in (fresh, old):
        _drop(url, name, spare)
    try:
        with _outside(url, name) as db:
            db.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(fresh)))
    except psycopg.errors.InsufficientPrivilege:
        raise BadArchive("the database's user may not make databases; restoring needs CREATEDB") from None
    try:
        jobs = str(max(1, os.cpu_count() or 1))
        options = ["--no-owner", "--no-privileges", "--exit-on-error", "-j", jobs, "-d", fresh, str(dump)]
        run(program(server, "pg_restore"), options, beside)
        with psycopg.connect(beside) as db:
            arrived = counts(db)
            db.execute("ANALYZE")
        if arrived != rows:
            differ = sorted(t for t in rows.keys() | arrived.keys() if rows.get(t) != arrived.get(t))
            raise BadArchive(f"not all rows arrived: {', '.join(differ)}")
    except BaseException:
        _drop(url, name, fresh)
        raise
    with _outside(url, name) as db:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        for one, other in ((name, old), (fresh, name)):
            db.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(one), sql.Identifier(other))
            )
    _drop(url, name, old)


def _outside(url: str, name: str) -> psycopg.Connection[Any]:
    """Connect to a database of the same server that is not the one to be renamed."""
    parts = urlsplit(url)
    other = "template1" if name == "postgres" else "postgres"
    return psycopg.connect(parts._replace(path=f"/{other}").geturl(), autocommit=True)


def _drop(url: str, name: str, spare: str) -> None:
    with _outside(url, name) as db:
        db.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(spare)))


def _swap(fresh: Path, place: Path) -> None:
    fresh.mkdir(mode=0o700, exist_ok=True)
    old = fresh.with_name("replaced")
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)
