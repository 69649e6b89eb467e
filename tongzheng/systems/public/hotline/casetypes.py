"""The table of moves of a hotline ticket: answer at once, or dispatch, sign for, handle, call back, close."""

from __future__ import annotations

from tongzheng.kernel.cases.kinds import APPLICANT, CaseType, Clock, Field, Move, State
from tongzheng.kernel.core.text import T

from .rules import classes

RULES = T(
    "《国务院办公厅关于进一步优化地方政务服务便民热线的指导意见》（国办发〔2020〕53号）",
    "State Council Guidance on Hotlines (2020, No. 53)",
)
STANDARD = T(
    "《政府热线服务规范》（GB/T 33358-2016）", "Government hotline service specification (GB/T 33358-2016)"
)

KINDS = (
    ("consult", T("咨询", "Enquiry")),
    ("help", T("求助", "Request for help")),
    ("complaint", T("投诉", "Complaint")),
    ("report", T("举报", "Report of a wrong")),
    ("suggestion", T("建议", "Suggestion")),
    ("praise", T("表扬", "Praise")),
)
CHANNELS = (
    ("phone", T("电话", "Phone")),
    ("web", T("网页", "Web")),
    ("app", T("手机应用", "App")),
    ("wechat", T("微信", "WeChat")),
    ("letter", T("来信", "Letter")),
    ("national", T("国家平台转办", "Forwarded nationally")),
)
URGENCIES = (
    ("normal", T("一般", "Normal")),
    ("urgent", T("紧急", "Urgent")),
)
SATISFACTION = (
    ("1", T("非常满意", "Very satisfied")),
    ("2", T("满意", "Satisfied")),
    ("3", T("基本满意", "Fairly satisfied")),
    ("4", T("不满意", "Dissatisfied")),
    ("5", T("非常不满意", "Very dissatisfied")),
)
"""The codes of GB/T 39046-2020: 1 is the best, unlike stars."""

CLASSES = tuple((code, found.title) for code, found in classes().items())

