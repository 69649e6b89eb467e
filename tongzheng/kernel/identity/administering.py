"""The three administrators' pages: accounts (system), posts and policy (security), records (audit)."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.ledger.api import entries

from . import policy, signin
from .accounts import accounts, create_account, set_active
from .actors import actor_of, may, require, roles_declared
from .bodies import KINDS, ensure_organisation, organisations
from .posts import end_post, ensure_post
from .sessions import kept_values
from .showing import chosen_body, chosen_place, show, signed_in
from .views import AccountView, Actor

_GET_POST = require_http_methods(["GET", "HEAD", "POST"])
_PAGE = 50


class Paged(NamedTuple):
    """Rows and the key after the last of them, "" at the end."""

    rows: tuple[object, ...]
    after: str


@require_GET
def account_list(request: HttpRequest) -> HttpResponse:
    """Accounts, for the system and the security administrator."""
    me = signed_in(request)
    if not may(me, "identity.posts"):
        require(me, "identity.accounts")
    words, after = request.GET.get("q", ""), request.GET.get("after", "")
    found = accounts(
        words=words, after=int(after) if after.isdecimal() and len(after) < 19 else 0, limit=_PAGE + 1
    )
    page = Paged(found[:_PAGE], str(found[_PAGE - 1].id) if len(found) > _PAGE else "")
    return show(request, "accounts", page=page, words=words, may_create=may(me, "identity.accounts"))


@_GET_POST
def account_new(request: HttpRequest) -> HttpResponse:
    """Make a staff account."""
    me = signed_in(request)
    require(me, "identity.accounts")
    if request.method != "POST":
        return show(request, "account_new", typed=kept_values(request) or {})
    try:
        made = create_account(
            actor=me,
            username=request.POST.get("username", ""),
            label=request.POST.get("label", ""),
            password=request.POST.get("password", ""),
            must_change=True,
        )
    except (Invalid, Conflict) as fault:
        return show(request, "account_new", fault)
    return _to_sheet(made.id)


@require_GET
def account_sheet(request: HttpRequest, id: int) -> HttpResponse:
    """One account: what it holds, and what an administrator may do to it."""
    me = signed_in(request)
    if not may(me, "identity.posts"):
        require(me, "identity.accounts")
    return _sheet(request, _found(id))


def _sheet(
    request: HttpRequest, view: AccountView, fault: Invalid | Conflict | Refused | None = None
) -> HttpResponse:
    me = signed_in(request)
    roles = roles_declared()
    typed = request.POST if request.method == "POST" else kept_values(request) or QueryDict()
    return show(
        request,
        "account_sheet",
        fault,
        account=view,
        holder=actor_of(view.id),
        own=me.id == view.id,
        may_account=may(me, "identity.accounts"),
        may_posts=may(me, "identity.posts"),
        may_policy=may(me, "identity.policy"),
        roles=[(id, f"{registry.system_of(id).title} · {role.title}") for id, role in roles.items()],
        body=chosen_body(typed),
        where=chosen_place(typed),
        chosen_roles=typed.getlist("roles"),
        typed=typed,
    )


@require_POST
def account_act(request: HttpRequest, id: int, act: str) -> HttpResponse:
    """Do one thing to an account: close, open, reset, lift, give, end."""
    me = signed_in(request)
    posted = request.POST
    try:
        if act in ("close", "open"):
            set_active(actor=me, account_id=id, active=act == "open")
        elif act == "reset":
            signin.reset_password(actor=me, account_id=id, password=posted.get("password", ""))
        elif act == "lift":
            signin.lift_totp(actor=me, account_id=id)
        elif act == "give":
            _give(me, id, posted)
        elif act == "end":
            end_post(actor=me, account_id=id, post_id=_number(posted.get("post", ""), "post"))
        else:
            raise Missing()
    except (Invalid, Conflict) as fault:
        return _sheet(request, _found(id), fault)
    except Refused as fault:
        if not (may(me, "identity.posts") or may(me, "identity.accounts")):
            raise
        return _sheet(request, _found(id), fault)
    return _to_sheet(id)


def _give(me: Actor, id: int, posted: QueryDict) -> None:
    """Give a post as the form says; the post and its holder together or not at all."""
    body, place = chosen_body(posted), chosen_place(posted)
    if body is None:
        raise Invalid(
            fields={"organisation": T("请从列表中选择一个单位", "Choose an organisation from the list")}
        )
    if place is None and (posted.get("region") or posted.get("region_words", "").strip()):
        raise Invalid(fields={"region": T("请从列表中选择一个地区", "Choose a region from the list")})
    ensure_post(
        actor=me,
        account_id=id,
        organisation=body.id,
        title=posted.get("title", ""),
        roles=posted.getlist("roles"),
        region=place.code if place else "",
    )


@require_GET
def body_list(request: HttpRequest) -> HttpResponse:
    """Organisations, for the system administrator."""
    me = signed_in(request)
    require(me, "identity.bodies")
    words, kind = request.GET.get("q", ""), request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    found = organisations(words=words, kind=kind or None, limit=_PAGE)
    return show(request, "bodies", rows=found, words=words, kind=kind, kinds=KINDS)


@_GET_POST
def body_new(request: HttpRequest) -> HttpResponse:
    """Enter an organisation."""
    me = signed_in(request)
    require(me, "identity.bodies")
    typed = request.POST if request.method == "POST" else kept_values(request) or QueryDict()
    facts: dict[str, Any] = {
        "typed": typed,
        "kinds": KINDS,
        "body": chosen_body(typed),
        "where": chosen_place(typed),
    }
    if request.method != "POST":
        return show(request, "body_new", **facts)
    given = {name: typed.get(name, "") for name in ("name", "kind", "uscc", "short", "english")}
    try:
        if facts["where"] is None:
            raise Invalid(fields={"region": T("请从列表中选择一个地区", "Choose a region from the list")})
        if facts["body"] is None and (
            typed.get("organisation") or typed.get("organisation_words", "").strip()
        ):
            raise Invalid(
                fields={"organisation": T("请从列表中选择一个单位", "Choose an organisation from the list")}
            )
        made = ensure_organisation(
            actor=me,
            region=facts["where"].code,
            parent=facts["body"].id if facts["body"] else None,
            **given,
        )
    except (Invalid, Conflict) as fault:
        return show(request, "body_new", fault, **facts)
    return HttpResponseRedirect(f"{reverse('identity:bodies')}?q={quote(made.name)}")


@_GET_POST
def policy_page(request: HttpRequest) -> HttpResponse:
    """The security policy."""
    me = signed_in(request)
    require(me, "identity.policy")
    fault = None
    if request.method == "POST":
        slips: dict[str, T] = {}
        for number in policy.NUMBERS:
            try:
                signin.set_policy(
                    actor=me, name=number.name, value=_number(request.POST.get(number.name, ""), number.name)
                )
            except Invalid as slip:
                slips |= slip.fields
        if not slips:
            return HttpResponseRedirect(reverse("identity:policy"))
        fault = Invalid(fields=slips)
    values = policy.numbers()
    rows = [
        (n, request.POST.get(n.name, values[n.name]), fault.fields.get(n.name, "") if fault else "")
        for n in policy.NUMBERS
    ]
    return show(request, "policy", fault, rows=rows)


@require_GET
def records(request: HttpRequest) -> HttpResponse:
    """What was done, by whom: the ledger's entries, for the audit administrator."""
    require(signed_in(request), "identity.records")
    after, who = request.GET.get("after", ""), request.GET.get("actor", "")
    asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in ("act", "subject")}
    found = entries(
        act=asked["act"] or None,
        subject=asked["subject"] or None,
        actor=int(who) if who.isdecimal() and len(who) < 19 else None,
        after=int(after) if after.isdecimal() and len(after) < 19 else None,
        limit=_PAGE + 1,
    )
    page = Paged(found[:_PAGE], str(found[_PAGE - 1].id) if len(found) > _PAGE else "")
    return show(request, "records", page=page, asked={**asked, "actor": who})


def _found(id: int) -> AccountView:
    found = accounts(ids=[id])
    if not found:
        raise Missing(T("没有这个账号", "There is no such account"))
    return found[0]


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise Invalid(fields={field: T("请选择或填写数字", "Choose one, or enter a number")})
    return int(text)


def _to_sheet(id: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("identity:account_sheet", args=[id]))


urlpatterns = [
    path("accounts/", account_list, name="accounts"),
    path("accounts/new/", account_new, name="account_new"),
    path("accounts/<int:id>/", account_sheet, name="account_sheet"),
    path("accounts/<int:id>/<slug:act>/", account_act, name="account_act"),
    path("bodies/", body_list, name="bodies"),
    path("bodies/new/", body_new, name="body_new"),
    path("policy/", policy_page, name="policy"),
    path("records/", records, name="records"),
]
