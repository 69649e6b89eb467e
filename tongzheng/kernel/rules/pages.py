"""Pages of rules: the decision tables in force, and one of them drawn to be read and tried."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api as definitions
from tongzheng.kernel.definitions.kinds import Simulation
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor

from . import showing, trying
from .deciding import KIND, origin
from .kinds import DecisionTable

prefix = "rules"
READ, DRAW = "definitions.read", "definitions.draw"


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Show every decision with the version in force."""
    identity.require(_actor(request), READ)
    return render(request, "rules/index.html", {"rows": showing.listing()})


@require_GET
def table(request: HttpRequest, key: str) -> HttpResponse:
    """Show one decision table, its test rows, and what it decides from facts that are asked."""
    actor = _actor(request)
    identity.require(actor, READ)
    sheet = showing.sheet(key)
    asked = trying.asks(sheet.content)
    values = {one.name: request.GET.get(one.name, "")[:500] for one in asked}
    simulation: Simulation | None = None
    trouble: T | None = None
    if request.GET.get("try"):
        try:
            simulation = trying.simulate(sheet.content, _facts(asked, values))
        except Invalid as fault:
            trouble = fault.words
    hits = [int(step.place.partition(",")[0]) for step in simulation.steps] if simulation else []
    return render(
        request,
        "rules/table.html",
        {
            "sheet": sheet,
            "drawn": showing.drawn(sheet.content, sheet.table, hits),
            "asks": [(one, values[one.name]) for one in asked],
            "simulation": simulation,
            "trouble": trouble,
            "failed": sum(not one.passed for one in sheet.outcomes),
            "can_draw": identity.may(actor, DRAW),
            "definition": reverse("definitions:history", args=[KIND, key]) if sheet.standing else "",
        },
    )


def _facts(asked: tuple[Any, ...], values: dict[str, str]) -> dict[str, Any]:
    """Return typed facts; an empty entry is null. Raises Invalid."""
    facts: dict[str, Any] = {}
    for one in asked:
        text = values[one.name].strip()
        facts[one.name] = trying.typed(one, text) if text else None
    return facts


@require_POST
def draft(request: HttpRequest, key: str) -> HttpResponse:
    """Begin a draft of a declared decision from what is in force, and open it in the designer."""
    actor = _actor(request)
    found = registry.find(DecisionTable, key)
    if found is None:
        raise Missing(T("没有这个决策表", "There is no such decision table"))
    try:
        made = definitions.begin(KIND, key, actor=actor)
    except Missing:
        post = next((one for one in actor.posts if DRAW in one.actions), None)
        if post is None:
            identity.require(actor, DRAW)
            raise Conflict(T("您没有可以起草的岗位", "You hold no post from which to draw")) from None
        made = definitions.begin(
            KIND, key, actor=actor, title=found.title, organisation=post.organisation_id, content=origin(key)
        )
    return HttpResponseRedirect(reverse("definitions:version", args=[made.id]), status=303)


def _actor(request: HttpRequest) -> Actor:
    return cast(Actor, request.actor)  # type: ignore[attr-defined]


urlpatterns = [
    path("", index, name="index"),
    path("<str:key>/", table, name="table"),
    path("<str:key>/draft/", draft, name="draft"),
]
