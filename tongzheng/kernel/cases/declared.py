"""What the engine itself declares: its places in the workbench, and who keeps the calendar."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role

system = System(
    slug="cases",
    chapter="kernel",
    plan="",
    title=T("办件引擎", "Cases"),
    summary=T("事项流转、时限与工作日历", "Moves, time limits and the working calendar"),
    needs=("identity",),
    declares=(
        WorkEntry("inbox", T("待办", "Inbox"), "/work/", "", icon="inbox", order=1),
        WorkEntry("search", T("查办件", "Find cases"), "/work/search/", "", icon="search", order=2),
        WorkEntry(
            "calendar",
            T("工作日历", "Working calendar"),
            "/work/calendar/",
            "cases.calendar",
            icon="calendar",
            order=50,
            section="manage",
        ),
        Action("calendar", T("维护工作日历", "Keep the working calendar")),
        Role(
            "calendar_keeper",
            T("工作日历维护", "Keeper of the working calendar"),
            actions=("cases.calendar",),
            reach="region",
        ),
    ),
)
