"""Pages about what outlasts a case: its archive as one file, and what has been kept long enough."""

from __future__ import annotations

import tempfile
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tongzheng.kernel.core.errors import Conflict, Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor

from . import api, faces
from .shredding import types_kept

IN_MEMORY = 4 << 20


@require_http_methods(["GET", "HEAD", "POST"])
def archive(request: HttpRequest, number: str) -> HttpResponse | FileResponse:
    """Ask what for (GET) and give the case as one file (POST)."""
    actor = _actor(request)
    sheet = api.sheet(number, actor=actor)
    context: dict[str, Any] = {"case": sheet.case, "sheet": sheet, "typed": request.POST, "slip": None}
    if request.method != "POST":
        return render(request, "cases/archive.html", context)
    to = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 — the answer closes it
    try:
        made = api.archive(
            number,
            actor=actor,
            to=to,
            purpose=request.POST.get("purpose", ""),
            personal=request.POST.get("personal") == "1",
        )
    except Invalid as fault:
        to.close()
        context["slip"] = fault.fields.get("purpose", fault.words)
        return render(request, "cases/archive.html", context, status=422)
    to.seek(0)
    response = FileResponse(to, as_attachment=True, filename=made.name, content_type="application/zip")
    response["Cache-Control"] = "no-store"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def retention(request: HttpRequest) -> HttpResponse:
    """List cases kept long enough (GET) and delete the personal data of those chosen (POST)."""
    actor = _actor(request)
    identity.require(actor, "cases.shred")
    types = types_kept()
    source = request.POST if request.method == "POST" else request.GET
    chosen = source.get("type", "").replace("\0", "")
    chosen = chosen if chosen in {id for id, _, _ in types} else ""
    context: dict[str, Any] = {"types": types, "type": chosen, "slip": None, "trouble": None}
    status = 200
    if request.method == "POST":
        done = 0
        try:
            for number in request.POST.getlist("case")[:200]:
                api.shred(number.replace("\0", ""), actor=actor, reason=request.POST.get("reason", ""))
                done += 1
        except Invalid as fault:
            context["slip"], status = next(iter(fault.fields.values()), fault.words), 422
        except Conflict as fault:
            context["trouble"], status = fault.words, 409
        else:
            where = f"{reverse('cases:retention')}{faces.query(type=chosen, done=str(done))}"
            return HttpResponseRedirect(where, status=303)
    given = request.GET.get("done", "")
    if given.isascii() and given.isdecimal() and len(given) < 4:
        context["done"] = T("已销毁 {n} 件的个人信息", "Personal data of {n} cases deleted").fill(n=given)
    if chosen:
        page = api.kept_long_enough(actor=actor, type_id=chosen, after=request.GET.get("after") or None)
        context["rows"], context["keys"] = page.rows, {"next": page.after or None}
    return render(request, "cases/retention.html", context, status=status)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
