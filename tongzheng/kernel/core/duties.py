"""Duties: what a package must do again and again beside answering requests, found in its `duties.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from .discovery import packages_with


@dataclass(frozen=True, slots=True)
class Duty:
    """One recurring duty. `call` does a bounded piece of work and returns how much it did;

    when that is more than nothing, it is called again at once, otherwise after `every_seconds`.
    """

    name: str
    every_seconds: float
    call: Callable[[], int]


def all_duties() -> tuple[Duty, ...]:
    """Return the duties of every engine and system: the tuple `duties` of each `duties.py`."""
    return tuple(
        duty for package in packages_with("duties") for duty in import_module(f"{package}.duties").duties
    )
