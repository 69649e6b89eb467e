"""FEEL, the expression language of DMN: pure, bounded, usable alone.

`evaluate("if 收入 < 3000 then \"A\" else \"B\"", {"收入": 2500})` gives the value and what there is to say about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import lists, numbers, ranges, readings, strings, times
from .compiler import Compiler
from .notes import DEFAULT, Exhausted, Limits, Note, NotFeel, RulesError, Run
from .scope import Env
from .values import from_python, to_plain

__all__ = [
    "Answer", "Compiler", "Env", "Exhausted", "Limits", "NotFeel", "Note", "RulesError", "Run", "evaluate",
    "from_python", "to_plain",
]  # fmt: skip

LIBRARY = (lists, numbers, ranges, readings, strings, times)
"""Importing these declares the built-in functions."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of an expression, and why it or a part of it is null."""

    value: Any
    notes: tuple[Note, ...]


def evaluate(
    text: str, names: Mapping[str, Any] | None = None, *, limits: Limits = DEFAULT, now: Any = None
) -> Answer:
    """Evaluate one expression with plain Python or FEEL values for its names.

    Raises NotFeel when the text is no expression, Exhausted when it asks for more than the limits give.
    """
    bound = {name: from_python(value) for name, value in (names or {}).items()}
    code = Compiler(bound).expression(text)
    run = Run(limits=limits, now=from_python(now))
    try:
        return Answer(code(Env(bound, run)), tuple(run.notes))
    except RecursionError:
        raise Exhausted("调用层次过深", "calls are nested too deep") from None
