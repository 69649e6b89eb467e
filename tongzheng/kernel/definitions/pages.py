"""Pages of definitions: the list, one definition with its versions, one version to work on, two side by side."""

from __future__ import annotations

from datetime import date
from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongzheng.kernel.core.errors import Conflict, Fault, Invalid, Missing, TooLarge
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor

from . import deciding, drafting, flow, offers, reading, showing
from .kinds import Definable
from .views import VersionView

prefix = "definitions"
_GET_POST = require_http_methods(["GET", "HEAD", "POST"])


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show the definitions that the reader may see."""
    actor = _actor(request)
    kind, words = request.GET.get("kind", ""), request.GET.get("words", "")
    waiting = request.GET.get("waiting") == "1"
    page = reading.overview(
        actor=actor, kind=kind, words=words, waiting=waiting, after=_number(request.GET.get("after", ""))
    )
    offered = offers.every()
    home = reverse("definitions:index")
    tabs = [
        {"id": "", "title": T("全部", "All"), "href": home},
        {"id": "waiting", "title": T("待审定", "To decide"), "href": f"{home}?waiting=1"},
        *(
            {"id": one.name, "title": one.title, "href": f"{home}?kind={one.name}"}
            for one in offered.values()
        ),
    ]
    return render(
        request,
        "definitions/index.html",
        {
            "page": page,
            "rows": [(offered[row.definition.kind].title, row) for row in page.rows],
            "tabs": tabs,
            "current": "waiting" if waiting else kind,
            "words": words,
            "drawable": [one for one in offered.values() if identity.may(actor, one.draws)],
        },
    )


@_GET_POST
def new(request: HttpRequest) -> HttpResponse:
    """Begin a definition of a kind."""
    actor = _actor(request)
    offered = offers.definable(request.GET.get("kind", "") or request.POST.get("kind", ""))
    identity.require(actor, offered.draws)
    slips: dict[str, T] = {}
    trouble: T | None = None
    status = 200
    if request.method == "POST":
        try:
            made = drafting.begin(
                offered.name,
                request.POST.get("key", "").strip(),
                actor=actor,
                title=T(request.POST.get("title_zh", ""), request.POST.get("title_en", "")),
                organisation=_body(request),
            )
        except (Invalid, Conflict) as fault:
            slips, status = fault.fields, fault.status
            trouble = None if fault.fields else fault.words
        else:
            return _to(made.id)
    bodies = {post.organisation_id: post.organisation for post in actor.posts}
    return render(
        request,
        "definitions/new.html",
        {
            "kind": offered,
            "slips": slips,
            "trouble": trouble,
            "typed": request.POST,
            "bodies": list(bodies.items()),
        },
        status=status,
    )


@require_GET
def history(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Show one definition and its versions."""
    actor = _actor(request)
    found = reading.history(kind, key, actor=actor)
    offered = offers.definable(kind)
    of = found.definition
    return render(
        request,
        "definitions/history.html",
        {
            "found": found,
            "kind": offered,
            "owner": identity.organisation(of.organisation_id),
            "events": showing.events(found),
            "published": [(one, showing.name(one)) for one in found.versions if one.number is not None],
            "versions": [(one, showing.name(one)) for one in found.versions],
            "can_draw": identity.may(actor, offered.draws, organisation=of.organisation_id, region=of.region),
            "newest": found.newest,
        },
    )


