"""The state of a running process and what a step does to it: plain values that go into a JSON column. Pure.

State: {"status", "n" (the last number given), "tokens", "scopes", "timers"}.
Token: {"at" place, "in" scope, and as need be "wait" (what for), "sub" (scope it runs), "of" (the many-token whose
instance it is), "many", "loop", "flow" (by which it came to a join), "fired" (boundary events that have fired),
"comp" (who asked for this compensation), "queue", "incident"}.
Scope: {"of" room, "up" scope around it, "by" token that runs it, "vars", "live" tokens in it, "done" (what could be
compensated), "one" (it is one instance of many), "event" (it is an event sub-process's)}.
Timer: {"tk" token or "", "sc" scope, "at" element, "due", "left"}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tongzheng.kernel.core.text import T

from .program import Definition, Place

State = dict[str, Any]
Evaluate = Callable[[str, Mapping[str, Any]], Any]
"""Returns the value of a FEEL expression in the light of variables; whatever it raises is an incident."""

MOST_STEPS = 10_000
MOST_TOKENS = 2_000
MOST_SCOPES = 500
MOST_INSTANCES = 1_000
MOST_DEEP = 50


class Runaway(Exception):
    """One event would have set more in motion than is allowed; the state is as it was before."""


class NotWaiting(Exception):
    """Nothing in this state waits for the event."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to a process.

    `kind`: "start" (element: which start event, "" the plain one), "done" (a task's or service's token, with its
    results), "failed" (a token; name: the error's code), "escalated" (a token; name: the escalation's code), "timer"
    (token: the timer's number), "message", "signal" (by name), "changed" (variables only), "retry" (a token).
    """

    kind: str
    token: str = ""
    element: str = ""
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a step asks of the world.

    `kind`: "task" (somebody has work), "untask", "service", "unservice", "decision", "message", "signal", "timer"
    (data: due), "untimer", "incident" (words), "error" (nobody caught it), "ended".
    """

    kind: str
    token: str = ""
    element: str = ""
    name: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    words: T | None = None


class Wrong(Exception):
    """Something in the drawing or its data keeps a token from going on: an incident, with words for people."""

    def __init__(self, words: T) -> None:
        super().__init__(words.en)
        self.words = words


def new_state() -> State:
    """Return the state of a process that has not begun."""
    return {"status": "new", "n": 0, "tokens": {}, "scopes": {}, "timers": {}}


class Run:
    """One step: the state being changed, and the work still to be done in it."""

    def __init__(self, definition: Definition, state: State, now: datetime, evaluate: Evaluate) -> None:
        self.definition = definition
        self.state = state
        self.tokens: dict[str, dict[str, Any]] = state["tokens"]
        self.scopes: dict[str, dict[str, Any]] = state["scopes"]
        self.timers: dict[str, dict[str, Any]] = state["timers"]
        self.now = now
        self._evaluate = evaluate
        self.effects: list[Effect] = []
        self.path: list[str] = []
        self.queue: list[tuple[str, str]] = []
        self.steps = 0
        self.changed = True

    def number(self) -> str:
        """Return a new number, for a token, scope or timer."""
        self.state["n"] += 1
        return str(self.state["n"])

    def count(self) -> None:
        """Count one step. Raises Runaway past the bound."""
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Runaway(f"more than {MOST_STEPS} steps")

    def place(self, token: str) -> Place:
        """Return where a token is."""
        return self.definition.places[self.tokens[token]["at"]]

    def put(self, place: str, scope: str, **more: Any) -> str:
        """Put a new token somewhere, to be worked on; return its number."""
        if len(self.tokens) >= MOST_TOKENS:
            raise Runaway(f"more than {MOST_TOKENS} tokens")
        token = self.number()
        self.tokens[token] = {"at": place, "in": scope, **more}
        self.scopes[scope]["live"] += 1
        self.queue.append(("arrive", token))
        self.changed = True
        return token

    def drop(self, token: str) -> None:
        """Take a token away, with its timers; the scope may be over then."""
        found = self.tokens.pop(token)
        self.clear_timers(token)
        scope = self.scopes.get(found["in"])
        if scope is not None:
            scope["live"] -= 1
            if scope["live"] == 0:
                self.queue.append(("over", found["in"]))

    def kill(self, token: str) -> None:
        """Take a token away with everything that goes on in it."""
        todo = [token]
        while todo:
            key = todo.pop()
            found = self.tokens.get(key)
            if found is None:
                continue
            self.count()
            todo += [other for other, one in self.tokens.items() if one.get("of") == key]
            for sub in [found.get("sub")]:
                if sub is not None and sub in self.scopes:
                    todo += [other for other, one in self.tokens.items() if one["in"] == sub]
                    self.end_scope(sub)
            wait = found.get("wait")
            if wait in ("task", "service"):
                self.effects.append(Effect("un" + wait, key, found["at"]))
            inner = found["in"]
            self.drop(key)
            if self.scopes.get(inner, {}).get("one") and inner in self.scopes and key != token:
                self.end_scope(inner)

    def clear_scope(self, scope: str, spared: str = "") -> None:
        """Kill every token of a scope but one."""
        for key in [key for key, one in self.tokens.items() if one["in"] == scope and key != spared]:
            self.kill(key)

    def open_scope(self, room: str, up: str | None, by: str, **more: Any) -> str:
        """Open a scope; return its number."""
        if len(self.scopes) >= MOST_SCOPES:
            raise Runaway(f"more than {MOST_SCOPES} scopes")
        deep, above = 0, up
        while above is not None:
            deep, above = deep + 1, self.scopes[above]["up"]
        if deep > MOST_DEEP:
            raise Runaway(f"nested more than {MOST_DEEP} deep")
        scope = self.number()
        self.scopes[scope] = {"of": room, "up": up, "by": by, "vars": {}, "live": 0, **more}
        return scope

    def end_scope(self, scope: str) -> None:
        """Forget a scope and what waited in it."""
        self.scopes.pop(scope, None)
        for timer in [key for key, one in self.timers.items() if one["sc"] == scope and not one["tk"]]:
            self.clear_timer(timer)

    # Timers

    def set_timer(self, at: str, due: datetime, left: int, *, token: str = "", scope: str) -> None:
        """Ask to be told at a time."""
        key = self.number()
        self.timers[key] = {"tk": token, "sc": scope, "at": at, "due": due.isoformat(), "left": left}
        self.effects.append(Effect("timer", key, at, data={"due": due.isoformat()}))

    def clear_timer(self, timer: str) -> None:
        """Ask no longer."""
        found = self.timers.pop(timer)
        self.effects.append(Effect("untimer", timer, found["at"]))

    def clear_timers(self, token: str) -> None:
        """Clear the timers of a token."""
        if self.timers:
            for timer in [key for key, one in self.timers.items() if one["tk"] == token]:
                self.clear_timer(timer)

    # Variables

    def variables(self, scope: str) -> dict[str, Any]:
        """Return every variable that is seen from a scope, the nearest first."""
        chain = []
        found: str | None = scope
        while found is not None:
            chain.append(self.scopes[found])
            found = None if "apart" in chain[-1] else chain[-1]["up"]  # a called process sees its own only
        seen: dict[str, Any] = {}
        for one in reversed(chain):
            seen.update(one["vars"])
        return seen

    def assign(self, scope: str, values: Mapping[str, Any]) -> None:
        """Set variables: each where it is known, a new one at the process."""
        for name, value in values.items():
            at = scope
            while name not in self.scopes[at]["vars"]:
                above = self.scopes[at]["up"]
                if above is None or "apart" in self.scopes[at]:
                    break
                at = above
            self.scopes[at]["vars"][str(name)] = plain(value)
            self.changed = True

    def value(self, text: str, scope: str, more: Mapping[str, Any] | None = None) -> Any:
        """Return the value of an expression. Raises Wrong."""
        self.count()
        seen = self.variables(scope)
        if more:
            seen.update(more)
        try:
            return plain(self._evaluate(text, seen))
        except (
            Exception
        ) as error:  # whatever the evaluator raises: it is another engine's, and no case may be harmed
            words = getattr(error, "words", None)
            why = words if isinstance(words, T) else T(str(error)[:200], str(error)[:200])
            raise Wrong(
                T("表达式“{text}”不能计算：{why}", "the expression “{text}” cannot be evaluated: {why}").fill(
                    text=text[:100], why=why
                )
            ) from None

    def true(self, text: str, scope: str, more: Mapping[str, Any] | None = None) -> bool:
        """Tell whether a condition holds; null is no."""
        value = self.value(text, scope, more)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise Wrong(
            T("条件“{text}”的结果不是真或假", "the condition “{text}” is neither true nor false").fill(
                text=text[:100]
            )
        )

    def incident(self, token: str, words: T) -> None:
        """Keep a token where it is, with why."""
        found = self.tokens[token]
        found["wait"], found["incident"] = "incident", words.to_json()
        self.effects.append(Effect("incident", token, found["at"], words=words))


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, bool | int | str | None):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return f"PT{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "S"
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    return str(value)
