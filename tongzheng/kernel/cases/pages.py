"""The engine's pages: inbox, case sheet, search. Each parses, calls the door and renders; no rule lives here."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from tongzheng.kernel.core.errors import Invalid, Missing, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import Actor

from . import (
    api,
    faces,
    page_acts,
    page_archive,
    page_calendar,
    page_choosers,
    page_many,
    page_processes,
    page_progress,
    page_reviews,
    page_time,
    page_together,
    page_ways,
)
from .views import LIGHTS, Page

prefix = "work"

VIEWS: dict[str, T] = {
    "todo": T("待办", "To do"),
    "mine": T("我在办", "Mine"),
    "handled": T("已办", "Handled"),
}
FILTERS = ("red", "yellow", "green", "paused")


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, as the site's middleware found them."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def held(actor: Actor) -> set[str]:
    """Return every action that the actor's posts give."""
    return {action for post in actor.posts for action in post.actions}


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Show the actor's work and, beside it, the sheet of `?case=`."""
    actor = actor_of(request)
    view = request.GET.get("view", "todo")
    view = view if view in VIEWS else "todo"
    chosen = _asked(request, "case")
    if chosen and request.headers.get("HX-Target") == "sheet":
        return render(request, "cases/partials/sheet.html", _opened(request, chosen))
    type_id, light, words, after = (_asked(request, name) for name in ("type", "light", "words", "after"))
    refused: Invalid | None = None
    page: Page[Any] = Page(())
    try:
        page = api.inbox(
            actor=actor,
            view=view,
            type_id=type_id or None,
            words=words,
            light=light or None,
            after=after or None,
        )
    except Invalid as fault:
        refused = fault
    counts = api.counts(actor=actor)
    way = _way_to_row(request)
    numbers = {"todo": counts.todo, "mine": counts.mine}
    context: dict[str, Any] = {
        "view": view,
        "view_title": VIEWS[view],
        "tabs": [
            {"id": id, "title": title, "href": f"?view={id}", "count": _most(numbers.get(id))}
            for id, title in VIEWS.items()
        ],
        "lights": [
            {
                "id": id,
                "title": LIGHTS[id],
                "count": _most({"red": counts.red, "yellow": counts.yellow, "paused": counts.paused}.get(id)),
                "href": faces.query(view=view, type=type_id, words=words, light="" if light == id else id),
            }
            for id in FILTERS
        ],
        "types": faces.types_for(held(actor)),
        "type_id": type_id,
        "light": light,
        "words": words,
        "filtered": bool(type_id or light or words),
        "refused": refused,
        "rows": [(row, faces.row_clock(row), f"{way}{row.number}") for row in page],
        "keys": {"next": page.after or None},
        "chosen": chosen,
    }
    if chosen and request.headers.get("HX-Target") != "list":
        try:
            context |= _opened(request, chosen)
        except Missing as fault:
            context["lost"] = fault.words
    return render(request, "cases/inbox.html", context)


def _asked(request: HttpRequest, name: str) -> str:
    """Return one entry of the query, without what no database can be asked for."""
    return request.GET.get(name, "").replace("\0", "").strip()[:200]


def _most(count: int | None) -> str:
    return "" if not count else "99+" if count > 99 else str(count)


def _way_to_row(request: HttpRequest) -> str:
    """Return the address that opens a row beside the list, up to the row's number."""
    query = request.GET.copy()
    query.pop("case", None)
    return f"?{query.urlencode()}&case=" if query else "?case="


def _opened(request: HttpRequest, number: str) -> dict[str, Any]:
    query = request.GET.copy()
    query.pop("case", None)
    back = reverse("cases:inbox") + (f"?{query.urlencode()}" if query else "")
    return faces.sheet_face(api.sheet(number, actor=actor_of(request)), back=back)


@require_safe
def sheet(request: HttpRequest, number: str) -> HttpResponse:
    """Show the whole sheet of one case."""
    found = api.sheet(number, actor=actor_of(request))
    notice = None
    if request.GET.get("done"):
        last = max(found.timeline, key=lambda event: event.n, default=None)
        notice = T("已办：{title}", "Done: {title}").fill(title=last.title) if last else None
    return render(
        request, "cases/sheet.html", faces.sheet_face(found, back=reverse("cases:inbox"), notice=notice)
    )


@require_safe
def printed(request: HttpRequest, number: str) -> HttpResponse:
    """Show the sheet made for paper."""
    found = api.sheet(number, actor=actor_of(request))
    return render(request, "cases/print.html", faces.sheet_face(found))


