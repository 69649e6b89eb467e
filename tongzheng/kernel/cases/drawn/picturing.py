"""A drawing's diagram as SVG, made from its own diagram interchange: shapes, ways, labels, and where a token went.

Everything is attributes and classes, for pages allow no inline style; text is escaped, and nothing of the file but
numbers, names and kinds comes through. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import escape
from math import isfinite

from .model import Element, Model
from .reading import BPMNDI, DC, DI, Node
from .shapes import ACTIVITIES, SUBS

MOST = 5_000
MARKS = {
    "userTask": "⚇", "manualTask": "☞", "serviceTask": "⚙", "scriptTask": "≣", "businessRuleTask": "▤",
    "sendTask": "✉", "receiveTask": "✉", "exclusiveGateway": "×", "parallelGateway": "+", "inclusiveGateway": "○",
    "eventBasedGateway": "⬠", "complexGateway": "✱",
    "timer": "◷", "message": "✉", "error": "↯", "escalation": "⌃", "signal": "△", "conditional": "≡",
    "link": "➔", "compensation": "⏪", "terminate": "●", "cancel": "✕",
}  # fmt: skip


def picture(
    model: Model, *, passed: Collection[str] = (), here: Mapping[str, int] | None = None, title: str = ""
) -> str:
    """Return the first diagram of a drawing as SVG, "" if it has none.

    Args: passed, elements and flows that were passed; here, at which elements tokens are, how many; title, what the
    picture is called for who cannot see it.
    """
    planes = [
        node for node in model.document.root.walk() if node.local == "BPMNPlane" and node.space == BPMNDI
    ]
    if not planes:
        return ""
    at = dict(here or {})
    shapes: list[tuple[Node, Box]] = []
    edges: list[tuple[Node, list[tuple[float, float]]]] = []
    corners: list[tuple[float, float]] = []
    for node in planes[0].children():
        if node.space != BPMNDI or len(shapes) + len(edges) > MOST:
            continue
        if node.local == "BPMNShape" and (box := _bounds(node)) is not None:
            shapes.append((node, box))
            corners += [(box[0], box[1]), (box[0] + box[2], box[1] + box[3])]
        elif node.local == "BPMNEdge":
            points = [p for child in node.every("waypoint", DI) if (p := _point(child)) is not None]
            if len(points) > 1:
                edges.append((node, points))
                corners += points
    if not corners:
        return ""
    left, top = min(x for x, _ in corners) - 20, min(y for _, y in corners) - 20
    width, height = max(x for x, _ in corners) - left + 40, max(y for _, y in corners) - top + 40
    out = [
        f'<svg class="drawing" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(title)}"'
        f' viewBox="{_n(left)} {_n(top)} {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}">',
        '<defs><marker id="drawing-end" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse"'
        ' orient="auto-start-reverse"><path d="M0 0 10 5 0 10z"/></marker></defs>',
    ]
    # Pools and lanes lie beneath, then whatever holds others, then the rest.
    shapes.sort(key=lambda one: _layer(model, one[0], one[1]))
    for node, box in shapes:
        if _layer(model, node, box)[0] < 2:
            out.append(_shape(model, node, box, passed, at))
    for node, points in edges:
        out.append(_edge(model, node, points, passed))
    for node, box in shapes:
        if _layer(model, node, box)[0] >= 2:
            out.append(_shape(model, node, box, passed, at))
    out.append("</svg>")
    return "".join(out)


Box = tuple[float, float, float, float]


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) and abs(found) < 1e6 else None


def _bounds(node: Node) -> Box | None:
    box = node.child("Bounds", DC)
    found = [_number(box.get(name, "x")) for name in ("x", "y", "width", "height")] if box else []
    x, y, w, h = found if len(found) == 4 else (None,) * 4
    return (x, y, w, h) if x is not None and y is not None and w is not None and h is not None else None


def _point(node: Node) -> tuple[float, float] | None:
    x, y = _number(node.get("x", "-")), _number(node.get("y", "-"))
    return (x, y) if x is not None and y is not None else None


def _label(node: Node, x: float, y: float, width: float) -> tuple[float, float, float]:
    """Return where a name stands: where the diagram says, else as given; with its width."""
    label = node.child("BPMNLabel", BPMNDI)
    box = _bounds(label) if label is not None else None
    if box is None or box[2] <= 0:
        return x, y, width
    return box[0] + box[2] / 2, box[1] + 11, max(box[2] + 14, 60.0)


def _about(node: Node) -> str:
    return node.get("bpmnElement").rpartition(":")[2]


def _layer(model: Model, node: Node, box: Box) -> tuple[int, float]:
    about = _about(node)
    element = model.elements.get(about)
    if element is None:
        found = model.ids.get(about)
        holds = found is not None and found.local in ("participant", "lane", "group")
        return (0 if holds else 3), -box[2] * box[3]
    if element.kind in SUBS:
        return 1, -box[2] * box[3]
    return (3 if element.kind == "boundaryEvent" else 2), -box[2] * box[3]


def _shape(model: Model, node: Node, box: Box, passed: Collection[str], at: Mapping[str, int]) -> str:
    about = _about(node)
    element = model.elements.get(about)
    thing = model.ids.get(about)
    name = element.name if element else (thing.get("name") if thing else "")
    x, y, w, h = box
    kind = element.kind if element else (thing.local if thing else "")
    classes = [f"d-{kind}" if kind.isalpha() else "d-other"]
    classes += [word for word, here in (("passed", about in passed), ("here", about in at)) if here]
    out = [
        f'<g class="{" ".join(classes)}" data-element="{escape(about)}"><title>{escape(name or about)}</title>'
    ]
    if element is not None and kind.endswith("Event"):
        r = w / 2
        out.append(f'<circle cx="{_n(x + r)}" cy="{_n(y + r)}" r="{_n(r)}"/>')
        if kind in ("boundaryEvent", "intermediateCatchEvent", "intermediateThrowEvent"):
            dash = "" if element.interrupts else ' stroke-dasharray="3 3"'
            out.append(f'<circle cx="{_n(x + r)}" cy="{_n(y + r)}" r="{_n(max(r - 3, 1))}"{dash}/>')
        mark = MARKS.get(element.triggers[0].kind, "") if element.triggers else ""
        out.append(_mark(mark, x + r, y + r + 6, 16))
        out += _words(name, *_label(node, x + r, y + h + 14, 120))
    elif kind.endswith("Gateway"):
        cx, cy = x + w / 2, y + h / 2
        corners = f"{_n(cx)},{_n(y)} {_n(x + w)},{_n(cy)} {_n(cx)},{_n(y + h)} {_n(x)},{_n(cy)}"
        out.append(f'<polygon points="{corners}"/>')
        out.append(_mark(MARKS.get(kind, ""), cx, cy + 9, 26))
        out += _words(name, *_label(node, cx, y + h + 14, 120))
    else:
        round_ = ' rx="8"' if kind in ACTIVITIES else ""
        out.append(f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"{round_}/>')
        upright = node.get("isHorizontal", "true").lower() != "false"
        out += _inside(element, kind, name, box, upright)
    if about in at:
        count = str(at[about]) if at[about] > 1 else ""
        out.append(f'<circle class="token" cx="{_n(x + w)}" cy="{_n(y)}" r="9"/>')
        out.append(_mark(count, x + w, y + 4, 12))
    return "".join(out) + "</g>"


def _inside(element: Element | None, kind: str, name: str, box: Box, upright: bool) -> list[str]:
    x, y, w, h = box
    if kind in ("participant", "lane") and not upright:
        return _words(name, x + w / 2, y + 18, w - 10)
    if kind in ("participant", "lane"):
        cx, cy = x + 15, y + h / 2
        return [
            f'<text x="{_n(cx)}" y="{_n(cy)}" text-anchor="middle" font-size="12"'
            f' transform="rotate(-90 {_n(cx)} {_n(cy)})">{escape(name[:60])}</text>'
        ]
    if element is not None and kind in SUBS and h > 100:
        return _words(name, x + w / 2, y + 18, w - 10)
    lines = _lines(name, max(w - 12, 20))
    return [
        _mark(MARKS.get(kind, ""), x + 12, y + 16, 13),
        *_words(name, x + w / 2, y + h / 2 + 4 - (len(lines) - 1) * 7, w - 12),
        _mark("≡" if element and element.many and element.many.sequential else "", x + w / 2, y + h - 4, 12),
        _mark(
            "⦀" if element and element.many and not element.many.sequential else "", x + w / 2, y + h - 4, 12
        ),
    ]


def _mark(text: str, x: float, y: float, size: int) -> str:
    if not text:
        return ""
    return f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="middle" font-size="{size}" aria-hidden="true">{escape(text)}</text>'


def _wide(text: str) -> float:
    """Return how wide a text is: a Chinese character takes twelve units, another half of that."""
    return sum(12.0 if ord(character) > 0x2E7F else 6.4 for character in text)


def _lines(text: str, width: float) -> list[str]:
    """Return a name in at most four lines, broken between words or Chinese characters, or where it must be."""
    lines: list[str] = []
    line = ""
    for piece in re.findall(r"[\u2e80-\uffff]|[^\s\u2e80-\uffff]+|\s+", text[:400]):
        part = " " if piece.isspace() else piece
        if line and _wide(line + part) > width:
            lines.append(line.rstrip())
            line = ""
        while _wide(part) > width and len(part) > 1:
            cut = max(int(width / 6.4), 1)
            lines.append(part[:cut])
            part = part[cut:]
        line += part.lstrip() if not line else part
    if line.strip():
        lines.append(line.rstrip())
    if len(lines) > 4:
        lines = [*lines[:3], lines[3][:-1] + "…"]
    return lines


def _words(text: str, x: float, y: float, width: float) -> list[str]:
    return [
        f'<text x="{_n(x)}" y="{_n(y + number * 14)}" text-anchor="middle" font-size="12">{escape(line.strip())}</text>'
        for number, line in enumerate(_lines(text, width))
    ]


def _edge(model: Model, node: Node, points: list[tuple[float, float]], passed: Collection[str]) -> str:
    about = _about(node)
    flow = model.flows.get(about)
    thing = model.ids.get(about)
    kind = "sequenceFlow" if flow else (thing.local if thing else "")
    classes = f"d-{kind}" if kind.isalpha() else "d-other"
    if about in passed:
        classes += " passed"
    path = "M" + " ".join(f"{_n(x)} {_n(y)}" for x, y in points[:200])
    end = ' marker-end="url(#drawing-end)"' if kind in ("sequenceFlow", "messageFlow") else ""
    dash = "" if kind == "sequenceFlow" else ' stroke-dasharray="5 4"'
    name = flow.name if flow else ""
    middle = len(points) // 2
    (ax, ay), (bx, by) = points[middle - 1], points[middle]
    words = _words(name, *_label(node, (ax + bx) / 2, (ay + by) / 2 - 6, 140)) if name else []
    return f'<g class="{classes}" data-element="{escape(about)}"><path fill="none" d="{path}"{end}{dash}/>{"".join(words)}</g>'
