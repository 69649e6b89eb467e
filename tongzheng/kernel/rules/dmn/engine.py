"""A model, compiled once and evaluated often; each evaluation is its own session with its own bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..feel.notes import DEFAULT, BadModel, Exhausted, Limits, Note, Place, Run
from ..feel.scope import Env, made_function
from ..feel.types import Type, coerce
from ..feel.values import Function, from_python, to_plain
from .parts import Document, Element
from .reading import read
from .tables import CompiledTable
from .units import Compiled, Key, Unit

MAX_MODELS = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """What an evaluation gave, and why it or parts of it are null. `value` is a FEEL value."""

    value: Any
    notes: tuple[Note, ...] = ()

    @property
    def plain(self) -> Any:
        """Return the value as JSON can keep it."""
        return to_plain(self.value)


class Model:
    """A compiled model with those that it imports."""

    def __init__(self, main: Document, others: Iterable[Document] = ()) -> None:
        documents = {main.namespace: main}
        for other in others:
            documents.setdefault(other.namespace, other)
        if len(documents) > MAX_MODELS:
            raise BadModel("导入的模型过多", "too many models are imported")
        self.main = main
        self.problems: list[Note] = []
        self.units: dict[str, Unit] = {}
        _no_import_cycle(documents, main.namespace)
        for namespace, document in documents.items():
            self.units[namespace] = Unit(document, self.units, self.problems)
        for unit in self.units.values():
            unit.compile()
        for unit in self.units.values():
            self._no_cycle(unit)

    # -- what there is

    def names(self, kind: str) -> list[str]:
        """Return the names of the main model's elements of a kind, in order."""
        return [element.name for element in self.main.elements.values() if element.kind == kind]

    def inputs(self) -> set[str]:
        """Return the names under which facts can be handed in: elements, and imports that hold elements."""
        main = self.units[self.main.namespace]
        found = set(main.by_name) | {name for name, _ in main.imports if name}
        return found | {name for unit in self.units.values() for name in unit.by_name}

    def element(self, name: str, kind: str) -> Key:
        """Return the key of a named element. Raises BadModel when there is none."""
        for id, element in self.main.elements.items():
            if element.kind == kind and element.name == name:
                return self.main.namespace, id
        raise BadModel(f"模型里没有“{name}”", f"the model has no {name!r}")

    def compiled(self, key: Key) -> Compiled:
        """Return a compiled element."""
        return self.units[key[0]].compiled[key[1]]

    def _no_cycle(self, unit: Unit) -> None:
        done: set[Key] = set()
        for id in unit.compiled:
            path: list[tuple[Key, list[Key]]] = [((unit.namespace, id), [])]
            path[0][1].extend(key for _, key in unit.compiled[id].needs)
            open_: set[Key] = {path[0][0]}
            while path:
                key, rest = path[-1]
                if not rest:
                    path.pop()
                    open_.discard(key)
                    done.add(key)
                    continue
                following = rest.pop()
                if following in open_:
                    name = self.compiled(following).element.name
                    raise BadModel(f"“{name}”循环依赖自己", f"{name!r} requires itself")
                if following not in done:
                    open_.add(following)
                    path.append((following, [key for _, key in self.compiled(following).needs]))

    # -- evaluation

    def evaluate(
        self, decision: str, inputs: Mapping[str, Any], *, limits: Limits = DEFAULT, now: Any = None
    ) -> Answer:
        """Evaluate a decision of the main model with plain or FEEL values by input name.

        Raises BadModel for an unknown decision, Exhausted beyond the limits.
        """
        return self._run(
            limits, now, lambda session: session.value(self.element(decision, "decision")), inputs
        )

    def serve(
        self, service: str, inputs: Mapping[str, Any], *, limits: Limits = DEFAULT, now: Any = None
    ) -> Answer:
        """Evaluate a decision service with its inputs by name."""
        key = self.element(service, "decisionService")
        return self._run(limits, now, lambda session: session.serve(key, session.given), inputs)

    def call(
        self, function: str, args: Mapping[str, Any], *, limits: Limits = DEFAULT, now: Any = None
    ) -> Answer:
        """Call a business knowledge model with arguments by name."""
        from ..feel.scope import call_named

        key = self.element(function, "businessKnowledgeModel")
        bound = {name: from_python(value) for name, value in args.items()}
        return self._run(
            limits, now, lambda session: call_named(session.run, session.function(key), bound), {}
        )

    def _run(
        self, limits: Limits, now: Any, what: Callable[[Session], Any], inputs: Mapping[str, Any]
    ) -> Answer:
        run = Run(limits=limits, now=from_python(now))
        try:
            session = Session(self, run, self.given(inputs))
            return Answer(what(session), tuple(run.notes))
        except RecursionError:
            raise Exhausted("调用层次过深", "calls are nested too deep") from None

    def given(self, inputs: Mapping[str, Any]) -> dict[Key, Any]:
        """Return the inputs by element: of the main model by name, of imported ones within the import's name."""
        found: dict[Key, Any] = {}
        self._take(self.units[self.main.namespace], inputs, found)
        for name, value in inputs.items():
            self._anywhere(name, value, found)
        return found

    def _take(self, unit: Unit, inputs: Mapping[str, Any], found: dict[Key, Any]) -> None:
        for name, value in inputs.items():
            key = unit.by_name.get(name)
            if key is not None:
                found[key] = from_python(value)
            elif isinstance(value, Mapping):
                for imported, namespace in unit.imports:
                    if imported == name:
                        self._take(self.units[namespace], value, found)

    def _anywhere(self, name: str, value: Any, found: dict[Key, Any]) -> None:
        """Take an input of an imported model that is given without the import's name."""
        main = self.units[self.main.namespace]
        if name in main.by_name or any(name == imported for imported, _ in main.imports):
            return
        keys = [unit.by_name[name] for unit in self.units.values() if name in unit.by_name]
        if len(keys) == 1 and keys[0] not in found:
            found[keys[0]] = from_python(value)


