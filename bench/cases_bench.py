"""What a case costs, at 10,000 and at a million cases, beside bare SQL that does the same.

    python -m bench.cases_bench [--rows 1000000] [--small 10000] [--seconds 10] [--users 8]

Starts a PostgreSQL of our own with fsync on, makes two databases, fills them (about five minutes for the million) and
prints: full life cycles a second (open, assign, sign for, feed back, answer, close, each its own transaction with ledger
and messages) against the same rows written by bare SQL; and, over HTTP at 8 users, every page's median and p95 (as the
server says it, and as the user has it) against the bare SQL of that page by as many users and against the same page of
the small city. They take turns, so whatever else the machine does falls on all. --large and --small-city name databases that
are filled already.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongzheng.site.settings")

TARGET_RATIO, TARGET_MORE, TARGET_P95, TARGET_GROWTH = 4.0, 40.0, 150.0, 1.3
SAME_PAGE = 1.25


def main(arguments: list[str] | None = None) -> int:
    """Fill, measure, print; return 0 if every target is met."""
    parser = argparse.ArgumentParser(prog="bench.cases_bench")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", default="", help="address of a filled database")
    parser.add_argument("--small-city", default="", help="address of a filled database")
    chosen = parser.parse_args(arguments)
    if chosen.large and chosen.small_city:
        met = pages_of(chosen.small_city, chosen.large, chosen) & lives(chosen.large, chosen)
        return 0 if met else 1
    from tongzheng.site.postgres import Server
    from tongzheng.site.programs import owner

    who = owner()
    home = Path(tempfile.mkdtemp(prefix="tz-bench-"))
    who.make(home)
    server = Server(home, who=who, durable=True)
    try:
        server.start()
        small = filled(server.url, "bench_small", chosen.small)
        large = filled(server.url, "bench_large", chosen.rows)
        # The pages first: life cycles leave thousands of newest cases that are all alike.
        met = pages_of(small, large, chosen) & lives(large, chosen)
    finally:
        server.stop(patience=5)
        shutil.rmtree(home, ignore_errors=True)
    return 0 if met else 1


def filled(url: str, name: str, rows: int) -> str:
    """Make and fill a database, in a process of its own because settings are read once; return its address."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    address = url.replace("@/tongzheng?", f"@/{name}?")
    print(f"filling {rows:,} cases …", flush=True)
    environment = {**os.environ, "DATABASE_URL": address}
    subprocess.run([sys.executable, "-m", "bench.cases_bench_fill", str(rows)], check=True, env=environment)
    return address


def lives(url: str, chosen: argparse.Namespace) -> bool:
    """Measure life cycles by turns; print and judge the ratio."""
    from bench.cases_life import measure

    got: dict[str, list[dict[str, float]]] = {"ours": [], "floor": []}
    for _ in range(chosen.rounds):
        for kind in got:
            got[kind].append(measure(kind, url, clients=chosen.users, seconds=chosen.seconds))
    rate = {kind: median(one["a second"] for one in rounds) for kind, rounds in got.items()}
    ratio = median(f["a second"] / o["a second"] for o, f in zip(got["ours"], got["floor"], strict=True))
    print(f"\nlife cycles (6 transactions each), {chosen.users} clients, {chosen.rows:,} cases")
    for kind, rounds in got.items():
        one = rounds[-1]
        print(
            f"  {kind:6} {rate[kind]:7.1f} a second   median {one['median ms']:6.1f} ms   p95 {one['p95 ms']:6.1f} ms"
            f"   CPU of a client {one['client CPU ms']:5.2f} ms"
        )
    print(f"  ratio  {ratio:7.2f} × the floor   {_word(ratio <= TARGET_RATIO)} (≤ {TARGET_RATIO:g})")
    return ratio <= TARGET_RATIO


def pages_of(small: str, large: str, chosen: argparse.Namespace) -> bool:
    """Measure the pages by turns; print and judge each."""
    from bench.served import measure

    got = measure(small, large, users=chosen.users, seconds=chosen.seconds, rounds=chosen.rounds)
    visits = sum(len(times) for side in ("ours", "little") for times in got[side].values())
    print(
        f"\npages over HTTP, {chosen.users} users, {visits / (chosen.seconds * chosen.rounds):.0f} a second; ms"
    )
    print(f"{'':30} bare SQL   server      p95 user's p95 {chosen.small:>8,}   growth")
    met = True
    for name, seen in got["ours"].items():
        server, user = ([one[n] for one in seen] for n in (0, 1))
        middle, (p95, user95) = median(server), (quantiles(side, n=20)[18] for side in (server, user))
        bare, little = (median(one[0] for one in got[side][name]) for side in ("bare", "little"))
        length, length_there = (median(one[2] for one in got[side][name]) for side in ("ours", "little"))
        # A search that finds fifty rows here and one there does not show the same page.
        same, growth = length <= length_there * SAME_PAGE, middle / little
        sound = (
            middle <= bare + TARGET_MORE and user95 <= TARGET_P95 and (growth <= TARGET_GROWTH or not same)
        )
        met &= sound
        told = f"{growth:8.2f}" if same else f"{growth:7.2f}*"
        print(
            f"  {name:28} {bare:8.1f} {middle:8.1f} {p95:8.1f} {user95:10.1f} {little:8.1f} {told}   {_word(sound)}"
        )
    print(
        f"  * the page has {SAME_PAGE:g} times the bytes there or more: not the same page, growth is not judged"
    )
    return met


def _word(good: bool) -> str:
    return "ok" if good else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
