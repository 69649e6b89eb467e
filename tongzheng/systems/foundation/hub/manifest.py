"""What the hub (F3) declares."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role

system = System(
    slug="hub",
    chapter="foundation",
    plan="F3",
    title=T("数字政府服务管理平台（枢纽）", "The hub"),
    summary=T(
        "所有系统在这里登记、接入、被看见：健康、阶梯、数据、办件和账本",
        "Where every system is listed, connected and seen: health, ladder, data, work and the ledger",
    ),
    needs=("cases", "identity", "ledger"),
    declares=(
        Action("read", T("查看枢纽", "See the hub"), open_to=("staff",)),
        Action("read_ledger", T("查看账本", "Read the ledger")),
        Role("operator", T("枢纽运维", "Hub operator"), ("hub.read", "hub.read_ledger"), reach="region"),
        WorkEntry("hub", T("枢纽", "Hub"), "/hub/", "hub.read", icon="hub", order=10, section="manage"),
        WorkEntry(
            "ledger",
            T("账本", "Ledger"),
            "/hub/ledger/",
            "hub.read_ledger",
            icon="book",
            order=20,
            section="manage",
        ),
    ),
)
