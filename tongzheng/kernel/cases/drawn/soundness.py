"""What is asked of a drawing before it is published: each finding with element, name and a sentence in two languages.
Pure: the services, decisions and actions that there are, and a check of expressions, are handed in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from tongzheng.kernel.core.text import T

from . import timing
from .exploring import explore
from .model import Element, Finding, Model, Trigger
from .program import Definition, NotRunnable, Place, compile_model
from .shapes import ACTIVITIES, ALLOWED, SUBS, TRIGGER_WORDS

LEVELS = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to refer to; None: not asked. `faulty` says what is wrong with an expression, None if nothing."""

    services: Collection[str] | None = None
    decisions: Collection[str] | None = None
    actions: Collection[str] | None = None
    faulty: Callable[[str], T | None] | None = None


def examine(model: Model, *, now: datetime, known: Known | None = None) -> list[Finding]:
    """Return everything found in a drawing, errors first, in the order of the file."""
    found = list(model.faults)
    for element in model.elements.values():
        for code, level, words in _element(model, element, now):
            found.append(model.finding(code, level, element.id, words))
    if any(model.scopes[id].elements for id in model.processes):
        for process in model.processes:
            if model.scopes[process].elements:
                found += _process(model, process, known or Known())
    else:
        found.append(
            model.finding("nothing", "error", "", T("没有可以执行的流程", "there is no process to run"))
        )
    unique = {(one.code, one.element): one for one in found}
    return sorted(unique.values(), key=lambda one: (LEVELS.index(one.level), one.line, one.code))


def _process(model: Model, process: str, known: Known) -> list[Finding]:
    try:
        definition = compile_model(model, process)
    except NotRunnable:
        return []
    found = list(definition.unrun)
    for place in definition.places.values():
        found += [
            model.finding(code, level, place.id, words)
            for code, level, words in _place(place, known, definition)
        ]
    for id, text in definition.expressions:
        if text.startswith(("${", "#{")):
            words = T("“{x}”不是 FEEL 表达式", "“{x}” is no FEEL expression").fill(x=text[:80])
            found.append(model.finding("not-feel", "error", id, words))
        elif known.faulty is not None and (why := known.faulty(text)) is not None:
            found.append(model.finding("bad-expression", "error", id, why))
    for room in definition.rooms.values():
        found += _ways(model, definition, room.id)
    return found


Said = Iterator[tuple[str, str, T]]


def _element(model: Model, element: Element, now: datetime) -> Said:
    """Yield what is wrong with an element by itself."""
    kind = element.kind
    outs = [model.flows[flow] for flow in element.outgoing]
    if element.default and element.default not in element.outgoing:
        yield "unknown-default", "error", T("默认流向不是它自己的", "its default flow is none of its own")
    if kind == "boundaryEvent":
        host = model.elements.get(element.attached)
        if host is None:
            yield "boundary-on-nothing", "error", T("没有附着在任何活动上", "it is attached to nothing")
        elif host.kind not in ACTIVITIES:
            yield (
                "boundary-on-nothing",
                "error",
                T("只能附着在活动上", "it can be attached to an activity only"),
            )
        if not element.triggers:
            yield "no-trigger", "error", T("没有写明等什么", "it does not say what it waits for")
        if element.incoming:
            yield "flow-into-boundary", "error", T("不能有进入的流", "no flow may lead to it")
    if kind == "startEvent" and element.incoming:
        yield "flow-into-start", "error", T("不能有进入的流", "no flow may lead to it")
    if kind == "endEvent" and element.outgoing:
        yield "flow-from-end", "error", T("不能有离开的流", "no flow may lead from it")
    if kind == "intermediateCatchEvent" and not element.triggers:
        yield "no-trigger", "error", T("没有写明等什么", "it does not say what it waits for")
    if kind in ("exclusiveGateway", "inclusiveGateway", "complexGateway") and len(outs) > 1:
        bare = [flow for flow in outs if not flow.condition and flow.id != element.default]
        if bare and (kind == "exclusiveGateway" or len(bare) == len(outs)):
            names = "、".join(
                flow.name or (end.name if (end := model.elements.get(flow.target)) else "") or flow.id
                for flow in bare[:5]
            )
            words = T("流向“{names}”没有条件", "no condition on the way “{names}”")
            yield "no-condition", "error", words.fill(names=names)
        elif not element.default and not bare:
            yield (
                "no-default",
                "warning",
                T("没有默认流向：条件都不成立时会停住", "no default flow: it stops when no condition holds"),
            )
    if kind == "eventBasedGateway":
        yield from _event_gateway(model, element)
    yield from _triggers(model, element, now)
    if element.many is not None and not element.many.loop and not (element.many.count or element.many.items):
        yield "no-count", "error", T("多实例没有写明做多少次", "it does not say how many times it is done")
    if element.many is not None and element.many.loop and not (element.many.done or element.many.most):
        yield "no-count", "error", T("循环没有写明到何时", "the loop does not say until when")
    if element.many is not None and element.many.behavior not in ("All", ""):
        yield (
            "behavior",
            "note",
            T("多实例的事件方式“{x}”不执行", "the way “{x}” of throwing events is not run").fill(
                x=element.many.behavior
            ),
        )


