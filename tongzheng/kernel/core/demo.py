"""The demo city: each package's `demo.py` plays its part through the public doors, from one seed.

A story is a generator: it does one thing, yields the moment at which it goes on, does the next thing. `play` runs
thousands of stories in the order of their moments, so that the year unfolds as a year does.
"""

from __future__ import annotations

import heapq
import json
import os
from collections.abc import Callable, Generator, Iterable
from datetime import datetime
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Protocol

from . import clock
from .text import T, from_json

Story = Generator[datetime, None, None]


class DemoRun(Protocol):
    """What a package's `demo.load(run)` is given.

    `password` is the one of all demo accounts, made at first start. `until` is the moment the year ends.
    `size` scales the load: 1.0 is the full city, tests use less.
    """

    password: str
    until: datetime
    size: float

    def random(self, name: str) -> Random:
        """Return a generator that depends on the city's seed and `name` only."""
        ...

    def progress(self, done: int, total: int, what: T) -> None:
        """Tell how far this package is; shown on the hub."""
        ...

    def add_stories(self, stories: Iterable[tuple[datetime, Callable[[], Story]]]) -> None:
        """Hand over what happens during the year, each with its first moment; played after every `load`."""
        ...


def play(
    stories: Iterable[tuple[datetime, Callable[[], Story]]],
    *,
    until: datetime,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Run stories in the order of their moments, each step at its own time by `core.clock`.

    Args: stories, (first moment, function that begins it); until, what would happen later has not happened yet;
    tell, called now and then with stories finished and their number. Returns how many steps were made.
    A story that yields a moment before its own present is a mistake in it: raises ValueError.
    """
    order = count()
    waiting: list[tuple[datetime, int, Callable[[], Story] | Story]] = [
        (moment, next(order), begin) for moment, begin in stories
    ]
    heapq.heapify(waiting)
    total, done, steps = len(waiting), 0, 0
    while waiting:
        moment, _, story = heapq.heappop(waiting)
        if moment > until:
            done += 1
            continue
        with clock.at(moment):
            running = story() if callable(story) else story
            following = next(running, None)
        steps += 1
        if following is None:
            done += 1
        else:
            if following < moment:
                raise ValueError(f"a story goes back in time, from {moment} to {following}")
            heapq.heappush(waiting, (following, next(order), running))
        if steps % 200 == 0:
            tell(done, total)
    tell(total, total)
    return steps


def _note(data: Path) -> Path:
    return data / "demo.json"


def write_progress(data: Path, *, done: int, total: int, what: T, finished: bool = False) -> None:
    """Keep how far the demo city is loaded, where every process can read it."""
    draft = data / f".demo.{os.getpid()}"
    draft.write_text(
        json.dumps(
            {
                "done": done,
                "total": total,
                "what": what.to_json(),
                "finished": finished,
                "at": clock.now().isoformat(timespec="seconds"),
            },
            ensure_ascii=False,
        ),
        encoding="utf-8",
    )
    draft.replace(_note(data))


def read_progress(data: Path) -> dict[str, Any] | None:
    """Return how far the demo city is loaded ("done", "total", "what" as T, "finished", "at"), or None without one."""
    try:
        found: dict[str, Any] = json.loads(_note(data).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return {**found, "what": from_json(found.get("what"))}
