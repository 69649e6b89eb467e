"""Trying a model out: its mistakes, its own test rows, the decisions of the past, and sample facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, DecimalException
from typing import Any

import orjson
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.sealing import unseal_json
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.definitions.kinds import Ask, Finding, Outcome, Simulation, Step

from .deciding import SEALED, answer, main_decision, prepared, words
from .dmn.engine import Model, load
from .dmn.parts import Boxed, Example
from .dmn.tables import CompiledTable, bits
from .feel.notes import Note, RulesError, Run
from .feel.scope import Env
from .feel.strings import text_of
from .feel.temporal import parse_date
from .feel.types import coerce
from .feel.values import equal, from_python, to_plain
from .grids import PREFIX, grid_of

LOOK_BACK = 300
"""How many decisions of the past are made again."""
KINDS = {"number": "number", "boolean": "bool", "date": "date", "string": "text"}


def check(content: str) -> tuple[Finding, ...]:
    """Return what is wrong with a model, each mistake with its cell."""
    try:
        model = load(content)
        main = main_decision(model)
    except RulesError as error:
        return (Finding("error", "", words(error.note)),)
    except Invalid as fault:
        return (Finding("error", "", fault.words),)
    found = [Finding("error", _place(model, note), words(note)) for note in model.problems]
    for example in main.examples:
        try:
            _read(example)
        except ValueError:
            found.append(
                Finding(
                    "error",
                    main.id,
                    T(f"测试行“{example.name}”不是 JSON", f"test row {example.name!r} is no JSON"),
                )
            )
    if not main.examples:
        found.append(Finding("warning", main.id, T("没有测试行", "there is no test row")))
    return tuple(found)


def _place(model: Model, note: Note) -> str:
    """Return where a note points: the id of the decision, and row and column of its table."""
    for id, element in model.main.elements.items():
        if element.name == note.place.element:
            return f"{id}:{note.place.row},{note.place.column}" if note.place.row >= 0 else id
    return ""


def _read(example: Example) -> tuple[dict[str, Any], Any]:
    facts = orjson.loads(example.facts or "{}")
    if not isinstance(facts, dict):
        raise ValueError("the facts are no object")
    return facts, orjson.loads(example.result or "null")


def parts(content: str) -> dict[str, str]:
    """Return a line for every row of every table, every other expression and every test row, by id."""
    model = load(content)
    found: dict[str, str] = {}
    for id, element in model.main.elements.items():
        found[id] = element.name
        grid = grid_of(element)
        if grid is not None and element.logic is not None and element.logic.table is not None:
            found[f"{id}:policy"] = grid.policy
            width = len(grid.inputs)
            for number, (row, rule) in enumerate(zip(grid.rows, element.logic.table.rules, strict=True), 1):
                line = f"{' | '.join(row[:width])} → {' | '.join(row[width:-1])}"
                found[rule.id or f"{id}:{number}"] = line + (f"  // {row[-1]}" if row[-1] else "")
        elif element.logic is not None:
            found[f"{id}:logic"] = " ; ".join(_texts(element.logic))[:2000]
        for number, example in enumerate(element.examples, 1):
            found[f"{id}:example:{number}"] = f"{example.name}: {example.facts} → {example.result}"
    return found


def _texts(box: Boxed) -> Iterator[str]:
    if box.text:
        yield box.text
    for part in box.parts:
        yield from _texts(part)
    for variable, inner in box.entries:
        if inner is not None:
            yield from (f"{variable.name} = {text}" for text in _texts(inner))


def try_out(content: str, in_force: str | None) -> tuple[Outcome, ...]:
    """Run a model's test rows, and the latest decisions of the past again by it."""
    model, ready = prepared(content)
    found = [_test(example, ready) for example in main_decision(model).examples]
    if model.main.namespace.startswith(PREFIX):
        found += _past(model.main.namespace.removeprefix(PREFIX), ready)
    return tuple(found)


def _test(example: Example, ready: Any) -> Outcome:
    try:
        facts, expected = _read(example)
        got, notes = answer(ready, facts, clock.now())
    except (Invalid, ValueError) as fault:
        got, notes, expected = None, (getattr(fault, "words", same(str(fault))),), example.result
    passed = alike(got, expected)
    why = notes[0] if notes and not passed else None
    said = T("应为 {a}，得到 {b}", "expected {a}, got {b}").fill(a=shown(expected), b=shown(got))
    return Outcome(
        "test",
        passed,
        same(example.name or example.facts),
        T(f"{said.zh}；{why.zh}", f"{said.en}; {why.en}") if why else said,
    )


