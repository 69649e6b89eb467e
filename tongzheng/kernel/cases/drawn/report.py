"""What `tongzheng cases bpmn check` says of a file: what is in it, whether it comes out as it went in, what is wrong,
and what of it can run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.text import T

from .model import Finding, Model, understand
from .reading import read
from .soundness import Known, examine
from .writing import content, counts, diagram, write

UNRUN = ("not-run", "behavior", "unknown-call")


@dataclass(slots=True)
class Report:
    """A file judged."""

    name: str
    size: int
    encoding: str
    elements: dict[str, int]
    shapes: int
    same_counts: bool
    same_diagram: bool
    same_content: bool
    processes: list[dict[str, Any]]
    findings: list[Finding]

    @property
    def whole(self) -> bool:
        """Tell whether reading and writing lost nothing."""
        return self.same_counts and self.same_diagram and self.same_content

    @property
    def sound(self) -> bool:
        """Tell whether it could be published."""
        return self.whole and not any(one.level == "error" for one in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON has it."""
        return {
            "file": self.name,
            "bytes": self.size,
            "encoding": self.encoding,
            "elements": self.elements,
            "total": sum(self.elements.values()),
            "round_trip": {
                "counts": self.same_counts,
                "diagram": self.same_diagram,
                "content": self.same_content,
                "diagram_entries": self.shapes,
            },
            "processes": self.processes,
            "publishable": self.sound,
            "not_run": [finding_json(one) for one in self.findings if one.code in UNRUN],
            "findings": [finding_json(one) for one in self.findings if one.code not in UNRUN],
        }

    def lines(self) -> list[T]:
        """Return the report as people read it."""
        found = [
            T("{name}：{n} 个元素", "{name}: {n} elements").fill(
                name=self.name, n=sum(self.elements.values())
            )
        ]
        found += [T(f"  {count:6} {name}", f"  {count:6} {name}") for name, count in self.elements.items()]
        found.append(
            T("  往返无损，图形 {n} 项一致", "  comes out as it went in; {n} diagram entries the same").fill(
                n=self.shapes
            )
            if self.whole
            else T("  往返有差异！", "  does not come out as it went in!")
        )
        words = {
            "error": T("错误", "error"),
            "warning": T("警告", "warning"),
            "note": T("说明", "note"),
        }
        found += [
            T("  {level} 第 {line} 行 {words}", "  {level}, line {line}: {words}").fill(
                level=words[one.level], line=one.line, words=one.words
            )
            for one in self.findings
        ]
        found.append(
            T("  可以发布", "  can be published")
            if self.sound
            else T("  还不能发布", "  cannot be published yet")
        )
        return found


def finding_json(one: Finding) -> dict[str, Any]:
    """Return a finding as JSON has it."""
    return {
        "code": one.code,
        "level": one.level,
        "element": one.element,
        "name": one.name,
        "kind": one.kind,
        "line": one.line,
        "words": one.words.to_json(),
    }


def check(data: bytes, *, name: str, now: datetime, known: Known | None = None) -> Report:
    """Return the report on a file's content. Raises BadDrawing if it cannot be read."""
    document = read(data)
    again = read(write(document))
    model = understand(document)
    entries = diagram(document)
    return Report(
        name=name,
        size=len(data),
        encoding=document.encoding,
        elements=counts(document),
        shapes=len(entries),
        same_counts=counts(document) == counts(again),
        same_diagram=entries == diagram(again),
        same_content=content(document) == content(again),
        processes=[_process(model, id) for id in model.processes],
        findings=examine(model, now=now, known=known),
    )


def _process(model: Model, id: str) -> dict[str, Any]:
    scope = model.scopes[id]
    inside = [one for one in model.elements.values() if _within(model, one.scope, id)]
    return {
        "id": id,
        "name": scope.name,
        "pool": scope.pool,
        "executable": scope.executable,
        "elements": dict(sorted(Counter(one.kind for one in inside).items())),
        "lanes": [lane.name for lane in model.lanes.values() if any(e.lane == lane.id for e in inside)],
    }


def _within(model: Model, scope: str, process: str) -> bool:
    while scope in model.scopes and scope != process:
        scope = model.scopes[scope].parent
    return scope == process
