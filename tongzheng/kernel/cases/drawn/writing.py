"""A drawing written back, and what it is compared by: elements counted, diagram, and the whole content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from .reading import BPMN, BPMNDI, DC, DI, OURS, Document, Node, Other

SHORT = {BPMN: "bpmn", BPMNDI: "bpmndi", DI: "di", DC: "dc", OURS: "tongzheng"}
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)


def write(document: Document) -> bytes:
    """Return the document as XML in UTF-8, with all that was read and in its order."""
    standalone = {0: ' standalone="no"', 1: ' standalone="yes"'}.get(document.standalone, "")
    out = [f'<?xml version="1.0" encoding="UTF-8"{standalone}?>\n']
    for part in document.before:
        out += [_other(part), "\n"]
    out += _pieces(document.root)
    out.append("\n")
    for part in document.behind:
        out += [_other(part), "\n"]
    return "".join(out).encode("utf-8")


def _pieces(root: Node) -> Iterator[str]:
    todo: list[Node | str | Other] = [root]
    while todo:
        part = todo.pop()
        if isinstance(part, Other):
            yield _other(part)
        elif isinstance(part, str):
            yield part.translate(_TEXT)
        else:
            attributes = "".join(
                f' {name}="{value.translate(_VALUE)}"' for name, value in part.attributes.items()
            )
            if not part.parts:
                yield f"<{part.name}{attributes}/>"
                continue
            yield f"<{part.name}{attributes}>"
            todo.append(Other("end", part.name))
            todo += reversed(part.parts)


def _other(part: Other) -> str:
    if part.kind == "end":
        return f"</{part.text}>"
    if part.kind == "comment":
        return f"<!--{part.text}-->"
    if part.kind == "cdata":
        return f"<![CDATA[{part.text}]]>"
    return f"<?{part.target} {part.text}?>" if part.text else f"<?{part.target}?>"


def name_of(node: Node) -> str:
    """Return an element's name with the prefix that everybody knows, whatever the file calls it."""
    if node.space in SHORT:
        return f"{SHORT[node.space]}:{node.local}"
    return node.name if ":" in node.name or not node.space else f"{{{node.space}}}{node.local}"


def counts(document: Document) -> dict[str, int]:
    """Return how many elements of each name there are."""
    return dict(sorted(Counter(name_of(node) for node in document.root.walk()).items()))


def diagram(document: Document) -> list[tuple[Any, ...]]:
    """Return every shape, edge, bound, point and label of the diagram with all their attributes, in order."""
    return [
        (name_of(node), tuple(sorted(node.attributes.items())))
        for node in document.root.walk()
        if node.space in (BPMNDI, DI, DC)
    ]


def content(document: Document) -> list[tuple[Any, ...]]:
    """Return all that a document says: elements with their attributes, texts, comments, instructions, in order."""
    found: list[tuple[Any, ...]] = [(part.kind, part.target, part.text) for part in document.before]
    for node in document.root.walk():
        parts: list[Any] = []
        for part in node.parts:
            if isinstance(part, Node):
                parts.append("·")
            elif isinstance(part, Other):
                parts.append((part.kind, part.target, part.text))
            elif parts and isinstance(parts[-1], str) and parts[-1] != "·":
                parts[-1] += part
            else:
                parts.append(part)
        found.append((node.space, node.local, node.name, tuple(node.attributes.items()), tuple(parts)))
    return found + [(part.kind, part.target, part.text) for part in document.behind]