def _event_gateway(model: Model, element: Element) -> Said:
    if len(element.outgoing) < 2:
        yield "few-events", "warning", T("至少应等两个事件", "it should wait for two events at least")
    for id in element.outgoing:
        target = model.elements[model.flows[id].target]
        waits = {trigger.kind for trigger in target.triggers}
        if target.kind != "receiveTask" and not (
            target.kind == "intermediateCatchEvent" and waits <= {"timer", "message", "signal", "conditional"}
        ):
            words = T("后面只能是捕获事件或接收任务", "only catch events and receive tasks may follow it")
            yield "not-an-event", "error", words


def _triggers(model: Model, element: Element, now: datetime) -> Said:
    kind = element.kind
    parent = model.elements.get(element.scope)
    if kind == "startEvent" and parent is not None and parent.by_event:
        kind = "eventStart"
        if not element.triggers:
            yield "no-trigger", "error", T("没有写明等什么", "it does not say what it waits for")
    elif kind == "startEvent" and parent is not None and element.triggers:
        yield (
            "trigger",
            "error",
            T("子流程只能由无触发的开始事件开始", "a sub-process can only start plainly"),
        )
    for trigger in element.triggers:
        if kind in ALLOWED and trigger.kind not in ALLOWED[kind]:
            words = T("这里不能用“{x}”", "“{x}” cannot be used here").fill(x=TRIGGER_WORDS[trigger.kind])
            yield "trigger", "error", words
        if trigger.kind == "cancel" and not _in_transaction(model, element):
            yield "trigger", "error", T("取消只用于事务", "only transactions can be cancelled")
        yield from _trigger(model, element, trigger, now)


def _in_transaction(model: Model, element: Element) -> bool:
    spot = element.attached if element.kind == "boundaryEvent" else element.scope
    found = model.elements.get(spot)
    return found is not None and found.kind == "transaction"


def _trigger(model: Model, element: Element, trigger: Trigger, now: datetime) -> Said:
    if trigger.kind == "timer":
        yield from _timer(trigger, now)
    elif trigger.kind in ("message", "signal"):
        if not trigger.ref and not trigger.label:
            words = T("没有写明是哪个{x}", "it does not say which {x}").fill(x=TRIGGER_WORDS[trigger.kind])
            yield "no-reference", "warning", words
        elif trigger.ref and trigger.ref not in model.labels:
            yield "unknown-reference", "error", _missing(trigger.ref)
    elif trigger.kind in ("error", "escalation"):
        if trigger.ref and trigger.ref not in model.labels:
            yield "unknown-reference", "error", _missing(trigger.ref)
    elif trigger.kind == "conditional" and not trigger.text:
        yield "no-condition", "error", T("没有条件", "it has no condition")
    elif trigger.kind == "compensation":
        if trigger.activity and trigger.activity not in model.elements:
            yield "unknown-reference", "error", _missing(trigger.activity)
        if element.kind == "boundaryEvent" and not any(
            id in model.elements for id in model.associated.get(element.id, ())
        ):
            yield (
                "no-handler",
                "error",
                T("没有关联补偿活动", "no activity that compensates is associated with it"),
            )
    elif trigger.kind == "link" and element.kind == "intermediateThrowEvent":
        for other in model.elements.values():
            here = other.kind == "intermediateCatchEvent" and other.scope == element.scope
            if here and any(one.kind == "link" and one.label == trigger.label for one in other.triggers):
                return
        yield "unknown-reference", "error", _missing(trigger.label)


def _missing(reference: str) -> T:
    return T("所指的“{ref}”不存在", "“{ref}”, to which it refers, does not exist").fill(
        ref=reference[:80] or "—"
    )


def _timer(trigger: Trigger, now: datetime) -> Said:
    if not trigger.text:
        yield "no-time", "error", T("没有写明时间", "it does not say when")
        return
    try:
        due, left = timing.first_due(trigger.form, trigger.text, now)
    except timing.NotTime:
        if trigger.text[:1] in "PR" or trigger.text[:1].isdigit():
            words = T("“{x}”不是 ISO 8601 时间", "“{x}” is no time of ISO 8601").fill(x=trigger.text[:80])
            yield "bad-time", "error", words
        return
    if due < now or not left:
        yield "past", "error", T("时间“{x}”已经过去", "the time “{x}” has passed").fill(x=trigger.text[:80])


