"""The site's own pages: the portal's home, the living page of pieces, the switches, and whether we are alive."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from tongzheng.kernel.cases.api import CaseRow, my_cases
from tongzheng.kernel.core.errors import SignInNeeded
from tongzheng.kernel.core.faces import MatterPage
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T

from . import shell
from .faults import csrf_failure
from .statics import static_file
from .templatetags.pieces import moment_words

__all__ = ["appearance", "csrf_failure", "healthz", "home", "language", "mine", "pieces", "static_file"]

YEAR = 365 * 24 * 3600


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the portal's home: find, my matters, events of life, ways in."""
    return render(
        request,
        "shell/home.html",
        {
            "entries": shell.portal_entries("entries"),
            "life": shell.portal_entries("life"),
            "matters": matters_of(my_cases(actor=request.actor, limit=3).rows)  # type: ignore[attr-defined]
            if request.actor.signed_in  # type: ignore[attr-defined]
            else (),
        },
    )


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show what is one's own: matters, messages, account."""
    actor = request.actor  # type: ignore[attr-defined]
    if not actor.signed_in:
        raise SignInNeeded()
    page = my_cases(actor=actor, after=request.GET.get("after"), limit=20)
    return render(request, "shell/mine.html", {"page": page, "matters": matters_of(page.rows)})


@dataclass(frozen=True, slots=True)
class Matter:
    """One of a citizen's own cases as the portal shows it."""

    title: str
    number: str
    state: T
    tone: str
    office: str
    due: str
    href: str


def matters_of(rows: tuple[CaseRow, ...]) -> tuple[Matter, ...]:
    """Return cases in the portal's words, each leading to the page that its system declared for it."""
    pages = {page.type_id: page.url for page in registry.of(MatterPage).values()}
    return tuple(
        Matter(
            title=row.title or str(row.type_title),
            number=row.number,
            state=row.state_title,
            tone={"open": "", "paused": "soon", "closed": "done"}.get(row.phase, ""),
            office=row.organisation_label,
            due=moment_words(row.due_at, "date") if row.due_at and not row.closed_at else "",
            href=pages.get(row.type_id, pages.get("", "")).format(number=row.number),
        )
        for row in rows
    )


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say whether this process and its database answer; for load balancers, tells nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


# The two switches set a cookie of taste and nothing else. They need no CSRF token, so that they still work
# when the session has ended or cookies are refused: the worst a forger could do is change the language.
@csrf_exempt
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Set the reader's language ("zh-hans" or "en") and go back to where they were."""
    response = _back(request)
    chosen = request.POST.get("language", "")
    if chosen in dict(settings.LANGUAGES):
        translation.activate(chosen)
        _keep(response, settings.LANGUAGE_COOKIE_NAME, chosen)
    return response


@csrf_exempt
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Set theme ("auto", "light", "dark") or size ("normal", "large") and go back."""
    response = _back(request)
    for name, allowed in (("theme", shell.THEMES), ("size", shell.SIZES)):
        chosen = request.POST.get(name, "")
        if chosen in allowed:
            _keep(response, name, chosen)
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, samesite="Lax", secure=settings.SECURE_TLS, httponly=name == "language"
    )


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(target if safe else "/")


@require_safe
def pieces(request: HttpRequest) -> HttpResponse:
    """Show every piece in each of its states, with its signature: the living page of the look."""
    from .showcase import specimens

    return render(request, "shell/pieces.html", specimens(request))


@require_safe
def pieces_options(request: HttpRequest) -> HttpResponse:
    """Answer the living page's combobox: the icon names stand in for villages."""
    from .showcase import icons

    asked = request.GET.get("q", "").strip().lower()
    return render(request, "shell/options.html", {"options": [n for n in icons() if asked in n][:12]})


@require_safe
def pieces_points(request: HttpRequest) -> HttpResponse:
    """Answer the living page's map with three points."""
    from .showcase import points

    return JsonResponse(points(), json_dumps_params={"ensure_ascii": False})
