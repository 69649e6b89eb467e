"""One's own account: signing in and out, registering, password, one-time codes, what one holds."""

from __future__ import annotations

from urllib.parse import quote

import qrcode
import qrcode.image.svg
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Throttled
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.sealing import SealBroken, seal, unseal
from tongzheng.kernel.core.text import T, english

from . import administering, clerking, people, signin, standing_pages
from .accounts import accounts, register_citizen
from .actors import NEEDS_PASSWORD, NEEDS_TOTP, actor_of, may, require, roles_declared, who_may
from .bodies import organisations
from .kinds import Action
from .places import region_path, regions
from .showing import actor, chosen_body, chosen_place, show, signed_in
from .views import Actor

prefix = "account"
_SECRET = "totp_new"  # noqa: S105 - the name of a session's entry
_GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@_GET_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page; afterwards back to `next`."""
    to = _next(request)
    if request.method != "POST":
        if actor(request).signed_in and not to:
            return HttpResponseRedirect(reverse("identity:account"))
        return show(request, "sign_in", next=to)
    try:
        came = signin.sign_in(
            request=request,
            username=request.POST.get("username", ""),
            password=request.POST.get("password", ""),
        )
    except (Invalid, Throttled) as fault:
        return show(request, "sign_in", fault, next=to)
    if came.step == "code":
        return HttpResponseRedirect(_with_next(reverse("identity:code"), to))
    return _onward(came.account_id, to)


@_GET_POST
def code(request: HttpRequest) -> HttpResponse:
    """The page that asks for the one-time code."""
    to = _next(request)
    if signin.awaiting(request) is None:
        return HttpResponseRedirect(_with_next(reverse("identity:sign_in"), to))
    if request.method != "POST":
        return show(request, "code", next=to)
    try:
        came = signin.verify_code(request=request, code=request.POST.get("code", ""))
    except (Invalid, Throttled) as fault:
        return show(request, "code", fault, next=to)
    return _onward(came.account_id, to)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out and go home."""
    signin.sign_out(request=request, actor=actor(request))
    return HttpResponseRedirect("/")


@_GET_POST
def register(request: HttpRequest) -> HttpResponse:
    """Registration of a member of the public."""
    to = _next(request)
    if request.method != "POST":
        return show(request, "register", next=to, demo=settings.DEMO)
    given = {
        name: request.POST.get(name, "") for name in ("username", "password", "name", "id_number", "phone")
    }
    try:
        if request.POST.get("again", "") != given["password"]:
            raise Invalid(fields={"again": T("两次输入的口令不一致", "The two passwords differ")})
        with signin.slowed(request, "register"):
            made = register_citizen(**given, lang="en" if english() else "zh")
        came = signin.sign_in(request=request, username=made.username, password=given["password"])
    except (Invalid, Conflict, Throttled) as fault:
        return show(request, "register", fault, next=to, demo=settings.DEMO)
    return _onward(came.account_id, to)


@require_GET
def account(request: HttpRequest) -> HttpResponse:
    """One's own account: who one is (masked), which posts one holds and what they permit."""
    who = signed_in(request)
    return _account(request, who)


@require_POST
def reveal(request: HttpRequest) -> HttpResponse:
    """One's own data unmasked, on this one answer."""
    who = signed_in(request)
    if who.person_id is None:
        raise Missing()
    purpose = T("本人查看", "Seen by the person themselves")
    shown = people.reveal(actor=who, person_id=who.person_id, fields=people.FIELDS, purpose=purpose.zh)
    return _account(request, who, shown)


def _account(request: HttpRequest, who: Actor, shown: dict[str, str] | None = None) -> HttpResponse:
    declared, roles = registry.of(Action), roles_declared()
    posts = [
        {
            "view": post,
            "region": " ".join(str(r.title) for r in region_path(post.region)[1:]),
            "roles": [roles[role].title for role in post.roles if role in roles],
            "actions": [(declared[a].title, reach) for a, reach in post.actions.items() if a in declared],
        }
        for post in who.posts
    ]
    (view,) = accounts(ids=[who.id or 0]) or (None,)
    person = people.person(who.person_id) if who.person_id else None
    return show(request, "account", account=view, person=person, shown=shown, posts=posts, who=who)


