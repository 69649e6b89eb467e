"""What the government service platform (D4) declares."""

from __future__ import annotations

from tongzheng.kernel.core.faces import MatterPage, PaperPage, PortalEntry, WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.messages.kinds import Template
from tongzheng.kernel.registers.kinds import Column, Register

from .casetypes import APPLICATION, INSTANT
from .documents import EXTENSION, RESULT, SPECIAL

ITEM_TYPES = (
    ("01", T("行政许可", "Administrative licence")),
    ("02", T("行政处罚", "Administrative penalty")),
    ("03", T("行政强制", "Administrative coercion")),
    ("04", T("行政征收", "Administrative levy")),
    ("05", T("行政给付", "Administrative benefit")),
    ("06", T("行政检查", "Administrative inspection")),
    ("07", T("行政确认", "Administrative confirmation")),
    ("08", T("行政奖励", "Administrative reward")),
    ("09", T("行政裁决", "Administrative ruling")),
    ("10", T("其他行政权力", "Other administrative power")),
    ("20", T("公共服务", "Public service")),
)
CASE_KINDS = (("1", T("即办件", "Instant case")), ("2", T("承诺件", "Promised case")))
ITEM_STATES = (("1", T("在用", "In use")), ("2", T("暂停", "Suspended")), ("3", T("取消", "Cancelled")))