@require_POST
def draft(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Begin a further draft, from a version or from what was typed."""
    made = drafting.begin(
        kind,
        key,
        actor=_actor(request),
        content=request.POST.get("content"),
        based_on=_number(request.POST.get("from", "")),
    )
    return _to(made.id)


@_GET_POST
def version(request: HttpRequest, id: int) -> HttpResponse:
    """Show one version, and save what was typed into a draft."""
    actor = _actor(request)
    found = reading.look(id, actor=actor)
    if request.method != "POST":
        return _sheet(request, found)
    content, lock = request.POST.get("content", ""), _number(request.POST.get("lock", "")) or 0
    try:
        if request.POST.get("simulate"):
            return _sheet(request, found, typed={"content": content})
        kept = drafting.save(
            id,
            actor=actor,
            lock=lock,
            content=content,
            note=request.POST.get("note", ""),
            based_on=_number(request.POST.get("based_on", "")),
        )
        if request.POST.get("propose"):
            drafting.propose(id, actor=actor, lock=kept.lock)
    except Conflict as fault:
        now = reading.look(id, actor=actor)
        if now.lock == lock:
            return _sheet(request, now, fault)
        return _conflict(request, now, fault, content)
    except (Invalid, TooLarge) as fault:
        now = reading.look(id, actor=actor)
        typed = {"content": content, "note": request.POST.get("note", "")} if now.lock == lock else {}
        return _sheet(request, now, fault, typed=typed)
    return _to(id, "saved")


@require_POST
def act(request: HttpRequest, id: int, act: str) -> HttpResponse:
    """Propose, withdraw, drop, decide on or roll back to a version."""
    actor = _actor(request)
    lock = _number(request.POST.get("lock", "")) or 0
    try:
        if act == "propose":
            made = drafting.propose(id, actor=actor, lock=lock)
        elif act == "withdraw":
            made = drafting.withdraw(id, actor=actor, lock=lock)
        elif act == "drop":
            made = drafting.drop(id, actor=actor, lock=lock)
        elif act == "decide":
            made = deciding.decide(
                id,
                actor=actor,
                lock=lock,
                approve=request.POST.get("decision") == "approve",
                effective=_day(request.POST.get("effective", "")),
                reason=request.POST.get("reason", ""),
            )
        elif act == "roll-back":
            made = deciding.roll_back(
                id,
                actor=actor,
                instead_of=_number(request.POST.get("instead_of", "")) or 0,
                reason=request.POST.get("reason", ""),
            )
        else:
            raise Missing
    except (Invalid, Conflict) as fault:
        return _sheet(request, reading.look(id, actor=actor), fault, typed=request.POST.dict())
    return _to(made.id, act)


@require_GET
def content(request: HttpRequest, id: int) -> HttpResponse:
    """Hand out a version's content as a file."""
    found = reading.look(id, actor=_actor(request))
    offered = offers.definable(found.definition.kind)
    answer = HttpResponse(found.content, content_type=f"{offered.media_type}; charset=utf-8")
    label = found.number if found.number is not None else f"draft-{found.id}"
    answer["Content-Disposition"] = (
        f'attachment; filename="{found.definition.key}-{label}.{offered.extension}"'
    )
    return answer


@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Show two versions side by side."""
    first, second = (_number(request.GET.get(name, "")) or 0 for name in ("first", "second"))
    found = reading.compare(first, second, actor=_actor(request))
    editor = offers.definable(found.first.definition.kind).editor
    answer = render(
        request,
        "definitions/compare.html",
        {
            "editor": editor,
            "found": found,
            "changes": showing.changes(found.changes),
            "first_name": showing.name(found.first),
            "second_name": showing.name(found.second),
            "of": found.first.definition,
        },
    )
    answer.style_attributes = editor == "dmn"  # type: ignore[attr-defined]
    return answer


def _sheet(
    request: HttpRequest,
    found: VersionView,
    fault: Fault | None = None,
    *,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    actor, typed = _actor(request), typed or {}
    offered = offers.definable(found.definition.kind)
    newest = showing.newest(found)
    may = showing.can(found, newest, actor=actor)
    text = typed.get("content", found.content) if may.save else found.content
    trial = None
    if request.GET.get("try") == "1" or (may.decide and request.method != "POST"):
        trial = showing.trials(deciding.rehearse(found.id, actor=actor))
    elif found.outcomes:
        trial = showing.trials(found.outcomes)
    findings = found.findings if text == found.content else offers.findings(offered, text)
    asked = request.POST.dict() if request.POST.get("simulate") else {}
    answer = render(
        request,
        "definitions/version.html",
        {
            "found": found,
            "of": found.definition,
            "kind": offered,
            "name": showing.name(found),
            "state": flow.STATES[found.state],
            "tone": showing.TONES[found.state],
            "can": may,
            "text": text,
            "typed": typed,
            "unsaved": text != found.content,
            "behind": showing.behind(found, newest),
            "newest": newest,
            "findings": findings,
            "errors": sum(one.level == "error" for one in findings),
            "trial": trial,
            "parts": list(offers.parts(offered, text).items()),
            "simulation": showing.simulated(offered, text, asked),
            "slips": fault.fields if fault else {},
            "trouble": fault.words if fault else None,
            "done": DONE.get(request.GET.get("done", "")),
        },
        status=fault.status if fault else 200,
    )
    answer.style_attributes = offered.editor == "dmn"  # type: ignore[attr-defined]
    return answer


DONE: dict[str, T] = {
    "saved": T("草稿已保存", "The draft is saved"),
    "propose": T("已提交，等另一人审定", "Proposed; a second person decides now"),
    "withdraw": T("已撤回为草稿", "Taken back as a draft"),
    "drop": T("已放弃", "Dropped"),
    "decide": T("已审定", "Decided"),
    "roll-back": T("已回退，作为新的一版生效", "Rolled back: a new version is in force"),
}


def _conflict(request: HttpRequest, now: VersionView, fault: Conflict, typed: str) -> HttpResponse:
    """Show what was typed beside what somebody else has saved meanwhile; nothing of either is lost."""
    offered: Definable = offers.definable(now.definition.kind)
    typed = typed.replace("\r\n", "\n")
    found = flow.difference(offers.parts(offered, now.content), offers.parts(offered, typed))
    return render(
        request,
        "definitions/conflict.html",
        {
            "found": now,
            "of": now.definition,
            "words": fault.words,
            "typed": typed,
            "note": request.POST.get("note", ""),
            "changes": showing.changes(found),
            "may_save": now.state in flow.ACTS["save"][1],
        },
        status=409,
    )


def _to(id: int, done: str = "") -> HttpResponse:
    address = reverse("definitions:version", args=[id])
    return HttpResponseRedirect(f"{address}?done={done}" if done else address, status=303)


def _actor(request: HttpRequest) -> Actor:
    return cast("Actor", request.actor)  # type: ignore[attr-defined]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip()[:10])
    except ValueError:
        raise Invalid(
            fields={"effective": T("请按 2026-11-23 的样子填日期", "Please write the date like 2026-11-23")}
        ) from None


def _body(request: HttpRequest) -> int | None:
    return _number(request.POST.get("organisation", ""))


urlpatterns = [
    path("", index, name="index"),
    path("new/", new, name="new"),
    path("compare/", compare, name="compare"),
    path("versions/<int:id>/", version, name="version"),
    path("versions/<int:id>/content", content, name="content"),
    path("versions/<int:id>/<str:act>/", act, name="act"),
    path("<str:kind>/<str:key>/", history, name="history"),
    path("<str:kind>/<str:key>/draft/", draft, name="draft"),
]
