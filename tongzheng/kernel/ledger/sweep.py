"""Removing files that no committed transaction refers to: those of acts that rolled back, and broken uploads.

A file without a row is first set aside and removed only after a month, so that a city restored from an older
backup loses nothing that somebody may still miss.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from .files import lock_number

SAFE_AGE = 24 * 3600
ASIDE_AGE = 30 * 24 * 3600
TURN = 600
"""Seconds for which one of the 256 top folders has its turn: the whole store is seen in two days."""


def sweep(*, now: float | None = None, folder: str | None = None) -> int:
    """Set aside the unreferenced files of one top folder, and remove what is old in the two side folders.

    Args: `now` seconds since 1970; `folder` two hex digits, by default the one whose turn it is.
    Returns 0: the rest has its own turn.
    """
    moment = time.time() if now is None else now
    store = Path(settings.FILES)
    for side, age in ((".incoming", SAFE_AGE), (".aside", ASIDE_AGE)):
        for path in _older(store / side, moment - age):
            path.unlink(missing_ok=True)
    delete_unreferenced(store, folder or f"{int(moment / TURN) % 256:02x}", before=moment - SAFE_AGE)
    return 0


def delete_unreferenced(store: Path, folder: str, *, before: float) -> int:
    """Set aside files of one top folder that are older than `before` and have no row; return how many."""
    moved = 0
    for inner in sorted((store / folder).glob("[0-9a-f][0-9a-f]")):
        paths = {
            bytes.fromhex(path.name): path
            for path in _older(inner, before)
            if re.fullmatch(r"[0-9a-f]{64}", path.name)
        }
        if not paths:
            continue
        with connection.cursor() as cursor:
            cursor.execute("SELECT digest FROM ledger_file WHERE digest = ANY(%s)", [list(paths)])
            for (digest,) in cursor.fetchall():
                del paths[bytes(digest)]
        moved += sum(_set_aside(store, path, digest, before) for digest, path in paths.items())
    return moved


def _set_aside(store: Path, path: Path, digest: bytes, before: float) -> bool:
    """Move one file away, unless somebody is keeping the same content at this moment or has just done so."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock_number(digest)])
        if not cursor.fetchone()[0]:
            return False
        cursor.execute("SELECT 1 FROM ledger_file WHERE digest = %s", [digest])
        if cursor.fetchone() or not path.exists() or path.stat().st_mtime >= before:
            return False
        target = store / ".aside" / path.name
        target.parent.mkdir(mode=0o700, exist_ok=True)
        path.rename(target)
        os.utime(target)
    return True


def _older(folder: Path, than: float) -> list[Path]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as found:
        return [Path(e.path) for e in found if e.is_file(follow_symlinks=False) and _age(e) < than]


def _age(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return float("inf")
