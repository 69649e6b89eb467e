"""What the engine itself declares: its places in the workbench, and who keeps the calendar."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.messages.kinds import Template

system = System(
    slug="cases",
    chapter="kernel",
    plan="",
    title=T("办件引擎", "Cases"),
    summary=T("事项流转、时限与工作日历", "Moves, time limits and the working calendar"),
    needs=("identity", "messages"),
    declares=(
        WorkEntry("inbox", T("待办", "Inbox"), "/work/", "", icon="inbox", order=1),
        WorkEntry("search", T("查办件", "Find cases"), "/work/search/", "", icon="search", order=2),
        WorkEntry("precedents", T("裁定先例", "Rulings"), "/work/precedents/", "", icon="stamp", order=40),
        WorkEntry(
            "calendar",
            T("工作日历", "Working calendar"),
            "/work/calendar/",
            "cases.calendar",
            icon="calendar",
            order=50,
            section="manage",
        ),
        WorkEntry(
            "reviews", T("好差评", "Reviews"), "/work/reviews/", "cases.answer_review", icon="star", order=30
        ),
        Action("answer_review", T("答复评价", "Answer reviews")),
        Action("review_limit", T("设定差评答复时限", "Set the limit for answering bad reviews")),
        Role("review_answerer", T("评价答复", "Answerer of reviews"), actions=("cases.answer_review",)),
        Template(
            "review_answered",
            T("评价已答复", "Review answered"),
            T("您的评价已得到答复：{title}", "Your review was answered: {title}"),
            T(
                "您对“{title}”（{number}）的评价，办理单位答复：{note}",
                "On your review of “{title}” ({number}) the office answers: {note}",
            ),
        ),
        Action("calendar", T("维护工作日历", "Keep the working calendar")),
        Role(
            "calendar_keeper",
            T("工作日历维护", "Keeper of the working calendar"),
            actions=("cases.calendar", "cases.review_limit"),
            reach="region",
        ),
    ),
)
