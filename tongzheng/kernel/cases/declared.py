"""What the engine itself declares: its places in the workbench, and who keeps the calendar."""

from __future__ import annotations

from tongzheng.kernel.core.faces import WorkEntry
from tongzheng.kernel.core.registry import System
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.messages.kinds import Document, Template


def _template(name: str, title: T, subject: T, body: T, *, urgent: bool = False) -> Template:
    return Template(name, title, subject, body, channels=("in_app", "sms"), urgent=urgent)


TEMPLATES = (
    _template(
        "clock_soon",
        T("临期提醒", "Due soon"),
        T("临期：{title}", "Due soon: {title}"),
        T(
            "“{title}”（{number}，{state}）的{clock}将于{due}到期，请抓紧办理。",
            "{clock} of “{title}” ({number}, {state}) ends at {due}; please see to it.",
        ),
    ),
    _template(
        "clock_over",
        T("到期提醒", "Limit reached"),
        T("已到期：{title}", "Overdue: {title}"),
        T(
            "“{title}”（{number}，{state}）的{clock}已于{due}到期，仍未办完。",
            "{clock} of “{title}” ({number}, {state}) ended at {due} and it is not done.",
        ),
        urgent=True,
    ),
    _template(
        "clock_superior",
        T("超期上报", "Escalated"),
        T("升级提醒：{title}", "Escalated: {title}"),
        T(
            "{organisation}办理的“{title}”（{number}，{state}）{clock}应于{due}到期，现上报您知晓、督促。",
            "“{title}” ({number}, {state}) at {organisation}: {clock} due {due}; you are told as its superior.",
        ),
        urgent=True,
    ),
    _template(
        "clock_applicant",
        T("请您办理", "Waiting for you"),
        T("请尽快办理：{title}", "Waiting for you: {title}"),
        T(
            "您的“{title}”（{number}）正等待您办理，{clock}至{due}止。",
            "“{title}” ({number}) waits for you; {clock} ends at {due}.",
        ),
    ),
    _template(
        "clock_out",
        T("时限届满待处理", "Limit ran out, to be decided"),
        T("时限届满：{title}", "Ran out: {title}"),
        T(
            "“{title}”（{number}，{state}）的{clock}已于{due}届满，请依法处理。",
            "{clock} of “{title}” ({number}, {state}) ran out at {due}; please decide what follows.",
        ),
    ),
    _template(
        "clock_stood",
        T("暂停时间已满", "Standstill over"),
        T("暂停时间已满：{title}", "Standstill over: {title}"),
        T(
            "“{title}”（{number}）告知申请人的暂停时间已满，{clock}仍在停止计时，请核实是否恢复办理。",
            "The announced standstill of “{title}” ({number}) is over but {clock} still stands; resume it if you can.",
        ),
    ),
    _template(
        "urged",
        T("申请人催办", "Urged"),
        T("催办：{title}", "Urged: {title}"),
        T(
            "申请人催办“{title}”（{number}，{state}），这是第 {n} 次。",
            "The applicant urges “{title}” ({number}, {state}), for the {n}. time.",
        ),
    ),
    _template(
        "supervision_ordered",
        T("督办通知", "Supervision ordered"),
        T("督办：{title}", "Supervision: {title}"),
        T(
            "“{title}”（{number}）已列入督办：{note} 请按 13710 要求报方案、反馈和结果。",
            "“{title}” ({number}) is under supervision: {note} Hand in a plan, feedback and the result.",
        ),
        urgent=True,
    ),
    _template(
        "calendar_missing",
        T("放假安排未录入", "Holidays not entered"),
        T("{year} 年放假安排尚未录入", "The holidays of {year} are not entered"),
        T(
            "{year} 年放假安排尚未录入，已有时限跨入该年，按周一至周五计算。请在“工作日历”录入。",
            "The holidays of {year} are not entered, and limits reach into it by Monday to Friday. Please enter them.",
        ),
    ),
)

RECORD = Document(
    "record",
    T("办件档案", "Archive of a case"),
    template="receipt",
    rows=(
        ("number", T("编号", "Number")),
        ("type", T("类型", "Type")),
        ("title", T("标题", "Title")),
        ("state", T("环节", "State")),
        ("applicant", T("申请人", "Applicant")),
        ("opened", T("开件", "Opened")),
        ("due", T("时限", "Time limit")),
        ("closed", T("办结", "Closed")),
    ),
    paragraphs=(
        T("{entries}", "{entries}"),
        T("{steps}", "{steps}"),
        T("{parts}", "{parts}"),
        T("{files}", "{files}"),
    ),
    copies=T(
        "本件与 case.json、附件和账本证明一同保存，可离线核验。",
        "Kept with case.json, the attachments and the ledger's proofs; it can be checked offline.",
    ),
)

