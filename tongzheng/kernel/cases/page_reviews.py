"""Reviews in the workbench: those that must be answered first, and the answer given from the case sheet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import api, page_acts
from .views import REVIEW_LEVELS

VIEWS = (
    ("due", T("待答复的差评", "Bad ones to answer")),
    ("bad", T("差评", "Bad ones")),
    ("all", T("全部", "All")),
)


@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """List reviews of the cases that the reader may read."""
    actor = _actor(request)
    if not actor.signed_in:
        raise SignInNeeded()
    view = request.GET.get("view", "due")
    view = view if view in dict(VIEWS) else "due"
    page = api.reviews(
        actor=actor,
        levels=(4, 5) if view == "bad" else (),
        unanswered=view == "due",
        after=request.GET.get("after"),
    )
    now = clock.now()
    return render(
        request,
        "cases/reviews.html",
        {
            "page": page,
            "rows": [
                {
                    "review": row,
                    "late": row.reply_at is None and row.reply_due_at is not None and row.reply_due_at < now,
                }
                for row in page
            ],
            "tabs": [{"id": id, "title": title, "href": f"?view={id}"} for id, title in VIEWS],
            "view": view,
            "limit": api.review_limit(),
            "may_set": identity.may(actor, "cases.review_limit").allowed,
            "levels": REVIEW_LEVELS,
        },
    )


@require_http_methods(["POST"])
def limit(request: HttpRequest) -> HttpResponse:
    """Set from today within how many working days bad reviews are answered."""
    given = request.POST.get("days", "")
    days = int(given) if given.isascii() and given.isdecimal() and len(given) < 4 else 0
    api.set_review_limit(days, actor=_actor(request))
    return HttpResponseRedirect(reverse("cases:reviews"), status=303)


@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Answer the review of a case; what was typed comes back with a slip."""
    try:
        api.answer_review(number, actor=_actor(request), text=request.POST.get("reply", ""))
    except Invalid as fault:
        return page_acts.shown(request, number, slip=fault.fields, status=422)
    return page_acts.back(request, number)


def _actor(request: HttpRequest) -> identity.Actor:
    actor: identity.Actor = request.actor  # type: ignore[attr-defined]
    return actor
