"""A drawing is tried with sample facts before anybody publishes it."""

from __future__ import annotations

from tongzheng.kernel.cases.drawn import simulating

from .build import END, after, el, file, flows, on
from .test_events import boundary
from .test_life import APPROVAL
from .test_running import user


def tried(*parts: str, root: str = "", **facts: object) -> tuple[list[str], dict[str, str], list[str]]:
    found = simulating.simulate(file(*parts, root=root).decode(), facts)
    return [step.place for step in found.steps], dict(found.results), [one.words.en for one in found.findings]


def test_every_entry_of_every_form_is_asked() -> None:
    asked = simulating.asks(file(*APPROVAL).decode())
    assert [(one.name, one.kind) for one in asked] == [("people", "number"), ("agreed", "bool")]
    assert asked[1].title.en == "Decision: Agreed"
    assert simulating.asks("<a>") == ()


def test_the_way_depends_on_the_facts() -> None:
    places, results, findings = tried(*APPROVAL, people=30, agreed=True)
    assert places == ["s", "check", "g", "chief", "decide", "e"]
    assert (results["people"], results["agreed"], findings) == ("30", "true", [])
    typed = tried(*APPROVAL, people=" 30 ", agreed="是")
    assert (typed[0][3], typed[1]["agreed"]) == ("chief", "true")
    assert tried(*APPROVAL, people="3")[0] == ["s", "check", "g", "decide", "e"]


def test_timers_fire_and_what_stops_is_named() -> None:
    start = el("startEvent", "s")
    wait = (start, el("intermediateCatchEvent", "t", after("P1D")), user("a"), boundary("b", "a", after("PT1H")), END,
            flows("s t", "t a", "a e", "b e"))  # fmt: skip
    assert tried(*wait)[0] == ["s", "t", "t", "a", "e"]
    message = (
        start,
        el("intermediateCatchEvent", "m", on("message", messageRef="M")),
        END,
        flows("s m", "m e"),
    )
    assert tried(*message, root='<b:message id="M" name="paid"/>')[2] == ["it waits for the message “paid”"]
    gate = (
        start,
        el("exclusiveGateway", "g"),
        user("a"),
        END,
        flows("s g", "g a: x > 1", "g e: x > 2", "a e"),
    )
    assert tried(*gate, x=0)[2] == ["no condition holds and there is no default flow"]
    ring = (start, el("task", "t"), el("exclusiveGateway", "g"), flows("s g", "g t", "t g"))
    assert tried(*ring)[2] == ["it would never come to rest"]
