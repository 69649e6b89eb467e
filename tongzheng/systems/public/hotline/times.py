"""The time of a ticket: to sign for it, to handle it, to call back; more time by approval; opened again when it recurs."""

from __future__ import annotations

from tongzheng.kernel.cases.kinds import APPLICANT, Amount, Clock, Escalation, Move
from tongzheng.kernel.core.text import T

from .joint import STANDARD
from .rules import Limit, limits

OWN = T("本演示城市自定的默认时限，不是公布的规定", "This demo city's own default, not a published rule")


def _amounts(clock: str) -> tuple[Amount, ...]:
    return tuple(_row(limit) for limit in limits() if limit.clock == clock)


def _row(limit: Limit) -> Amount:
    asked = (("kind", limit.kind), ("urgency", limit.urgency))
    return Amount(
        limit.amount,
        when=tuple((name, value) for name, value in asked if value),
        region=limit.region,
        unit=limit.unit,
        since=limit.since,
        until=limit.until,
    )


HANDLING = Clock(
    "handling",
    T("办理时限", "Handling limit"),
    unit="working_day",
    amount=5,
    basis=OWN,
    invented=True,
    starts=("open", "move:redo", "move:reopen"),
    amounts=(Amount(3, on="move:redo"), *_amounts("handling")),
    longest=10,
    escalations=(
        Escalation(0.7, "handler"),
        Escalation(1.0, "handler"),
        Escalation(1.0, "superior"),
        Escalation(1.5, "superior", level=2),
        Escalation(2.0, "hotline.supervise"),
    ),
)
SIGNING = Clock(
    "sign",
    T("签收时限", "Limit to sign for it"),
    unit="working_day",
    amount=1,
    basis=OWN,
    invented=True,
    amounts=_amounts("sign"),
    starts="into:dispatched",
    stops="out:dispatched",
    escalations=(Escalation(0.8, "office"), Escalation(1.0, "office"), Escalation(1.0, "superior")),
)
CALLING = Clock(
    "callback",
    T("回访时限", "Limit to call back"),
    unit="working_day",
    amount=5,
    basis=OWN,
    invented=True,
    starts="into:replied",
    stops="out:replied",
    escalations=(Escalation(1.0, "office"),),
)
EXTENSION = (
    Move(
        "extend",
        T("申请延期", "Ask for an extension"),
        ("handling",),
        "",
        by="hotline.handle",
        basis=STANDARD,
        clock="ask",
        extend_limit=10,
        once=True,
        note="required",
        key="x",
        help=T("由热线中心审批，最多 10 个工作日", "The hotline centre decides; 10 working days at most"),
    ),
    Move(
        "allow_extension",
        T("同意延期", "Allow the extension"),
        ("handling",),
        "",
        by="hotline.supervise",
        basis=STANDARD,
        clock="allow",
        note="required",
        tells=("hotline.extended",),
        tone="primary",
    ),
    Move(
        "deny_extension",
        T("不同意延期", "Refuse the extension"),
        ("handling",),
        "",
        by="hotline.supervise",
        basis=STANDARD,
        clock="deny",
        note="required",
    ),
)
REOPEN = Move(
    "reopen",
    T("问题反复，申请重开", "It came back: open again"),
    ("closed",),
    "taken",
    by=APPLICANT,
    basis=T(
        "国办发〔2020〕53号督办、回访要求；期限为本演示城市自定",
        "State Council Guidance on Hotlines (2020, No. 53); the window is this demo city's own",
    ),
    to="opener",
    once=True,
    note="required",
    within=(15, "calendar_day"),
    help=T("办结后 15 日内可以重开一次", "Once, within 15 days of the closing"),
)
