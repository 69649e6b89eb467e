"""The public compatibility kit: runs its official test cases against this engine.

A number is the expected one when it differs by less than one in a hundred million, as the kit's other runners hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element as Xml

from ..feel.notes import Limits, RulesError
from ..feel.temporal import Months, Span, parse_date, parse_datetime, parse_duration, parse_time
from ..feel.values import MATH, equal, from_python, to_plain
from .engine import Answer, Model
from .reading import local, parse_xml, read

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NEAR = Decimal("1e-8")
LIMITS = Limits(seconds=10.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one test case."""

    level: str
    folder: str
    case: str
    passed: bool
    why: str = ""


def run_folder(path: Path) -> Iterator[Outcome]:
    """Run every case below a folder that has models (.dmn) beside tests (.xml), in order of name."""
    for folder in sorted({file.parent for file in path.rglob("*.dmn")}):
        level = next((part for part in reversed(folder.parts) if part.startswith("compliance-level-")), "?")
        documents = {file.name: file.read_bytes() for file in sorted(folder.glob("*.dmn"))}
        models: dict[str, Model | str] = {}
        for file in sorted(folder.glob("*.xml")):
            root = parse_xml(file.read_bytes())
            if local(root.tag) != "testCases":
                continue
            name = next((child.text or "" for child in root if local(child.tag) == "modelName"), "").strip()
            if name not in models:
                models[name] = _model(name, documents)
            for case in root:
                if local(case.tag) == "testCase":
                    yield _case(models[name], case, level.removeprefix("compliance-level-"), folder.name)


def _model(name: str, documents: dict[str, bytes]) -> Model | str:
    try:
        others = [read(data) for other, data in documents.items() if other != name]
        return Model(read(documents[name]), others)
    except KeyError:
        return f"no model {name}"
    except RulesError as error:
        return str(error)


def _case(model: Model | str, case: Xml, level: str, folder: str) -> Outcome:
    label = case.get("id") or case.get("name") or "?"
    if isinstance(model, str):
        return Outcome(level, folder, label, False, model)
    inputs: dict[str, Any] = {}
    for node in case:
        if local(node.tag) == "inputNode":
            inputs[node.get("name", "")] = _value(node)
    now = from_python(datetime.now(UTC))
    for node in case:
        if local(node.tag) != "resultNode":
            continue
        name = node.get("name", "")
        expected = next((_value(child) for child in node if local(child.tag) == "expected"), None)
        try:
            answer = _answer(model, case, name, inputs, now)
        except RulesError as error:
            if expected is not None:
                return Outcome(level, folder, label, False, f"{name}: {error}")
            continue
        if not near(answer.value, expected):
            reasons = "; ".join(str(note) for note in answer.notes[:3])
            why = f"{name}: expected {to_plain(expected)!r}, got {to_plain(answer.value)!r} {reasons}".strip()
            return Outcome(level, folder, label, False, why)
    return Outcome(level, folder, label, True)


def _answer(model: Model, case: Xml, name: str, inputs: dict[str, Any], now: Any) -> Answer:
    kind, invocable = case.get("type", "decision"), case.get("invocableName", "")
    if kind == "decisionService" and invocable:
        answer = model.serve(invocable, inputs, limits=LIMITS, now=now)
        if name != invocable and isinstance(answer.value, dict) and name in answer.value:
            return Answer(answer.value[name], answer.notes)
        return answer
    if kind == "bkm" and invocable:
        return model.call(invocable, inputs, limits=LIMITS, now=now)
    if name in model.names("decisionService"):
        return model.serve(name, inputs, limits=LIMITS, now=now)
    return model.evaluate(name, inputs, limits=LIMITS, now=now)


def _value(node: Xml) -> Any:
    """Return the value that a node of a test holds."""
    children = [child for child in node if local(child.tag) in ("value", "list", "component")]
    if not children:
        return None
    first = children[0]
    if local(first.tag) == "value":
        return None if first.get(NIL) == "true" else _simple(first)
    if local(first.tag) == "list":
        if first.get(NIL) == "true":
            return None
        return [_value(item) for item in first if local(item.tag) == "item"]
    if len(children) == 1 and first.get(NIL) == "true" and not first.get("name"):
        return None
    return {child.get("name", ""): None if child.get(NIL) == "true" else _value(child) for child in children}


def _simple(node: Xml) -> Any:
    text = node.text or ""
    kind = (node.get(TYPE) or "string").rpartition(":")[2]
    if kind == "string":
        return text
    text = text.strip()
    if kind == "boolean":
        return text in ("true", "1")
    if kind in ("decimal", "double", "integer", "int", "long", "float", "short"):
        try:
            return MATH.create_decimal(text)
        except DecimalException:
            return None
    if kind == "date":
        return parse_date(text)
    if kind == "time":
        return parse_time(text)
    if kind == "dateTime":
        return parse_datetime(text)
    if kind in ("duration", "dayTimeDuration", "yearMonthDuration"):
        return parse_duration(text)
    return text


def near(found: Any, expected: Any) -> bool:
    """Tell whether a value is the expected one, numbers within what the kit allows."""
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        return abs(found - expected) < NEAR or abs(found - expected) <= abs(expected) * NEAR
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(near(a, b) for a, b in zip(found, expected, strict=True))
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(near(found[key], expected[key]) for key in found)
    if (
        isinstance(found, Months | Span)
        and isinstance(expected, Months | Span)
        and type(found) is not type(expected)
    ):
        return str(found).strip("-PT0MYDS") == "" == str(expected).strip("-PT0MYDS")
    return equal(found, expected) is True
