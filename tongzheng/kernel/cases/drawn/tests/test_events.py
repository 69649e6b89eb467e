"""What processes wait for and throw: timers, messages, signals, errors, escalations, conditions, compensation."""

from __future__ import annotations

import pytest

from tongzheng.kernel.cases.drawn import timing
from tongzheng.kernel.cases.drawn.engine import NotWaiting

from .build import END, NOW, START, after, el, flows, on, play, sub
from .test_running import many, user

ROOT = (
    '<b:message id="M" name="reply"/><b:signal id="S" name="flood"/><b:error id="E" name="bad" errorCode="E1"/>'
    '<b:error id="E2" errorCode="E9"/><b:escalation id="U" escalationCode="U1"/>'
)


def boundary(id: str, host: str, trigger: str, stops: bool = True) -> str:
    return el("boundaryEvent", id, trigger, attachedToRef=host, cancelActivity="true" if stops else "false")


LATE = flows("s a", "a e", "b z", "z e2")


def test_a_timer_on_the_border_takes_the_work_away() -> None:
    p = play(START, user("a"), boundary("b", "a", after("P1D")), user("z"), END, el("endEvent", "e2"), LATE)
    assert p.fire("b").work() == ["z"]
    assert p.asked("untask") == ["a"]
    assert p.do("z").status == "ended"


def test_a_timer_beside_the_work_leaves_it_and_may_repeat() -> None:
    cycle = after("R2/PT1H", "Cycle")
    p = play(
        START, user("a"), boundary("b", "a", cycle, stops=False), user("z"), END, el("endEvent", "e2"), LATE
    )
    assert p.fire("b").work() == ["a", "z"]
    assert p.fire("b").work() == ["a", "z", "z"]
    assert p.state["timers"] == {}
    p.do("a").do("z").do("z")
    assert p.status == "ended"


def test_work_done_in_time_clears_its_timer() -> None:
    p = play(START, user("a"), boundary("b", "a", after("P1D")), user("z"), END, el("endEvent", "e2"), LATE)
    p.do("a")
    assert (p.status, p.asked("untimer")) == ("ended", ["b"])


def test_a_timer_can_be_an_expression() -> None:
    p = play(
        START,
        el("intermediateCatchEvent", "t", after("wait")),
        END,
        flows("s t", "t e"),
        variables={"wait": "PT2H"},
    )
    (timer,) = p.state["timers"].values()
    assert timer["due"] == NOW.replace(hour=11).isoformat()
    assert p.fire("t").status == "ended"
    assert play(START, el("intermediateCatchEvent", "t", after("wait")), END, flows("s t", "t e")).asked(
        "incident"
    ) == ["t"]


@pytest.mark.parametrize("code", ["E1", "E7"])
def test_a_failed_work_leaves_by_the_error_of_its_code_else_by_the_one_for_all(code: str) -> None:
    p = play(
        START, user("a"), boundary("b", "a", on("error")), boundary("c", "a", on("error", errorRef="E")), user("y"),
        user("z"), END, flows("s a", "a e", "b y", "c z"), root=ROOT,
    )  # fmt: skip
    assert p.happen("failed", p.token("a"), name=code).work() == [{"E1": "z", "E7": "y"}[code]]


def test_an_error_end_leaves_its_sub_process_and_one_that_nobody_catches_ends_all() -> None:
    inner = sub(
        "sp",
        el("startEvent", "s1"),
        user("a"),
        el("endEvent", "x", on("error", errorRef="E")),
        flows("s1 a", "a x"),
    )
    p = play(START, inner, boundary("b", "sp", on("error", errorRef="E")), user("z"), END,
             flows("s sp", "sp e", "b z"), root=ROOT)  # fmt: skip
    assert p.do("a").work() == ["z"]
    p = play(START, inner, boundary("b", "sp", on("error", errorRef="E2")), user("z"), END,
             flows("s sp", "sp e", "b z"), root=ROOT)  # fmt: skip
    p.do("a")
    assert (p.status, p.last[-1].kind, p.last[-1].name) == ("failed", "error", "E1")
    assert p.state["tokens"] == {}


def test_an_escalation_goes_outwards_to_whoever_catches_it_and_the_work_goes_on() -> None:
    inner = sub(
        "sp", el("startEvent", "s1"), el("intermediateThrowEvent", "x", on("escalation", escalationRef="U")), user("a"),
        el("endEvent", "e1"), flows("s1 x", "x a", "a e1"),
    )  # fmt: skip
    p = play(START, inner, boundary("b", "sp", on("escalation", escalationRef="U"), stops=False), user("z"), END,
             flows("s sp", "sp e", "b z"), root=ROOT)  # fmt: skip
    assert p.work() == ["a", "z"]
    p = play(
        START,
        inner,
        boundary("b", "sp", on("escalation")),
        user("z"),
        END,
        flows("s sp", "sp e", "b z"),
        root=ROOT,
    )
    assert p.work() == ["z"]
    assert play(START, inner, END, flows("s sp", "sp e"), root=ROOT).work() == ["a"]


