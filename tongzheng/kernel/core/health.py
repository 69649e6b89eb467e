"""Health: whether each part, and everything outside that it touches, is configured and answering.

A package says so in its `health.py` with a function `checks()` that yields one `Check` for each thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module

from .discovery import packages_with
from .text import T


@dataclass(frozen=True, slots=True)
class Check:
    """What one look found. `level`: "ok", "warning" (works, but see to it) or "failed"."""

    name: str
    title: T
    ok: bool
    detail: T
    level: str


def all_checks() -> Iterator[Check]:
    """Yield the checks of every package; one that breaks is itself a failed check, so the page still shows."""
    for package in packages_with("health"):
        try:
            yield from import_module(f"{package}.health").checks()
        except Exception as error:
            name = package.rsplit(".", 1)[-1]
            yield Check(
                f"{name}.health",
                T("健康检查本身出错", "The health check itself failed"),
                False,
                T(f"{name}：{type(error).__name__}", f"{name}: {type(error).__name__}: {error}"),
                "failed",
            )