def _place(place: Place, known: Known, definition: Definition) -> Said:
    """Yield what keeps a place from being run."""
    for kind, name, there, missing, unknown in (
        (
            "serviceTask",
            "service",
            known.services,
            T("没有写明调用哪个服务", "it does not say which service to call"),
            T("没有服务“{x}”", "there is no service “{x}”"),
        ),
        (
            "businessRuleTask",
            "decision",
            known.decisions,
            T("没有写明用哪个决策表", "it does not say which decision to take"),
            T("没有决策“{x}”", "there is no decision “{x}”"),
        ),
        ("scriptTask", "script", None, T("没有脚本", "it has no script"), T("", "")),
    ):
        if place.kind == kind:
            said = place.rules.get(name, "")
            if not said:
                yield f"no-{name}", "error", missing
            elif there is not None and said not in there:
                yield f"unknown-{name}", "error", unknown.fill(x=said[:80])
    language = place.rules.get("language", "")
    if place.kind == "scriptTask" and language and "feel" not in language.lower():
        words = T("脚本语言“{x}”不执行，只用 FEEL", "scripts in “{x}” are not run; only FEEL is")
        yield "not-feel", "error", words.fill(x=language[:40])
    action = place.rules.get("action", "")
    if action and known.actions is not None and action not in known.actions:
        yield "unknown-action", "error", T("没有权限“{x}”", "there is no action “{x}”").fill(x=action[:80])
    if place.kind == "task":
        yield (
            "plain-task",
            "note",
            T("没有类型，执行时直接通过", "it has no type; it is passed through when run"),
        )


def _ways(model: Model, definition: Definition, room: str) -> Iterator[Finding]:
    """Yield what is wrong with the ways through one scope."""
    places = {id: place for id, place in definition.places.items() if place.scope == room}
    if not places or (room in model.elements and model.elements[room].kind == "adHocSubProcess"):
        return
    reached = _reached(definition, room, places)
    free = {
        place.id
        for place in places.values()
        if place.compensates
        or (place.kind in SUBS and model.elements[place.id].by_event)
        or (place.kind == "boundaryEvent" and place.attached not in places)
    }
    for id, place in places.items():
        if id not in reached and id not in free and not (place.attached and place.attached not in reached):
            words = T("没有路能走到这里", "no way leads here")
            yield model.finding("unreachable", "error", id, words)
    if not any(not place.outs and place.id in reached for place in places.values()):
        yield model.finding("no-end", "error", room, T("没有结束", "it has no end"))
    explored = explore(definition, room)
    for id, empty in sorted(explored.stuck.items()):
        names = "、".join(_way(model, definition, flow) for flow in sorted(empty)[:3])
        words = T("会永远等待：{names} 可能不来", "it may wait for ever: nothing may come by {names}")
        yield model.finding("deadlock", "error", id, words.fill(names=names or "—"))
    flows = [definition.flows[flow] for flow in sorted(explored.doubled)]
    merging = {source for source, _, _ in flows if len(definition.places[source].ins) > 1}
    for spot in sorted(merging or {target for _, target, _ in flows}):
        words = T(
            "并行的路在此没有汇合，后面会做多次",
            "ways that run at once are not joined here; what follows is done more than once",
        )
        yield model.finding("not-joined", "warning", spot, words)
    if explored.endless:
        words = T("会一直循环，走不到结束", "it can go round for ever and never reach an end")
        yield model.finding("endless", "error", room, words)
    if not explored.whole:
        words = T("走法太多，只查了一部分", "there are too many ways; only some were followed")
        yield model.finding("too-many-ways", "warning", room, words)


def _way(model: Model, definition: Definition, flow: str) -> str:
    name = model.flows[flow].name if flow in model.flows else ""
    source = definition.flows[flow][0]
    origin = definition.places[source].name if source in definition.places else ""
    return f"“{name or origin or flow}”"


def _reached(definition: Definition, room: str, places: dict[str, Place]) -> set[str]:
    todo = list(definition.rooms[room].starts)
    seen: set[str] = set()
    links: dict[str, list[str]] = {}
    for place in places.values():
        if place.kind == "intermediateCatchEvent":
            for trigger in place.triggers:
                if trigger.kind == "link":
                    links.setdefault(trigger.label, []).append(place.id)
    while todo:
        id = todo.pop()
        if id in seen or id not in places:
            continue
        seen.add(id)
        place = places[id]
        todo += [definition.flows[flow][1] for flow in place.outs]
        todo += place.boundary
        if place.kind == "intermediateThrowEvent":
            for trigger in place.triggers:
                todo += links.get(trigger.label, [])
    return seen