def _past(decision: str, ready: Any) -> Iterator[Outcome]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, subject, facts, result::text FROM rules_evaluation WHERE decision = %s ORDER BY id DESC LIMIT %s",
            [decision, LOOK_BACK],
        )
        rows = cursor.fetchall()
    for at, subject, facts, result in rows:
        before = orjson.loads(result) if result is not None else None
        try:
            after, _ = answer(ready, unseal_json(facts, use=SEALED) or {}, at)
        except Invalid as fault:
            after = str(fault.words)
        number = subject.removeprefix("case:")
        words_ = T("当时 {a}，现在 {b}", "was {a}, would be {b}").fill(a=shown(before), b=shown(after))
        yield Outcome(
            "case",
            alike(before, after),
            same(f"{number or '—'} · {at.astimezone(clock.CHINA):%Y-%m-%d %H:%M}"),
            words_,
            href=f"/work/cases/{number}/" if subject.startswith("case:") else "",
        )


def alike(a: Any, b: Any) -> bool:
    """Tell whether two results as JSON has them are the same value."""
    return equal(from_python(a), from_python(b)) is True


def shown(value: Any) -> str:
    """Return a result as a line that people read."""
    return text_of(Run(), from_python(value))[:200]


def asks(content: str) -> tuple[Ask, ...]:
    """Return the facts that a simulation wants: a model's inputs, with the values that its tables name."""
    model, _ = prepared(content)
    main = main_decision(model)
    examples = [_safe(example) for example in main.examples[:1]]
    found = []
    for element in model.main.elements.values():
        if element.kind != "inputData":
            continue
        choices: tuple[str, ...] = ()
        label = element.label or element.name
        if main.logic is not None and main.logic.table is not None:
            for column in main.logic.table.inputs:
                if column.text == element.name:
                    label = column.label or label
                    choices = _choices(column.values)
        example = examples[0].get(element.name) if examples else None
        kind = KINDS.get(element.variable.type, "json" if element.variable.type else "text")
        found.append(Ask(element.name, same(label), kind, "" if example is None else str(example), choices))
    return tuple(found)


def typed(ask: Ask, text: str) -> Any:
    """Return what was typed for a fact, as its kind has it. Raises Invalid."""
    if ask.kind == "text":
        return text
    if ask.kind == "bool" and text in ("true", "false", "on"):
        return text != "false"
    found: Any = None
    if ask.kind == "number":
        found = number_of(text)
    elif ask.kind == "date":
        found = parse_date(text)
    elif ask.kind == "json":
        try:
            found = orjson.loads(text)
        except ValueError:
            found = text
    if found is None:
        raise Invalid(T(f"“{ask.title.zh}”填得不对", f"“{ask.title.en}” cannot be read"))
    return found


def number_of(text: str) -> Decimal | None:
    """Return the number that a text is, or None."""
    try:
        found = Decimal(text)
    except DecimalException:
        return None
    return found if found.is_finite() else None


def _safe(example: Example) -> dict[str, Any]:
    try:
        return _read(example)[0]
    except ValueError:
        return {}


def _choices(text: str) -> tuple[str, ...]:
    from .dmn.constants import listed
    from .feel.compiler import Compiler

    if not text:
        return ()
    try:
        found = listed(Compiler().unary(text)[1])
    except RulesError:
        return ()
    return tuple(found) if found and all(isinstance(one, str) for one in found) else ()


def simulate(content: str, facts: Mapping[str, Any]) -> Simulation:
    """Decide by a draft with sample facts: which rows apply, and what comes of it."""
    try:
        model, ready = prepared(content)
        result, notes = answer(ready, facts, clock.now())
    except Invalid as fault:
        return Simulation(findings=(Finding("error", "", fault.words),))
    main = main_decision(model)
    steps = tuple(_hits(model, main.id, facts))
    return Simulation(
        steps,
        ((main.label or main.name, shown(result)),),
        tuple(Finding("warning", main.id, note) for note in notes),
    )


def _hits(model: Model, id: str, facts: Mapping[str, Any]) -> Iterator[Step]:
    compiled = model.compiled((model.main.namespace, id))
    if not isinstance(compiled.code, CompiledTable):
        return
    run = Run(now=from_python(clock.now()))
    given = {name: from_python(value) for name, value in facts.items()}
    try:
        for row in bits(hits(compiled.code, Env(given, run))):
            result = compiled.code.whole[row]
            yield Step(
                f"{row + 1},0",
                T(f"第 {row + 1} 行命中", f"row {row + 1} applies"),
                shown(to_plain(result)) if _known(result) else "",
            )
    except RulesError:
        return


def _known(result: Any) -> bool:
    from .dmn.tables import FLOATING

    return result is not FLOATING


def hits(table: CompiledTable, env: Env) -> int:
    """Return the mask of the rows of a table that apply."""
    mask = table.full
    for head in table.heads:
        value = head.code(env)
        if head.type is not None:
            value = coerce(value, head.type)[0]
        looked = head.column.look(value)
        for row in bits(mask & head.column.evaluated):
            looked |= (head.tests[row](env, value) is True) << row
        mask &= looked
    return mask
