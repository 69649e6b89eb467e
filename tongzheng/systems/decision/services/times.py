"""The time of an application by the Administrative Licensing Law: to accept, to decide, to deliver; to supplement."""

from __future__ import annotations

from tongzheng.kernel.cases.kinds import (
    STATUTORY_GROUNDS,
    Clock,
    Escalation,
    Ground,
    Move,
    RunsOut,
)
from tongzheng.kernel.core.text import T


def law(article: str, number: str) -> T:
    """Return the citation of an article of the Administrative Licensing Law in both languages."""
    return T(f"《中华人民共和国行政许可法》{article}", f"Administrative Licensing Law, {number}")


OWN_LIST = T(
    "本事项实施清单载明的特别程序（非《行政许可法》第四十五条所列，法定时限照计）",
    "The item's own list of special procedures (not of Art 45: the statutory limit runs on)",
)
GROUNDS = (
    *STATUTORY_GROUNDS,
    Ground("onsite", T("现场核查", "On-site check"), OWN_LIST, statutory=False),
    Ground("notice", T("公示", "Public notice"), OWN_LIST, statutory=False),
    Ground("visit", T("入户调查", "Visit to the household"), OWN_LIST, statutory=False),
)
DECIDING = ("promised", "statutory")
"""The clocks that an extension by the head of the organ lengthens."""

TOLD = (Escalation(0.7, "handler"), Escalation(1.0, "handler"), Escalation(1.0, "superior"))

PROMISED = Clock(
    "promised",
    T("承诺时限", "Promised limit"),
    unit="working_day",
    amount=20,
    basis=law("第四十二条", "Art 42"),
    starts="move",
    longest=10,
    escalations=(*TOLD, Escalation(1.5, "superior", level=2)),
)
STATUTORY = Clock(
    "statutory",
    T("法定时限", "Statutory limit"),
    unit="working_day",
    amount=20,
    basis=law("第四十二条、第四十五条", "Art 42 and 45"),
    starts="move",
    statutory=True,
    longest=10,
    escalations=(Escalation(0.8, "superior"), Escalation(1.0, "superior", level=2)),
)
ACCEPTANCE = Clock(
    "acceptance",
    T("受理时限", "Limit to accept"),
    unit="working_day",
    amount=5,
    basis=law("第三十二条第一款第四项", "Art 32(1)(4)"),
    starts=("open", "move:resubmit"),
    stops="out:received",
    pauses=(),
    escalations=(Escalation(0.6, "office"), Escalation(1.0, "superior")),
    out=RunsOut(
        "deem_accepted",
        T(
            "《中华人民共和国行政许可法》第三十二条第一款第四项：逾期不告知的，自收到申请材料之日起即为受理",
            "Administrative Licensing Law, Art 32(1)(4): not told in time, it counts as accepted from its receipt",
        ),
    ),
)
SUPPLEMENTING = Clock(
    "supplement",
    T("补正期限", "Time to supplement"),
    unit="calendar_day",
    amount=30,
    basis=T("本演示城市自定的补正期限，不是公布的规定", "This demo city's own default, not a published rule"),
    invented=True,
    starts="into:correcting",
    stops="out:correcting",
    pauses=(),
    whose="applicant",
    escalations=(Escalation(0.5, "applicant"), Escalation(0.8, "applicant")),
    out=RunsOut(
        "deem_withdrawn",
        T(
            "本演示城市自定：逾期不补正又不说明理由的，经办人核实后可视为撤回申请",
            "This demo city's own rule: not supplemented and no reason given, a clerk may deem it withdrawn",
        ),
    ),
)
DELIVERY = Clock(
    "delivery",
    T("送达期限", "Limit to deliver"),
    unit="working_day",
    amount=10,
    basis=law("第四十四条", "Art 44"),
    starts="into:granted",
    stops="out:granted",
    escalations=(Escalation(0.7, "office"), Escalation(1.0, "superior")),
)

DEEM_ACCEPTED = Move(
    "deem_accepted",
    T("逾期未告知，视为受理", "Deem accepted: not told in time"),
    ("received",),
    "accepted",
    by="services.accept",
    basis=law("第三十二条第一款第四项", "Art 32(1)(4)"),
    claims=True,
    clock="start",
    after="acceptance",
    backdates=True,
    tells=("services.accepted",),
    document=T("受理通知书", "Notice of acceptance"),
    help=T("自收到申请材料之日起计算时限", "The limits count from the day of receipt"),
)
DEEM_WITHDRAWN = Move(
    "deem_withdrawn",
    T("逾期未补正，视为撤回", "Deem withdrawn: not supplemented"),
    ("correcting",),
    "withdrawn",
    by="services.accept",
    basis=T("本演示城市自定的补正期限，不是公布的规定", "This demo city's own default, not a published rule"),
    to="nobody",
    after="supplement",
    note="required",
    tells=("services.withdrawn",),
    tone="danger",
)
EXTENSION = (
    Move(
        "ask_extension",
        T("申请延长期限", "Ask for an extension"),
        ("reviewing",),
        "",
        by="services.review",
        basis=law("第四十二条第一款", "Art 42(1)"),
        clock="ask",
        clocks=DECIDING,
        extend_limit=10,
        note="required",
        help=T("由本机关负责人批准，最多 10 个工作日", "The head decides; 10 working days at most"),
    ),
    Move(
        "extend",
        T("准予延长", "Allow the extension"),
        ("reviewing", "deciding"),
        "",
        by="services.decide",
        basis=law("第四十二条第一款", "Art 42(1)"),
        clock="allow",
        clocks=DECIDING,
        once=True,
        note="required",
        tells=("services.extended",),
        document=T("延长审查期限告知书", "Notice of extension"),
        help=T("将延长期限的理由告知申请人", "The applicant is told the reason"),
        tone="primary",
    ),
    Move(
        "deny_extension",
        T("不予延长", "Refuse the extension"),
        ("reviewing", "deciding"),
        "",
        by="services.decide",
        basis=law("第四十二条第一款", "Art 42(1)"),
        clock="deny",
        clocks=DECIDING,
        note="required",
    ),
)