def test_a_signal_reaches_everyone_who_waits_and_a_message_one() -> None:
    for kind, ref, name, passed in (
        ("signal", "signalRef", "flood", 2),
        ("message", "messageRef", "reply", 1),
    ):
        trigger = on(kind, **{ref: kind[0].upper()})
        p = play(
            START, el("parallelGateway", "f"), el("intermediateCatchEvent", "c", trigger),
            el("intermediateCatchEvent", "d", trigger), user("y"), user("z"), flows("s f", "f c", "f d", "c y", "d z"),
            root=ROOT,
        )  # fmt: skip
        assert len(p.happen(kind, name=name, depth=3).work()) == passed
        assert p.variables["depth"] == 3
        with pytest.raises(NotWaiting):
            p.happen(kind, name="other")


def test_a_thrown_signal_is_told_to_the_world_and_caught_at_home() -> None:
    p = play(
        START, el("parallelGateway", "f"), el("intermediateCatchEvent", "c", on("signal", signalRef="S")),
        user("a"), el("intermediateThrowEvent", "x", on("signal", signalRef="S")), user("z"), END,
        flows("s f", "f c", "f a", "a x", "x e", "c z"), root=ROOT,
    )  # fmt: skip
    p.do("a")
    assert (p.work(), [e.name for e in p.effects if e.kind == "signal"]) == (["z"], ["flood"])


def test_an_event_sub_process_begins_beside_or_instead_of_the_rest() -> None:
    for stops, work in (("true", ["q"]), ("false", ["a", "q"])):
        inner = sub(
            "ev", el("startEvent", "es", on("message", messageRef="M"), isInterrupting=stops), user("q"),
            el("endEvent", "ee"), flows("es q", "q ee"), triggeredByEvent="true",
        )  # fmt: skip
        p = play(START, user("a"), END, inner, flows("s a", "a e"), root=ROOT)
        assert p.happen("message", name="reply", why="旱").work() == work
        for element in list(work):
            p.do(element)
        assert p.status == "ended"


def test_an_event_sub_process_catches_the_error_of_its_scope() -> None:
    inner = sub("ev", el("startEvent", "es", on("error")), user("q"), el("endEvent", "ee"), flows("es q", "q ee"),
                triggeredByEvent="true")  # fmt: skip
    p = play(START, user("a"), END, inner, flows("s a", "a e"))
    assert p.happen("failed", p.token("a"), name="X").work() == ["q"]
    assert p.do("q").status == "ended"


def test_a_timer_of_an_event_sub_process_runs_while_its_scope_does() -> None:
    inner = sub("ev", el("startEvent", "es", after("PT3H"), isInterrupting="false"), user("q"), el("endEvent", "ee"),
                flows("es q", "q ee"), triggeredByEvent="true")  # fmt: skip
    p = play(START, user("a"), END, inner, flows("s a", "a e"))
    assert p.fire("es").work() == ["a", "q"]
    p = play(START, user("a"), END, inner, flows("s a", "a e"))
    assert (p.do("a").status, p.asked("untimer")) == ("ended", ["es"])


def test_a_condition_fires_when_it_becomes_true() -> None:
    wet = on("conditional", "<b:condition>depth > 3</b:condition>")
    p = play(
        START,
        el("intermediateCatchEvent", "c", wet),
        user("z"),
        END,
        flows("s c", "c z", "z e"),
        variables={"depth": 1},
    )
    assert p.work() == []
    assert p.happen("changed", depth=4).work() == ["z"]
    beside = play(
        START, user("a"), boundary("b", "a", wet, stops=False), user("z"), END, flows("s a", "a e", "b z")
    )
    assert beside.happen("changed", depth=5).work() == ["a", "z"]
    assert beside.happen("changed", depth=6).work() == ["a", "z"]
    assert beside.happen("changed", depth=0).happen("changed", depth=9).work() == ["a", "z", "z"]


def test_a_link_leads_to_its_target() -> None:
    p = play(
        START, el("intermediateThrowEvent", "x", on("link", name="L")), el("intermediateCatchEvent", "y", on("link", name="L")),
        user("z"), END, flows("s x", "y z", "z e"),
    )  # fmt: skip
    assert p.work() == ["z"]


