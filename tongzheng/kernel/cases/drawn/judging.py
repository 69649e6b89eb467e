"""What the pure engine asks of the rules engine: the value of a FEEL expression, the outcome of a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongzheng.kernel.core.text import T

from .engine import Effect, Event
from .state import Wrong


def evaluate(text: str, seen: Mapping[str, Any]) -> Any:
    """Return the value of a FEEL expression. Raises Wrong."""
    raise Wrong(T("规则引擎还没有", "there is no rules engine yet"))


def answer(effect: Effect) -> Event:
    """Return what comes of a decision or a service."""
    return Event("failed", effect.token, name="unavailable")


def faulty(text: str) -> T | None:
    """Return what is wrong with an expression as such, or None."""
    return T("规则引擎还没有", "there is no rules engine yet")


def services() -> tuple[str, ...]:
    """Return the services that a service task can call."""
    return ()


def decisions() -> tuple[str, ...]:
    """Return the decisions that a rule task can take."""
    return ()
