"""Loads the demo city: every package's part in the order of the tiers, then the year's stories in the order of time."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from importlib import import_module
from pathlib import Path
from random import Random

from django.conf import settings
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.demo import Story, play, read_progress, write_progress
from tongzheng.kernel.core.discovery import packages_with
from tongzheng.kernel.core.text import T

SEED = "吕梁 2026"
TIERS = ("core", "ledger", "facts", "identity", "definitions", "messages", "rules", "cases", "registers")


class Run:
    """One loading of the demo city; the same seed and end give the same city."""

    def __init__(
        self, *, password: str, until: datetime, data: Path, size: float = 1.0, seed: str = SEED
    ) -> None:
        self.password, self.until, self.size = password, until, size
        self.stories: list[tuple[datetime, Callable[[], Story]]] = []
        self._data, self._seed = data, seed

    def random(self, name: str) -> Random:
        """Return a generator that depends on the seed and `name` only, so that packages do not disturb each other."""
        return Random(hashlib.sha256(f"{self._seed}:{name}".encode()).digest())

    def progress(self, done: int, total: int, what: T) -> None:
        """Keep how far we are; the hub shows it."""
        write_progress(self._data, done=done, total=total, what=what)

    def add_stories(self, stories: Iterable[tuple[datetime, Callable[[], Story]]]) -> None:
        """Take over what happens during the year."""
        self.stories.extend(stories)


def packages() -> list[str]:
    """Return every package with a part in the demo, engines first in the order in which they are stacked."""
    found = packages_with("demo")

    def place(package: str) -> tuple[int, str]:
        name = package.rsplit(".", 1)[-1]
        known = package.startswith("tongzheng.kernel.") and name in TIERS
        return (TIERS.index(name) if known else len(TIERS), package)

    return sorted(found, key=place)


def load(*, password: str, until: datetime | None = None, size: float = 1.0) -> int:
    """Load the demo city and return how many steps its year took. Loading again, or going on after a stop, is safe:

    every verb it calls knows what it has already done.
    """
    data: Path = settings.DATA
    run = Run(password=password, until=until or year_end(data), data=data, size=size)
    with connection.cursor() as cursor:
        # Invented data may be lost in a crash and is then loaded again; waiting for the disk would be for nothing.
        cursor.execute("SET synchronous_commit = off")
    try:
        for package in packages():
            import_module(f"{package}.demo").load(run)
            with connection.cursor() as cursor:
                # Thousands of people and posts may just have come in: what follows should know that they are there.
                cursor.execute("ANALYZE")
        what = T("这一年的办件和工单", "The year's cases and tickets")
        steps = play(run.stories, until=run.until, tell=lambda done, total: run.progress(done, total, what))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET synchronous_commit")
    write_progress(data, done=1, total=1, what=T("演示城市已载入", "The demo city is loaded"), finished=True)
    return steps


def load_in_background(*, password: str, size: float = 1.0) -> None:
    """Load the demo city unless this data folder has it already; meant for a process beside the web's."""
    if not finished(settings.DATA):
        load(password=password, size=size)


def finished(data: Path) -> bool:
    """Tell whether this data folder already has the whole demo city."""
    found = read_progress(data)
    return bool(found and found["finished"])


def year_end(data: Path) -> datetime:
    """Return the moment at which this city's year ends: when it was first loaded, kept so that it stays the same."""
    note = data / "demo-until.txt"
    if not note.exists():
        data.mkdir(parents=True, exist_ok=True)
        note.write_text(clock.now().replace(microsecond=0).isoformat())
    return datetime.fromisoformat(note.read_text())
