"""What all pages of identity share: who is asking, and how an answer or a refusal is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tongzheng.kernel.core.errors import Fault, SignInNeeded, Throttled

from .bodies import organisation, organisations
from .places import region, regions
from .views import Actor, OrganisationView, RegionView


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
    page = render(request, f"identity/{name}.html", facts, status=fault.status if fault else 200)
    if isinstance(fault, Throttled):
        page["Retry-After"] = str(fault.wait)
    return page


def chosen_body(values: Mapping[str, object]) -> OrganisationView | None:
    """Return the organisation of a combobox: the chosen one, or, without JavaScript, the one its words name."""
    number, words = str(values.get("organisation") or ""), str(values.get("organisation_words") or "")
    if number.isascii() and number.isdecimal() and len(number) < 16:
        return organisation(int(number))
    found = organisations(words=words, limit=2) if words.strip() else ()
    exact = [one for one in found if words.strip() in (one.name, one.short, one.english)]
    return exact[0] if exact else found[0] if len(found) == 1 else None


def chosen_place(values: Mapping[str, object]) -> RegionView | None:
    """Return the region of a combobox, likewise."""
    code, words = str(values.get("region") or ""), str(values.get("region_words") or "")
    if code:
        return region(code.replace("\0", "")[:12])
    found = regions(words=words, limit=2) if words.strip() else ()
    exact = [one for one in found if words.strip() in (one.name, one.latin)]
    return exact[0] if exact else found[0] if len(found) == 1 else None
