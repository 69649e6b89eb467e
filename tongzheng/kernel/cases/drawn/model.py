"""What a drawing means: processes, their elements and flows, lanes and what events wait for. Pure.

Nothing is thrown away: the model points back to the nodes of the document, and what it cannot understand it names in
`faults`, each with its place. Elements without an id get one of their line, for naming only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tongzheng.kernel.core.text import T

from .reading import BPMN, Document, Node
from .shapes import NODES, SUBS, TRIGGERS, called


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a drawing. `level`: "error" (cannot be published), "warning", "note" (kept, not run)."""

    code: str
    level: str
    element: str
    name: str
    kind: str
    line: int
    words: T


@dataclass(slots=True)
class Trigger:
    """What an event waits for or throws. `ref` is the message, signal, error or escalation; `label` its name or code;
    `form` and `text` of a timer ("date", "duration", "cycle"), `text` of a condition; `activity` of a compensation."""

    kind: str
    ref: str = ""
    label: str = ""
    form: str = ""
    text: str = ""
    activity: str = ""
    waits: bool = True


@dataclass(slots=True)
class Flow:
    """A sequence flow."""

    id: str
    name: str
    source: str
    target: str
    condition: str
    line: int


@dataclass(slots=True)
class Many:
    """How often an activity is done: in sequence or at once, or as a loop (`loop`)."""

    loop: bool
    sequential: bool = False
    count: str = ""
    items: str = ""
    item: str = ""
    results: str = ""
    result: str = ""
    done: str = ""
    before: bool = False
    most: int = 0
    behavior: str = "All"


@dataclass(slots=True, eq=False)
class Element:
    """A flow node: activity, gateway or event. `scope` is the id of the process or sub-process it stands in."""

    id: str
    kind: str
    name: str
    scope: str
    line: int
    node: Node
    lane: str = ""
    incoming: list[str] = field(default_factory=list)
    outgoing: list[str] = field(default_factory=list)
    default: str = ""
    triggers: list[Trigger] = field(default_factory=list)
    attached: str = ""
    interrupts: bool = True
    many: Many | None = None
    compensates: bool = False
    by_event: bool = False
    target: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """A process or an expanded sub-process: what stands in it. `element` is "" for a process."""

    id: str
    name: str
    line: int
    node: Node
    parent: str = ""
    elements: list[str] = field(default_factory=list)
    flows: list[str] = field(default_factory=list)
    executable: bool = False
    pool: str = ""


@dataclass(slots=True)
class Lane:
    """A lane, whose name is a role. `path` names the pool and the lanes around it."""

    id: str
    name: str
    path: tuple[str, ...]
    node: Node


@dataclass(slots=True, eq=False)
class Model:
    """A drawing understood."""

    document: Document
    name: str
    scopes: dict[str, Scope] = field(default_factory=dict)
    elements: dict[str, Element] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    processes: list[str] = field(default_factory=list)
    labels: dict[str, tuple[str, str]] = field(default_factory=dict)
    faults: list[Finding] = field(default_factory=list)
    associated: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, Node] = field(default_factory=dict)

    def at(self, id: str) -> tuple[str, str, int]:
        """Return name, kind and line of an element, flow or scope, for a finding."""
        for found in (self.elements.get(id), self.flows.get(id), self.scopes.get(id)):
            if found is not None:
                kind = found.kind if isinstance(found, Element) else "sequenceFlow"
                return found.name, "process" if isinstance(found, Scope) else kind, found.line
        node = self.ids.get(id)
        return (node.get("name"), node.local, node.line) if node else ("", "definitions", 0)

    def finding(self, code: str, level: str, id: str, words: T) -> Finding:
        """Return a finding at an element."""
        name, kind, line = self.at(id)
        named = T("{kind}“{name}”", "{kind} “{name}”").fill(kind=called(kind), name=name or id)
        return Finding(code, level, id, name, kind, line, T("{w}：{x}", "{w}: {x}").fill(w=named, x=words))


def understand(document: Document) -> Model:
    """Return what a document means. Never raises for odd content: that is in `faults`."""
    return _Understanding(document).model


def local(reference: str) -> str:
    """Return a reference without its prefix: tools write "sid-1" and "tns:sid-1" for the same thing."""
    return reference.rpartition(":")[2].strip()