class Session:
    """One evaluation: what is given, and what was worked out so far."""

    def __init__(self, model: Model, run: Run, given: dict[Key, Any]) -> None:
        self.model = model
        self.run = run
        self.given = given
        self.found: dict[Key, Any] = {}
        self.functions: dict[Key, Function] = {}

    def value(self, wanted: Key) -> Any:
        """Return the value of an input or decision, working out first what it requires."""
        stack = [wanted]
        while stack:
            key = stack[-1]
            if key in self.found:
                stack.pop()
                continue
            compiled = self.model.compiled(key)
            element = compiled.element
            if key in self.given or element.kind == "inputData":
                self.found[key] = self._input(compiled, self.given.get(key))
                continue
            missing = [need for _, need in compiled.needs if need not in self.found]
            if missing:
                stack.extend(reversed(missing))
                continue
            self.found[key] = self._decide(compiled)
        return self.found[wanted]

    def _input(self, compiled: Compiled, value: Any) -> Any:
        if compiled.type is None or value is None:
            return value
        found, fits = coerce(value, compiled.type)
        if not fits:
            self.run.place = compiled.place
            self.run.null(f"输入不是 {compiled.type}", f"the input is no {compiled.type}")
        return found

    def _decide(self, compiled: Compiled) -> Any:
        run = self.run
        outer, run.place = run.place, compiled.place
        run.tick()
        value = compiled.code(self.env(compiled))
        if compiled.type is not None and value is not None:
            value, fits = coerce(value, compiled.type)
            if not fits:
                run.null(f"结果不是 {compiled.type}", f"the result is no {compiled.type}")
        run.place = outer
        return value

    def env(self, compiled: Compiled) -> Env:
        """Return the names that an element's logic sees."""
        bound: dict[str, Any] = {}
        for path, key in compiled.needs:
            _bind(bound, path, self.found[key])
        for path, key in compiled.knows:
            _bind(bound, path, self.function(key))
        return Env(bound, self.run)

    def function(self, key: Key) -> Function:
        """Return a business knowledge model or decision service as something to call."""
        made = self.functions.get(key)
        if made is not None:
            return made
        compiled = self.model.compiled(key)
        made = self._service(key, compiled) if compiled.element.kind == "decisionService" else None
        if made is not None:
            self.functions[key] = made
            return made
        # It may call itself, so its own name is bound once it exists.
        bound: dict[str, Any] = {}
        env = Env(bound, self.run)
        names, types, body = compiled.parameters, compiled.types, compiled.code
        result = (
            compiled.type
            if compiled.type is not None and compiled.type.name != "function"
            else compiled.result
        )
        made = made_function(names, types, body, env, result=result, label=compiled.element.name)
        self.functions[key] = made
        bound[compiled.element.name] = made
        for path, other in compiled.knows:
            _bind(bound, path, self.function(other))
        return made

    def _service(self, key: Key, compiled: Compiled) -> Function:
        inputs = compiled.inputs
        types = tuple(self.model.compiled(one).type for one in inputs)

        def call(run: Run, args: list[Any]) -> Any:
            if len(args) != len(inputs):
                return run.null(
                    f"决策服务须有 {len(inputs)} 个参数",
                    f"the decision service takes {len(inputs)} arguments",
                )
            for type, value in zip(types, args, strict=True):
                if type is not None and not coerce(value, type)[1]:
                    return run.null(f"参数不是 {type}", f"an argument is no {type}")
            return self.serve(key, dict(zip(inputs, args, strict=True)))

        return Function(
            names=tuple(self.model.compiled(one).element.name for one in inputs),
            call=call, types=types, result=compiled.type, label=compiled.element.name,
        )  # fmt: skip

    def serve(self, key: Key, given: dict[Key, Any]) -> Any:
        """Evaluate a decision service with nothing but what is given."""
        compiled = self.model.compiled(key)
        inner = Session(self.model, self.run, {one: given.get(one) for one in compiled.inputs})
        values = {self.model.compiled(one).element.name: inner.value(one) for one in compiled.outputs}
        value: Any = next(iter(values.values())) if len(values) == 1 else values
        wanted = compiled.type
        if wanted is not None and wanted.name == "function":
            wanted = wanted.result
        if wanted is not None and value is not None:
            value, fits = coerce(value, wanted)
            if not fits:
                self.run.null(f"结果不是 {wanted}", f"the result is no {wanted}")
        return value


