"""What the engine itself declares: who draws, who publishes, who reads, and where they find it."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role

system = System(
    slug="definitions",
    chapter="kernel",
    plan="",
    title=T("定义", "Definitions"),
    summary=T(
        "决策表、流程和表单的起草、检查、审定发布、生效日期与版本",
        "Drafts, checks, publication, dates of effect and versions of decision tables, processes and forms",
    ),
    declares=(
        Action("read", T("查看定义", "See definitions")),
        Action("draw", T("起草定义", "Draw definitions")),
        Action("publish", T("审定发布定义", "Publish definitions")),
        Role(
            "designer",
            T("流程设计", "Designer"),
            ("definitions.read", "definitions.draw"),
            reach="region",
        ),
        Role(
            "publisher",
            T("定义审定", "Publisher of definitions"),
            ("definitions.read", "definitions.publish"),
            reach="region",
        ),
        WorkEntry(
            "definitions",
            T("流程与规则", "Processes and rules"),
            "/definitions/",
            "definitions.read",
            icon="edit",
            order=40,
            section="manage",
        ),
    ),
)
