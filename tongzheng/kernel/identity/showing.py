"""What all pages of identity share: who is asking, and how an answer or a refusal is shown."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tongzheng.kernel.core.errors import Fault, SignInNeeded

from .views import Actor


def actor(request: HttpRequest) -> Actor:
    """Return who is acting."""
    found: Actor = request.actor  # type: ignore[attr-defined]
    return found


def signed_in(request: HttpRequest) -> Actor:
    """Return who is acting; raises SignInNeeded for nobody."""
    found = actor(request)
    if found.kind == "nobody":
        raise SignInNeeded()
    return found


def face(request: HttpRequest) -> str:
    """Return the template that the reader's pages stand in: the workbench for staff, else the portal."""
    return "shell/workbench.html" if actor(request).kind == "staff" else "shell/portal.html"


def show(request: HttpRequest, name: str, fault: Fault | None = None, **facts: Any) -> HttpResponse:
    """Render a page of identity; with a fault, its words and status come along."""
    facts |= {
        "face": face(request),
        "slips": dict(fault.fields) if fault else {},
        "trouble": fault.words if fault and not fault.fields else None,
        "typed": request.POST if request.method == "POST" else facts.get("typed", {}),
    }
    return render(request, f"identity/{name}.html", facts, status=fault.status if fault else 200)
