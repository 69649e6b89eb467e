"""Item definitions → types, with their allowed values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..feel.compiler import Compiler
from ..feel.names import Names
from ..feel.notes import Note, NotFeel, Place, Run
from ..feel.scope import Env
from ..feel.types import ANY, NAMED, Type
from .constants import listed
from .parts import Item

Lookup = Callable[[str], "Type | None"]


class Items:
    """The types that one model declares; `elsewhere` finds those of imported models by qualified name."""

    def __init__(self, items: list[Item], members: Names, elsewhere: Lookup, problems: list[Note]) -> None:
        self._items = {item.name: item for item in items}
        self._made: dict[str, Type] = {}
        self._making: set[str] = set()
        self._members = members
        self._elsewhere = elsewhere
        self._problems = problems
        self.orders: dict[int, list[Any]] = {}
        for name in self._items:
            self.find(name)

    def find(self, name: str) -> Type | None:
        """Return the type of that name, its own or imported or FEEL's; None when there is none."""
        if name.startswith("feel:"):
            name = name[5:]
        if name in self._made:
            return self._made[name]
        item = self._items.get(name)
        if item is None:
            prefix, colon, rest = name.partition(":")
            if colon and prefix and rest:
                return self.find(rest)
            return NAMED.get(name) or self._elsewhere(name)
        if name in self._making:
            self._problem(name, "类型循环引用自己", "the type is defined by itself")
            return ANY
        self._making.add(name)
        # A structure may have itself as a part, so it is known before its parts are.
        outer = Type("context", members={}, label=name) if item.parts and not item.collection else None
        if outer is not None:
            self._made[name] = outer
        made = self._type(item, name, outer)
        self._making.discard(name)
        self._made[name] = made
        return made

    def order(self, type: Type | None) -> list[Any] | None:
        """Return the values that a type allows, in order."""
        while type is not None:
            if (found := self.orders.get(id(type))) is not None:
                return found
            type = type.base
        return None

    def _problem(self, name: str, zh: str, en: str) -> None:
        place = Place(name, zh=f"类型“{name}”", en=f"type {name!r}")
        self._problems.append(Note(zh, en, place))

    def _type(self, item: Item, name: str, outer: Type | None = None) -> Type:
        if item.parameters is not None:
            parameters = tuple(self._ref(one.type, name) for one in item.parameters)
            return Type("function", parameters=parameters, result=self._ref(item.result, name), label=name)
        if item.parts:
            inner = outer or Type("context", members={}, label=name)
            inner.members = {part.name: self._type(part, f"{name}.{part.name}") for part in item.parts}
        else:
            inner = self._ref(item.type, name)
        if item.allowed:
            inner = self._limited(inner, item.allowed, name)
        if item.collection:
            inner = Type("list", item=inner, label=name)
        if item.constraint:
            inner = self._limited(inner, item.constraint, name)
        return inner

    def _ref(self, name: str, where: str) -> Type:
        if not name:
            return ANY
        found = self.find(name)
        if found is None:
            self._problem(where, f"没有类型“{name}”", f"there is no type {name!r}")
        return found or ANY

    def _limited(self, base: Type, text: str, name: str) -> Type:
        compiler = Compiler(("?",), self._members, self.find)
        try:
            test, tree = compiler.unary(text)
        except NotFeel as error:
            self._problem(name, error.note.zh, error.note.en)
            return base

        def allowed(value: Any) -> bool:
            return value is None or test(Env({"?": value}, Run()), value) is True

        made = Type(base.name, base=base, allowed=allowed, label=name)
        if (values := listed(tree)) is not None:
            self.orders[id(made)] = values
        return made
