"""What the 12345 hotline (P1) declares."""

from __future__ import annotations

from tongzheng.kernel.core.faces import PortalEntry, WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.messages.kinds import Template

from .casetypes import TICKET

system = System(
    slug="hotline",
    chapter="public",
    plan="P1",
    title=T("12345 热线", "12345 hotline"),
    summary=T(
        "一个号码受理所有诉求：派单、签收、办理、答复、回访、办结",
        "One number for every matter: dispatch, sign for, handle, reply, call back, close",
    ),
    needs=("cases", "identity", "messages"),
    declares=(
        Action("take", T("受理诉求", "Take a matter"), open_to=("citizen", "nobody")),
        Action("read", T("查看工单", "Read tickets")),
        Action("seat", T("坐席接听", "Answer calls at a seat")),
        Action("dispatch", T("派单", "Dispatch")),
        Action("handle", T("办理工单", "Handle tickets")),
        Action("assist", T("协办工单", "Help with tickets")),
        Action("rule", T("裁定承办单位", "Rule on who handles a ticket")),
        Action("callback", T("回访", "Call back")),
        Action("supervise", T("督办挂账", "Supervise")),
        Role(
            "agent", T("坐席", "Seat"), ("hotline.seat", "hotline.take", "hotline.read", "hotline.dispatch")
        ),
        Role(
            "dispatcher",
            T("派单员", "Dispatcher"),
            ("hotline.read", "hotline.dispatch", "hotline.supervise"),
            reach="region",
        ),
        Role("caller", T("回访员", "Call-back clerk"), ("hotline.read", "hotline.callback")),
        Role(
            "handler",
            T("承办员", "Handler"),
            ("hotline.read", "hotline.handle", "hotline.assist", "cases.answer_review"),
        ),
        Role(
            "adjudicator",
            T("承办争议裁定", "Adjudicator"),
            ("hotline.read", "hotline.rule"),
            reach="region",
        ),
        PortalEntry("report", T("12345", "12345"), "phone", "/hotline/", order=20),
        WorkEntry("seat", T("坐席", "Seat"), "/hotline/seat/", "hotline.seat", icon="phone", order=5),
        TICKET,
        Template(
            "taken",
            T("登记", "Registered"),
            T("您的诉求已登记：{number}", "Your matter is registered: {number}"),
            T(
                "您反映的“{title}”已登记，工单号 {number}，查询码 {code}，{due} 前答复。",
                "Your matter “{title}” is registered as {number} (query code {code}); you will hear by {due}.",
            ),
        ),
        Template(
            "dispatched",
            T("派单", "Dispatched"),
            T("已转承办单位：{number}", "With the responsible body: {number}"),
            T(
                "您反映的“{title}”（{number}）已转{organisation}办理。",
                "“{title}” ({number}) is now with {organisation}.",
            ),
            channels=("in_app",),
        ),
        Template(
            "merged",
            T("合并办理", "Merged"),
            T("合并办理：{number}", "Handled together: {number}"),
            T(
                "您反映的“{title}”（{number}）与其他诉求反映同一件事，已合并办理；您的工单号、查询码和时限不变。",
                "“{title}” ({number}) is about the same matter as others and is handled with them; your number, query code and limit stay.",
            ),
            channels=("in_app",),
        ),
        Template(
            "answered",
            T("直接答复", "Answered"),
            T("已答复：{number}", "Answered: {number}"),
            T("您反映的“{title}”（{number}）答复如下：{note}", "Answer to “{title}” ({number}): {note}"),
        ),
        Template(
            "extended",
            T("延期", "Extended"),
            T("延期办理：{number}", "Extended: {number}"),
            T(
                "您反映的“{title}”（{number}）延期至 {due}，原因：{note}",
                "“{title}” ({number}) now ends by {due} because: {note}",
            ),
        ),
        Template(
            "hung",
            T("挂账", "On the books"),
            T("挂账跟踪：{number}", "Kept on the books: {number}"),
            T(
                "您反映的“{title}”（{number}）暂不具备解决条件，已挂账跟踪：{note}",
                "“{title}” ({number}) cannot be solved yet and is kept on the books: {note}",
            ),
        ),
        Template(
            "replied",
            T("答复", "Answered"),
            T("承办单位已答复：{number}", "Answered by the responsible body: {number}"),
            T(
                "您反映的“{title}”（{number}）已有答复：{note} 我们将回访您是否满意。",
                "“{title}” ({number}) was answered: {note} We will call to ask whether you are satisfied.",
            ),
        ),
    ),
)
