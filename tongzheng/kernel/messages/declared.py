"""What the engine itself declares: who may see what became of messages."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role

from .official import DOCUMENTS

system = System(
    slug="messages",
    chapter="kernel",
    plan="",
    title=T("消息", "Messages"),
    summary=T(
        "站内消息、短信和电子邮件的模板、投递与回执，以及正式文书",
        "Templates, delivery and receipts of in-app messages, SMS and e-mail, and official documents",
    ),
    declares=(
        Action("report", T("查看消息投递情况", "See the delivery of messages")),
        Role(
            "operator",
            T("消息投递管理员", "Keeper of message delivery"),
            ("messages.report",),
            reach="region",
        ),
        WorkEntry(
            "report",
            T("消息投递", "Deliveries"),
            "/messages/report/",
            "messages.report",
            icon="bell",
            order=80,
            section="manage",
        ),
        *DOCUMENTS,
    ),
)
