"""The demo city's decision table: temporary relief, in force since the summer, with a change waiting for a second person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.demo import DemoRun
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.identity import api as identity

from .deciding import KIND, decide
from .grids import to_dmn
from .kinds import Column, DecisionTable, Example

CITY = "141100"
KEY = "temporary-relief"
TITLE = T("临时救助标准", "Temporary relief")
POSTS = (
    ("政策法规科", "Policy and law", "definitions.designer"),
    ("分管领导", "Deputy head", "definitions.publisher"),
)
CAUSES = (
    ("重大疾病", T("重大疾病", "serious illness")),
    ("意外事故", T("意外事故", "accident")),
    ("火灾", T("火灾", "fire")),
    ("教育支出", T("教育支出", "cost of education")),
)
RELIEF = DecisionTable(
    "relief",
    TITLE,
    basis=T(
        "《社会救助暂行办法》第四十七条（标准为演示值）",
        "Interim Measures for Social Assistance, art. 47 (demo amounts)",
    ),
    inputs=(
        Column("income", T("人均月收入（元）", "Income a head and month (yuan)"), "number"),
        Column("cause", T("困难原因", "Cause"), values=CAUSES),
        Column("spent", T("自付费用（元）", "Own expenses (yuan)"), "number"),
    ),
    results=(
        Column("grade", T("档次", "Grade")),
        Column("amount", T("救助金额（元）", "Relief (yuan)"), "number"),
    ),
    rows=(
        ("< 600", '"重大疾病", "意外事故"', ">= 20000", '"一档"', "min(spent * 0.3, 20000)", "上限两万元"),
        ("< 600", '"重大疾病", "意外事故"', "< 20000", '"二档"', "spent * 0.2"),
        ("[600..900)", '"重大疾病", "意外事故"', ">= 20000", '"二档"', "min(spent * 0.2, 12000)"),
        ("< 900", '"火灾"', "-", '"二档"', "6000", "按户"),
        ("< 900", '"教育支出"', "-", '"三档"', "3000"),
        (">= 900", "-", "-", '"不予救助"', "0"),
    ),
    examples=(
        Example(
            "重病且自付高",
            {"income": 500, "cause": "重大疾病", "spent": 80000},
            {"grade": "一档", "amount": 20000},
        ),
        Example("火灾", {"income": 700, "cause": "火灾", "spent": 0}, {"grade": "二档", "amount": 6000}),
        Example("收入超线", {"income": 900, "cause": "火灾", "spent": 0}, {"grade": "不予救助", "amount": 0}),
    ),
)


def load(run: DemoRun) -> None:
    """Let two officials of the civil affairs office keep the table; doing it again changes nothing."""
    run.progress(0, 1, T("决策表", "Decision tables"))
    people = _officials()
    if people is None or any(one.key == KEY for one in definitions.standing(KIND, at=run.until)):
        return
    office, drafter, publisher = people
    begun = run.until - timedelta(days=120)
    with clock.at(begun):
        draft = definitions.begin(
            KIND,
            KEY,
            actor=drafter,
            title=TITLE,
            organisation=office,
            content=to_dmn(KEY, RELIEF),
            note="首次制定",
        )
        draft = definitions.propose(draft.id, actor=drafter, lock=draft.lock)
        definitions.decide(draft.id, actor=publisher, lock=draft.lock, approve=True)
    random = run.random("rules.relief")
    for day in range(2, 118, 3):
        with clock.at(begun + timedelta(days=day)):
            facts = {
                "income": random.randrange(200, 1200, 20),
                "cause": random.choice(CAUSES)[0],
                "spent": random.randrange(1000, 90000, 500),
            }
            decide(KEY, facts=facts, subject=f"relief:{day:03d}")
    with clock.at(run.until - timedelta(days=3)):
        higher = replace(RELIEF, rows=(("< 700", *RELIEF.rows[0][1:]), *RELIEF.rows[1:]))
        higher = replace(
            higher,
            rows=(
                *higher.rows[:1],
                ("< 700", *higher.rows[1][1:]),
                ("[700..900)", *higher.rows[2][1:]),
                *higher.rows[3:],
            ),
        )
        draft = definitions.begin(
            KIND, KEY, actor=drafter, content=to_dmn(KEY, higher), note="一、二档收入线由 600 元提高到 700 元"
        )
        definitions.propose(draft.id, actor=drafter, lock=draft.lock)


def _officials() -> tuple[int, identity.Actor, identity.Actor] | None:
    """Return the office and two of its people, who now hold the posts; None in a city without such an office."""
    for body in identity.organisations(kind="government", region=CITY, words="民政", limit=5):
        holders = {one.account_id: one for one in identity.holders([body.id])[body.id]}
        if body.region != CITY or len(holders) < len(POSTS):
            continue
        rows = [
            identity.NewHolding(account, body.id, title, (role,), "", english)
            for account, (title, english, role) in zip(sorted(holders), POSTS, strict=False)
        ]
        identity.ensure_posts(actor=identity.SYSTEM, rows=rows)
        return body.id, identity.actor_of(rows[0].account_id), identity.actor_of(rows[1].account_id)
    return None
