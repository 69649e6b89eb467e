"""Backup and restore of a whole city as one file, also while it runs.

The file is a tar: `database.dump` (pg_dump's own form), `files/…` (evidence, named by content), the city's keys
(`secrets.sealed` under a passphrase, else `secrets.json`) and, last, `manifest.json` with the digest of each.
The dump and its row counts come from one snapshot; files are added before the rows that name them commit and are
never changed, so files read after the snapshot are complete for it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import psycopg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import sql

from tongzheng import __version__
from tongzheng.site import programs

FORM = 1
MEMBER = re.compile(
    r"database\.dump|secrets\.(json|sealed)|manifest\.json|files/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{16,128}"
)
Say = programs.Say


class BadArchive(Exception):
    """The file is no backup of ours, is damaged, or does not fit here; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a backup holds."""

    made: str
    version: str
    postgres: int
    rows: dict[str, int]
    files: int
    bytes: int
    sealed: bool


# --- writing ------------------------------------------------------------------------------------------


def write(target: Path, *, data: Path, url: str, passphrase: str = "", say: Say = print) -> Report:
    """Write the city into `target`, read it back to the last byte, and only then give it its name.

    Raises BadArchive when the target exists, NoServer when no fitting pg_dump is here.
    """
    if target.exists():
        raise BadArchive(f"{target} exists already")
    target.parent.mkdir(parents=True, exist_ok=True)
    digests: dict[str, str] = {}
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
                server, rows = _write_database(archive, digests, url, target.parent, say)
                say("files")
                _write_files(archive, digests, data / "files")
                _write_keys(archive, digests, data / "secrets.json", passphrase)
                manifest = {
                    "form": FORM,
                    "made": datetime.now(UTC).isoformat(timespec="seconds"),
                    "tongzheng": __version__,
                    "postgres": server,
                    "rows": rows,
                    "digests": digests,
                }
                _add(archive, {}, "manifest.json", io.BytesIO(json.dumps(manifest, indent=1).encode()))
            file.flush()
            os.fsync(file.fileno())
        say("reading it back")
        report = verify(draft)
        draft.replace(target)
        return report
    finally:
        draft.unlink(missing_ok=True)


def _write_database(
    archive: tarfile.TarFile, digests: dict[str, str], url: str, folder: Path, say: Say
) -> tuple[int, dict[str, int]]:
    with psycopg.connect(url) as db, tempfile.TemporaryDirectory(prefix=".dump-", dir=folder) as room:
        db.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        server = db.info.server_version // 10000
        snapshot = one(db, "SELECT pg_export_snapshot()")
        dump = Path(room) / "database.dump"
        say(f"database (PostgreSQL {server})")
        run(program(server, "pg_dump"), ["-Fc", "-Z1", f"--snapshot={snapshot}", "-f", str(dump)], url)
        rows = counts(db)
        with dump.open("rb") as file:
            _add(archive, digests, "database.dump", file, dump.stat().st_size)
    return server, rows


def counts(db: psycopg.Connection[Any]) -> dict[str, int]:
    tables = db.execute(
        "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'public' AND relkind = 'r' ORDER BY relname"
    ).fetchall()
    return {
        name: int(one(db, sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))))
        for (name,) in tables
    }


def _write_files(archive: tarfile.TarFile, digests: dict[str, str], store: Path) -> None:
    for path in sorted(store.glob("??/??/*")):
        with suppress(FileNotFoundError), path.open("rb") as file:
            _add(archive, digests, f"files/{path.relative_to(store)}", file, os.fstat(file.fileno()).st_size)


def _write_keys(archive: tarfile.TarFile, digests: dict[str, str], path: Path, passphrase: str) -> None:
    keys = path.read_bytes()
    if passphrase:
        salt, nonce = os.urandom(16), os.urandom(12)
        _add(
            archive,
            digests,
            "secrets.sealed",
            io.BytesIO(salt + nonce + cipher(passphrase, salt).encrypt(nonce, keys, b"")),
        )
    else:
        _add(archive, digests, "secrets.json", io.BytesIO(keys))


def cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(hashlib.scrypt(passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32))


def _add(
    archive: tarfile.TarFile, digests: dict[str, str], name: str, file: IO[bytes], size: int = -1
) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = file.seek(0, os.SEEK_END) if size < 0 else size
    entry.mode = 0o600
    file.seek(0)
    reader = _Reader(file)
    archive.addfile(entry, reader)  # type: ignore[arg-type]
    digests[name] = reader.digest.hexdigest()


class _Reader:
    """Reads a file and takes its digest on the way."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        found = self.file.read(size)
        self.digest.update(found)
        return found


