"""Makes an answer of anything that went wrong: a page for people, an RFC 9457 problem for programs.

Nothing here asks the database: it must work when the database does not.
"""

from __future__ import annotations

import errno
import logging
import sys
from dataclasses import dataclass
from urllib.parse import quote

import psycopg
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from ninja.errors import AuthenticationError, HttpError, ValidationError

from tongzheng.kernel.core.errors import (
    Conflict,
    Fault,
    Invalid,
    Missing,
    Refused,
    SignInNeeded,
    StorageFull,
    Throttled,
    TooLarge,
    Unavailable,
)
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity.api import form_page, keep_post

from . import shell

log = logging.getLogger("tongzheng.faults")

RETRY_SECONDS = 15


class Broken(Fault):
    """A bug of ours: answered without details, found again by its request id."""

    status, code = 500, "broken"
    title = T("系统出了错，是我们的问题", "Something broke, and it is our fault")


@dataclass(frozen=True, slots=True)
class Advice:
    """What a person who met a status can do next, and the picture that goes with it."""

    icon: str
    steps: tuple[T, ...]


ADVICE: dict[int, Advice] = {
    400: Advice(
        "alert",
        (
            T("返回上一页，刷新后再试一次。", "Go back, refresh the page and try once more."),
            T(
                "如果是从别处点开的链接，请从首页重新进入。",
                "If you followed a link from elsewhere, start again from the home page.",
            ),
        ),
    ),
    401: Advice(
        "lock",
        (
            T(
                "登录后会回到您刚才的页面。",
                "After signing in you come back to the page you were on.",
            ),
            T(
                "表单里已填写的内容保存在这台设备上，登录后自动恢复。",
                "What you typed into the form is kept on this device and restored after you sign in.",
            ),
        ),
    ),
    403: Advice(
        "shield",
        (
            T(
                "确认您是以正确的身份登录的。",
                "Check that you are signed in as the right person.",
            ),
            T(
                "需要这项权限的工作人员，请向本单位的系统管理员申请。",
                "Staff who need this permission can ask their organisation's administrator.",
            ),
        ),
    ),
    404: Advice(
        "search",
        (
            T("检查网址或编号有没有抄错。", "Check the address or number for a slip."),
            T("用搜索找一找您要办的事。", "Search for the matter you want to settle."),
        ),
    ),
    405: Advice("alert", (T("请返回上一页重新操作。", "Please go back and try again from there."),)),
    409: Advice(
        "refresh",
        (
            T(
                "打开最新状态，看看别人刚才做了什么。",
                "Open the latest state and see what somebody else just did.",
            ),
            T(
                "您这次的操作没有生效，也没有改动任何内容。",
                "What you did just now had no effect and changed nothing.",
            ),
        ),
    ),
    413: Advice(
        "upload",
        (
            T(
                "照片可以先压缩或改小尺寸，再重新上传。",
                "Compress the photo or make it smaller, then upload it again.",
            ),
            T("也可以把材料分成几个文件提交。", "You can also split the material into several files."),
        ),
    ),
    415: Advice(
        "file",
        (
            T(
                "请上传 PDF、JPG 或 PNG；表格请上传 XLSX 或 CSV。",
                "Please upload a PDF, JPG or PNG; for tables an XLSX or CSV.",
            ),
            T(
                "不要只改文件扩展名，请用软件另存为需要的格式。",
                "Renaming a file does not convert it: save it in the format needed.",
            ),
        ),
    ),
    422: Advice(
        "edit",
        (
            T(
                "返回上一页，按每一项的提示修改后重新提交。",
                "Go back, correct each entry as its hint says, and send it again.",
            ),
        ),
    ),
    429: Advice(
        "clock",
        (
            T("请等一会儿再试。", "Please wait a little and try again."),
            T("连续重试会让等待变长。", "Trying again and again makes the wait longer."),
        ),
    ),
    500: Advice(
        "alert",
        (
            T(
                "您可以稍后再试；已提交成功的事项不会受影响。",
                "You can try again later; matters already confirmed are not affected.",
            ),
            T(
                "如果要报告这个问题，请把下面的编号告诉工作人员。",
                "To report the problem, give the number below to the staff.",
            ),
        ),
    ),
    503: Advice(
        "clock",
        (
            T("请在半分钟后再试。", "Please try again in half a minute."),
            T(
                "填写中的表单保存在这台设备上，重新打开即可恢复。",
                "A form you were filling in is kept on this device; open it again to go on.",
            ),
        ),
    ),
    507: Advice(
        "archive",
        (
            T(
                "文件没有保存，其他内容也没有提交，请稍后再试。",
                "The file was not saved and nothing else was sent; please try later.",
            ),
            T(
                "系统管理员已经可以在运行日志中看到这个问题。",
                "The administrators can see this in the log.",
            ),
        ),
    ),
}