class _Understanding:
    def __init__(self, document: Document) -> None:
        root = document.root
        self.model = model = Model(document, root.get("name") or root.get("id"))
        self.nameless: dict[Node, str] = {}
        if root.space != BPMN or root.local != "definitions":
            self.fault("not-bpmn", "", root, T("不是 BPMN 2.0 文件", "this is no BPMN 2.0 file"))
            return
        self._ids(root)
        self.pools: dict[str, str] = {}
        for node in root.walk():
            if node.space != BPMN:
                continue
            if node.local in ("message", "signal", "error", "escalation"):
                label = node.get("name")
                code = node.get("errorCode") or node.get("escalationCode")
                model.labels[node.get("id")] = (code or label, label or code)
            elif node.local == "participant" and node.get("processRef"):
                self.pools[local(node.get("processRef"))] = node.get("name")
            elif node.local == "association":
                source, target = local(node.get("sourceRef")), local(node.get("targetRef"))
                model.associated.setdefault(source, []).append(target)
        for node in root.children():
            if node.space == BPMN and node.local == "process":
                id = self.id_of(node)
                model.processes.append(id)
                self._scope(node, id, "")
            elif node.space == BPMN and node.local in ("choreography", "globalChoreographyTask"):
                words = T("编排不执行，只保留", "choreographies are kept, not run")
                self.fault("not-run", self.id_of(node), node, words, level="note")
        self._resolve()

    def fault(self, code: str, id: str, node: Node, words: T, level: str = "error") -> None:
        """Remember what is wrong at a node."""
        name = node.get("name")
        named = T("{kind}“{name}”", "{kind} “{name}”").fill(kind=called(node.local), name=name or id)
        words = T("{w}：{x}", "{w}: {x}").fill(w=named, x=words)
        self.model.faults.append(Finding(code, level, id, name, node.local, node.line, words))

    def _ids(self, root: Node) -> None:
        ids = self.model.ids
        for node in root.walk():
            if node.space == BPMN and (id := node.get("id")):
                if id in ids:
                    self.fault(
                        "same-id", id, node, T("编号与另一元素相同", "another element has the same id")
                    )
                else:
                    ids[id] = node

    def id_of(self, node: Node) -> str:
        """Return a node's id, or one made of its line where it has none or a taken one."""
        id = node.get("id")
        if id and self.model.ids.get(id) is node:
            return id
        return self.nameless.setdefault(node, f"@{node.local}-{node.line}-{len(self.nameless)}")

    def _scope(self, node: Node, id: str, parent: str) -> None:
        model = self.model
        scope = Scope(id, node.get("name"), node.line, node, parent)
        scope.executable = node.get("isExecutable").lower() == "true"
        scope.pool = self.pools.get(id, "")
        model.scopes[id] = scope
        for child in node.children():
            if child.space != BPMN:
                continue
            if child.local == "sequenceFlow":
                self._flow(child, scope)
            elif child.local in NODES:
                self._element(child, scope)
            elif child.local == "laneSet":
                self._lanes(child, (scope.pool or scope.name,))

    def _flow(self, node: Node, scope: Scope) -> None:
        condition = node.child("conditionExpression")
        id = self.id_of(node)
        source, target = local(node.get("sourceRef")), local(node.get("targetRef"))
        text = expression(condition)
        self.model.flows[id] = Flow(id, node.get("name"), source, target, text, node.line)
        scope.flows.append(id)

    def _element(self, node: Node, scope: Scope) -> None:
        model = self.model
        id = self.id_of(node)
        element = Element(id, node.local, node.get("name"), scope.id, node.line, node)
        element.default = local(node.get("default"))
        element.compensates = node.get("isForCompensation").lower() == "true"
        element.by_event = node.get("triggeredByEvent").lower() == "true"
        element.attached = local(node.get("attachedToRef"))
        flag = "cancelActivity" if node.local == "boundaryEvent" else "isInterrupting"
        element.interrupts = node.get(flag, "true").lower() != "false"
        element.target = local(node.get("calledElement"))
        element.triggers = list(self._triggers(node))
        for trigger in element.triggers:
            if trigger.kind in ("message", "signal") and not trigger.ref:
                trigger.label = element.name  # many drawings name the event and not what it waits for
        element.many = _many(node)
        model.elements[id] = element
        scope.elements.append(id)
        if node.local in SUBS:
            self._scope(node, id, scope.id)

    def _triggers(self, node: Node) -> Iterator[Trigger]:
        for child in node.children():
            if child.space != BPMN:
                continue
            if child.local == "eventDefinitionRef":
                found = self.model.ids.get(local(child.text()))
                if found is None:
                    self.fault("unknown-reference", self.id_of(node), node, _unknown(child.text()))
                    continue
                child = found  # noqa: PLW2901 — the definition stands elsewhere in the file
            if child.local in TRIGGERS:
                yield self._trigger(TRIGGERS[child.local], child)

    def _trigger(self, kind: str, node: Node) -> Trigger:
        trigger = Trigger(kind)
        if kind == "timer":
            for form, name in (("date", "timeDate"), ("duration", "timeDuration"), ("cycle", "timeCycle")):
                if (found := node.child(name)) is not None:
                    trigger.form, trigger.text = form, expression(found)
        elif kind == "conditional":
            trigger.text = expression(node.child("condition"))
        elif kind == "link":
            trigger.label = node.get("name")
        elif kind == "compensation":
            trigger.activity = local(node.get("activityRef"))
            trigger.waits = node.get("waitForCompletion", "true").lower() != "false"
        elif kind in ("message", "signal", "error", "escalation"):
            trigger.ref = local(node.get(f"{kind}Ref"))
            trigger.label = self.model.labels.get(trigger.ref, (trigger.ref, ""))[0]
        return trigger

    def _lanes(self, node: Node, path: tuple[str, ...]) -> None:
        model = self.model
        for child in node.every("lane"):
            id = self.id_of(child)
            inner = (*path, child.get("name"))
            model.lanes[id] = Lane(id, child.get("name"), inner, child)
            for ref in child.every("flowNodeRef"):
                model.associated.setdefault(f"lane:{local(ref.text())}", []).append(id)
            for more in child.every("childLaneSet"):
                self._lanes(more, inner)

    def _resolve(self) -> None:
        """Join flows to elements and elements to their lanes; name what points nowhere."""
        model = self.model
        for flow in model.flows.values():
            source, target = model.elements.get(flow.source), model.elements.get(flow.target)
            for end, found in ((flow.source, source), (flow.target, target)):
                if found is None:
                    model.faults.append(model.finding("unknown-reference", "error", flow.id, _unknown(end)))
            if source is not None and target is not None:
                if source.scope != target.scope:
                    words = T("不能跨越子流程边界", "it may not cross the border of a sub-process")
                    model.faults.append(model.finding("flow-crosses", "error", flow.id, words))
                    continue
                source.outgoing.append(flow.id)
                target.incoming.append(flow.id)
        for element in model.elements.values():
            found_lanes = model.associated.get(f"lane:{element.id}")
            if found_lanes:
                element.lane = found_lanes[-1]
        for element in model.elements.values():
            scope = model.scopes.get(element.scope)
            while not element.lane and scope is not None and scope.parent:
                element.lane = model.elements[scope.id].lane
                scope = model.scopes.get(scope.parent)


