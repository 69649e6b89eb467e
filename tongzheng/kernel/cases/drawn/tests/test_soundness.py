"""What is wrong with a drawing is found before it is published; what is sound always ends."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongzheng.kernel.cases.drawn.exploring import explore
from tongzheng.kernel.cases.drawn.program import compile_model
from tongzheng.kernel.cases.drawn.soundness import Known, examine
from tongzheng.kernel.core.text import T

from .build import END, NOW, START, Play, after, el, flows, model, on, sub
from .test_events import boundary
from .test_running import user


def found(*inner: str, root: str = "", known: Known | None = None) -> set[tuple[str, str]]:
    """Return the codes of what is found, with their elements, notes left out."""
    findings = examine(model(*inner, root=root), now=NOW, known=known)
    for one in findings:
        assert one.words.zh
        assert one.words.en
        assert one.level in ("error", "warning", "note")
    return {(one.code, one.element) for one in findings if one.level != "note"}


def gate(id: str, kind: str = "exclusive", **more: str) -> str:
    return el(f"{kind}Gateway", id, **more)


def test_a_sound_process_has_nothing_found() -> None:
    assert found(
        START, gate("g", default="g_b"), user("a"), user("b"), gate("j"), END,
        flows("s g", "g a: x > 1", "g b", "a j", "b j", "j e"),
    ) == set()  # fmt: skip


def test_a_choice_that_is_joined_as_if_both_came_is_a_deadlock() -> None:
    assert ("deadlock", "j") in found(
        START, gate("g", default="g_b"), user("a"), user("b"), gate("j", "parallel"), END,
        flows("s g", "g a: x > 1", "g b", "a j", "b j", "j e"),
    )  # fmt: skip


def test_ways_at_once_that_are_merged_and_not_joined_are_found() -> None:
    assert found(
        START, gate("f", "parallel"), user("a"), user("b"), gate("j"), user("z"), END,
        flows("s f", "f a", "f b", "a j", "b j", "j z", "z e"),
    ) == {("not-joined", "j")}  # fmt: skip


def test_an_inclusive_split_and_join_are_sound_and_a_parallel_join_of_it_is_not() -> None:
    ways = flows("s f", "f a: x > 1", "f b: x > 2", "f c", "a j", "b j", "c j", "j e")
    works = (START, gate("f", "inclusive", default="f_c"), user("a"), user("b"), user("c"), END, ways)
    assert found(gate("j", "inclusive"), *works) == set()
    assert ("deadlock", "j") in found(gate("j", "parallel"), *works)


@pytest.mark.parametrize(
    ("parts", "code", "element"),
    [
        ((START, gate("g"), user("a"), END, flows("s g", "g a", "g e", "a e")), "no-condition", "g"),
        ((START, gate("g"), user("a"), END, flows("s g", "g a: x > 1", "g e: x > 2", "a e")), "no-default", "g"),
        ((START, user("a"), user("lost"), END, flows("s a", "a e", "lost e")), "unreachable", "lost"),
        ((START, user("a"), gate("g"), flows("s g", "g a", "a g")), "no-end", "P"),
        ((START, boundary("b", "nobody", after("P1D")), END, flows("s e", "b e")), "boundary-on-nothing", "b"),
        ((START, el("intermediateCatchEvent", "t", after("2020-01-01", "Date")), END, flows("s t", "t e")), "past", "t"),
        ((START, el("intermediateCatchEvent", "t", after("P1X")), END, flows("s t", "t e")), "bad-time", "t"),
        ((START, el("intermediateCatchEvent", "t", on("timer")), END, flows("s t", "t e")), "no-time", "t"),
        ((START, el("endEvent", "x", on("error", errorRef="No")), flows("s x")), "unknown-reference", "x"),
        ((START, user("a"), END, flows("s a", "a e", "a nowhere")), "unknown-reference", "a_nowhere"),
        ((START, user("a", default="zz"), END, flows("s a", "a e")), "unknown-default", "a"),
        ((START, el("serviceTask", "v"), END, flows("s v", "v e")), "no-service", "v"),
        ((START, el("businessRuleTask", "v"), END, flows("s v", "v e")), "no-decision", "v"),
        ((START, el("scriptTask", "v", "<b:script>1</b:script>", scriptFormat="groovy"), END, flows("s v", "v e")),
         "not-feel", "v"),
        ((START, gate("g", default="g_e"), END, flows("s g", "g e2: ${x > 1}", "g e"), el("endEvent", "e2")), "not-feel", "g_e2"),
        ((START, el("endEvent", "x", on("cancel")), flows("s x")), "trigger", "x"),
        ((START, el("intermediateThrowEvent", "x", on("link", name="L")), flows("s x")), "unknown-reference", "x"),
        ((START, user("a", "<b:multiInstanceLoopCharacteristics/>"), END, flows("s a", "a e")), "no-count", "a"),
        ((START, gate("g", "eventBased"), user("a"), user("b"), END, flows("s g", "g a", "g b", "a e", "b e")),
         "not-an-event", "g"),
        ((START, user("a"), user("a"), END, flows("s a", "a e")), "same-id", "a"),
        ((START, sub("sp", el("startEvent", "q"), user("w"), user("v"), flows("q w", "w v")), user("a"), END,
          flows("s sp", "sp e", "q a")), "flow-crosses", "q_a"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_element(parts: tuple[str, ...], code: str, element: str) -> None:
    assert (code, element) in found(*parts)


def test_a_ring_without_a_way_out_is_found_although_an_end_can_be_reached_elsewhere() -> None:
    parts = (
        START, gate("g", default="g_e"), END, user("a"), user("b"), gate("m"),
        flows("s g", "g e", "g m: x > 1", "m a", "a b", "b m"),
    )  # fmt: skip
    assert found(*parts) == {("endless", "P")}


def test_services_decisions_actions_and_expressions_are_looked_up() -> None:
    parts = (
        START, el("serviceTask", "v", tongzheng__service="no.such"), user("a", tongzheng__action="no.one"),
        el("businessRuleTask", "r", tongzheng__decision="none"), gate("g", default="g_e"), END, el("endEvent", "e2"),
        flows("s v", "v a", "a r", "r g", "g e", "g e2: x >"),
    )  # fmt: skip
    known = Known((), (), (), lambda text: T("不对", "wrong") if text.endswith(">") else None)
    assert found(*parts, known=known) == {
        ("unknown-service", "v"), ("unknown-decision", "r"), ("unknown-action", "a"), ("bad-expression", "g_e2"),
    }  # fmt: skip


def test_what_is_not_run_is_named_and_kept() -> None:
    inner = sub("ah", user("w"), kind="adHocSubProcess")
    findings = examine(model(START, inner, END, flows("s ah", "ah e")), now=NOW)
    assert ("not-run", "ah", "ah", "adHocSubProcess") in {
        (f.code, f.element, f.name, f.kind) for f in findings
    }


def test_many_ways_are_explored_within_a_bound() -> None:
    names = [f"t{n}" for n in range(16)]
    parts = [START, gate("f", "parallel"), gate("j", "parallel"), END, flows("s f", "j e")]
    for name in names:
        parts += [user(name), user(f"{name}b"), flows(f"f {name}", f"{name} {name}b", f"{name}b j")]
    explored = explore(compile_model(model(*parts)), "P", most=2000)
    assert (explored.whole, explored.stuck) == (False, {})
    parts[2] = gate("j", "parallel") + user("never") + flows("never j")
    assert "j" in explore(compile_model(model(*parts)), "P", most=2000).stuck


# Random structured processes: each block has one way in and one way out.


class Builder:
    """Draws blocks of sequences, choices, parallel and inclusive ways, loops and sub-processes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.n = 0
        self.parts: list[str] = []

    def new(self, kind: str, inner: str = "", **more: str) -> str:
        self.n += 1
        self.parts.append(el(kind, f"n{self.n}", inner, **more))
        return f"n{self.n}"

    def join(self, a: str, b: str, condition: str = "") -> None:
        self.parts.append(flows(f"{a} {b}" + (f": {condition}" if condition else "")))

    def block(self, depth: int) -> tuple[str, str]:
        """Return the first and last element of a block."""
        kind = (
            self.random.choice(["work", "row", "xor", "and", "or", "loop", "sub", "timer"])
            if depth
            else "work"
        )
        if kind == "work":
            id = self.new(self.random.choice(["userTask", "task", "manualTask"]))
            return id, id
        if kind == "row":
            a, b = self.block(depth - 1), self.block(depth - 1)
            self.join(a[1], b[0])
            return a[0], b[1]
        if kind == "sub":
            outer, self.parts = self.parts, []
            s, e = self.new("startEvent"), self.new("endEvent")
            a = self.block(depth - 1)
            self.join(s, a[0])
            self.join(a[1], e)
            inner, self.parts = "".join(self.parts), outer
            id = self.new("subProcess", inner)
            return id, id
        if kind == "timer":
            a = self.new("userTask")
            b = self.new("boundaryEvent", after("PT1H"), attachedToRef=a)
            c, j = self.block(depth - 1), self.new("exclusiveGateway")
            for x, y in ((b, c[0]), (c[1], j), (a, j)):
                self.join(x, y)
            return a, j
        if kind == "loop":
            m, w, a = self.new("exclusiveGateway"), self.new("userTask"), self.block(depth - 1)
            self.n += 1
            g = f"n{self.n}"
            end = self.new("task")
            self.parts.append(el("exclusiveGateway", g, default=f"{g}_{end}"))
            self.join(m, w)
            self.join(w, a[0])
            self.join(a[1], g)
            self.join(g, m, f"x = {self.random.randint(0, 3)}")
            self.join(g, end)
            return m, end
        word = {"xor": "exclusive", "and": "parallel", "or": "inclusive"}[kind]
        blocks = [self.block(depth - 1) for _ in range(self.random.randint(2, 3))]
        self.n += 1
        f = f"n{self.n}"
        default = {} if kind == "and" else {"default": f"{f}_{blocks[0][0]}"}
        self.parts.append(el(f"{word}Gateway", f, **default))
        j = self.new(f"{word}Gateway")
        for number, one in enumerate(blocks):
            self.join(f, one[0], "" if kind == "and" or not number else f"x > {number}")
            self.join(one[1], j)
        return f, j


