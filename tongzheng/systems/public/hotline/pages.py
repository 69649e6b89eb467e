"""The hotline's pages: a citizen's form, and the seat that takes a call in under a minute."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.core.errors import Invalid, Missing, Throttled
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import rules, services
from .casetypes import TICKET

CITY = "141100"
OWN = ("region", "town", "once", "class", "class_other", "office", "act", "answer")
WEB = ("kind", "text", "place", "caller_name", "caller_phone", "secret")
SEAT = ("caller_phone", "caller_name", "kind", "urgency", "text", "place", "secret")
ONCE_LIMIT = 40
REPORTS = {"limit": 30, "seconds": 600}
"""How many tickets one address may hand in: a family's whole day, and an office's ten minutes."""
LABELS = {
    "class": T("诉求分类", "Class"),
    "region": T("县（市、区）", "County"),
    "office": T("承办单位", "Responsible body"),
    "answer": T("当场答复", "Answer given now"),
}


def _fields(names: tuple[str, ...]) -> tuple[Field, ...]:
    named = {field.name: field for field in TICKET.fields}
    return tuple(named[name] for name in names)


def _places(request: HttpRequest, typed: QueryDict) -> dict[str, Any]:
    county = typed.get("region", request.GET.get("region", ""))[:12]
    towns = identity.regions(parent=county, limit=60) if len(county) == 6 else ()
    return {
        "counties": identity.regions(parent=CITY, limit=50),
        "towns": towns,
        "region": county,
        "town": typed.get("town", request.GET.get("town", ""))[:12],
    }


def _region(request: HttpRequest) -> str:
    county, town = request.POST.get("region", ""), request.POST.get("town", "")
    return town if town.startswith(county) and town else county


def _class(typed: QueryDict) -> str:
    return typed.get("class") or typed.get("class_other", "")


def _grouped() -> list[tuple[T, list[rules.TicketClass]]]:
    groups: dict[str, tuple[T, list[rules.TicketClass]]] = {}
    for found in rules.classes().values():
        groups.setdefault(found.code[:2], (found.levels[0], []))[1].append(found)
    return list(groups.values())


def _prefilled(actor: identity.Actor) -> dict[str, Any]:
    return {"caller_name": actor.label} if actor.kind == "citizen" else {}


@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Let anyone tell the hotline something, signed in or not."""
    fields = _fields(WEB)
    values: dict[str, Any] = {}
    errors: dict[str, T] = {}
    stopped: Throttled | None = None
    once = secrets.token_urlsafe(12)
    if request.method == "POST":
        found = cases.received(request, fields, own=OWN)
        values, once = found.values, request.POST.get("once", once)[:ONCE_LIMIT]
        try:
            if found.errors:
                raise Invalid(fields=found.errors)
            identity.pace("hotline.report", identity.address_of(request), **REPORTS)
            case = services.take(
                actor=request.actor,
                region=_region(request),
                values={
                    **found.data,
                    "class": _class(request.POST) or rules.class_of(str(found.data.get("text", ""))),
                    "channel": "web",
                    "urgency": "normal",
                },
                once=once,
                applicant=services.caller(request.actor, found.data),
            )
        except Invalid as fault:
            errors = fault.fields
        except Throttled as fault:
            stopped = fault
        else:
            request.session["hotline_done"] = {"number": case.number, "code": case.query_code}
            return redirect("hotline:done")
    context = {
        "fields": fields,
        "values": values,
        "errors": errors,
        "once": once,
        "groups": _grouped(),
        "chosen": _class(request.POST),
        "stopped": stopped,
        **_places(request, request.POST),
    }
    page = render(
        request, "hotline/report.html", context, status=422 if errors else stopped.status if stopped else 200
    )
    if stopped:
        page["Retry-After"] = str(stopped.wait)
    return page


@require_safe
def done(request: HttpRequest) -> HttpResponse:
    """Tell the number and the query code of what was just handed in; only this browser can see it."""
    note = request.session.get("hotline_done")
    if not note:
        raise Missing(T("这里没有刚提交的诉求", "Nothing was just handed in here"))
    return render(
        request, "hotline/done.html", {**note, "progress": cases.progress(note["number"], note["code"])}
    )


