"""Drawings for tests, written short: `process(*elements, *flows)`, and a tiny judge of conditions in the place of FEEL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tongzheng.kernel.cases.drawn import engine
from tongzheng.kernel.cases.drawn.engine import Effect, Event
from tongzheng.kernel.cases.drawn.model import Model, understand
from tongzheng.kernel.cases.drawn.program import Definition, compile_model
from tongzheng.kernel.cases.drawn.reading import OURS, read

HEAD = (
    '<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:tongzheng="' + OURS + '"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="D" targetNamespace="urn:test">'
)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def el(kind: str, id: str, inner: str = "", **more: str) -> str:
    """Return one element."""
    more.setdefault("name", id)
    attributes = "".join(f' {name.replace("__", ":")}="{value}"' for name, value in more.items())
    return f'<b:{kind} id="{id}"{attributes}>{inner}</b:{kind}>'


def on(kind: str, inner: str = "", **more: str) -> str:
    """Return what an event waits for or throws."""
    attributes = "".join(f' {name}="{value}"' for name, value in more.items())
    return f"<b:{kind}EventDefinition{attributes}>{inner}</b:{kind}EventDefinition>"


def after(text: str, form: str = "Duration") -> str:
    """Return a timer."""
    return on("timer", f"<b:time{form}>{text}</b:time{form}>")


def flows(*lines: str) -> str:
    """Return sequence flows of lines "a b", "a b: condition"; the flow's id is a_b."""
    out = []
    for line in lines:
        ends, _, condition = line.partition(": ")
        a, b = ends.split()
        inner = (
            f"<b:conditionExpression>{condition.replace('<', '&lt;')}</b:conditionExpression>"
            if condition
            else ""
        )
        out.append(f'<b:sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}">{inner}</b:sequenceFlow>')
    return "".join(out)


def sub(id: str, *inner: str, kind: str = "subProcess", **more: str) -> str:
    """Return a sub-process."""
    return el(kind, id, "".join(inner), **more)


def file(*inner: str, root: str = "") -> bytes:
    """Return a file with one executable process P."""
    body = "".join(inner)
    return f'{HEAD}{root}<b:process id="P" name="P" isExecutable="true">{body}</b:process></b:definitions>'.encode()


def model(*inner: str, root: str = "") -> Model:
    """Return what such a file means."""
    return understand(read(file(*inner, root=root)))


def judge(text: str, seen: Mapping[str, Any]) -> Any:
    """Return the value of "name op literal", a name, or a literal: enough to test the engine, which takes any judge."""
    text = text.strip()
    if " and " in text:
        return all(judge(part, seen) for part in text.split(" and "))
    if (found := re.fullmatch(r"(\S+) (\+|=|!=|<=|>=|<|>) (\S+)", text)) is not None:
        a, op, b = judge(found[1], seen), found[2], judge(found[3], seen)
        if op == "+":
            return a + b
        if op == "=":
            return a == b
        if op == "!=":
            return a != b
        if a is None or b is None:
            return None
        return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[op]
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if text[:1] == '"':
        return text.strip('"')
    if text[:1] == "[":
        return [judge(part, seen) for part in text.strip("[]").split(",") if part.strip()]
    if text in ("true", "false"):
        return text == "true"
    if text == "null":
        return None
    if not re.fullmatch(r"\w+", text):
        raise ValueError(f"cannot read {text}")
    return seen.get(text)


class Play:
    """A process being run, for tests: what is asked of the world is kept, what was passed is remembered."""

    def __init__(
        self, definition: Definition, variables: Mapping[str, Any] | None = None, element: str = ""
    ) -> None:
        self.definition, self.now = definition, NOW
        self.effects: list[Effect] = []
        self.path: list[str] = []
        self._take(engine.begin(definition, variables or {}, now=self.now, evaluate=judge, element=element))

    def _take(self, got: tuple[dict[str, Any], tuple[Effect, ...], tuple[str, ...]]) -> None:
        self.state, self.last, path = got
        self.effects += self.last
        self.path += path

    def happen(self, kind: str, token: str = "", *, name: str = "", **data: Any) -> Play:
        """Let something happen."""
        event = Event(kind, token, name=name, data=data)
        self._take(engine.step(self.definition, self.state, event, now=self.now, evaluate=judge))
        return self

    def work(self) -> list[str]:
        """Return the elements at which somebody has work, or a service is awaited."""
        return sorted(
            one["at"] for one in self.state["tokens"].values() if one.get("wait") in ("task", "service")
        )

    def token(self, element: str) -> str:
        """Return the first token that works at an element."""
        return next(
            key
            for key, one in self.state["tokens"].items()
            if one["at"] == element and one.get("wait") in ("task", "service", "incident")
        )

    def do(self, element: str, **data: Any) -> Play:
        """Do the work at an element."""
        return self.happen("done", self.token(element), **data)

    def fire(self, element: str) -> Play:
        """Let the time of an element's timer come."""
        key, timer = next((k, t) for k, t in self.state["timers"].items() if t["at"] == element)
        self.now = datetime.fromisoformat(timer["due"])
        return self.happen("timer", key)

    @property
    def status(self) -> str:
        """Return how the process stands."""
        return str(self.state["status"])

    @property
    def variables(self) -> dict[str, Any]:
        """Return the variables of the process."""
        if self.status == "ended":
            return dict(self.state["vars"])
        return next(one["vars"] for one in self.state["scopes"].values() if one["up"] is None)

    def asked(self, kind: str) -> list[str]:
        """Return the elements of all effects of a kind so far."""
        return [one.element for one in self.effects if one.kind == kind]


def play(*inner: str, root: str = "", variables: Mapping[str, Any] | None = None, element: str = "") -> Play:
    """Start a process of these elements."""
    return Play(compile_model(model(*inner, root=root)), variables, element)


START, END = el("startEvent", "s"), el("endEvent", "e")
