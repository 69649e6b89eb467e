"""A kind of definition that exists only here, two bodies, and the people who draw and decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api, offers
from tongzheng.kernel.definitions.kinds import Ask, Definable, Finding, Outcome, Publication, Simulation, Step
from tongzheng.kernel.identity.api import SYSTEM, Actor, PostView, ensure_organisation, load_regions, region

KIND = "trial.fees"
told: list[Publication] = []


def lines(content: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in content.splitlines() if line)


def check(content: str) -> tuple[Finding, ...]:
    if content == "break":
        raise RuntimeError("the check has a bug")
    found = []
    for number, line in enumerate(content.splitlines(), start=1):
        if "=" not in line:
            found.append(Finding("error", f"{number},1", T("缺少等号", "An equals sign is missing")))
        elif line.endswith("=0"):
            found.append(Finding("warning", line.split("=")[0], T("费用为零", "The fee is nought")))
    return tuple(found)


def try_out(content: str, in_force: str | None) -> tuple[Outcome, ...]:
    now, before = lines(content), lines(in_force or "")
    tests = [
        Outcome("test", float(fee) < 1000, T("低于一千", "Below a thousand"), T(fee, fee), place=name)
        for name, fee in now.items()
    ]
    cases = [
        Outcome("case", now.get(name) == fee, T("旧案", "Past case"), T(fee, str(now.get(name))))
        for name, fee in before.items()
    ]
    return (*tests, *cases)


TRIAL = Definable(
    name=KIND,
    title=T("收费表", "Table of fees"),
    media_type="text/plain",
    extension="txt",
    basis=T("市收费管理办法", "The city's rules on fees"),
    blank=lambda title: f"{title.en}=1\n",
    check=check,
    parts=lines,
    try_out=try_out,
    asks=lambda content: (Ask("name", T("名称", "Name"), choices=tuple(lines(content))),),
    simulate=lambda content, facts: Simulation(
        (Step(str(facts["name"]), T("取这一行", "This row"), lines(content)[str(facts["name"])]),),
        (("fee", lines(content)[str(facts["name"])]),),
    ),
    published=told.append,
    most=10_000,
)


@pytest.fixture(autouse=True)
def kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this kind is offered, for the length of one test."""
    told.clear()
    monkeypatch.setattr(offers, "every", lambda: {KIND: TRIAL})


@dataclass
class Office:
    """One body, and people with real accounts: two draw, two publish, one only reads, one is of another city."""

    id: int
    ann: Actor
    bob: Actor
    chief: Actor
    deputy: Actor
    reader: Actor
    stranger: Actor

    def begin(self, key: str = "parking", content: str = "car=5\nbus=20\n", by: Actor | None = None) -> Any:
        return api.begin(
            KIND,
            key,
            actor=by or self.ann,
            title=T("停车收费", "Parking fees"),
            organisation=self.id,
            content=content,
        )

    def published(self, draft: Any, by: Actor | None = None, **more: Any) -> Any:
        proposed = api.propose(draft.id, actor=self.ann, lock=draft.lock)
        return api.decide(proposed.id, actor=by or self.chief, lock=proposed.lock, approve=True, **more)

    def next(self, content: str, key: str = "parking", **more: Any) -> Any:
        return self.published(api.begin(KIND, key, actor=self.ann, content=content), **more)


def person(id: int, name: str, office: int, *actions: str, region: str = "141100") -> Actor:
    given = {f"definitions.{action}": "region" for action in actions}
    return Actor(id, name, "staff", (PostView(id, "科员", office, "市行政审批局", region, given),))


@pytest.fixture
def office(db: None) -> Office:
    if region("141100") is None:
        load_regions()  # a test on real transactions emptied the database
    body = ensure_organisation(
        actor=SYSTEM, name="市行政审批局", kind="government", uscc="", region="141100"
    ).id
    return Office(
        body,
        person(11, "安", body, "read", "draw"),
        person(12, "柏", body, "read", "draw", "publish"),
        person(13, "陈", body, "read", "publish"),
        person(14, "邓", body, "read", "draw", "publish"),
        person(15, "娥", body, "read"),
        person(16, "方", body, "read", "draw", "publish", region="141000"),
    )
