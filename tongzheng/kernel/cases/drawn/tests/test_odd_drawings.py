"""Drawings that no tool should make, and some that tools do make: nothing breaks, and what can run, runs."""

from __future__ import annotations

import random
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongzheng.kernel.cases.drawn import engine
from tongzheng.kernel.cases.drawn.engine import Event, NotWaiting, Runaway
from tongzheng.kernel.cases.drawn.exploring import explore
from tongzheng.kernel.cases.drawn.model import understand
from tongzheng.kernel.cases.drawn.picturing import picture
from tongzheng.kernel.cases.drawn.program import NotRunnable, compile_model
from tongzheng.kernel.cases.drawn.reading import BadDrawing, read
from tongzheng.kernel.cases.drawn.report import check
from tongzheng.kernel.cases.drawn.soundness import examine

from .build import END, NOW, START, after, el, file, flows, judge, model, on, play, sub
from .test_events import boundary, undone
from .test_running import many, user

ROOT = (
    '<b:message id="M" name="m"/><b:signal id="S" name="s"/><b:error id="E" errorCode="E1"/>'
    '<b:escalation id="U" escalationCode="U1"/><b:globalUserTask id="GT" name="g"/>'
    '<b:collaboration id="K"><b:participant id="PA" processRef="P"/><b:participant id="PB"/>'
    '<b:messageFlow id="MF" sourceRef="PB" targetRef="s"/></b:collaboration>'
)
EVERYTHING = file(
    '<b:laneSet><b:lane id="L" name="l"><b:flowNodeRef>a</b:flowNodeRef></b:lane></b:laneSet>',
    START, user("a", many("2", done="numberOfCompletedInstances >= 1")), boundary("bt", "a", after("PT1H")),
    boundary("bm", "a", on("message", messageRef="M"), stops=False), el("parallelGateway", "f"),
    sub("sp", el("startEvent", "s1"), user("w"), el("endEvent", "x1", on("error", errorRef="E")), flows("s1 w", "w x1")),
    boundary("be", "sp", on("error", errorRef="E")), el("inclusiveGateway", "i", default="i_j"), user("q"),
    el("inclusiveGateway", "j"), el("complexGateway", "c", "<b:activationCondition>activationCount >= 1</b:activationCondition>"),
    el("eventBasedGateway", "v"), el("intermediateCatchEvent", "vt", after("PT5M")),
    el("intermediateCatchEvent", "vs", on("signal", signalRef="S")), el("callActivity", "k", calledElement="GT"),
    el("intermediateThrowEvent", "le", on("link", name="L1")), el("intermediateCatchEvent", "lc", on("link", name="L1")),
    sub("ev", el("startEvent", "es", on("escalation", escalationRef="U"), isInterrupting="false"), el("endEvent", "ee"),
        flows("es ee"), triggeredByEvent="true"),
    el("intermediateThrowEvent", "th", on("escalation", escalationRef="U")), undone("z1").replace("compensationEvent", "compensateEvent"),
    el("intermediateThrowEvent", "co", on("compensate")), el("endEvent", "te", on("terminate")), END,
    flows("s a", "a f", "bt e", "bm e", "f sp", "f i", "sp c", "be c", "i q: x > 1", "i j", "q j", "j c", "c v", "v vt", "v vs",
          "vt k", "vs k", "k le", "lc th", "th z1", "z1 co", "co te"),
    root=ROOT,
).decode()  # fmt: skip


def go(data: bytes, chance: random.Random) -> str:
    """Judge a file and run whatever it has, by chance; return how that ended."""
    with suppress(BadDrawing):
        assert check(data, name="x", now=NOW).whole
        understood = understand(read(data))
        picture(understood, passed=list(understood.flows), here=dict.fromkeys(understood.elements, 1))
        for process in understood.processes:
            with suppress(NotRunnable):
                definition = compile_model(understood, process)
                for room in definition.rooms:
                    explore(definition, room, most=500)
                with suppress(NotWaiting, Runaway):
                    state, _, _ = engine.begin(definition, {"x": 2}, now=NOW, evaluate=judge)
                    for _ in range(30):
                        state = _anything(definition, state, chance)
                        if state["status"] != "running":
                            return str(state["status"])
    return ""


def _anything(definition: object, state: dict, chance: random.Random) -> dict:
    tokens = sorted(state["tokens"])
    events = [
        Event("message", name="m"),
        Event("signal", name="s"),
        Event("changed", data={"x": chance.randint(0, 3)}),
    ]
    events += [Event(kind, token) for token in tokens for kind in ("done", "failed", "retry", "escalated")]
    events += [Event("timer", timer) for timer in sorted(state["timers"])]
    with suppress(NotWaiting, Runaway):
        state, _, _ = engine.step(definition, state, chance.choice(events), now=NOW, evaluate=judge)  # type: ignore[arg-type]
    live: dict[str, int] = {}
    for token in state["tokens"].values():
        assert token["in"] in state["scopes"]
        live[token["in"]] = live.get(token["in"], 0) + 1
    for key, scope in state["scopes"].items():
        assert scope["live"] == live.get(key, 0)
        assert scope["up"] is None or scope["up"] in state["scopes"]
    for timer in state["timers"].values():
        assert timer["tk"] in ("", *state["tokens"])
        assert timer["sc"] in state["scopes"]
    return state