system = System(
    slug="services",
    chapter="decision",
    plan="D4",
    title=T("一体化在线政务服务", "Government services"),
    summary=T(
        "事项、指南、网上申请、受理、审查、决定、送达和好差评",
        "Items, guides, online applications, acceptance, review, decision, delivery and reviews",
    ),
    needs=("cases", "identity", "ledger", "messages", "registers"),
    declares=(
        Action("apply", T("提出申请", "Apply"), open_to=("citizen",)),
        Action("read", T("查看办件", "Read applications")),
        Action("accept", T("受理", "Accept")),
        Action("handle", T("当场办理", "Handle at once")),
        Action("review", T("审查", "Review")),
        Action("advise", T("联合审查意见", "Give opinions on applications")),
        Action("decide", T("决定", "Decide")),
        Action("deliver", T("送达", "Deliver")),
        Action("read_items", T("查看事项", "Read items")),
        Action("manage_items", T("管理事项", "Manage items")),
        Action("export_items", T("导出事项", "Export items")),
        Role(
            "window",
            T("综合窗口", "Window clerk"),
            (
                "services.apply",
                "services.read",
                "services.accept",
                "services.handle",
                "services.deliver",
                "services.read_items",
            ),
        ),
        Role(
            "reviewer",
            T("审查员", "Reviewer"),
            ("services.read", "services.review", "services.advise", "services.read_items"),
        ),
        Role(
            "decider",
            T("首席代表", "Decision maker"),
            (
                "services.read",
                "services.decide",
                "services.deliver",
                "services.read_items",
                "cases.answer_review",
            ),
        ),
        Role(
            "steward",
            T("事项管理员", "Item steward"),
            ("services.read_items", "services.manage_items", "services.export_items"),
            reach="region",
        ),
        MatterPage("application", "services.application", "/services/mine/{number}/"),
        MatterPage("instant", "services.instant", "/services/mine/{number}/"),
        PaperPage("application", "services.application", "/services/documents/{number}/{n}/"),
        PaperPage("instant", "services.instant", "/services/documents/{number}/{n}/"),
        WorkEntry("window", T("窗口收件", "Counter"), "/services/window/", "services.accept", "stamp", 6),
        SPECIAL,
        EXTENSION,
        RESULT,
        PortalEntry("items", T("办事", "Services"), "file", "/services/", order=10),
        PortalEntry("progress", T("查进度", "Follow a matter"), "clock", "/work/progress/", order=30),
        PortalEntry("shop", T("开店办照", "Open a shop"), "shop", "/services/items/sole-trader/", order=40),
        PortalEntry(
            "birth",
            T("孩子落户", "Register a child"),
            "baby",
            "/services/items/birth-registration/",
            order=50,
        ),
        PortalEntry(
            "home", T("买房过户", "Buy a home"), "building", "/services/items/property-transfer/", order=60
        ),
        PortalEntry(
            "medical", T("异地就医", "Care elsewhere"), "medical", "/services/items/care-elsewhere/", order=70
        ),
        PortalEntry(
            "fund", T("公积金", "Housing fund"), "coins", "/services/items/provident-fund/", order=80
        ),
        APPLICATION,
        INSTANT,
        Template(
            "received",
            T("收件", "Received"),
            T("收到您的申请：{title}", "We have your application: {title}"),
            T(
                "您申请的“{title}”已收到，编号 {number}，查询码 {code}。",
                "Your application “{title}” was received as {number}; query code {code}.",
            ),
        ),
        Template(
            "accepted",
            T("受理", "Accepted"),
            T("已受理：{title}", "Accepted: {title}"),
            T(
                "您申请的“{title}”（{number}）已受理，{due} 前办结。",
                "Your application “{title}” ({number}) was accepted and will be decided by {due}.",
            ),
        ),
        Template(
            "supplement",
            T("补正", "Supplement"),
            T("请补正材料：{title}", "Please supplement: {title}"),
            T(
                "您申请的“{title}”（{number}）需要补正：{note}",
                "Your application “{title}” ({number}) needs: {note}",
            ),
            urgent=True,
        ),
        Template(
            "refused",
            T("不予受理", "Acceptance refused"),
            T("不予受理：{title}", "Not accepted: {title}"),
            T(
                "您申请的“{title}”（{number}）不予受理，理由：{note}",
                "Your application “{title}” ({number}) was not accepted because: {note}",
            ),
        ),
        Template(
            "special",
            T("特别程序", "Special procedure"),
            T("进入特别程序：{title}", "Special procedure: {title}"),
            T(
                "您申请的“{title}”（{number}）进入特别程序，期间不计入时限：{note}",
                "Your application “{title}” ({number}) entered a special procedure; the clock stands still: {note}",
            ),
        ),
        Template(
            "extended",
            T("延期", "Extended"),
            T("延长期限：{title}", "Extended: {title}"),
            T(
                "您申请的“{title}”（{number}）延长至 {due}，理由：{note}",
                "Your application “{title}” ({number}) now ends by {due} because: {note}",
            ),
        ),
        Template(
            "granted",
            T("准予", "Granted"),
            T("已批准：{title}", "Granted: {title}"),
            T(
                "您申请的“{title}”（{number}）已批准，可以领取结果。",
                "Your application “{title}” ({number}) was granted; the result is ready.",
            ),
        ),
        Template(
            "denied",
            T("不予许可", "Denied"),
            T("不予许可：{title}", "Denied: {title}"),
            T(
                "您申请的“{title}”（{number}）未获批准，理由：{note} 您可以依法申请行政复议或者提起行政诉讼。",
                "Your application “{title}” ({number}) was denied because: {note} You may ask for a review or go to court.",
            ),
        ),
        Template(
            "delivered",
            T("办结", "Closed"),
            T("已办结：{title}", "Closed: {title}"),
            T(
                "“{title}”（{number}）已办结，请对本次服务作出评价。",
                "“{title}” ({number}) is closed; please review this service.",
            ),
        ),
        Template(
            "withdrawn",
            T("撤回", "Withdrawn"),
            T("已撤回：{title}", "Withdrawn: {title}"),
            T("您已撤回“{title}”（{number}）。", "You have withdrawn “{title}” ({number})."),
            channels=("in_app",),
        ),
        Register(
            "items",
            T("事项清单", "Items"),
            model="services.Item",
            columns=(
                Column(
                    "key", T("标识", "Key"), kind="code", required=True, key=True, search=True, max_length=40
                ),
                Column("name", T("事项名称", "Name"), required=True, search=True, sort=True, max_length=200),
                Column(
                    "name_en",
                    T("英文名称", "English name"),
                    required=True,
                    search=True,
                    show=False,
                    max_length=200,
                ),
                Column(
                    "department",
                    T("部门", "Department"),
                    kind="code",
                    required=True,
                    filter=True,
                    max_length=20,
                ),
                Column("basic_code", T("基本编码", "Basic code"), kind="code", required=True, max_length=12),
                Column(
                    "type",
                    T("事项类型", "Type"),
                    kind="choice",
                    required=True,
                    filter=True,
                    choices=ITEM_TYPES,
                ),
                Column(
                    "kind",
                    T("办件类型", "Case kind"),
                    kind="choice",
                    required=True,
                    filter=True,
                    choices=CASE_KINDS,
                ),
                Column("statutory", T("法定时限", "Statutory limit"), kind="integer", required=True),
                Column(
                    "promised",
                    T("承诺时限（工作日）", "Promised limit (working days)"),
                    kind="integer",
                    required=True,
                    sort=True,
                ),
                Column("visits", T("到场次数", "Visits"), kind="integer", show=False),
                Column(
                    "state",
                    T("状态", "State"),
                    kind="choice",
                    required=True,
                    filter=True,
                    choices=ITEM_STATES,
                ),
                Column("valid_from", T("生效日期", "In force from"), kind="date", required=True, sort=True),
                Column("valid_to", T("失效日期", "In force until"), kind="date", show=False),
            ),
            reads="services.read_items",
            writes="services.manage_items",
            exports="services.export_items",
            order="department",
            icon="list",
        ),
    ),
)