def fault_of(error: BaseException) -> Fault:
    """Return the fault that an exception amounts to; what is not foreseen is `Broken`."""
    if isinstance(error, Fault):
        return error
    if isinstance(error, Http404):
        return Missing()
    if isinstance(error, PermissionDenied):
        return Refused()
    # The driver's own errors too: they come from what works beneath Django's cursor, and from the pool.
    if isinstance(
        error, (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
    ):
        return Unavailable()
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFull()
    if isinstance(error, (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)):
        return TooLarge()
    if isinstance(error, AuthenticationError):
        return SignInNeeded()
    if isinstance(error, ValidationError):
        return Invalid(
            fields={".".join(str(p) for p in e["loc"][1:] or e["loc"]): same(e["msg"]) for e in error.errors}
        )
    if isinstance(error, HttpError):
        fault = Fault(same(error.message), code="http")
        fault.status = error.status_code
        return fault
    if isinstance(error, (SuspiciousOperation, UnreadablePostError)):
        return Fault()
    return Broken()


def answer(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Return the response to an exception, and log what is ours to mend."""
    fault = fault_of(error)
    if fault.status >= 500:
        log.error(
            "%s on %s",
            type(error).__name__,
            request.path,
            exc_info=error if isinstance(fault, Broken) else None,
            extra={"data": {"cause": str(error)[:300]}},
        )
    number = getattr(request, "id", "")
    if wants_problem(request):
        response: HttpResponse = JsonResponse(
            fault.problem(request.path, number),
            status=fault.status,
            content_type="application/problem+json",
            json_dumps_params={"ensure_ascii": False},
        )
    else:
        response = _page(request, fault, number)
    if fault.status in (429, 503):
        response["Retry-After"] = str(fault.wait if isinstance(fault, Throttled) else RETRY_SECONDS)
    # Django would otherwise log the refusal a second time, without the request id.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def wants_problem(request: HttpRequest) -> bool:
    """Tell whether the caller is a program: anything under /api/, or one that prefers JSON to HTML."""
    return request.path.startswith("/api/") or (
        request.get_preferred_type(["text/html", "application/json", "application/problem+json"])
        not in ("text/html", None)
    )


def _page(request: HttpRequest, fault: Fault, number: str) -> HttpResponse:
    advice = ADVICE.get(fault.status) or ADVICE[500 if fault.status >= 500 else 400]
    facts = {
        "fault": fault,
        "icon": advice.icon,
        "steps": (fault.advice, *advice.steps) if fault.advice else advice.steps,
        "number": number,
        "latest": isinstance(fault, Conflict),
        "sign_in": f"{shell.sign_in_url()}?next={quote(_way_back(request, fault))}",
        **shell.bare(request),
    }
    if request.headers.get("HX-Request"):
        # A refused move must not replace the sheet that the person is reading.
        response = HttpResponse(render_to_string("shell/fault_notice.html", facts), status=fault.status)
        response["HX-Retarget"] = "#notices"
        response["HX-Reswap"] = "innerHTML"
        return response
    return HttpResponse(render_to_string("shell/fault.html", facts), status=fault.status)


def _way_back(request: HttpRequest, fault: Fault) -> str:
    """Return the page to be on after signing in; what a form sent meanwhile is kept for it."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    if isinstance(fault, SignInNeeded) and hasattr(request, "session"):
        keep_post(request)
    return form_page(request)


def bad_request(request: HttpRequest, exception: BaseException) -> HttpResponse:
    """Answer what Django refuses before a page is reached."""
    return answer(request, exception)


permission_denied = not_found = bad_request


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what escaped outside a page, such as the session store without its database."""
    return answer(request, sys.exc_info()[1] or Broken())


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token is missing or old: usually a page left open over a sign-in."""
    return answer(
        request,
        Refused(
            T("这个页面已过期，没有提交", "This page is out of date; nothing was sent"),
            advice=T(
                "返回上一页并刷新，已填写的内容会自动恢复，然后再提交一次。",
                "Go back and refresh; what you typed is restored. Then send it again.",
            ),
            code="csrf",
        ),
    )
