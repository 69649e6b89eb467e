"""Whether the tables are up to date, found without loading Django: a start with nothing to change is quicker by it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psycopg

PACKAGE = Path(__file__).parents[1]
OTHERS = {
    "contenttypes": ("django", "contrib/contenttypes"),
    "auth": ("django", "contrib/auth"),
    "sessions": ("django", "contrib/sessions"),
    "procrastinate": ("procrastinate", "contrib/django"),
}


def up_to_date(url: str) -> bool:
    """Tell whether every migration on disk is recorded in the database; when in doubt, that it is not."""
    try:
        with psycopg.connect(url, connect_timeout=10) as db:
            done = set(db.execute("SELECT app, name FROM django_migrations").fetchall())
    except psycopg.Error:
        return False
    return set(on_disk()) <= done


def on_disk() -> Iterator[tuple[str, str]]:
    """Yield (app, name) of every migration that the installed packages bring."""
    folders = {path.parent.name: path for path in PACKAGE.glob("kernel/*/migrations")}
    folders |= {path.parent.name: path for path in PACKAGE.glob("systems/*/*/migrations")}
    for app, (package, inside) in OTHERS.items():
        spec = find_spec(package)
        if spec and spec.origin:
            folders[app] = Path(spec.origin).parent / inside / "migrations"
    for app, folder in folders.items():
        for path in folder.glob("*.py"):
            if path.name != "__init__.py":
                yield app, path.stem