def undone(*names: str) -> str:
    out = ""
    for name in names:
        out += user(name) + boundary(f"c{name}", name, on("compensation"))
        out += el("userTask", f"u{name}", isForCompensation="true")
        out += f'<b:association id="l{name}" sourceRef="c{name}" targetRef="u{name}"/>'
    return out


def on_compensate(**more: str) -> str:
    return on("compensate", **more)


def test_compensation_undoes_what_was_done_the_last_first() -> None:
    body = undone("a", "b").replace("compensationEvent", "compensateEvent")
    p = play(START, body, el("intermediateThrowEvent", "x", on_compensate()), user("z"), END,
             flows("s a", "a b", "b x", "x z", "z e"))  # fmt: skip
    assert p.do("a").do("b").work() == ["ub"]
    assert p.do("ub").work() == ["ua"]
    assert p.do("ua").work() == ["z"]
    one = play(START, body, el("endEvent", "x", on_compensate(activityRef="a")), flows("s a", "a b", "b x"))
    assert one.do("a").do("b").work() == ["ua"]
    assert one.do("ua").status == "ended"


def test_a_sub_process_is_undone_by_what_was_done_in_it() -> None:
    body = undone("a", "b").replace("compensationEvent", "compensateEvent")
    inner = sub("sp", el("startEvent", "s1"), body, el("endEvent", "e1"), flows("s1 a", "a b", "b e1"))
    p = play(START, inner, user("q"), el("endEvent", "x", on_compensate()), flows("s sp", "sp q", "q x"))
    p.do("a").do("b").do("q")
    assert p.work() == ["ub"]
    assert p.do("ub").do("ua").status == "ended"


def test_a_cancelled_transaction_is_undone_and_left_by_its_cancel_event() -> None:
    body = undone("a").replace("compensationEvent", "compensateEvent")
    inner = sub("tx", el("startEvent", "s1"), body, user("k"), el("endEvent", "x", on("cancel")),
                flows("s1 a", "a k", "k x"), kind="transaction")  # fmt: skip
    p = play(START, inner, boundary("b", "tx", on("cancel")), user("z"), END, flows("s tx", "tx e", "b z"))
    assert p.do("a").do("k").work() == ["ua"]
    assert p.do("ua").work() == ["z"]
    assert p.do("z").status == "ended"


def test_the_border_of_many_takes_all_of_them_away() -> None:
    p = play(
        START,
        user("a", many("3")),
        boundary("b", "a", after("P1D")),
        user("z"),
        END,
        flows("s a", "a e", "b z"),
    )
    assert len(p.state["timers"]) == 1
    assert p.fire("b").work() == ["z"]
    assert len(p.state["scopes"]) == 1
    assert p.do("z").status == "ended"


def test_a_process_begins_at_the_event_that_happened() -> None:
    shape = (START, el("startEvent", "m", on("message", messageRef="M")), user("a"), user("b"), END,
             flows("s a", "m b", "a e", "b e"))  # fmt: skip
    assert play(*shape, root=ROOT).work() == ["a"]
    assert play(*shape, root=ROOT, element="m").work() == ["b"]
    with pytest.raises(NotWaiting):
        play(*shape, root=ROOT, element="a")


@pytest.mark.parametrize(
    ("form", "text", "due", "left"),
    [
        ("date", "2026-11-24T09:00:00+08:00", "2026-11-24T01:00:00+00:00", 1),
        ("date", "2026-11-24", "2026-11-23T16:00:00+00:00", 1),
        ("duration", "P1M", "2026-12-23T09:00:00+00:00", 1),
        ("duration", "P1Y2M3DT4H5M6.5S", "2028-01-26T13:05:06.500000+00:00", 1),
        ("cycle", "R3/PT10M", "2026-11-23T09:10:00+00:00", 3),
        ("cycle", "R/2026-11-22T09:00:00Z/P1D", "2026-11-23T09:00:00+00:00", -1),
        ("cycle", "R5/2026-11-22T21:00:00Z/PT1H", None, 0),
    ],
)
def test_times_of_iso_8601(form: str, text: str, due: str | None, left: int) -> None:
    got, times = timing.first_due(form, text, NOW)
    assert times == left
    if due is not None:
        assert got == timing.moment(due)


@pytest.mark.parametrize(
    "text", ["P", "PT", "P1", "1D", "R/PT0S", "R3/P0D", "R/R/PT1S", "", "P9999999D9", "R/PT1S/PT1S"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(timing.NotTime):
        timing.first_due("cycle", text, NOW)


def test_a_duration_beyond_the_calendar_is_no_time() -> None:
    for text in ("P9999Y", "P999999D", "P99999M"):
        with pytest.raises(timing.NotTime):
            timing.first_due(
                "duration", text + ("" if text != "P999999D" else "T9999999H9999999M"), NOW.replace(year=9998)
            )
