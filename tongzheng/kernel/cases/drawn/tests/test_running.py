"""How drawn processes run: ways that part and meet, work, sub-processes, many at once."""

from __future__ import annotations

import copy

import pytest

from tongzheng.kernel.cases.drawn import engine, state
from tongzheng.kernel.cases.drawn.engine import Event, NotWaiting, Runaway

from .build import END, NOW, START, after, el, flows, judge, on, play, sub


def user(id: str, inner: str = "", **more: str) -> str:
    return el("userTask", id, inner, **more)


def test_work_follows_work_until_the_end() -> None:
    p = play(START, user("a"), user("b"), END, flows("s a", "a b", "b e"), variables={"x": 1})
    assert p.work() == ["a"]
    p.do("a", y=2)
    assert (p.work(), p.status) == (["b"], "running")
    p.do("b")
    assert (p.status, p.variables) == ("ended", {"x": 1, "y": 2})
    assert p.path == ["s", "s_a", "a", "a_b", "b", "b_e", "e"]
    assert p.state["tokens"] == p.state["scopes"] == p.state["timers"] == {}


def test_a_step_leaves_the_state_it_was_given_alone() -> None:
    p = play(START, user("a"), END, flows("s a", "a e"))
    before = copy.deepcopy(p.state)
    event = Event("done", p.token("a"), data={"z": [1]})
    first = engine.step(p.definition, p.state, event, now=NOW, evaluate=judge)
    assert p.state == before
    assert first == engine.step(p.definition, p.state, event, now=NOW, evaluate=judge)


XOR = (
    el("exclusiveGateway", "g", default="g_c"), user("a"), user("b"), user("c"), END,
    flows("s g", "g a: x > 10", "g b: x > 5", "g c", "a e", "b e", "c e"),
)  # fmt: skip


@pytest.mark.parametrize(("x", "way"), [(11, "a"), (6, "b"), (1, "c"), (None, "c")])
def test_an_exclusive_gateway_takes_the_first_way_whose_condition_holds(x: int | None, way: str) -> None:
    assert play(START, *XOR, variables={"x": x}).work() == [way]


def test_without_a_way_a_token_waits_and_goes_on_once_the_fault_is_mended() -> None:
    p = play(
        START, el("exclusiveGateway", "g"), user("a"), user("b"), END,
        flows("s g", "g a: x > 10", "g b: x > 5", "a e", "b e"), variables={"x": 1},
    )  # fmt: skip
    assert p.last[-1].kind == "incident"
    assert p.last[-1].words is not None
    assert p.last[-1].words.en == "no condition holds and there is no default flow"
    assert p.status == "running"
    p.happen("retry", p.token("g"), x=7)
    assert p.work() == ["b"]


def test_an_expression_that_cannot_be_read_is_an_incident_and_harms_nothing_else() -> None:
    p = play(
        START, el("parallelGateway", "f"), el("scriptTask", "t", "<b:script>( (</b:script>"), user("a"), END,
        flows("s f", "f t", "f a", "t e", "a e"),
    )  # fmt: skip
    assert p.asked("incident") == ["t"]
    assert p.work() == ["a"]
    assert p.do("a").status == "running"


AND = (
    el("parallelGateway", "f"), el("parallelGateway", "j"), user("a"), user("b"), user("z"), END,
    flows("s f", "f a", "f b", "a j", "b j", "j z", "z e"),
)  # fmt: skip


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_parallel_join_waits_for_all(order: str) -> None:
    p = play(START, *AND)
    assert p.work() == ["a", "b"]
    assert p.do(order[0]).work() == [order[1]]
    assert p.do(order[1]).work() == ["z"]
    assert p.do("z").status == "ended"


OR = (
    el("inclusiveGateway", "f", default="f_c"), el("inclusiveGateway", "j"),
    user("a"), user("b"), user("c"), user("z"), END,
    flows("s f", "f a: x > 1", "f b: x > 2", "f c", "a j", "b j", "c j", "j z", "z e"),
)  # fmt: skip


@pytest.mark.parametrize(("x", "ways"), [(0, "c"), (2, "a"), (3, "ab")])
def test_an_inclusive_join_waits_for_those_that_can_still_come(x: int, ways: str) -> None:
    p = play(START, *OR, variables={"x": x})
    assert p.work() == list(ways)
    for number, way in enumerate(ways, 1):
        assert p.work()[0] == way
        p.do(way)
        assert ("z" in p.work()) == (number == len(ways))
    assert p.do("z").status == "ended"