system = System(
    slug="cases",
    chapter="kernel",
    plan="",
    title=T("办件引擎", "Cases"),
    summary=T("事项流转、时限与工作日历", "Moves, time limits and the working calendar"),
    needs=("definitions", "identity", "messages"),
    declares=(
        RECORD,
        WorkEntry("inbox", T("待办", "Inbox"), "/work/", "", icon="inbox", order=1),
        WorkEntry("search", T("查办件", "Find cases"), "/work/search/", "", icon="search", order=2),
        WorkEntry("precedents", T("裁定先例", "Rulings"), "/work/precedents/", "", icon="stamp", order=40),
        WorkEntry(
            "hand_over",
            T("岗位交接", "Hand-over of a post"),
            "/work/hand-over/",
            "identity.posts",
            icon="transfer",
            order=60,
            section="manage",
        ),
        WorkEntry(
            "calendar",
            T("工作日历", "Working calendar"),
            "/work/calendar/",
            "cases.calendar",
            icon="calendar",
            order=50,
            section="manage",
        ),
        WorkEntry(
            "supervision",
            T("督办时限", "Limits of supervision"),
            "/work/supervision/",
            "cases.supervision_rule",
            icon="clock",
            order=51,
            section="manage",
        ),
        WorkEntry(
            "reviews", T("好差评", "Reviews"), "/work/reviews/", "cases.answer_review", icon="star", order=30
        ),
        Action("answer_review", T("答复评价", "Answer reviews")),
        Action("review_limit", T("设定差评答复时限", "Set the limit for answering bad reviews")),
        Role("review_answerer", T("评价答复", "Answerer of reviews"), actions=("cases.answer_review",)),
        Template(
            "review_answered",
            T("评价已答复", "Review answered"),
            T("您的评价已得到答复：{title}", "Your review was answered: {title}"),
            T(
                "您对“{title}”（{number}）的评价，办理单位答复：{note}",
                "On your review of “{title}” ({number}) the office answers: {note}",
            ),
        ),
        Action(
            "lead",
            T("对本单位办件负责（接收升级提醒）", "Answer for an office's cases (told when they run late)"),
        ),
        Role("leader", T("单位负责人", "Leader of an office"), actions=("cases.lead",)),
        Action("supervise", T("督办", "Supervise cases")),
        Action("supervision_rule", T("设定督办时限", "Set the limits of supervision")),
        Role(
            "supervisor",
            T("督办员", "Supervisor"),
            actions=("cases.supervise", "cases.supervision_rule"),
            reach="region",
        ),
        *TEMPLATES,
        WorkEntry(
            "processes",
            T("流程", "Processes"),
            "/work/processes/",
            "cases.process_read",
            icon="grid",
            order=40,
            section="manage",
        ),
        Action("process_draw", T("绘制流程", "Draw processes")),
        Action("process_publish", T("发布流程", "Publish processes")),
        Action("process_read", T("查看自绘流程的办件", "Read cases of drawn processes")),
        Action("process_work", T("办理自绘流程的环节", "Do steps of drawn processes")),
        Action(
            "process_apply",
            T("申请自绘流程的事项", "Apply for what a drawn process does"),
            open_to=("citizen", "staff"),
        ),
        Role(
            "process_drawer",
            T("流程绘制", "Drawer of processes"),
            actions=("cases.process_draw", "cases.process_read", "definitions.read"),
            reach="region",
        ),
        Role(
            "process_publisher",
            T("流程发布", "Publisher of processes"),
            actions=("cases.process_publish", "cases.process_read", "definitions.read"),
            reach="region",
        ),
        Role(
            "process_worker",
            T("流程经办", "Worker in drawn processes"),
            actions=("cases.process_work", "cases.process_read"),
        ),
        Action("shred", T("到期销毁个人信息", "Delete personal data when due")),
        Role(
            "archivist",
            T("档案管理", "Archivist"),
            actions=("cases.shred",),
            reach="region",
        ),
        WorkEntry(
            "retention",
            T("保存期满", "Kept long enough"),
            "/work/retention/",
            "cases.shred",
            icon="archive",
            order=70,
            section="manage",
        ),
        Action("calendar", T("维护工作日历", "Keep the working calendar")),
        Role(
            "calendar_keeper",
            T("工作日历维护", "Keeper of the working calendar"),
            actions=("cases.calendar", "cases.review_limit"),
            reach="region",
        ),
    ),
)
