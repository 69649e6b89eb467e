"""A drawing compiled: one process with all it needs, in the shape in which it is run. Pure and never changed.

Our own words in a drawing stand in the namespace `urn:tongzheng:bpmn:1`, as attributes of an element (service,
decision, action, result, due, unit) or as elements in its `extensionElements` (field, input, output).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tongzheng.kernel.core.text import T

from . import places
from .model import Element, Finding, Many, Model, Trigger, local
from .reading import Node
from .shapes import ACTIVITIES, GLOBAL_TASKS, SUBS, UNRUN

DEEPEST = 50


@dataclass(slots=True, eq=False)
class Place:
    """One element as it is run. `rules`: what our own words and other tools' say about it (service, decision,
    script, result, action, due, unit, message); `inputs`, `outputs`: name and expression."""

    id: str
    kind: str
    name: str
    scope: str
    lane: str
    outs: tuple[str, ...]
    ins: tuple[str, ...]
    default: str
    triggers: tuple[Trigger, ...]
    attached: str
    interrupts: bool
    many: Many | None
    compensates: bool
    boundary: tuple[str, ...] = ()
    handler: str = ""
    target: str = ""
    rules: dict[str, str] = field(default_factory=dict)
    inputs: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    fields: tuple[dict[str, str], ...] = ()


@dataclass(slots=True, eq=False)
class Room:
    """A process or sub-process as it is run: where it starts, which event sub-processes wait in it."""

    id: str
    name: str
    parent: str
    starts: tuple[str, ...]
    watching: tuple[str, ...]
    """Start events of the event sub-processes inside."""


@dataclass(slots=True, eq=False)
class Definition:
    """A process ready to run. `unrun`: what it has that cannot be run, each with its place."""

    process: str
    name: str
    places: dict[str, Place]
    rooms: dict[str, Room]
    flows: dict[str, tuple[str, str, str]]
    """By id: source, target, condition."""
    watched: dict[str, str]
    """The event sub-process that a start event belongs to."""
    unrun: list[Finding]
    starts: tuple[str, ...] = ()
    expressions: tuple[tuple[str, str], ...] = ()
    """Every expression with the element it stands at."""
    reach: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)
    """For each inclusive or complex gateway: from each element, which of its incoming flows can be reached."""


class NotRunnable(Exception):
    """There is nothing in the drawing that could be run."""


def choose(model: Model) -> str:
    """Return the process that is run: the first marked executable, else the one with most elements. Raises
    NotRunnable."""
    for id in model.processes:
        if model.scopes[id].executable and model.scopes[id].elements:
            return id
    full = [id for id in model.processes if model.scopes[id].elements]
    if not full:
        raise NotRunnable("no process has an element")
    return max(full, key=lambda id: len(model.scopes[id].elements))


def compile_model(model: Model, process: str = "") -> Definition:
    """Return a process of the model, ready to run. Raises NotRunnable if there is none."""
    chosen = process or choose(model)
    if chosen not in model.processes:
        raise NotRunnable(f"no process {chosen}")
    return _Compiling(model, chosen).definition


class _Compiling:
    def __init__(self, model: Model, process: str) -> None:
        self.model = model
        self.definition = Definition(process, model.scopes[process].name, {}, {}, {}, {}, [])
        self.expressions: list[tuple[str, str]] = []
        todo = [(process, 0)]
        done: set[str] = set()
        while todo:
            scope, depth = todo.pop()
            if scope in done:
                continue
            done.add(scope)
            if depth > DEEPEST:
                self.unrun("too-deep", scope, T("嵌套太深，不能执行", "nested too deep to be run"))
                continue
            todo += [(inner, depth + 1) for inner in self._room(scope)]
        self._second()

    def unrun(self, code: str, id: str, words: T, level: str = "note") -> None:
        """Remember what cannot be run."""
        self.definition.unrun.append(self.model.finding(code, level, id, words))

    def _room(self, id: str) -> Iterable[str]:
        """Compile one scope; return those that lie inside it or are called from it."""
        model, definition = self.model, self.definition
        scope = model.scopes[id]
        inner: list[str] = []
        starts: list[str] = []
        watching: list[str] = []
        for flow_id in scope.flows:
            flow = model.flows[flow_id]
            definition.flows[flow_id] = (flow.source, flow.target, flow.condition)
            if flow.condition:
                self.expressions.append((flow_id, flow.condition))
        for name in scope.elements:
            element = model.elements[name]
            place = self._place(element)
            definition.places[name] = place
            if element.kind in UNRUN or element.kind == "adHocSubProcess":
                self.unrun("not-run", name, T("只保留，不执行", "kept, not run"))
            if element.kind in SUBS and element.kind != "adHocSubProcess":
                inner.append(name)
                if element.by_event:
                    for start in self._starts(name):
                        watching.append(start)
                        definition.watched[start] = name
            if element.kind == "callActivity":
                inner += self._called(element, place)
        starts = list(self._starts(id))
        if not starts:
            # Without a start event everything that nothing leads to begins at once.
            starts = [
                name
                for name in scope.elements
                if not (one := model.elements[name]).incoming
                and one.kind not in ("boundaryEvent", "startEvent")
                and not one.by_event
                and not one.compensates
                and not (one.kind == "intermediateCatchEvent" and any(t.kind == "link" for t in one.triggers))
            ]
        parent = scope.parent
        definition.rooms[id] = Room(id, scope.name, parent, tuple(starts), tuple(watching))
        if id == definition.process:
            definition.starts = tuple(starts)
        return inner

    def _starts(self, scope: str) -> Iterable[str]:
        for name in self.model.scopes[scope].elements:
            if self.model.elements[name].kind == "startEvent":
                yield name

    def _called(self, element: Element, place: Place) -> Iterable[str]:
        model = self.model
        target = element.target
        if target in model.processes:
            return (target,)
        node = model.ids.get(target)
        if node is not None and node.local in GLOBAL_TASKS:
            # A global task is done as if it stood here.
            place.kind = GLOBAL_TASKS[node.local]
            self._words(place, node)
            return ()
        self.unrun(
            "unknown-call",
            element.id,
            T("调用的流程“{id}”不在本文件里", "the process “{id}” that it calls is not in this file").fill(
                id=target or "—"
            ),
            "warning",
        )
        return ()

    def _place(self, element: Element) -> Place:
        many = element.many
        place = Place(
            element.id,
            element.kind,
            element.name,
            element.scope,
            element.lane,
            tuple(element.outgoing),
            tuple(element.incoming),
            element.default,
            tuple(element.triggers),
            element.attached,
            element.interrupts,
            many,
            element.compensates,
            target=element.target,
        )
        if many is not None:
            many.items = self._data(many.items)
            many.results = self._data(many.results)
            self.expressions += [(element.id, text) for text in (many.count, many.items, many.done) if text]
        for trigger in element.triggers:
            if trigger.kind == "conditional" and trigger.text:
                self.expressions.append((element.id, trigger.text))
        self._words(place, element.node)
        return place

    def _words(self, place: Place, node: Node) -> None:
        place.rules = places.rules(place.kind, node, self.model)
        lane = self.model.lanes.get(place.lane)
        if lane is not None:
            # Who works in a lane is said once, at the lane.
            for name in ("action", "organisation"):
                if said := places.own(lane.node, name):
                    place.rules.setdefault(name, said)
        place.inputs, place.outputs = places.mappings(node)
        place.fields = places.fields(node)
        for name in ("script", "organisation", "handler"):
            if place.rules.get(name):
                self.expressions.append((place.id, place.rules[name]))
        self.expressions += [(place.id, text) for _, text in (*place.inputs, *place.outputs)]

    def _data(self, reference: str) -> str:
        """Return the name of the data that an id refers to, or the expression as it is."""
        node = self.model.ids.get(local(reference)) if reference else None
        if node is None:
            return reference
        referred = self.model.ids.get(local(node.get("dataObjectRef")))
        name = node.get("name") or (referred.get("name") if referred else "")
        return name or reference

    def _second(self) -> None:
        """Join boundary events to their activities and compensation to its handlers, and see who can reach whom."""
        model, definition = self.model, self.definition
        boundary: dict[str, list[str]] = {}
        for place in definition.places.values():
            if place.kind == "boundaryEvent":
                boundary.setdefault(place.attached, []).append(place.id)
                if any(trigger.kind == "compensation" for trigger in place.triggers):
                    handlers = [id for id in model.associated.get(place.id, ()) if id in definition.places]
                    if handlers and place.attached in definition.places:
                        definition.places[place.attached].handler = handlers[0]
        for id, names in boundary.items():
            if id in definition.places:
                definition.places[id].boundary = tuple(names)
        for place in definition.places.values():
            if place.kind in ("inclusiveGateway", "complexGateway"):
                if place.kind == "complexGateway" and place.rules.get("activation"):
                    self.expressions.append((place.id, place.rules["activation"]))
                definition.reach[place.id] = self._reach(place)
            elif place.kind == "callActivity" and place.target not in definition.rooms:
                place.target = ""
        definition.expressions = tuple(self.expressions)

    def _reach(self, gate: Place) -> dict[str, frozenset[str]]:
        """Return, for each element of the gateway's scope, the incoming flows to which a way leads that does not pass
        the gateway itself."""
        places, flows = self.definition.places, self.definition.flows
        found: dict[str, set[str]] = {}
        for flow in gate.ins:
            todo = [flows[flow][0]]
            seen: set[str] = set()
            while todo:
                id = todo.pop()
                if id in seen or id == gate.id or id not in places:
                    continue
                seen.add(id)
                found.setdefault(id, set()).add(flow)
                place = places[id]
                todo += [flows[into][0] for into in place.ins]
                if place.attached:
                    todo.append(place.attached)
        return {id: frozenset(flow_ids) for id, flow_ids in found.items()}


def is_activity(place: Place) -> bool:
    """Tell whether a place is an activity: work, not routing."""
    return place.kind in ACTIVITIES
