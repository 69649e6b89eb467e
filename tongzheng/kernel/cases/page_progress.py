"""What anyone may see without signing in, and nothing personal: how a case stands, by number and query code, with a
review once it is closed; and whether a document is one that a case issued, by the code printed on it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing
from tongzheng.kernel.core.text import T

from . import api
from .views import REVIEW_LEVELS, Progress

LONGEST = 40


@require_http_methods(["GET", "HEAD", "POST"])
def progress(request: HttpRequest) -> HttpResponse:
    """Ask for number and code (GET), show how the case stands and take its review (POST).

    The code is never in an address, so it is in no history, log or referrer.
    """
    number = request.POST.get("number", request.GET.get("number", ""))[:LONGEST].strip().upper()
    code = request.POST.get("code", "")[:LONGEST].strip()
    context: dict[str, Any] = {"number": number, "code": code, "levels": tuple(REVIEW_LEVELS.items())}
    status = 200
    if request.method == "POST":
        try:
            found = api.progress(number, code)
        except Missing as fault:
            context["refused"], status = fault.words, 404
        else:
            if "level" in request.POST:
                context |= _reviewed(request, number, code)
            elif "urge" in request.POST:
                context |= _urged(number, code)
                found = api.progress(number, code)
            context |= _shown(found)
    return render(request, "cases/progress.html", context, status=status)


def _reviewed(request: HttpRequest, number: str, code: str) -> dict[str, Any]:
    level = request.POST.get("level", "")
    text = request.POST.get("text", "")[:1000]
    try:
        api.review_by_code(number, code, level=int(level) if level in "12345" and level else 0, text=text)
    except (Conflict, Invalid) as fault:
        return {"trouble": fault.words, "text": text}
    return {"thanks": True}


def _urged(number: str, code: str) -> dict[str, Any]:
    try:
        api.urge_by_code(number, code)
    except Conflict as fault:
        return {"trouble": fault.words}
    return {"urged": True}


def _shown(found: Progress) -> dict[str, Any]:
    return {
        "found": found,
        "events": [
            {"title": step.title, "at": step.at, "tone": "now" if place == 0 else ""}
            for place, step in enumerate(reversed(found.steps))
        ],
        "tone": "done" if found.phase == "closed" else "soon" if found.phase == "paused" else "",
        "reviewable": found.phase == "closed" and found.reviewable,
    }


@require_safe
def verify(request: HttpRequest, number: str, n: int, code: str) -> HttpResponse:
    """Say whether a document is ours: where the QR code on it leads. The code names one document and nothing else."""
    status = 200
    context: dict[str, Any] = {"number": number, "code": code}
    try:
        context["found"] = api.verify_document(number[:LONGEST], min(n, 10**6), code[:LONGEST])
    except Missing as fault:
        context["refused"], status = fault.words, 404
    answer = render(request, "cases/verify.html", context, status=status)
    answer["X-Robots-Tag"] = "noindex"
    return answer


LABELS = {"number": T("编号", "Number"), "code": T("查询码", "Query code")}
