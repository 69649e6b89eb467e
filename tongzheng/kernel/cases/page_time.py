"""What is done about the time of a case from its sheet: urge it, supervise it, answer a supervision, confirm it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import Actor

from . import api, page_acts
from .forms import validate
from .incoming import received
from .kinds import Field


@require_POST
def urge(request: HttpRequest, number: str) -> HttpResponse:
    """Urge one's own case, then go back to where one came from."""
    words = request.POST.get("words", "")
    try:
        api.urge(number, actor=_actor(request), words=words)
    except (Conflict, Invalid) as fault:
        slip = next(iter(fault.fields.values()), fault.words) if isinstance(fault, Invalid) else fault.words
        return render(
            request, "cases/urged.html", {"number": number, "trouble": slip, "words": words}, status=409
        )
    return render(request, "cases/urged.html", {"number": number})


@require_POST
def supervise(request: HttpRequest, number: str) -> HttpResponse:
    """Put a case under supervision."""
    return _acted(
        request,
        number,
        "supervise",
        lambda: api.supervise(
            number,
            actor=_actor(request),
            level=request.POST.get("level", ""),
            reason=request.POST.get("words", ""),
        ),
    )


@require_POST
def answer(request: HttpRequest, number: str) -> HttpResponse:
    """Hand in what the present stage of a supervision asks."""
    words = request.POST.get("words", "")
    act = lambda: api.answer_supervision(number, actor=_actor(request), words=words)  # noqa: E731
    return _acted(request, number, "answer", act)


@require_POST
def end(request: HttpRequest, number: str) -> HttpResponse:
    """Confirm that what was supervised is mended, or send it back."""
    words, mended = request.POST.get("words", ""), request.POST.get("mended") == "yes"
    act = lambda: api.end_supervision(number, actor=_actor(request), words=words, mended=mended)  # noqa: E731
    return _acted(request, number, "end", act)


def _acted(request: HttpRequest, number: str, form: str, act: Any) -> HttpResponse:
    try:
        act()
    except (Invalid, Conflict) as fault:
        fields = fault.fields if isinstance(fault, Invalid) else {}
        slip = {form: next(iter(fields.values()), fault.words)}
        return page_acts.shown(request, number, slip=slip, status=422 if fields else 409)
    return page_acts.back(request, number)


RULE: tuple[Field, ...] = (
    Field("valid_from", T("从哪天起", "From"), "date"),
    Field(
        "unit",
        T("按", "Counted in"),
        "choice",
        choices=(("calendar_day", T("日", "days")), ("working_day", T("工作日", "working days"))),
    ),
    Field("plan", T("报方案", "Plan within"), "integer", minimum=1, maximum=365),
    Field("feedback", T("反馈进展", "Feedback within"), "integer", minimum=1, maximum=365),
    Field("ordinary", T("一般事项办结", "Ordinary matters within"), "integer", minimum=1, maximum=365),
    Field("hard", T("复杂事项办结", "Hard matters within"), "integer", minimum=1, maximum=365),
    Field(
        "basis", T("依据", "Basis"), max_length=200, help=T("文件名称和文号", "The document and its number")
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
def rule(request: HttpRequest) -> HttpResponse:
    """Show how long the stages of a supervision take, and set it from a day on."""
    actor = _actor(request)
    verdict = identity.may(actor, "cases.supervision_rule")
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    if request.method == "POST":
        identity.require(actor, "cases.supervision_rule")
        incoming = received(request, RULE)
        values = incoming.values
        clean, errors = validate(RULE, incoming.data, today=clock.today())
        if not errors:
            try:
                api.set_supervision_rule(
                    actor=actor,
                    valid_from=date.fromisoformat(clean["valid_from"]),
                    unit=clean["unit"],
                    plan=clean["plan"],
                    feedback=clean["feedback"],
                    ordinary=clean["ordinary"],
                    hard=clean["hard"],
                    basis=clean["basis"],
                )
            except Invalid as fault:
                errors = fault.fields or {"basis": fault.words}
            else:
                return HttpResponseRedirect(f"{reverse('cases:supervision')}?done=1", status=303)
    context = {
        "now": api.amounts_in_force(),
        "fields": RULE,
        "values": values,
        "errors": errors,
        "may_edit": verdict.allowed,
        "why_not": verdict.why,
        "done": bool(request.GET.get("done")),
    }
    return render(request, "cases/supervision.html", context, status=422 if errors else 200)


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