def _bind(bound: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for name in path[:-1]:
        bound = bound.setdefault(name, {})
    bound[path[-1]] = value


def _no_import_cycle(documents: Mapping[str, Document], main: str) -> None:
    state: dict[str, int] = {}
    stack = [(main, False)]
    while stack:
        namespace, leaving = stack.pop()
        if leaving:
            state[namespace] = 2
            continue
        if state.get(namespace) == 1:
            raise BadModel("模型循环导入自己", "a model imports itself")
        if state.get(namespace) == 2:
            continue
        state[namespace] = 1
        stack.append((namespace, True))
        for one in documents[namespace].imports:
            if one.namespace not in documents:
                raise BadModel(
                    f"没有导入的模型“{one.namespace}”", f"imported model {one.namespace!r} is missing"
                )
            if state.get(one.namespace) == 1:
                raise BadModel("模型循环导入自己", "a model imports itself")
            stack.append((one.namespace, False))


def load(data: bytes | str, *others: bytes | str) -> Model:
    """Read and compile a model and those that it imports.

    Raises BadModel when it cannot be used; expressions that cannot be compiled are in `problems` instead.
    """
    return Model(read(data), [read(other) for other in others])


__all__ = ["Answer", "CompiledTable", "Element", "Model", "Place", "Session", "Type", "load"]
