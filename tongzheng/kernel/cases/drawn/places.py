"""What the attributes and extensions of an element say about how it is run: ours first, then the standard's own, then
those of common tools, so that a drawing made elsewhere runs as far as it can. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .model import Model, expression, local
from .reading import BPMN, OURS, Node

_VENDOR = ("camunda", "zeebe", "activiti", "flowable", "bpmn.io")


def rules(kind: str, node: Node, model: Model) -> dict[str, str]:
    """Return what is said about running an element, by our own names."""
    found: dict[str, str] = {}

    def take(name: str, *values: str) -> None:
        for value in values:
            if value.strip():
                found[name] = value.strip()
                return

    take("result", own(node, "result"), vendor(node, "resultVariable"), vendor(node, "resultVariableName"))
    take("note", own(node, "note"))
    for name in ("action", "organisation", "handler", "due", "unit", "tell", "separate", "en", "form"):
        take(name, own(node, name))
    if kind == "serviceTask":
        take("service", own(node, "service"), _operation(node, model), vendor(node, "topic"))
    elif kind == "businessRuleTask":
        take("decision", own(node, "decision"), vendor(node, "decisionRef"), vendor(node, "decisionId"))
    elif kind == "scriptTask":
        script = node.child("script")
        take("script", own(node, "script"), expression(script), vendor(node, "expression").lstrip("="))
        take("language", node.get("scriptFormat"))
    elif kind == "complexGateway":
        take("activation", expression(node.child("activationCondition")))
    elif kind == "eventBasedGateway":
        found["gate"] = node.get("eventGatewayType", "Exclusive").lower()
        found["instantiate"] = node.get("instantiate", "false").lower()
    if kind in ("sendTask", "receiveTask"):
        reference = local(node.get("messageRef"))
        take("message", model.labels.get(reference, (reference, ""))[0], _operation(node, model))
    return found


def own(node: Node, name: str) -> str:
    """Return one of our own attributes of an element, whatever prefix the file gives our namespace."""
    for key, value in node.attributes.items():
        prefix, _, last = key.rpartition(":")
        # A prefix is resolved where it is used; ours is always written out by our own tools.
        if last == name and prefix == "tongzheng":
            return value
    for child in _extensions(node):
        if child.space == OURS and child.local == name and not child.attributes:
            return child.text()
    return ""


def vendor(node: Node, name: str) -> str:
    """Return what another tool says under that name, as an attribute or in an extension."""
    for key, value in node.attributes.items():
        if ":" in key and key.rpartition(":")[2] == name:
            return value
    for child in _extensions(node):
        for key, value in child.attributes.items():
            if key == name:
                return value
    return ""


def mappings(node: Node) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return what goes in and what comes out: names with their FEEL expressions."""
    found: dict[str, list[tuple[str, str]]] = {"input": [], "output": []}
    for child in _extensions(node):
        if child.space == OURS and child.local in found and child.get("name"):
            found[child.local].append((child.get("name"), expression(child) or child.get("value")))
    return tuple(found["input"]), tuple(found["output"])


def fields(node: Node) -> tuple[dict[str, str], ...]:
    """Return the entries of the form of a user task or start event: ours, or those of a generated form."""
    found = []
    for child in _extensions(node):
        if child.space == OURS and child.local == "field":
            entry = dict(child.attributes)
            choices = [f"{c.get('name')}={c.get('zh')}|{c.get('en')}" for c in child.children()]
            if choices:
                entry["choices"] = ";".join(choices)
            found.append(entry)
        elif child.local == "formField" and child.get("id"):
            found.append({"name": child.get("id"), "zh": child.get("label"), "type": child.get("type")})
    return tuple(found)


def _extensions(node: Node) -> Iterator[Node]:
    for holder in node.every("extensionElements", BPMN):
        for child in holder.walk():
            if child is not holder:
                yield child


def _operation(node: Node, model: Model) -> str:
    """Return the operation that a service, send or receive task names."""
    found = model.ids.get(local(node.get("operationRef")))
    if found is None:
        return ""
    return found.get("implementationRef") or found.get("name")
