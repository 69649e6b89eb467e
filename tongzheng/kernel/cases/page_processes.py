"""Drawn processes in the browser: the list, one with its versions and diagram, drafts handed in, publishing by a second
person, applying, and the way that a case has taken, shown on its diagram."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongzheng.kernel.core.errors import BadFile, Fault, Invalid, Missing, SignInNeeded, TooLarge
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import api, sql
from .declarations import case_type
from .drawn import defining, living, picturing, publishing
from .drawn.model import Model, understand
from .drawn.reading import MOST_BYTES, read
from .incoming import received
from .kinds import Field
from .record import json_of

TYPED = ("key", "prefix", "title_zh", "title_en", "basis_zh", "basis_en", "note")
OWN = (
    Field("matter_title", T("事由", "Subject"), max_length=200),
    Field("matter_region", T("所在地", "Where"), kind="region"),
    Field("matter_organisation", T("受理单位", "Handled by"), kind="organisation"),
)
TONES = {"draft": "soon", "published": "done", "retired": "quiet"}


@require_safe
def processes(request: HttpRequest) -> HttpResponse:
    """List the drawings, the newest version of each."""
    actor = _actor(request)
    rows = api.drawings(actor=actor)
    return render(
        request,
        "cases/processes.html",
        {"rows": [_row(row) for row in rows], "may_draw": bool(identity.may(actor, defining.DRAW))},
    )


def _row(row: api.DrawingView) -> dict[str, Any]:
    return {"view": row, "state": publishing.STATES[row.state], "tone": TONES[row.state]}


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Hand in the first draft of a process."""
    actor = _actor(request)
    identity.require(actor, defining.DRAW)
    if request.method != "POST":
        return render(request, "cases/process_new.html", {"typed": {}, "errors": {}})
    typed = {name: request.POST.get(name, "").replace("\0", "") for name in TYPED}
    try:
        kept = api.save_drawing(
            actor=actor,
            key=typed["key"],
            content=_content(request),
            title=T(typed["title_zh"], typed["title_en"]),
            prefix=typed["prefix"],
            basis=T(typed["basis_zh"], typed["basis_en"]),
            note=typed["note"],
        )
    except (Invalid, BadFile, TooLarge) as fault:
        errors = _slips(fault)
        return render(request, "cases/process_new.html", {"typed": typed, "errors": errors}, status=422)
    return HttpResponseRedirect(reverse("cases:process", args=[kept.key]), status=303)


def _slips(fault: Fault) -> dict[str, T]:
    errors = dict(fault.fields) or {"file": fault.words}
    for name in ("title", "basis"):
        if name in errors:
            errors[f"{name}_zh"] = errors.pop(name)
    return errors


def _content(request: HttpRequest) -> bytes:
    file = request.FILES.get("file")
    if file is None or not file.size:
        raise Invalid(fields={"file": T("请选择流程图文件", "Please choose the drawing")})
    if file.size > min(MOST_BYTES, settings.UPLOAD_LIMIT):
        raise TooLarge()
    return bytes(file.read())


@require_http_methods(["GET", "HEAD", "POST"])
def process(request: HttpRequest, key: str) -> HttpResponse:
    """Show a drawing: its versions, the diagram and the findings of the one asked for; take in a new draft."""
    actor = _actor(request)
    versions = api.drawings(actor=actor, key=key)
    if not versions:
        raise Missing(T("没有这个流程", "There is no such process"))
    slip: T | None = None
    if request.method == "POST":
        first = versions[0]
        try:
            api.save_drawing(
                actor=actor,
                key=key,
                content=_content(request),
                title=first.title,
                prefix=first.prefix,
                basis=_basis(key),
                note=request.POST.get("note", "").replace("\0", ""),
            )
            return HttpResponseRedirect(reverse("cases:process", args=[key]), status=303)
        except (Invalid, BadFile, TooLarge) as fault:
            slip = next(iter(fault.fields.values()), fault.words)
    return _shown(request, versions, slip, status=422 if slip else 200)


