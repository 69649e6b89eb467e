"""What the pure engine asks of the rules engine: the value of a FEEL expression, the outcome of a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.rules import api as rules

from .engine import Effect, Event
from .state import Wrong


def evaluate(text: str, seen: Mapping[str, Any]) -> Any:
    """Return the value of a FEEL expression. Raises Wrong."""
    try:
        return rules.evaluate(text, seen, now=clock.now()).value
    except rules.RulesError as error:
        raise Wrong(_words(error)) from None


def _words(error: rules.RulesError) -> T:
    note = error.note
    return T(note.zh, note.en)


def faulty(text: str, names: Iterable[str] = ()) -> T | None:
    """Return what is wrong with an expression as such, or None. Args: names, what it may speak of."""
    try:
        rules.evaluate(text, dict.fromkeys(names))
    except rules.RulesError as error:
        return T("表达式“{x}”有误：{why}", "the expression “{x}” is wrong: {why}").fill(
            x=text[:80], why=_words(error)
        )
    return None


def answer(effect: Effect) -> tuple[Event, rules.Decided | None]:
    """Return what comes of a decision, or that nothing does, which is an error that the drawing can catch; and what is
    to be kept of it, together with the step that asked.

    Services are not offered by anybody yet.
    """
    if effect.kind != "decision":
        return Event("failed", effect.token, name="unavailable"), None
    try:
        found = rules.decide(effect.name, facts=effect.data, record=False)
    except Missing:
        return Event("failed", effect.token, name="unavailable"), None
    except Invalid:
        return Event("failed", effect.token, name="undecided"), None
    return Event("done", effect.token, data={"result": found.result}), found


def keep(decided: rules.Decided, number: str) -> None:
    """Keep what was decided about a case."""
    rules.keep(decided, subject=f"case:{number}")


def services() -> tuple[str, ...]:
    """Return the services that a service task can call."""
    return ()


def decisions() -> tuple[str, ...]:
    """Return the decisions that a rule task can take."""
    return rules.decisions()
