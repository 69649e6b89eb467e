"""The demo city: each package's `demo.py` plays its part through the public doors, from one seed."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Protocol

from .text import T


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