@given(st.integers(0, 10**9))
@settings(max_examples=60, deadline=None)
def test_random_structured_processes_are_sound_and_always_end(seed: int) -> None:
    builder = Builder(seed)
    first, last = builder.block(3)
    parts = (START, *builder.parts, END, flows(f"s {first}", f"{last} e"))
    assert {code for code, _ in found(*parts)} <= {"too-many-ways"}
    run_to_the_end(Play(compile_model(model(*parts)), {"x": 2}), random.Random(seed))


def run_to_the_end(p: Play, chance: random.Random) -> None:
    """Do work and let timers fire, by chance, until the process has ended."""
    for _ in range(500):
        if p.status != "running":
            break
        timers = sorted({one["at"] for one in p.state["timers"].values()})
        work = sorted(key for key, one in p.state["tokens"].items() if one.get("wait") == "task")
        if timers and (not work or chance.random() < 0.2):
            p.fire(chance.choice(timers))
        else:
            data: dict[str, Any] = {"x": chance.randint(0, 4)}
            p.happen("done", chance.choice(work), **data)
    assert p.status == "ended"
    assert p.state["tokens"] == p.state["scopes"] == p.state["timers"] == {}


def test_time_is_handed_in() -> None:
    shape = (START, el("intermediateCatchEvent", "t", after("2026-12-01", "Date")), END, flows("s t", "t e"))
    later: datetime = NOW + timedelta(days=30)
    assert not [f for f in examine(model(*shape), now=NOW) if f.code == "past"]
    assert [f for f in examine(model(*shape), now=later) if f.code == "past"]
