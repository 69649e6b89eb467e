"""Pages of messages: one's own list, the demo phones, and the report of deliveries."""

from __future__ import annotations

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, path, reverse
from django.views.decorators.http import require_GET, require_POST

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity.api import Actor

from . import report
from .delivery import NOT_SET_UP
from .kinds import CHANNELS
from .outbox import NOBODY_TO_REACH, wording
from .reading import PAGE, MessageView, inbox, mark_read, phones, sent_to_phone, unread_count

prefix = "messages"

STATES: dict[str, tuple[T, str]] = {
    "queued": (T("待发送", "Waiting"), "soon"),
    "sending": (T("发送中", "Being sent"), "soon"),
    "sent": (T("已发出", "Sent"), "plain"),
    "delivered": (T("已送达", "Delivered"), "done"),
    "failed": (T("未送达", "Not delivered"), "late"),
}


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Show the reader's own messages."""
    actor = _actor(request)
    unread = request.GET.get("unread") == "1"
    found = inbox(actor, after=_key(request, "after"), unread=unread)
    return render(
        request,
        "messages/mine.html",
        {
            "layout": "shell/workbench.html" if actor.kind == "staff" else "shell/portal.html",
            "messages": [(one, case_url(one, actor)) for one in found],
            "page": _page(found),
            "current": "unread" if unread else "all",
            "tabs": (
                {"id": "all", "title": T("全部", "All"), "href": reverse("messages:mine")},
                {
                    "id": "unread",
                    "title": T("未读", "Unread"),
                    "href": f"{reverse('messages:mine')}?unread=1",
                    "count": unread_count(actor) or "",
                },
            ),
            "demo": settings.DEMO,
        },
    )


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one message, or all of them, as read; then go to the case if that was asked."""
    actor = _actor(request)
    message = _number(request.POST.get("message", ""))
    if request.POST.get("message") and message is None:
        raise Missing
    mark_read(actor, None if message is None else [message])
    if message is not None and request.POST.get("open"):
        for one in inbox(actor, after=message + 1)[:1]:
            if one.id == message and (url := case_url(one, actor)):
                return HttpResponseRedirect(url)
    return HttpResponseRedirect(reverse("messages:mine"))


@require_GET
def phone(request: HttpRequest) -> HttpResponse:
    """Show what the demo phones were sent."""
    number = request.GET.get("number", "")[:20]
    known = phones()
    if not number and known:
        number = known[0][0]
    texts = sent_to_phone(number, after=_key(request, "after")) if number else ()
    return render(
        request,
        "messages/phone.html",
        {"number": number, "phones": known, "texts": texts, "page": _page(texts)},
    )


@require_GET
def delivery(request: HttpRequest) -> HttpResponse:
    """Show administrators what became of messages."""
    actor = _actor(request)
    tallies = report.tallies(actor=actor)
    rows = report.failed(actor=actor, after=_key(request, "after"))
    return render(
        request,
        "messages/report.html",
        {
            "tallies": [(CHANNELS[one.channel], *STATES[one.state], one) for one in tallies],
            "rows": [(CHANNELS[one.channel], _title(one.template), _why(one.error), one) for one in rows],
            "page": _page(rows),
            "demo": settings.DEMO,
        },
    )


@require_POST
def again(request: HttpRequest) -> HttpResponse:
    """Queue a failed message once more."""
    message = _number(request.POST.get("message", ""))
    if message is None:
        raise Missing
    report.again(message, actor=_actor(request))
    return HttpResponseRedirect(reverse("messages:report"))


def case_url(message: MessageView, actor: Actor) -> str:
    """Return where the reader can see the message's case, "" if nowhere.

    Staff go to the case sheet; an applicant to the page called `my_case` of the system that wrote the message.
    """
    if not message.case:
        return ""
    own = f"{message.template.split('.', 1)[0]}:my_case"
    for name in ("cases:sheet", own) if actor.kind == "staff" else (own, "cases:my_case"):
        try:
            return reverse(name, args=[message.case])
        except NoReverseMatch:
            continue
    return ""


def _title(template_id: str) -> T:
    try:
        return wording(template_id).title
    except KeyError:
        return same(template_id)


def _why(error: str) -> T:
    return T(
        error.replace(NOT_SET_UP, "此发送方式未配置").replace(NOBODY_TO_REACH, "没有账号、手机号和电子邮箱"),
        error,
    )


def _actor(request: HttpRequest) -> Actor:
    return cast("Actor", request.actor)  # type: ignore[attr-defined]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _key(request: HttpRequest, name: str) -> int | None:
    return _number(request.GET.get(name, ""))


def _page(rows: Any) -> dict[str, int | None]:
    return {"after": rows[-1].id if len(rows) == PAGE else None}


urlpatterns = [
    path("", mine, name="mine"),
    path("read/", read, name="read"),
    path("phone/", phone, name="phone"),
    path("report/", delivery, name="report"),
    path("report/again/", again, name="again"),
]
