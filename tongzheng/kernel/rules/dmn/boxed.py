"""Boxed expressions → closures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..feel.compiler import Compiler
from ..feel.loops import domain, filtered, looped, quantified
from ..feel.names import Names
from ..feel.notes import Note, NotFeel, Place
from ..feel.scope import Code, Env, call_named, call_value, made_function
from ..feel.types import Type, coerce
from ..feel.values import Function
from .making import TableMaker, broken
from .parts import Boxed

FEEL = ("feel", "")


class Boxer:
    """Compiles the logic of one element. Problems are noted with their place; the rest still works."""

    def __init__(
        self,
        element: str,
        members: Names,
        types: Callable[[str], Type | None],
        orders: Callable[[Type | None], list[Any] | None],
        problems: list[Note],
    ) -> None:
        self.element = element
        self.members = members
        self.types = types
        self.orders = orders
        self.problems = problems
        self.tables: dict[int, Any] = {}

    def code(self, boxed: Boxed | None, known: Sequence[str], type: Type | None = None) -> Code:
        """Return the closure of a boxed expression; `known` are the names in scope."""
        if boxed is None or boxed.kind == "missing":
            return lambda env: env.run.null("没有决策逻辑", "there is no decision logic")
        made: Code = getattr(self, f"_{boxed.kind}")(boxed, list(known), type)
        wanted = self.types(boxed.type) if boxed.type else None
        if wanted is None or boxed.kind == "functionDefinition":
            return made
        return typed(made, wanted)

    def place(self) -> Place:
        return Place(self.element, zh=f"“{self.element}”", en=self.element)

    def feel(self, text: str, known: Sequence[str]) -> Code:
        """Compile a literal expression."""
        if not text:
            return lambda env: env.run.null("表达式为空", "the expression is empty")
        compiler = self._compiler(known)
        try:
            made = compiler.expression(text, known)
        except NotFeel as error:
            self.problems.append(error.note.put(self.place()))
            return broken(error)
        for name, at in compiler.missing:
            self.problems.append(Note(f"没有“{name}”", f"there is no {name!r}", self.place(), at))
        return made

    def _compiler(self, known: Sequence[str]) -> Compiler:
        return Compiler(known, self.members, self.types)

    def _literalExpression(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        language = boxed.name.rstrip("/").lower()
        if language and "feel" not in language:
            self.problems.append(Note("只执行 FEEL", "only FEEL is run", self.place()))
            return lambda env: env.run.null("只执行 FEEL", "only FEEL is run")
        return self.feel(boxed.text, known)

    def _decisionTable(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        assert boxed.table is not None
        maker = TableMaker(self.element, self._compiler(known), known, self.orders, self.problems)
        try:
            made = maker.make(boxed.table, type)
        except NotFeel as error:
            self.problems.append(error.note.put(self.place()))
            return broken(error)
        self.tables[id(boxed)] = made
        return made

    def _context(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        entries: list[tuple[str, Code]] = []
        for variable, inner in boxed.entries:
            if inner is not None and inner.kind == "functionDefinition" and variable.name:
                code = self.code(inner, [*known, variable.name])
            else:
                code = self.code(inner, known)
            wanted = self.types(variable.type) if variable.type else None
            if wanted is not None and wanted.name != "function":
                code = typed(code, wanted)
            entries.append((variable.name, code))
            if variable.name:
                known = [*known, variable.name]

        def context(env: Env) -> Any:
            made: dict[str, Any] = {}
            inner = Env(made, env.run, env)
            for name, code in entries:
                value = code(inner)
                if not name:
                    return value
                made[name] = value
            return made

        return context

    def _list(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        parts = [self.code(part, known) for part in boxed.parts]
        return lambda env: [part(env) for part in parts]

    def _relation(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        columns = boxed.columns
        rows = [[self.code(cell, known) for cell in row.parts] for row in boxed.parts]
        return lambda env: [
            {name: code(env) for name, code in zip(columns, row, strict=False)} for row in rows
        ]

    def _functionDefinition(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        if boxed.name not in ("FEEL", ""):
            return lambda env: env.run.null("不执行外部函数", "external functions are not run")
        names = tuple(one.name for one in boxed.parameters)
        types = tuple(self.types(one.type) if one.type else None for one in boxed.parameters)
        body = self.code(boxed.parts[0] if boxed.parts else None, [*known, *names])
        result = self.types(boxed.type) if boxed.type else None
        if result is not None and result.name == "function":
            result = None
        return lambda env: made_function(names, types, body, env, result=result, label=self.element)

    def _invocation(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        callee = self.code(boxed.parts[0] if boxed.parts else None, known)
        pairs = [(variable.name, self.code(inner, known)) for variable, inner in boxed.entries]

        def invocation(env: Env) -> Any:
            function = callee(env)
            args = {name: code(env) for name, code in pairs}
            if isinstance(function, Function) and not args:
                return call_value(env.run, function, [])
            return call_named(env.run, function, args)

        return invocation

    def _conditional(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        condition, yes, no = (self.code(part, known) for part in boxed.parts)

        def conditional(env: Env) -> Any:
            return yes(env) if condition(env) is True else no(env)

        return conditional

    def _filter(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        base = self.code(boxed.parts[0], known)
        match = self._loose(boxed.parts[1], [*known, "item"])
        return lambda env: filtered(env, base(env), match)

    def _loose(self, boxed: Boxed, known: list[str]) -> Code:
        """Compile what may speak of the entries of an item, which nobody knows beforehand."""
        before = len(self.problems)
        code = self.code(boxed, known)
        self.problems[before:] = [one for one in self.problems[before:] if not one.zh.startswith("没有“")]
        return code

    def _for(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        first = self.code(boxed.parts[0], known)
        body = self.code(boxed.parts[1], [*known, boxed.name, "partial"])
        pairs: list[tuple[str, Code]] = [(boxed.name, lambda env: domain(env, first(env)))]
        return lambda env: looped(env, pairs, body, partial=True)

    def _every(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        return self._quantified(boxed, known, wanted=False)

    def _some(self, boxed: Boxed, known: list[str], type: Type | None) -> Code:
        return self._quantified(boxed, known, wanted=True)

    def _quantified(self, boxed: Boxed, known: list[str], *, wanted: bool) -> Code:
        first = self.code(boxed.parts[0], known)
        body = self.code(boxed.parts[1], [*known, boxed.name])
        pairs: list[tuple[str, Code]] = [(boxed.name, lambda env: domain(env, first(env)))]
        return lambda env: quantified(env, pairs, body, wanted)


def typed(code: Code, type: Type) -> Code:
    """Return the closure with its value made to fit the type, or null."""

    def fitted(env: Env) -> Any:
        value = code(env)
        if value is None:
            return None
        found, fits = coerce(value, type)
        return found if fits else env.run.null(f"结果不是 {type}", f"the result is no {type}")

    return fitted
