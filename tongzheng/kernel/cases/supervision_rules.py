"""Supervision (督办) by the clock 13710: a plan within 1 day, feedback within 3, an ordinary matter mended within 7, a
hard one within a month, and tracked down to zero. Pure; the numbers in force are rows with a date, not these defaults.
"""

from __future__ import annotations

from dataclasses import dataclass

from tongzheng.kernel.core.text import T

from .clock_kinds import Clock, Escalation

PREFIX = "13710."
"""How the clocks of a supervision are named; they belong to the supervisor and no move of the case touches them."""

PLAN, FEEDBACK, MEND, CONFIRM, ENDED = "plan", "feedback", "mend", "confirm", "ended"
STAGES: dict[str, T] = {
    PLAN: T("报办理方案", "Hand in a plan"),
    FEEDBACK: T("反馈进展", "Feed back"),
    MEND: T("报整改结果", "Report that it is mended"),
    CONFIRM: T("待督办单位确认", "To be confirmed by the supervisor"),
    ENDED: T("销号", "Struck off"),
}
HANDED: dict[str, T] = {
    PLAN: T("报办理方案", "Plan handed in"),
    FEEDBACK: T("反馈进展", "Progress fed back"),
    MEND: T("报整改结果", "Reported as mended"),
    "return": T("退回继续整改", "Sent back: not mended"),
    ENDED: T("确认销号", "Confirmed and struck off"),
}
FOLLOWS = {PLAN: FEEDBACK, FEEDBACK: MEND, MEND: CONFIRM}
LEVELS: dict[str, T] = {"ordinary": T("一般事项", "Ordinary"), "hard": T("复杂事项", "Hard")}
BASIS = T(
    "“13710”工作制度：一日研究部署、三日反馈、一般事项七日办结、复杂事项一月办结、跟踪到底销号清零",
    "The 13710 rule: plan in 1 day, feed back in 3, ordinary matters in 7, hard ones in a month, tracked to zero",
)


@dataclass(frozen=True, slots=True)
class Amounts:
    """How long each stage may take, in one unit, by the row in force."""

    unit: str = "calendar_day"
    plan: int = 1
    feedback: int = 3
    ordinary: int = 7
    hard: int = 30

    def of(self, level: str) -> dict[str, int]:
        """Return the amounts of the three clocks of a level."""
        return {
            PLAN: self.plan,
            FEEDBACK: self.feedback,
            MEND: self.hard if level == "hard" else self.ordinary,
        }


_AT_THE_END = (Escalation(1.0, "handler"), Escalation(1.0, "supervisor"))
LIMITS: dict[str, Clock] = {
    f"{PREFIX}{stage}": Clock(
        f"{PREFIX}{stage}",
        title,
        "calendar_day",
        amount,
        BASIS,
        escalations=escalations,
    )
    for stage, title, amount, escalations in (
        (PLAN, T("督办方案", "Supervision: plan"), 1, _AT_THE_END),
        (FEEDBACK, T("督办反馈", "Supervision: feedback"), 3, _AT_THE_END),
        (
            MEND,
            T("督办整改", "Supervision: mending"),
            7,
            (Escalation(0.7, "handler"), Escalation(1.0, "superior"), Escalation(1.0, "supervisor")),
        ),
    )
}
"""The clocks of a supervision; their amounts are those of the row in force when it began."""
