"""Numbers: ids in blocks, case numbers, query codes, serials of documents. No writer waits for another.

A case number is prefix, date and the last seven digits of its id, so it needs no counter of its own.
A query code is computed from the number with the city's key, so no copy of the database holds it.
Documents are numbered by a sequence for each case type and year: dense except where a transaction failed.
"""

from __future__ import annotations

import hmac
import os
import threading
import time
from datetime import datetime
from hashlib import sha256

from django.db import connection, transaction

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.sealing import blind

from . import sql

BLOCK = 32
BLOCK_SECONDS = 1.0
"""A block is thrown away after this time, so that ids rise with time across processes to within a second."""

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class _Blocks:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.place: dict[str, tuple[int, int, float]] = {}
        self.process = os.getpid()

    def take(self) -> int:
        """Return the next id of this process's block, fetching a block when there is none."""
        name = str(connection.settings_dict["NAME"])
        now = time.monotonic()
        with self.lock:
            if self.process != os.getpid():
                self.place, self.process = {}, os.getpid()
            found, end, until = self.place.get(name, (0, 0, 0.0))
            if found < end and now < until:
                self.place[name] = (found + 1, end, until)
                return found
        first = int(sql.rows("SELECT nextval('cases_id_seq')", ())[0][0])
        with self.lock:
            self.place[name] = (first + 1, first + BLOCK, now + BLOCK_SECONDS)
        return first


_blocks = _Blocks()


def new_id() -> int:
    """Return an id that no other case has or will have."""
    return _blocks.take()


def case_number(prefix: str, id: int, at: datetime) -> str:
    """Return the number that people read: prefix, date, seven digits."""
    return f"{prefix}{at.astimezone(CHINA):%Y%m%d}{id % 10_000_000:07d}"


def query_code(number: str) -> str:
    """Return the eight characters that let anyone with the number follow the case."""
    return _characters(blind(number, use="cases.query_code"), 8)


def document_code(number: str, n: int) -> str:
    """Return the code that is printed on what event `n` of a case issued, in groups of four: 78 bits, not guessable."""
    code = _characters(blind(f"{number}#{n}", use="cases.document"), 16)
    return "-".join(code[place : place + 4] for place in range(0, 16, 4))


def _characters(mark: bytes, count: int) -> str:
    number, code = int.from_bytes(mark, "big"), ""
    for _ in range(count):
        number, place = divmod(number, len(ALPHABET))
        code += ALPHABET[place]
    return code


def code_fits(number: str, code: str) -> bool:
    """Tell whether the code belongs to the number, in the same time for every wrong one."""
    given = code.strip().upper().encode("utf-8", "replace")
    return hmac.compare_digest(query_code(number).encode(), given)


_sequences: set[tuple[str, str]] = set()


def document_number(type_id: str, prefix: str, at: datetime) -> str:
    """Return the number of a new document, such as LS〔2026〕12号."""
    year = at.astimezone(CHINA).year
    name = f"cases_document_{sha256(type_id.encode()).hexdigest()[:16]}_{year}"
    known = (str(connection.settings_dict["NAME"]), name)
    if known not in _sequences:
        with transaction.atomic():
            sql.rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (name,))
            with connection.cursor() as cursor:
                cursor.execute(f"CREATE SEQUENCE IF NOT EXISTS {name}")
            transaction.on_commit(lambda: _sequences.add(known))
    serial = sql.rows("SELECT nextval(%s::regclass)", (name,))[0][0]
    return f"{prefix}〔{year}〕{serial}号"


def forget() -> None:
    """Forget blocks and sequences: for a test whose database was made anew."""
    _blocks.place.clear()
    _sequences.clear()
