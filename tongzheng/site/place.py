"""Where this city lives: its data folder, secrets and database, read from the environment."""

from __future__ import annotations

import base64
import json
import os
import secrets as random
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Secrets:
    """Keys made at first start and kept in the data folder, readable by its owner only."""

    web: str
    seal: list[bytes]
    blind: bytes
    ledger: bytes


def data_folder() -> Path:
    """Return the data folder: TONGZHENG_DATA, or var/ in the working directory."""
    return Path(os.environ.get("TONGZHENG_DATA") or "var").resolve()


def make(data: Path) -> None:
    """Make the data folder if there is none, for its owner only.

    Root's stays passable, for PostgreSQL runs as a lesser user in a closed folder inside; a folder that is
    there already is left as it is.
    """
    if not data.exists():
        data.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        for closed in ("files", "logs"):
            (data / closed).mkdir(mode=0o700, exist_ok=True)


def write_closed(path: Path, content: str | bytes) -> None:
    """Replace a file, at once and for good, by one that only its owner can read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def secrets(data: Path) -> Secrets:
    """Return the city's keys, making them at first use; two processes starting at once agree on one set."""
    path = data / "secrets.json"
    if not path.exists():
        make(data)
        fresh = {
            name: base64.b64encode(random.token_bytes(32)).decode()
            for name in ("web", "seal", "blind", "ledger")
        }
        draft = data / f".secrets.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({**fresh, "seal": [fresh["seal"]]}, file)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    found = json.loads(path.read_text())
    return Secrets(
        web=found["web"],
        seal=[base64.b64decode(key) for key in found["seal"]],
        blind=base64.b64decode(found["blind"]),
        ledger=base64.b64decode(found["ledger"]),
    )


def hosts() -> list[str]:
    """Return the host names that are answered: TONGZHENG_HOSTS (comma-separated), or this machine only."""
    named = os.environ.get("TONGZHENG_HOSTS", "")
    return [h.strip() for h in named.split(",") if h.strip()] or [
        "localhost",
        "127.0.0.1",
        "[::1]",
        "testserver",
    ]


def database(data: Path) -> dict[str, Any]:
    """Return Django's settings of the database: DATABASE_URL, or our own server's socket in the data folder."""
    url = os.environ.get("DATABASE_URL") or own_database_url(data)
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "tongzheng",
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or query.pop("host", ""),
        "PORT": str(parts.port or query.pop("port", "")),
        # A connection that died with the server is noticed before a page gets it, not by the page.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **query,
            # A lost database is looked for anew at every request after these seconds; the pool's own pauses
            # would grow to minutes, and pages fail that long after it is back.
            "pool": {
                "min_size": 1,
                "max_size": int(os.environ.get("TONGZHENG_POOL", "12")),
                "timeout": 2,
                "reconnect_timeout": 3,
            },
        },
    }


def own_database_url(data: Path) -> str:
    """Return the address of the server that we start ourselves, as it wrote it down; a default before that."""
    note = data / "postgres.url"
    return note.read_text().strip() if note.exists() else "postgresql:///tongzheng"