def _basis(key: str) -> T:
    ((found,),) = sql.rows("SELECT basis FROM cases_drawing WHERE key = %s", (key,))
    value = json_of(found)
    return T(value["zh"], value["en"])


def _shown(
    request: HttpRequest, versions: tuple[api.DrawingView, ...], slip: T | None, *, status: int
) -> HttpResponse:
    actor = _actor(request)
    asked = request.GET.get("n", "")
    chosen = next((one for one in versions if str(one.n) == asked), versions[0])
    findings = api.findings(chosen.id, actor=actor)
    content = api.drawing_content(chosen.id, actor=actor)
    own = actor.id is not None and chosen.made_by == actor.id
    errors = any(one.level == "error" for one in findings)
    publishes = bool(identity.may(actor, defining.PUBLISH))
    return render(
        request,
        "cases/process.html",
        {
            "chosen": chosen,
            "state": publishing.STATES[chosen.state],
            "tone": TONES[chosen.state],
            "rows": [_row(row) for row in versions],
            "findings": [{"one": one, "late": one.level == "error"} for one in findings],
            "picture": _picture(understand(read(content)), str(chosen.title)),
            "own": own,
            "may_publish": publishes and not own and not errors and chosen.state != "published",
            "may_retire": publishes and chosen.state == "published",
            "may_draw": bool(identity.may(actor, defining.DRAW)),
            "slip": slip,
        },
        status=status,
    )


def _picture(model: Model, title: str, **more: Any) -> str:
    # Built by `picturing`, which escapes every text it takes from the file.
    return mark_safe(picturing.picture(model, title=title, **more))  # noqa: S308


@require_POST
def publish(request: HttpRequest, key: str, n: int) -> HttpResponse:
    """Publish a draft, or bring a retired version back."""
    actor = _actor(request)
    chosen = next((one for one in api.drawings(actor=actor, key=key) if one.n == n), None)
    if chosen is None:
        raise Missing(publishing.NO_VERSION)
    verb = api.roll_back if chosen.state == "retired" else api.publish_drawing
    verb(chosen.id, actor=actor)
    return HttpResponseRedirect(f"{reverse('cases:process', args=[key])}?n={n}", status=303)


@require_POST
def retire(request: HttpRequest, key: str) -> HttpResponse:
    """Let no more cases be opened by a process."""
    api.retire_drawing(key, actor=_actor(request))
    return HttpResponseRedirect(reverse("cases:process", args=[key]), status=303)


@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, key: str) -> HttpResponse:
    """Open a case by a drawn process: its form, and where."""
    actor = _actor(request)
    if not actor.signed_in:
        raise SignInNeeded()
    declared = case_type(f"{living.PREFIX}{key}")
    identity.require(actor, declared.opens)
    fields = (*OWN, *declared.fields)
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    if request.method == "POST":
        incoming = received(request, fields, own=("once",))
        values = incoming.values
        mine = {one.name for one in OWN}
        clean, errors = api.validate(
            OWN, {name: value for name, value in incoming.data.items() if name in mine}
        )
        errors = {**errors, **incoming.errors}
        if not errors and not incoming.expanding:
            try:
                case = api.open_case(
                    f"{living.PREFIX}{key}",
                    actor=actor,
                    title=clean["matter_title"],
                    facts={name: value for name, value in incoming.data.items() if name not in mine},
                    region=clean["matter_region"],
                    organisation=clean["matter_organisation"],
                    files=incoming.pairs,
                    key=request.POST.get("once", "")[:100].replace("\0", ""),
                )
                return HttpResponseRedirect(reverse("cases:sheet", args=[case.number]), status=303)
            except Invalid as fault:
                errors = {f"matter_{k}" if f"matter_{k}" in mine else k: v for k, v in fault.fields.items()}
    context = {"declared": declared, "fields": fields, "values": values, "errors": errors, "key": key}
    context["once"] = request.POST.get("once", "") or uuid4().hex
    return render(request, "cases/process_apply.html", context, status=422 if errors else 200)


def _actor(request: HttpRequest) -> identity.Actor:
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    return actor