# --- reading ------------------------------------------------------------------------------------------


def verify(source: Path) -> Report:
    """Read an archive to the end and compare every digest. Raises BadArchive naming what differs."""
    return report_of(walk(source, None))


def report_of(manifest: dict[str, Any]) -> Report:
    names = manifest["digests"]
    return Report(
        made=manifest["made"],
        version=manifest["tongzheng"],
        postgres=manifest["postgres"],
        rows=manifest["rows"],
        files=sum(name.startswith("files/") for name in names),
        bytes=manifest["bytes"],
        sealed="secrets.sealed" in names,
    )


def walk(source: Path, into: Path | None) -> dict[str, Any]:
    """Read every member, unpack it below `into` if given, and return the manifest once all agrees."""
    found: dict[str, str] = {}
    manifest: dict[str, Any] = {}
    total = 0
    try:
        with tarfile.open(source, mode="r:") as archive:
            for entry in archive:
                if not (entry.isreg() and MEMBER.fullmatch(entry.name)) or entry.name in found:
                    raise BadArchive(f"{source} holds {entry.name!r}, which no backup of ours holds")
                content = archive.extractfile(entry)
                assert content is not None
                if entry.name == "manifest.json":
                    manifest = json.loads(content.read())
                    continue
                total += entry.size
                found[entry.name] = _unpack(content, into / entry.name if into else None)
    except (tarfile.TarError, OSError, ValueError, EOFError) as error:
        raise BadArchive(f"{source} cannot be read as a backup: {error}") from None
    if manifest.get("form") != FORM:
        raise BadArchive(f"{source} is cut off, or is no backup of this form")
    wanted: dict[str, str] = manifest["digests"]
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise BadArchive(f"{source} is damaged: {name} is not what was saved")
    return {**manifest, "bytes": total}


def _unpack(content: IO[bytes], target: Path | None) -> str:
    digest = hashlib.sha256()
    if target:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(target or os.devnull, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
        while part := content.read(2**20):
            digest.update(part)
            out.write(part)
        if target:
            out.flush()
            os.fsync(out.fileno())
    return digest.hexdigest()


# --- the server's own programs --------------------------------------------------------------------------


def program(server: int, name: str) -> str:
    """Return the program of the server's own version, else the nearest newer one, which reads older servers."""
    ourselves = programs.Owner(os.geteuid(), os.getegid())
    here = list(_every(ourselves))
    for found in sorted(here, key=lambda p: p.version):
        if found.version >= server:
            return found.path(name)
    raise programs.NoServer(
        f"the server is PostgreSQL {server}; no {name} of that version or newer is here "
        f"(apt-get install postgresql-client-{server})"
    )


def _every(who: programs.Owner) -> Iterator[programs.Programs]:
    yield from programs.installed(who)
    packed = programs.wheel(who)
    if packed:
        yield packed


def run(program: str, options: list[str], url: str) -> None:
    """Run pg_dump or pg_restore; the password goes by the environment, where other users cannot read it."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    settings = {
        "PGHOST": parts.hostname or query.get("host", ""),
        "PGPORT": str(parts.port or query.get("port", "")),
        "PGUSER": unquote(parts.username or query.get("user", "")),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
        "PGSSLMODE": query.get("sslmode", ""),
        "PGSSLROOTCERT": query.get("sslrootcert", ""),
    }
    environment = programs.plain_environment() | {k: v for k, v in settings.items() if v}
    done = subprocess.run([program, *options], check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise BadArchive(f"{Path(program).name} failed: {done.stderr.strip()[-2000:]}")


def one(db: psycopg.Connection[Any], query: str | sql.Composed) -> Any:
    row = db.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]
