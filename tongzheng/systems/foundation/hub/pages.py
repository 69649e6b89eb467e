"""The hub's pages: all systems, one system, and the ledger."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_safe

from tongzheng.kernel.core.errors import Invalid, Missing
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import services


@require_safe
def systems(request: HttpRequest) -> HttpResponse:
    """Show every system of the plan and how it stands."""
    return render(request, "hub/systems.html", {"view": services.overview(actor=request.actor)})


@require_safe
def system(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one system: what it declares, its ladder and its work."""
    card = services.system_card(slug, actor=request.actor)
    if card is None:
        raise Missing(T("没有这个系统", "There is no such system"))
    return render(request, "hub/system.html", {"card": card, "days": services.DAYS})


@require_safe
def ledger_page(request: HttpRequest) -> HttpResponse:
    """Show the newest entries of the ledger and its last checkpoint."""
    identity.require(request.actor, "hub.read_ledger")
    after = request.GET.get("after", "")
    if after and not (after.isdecimal() and len(after) < 19):
        raise Invalid(T("翻页参数有误", "The page address is wrong"))
    subject = request.GET.get("subject", "").replace("\0", "").strip()[:120]
    found = ledger.entries(subject=subject or None, after=int(after) if after else None, limit=50)
    return render(
        request,
        "hub/ledger.html",
        {
            "entries": found,
            "subject": subject,
            "next": found[-1].id if len(found) == 50 else None,
            "checkpoint": services.last_checkpoint(),
        },
    )


@require_safe
def checkpoint_note(request: HttpRequest) -> HttpResponse:
    """Give the last signed checkpoint as text, to be kept where nobody of this city can alter it."""
    identity.require(request.actor, "hub.read_ledger")
    point = ledger.checkpoint()
    response = HttpResponse(point.note, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="checkpoint-{point.size}.txt"'
    return response


urlpatterns = [
    path("", systems, name="systems"),
    path("ledger/", ledger_page, name="ledger"),
    path("ledger/checkpoint.txt", checkpoint_note, name="checkpoint_note"),
    path("<slug:slug>/", system, name="system"),
]