@require_http_methods(["GET", "POST"])
def seat(request: HttpRequest) -> HttpResponse:
    """Let a seat type a matter while the caller speaks, and answer, dispatch or register it in one go."""
    identity.require(request.actor, "hotline.seat")
    fields = _fields(SEAT)
    values: dict[str, Any] = {"kind": "help", "urgency": "normal"}
    errors: dict[str, T] = {}
    once = secrets.token_urlsafe(12)
    typed = request.POST
    if (before := cases.restored(request, fields, own=OWN)) is not None:
        # The session ended while the caller spoke: the same key, should it have arrived after all.
        typed, values, once = before, before.dict(), before.get("once", once)[:ONCE_LIMIT]
    if request.method == "POST":
        found = cases.received(request, fields, own=OWN)
        values, once = found.values, request.POST.get("once", once)[:ONCE_LIMIT]
        try:
            if found.errors:
                raise Invalid(fields=found.errors)
            case = _taken(request, found.data, once)
        except Invalid as fault:
            errors = fault.fields
        else:
            request.session["hotline_taken"] = case.number
            return redirect("hotline:seat")
    taken = request.session.pop("hotline_taken", "") if request.method == "GET" else ""
    ticket = cases.sheet(taken, actor=request.actor).case if taken else None
    context = {
        "fields": fields,
        "values": values,
        "errors": errors,
        "once": once,
        "groups": _grouped(),
        "chosen": _class(typed),
        "radios": [
            {
                "name": field.name,
                "title": field.title,
                "choices": field.choices,
                "value": values.get(field.name),
                "error": errors.get(field.name),
            }
            for field in fields
            if field.kind == "choice"
        ],
        "labels": {field.name: field.title for field in fields} | LABELS,
        "answer": typed.get("answer", ""),
        "taken": ticket,
        "leader": services.leader_for(ticket, actor=request.actor) if ticket else None,
        "counts": cases.counts(actor=request.actor),
        **_places(request, typed),
        **_help(request, typed),
    }
    return render(request, "hotline/seat.html", context, status=422 if errors else 200)


@transaction.atomic
def _taken(request: HttpRequest, data: dict[str, Any], once: str) -> cases.CaseView:
    case = services.take(
        actor=request.actor,
        region=_region(request),
        values={**data, "class": _class(request.POST), "channel": "phone"},
        once=once,
        applicant=services.caller(request.actor, data),
    )
    if case.state != "taken":
        return case  # the same form a second time: it was dispatched or answered with the first
    act, answer = request.POST.get("act", ""), request.POST.get("answer", "").strip()
    office = request.POST.get("office", "")
    if act == "answer":
        if not answer:
            raise Invalid(fields={"answer": T("请写明答复内容", "Write what was answered")})
        return cases.move_case(case.id, "answer", actor=request.actor, note=answer)
    if act == "dispatch":
        if not (office.isdecimal() and len(office) < 19):
            raise Invalid(fields={"office": T("请选择承办单位", "Choose the responsible body")})
        return cases.move_case(case.id, "dispatch", actor=request.actor, organisation=int(office))
    return case


def _help(request: HttpRequest, typed: Any) -> dict[str, Any]:
    code = typed.get("class") or typed.get("class_other", "")
    text = typed.get("text", "")[:2000]
    county, town = typed.get("region", "")[:12], typed.get("town", "")[:12]
    region = town if town and town.startswith(county) else county
    likely = rules.suggest(text, rules.classes().values())
    if code not in rules.classes():
        code = likely[0].code if likely else ""
    return {
        "likely": likely,
        "code": code,
        "near": services.near(actor=request.actor, region=region, code=code) if code and region else (),
        "offices": services.likely_offices(code, region) if code else (),
        "office": typed.get("office", ""),
    }


@require_safe
def seat_help(request: HttpRequest) -> HttpResponse:
    """Return what helps the seat while typing: likely classes, the same matter near by, likely bodies."""
    identity.require(request.actor, "hotline.seat")
    return render(request, "hotline/help.html", _help(request, request.GET))


@require_safe
def towns(request: HttpRequest) -> HttpResponse:
    """Return the townships of a county as choices."""
    county = request.GET.get("region", "")
    found = identity.regions(parent=county, limit=60) if len(county) == 6 and county.isdigit() else ()
    return render(request, "hotline/towns.html", {"towns": found, "town": ""})


urlpatterns = [
    path("", report, name="report"),
    path("done/", done, name="done"),
    path("seat/", seat, name="seat"),
    path("seat/help/", seat_help, name="seat_help"),
    path("towns/", towns, name="towns"),
]