@require_safe
def related(request: HttpRequest, number: str) -> HttpResponse:
    """List the other cases about the same thing (asked for by the sheet once it is on the screen)."""
    actor = actor_of(request)
    case = api.sheet(number, actor=actor).case
    rows = api.find_cases(actor=actor, subject=case.subject, limit=20) if case.subject else Page(())
    others = [{"row": row, "clock": faces.row_clock(row)} for row in rows if row.number != case.number]
    return render(request, "cases/partials/related.html", {"rows": others, "subject": case.subject})


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """List the cases about the thing `?subject=`: for the sheet of whatever it is, such as a register's row."""
    actor = actor_of(request)
    if not actor.signed_in:
        raise SignInNeeded()
    subject = _asked(request, "subject")
    if not subject:
        raise Missing()
    if not request.headers.get("HX-Request"):
        return redirect(f"{reverse('cases:search')}{faces.query(subject=subject)}")
    rows = api.find_cases(actor=actor, subject=subject, limit=20)
    found = [{"row": row, "clock": faces.row_clock(row)} for row in rows]
    return render(request, "cases/partials/related.html", {"rows": found, "subject": subject})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Find any case that the actor may read."""
    actor = actor_of(request)
    if not actor.signed_in:
        raise SignInNeeded()
    asked = {name: _asked(request, name) for name in ("words", "type", "state", "region", "subject")}
    types = faces.types_for(held(actor))
    refused: Invalid | None = None
    page: Page[Any] = Page(())
    if any(asked.values()):
        try:
            page = api.find_cases(
                actor=actor,
                words=asked["words"],
                type_id=asked["type"] or None,
                state=asked["state"] or None,
                region=asked["region"] or None,
                subject=asked["subject"] or None,
                after=_asked(request, "after") or None,
            )
        except Invalid as fault:
            refused = fault
    return render(
        request,
        "cases/search.html",
        {
            **asked,
            "asked": any(asked.values()),
            "base": f"{reverse('cases:inbox')}cases/",
            "types": types,
            "states": faces.states_of(asked["type"]),
            "counties": page_choosers.counties(),
            "refused": refused,
            "rows": [(row, faces.row_clock(row)) for row in page],
            "keys": {"next": page.after or None},
        },
    )


urlpatterns = [
    path("", inbox, name="inbox"),
    path("search/", search, name="search"),
    path("related/", about, name="about"),
    path("cases/<str:number>/", sheet, name="sheet"),
    path("cases/<str:number>/print/", printed, name="print"),
    path("cases/<str:number>/related/", related, name="related"),
    path("cases/<str:number>/moves/<str:move>/", page_acts.move, name="move"),
    path("cases/<str:number>/moves/<str:move>/people/", page_choosers.people, name="people"),
    path("cases/<str:number>/notes/", page_acts.note, name="note"),
    path("cases/<str:number>/files/", page_acts.attach, name="attach"),
    path("cases/<str:number>/files/<str:digest>/", page_acts.file, name="file"),
    path("cases/<str:number>/reveal/", page_acts.reveal, name="reveal"),
    path("cases/<str:number>/review/", page_reviews.answer, name="answer_review"),
    path("cases/<str:number>/merge/", page_together.merge, name="merge"),
    path("cases/<str:number>/split/", page_together.split, name="split"),
    path("cases/<str:number>/ask/<str:name>/", page_together.ask, name="ask"),
    path("cases/<str:number>/parts/<int:part>/", page_together.give, name="give"),
    path("cases/<str:number>/parts/<int:part>/back/", page_together.take_back, name="take_back"),
    path("cases/<str:number>/checks/<str:check>/", page_together.tick, name="tick"),
    path("cases/<str:number>/link/", page_many.link, name="link"),
    path("cases/<str:number>/archive/", page_archive.archive, name="archive"),
    path("retention/", page_archive.retention, name="retention"),
    path("batch/", page_many.batch, name="batch"),
    path("hand-over/", page_many.hand_over, name="hand_over"),
    path("precedents/", page_together.precedents, name="precedents"),
    path("cases/<str:number>/way/", page_ways.way, name="way"),
    path("cases/<str:number>/way/retry/", page_ways.retry, name="way_retry"),
    path("cases/<str:number>/way/migrate/", page_ways.migrate, name="way_migrate"),
    path("processes/", page_processes.processes, name="processes"),
    path("processes/new/", page_processes.new, name="process_new"),
    path("processes/<str:key>/", page_processes.process, name="process"),
    path("processes/<str:key>/apply/", page_processes.apply, name="process_apply"),
    path("processes/<str:key>/retire/", page_processes.retire, name="process_retire"),
    path("processes/<str:key>/versions/<int:n>/publish/", page_processes.publish, name="process_publish"),
    path("reviews/", page_reviews.reviews, name="reviews"),
    path("reviews/limit/", page_reviews.limit, name="review_limit"),
    path("progress/", page_progress.progress, name="progress"),
    path("verify/<str:number>/<int:n>/<str:code>/", page_progress.verify, name="verify"),
    path("cases/<str:number>/urge/", page_time.urge, name="urge"),
    path("cases/<str:number>/supervise/", page_time.supervise, name="supervise"),
    path("cases/<str:number>/supervise/answer/", page_time.answer, name="answer_supervision"),
    path("cases/<str:number>/supervise/end/", page_time.end, name="end_supervision"),
    path("supervision/", page_time.rule, name="supervision"),
    path("calendar/", page_calendar.calendar, name="calendar"),
    path("regions/", page_choosers.regions, name="regions"),
    path("organisations/", page_choosers.organisations, name="organisations"),
]
