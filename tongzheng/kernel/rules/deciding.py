"""Deciding: by the version in force or by the one that an old case is judged by, and keeping what was decided."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

import orjson
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.sealing import seal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as definitions

from .dmn.deciding import Decide, decider
from .dmn.engine import Model, load
from .dmn.parts import Element
from .feel.notes import Note, RulesError
from .grids import to_dmn
from .kinds import DecisionTable

KIND = "rules.decision"
SEALED = "rules.facts"
KEPT = 300
"""How many compiled models a process keeps."""

_ready: OrderedDict[str, tuple[Model, Decide]] = OrderedDict()
_origins: dict[str, tuple[DecisionTable, str]] = {}
_guard = Lock()


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that was made. `version` is the definition's id, 0 for what was declared; `notes` say why it is null."""

    result: Any
    version: int
    notes: tuple[T, ...] = ()
    decision: str = field(default="", compare=False)
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


def decide(
    decision: str,
    *,
    facts: Mapping[str, Any],
    at: datetime | None = None,
    version: int | None = None,
    subject: str = "",
    record: bool = True,
) -> Decided:
    """Decide by the version in force, and keep what was decided from what.

    Args: `decision` the id of a declared one, or the key of a definition that officials made; `facts` plain values by the
    names of its inputs, others are passed over; `at` the moment whose version counts (aware; now by default); `version` the id that an old case is
    judged by instead (0 what was declared); `subject` what it is about ("case:LS2026…"); `record` False leaves no trace,
    until `keep` is called. For engines and systems: no permission is asked.
    Returns the result as JSON has it. Raises Missing for an unknown decision or version, Invalid for facts that cannot be
    values and for an evaluation beyond its bounds.
    """
    given = _checked(facts)
    used, content = _content(decision, at, version)
    model, ready = prepared(content)
    inputs = model.inputs()
    given = {name: value for name, value in given.items() if name in inputs}
    result, notes = answer(ready, given, at or clock.now())
    decided = Decided(result, used, notes, decision, given)
    if record:
        keep(decided, subject=subject)
    return decided


def keep(decided: Decided, *, subject: str) -> None:
    """Keep what was decided with `record=False`, once it is known what it was about, such as the case that it opened."""
    facts = orjson.loads(orjson.dumps(dict(decided.facts), default=str))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rules_evaluation (decision, version, subject, facts, result, at)"
            " VALUES (%s, %s, %s, %s, %s::jsonb, %s)",
            [
                decided.decision, decided.version, subject[:80], seal_json(facts, use=SEALED),
                orjson.dumps(decided.result).decode(), clock.now(),
            ],
        )  # fmt: skip


def decisions() -> tuple[str, ...]:
    """Return what `decide` can be asked for: the ids of declared decisions and the keys of those that officials made."""
    keys = dict.fromkeys(registry.of(DecisionTable))
    return tuple(keys | dict.fromkeys(one.key for one in definitions.standing(KIND)))


def _content(decision: str, at: datetime | None, version: int | None) -> tuple[int, str]:
    if version is None:
        standing = definitions.in_force(KIND, decision, at=at)
        return (standing.id, standing.content) if standing else (0, origin(decision))
    if version == 0:
        return 0, origin(decision)
    found = definitions.version(version)
    if found.definition.kind != KIND or found.definition.key != decision or found.number is None:
        raise Missing(T("这个决策没有这个版本", "This decision has no such version"))
    return version, found.content


def origin(decision: str) -> str:
    """Return what was declared, as DMN. Raises Missing."""
    table = registry.find(DecisionTable, decision)
    if table is None:
        raise Missing(T(f"没有决策“{decision}”", f"there is no decision {decision!r}"))
    kept = _origins.get(decision)
    if kept is None or kept[0] is not table:
        kept = _origins[decision] = table, to_dmn(decision, table)
    return kept[1]


def prepared(content: str) -> tuple[Model, Decide]:
    """Return a content compiled, with the way to its main decision. Raises Invalid when it cannot be used."""
    with _guard:
        if content in _ready:
            _ready.move_to_end(content)
            return _ready[content]
    try:
        model = load(content)
        made = model, decider(model, main_decision(model).name)
    except RulesError as error:
        raise Invalid(words(error.note)) from None
    with _guard:
        _ready[content] = made
        while len(_ready) > KEPT:
            _ready.popitem(last=False)
    return made


def main_decision(model: Model) -> Element:
    """Return the decision that a model is about: the first that no other one requires. Raises Invalid when it has none."""
    found = [one for one in model.main.elements.values() if one.kind == "decision"]
    required = {href.rpartition("#")[2] for one in found for href in one.needs}
    for one in found:
        if one.id not in required:
            return one
    raise Invalid(T("模型里没有决策", "The model has no decision"))


def answer(ready: Decide, facts: Mapping[str, Any], now: datetime) -> tuple[Any, tuple[T, ...]]:
    """Return a decision's result as JSON has it, and its notes; `now` is what `now()` and `today()` give. Raises Invalid."""
    try:
        found = ready(facts, now)
    except RulesError as error:
        raise Invalid(words(error.note)) from None
    except TypeError:
        raise Invalid(T("事实里有不能判断的值", "The facts have a value that cannot be decided by")) from None
    return found.plain, tuple(words(note) for note in found.notes)


def words(note: Note) -> T:
    """Return what a note says, with its place, in both languages."""
    return T(*note.words())


def _checked(facts: Mapping[str, Any]) -> dict[str, Any]:
    try:
        if b"\\u0000" in orjson.dumps(dict(facts), default=_plain):
            raise TypeError("a text has a NUL, which the database cannot keep")
    except TypeError:
        raise Invalid(T("事实不能保存", "The facts cannot be kept")) from None
    return {str(name): value for name, value in facts.items()}


def _plain(value: object) -> str:
    from decimal import Decimal

    if isinstance(value, Decimal):
        return str(value)
    raise TypeError