def _unknown(reference: str) -> T:
    return T("所指的“{ref}”不存在", "“{ref}”, to which it refers, does not exist").fill(
        ref=reference[:80] or "—"
    )


def expression(node: Node | None) -> str:
    """Return an expression's text; the sign "=" that some tools put before FEEL is no part of it."""
    if node is None:
        return ""
    text = node.text()
    return text[1:].strip() if text.startswith("=") else text


def _many(node: Node) -> Many | None:
    if (loop := node.child("standardLoopCharacteristics")) is not None:
        most = loop.get("loopMaximum")
        return Many(
            loop=True,
            done=expression(loop.child("loopCondition")),
            before=loop.get("testBefore").lower() == "true",
            most=int(most) if most.isascii() and most.isdigit() and len(most) < 7 else 0,
        )
    many = node.child("multiInstanceLoopCharacteristics")
    if many is None:
        return None
    vendor: dict[str, str] = {}
    for child in many.walk():
        if child is many or child.local == "loopCharacteristics":
            for name, value in child.attributes.items():
                vendor.setdefault(local(name), value)
    item = many.child("inputDataItem")
    result = many.child("outputDataItem")
    items = many.child("loopDataInputRef")
    results = many.child("loopDataOutputRef")
    return Many(
        loop=False,
        sequential=many.get("isSequential").lower() == "true",
        count=expression(many.child("loopCardinality")),
        items=_plain(
            items.text() if items else vendor.get("collection") or vendor.get("inputCollection", "")
        ),
        item=(item.get("name") or item.get("id"))
        if item
        else vendor.get("elementVariable") or vendor.get("inputElement", ""),
        results=results.text() if results else vendor.get("outputCollection", ""),
        result=(result.get("name") or result.get("id"))
        if result
        else _plain(vendor.get("outputElement", "")),
        done=expression(many.child("completionCondition")),
        behavior=many.get("behavior", "All"),
    )


def _plain(text: str) -> str:
    text = text.strip()
    return text[1:].strip() if text.startswith("=") else text
