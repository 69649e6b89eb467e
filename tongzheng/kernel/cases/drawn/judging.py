"""What the pure engine asks of the rules engine: the value of a FEEL expression, the outcome of a decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.rules import api as rules

from .engine import Effect, Event
from .state import Wrong


def evaluate(text: str, seen: Mapping[str, Any]) -> Any:
    """Return the value of a FEEL expression. Raises Wrong."""
    try:
        return rules.evaluate(text, seen).value
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


def answer(effect: Effect) -> Event:
    """Return what comes of a decision, or that nothing does, which is an error that the drawing can catch.

    Services are not offered by anybody yet. What is decided is kept as decided about the case.
    """
    if effect.kind != "decision":
        return Event("failed", effect.token, name="unavailable")
    number = effect.data.get("case_number")
    try:
        found = rules.decide(
            effect.name,
            facts=effect.data,
            subject=f"case:{number}" if number else "",
            record=bool(number),
        )
    except Missing:
        return Event("failed", effect.token, name="unavailable")
    except Invalid:
        return Event("failed", effect.token, name="undecided")
    return Event("done", effect.token, data={"result": found.result})


def services() -> tuple[str, ...]:
    """Return the services that a service task can call."""
    return ()


def decisions() -> tuple[str, ...]:
    """Return the decisions that a rule task can take."""
    return rules.decisions()