TICKET = CaseType(
    "ticket",
    T("热线工单", "Hotline ticket"),
    prefix="RX",
    start="taken",
    opens="hotline.take",
    review=True,
    reads="hotline.read",
    basis=RULES,
    anonymous=True,
    tells=("hotline.taken",),
    clock=Clock(
        "handling",
        T("办理时限", "Handling limit"),
        unit="working_day",
        amount=5,
        basis=T(
            "本演示城市自定的默认时限，不是公布的规定", "This demo city's own default, not a published rule"
        ),
        starts="open",
        invented=True,
    ),
    fields=(
        Field("kind", T("诉求类型", "Kind"), kind="choice", choices=KINDS),
        Field("channel", T("来源", "Channel"), kind="choice", choices=CHANNELS),
        Field("urgency", T("紧急程度", "Urgency"), kind="choice", choices=URGENCIES),
        Field("class", T("诉求分类", "Class"), kind="choice", choices=CLASSES),
        Field("text", T("诉求内容", "What was said"), kind="long", max_length=2000),
        Field("place", T("地点", "Place"), kind="place", required=False),
        Field(
            "caller_name",
            T("来电人", "Caller"),
            required=False,
            max_length=50,
            personal=True,
            prefill="person.name",
        ),
        Field(
            "caller_phone",
            T("联系电话", "Phone"),
            kind="phone",
            required=False,
            personal=True,
            prefill="person.phone",
        ),
        Field("secret", T("要求保密", "Keep the caller confidential"), kind="bool", required=False),
    ),
    states=(
        State("taken", T("已受理", "Taken"), public=T("已登记，等待派单", "Registered, to be dispatched")),
        State("dispatched", T("待签收", "Dispatched"), public=T("已转承办单位", "With the responsible body")),
        State("handling", T("办理中", "Being handled")),
        State(
            "disputed",
            T("退单待审", "Return under review"),
            public=T("正在确定承办单位", "Finding the right body"),
        ),
        State("replied", T("待回访", "Replied"), public=T("已答复，待回访", "Answered; a call-back follows")),
        State(
            "hung",
            T("挂账", "On the books"),
            phase="paused",
            public=T("暂不具备条件，已挂账跟踪", "Cannot be done yet; kept on the books"),
        ),
        State("closed", T("已办结", "Closed"), phase="closed"),
        State("withdrawn", T("已撤回", "Withdrawn"), phase="closed"),
    ),
    moves=(
        Move(
            "answer",
            T("直接答复", "Answer at once"),
            ("taken",),
            "closed",
            by="hotline.seat",
            basis=RULES,
            to="nobody",
            clock="stop",
            note="required",
            tells=("hotline.answered",),
            key="a",
            help=T("知识库能答的，当场答复办结", "When the answer is known, give it now"),
        ),
        Move(
            "dispatch",
            T("派单", "Dispatch"),
            ("taken", "disputed"),
            "dispatched",
            by="hotline.dispatch",
            basis=RULES,
            to="chosen",
            note="optional",
            tells=("hotline.dispatched",),
            key="d",
            tone="primary",
        ),
        Move(
            "sign",
            T("签收", "Sign for"),
            ("dispatched",),
            "handling",
            by="hotline.handle",
            basis=STANDARD,
            claims=True,
            note="none",
            key="s",
            tone="primary",
        ),
        Move(
            "return",
            T("退单", "Return"),
            ("dispatched",),
            "disputed",
            by="hotline.handle",
            basis=STANDARD,
            to="opener",
            note="required",
            once=True,
            fields=(
                Field(
                    "ground",
                    T("退单理由", "Ground"),
                    kind="choice",
                    choices=(
                        ("duty", T("不属本单位职责", "Not our duty")),
                        ("area", T("不属本辖区", "Not our area")),
                        (
                            "channel",
                            T("已进入诉讼、复议、信访等程序", "Already in court, review or petition"),
                        ),
                        ("unclear", T("内容或地点不清", "Matter or place unclear")),
                    ),
                ),
                Field("duty_basis", T("职责依据", "Basis in the duties"), max_length=300),
            ),
            key="t",
            help=T("只能退一次，须写明依据", "Only once, and with its basis"),
        ),
        Move(
            "extend",
            T("申请延期", "Extend"),
            ("handling",),
            "",
            by="hotline.handle",
            basis=STANDARD,
            clock="extend",
            extend_limit=10,
            once=True,
            note="required",
            tells=("hotline.extended",),
            key="x",
        ),
        Move(
            "hang",
            T("挂账", "Hang"),
            ("handling",),
            "hung",
            by="hotline.supervise",
            basis=STANDARD,
            clock="pause",
            note="required",
            tells=("hotline.hung",),
        ),
        Move(
            "unhang",
            T("恢复办理", "Take off the books"),
            ("hung",),
            "handling",
            by="hotline.supervise",
            basis=STANDARD,
            clock="resume",
            note="required",
            tone="primary",
        ),
        Move(
            "reply",
            T("答复", "Reply"),
            ("handling",),
            "replied",
            by="hotline.handle",
            basis=RULES,
            to="opener",
            clock="stop",
            note="required",
            fields=(
                Field(
                    "contacted",
                    T("是否已联系诉求人", "Was the caller contacted?"),
                    kind="bool",
                    required=False,
                ),
                Field(
                    "photos", T("办理照片", "Photos"), kind="files", required=False, accept=("jpeg", "png")
                ),
            ),
            tells=("hotline.replied",),
            key="r",
            tone="primary",
        ),
        Move(
            "redo",
            T("重办", "Redo"),
            ("replied",),
            "handling",
            by="hotline.callback",
            basis=RULES,
            to="previous",
            clock="resume",
            once=True,
            note="required",
            help=T("回访不满意且有道理的，退回重办一次", "When the caller is rightly dissatisfied, once"),
        ),
        Move(
            "close",
            T("回访办结", "Call back and close"),
            ("replied",),
            "closed",
            by="hotline.callback",
            basis=RULES,
            to="nobody",
            note="optional",
            fields=(
                Field(
                    "reached",
                    T("回访结果", "Was the caller reached?"),
                    kind="choice",
                    choices=(
                        ("yes", T("已接通", "Reached")),
                        ("no", T("三次未接通", "Not reached in three tries")),
                    ),
                ),
                Field(
                    "solved",
                    T("问题是否解决", "Solved?"),
                    kind="choice",
                    choices=(("yes", T("已解决", "Solved")), ("no", T("未解决", "Not solved"))),
                    when=("reached", "yes"),
                ),
                Field(
                    "satisfaction",
                    T("满意度", "Satisfaction"),
                    kind="choice",
                    choices=SATISFACTION,
                    when=("reached", "yes"),
                ),
            ),
            key="c",
            tone="primary",
        ),
        Move(
            "withdraw",
            T("撤回诉求", "Withdraw"),
            ("taken", "dispatched", "handling"),
            "withdrawn",
            by=APPLICANT,
            basis=RULES,
            to="nobody",
            clock="stop",
            tone="danger",
        ),
    ),
)