def test_an_inclusive_join_is_not_held_up_by_a_token_that_ends_elsewhere_or_goes_round_behind_it() -> None:
    p = play(
        START, el("parallelGateway", "f"), user("a"), user("b"), el("exclusiveGateway", "x", default="x_j"),
        el("endEvent", "e2"), el("inclusiveGateway", "j"), user("z"), END,
        flows("s f", "f a", "f b", "b x", "x e2: gone = true", "x j", "a j", "j z", "z e"),
        variables={"gone": True},
    )  # fmt: skip
    p.do("a")
    assert p.work() == ["b"]
    p.do("b")
    assert p.work() == ["z"]


def test_the_first_event_after_an_event_gateway_decides() -> None:
    shape = (
        START, el("eventBasedGateway", "g"),
        el("intermediateCatchEvent", "m", on("message", messageRef="M")),
        el("intermediateCatchEvent", "t", after("PT1H")), user("a"), user("b"), END,
        flows("s g", "g m", "g t", "m a", "t b", "a e", "b e"),
    )  # fmt: skip
    root = '<b:message id="M" name="reply"/>'
    p = play(*shape, root=root)
    assert engine.waiting_for(p.definition, p.state) == [("message", "reply", "3")]
    assert p.happen("message", name="reply", ok=True).work() == ["a"]
    assert (p.state["timers"], p.variables["ok"]) == ({}, True)
    p = play(*shape, root=root)
    assert engine.next_due(p.state) == NOW.replace(hour=10)
    assert p.fire("t").work() == ["b"]
    with pytest.raises(NotWaiting):
        p.happen("message", name="reply")


def test_a_complex_gateway_goes_on_when_enough_have_come_and_swallows_the_rest() -> None:
    p = play(
        START, el("parallelGateway", "f"), *(user(x) for x in "abc"), user("z"), END,
        el("complexGateway", "j", "<b:activationCondition>activationCount >= 2</b:activationCondition>"),
        flows("s f", "f a", "f b", "f c", "a j", "b j", "c j", "j z", "z e"),
    )  # fmt: skip
    assert p.do("b").work() == ["a", "c"]
    assert p.do("c").work() == ["a", "z"]
    assert p.do("z").do("a").status == "ended"
    assert p.path.count("z") == 1


def test_services_decisions_scripts_and_messages_are_asked_for_and_their_results_kept() -> None:
    p = play(
        START,
        el("serviceTask", "v", '<b:extensionElements><tongzheng:input name="id">who</tongzheng:input>'
           "</b:extensionElements>", tongzheng__service="licence.verify", tongzheng__result="licence"),
        el("businessRuleTask", "r", tongzheng__decision="fees", tongzheng__result="fee"),
        el("scriptTask", "t", "<b:script>fee + 1</b:script>", tongzheng__result="total"),
        el("sendTask", "m", messageRef="M"), el("receiveTask", "w", messageRef="M"), el("manualTask", "h"), END,
        flows("s v", "v r", "r t", "t m", "m w", "w h", "h e"),
        root='<b:message id="M" name="bill"/>', variables={"who": "X1"},
    )  # fmt: skip
    assert [(e.kind, e.name, e.data) for e in p.last] == [("service", "licence.verify", {"id": "X1"})]
    p.do("v", result={"ok": True})
    assert (p.last[0].kind, p.last[0].name, p.last[0].data["licence"]) == ("decision", "fees", {"ok": True})
    p.do("r", result=41)
    assert (p.last[0].kind, p.last[0].name) == ("message", "bill")
    assert p.variables["total"] == 42
    assert p.happen("message", name="bill").work() == ["h"]
    assert p.do("h").status == "ended"


def test_a_sub_process_is_over_when_nothing_in_it_goes_on() -> None:
    inner = sub(
        "sp", el("startEvent", "s1"), el("parallelGateway", "f"), user("a"), user("b"), el("endEvent", "e1"),
        el("endEvent", "e2"), flows("s1 f", "f a", "f b", "a e1", "b e2"),
    )  # fmt: skip
    p = play(START, inner, user("z"), END, flows("s sp", "sp z", "z e"))
    assert p.do("a").work() == ["b"]
    assert p.do("b").work() == ["z"]
    assert len(p.state["scopes"]) == 1


def test_a_terminate_end_ends_its_own_scope_only() -> None:
    inner = sub(
        "sp", el("startEvent", "s1"), el("parallelGateway", "f"), user("a"), user("b"), el("endEvent", "e1"),
        el("endEvent", "x", on("terminate")), flows("s1 f", "f a", "f b", "a e1", "b x"),
    )  # fmt: skip
    p = play(START, inner, user("z"), END, flows("s sp", "sp z", "z e"))
    p.do("b")
    assert (p.work(), p.asked("untask")) == (["z"], ["a"])


def test_a_call_runs_another_process_of_the_file_on_its_own_variables() -> None:
    other = '<b:process id="Q">' + START.replace('"s"', '"qs"') + user("q") + el("endEvent", "qe")
    other += flows("qs q", "q qe") + "</b:process>"
    p = play(
        START,
        el("callActivity", "c", calledElement="Q"),
        END,
        flows("s c", "c e"),
        root=other,
        variables={"x": 1},
    )
    p.do("q", x=5, own=9)
    assert (p.status, p.variables) == ("ended", {"x": 5})


