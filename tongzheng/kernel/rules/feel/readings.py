"""The built-in function that reads a range from a text: only literals may be its ends."""

from __future__ import annotations

import re
from typing import Any

from .functions import feel
from .grammar import Node, parse
from .notes import NotFeel, Run
from .scope import Env
from .values import Range, kind, order

SHAPE = re.compile(r"\s*([\[\](])(.*)\.\.(.*)([\[\])])\s*", re.DOTALL)
MAKERS = frozenset(["date", "time", "date and time", "duration"])
ORDERED = frozenset(
    [
        "number",
        "string",
        "date",
        "time",
        "date and time",
        "years and months duration",
        "days and time duration",
    ]
)


@feel("range", "from:s")
def feel_range(run: Run, text: str) -> Any:
    shape = SHAPE.fullmatch(text)
    if shape is None:
        return _bad(run)
    opens, closes = shape[1] == "[", shape[4] == "]"
    low, high = shape[2].strip(), shape[3].strip()
    if (not low and not high) or (not low and opens) or (not high and closes):
        return _bad(run)
    try:
        start = _end(run, low) if low else None
        end = _end(run, high) if high else None
    except NotFeel:
        return _bad(run)
    if (low and kind(start) not in ORDERED) or (high and kind(end) not in ORDERED):
        return _bad(run)
    if low and high:
        how = order(start, end)
        if how is None or how > 0:
            return _bad(run)
    return Range(start, end, opens, closes)


def _bad(run: Run) -> Any:
    return run.null("不是范围", "it is no range")


def _end(run: Run, text: str) -> Any:
    from .compiler import Compiler

    node = parse(text)
    if not _literal(node):
        raise NotFeel("不是字面值", "it is no literal")
    return Compiler().code(node)(Env({}, run))


def _literal(node: Node) -> bool:
    if node.kind == "negate":
        return bool(node.parts[-1].kind == "number")
    if node.kind == "call" and node.parts[0].kind == "name":
        arguments = node.parts[1].parts
        return (
            str(node.parts[0].parts[0]) in MAKERS
            and len(arguments) == 1
            and arguments[0].parts[-1].kind == "string"
        )
    return node.kind in ("number", "string", "at")
