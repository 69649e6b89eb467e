"""Trying a drawing with sample facts: the very engine that runs cases, with everybody doing their work at once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Fault
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import kinds as definitions

from . import engine, judging, living
from .engine import Event, NotWaiting, Runaway
from .model import Model, understand
from .program import Definition, NotRunnable, Place, compile_model
from .reading import read
from .shapes import called

MOST_STEPS = 300
KINDS = {"integer": "number", "decimal": "number", "money": "number", "bool": "bool", "date": "date"}
WORK = ("userTask", "manualTask")


def asks(content: str) -> tuple[definitions.Ask, ...]:
    """Return the facts that a trial of a drawing wants: the entries of its forms, and what its services would give."""
    try:
        definition = _ready(content)[1]
    except (Fault, NotRunnable):
        return ()
    found: dict[str, definitions.Ask] = {}
    for place in definition.places.values():
        for entry in place.fields:
            field = living.field_of(entry)
            if not field.personal:
                title = T("{step}：{entry}", "{step}: {entry}").fill(step=_name(place), entry=field.title)
                choices = tuple(value for value, _ in field.choices)
                found.setdefault(
                    field.name,
                    definitions.Ask(field.name, title, KINDS.get(field.kind, "text"), choices=choices),
                )
        if place.kind in ("serviceTask", "businessRuleTask"):
            name = place.rules.get("result") or place.id
            title = T("“{step}”的结果", "What “{step}” gives").fill(step=_name(place))
            found.setdefault(name, definitions.Ask(name, title, "json", example="true"))
    return tuple(found.values())[:60]


def _ready(content: str) -> tuple[Model, Definition]:
    from .defining import plain  # it offers this module

    model = understand(read(plain(content)))
    return model, compile_model(model)


def _name(place: Place) -> T:
    return T(place.name or place.id, place.rules.get("en") or place.name or place.id)


def simulate(content: str, facts: Mapping[str, Any]) -> definitions.Simulation:
    """Run a drawing with sample facts and return every step of it. Timers fire as soon as nothing else is to be done;
    a message from outside, and a task that cannot go on, end the trial and are named."""
    try:
        model, definition = _ready(content)
    except NotRunnable:
        return definitions.Simulation(
            findings=(_finding("", T("没有可以执行的流程", "there is no process to run")),)
        )
    typed = {one.name: one.kind for one in asks(content)}
    given = {name: _value(value, typed.get(name, "text")) for name, value in facts.items()}
    trial = _Trial(model, definition, {name: value for name, value in given.items() if value is not None})
    try:
        trial.run()
    except Runaway:
        words = T("会无休止地走下去", "it would never come to rest")
        trial.findings.append(_finding("", words))
    except NotWaiting as stopped:
        trial.findings.append(_finding("", T(f"不能开始：{stopped}", f"it cannot begin: {stopped}")))
    return definitions.Simulation(tuple(trial.steps), trial.results(), tuple(trial.findings))


def _value(typed: Any, kind: str) -> Any:
    """Return a fact as it was meant: the trial's page knows text only."""
    if not isinstance(typed, str):
        return typed
    text = typed.strip()
    if not text:
        return None
    if kind == "bool":
        return text.lower() in ("true", "yes", "1", "是", "on")
    if kind in ("number", "json"):
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def _finding(place: str, words: T) -> definitions.Finding:
    return definitions.Finding("error", place, words)


class _Trial:
    def __init__(self, model: Model, definition: Definition, facts: dict[str, Any]) -> None:
        self.model, self.definition, self.facts = model, definition, facts
        self.now = clock.now()
        self.steps: list[definitions.Step] = []
        self.findings: list[definitions.Finding] = []
        self.state: dict[str, Any] = {}

    def run(self) -> None:
        begun = engine.begin(
            self.definition,
            {name: value for name, value in self.facts.items() if name in self._of_start()},
            now=self.now,
            evaluate=judging.evaluate,
        )
        self._take(*begun)
        while self.state["status"] == "running" and len(self.steps) < MOST_STEPS:
            event = self._next()
            if event is None:
                break
            self._take(
                *engine.step(self.definition, self.state, event, now=self.now, evaluate=judging.evaluate)
            )
        self._end()

    def _of_start(self) -> set[str]:
        return {
            entry.get("name", "")
            for name in self.definition.starts
            for entry in self.definition.places[name].fields
        }

    def _take(self, state: dict[str, Any], effects: tuple[engine.Effect, ...], path: tuple[str, ...]) -> None:
        self.state = state
        for id in path:
            place = self.definition.places.get(id)
            if place is not None:
                words = T("{kind}“{name}”", "{kind} “{name}”").fill(
                    kind=called(place.kind), name=_name(place)
                )
                self.steps.append(definitions.Step(id, words))
            elif (flow := self.model.flows.get(id)) is not None and flow.name:
                self.steps.append(
                    definitions.Step(id, T(f"走“{flow.name}”", f"by “{flow.name}”"), flow.condition)
                )
        for effect in effects:
            if effect.words is not None:
                self.findings.append(_finding(effect.element, effect.words))

    def _next(self) -> Event | None:
        """Return what happens next: the first work done, else the first timer."""
        for key, token in sorted(self.state["tokens"].items(), key=lambda one: int(one[0])):
            place = self.definition.places[token["at"]]
            if token.get("wait") == "task":
                names = {entry.get("name", "") for entry in place.fields}
                return Event("done", key, data={n: v for n, v in self.facts.items() if n in names})
            if token.get("wait") == "service":
                name = place.rules.get("result") or place.id
                return Event("done", key, data={"result": self.facts.get(name)})
        timers = sorted((one["due"], key) for key, one in self.state["timers"].items())
        if not timers:
            return None
        due, timer = timers[0]
        self.now = max(self.now, datetime.fromisoformat(due))
        at = self.state["timers"][timer]["at"]
        words = T("到时", "Time reached")
        self.steps.append(definitions.Step(at, words, f"{self.now.astimezone(clock.CHINA):%Y-%m-%d %H:%M}"))
        return Event("timer", timer)

    def _end(self) -> None:
        if self.state["status"] != "running":
            return
        for kind, name, token in engine.waiting_for(self.definition, self.state):
            at = self.state["tokens"][token]["at"] if token else ""
            words = T("在等{kind}“{name}”", "it waits for the {kind} “{name}”").fill(
                kind=T("消息", "message") if kind == "message" else T("信号", "signal"), name=name
            )
            self.findings.append(definitions.Finding("warning", at, words))
        if len(self.steps) >= MOST_STEPS:
            words = T("试走到第 {n} 步为止", "the trial ended after {n} steps").fill(n=MOST_STEPS)
            self.findings.append(definitions.Finding("warning", "", words))

    def results(self) -> tuple[tuple[str, str], ...]:
        """Return how it ended, and every variable."""
        if not self.state:
            return ()
        seen = self.state.get("vars")
        if seen is None:
            roots = [scope["vars"] for scope in self.state["scopes"].values() if scope["up"] is None]
            seen = roots[0] if roots else {}
        status = str(engine.STATUS[self.state["status"]])
        return (
            (str(T("流程", "process")), status),
            *((name, orjson.dumps(value).decode()[:200]) for name, value in seen.items()),
        )