MANY = "<b:multiInstanceLoopCharacteristics{}><b:{}>{}</b:{}>{}</b:multiInstanceLoopCharacteristics>"


def many(count: str, sequential: bool = False, done: str = "") -> str:
    more = f"<b:completionCondition>{done}</b:completionCondition>" if done else ""
    return MANY.format(
        ' isSequential="true"' if sequential else "", "loopCardinality", count, "loopCardinality", more
    )


def test_many_at_once_and_one_after_another() -> None:
    p = play(START, user("a", many("3")), END, flows("s a", "a e"))
    assert p.work() == ["a", "a", "a"]
    assert p.do("a").do("a").work() == ["a"]
    assert p.do("a").status == "ended"
    p = play(START, user("a", many("n", sequential=True)), END, flows("s a", "a e"), variables={"n": 2})
    assert p.work() == ["a"]
    assert p.do("a").work() == ["a"]
    assert p.do("a").status == "ended"
    assert play(START, user("a", many("0")), END, flows("s a", "a e")).status == "ended"


def test_many_end_early_when_enough_are_done() -> None:
    p = play(
        START,
        user("a", many("5", done="numberOfCompletedInstances >= 2")),
        user("z"),
        END,
        flows("s a", "a z", "z e"),
    )
    assert p.do("a").do("a").work() == ["z"]
    assert p.asked("untask") == ["a"] * 3
    assert len(p.state["scopes"]) == 1


def test_many_over_a_list_give_a_list() -> None:
    inner = (
        "<b:multiInstanceLoopCharacteristics><b:loopDataInputRef>offices</b:loopDataInputRef>"
        "<b:loopDataOutputRef>answers</b:loopDataOutputRef>"
        '<b:inputDataItem id="i" name="office"/><b:outputDataItem id="o" name="answer"/>'
        "</b:multiInstanceLoopCharacteristics>"
    )
    p = play(START, user("a", inner), END, flows("s a", "a e"), variables={"offices": ["公安", "住建"]})
    second = [key for key, one in p.state["tokens"].items() if one.get("of")][1]
    p.happen("done", second, answer="是")
    p.do("a", answer="否")
    assert (p.status, p.variables["answers"]) == ("ended", ["否", "是"])
    bad = play(START, user("a", inner), END, flows("s a", "a e"), variables={"offices": 7})
    assert bad.asked("incident") == ["a"]


def test_many_sub_processes_each_have_their_own_scope() -> None:
    inner = sub(
        "sp", many("2"), el("startEvent", "s1"), user("a"), el("endEvent", "e1"), flows("s1 a", "a e1")
    )
    p = play(START, inner, END, flows("s sp", "sp e"))
    assert p.work() == ["a", "a"]
    assert p.do("a").do("a").status == "ended"


def test_a_loop_goes_round_while_its_condition_holds() -> None:
    loop = "<b:standardLoopCharacteristics><b:loopCondition>more = true</b:loopCondition></b:standardLoopCharacteristics>"
    p = play(START, user("a", loop), END, flows("s a", "a e"))
    assert p.do("a", more=True).work() == ["a"]
    assert p.do("a", more=False).status == "ended"
    before = '<b:standardLoopCharacteristics testBefore="true" loopMaximum="2"/>'
    assert play(START, user("a", before), END, flows("s a", "a e")).do("a").do("a").status == "ended"


def test_what_would_run_for_ever_is_stopped_and_nothing_has_happened() -> None:
    shape = (
        START,
        user("a"),
        el("task", "t"),
        el("exclusiveGateway", "g"),
        flows("s a", "a g", "g t", "t g"),
    )
    p = play(*shape)
    with pytest.raises(Runaway):
        p.do("a")
    assert p.work() == ["a"]
    bomb = (START, user("a"), el("parallelGateway", "f"), flows("s a", "a m"), el("task", "t"),
            el("exclusiveGateway", "m"), flows("f t", "f m", "t m", "m f"))  # fmt: skip
    with pytest.raises(Runaway):
        play(*bomb).do("a")
    assert play(START, user("a", many("1000000")), END, flows("s a", "a e")).asked("incident") == ["a"]
    assert state.MOST_TOKENS == 2000


def test_nothing_happens_to_what_does_not_wait() -> None:
    p = play(START, user("a"), END, flows("s a", "a e"))
    for kind, token in (("done", "99"), ("timer", "99"), ("retry", "2"), ("nonsense", "")):
        with pytest.raises(NotWaiting):
            p.happen(kind, token)
    done = p.token("a")
    p.do("a")
    with pytest.raises(NotWaiting):
        p.happen("done", done)
