"""What the ledger costs, at a size and at ten times that size.

    createdb scratch && DATABASE_URL=postgresql:///scratch python -m bench.ledger 100000

Fills the ledger of an empty database and prints: an entry beside a bare INSERT of the same row, integration,
proofs, reading and verification. Times are the tenth percentile and the median of one call, in microseconds;
the two kinds of write take turns, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from tongzheng.kernel.ledger import api  # noqa: E402

SEED = 20261123
SUBJECTS, ACTORS = 200_000, 3_000
BARE = (
    "INSERT INTO bench_bare (at, act, subject, actor, label, body, salt, digest)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)
chance = random.Random(SEED)


def entry() -> dict[str, Any]:
    """Return an entry such as a move of a case writes."""
    number = f"LS2026{chance.randrange(SUBJECTS):08d}"
    return {
        "act": "cases.move",
        "subject": f"case:{number}",
        "actor": chance.randrange(ACTORS),
        "label": "王＊ · 综合窗口",
        "body": {
            "case": number,
            "move": "accept",
            "from": "applied",
            "to": "accepted",
            "due": "2026-12-20T18:00:00+08:00",
            "organisation": 12,
            "handler": 88,
            "files": ["ab" * 32],
        },
    }


def bare() -> None:
    """Write the same columns into a table with nothing but a key; the hashing is not part of it."""
    params = PARAMS[chance.randrange(len(PARAMS))]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BARE, params)


def append() -> None:
    """Write an entry in a transaction of its own."""
    with transaction.atomic():
        api.append(**entry())


def timed(*calls: Callable[[], Any], rounds: int) -> None:
    """Print the tenth percentile and median of calls that take turns."""
    found: dict[str, list[float]] = {}
    for _ in range(rounds):
        for call in calls:
            began = time.perf_counter()
            call()
            found.setdefault(call.__name__, []).append(time.perf_counter() - began)
    for name, times in found.items():
        tenths = quantiles(times, n=10)
        print(f"  {name:<14} {tenths[0] * 1e6:8.0f} {tenths[4] * 1e6:8.0f} µs")


def prove() -> None:
    api.prove(chance.randrange(1, SIZE))


def consistency() -> None:
    api.consistency(chance.randrange(1, SIZE // 2), SIZE // 2 + chance.randrange(SIZE // 2))


def of_subject() -> None:
    api.entries(subject=entry()["subject"])


def of_actor() -> None:
    api.entries(actor=chance.randrange(ACTORS))


def newest() -> None:
    api.entries()


def one_batch() -> None:
    append()
    api.integrate()


def idle() -> None:
    api.integrate()


def fill(count: int) -> None:
    """Add entries by COPY, as fast as the hashing goes."""
    began = time.perf_counter()
    for _ in range(0, count, 5000):
        rows = [api.writing(**entry()).params for _ in range(5000)]
        with transaction.atomic(), connection.cursor() as cursor:
            names = "at, act, subject, actor, label, body, salt, digest"
            with cursor.copy(f"COPY ledger_entry ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    print(f"  filled {count} in {time.perf_counter() - began:.1f} s")


def integrate() -> None:
    """Take everything into the tree."""
    began, taken = time.perf_counter(), 0
    while more := api.integrate():
        taken += more
    passed = time.perf_counter() - began
    print(f"  integrated {taken} in {passed:.1f} s, {taken / passed:,.0f} a second")


def verify() -> None:
    """Verify everything and tell how much memory that took."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    report = api.verify()
    passed = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"  verified {report.entries} entries, {report.checkpoints} checkpoints: ok={report.ok} in {passed:.1f} s,"
        f" {report.entries / passed:,.0f} a second, memory {before >> 10} -> {after >> 10} MB"
    )


def sizes() -> None:
    """Print what the tables take on disk."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_size_pretty(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relname IN ('ledger_entry', 'ledger_leaf', 'ledger_node') AND relkind = 'r' ORDER BY 1"
        )
        print(" ", ", ".join(f"{name} {size}" for name, size in cursor.fetchall()))


if __name__ == "__main__":
    target = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    call_command("migrate", "ledger", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT size FROM ledger_tree")
        if cursor.fetchone()[0]:
            sys.exit("This ledger has entries; name an empty database in DATABASE_URL.")
        cursor.execute("DROP TABLE IF EXISTS bench_bare")
        cursor.execute(
            "CREATE TABLE bench_bare (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, at timestamptz,"
            " actor bigint, act text, subject text, label text, body json, salt bytea, digest bytea)"
        )
    PARAMS = [api.writing(**entry()).params for _ in range(500)]
    SIZE = 0
    for wanted in (target, target * 10):
        print(f"{wanted} entries")
        fill(wanted - SIZE)
        SIZE = wanted
        integrate()
        with connection.cursor() as cursor:
            for table in ("ledger_entry", "ledger_leaf", "ledger_node"):
                cursor.execute(f"VACUUM ANALYZE {table}")
        timed(bare, append, rounds=2000)
        timed(one_batch, rounds=200)
        api.integrate()
        timed(idle, prove, consistency, of_subject, of_actor, newest, rounds=300)
        verify()
        sizes()
