"""How bodies work together on a hotline ticket: merged callers, help from other bodies, disputes over whose it is."""

from __future__ import annotations

from tongzheng.kernel.cases.kinds import Check, Field, Merging, Move, Objection, State, Subtask
from tongzheng.kernel.core.text import T

RULES = T(
    "《国务院办公厅关于进一步优化地方政务服务便民热线的指导意见》（国办发〔2020〕53号）",
    "State Council Guidance on Hotlines (2020, No. 53)",
)
STANDARD = T(
    "《政府热线服务规范》（GB/T 33358-2016）", "Government hotline service specification (GB/T 33358-2016)"
)
GROUNDS = (
    ("duty", T("不属本单位职责", "Not our duty")),
    ("area", T("不属本辖区", "Not our area")),
    ("channel", T("已进入诉讼、复议、信访等程序", "Already in court, review or petition")),
    ("unclear", T("内容或地点不清", "Matter or place unclear")),
)

RULING = State(
    "ruling",
    T("异议待裁定", "Objection to be ruled on"),
    public=T("正在确定承办单位", "Finding the right body"),
)

OBJECT = Move(
    "object",
    T("提出异议", "Object"),
    ("dispatched",),
    "ruling",
    by="hotline.handle",
    basis=RULES,
    to="adjudicator",
    note="required",
    fields=(Field("ground", T("异议理由", "Ground"), kind="choice", choices=GROUNDS),),
    help=T(
        "再次派来仍认为不归本单位的，交第三方裁定；裁定有约束力",
        "If it is still not yours, a third party rules; the ruling binds",
    ),
)
RULE = Move(
    "rule",
    T("裁定", "Rule"),
    ("ruling",),
    "dispatched",
    by="hotline.rule",
    basis=RULES,
    to="chosen",
    note="required",
    fields=(Field("basis", T("职责依据", "Basis in the duties"), max_length=300),),
    tells=("hotline.dispatched",),
    tone="primary",
    help=T(
        "裁定由谁办理并说明依据；裁定留作先例",
        "Say who handles it and on what basis; the ruling is kept as a precedent",
    ),
)
OBJECTION = Objection("object", "rule", within=1, amount=2, basis=RULES, invented=True)

MERGING = Merging(
    by="hotline.dispatch",
    states=("taken", "dispatched", "handling"),
    shares=("answer", "reply"),
    own=("close",),
    basis=STANDARD,
    tells=("hotline.merged",),
)

ASSIST = Subtask(
    "assist",
    T("协办", "Help from other bodies"),
    states=("handling",),
    by="hotline.handle",
    does="hotline.assist",
    basis=STANDARD,
    amount=2,
    answers=(
        ("done", T("已办理", "Done")),
        ("part", T("部分办理", "Partly done")),
        ("not", T("无法办理", "Cannot be done")),
    ),
    blocks=("reply",),
    sees=("kind", "class", "text", "place", "urgency"),
    invented=True,
)

CHECKLIST = (
    Check("contacted", T("已联系诉求人", "The caller was contacted"), ("handling",), STANDARD),
    Check("on_site", T("需要到现场的已到现场", "Seen on site where needed"), ("handling",), STANDARD),
)
