"""One document of a model, compiled: its types, the names that each element sees, its logic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..feel.names import Names
from ..feel.notes import Note, Place
from ..feel.scope import Code
from ..feel.types import Type
from .boxed import Boxer
from .items import Items
from .parts import Boxed, Document, Element, Item

Key = tuple[str, str]
"""The namespace of a document and the id of an element in it."""

KINDS = {
    "inputData": ("输入", "input"), "decision": ("决策", "decision"),
    "businessKnowledgeModel": ("业务知识", "business knowledge model"), "decisionService": ("决策服务", "decision service"),
}  # fmt: skip


@dataclass(slots=True)
class Compiled:
    """An element ready to evaluate."""

    element: Element
    place: Place
    code: Code
    type: Type | None = None
    needs: list[tuple[tuple[str, ...], Key]] = field(default_factory=list)
    knows: list[tuple[tuple[str, ...], Key]] = field(default_factory=list)
    parameters: tuple[str, ...] = ()
    types: tuple[Type | None, ...] = ()
    result: Type | None = None
    inputs: list[Key] = field(default_factory=list)
    outputs: list[Key] = field(default_factory=list)
    tables: dict[int, Any] = field(default_factory=dict)


class Unit:
    """One document among those of a model."""

    def __init__(self, document: Document, units: dict[str, Unit], problems: list[Note]) -> None:
        self.document = document
        self.namespace = document.namespace
        self.units = units
        self.problems = problems
        self.imports = [(one.name, one.namespace) for one in document.imports]
        self.by_name: dict[str, Key] = {}
        for id, element in document.elements.items():
            self.by_name.setdefault(element.name, (self.namespace, id))
        self.compiled: dict[str, Compiled] = {}
        self.members = Names()
        self._items: Items | None = None

    @property
    def items(self) -> Items:
        """Return the types, made when they are first asked for: imports may ask before their turn."""
        if self._items is None:
            for name in _names(self.document):
                self.members.add(name)
            for _, namespace in self.imports:
                for name in _names(self.units[namespace].document):
                    self.members.add(name)
            self._items = Items(self.document.items, self.members, self._imported_type, self.problems)
        return self._items

    def _imported_type(self, name: str) -> Type | None:
        for prefix, namespace in self.imports:
            rest = (
                name[len(prefix) + 1 :]
                if prefix and name.startswith(f"{prefix}.")
                else ("" if prefix else name)
            )
            if rest and (found := self.units[namespace].items.find(rest)) is not None:
                return found
        return None

    def type(self, name: str) -> Type | None:
        """Return the type of a name as this document spells it."""
        return self.items.find(name) if name else None

    def compile(self) -> None:
        """Compile every element. What cannot be compiled is in the problems."""
        self.items  # noqa: B018 - makes the types, so that their problems are known
        for element in self.document.elements.values():
            self.compiled[element.id] = self._element(element)

    def _element(self, element: Element) -> Compiled:
        zh, en = KINDS[element.kind]
        place = Place(element.name, zh=f"{zh}“{element.name}”", en=f"{en} {element.name!r}")
        made = Compiled(element, place, _nothing)
        if element.variable.type and element.variable.type != "Any":
            made.type = self.type(element.variable.type)
            if made.type is None:
                self._problem(
                    place, f"没有类型“{element.variable.type}”", f"there is no type {element.variable.type!r}"
                )
        made.needs = list(self._refs(element.needs, place))
        made.knows = list(self._refs(element.knows, place))
        if element.kind == "decision":
            self._logic(made, [])
        elif element.kind == "businessKnowledgeModel":
            self._function(made)
        elif element.kind == "decisionService":
            made.inputs = [
                key for _, key in self._refs([*element.input_data, *element.input_decisions], place)
            ]
            made.outputs = [key for _, key in self._refs(element.outputs, place)]
        return made

    def _problem(self, place: Place, zh: str, en: str) -> None:
        self.problems.append(Note(zh, en, place))

    def _refs(self, hrefs: list[str], place: Place) -> Iterator[tuple[tuple[str, ...], Key]]:
        for href in hrefs:
            namespace, _, id = href.rpartition("#")
            home = self.units.get(namespace or self.namespace)
            element = home.document.elements.get(id) if home else None
            if home is None or element is None:
                self._problem(place, f"引用的“{href}”不存在", f"there is no {href!r}, which is referred to")
                continue
            if home is self:
                yield (element.name,), (self.namespace, id)
                continue
            names = [name for name, there in self.imports if there == home.namespace]
            if not names:
                self._problem(place, f"没有导入“{home.namespace}”", f"{home.namespace!r} is not imported")
                continue
            yield (names[0], element.name) if names[0] else (element.name,), (home.namespace, id)

    def _known(self, made: Compiled) -> list[str]:
        return list(dict.fromkeys(path[0] for path, _ in [*made.needs, *made.knows]))

    def _boxer(self, made: Compiled) -> Boxer:
        return Boxer(made.element.name, self.members, self.type, self.items.order, self.problems)

    def _logic(self, made: Compiled, extra: list[str]) -> None:
        boxer = self._boxer(made)
        made.code = boxer.code(made.element.logic, [*self._known(made), *extra], made.type)
        made.tables = boxer.tables

    def _function(self, made: Compiled) -> None:
        logic = made.element.logic
        if logic is None:
            return
        made.parameters = tuple(one.name for one in logic.parameters)
        made.types = tuple(self.type(one.type) for one in logic.parameters)
        boxer = self._boxer(made)
        if logic.name not in ("FEEL", ""):
            made.code = lambda env: env.run.null("不执行外部函数", "external functions are not run")
            return
        body = logic.parts[0] if logic.parts else None
        known = [*self._known(made), made.element.name, *made.parameters]
        result = self.type(logic.type)
        if made.type is not None and made.type.name == "function":
            made.result = made.type.result
        elif result is not None and result.name != "function":
            made.result = result
        made.code = boxer.code(body, known, made.type or made.result)
        made.tables = boxer.tables


def _nothing(env: Any) -> None:
    return None


def _names(document: Document) -> Iterator[str]:
    """Return every name that an entry of a value may have in this document."""
    stack: list[Item] = list(document.items)
    while stack:
        item = stack.pop()
        yield item.name
        stack.extend(item.parts)
    for element in document.elements.values():
        yield element.name
        yield from _boxed_names(element.logic)


def _boxed_names(root: Boxed | None) -> Iterator[str]:
    boxes = [root] if root else []
    while boxes:
        box = boxes.pop()
        yield from box.columns
        yield from (variable.name for variable, _ in box.entries if variable.name)
        if box.table is not None:
            yield from (output.name for output in box.table.outputs if output.name)
        boxes.extend(box.parts)
        boxes.extend(inner for _, inner in box.entries if inner is not None)
