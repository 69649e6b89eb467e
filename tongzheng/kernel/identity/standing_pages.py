"""One's own stand-ins: who acts from my post while I am away, and ending it."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Fault, Invalid, Refused
from tongzheng.kernel.core.text import T

from .posts import holders
from .showing import show, signed_in
from .standing_in import end_stand_in, stand_in, stand_ins
from .views import Actor


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest) -> HttpResponse:
    """Show who stands in for me and for whom I do (GET), and name a stand-in (POST)."""
    me = signed_in(request)
    if me.kind != "staff":
        raise Refused(T("只有工作人员有岗位可以代理", "Only staff have posts to be stood in for"))
    if request.method != "POST":
        return _page(request, me)
    try:
        post, colleague = (_number(request.POST.get(name, "")) for name in ("post", "stand_in"))
        since, until = _day(request, "since", time.min), _day(request, "until", time(23, 59, 59))
        stand_in(
            actor=me,
            post_id=post,
            stand_in=colleague,
            since=since,
            until=until or clock.now(),
            reason=request.POST.get("reason", ""),
        )
    except (Invalid, Conflict, Refused) as fault:
        return _page(request, me, fault)
    return HttpResponseRedirect(reverse("identity:stand_ins"), status=303)


@require_POST
def end(request: HttpRequest, id: int) -> HttpResponse:
    """End a standing-in."""
    end_stand_in(actor=signed_in(request), id=id)
    return HttpResponseRedirect(reverse("identity:stand_ins"), status=303)


def _page(request: HttpRequest, me: Actor, fault: Fault | None = None) -> HttpResponse:
    own = [post for post in me.posts if post.stands_for is None]
    bodies = list(dict.fromkeys(post.organisation_id for post in own))
    found = holders(bodies) if bodies else {}
    colleagues: dict[int, str] = {}
    for many in found.values():
        for one in many:
            if one.account_id != me.id:
                colleagues.setdefault(one.account_id, f"{one.label} · {one.post}")
    facts: dict[str, Any] = {
        "posts": own,
        "colleagues": sorted(colleagues.items(), key=lambda pair: pair[1]),
        "rows": stand_ins(account_id=me.id or 0),
        "me": me,
        "today": f"{clock.today():%Y-%m-%d}",
    }
    return show(request, "stand_ins", fault, **facts)


def _number(given: str) -> int:
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else 0


def _day(request: HttpRequest, name: str, at: time) -> datetime | None:
    given = request.POST.get(name, "")
    if not given:
        if name == "since":
            return None
        raise Invalid(fields={name: T("请填写日期", "Please give a date")})
    try:
        return datetime.combine(datetime.strptime(given[:10], "%Y-%m-%d").date(), at, clock.CHINA)  # noqa: DTZ007
    except (ValueError, OverflowError):
        raise Invalid(fields={name: T("日期不对", "This is not a date")}) from None


urlpatterns = [
    path("stand-ins/", mine, name="stand_ins"),
    path("stand-ins/<int:id>/end/", end, name="end_stand_in"),
]
