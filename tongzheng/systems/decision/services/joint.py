"""How departments review an application together: opinions on one common clock, and a checklist before the decision."""

from __future__ import annotations

from tongzheng.kernel.cases.kinds import Check, Field, Subtask
from tongzheng.kernel.core.text import T

LAW = T("《中华人民共和国行政许可法》第二十六条第二款", "Administrative Licensing Law, Art 26(2)")
OPINIONS = (
    ("agree", T("同意", "Agreed")),
    ("conditions", T("附条件同意", "Agreed on conditions")),
    ("against", T("不同意", "Against")),
)

REVIEW = Subtask(
    "joint",
    T("联合审查", "Joint review"),
    states=("reviewing",),
    by="services.review",
    does="services.advise",
    basis=LAW,
    amount=5,
    answers=OPINIONS,
    fields=(
        Field("papers", T("审查材料", "Papers"), kind="files", required=False, accept=("pdf", "jpeg", "png")),
    ),
    blocks=("propose",),
    sees=("*",),
    invented=True,
)
"""Every department's opinion is needed: for what the law makes its own to judge, silence never counts."""

CONSULT = Subtask(
    "consult",
    T("征求意见", "Consultation"),
    states=("reviewing",),
    by="services.review",
    does="services.advise",
    basis=T(
        "本演示城市自定：逾期未反馈视为无意见，仍由审查人负责决定",
        "This demo city's own rule: no answer in time counts as none; the reviewer still decides",
    ),
    amount=3,
    answers=(*OPINIONS, ("none", T("无意见", "No comment"))),
    blocks=("propose",),
    silence="none",
    sees=("*",),
    invented=True,
)

CHECKLIST = (
    Check(
        "originals",
        T("已核对原件", "The originals were compared"),
        ("reviewing",),
        T("《中华人民共和国行政许可法》第三十四条", "Administrative Licensing Law, Art 34"),
    ),
)
