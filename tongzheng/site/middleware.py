"""What happens around every request: an id and a log line, security headers, faults made into answers, the actor.

Plain synchronous functions, outermost first as listed in the settings.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from tongzheng.kernel.core.errors import Missing, TooLarge
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import actor_from

from .faults import answer
from .journal import request_id

access = logging.getLogger("tongzheng.access")

Handler = Callable[[HttpRequest], HttpResponse]

CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_draft_name = re.compile(r"[A-Za-z0-9%._-]{1,200}")
_given_id = re.compile(r"[A-Za-z0-9-]{8,64}")


def requests(get_response: Handler) -> Handler:
    """Give every request an id (or keep a well-formed one from the proxy), time it and log one line."""

    def handle(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if _given_id.fullmatch(given) else uuid.uuid4().hex[:16]  # type: ignore[attr-defined]
        token = request_id.set(request.id)  # type: ignore[attr-defined]
        start = time.perf_counter()
        try:
            response = get_response(request)
            ms = (time.perf_counter() - start) * 1000
            response["X-Request-ID"] = request.id  # type: ignore[attr-defined]
            response["Server-Timing"] = f"app;dur={ms:.1f}"
            # The path only: a query string can hold what a person searched for. A look at our health is no news.
            well = request.path == "/healthz" and response.status_code == 200
            access.log(
                logging.DEBUG if well else logging.INFO,
                "request",
                extra={
                    "data": {
                        "method": request.method,
                        "path": request.path,
                        "status": response.status_code,
                        "ms": round(ms, 1),
                        "account": _account(request),
                    }
                },
            )
            return response
        finally:
            request_id.reset(token)

    return handle


def security_headers(get_response: Handler) -> Handler:
    """Set the security headers that a page has not set more strictly itself.

    A page whose `style_attributes` is true may have them in markup: decision record 0023.
    """
    headers = dict(HEADERS)
    if settings.SECURE_TLS:
        headers["Strict-Transport-Security"] = "max-age=31536000"

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if getattr(response, "style_attributes", False):
            response["Content-Security-Policy"] = f"{CSP}; style-src 'self'; style-src-attr 'unsafe-inline'"
        for name, value in headers.items():
            if name not in response:
                response[name] = value
        if _account(request) and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        return response

    return handle


def faults(get_response: Handler) -> Handler:
    """Answer every exception of a page or an API with words (see `faults.answer`); refuse oversize requests."""

    def handle(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            return answer(request, Missing())  # no name of ours has one, and no database can be asked for it
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.REQUEST_LIMIT:
            limit = settings.REQUEST_LIMIT // 1024 // 1024
            return answer(
                request,
                TooLarge(
                    T(
                        f"一次最多可以提交 {limit} MB，这次超过了",
                        f"At most {limit} MB can be sent at once; this was more",
                    )
                ),
            )
        return get_response(request)

    # Django asks a middleware for this attribute; without it the view's exceptions never arrive here.
    handle.process_exception = answer  # type: ignore[attr-defined]
    return handle


def actors(get_response: Handler) -> Handler:
    """Set `request.actor`: who acts, found in one statement when first asked for."""

    def handle(request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actor_from(request))  # type: ignore[attr-defined]
        return get_response(request)

    return handle


def drafts(get_response: Handler) -> Handler:
    """Tell the browser that what it keeps as a draft has arrived (frontend/src/draft.js).

    The form left a cookie `keeping` for its own address. Only an answer that leads on, as every accepted form's
    does, turns it into `kept`; a page with hints, a fault or a lost connection leaves the draft where it is.
    """

    def handle(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        keeping = request.COOKIES.get("keeping", "")
        if request.method == "POST" and _draft_name.fullmatch(keeping):
            leads_on = response.status_code in (302, 303)
            if leads_on or "HX-Redirect" in response or "HX-Location" in response:
                response.set_cookie("kept", keeping, max_age=900, samesite="Lax", secure=settings.SECURE_TLS)
                response.delete_cookie("keeping", path=request.path, samesite="Lax")
        return response

    return handle


def _account(request: HttpRequest) -> int | None:
    """Return the signed-in account's id without asking the database for a session nobody has read."""
    session = getattr(request, "session", None)
    cached: dict[str, Any] = getattr(session, "_session_cache", {})
    return int(cached[SESSION_KEY]) if SESSION_KEY in cached else None
