"""The standard documents of a permit's life, in the order in which they can be issued.

The articles are those of the Administrative Licensing Law 行政许可法 (2019), the Administrative Reconsideration
Law 行政复议法 (2023) and the Administrative Litigation Law 行政诉讼法 (2017).
"""

from __future__ import annotations

from tongzheng.kernel.core.text import T

from .kinds import Document

_REMEDY = T(
    "如不服本决定，可以自收到本决定书之日起六十日内依法申请行政复议，或者自收到之日起六个月内向有管辖权的人民法院提起行政诉讼。",
    "if you do not accept this decision you may apply for administrative reconsideration within sixty days of"
    " receiving it, or sue in the people's court that has jurisdiction within six months of receiving it.",
)
_TWO = T(
    "本文书一式两份，申请人和本机关各执一份。",
    "Made in two copies: one for the applicant, one for this authority.",
)

_ROWS = (
    ("case", T("办件编号", "Case number")),
    ("item", T("申请事项", "Matter")),
    ("applicant", T("申请人", "Applicant")),
    ("applied", T("申请日期", "Date of application")),
)

DOCUMENTS = (
    Document(
        "receipt",
        T("申请材料收件凭证", "Receipt for application materials"),
        template="receipt",
        rows=(*_ROWS, ("materials", T("收到材料", "Materials received"))),
        paragraphs=(
            T(
                "以上材料已收到。本凭证只证明收到材料，是否受理以受理通知书或者不予受理决定书为准。",
                "The materials above have been received. This receipt proves only that; whether the application is"
                " accepted is said in a notice of acceptance or a decision not to accept.",
            ),
            T("{note}", "{note}"),
        ),
        copies=_TWO,
    ),
    Document(
        "supplement",
        T("行政许可申请材料补正告知书", "Notice to supplement application materials"),
        paragraphs=(
            T(
                "你（单位）于{applied}提出的“{item}”申请（办件编号：{case}）收悉。经审查，申请材料不齐全或者不符合法定形式。现将需要补正的全部内容一次性告知如下：",
                "We have received your application of {applied} for “{item}” (case {case}). Its materials are"
                " incomplete or not in the statutory form. Everything that must be supplemented is told here, at once:",
            ),
            T("{materials}", "{materials}"),
            T(
                "请于{until}前补正。逾期不补正又无正当理由的，视为放弃申请。",
                "Please supplement it before {until}. Without good reason, an application not supplemented by"
                " then is taken as given up.",
            ),
            T("{note}", "{note}"),
        ),
        basis=T(
            "《中华人民共和国行政许可法》第三十二条第一款第四项。",
            "Administrative Licensing Law, Article 32 (1) 4.",
        ),
        copies=_TWO,
    ),
    Document(
        "acceptance",
        T("行政许可申请受理通知书", "Notice of acceptance of an application"),
        paragraphs=(
            T(
                "你（单位）于{applied}提出的“{item}”申请（办件编号：{case}）收悉。经审查，该申请属于本机关职权范围，申请材料齐全，符合法定形式，现决定予以受理。",
                "We have received your application of {applied} for “{item}” (case {case}). It is within our powers,"
                " its materials are complete and in the statutory form; it is hereby accepted.",
            ),
            T(
                "本机关承诺自受理之日起{days}个工作日内（即{due}前）作出决定。",
                "We promise to decide within {days} working days of acceptance, that is before {due}.",
            ),
            T("{note}", "{note}"),
        ),
        basis=T(
            "《中华人民共和国行政许可法》第三十二条第一款第五项、第二款。",
            "Administrative Licensing Law, Article 32 (1) 5 and (2).",
        ),
        copies=_TWO,
    ),
    Document(
        "refusal",
        T("行政许可申请不予受理决定书", "Decision not to accept an application"),
        paragraphs=(
            T(
                "你（单位）于{applied}提出的“{item}”申请（办件编号：{case}）收悉。经审查，{reason}",
                "We have received your application of {applied} for “{item}” (case {case}). On examination: {reason}",
            ),
            T("现决定不予受理。", "It is hereby decided not to accept it."),
            T("{note}", "{note}"),
        ),
        remedy=_REMEDY,
        basis=T("《中华人民共和国行政许可法》第三十二条。", "Administrative Licensing Law, Article 32."),
        copies=_TWO,
    ),
    Document(
        "grant",
        T("准予行政许可决定书", "Decision to grant a licence"),
        paragraphs=(
            T(
                "你（单位）于{applied}提出的“{item}”申请（办件编号：{case}），经审查，符合法定条件、标准，现决定准予行政许可。",
                "Your application of {applied} for “{item}” (case {case}) has been examined and meets the statutory"
                " conditions and standards; the licence is hereby granted.",
            ),
            T("准予许可的内容：{content}", "What is granted: {content}"),
            T("有效期：{valid}", "Valid: {valid}"),
            T("{note}", "{note}"),
        ),
        basis=T(
            "《中华人民共和国行政许可法》第三十八条第一款。", "Administrative Licensing Law, Article 38 (1)."
        ),
        copies=_TWO,
    ),
    Document(
        "denial",
        T("不予行政许可决定书", "Decision not to grant a licence"),
        paragraphs=(
            T(
                "你（单位）于{applied}提出的“{item}”申请（办件编号：{case}），经审查，{reason}",
                "Your application of {applied} for “{item}” (case {case}) has been examined: {reason}",
            ),
            T("现决定不予行政许可。", "It is hereby decided not to grant the licence."),
            T("{note}", "{note}"),
        ),
        remedy=_REMEDY,
        basis=T(
            "《中华人民共和国行政许可法》第三十八条第二款。", "Administrative Licensing Law, Article 38 (2)."
        ),
        copies=_TWO,
    ),
    Document(
        "service",
        T("送达回证", "Record of delivery"),
        template="service",
        rows=(
            ("documents", T("送达文书名称及文号", "Documents served, with numbers")),
            ("receiver", T("受送达人", "To be served on")),
            ("place", T("送达地点", "Place")),
            ("way", T("送达方式", "Way of delivery")),
            ("received", T("收到时间", "Received at")),
            ("signed", T("受送达人签名或者盖章", "Receiver's signature or seal")),
            ("proxy", T("代收人及代收理由", "Proxy, and why")),
            ("server", T("送达人", "Served by")),
            ("note", T("备注", "Remarks")),
        ),
    ),
    Document(
        "licence",
        T("行政许可证", "Licence"),
        template="licence",
        rows=(
            ("holder", T("持证人", "Holder")),
            ("code", T("统一社会信用代码", "Unified social credit code")),
            ("item", T("许可事项", "Licensed matter")),
            ("content", T("许可内容", "Licensed content")),
            ("address", T("地址", "Address")),
            ("valid", T("有效期", "Valid")),
        ),
        paragraphs=(T("{note}", "{note}"),),
    ),
)
