"""What forms ask while they are filled in: the next level of regions, organisations by a few letters."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tongzheng.kernel.core.errors import SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import api
from .disputes import Dispute
from .kinds import APPLICANT, SYSTEM, CaseType, Field
from .templatetags.case_forms import CITY, entry_of
from .views import Sheet

HOUR = "public, max-age=3600"


@require_safe
def regions(request: HttpRequest) -> HttpResponse:
    """Answer the selects of a region entry as they are once `?code=` is chosen; `name` and `required` as it had.

    Regions are public, so this needs no sign-in and may be kept by caches.
    """
    name = request.GET.get("name", "region")
    if not name.isidentifier() or len(name) > 60:
        name = "region"
    field = Field(name, T("区划", "Region"), "region", required=request.GET.get("required") == "1")
    entry = entry_of(field, {name: request.GET.get("code", "")[:12]}, None, {})
    response = render(request, "cases/form/region.html", {"entry": entry})
    response["Cache-Control"] = HOUR
    response["Vary"] = "Cookie, Accept-Language"
    return response


@require_safe
def organisations(request: HttpRequest) -> HttpResponse:
    """Answer the organisations that fit `?q=`, as the combobox takes them: `<li data-value>`."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.signed_in:
        raise SignInNeeded()
    words = request.GET.get("q", "").strip()[:60]
    kind = request.GET.get("kind", "")
    found = identity.organisations(words=words, kind=kind or None, limit=20) if words else ()
    return render(request, "cases/partials/organisations.html", {"found": found})


@require_safe
def people(request: HttpRequest, number: str, move: str) -> HttpResponse:
    """Answer who at `?organisation=` could take the case after a move, as the combobox takes them."""
    sheet = api.sheet(number, actor=request.actor)  # type: ignore[attr-defined]
    given = request.GET.get("organisation", "")
    organisation = int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None
    words = request.GET.get("q", "").strip()
    found = [one for one in takers(sheet, move, organisation) if words in one.label or words in one.post]
    return render(request, "cases/partials/people.html", {"found": found[:20]})


def takers(sheet: Sheet, move: str, organisation: int | None) -> list[identity.Grantee]:
    """Return who may make the next move of a case once it is with that organisation, each once."""
    view = next((one for one in sheet.moves if one.name == move and one.allowed), None)
    kind = registry.find(CaseType, sheet.case.type_id)
    if view is None or kind is None or organisation is None or not view.chooses_organisation:
        return []
    actions = {row.by for row in kind.moves if view.target in row.source} - {APPLICANT, SYSTEM}
    found: dict[int, identity.Grantee] = {}
    for action in sorted(actions):
        for one in identity.who_may(action, organisation=organisation, region=sheet.case.region):
            found.setdefault(one.account_id, one)
    return list(found.values())


def rulings(sheet: Sheet, name: str, actor: identity.Actor) -> tuple[Dispute, ...]:
    """Return how it was ruled before whose such cases are, for a move that hands a case to a chosen body."""
    view = next((one for one in sheet.moves if one.name == name), None)
    kind = registry.find(CaseType, sheet.case.type_id)
    if view is None or kind is None or kind.objection is None or not view.chooses_organisation:
        return ()
    found = api.precedents(actor=actor, type_id=sheet.case.type_id, subject=sheet.case.subject, limit=3)
    return found.rows


def counties() -> tuple[identity.RegionView, ...]:
    """Return the city's counties, for filters."""
    return identity.regions(parent=CITY, limit=40)
