"""The documents that the platform declares beside the standard ones of `messages`."""

from __future__ import annotations

from tongzheng.kernel.core.text import T
from tongzheng.kernel.messages.kinds import Document

SPECIAL = Document(
    "special",
    T("行政许可特别程序告知书", "Notice of a special procedure"),
    paragraphs=(
        T(
            "你（单位）于{applied}提出的“{item}”申请（办件编号：{case}），依法需要进行{procedure}。",
            "Your application of {applied} for “{item}” (case {case}) requires by law: {procedure}.",
        ),
        T(
            "所需时间不计算在审查期限内，结束后继续计算。原因：{reason}",
            "The time it takes is not counted; the limit runs on afterwards. Reason: {reason}",
        ),
    ),
    basis=T("《中华人民共和国行政许可法》第四十五条。", "Administrative Licensing Law, Article 45."),
)
EXTENSION = Document(
    "extension",
    T("行政许可延长审查期限告知书", "Notice of an extended limit"),
    paragraphs=(
        T(
            "你（单位）于{applied}提出的“{item}”申请（办件编号：{case}），不能在规定期限内作出决定，经本机关负责人批准，延长至{due}。",
            "Your application of {applied} for “{item}” (case {case}) cannot be decided within the limit; with the"
            " approval of this authority's head the limit now ends on {due}.",
        ),
        T("延长的理由：{reason}", "Reason: {reason}"),
    ),
    basis=T(
        "《中华人民共和国行政许可法》第四十二条第一款。", "Administrative Licensing Law, Article 42 (1)."
    ),
)
RESULT = Document(
    "result",
    T("办理结果通知书", "Notice of result"),
    paragraphs=(
        T(
            "你（单位）于{applied}申请的“{item}”（办件编号：{case}）已经办理，结果为：{content}。",
            "Your application of {applied} for “{item}” (case {case}) has been handled. The result: {content}.",
        ),
        T("有效期：{valid}", "Valid: {valid}"),
        T("{note}", "{note}"),
    ),
)
