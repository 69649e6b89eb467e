"""The site's own pages: the portal's home, the living page of pieces, the switches, and whether we are alive."""

from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from . import shell
from .faults import csrf_failure
from .statics import static_file

__all__ = ["appearance", "csrf_failure", "healthz", "home", "language", "pieces", "static_file"]

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
        },
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