def test_a_drawing_with_everything_in_it_is_sound_and_runs() -> None:
    report = check(EVERYTHING.encode(), name="all", now=NOW)
    assert report.whole
    assert [(f.code, f.element) for f in report.findings if f.level == "error"] == []
    ends = {go(EVERYTHING.encode(), random.Random(seed)) for seed in range(40)}
    assert "ended" in ends


@given(st.integers(0, 10**9))
@settings(max_examples=120, deadline=None)
def test_broken_references_and_missing_parts_break_nothing(seed: int) -> None:
    chance = random.Random(seed)
    text = EVERYTHING
    for _ in range(chance.randint(1, 4)):
        ids = re.findall(r' id="(\w+)"', text)
        kind = chance.choice(["swap", "blank", "cut", "kind", "number"])
        if kind == "swap":
            found = chance.choice(
                list(re.finditer(r'(sourceRef|targetRef|attachedToRef|default|\w+Ref)="\w*"', text))
            )
            text = text[: found.start()] + f'{found[1]}="{chance.choice(ids)}"' + text[found.end() :]
        elif kind == "blank":
            found = chance.choice(list(re.finditer(r' (id|name|\w+Ref|default|calledElement)="\w*"', text)))
            text = text[: found.start()] + text[found.end() :]
        elif kind == "cut":
            places = list(
                re.finditer(r"<b:(sequenceFlow|association|timerEventDefinition)\b[^>]*>.*?</b:\1>", text)
            )
            if places:
                found = chance.choice(places)
                text = text[: found.start()] + text[found.end() :]
        elif kind == "kind":
            words = [
                "userTask",
                "parallelGateway",
                "inclusiveGateway",
                "endEvent",
                "adHocSubProcess",
                "boundaryEvent",
                "subProcess",
            ]
            one, other = chance.sample(words, 2)
            text = re.sub(rf"(</?b:){one}\b", rf"\g<1>{other}", text)
        else:
            text = re.sub(
                r"PT1H|PT5M", chance.choice(["", "P", "R/PT0S", "R9999/PT1S", "x + 1", "2020-01-01"]), text
            )
    go(text.encode(), chance)


def test_ids_may_be_missing_names_empty_and_prefixes_odd() -> None:
    text = (
        '<zz:definitions xmlns:zz="http://www.omg.org/spec/BPMN/20100524/MODEL"><zz:process><zz:startEvent/><zz:task/>'
        '<zz:sequenceFlow/><zz:sequenceFlow/><zz:laneSet><zz:lane/></zz:laneSet></zz:process><zz:process/></zz:definitions>'
    )  # fmt: skip
    report = check(text.encode(), name="x", now=NOW)
    assert report.whole
    assert report.elements["bpmn:sequenceFlow"] == 2
    assert len(understand(read(text.encode())).flows) == 2
    assert {one.code for one in report.findings if one.level == "error"} >= {"unknown-reference"}


def test_references_may_carry_a_prefix() -> None:
    text = (
        file(START, user("a"), END, flows("s a", "a e"))
        .decode()
        .replace('targetRef="a"', 'targetRef="tns:a"')
    )
    assert not [f for f in examine(understand(read(text.encode())), now=NOW) if f.level == "error"]


def test_what_is_no_bpmn_is_said_to_be_none() -> None:
    for text in ("<a/>", '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'):
        report = check(text.encode(), name="x", now=NOW)
        assert "not-bpmn" in {one.code for one in report.findings}
        assert not report.sound


def test_a_large_drawing_is_judged_in_good_time() -> None:
    parts = [START]
    before = "s"
    for n in range(400):
        parts += [
            user(f"t{n}"),
            el("parallelGateway", f"f{n}"),
            user(f"u{n}"),
            user(f"w{n}"),
            el("parallelGateway", f"j{n}"),
        ]
        parts.append(
            flows(f"{before} t{n}", f"t{n} f{n}", f"f{n} u{n}", f"f{n} w{n}", f"u{n} j{n}", f"w{n} j{n}")
        )
        before = f"j{n}"
    found = examine(model(*parts, END, flows(f"{before} e")), now=NOW)
    assert [f.code for f in found if f.level == "error"] == []


@pytest.mark.parametrize("depth", [3, 30])
def test_sub_processes_within_sub_processes(depth: int) -> None:
    inner = user("deep")
    for n in range(depth):
        s, e = f"s{n}", f"e{n}"
        inside = "deep" if n == 0 else f"sp{n - 1}"
        inner = sub(
            f"sp{n}", el("startEvent", s), inner, el("endEvent", e), flows(f"{s} {inside}", f"{inside} {e}")
        )
    p = play(START, inner, END, flows(f"s sp{depth - 1}", f"sp{depth - 1} e"))
    assert p.do("deep").status == "ended"