@_GET_POST
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password."""
    who = signed_in(request)
    due = any(post.held_back == NEEDS_PASSWORD for post in who.posts)
    if request.method != "POST":
        return show(request, "password", due=due)
    old, new = request.POST.get("old", ""), request.POST.get("new", "")
    try:
        if request.POST.get("again", "") != new:
            raise Invalid(fields={"again": T("两次输入的口令不一致", "The two passwords differ")})
        signin.change_password(request=request, actor=who, old=old, new=new)
    except (Invalid, Throttled) as fault:
        return show(request, "password", fault, due=due)
    return show(
        request, "done", words=T("口令已修改，其他设备上的登录已失效", "Changed; other sessions have ended")
    )


@_GET_POST
def codes(request: HttpRequest) -> HttpResponse:
    """Set up one-time codes: a QR code, a first code, and the recovery codes shown once."""
    who = signed_in(request)
    (view,) = accounts(ids=[who.id or 0])
    if view.totp:
        return show(request, "codes", already=True)
    secret = _pending_secret(request)
    if request.method == "POST":
        try:
            recovery = signin.enrol_totp(actor=who, secret=secret, code=request.POST.get("code", ""))
        except Invalid as fault:
            return show(request, "codes", fault, secret=secret, drawing=_drawn(secret, view.username))
        request.session.pop(_SECRET, None)
        return show(request, "recovery", recovery=recovery)
    needed = any(post.held_back == NEEDS_TOTP for post in who.posts)
    return show(request, "codes", secret=secret, drawing=_drawn(secret, view.username), needed=needed)


def _pending_secret(request: HttpRequest) -> str:
    stored = request.session.get(_SECRET, "")
    try:
        if stored:
            return unseal(bytes.fromhex(stored), use="account.totp_new")
    except (SealBroken, ValueError):
        pass
    secret = signin.new_secret()
    request.session[_SECRET] = seal(secret, use="account.totp_new").hex()
    return secret


def _drawn(secret: str, username: str) -> SafeString:
    """Return the QR code as SVG; drawn by us from our own text, hence safe."""
    image = qrcode.make(
        signin.totp_address(secret, username),
        image_factory=qrcode.image.svg.SvgPathFillImage,
        border=2,
        box_size=8,
    )
    return mark_safe(image.to_string(encoding="unicode"))  # noqa: S308 - no text of a person is in it


@require_GET
def who(request: HttpRequest) -> HttpResponse:
    """Who can do this here, and why. Query: action, organisation (id), region (code)."""
    me = signed_in(request)
    require(me, "identity.directory")
    declared = registry.of(Action)
    action = request.GET.get("action", "")
    body, where = chosen_body(request.GET), chosen_place(request.GET)
    grantees = open_to = mine = None
    if action in declared:
        asked = {"organisation": body.id if body else None, "region": where.code if where else None}
        grantees = who_may(action, **asked)  # type: ignore[arg-type]
        open_to = declared[action].open_to
        mine = may(me, action, **asked)  # type: ignore[arg-type]
    return show(
        request,
        "who",
        actions=[(id, f"{registry.system_of(id).title} · {a.title}") for id, a in declared.items()],
        action=action,
        chosen=declared.get(action),
        body=body,
        where=where,
        grantees=grantees,
        open_to=open_to,
        mine=mine,
    )


@require_GET
def organisation_choices(request: HttpRequest) -> HttpResponse:
    """The choices of a combobox of organisations: `?q=` words, perhaps `kind` and `region`. Names are public."""
    words = request.GET.get("q", "")
    found = organisations(
        words=words, kind=request.GET.get("kind") or None, region=request.GET.get("region") or None, limit=12
    )
    return render(request, "identity/choices.html", {"choices": [(o.id, o.title, o.uscc) for o in found]})


@require_GET
def region_choices(request: HttpRequest) -> HttpResponse:
    """The choices of a combobox of regions: `?q=` words, perhaps `level`."""
    found = regions(words=request.GET.get("q", ""), level=request.GET.get("level") or None, limit=12)
    return render(request, "identity/choices.html", {"choices": [(r.code, r.title, r.code) for r in found]})


def _next(request: HttpRequest) -> str:
    to = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure())
    return to if safe and to.startswith("/") else ""


def _with_next(url: str, to: str) -> str:
    return f"{url}?next={quote(to)}" if to else url


def _onward(account_id: int, to: str) -> HttpResponse:
    """Go where the person was going; first to what an administrator's powers wait for."""
    who = actor_of(account_id)
    waiting = {post.held_back for post in who.posts}
    if NEEDS_PASSWORD in waiting:
        return HttpResponseRedirect(reverse("identity:password"))
    if NEEDS_TOTP in waiting:
        return HttpResponseRedirect(reverse("identity:codes"))
    return HttpResponseRedirect(to or ("/work/" if who.kind == "staff" else "/"))


urlpatterns = [
    path("", account, name="account"),
    path("sign-in/", sign_in, name="sign_in"),
    path("code/", code, name="code"),
    path("sign-out/", sign_out, name="sign_out"),
    path("register/", register, name="register"),
    path("reveal/", reveal, name="reveal"),
    path("password/", password, name="password"),
    path("codes/", codes, name="codes"),
    path("who-may/", who, name="who_may"),
    path("choices/organisations/", organisation_choices, name="organisation_choices"),
    path("choices/regions/", region_choices, name="region_choices"),
    *clerking.urlpatterns,
    *administering.urlpatterns,
    *standing_pages.urlpatterns,
]
