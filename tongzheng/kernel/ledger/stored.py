"""Comparing the kept files with the store: whether they are there, and still what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Literal

from django.db import connection

from tongzheng.kernel.core.text import T

from .files import path_of

Files = Literal["no", "size", "content"]


def check_files(how: Files) -> Iterator[tuple[int, T | None]]:
    """Yield for every kept file its number from 1 and, if it is missing or altered, the words for it."""
    last, number = b"", 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT digest, size FROM ledger_file WHERE digest > %s ORDER BY digest LIMIT 1000", [last]
            )
            rows = cursor.fetchall()
        if not rows:
            return
        for raw, size in rows:
            number, last = number + 1, bytes(raw)
            yield number, _look(last, size, how)


def _look(digest: bytes, size: int, how: Files) -> T | None:
    path = path_of(digest.hex())
    try:
        if path.stat().st_size == size and (how == "size" or _hash(digest)):
            return None
    except FileNotFoundError:
        return T("文件 {digest} 不在存储中", "File {digest} is missing from the store").fill(
            digest=digest.hex()
        )
    return T("文件 {digest} 的内容被改动", "The content of file {digest} was altered").fill(
        digest=digest.hex()
    )


def _hash(digest: bytes) -> bool:
    with path_of(digest.hex()).open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == digest
